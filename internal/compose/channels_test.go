package compose

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/stack/sink"
)

// The shipped descriptions are right as they stand: only names and secrets are the user's.
func TestShippedChannels(t *testing.T) {
	shipped, err := filepath.Glob("../../deploy/channels/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, shipped)
	folder := t.TempDir()
	for _, name := range shipped {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, filepath.Base(name)), raw, 0o600))
	}
	secrets := filepath.Join(folder, "secrets")
	require.NoError(t, os.Mkdir(secrets, 0o700))
	_, err = LoadChannels(folder)
	require.ErrorContains(t, err, "webhook.yaml:8: http.sign.secret_file")
	require.ErrorContains(t, err, "secrets/smpp-password")

	for _, name := range []string{"smpp-password", "nhn-sms-key", "nhn-kakao-key", "webhook"} {
		require.NoError(t, os.WriteFile(filepath.Join(secrets, name), []byte("secret"), 0o600))
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	account, err := json.Marshal(map[string]string{
		"client_email": "danbi@project.example", "token_uri": "https://oauth2.googleapis.com/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(secrets, "firebase.json"), account, 0o600))

	t.Setenv(EnvChannels, folder)
	files, err := ChannelsFromEnv(Sink{})
	require.NoError(t, err)
	channels, err := openChannels(files, nil)
	require.NoError(t, err)
	require.Len(t, channels, 4)
	require.Len(t, channels["sms"], 2, "short texts by SMPP, long ones by HTTP")
	require.Len(t, channels["kakao"], 2)
}

func TestFaultsOfChannelFiles(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": "channel: fax\nhttp:\n  url: http://example.test/x\n  body: {to: \"{{ telephone }}\"}\n  outcomes:\n    - {status: 2xx, outcome: sent}\n    - {status: 20, outcome: lost}\n",
		"b.yaml": "channel: kakao\nforms: [sms]\n",
		"c.yaml": "channel: sms\nsmpp: {addr: x, system_id: danbi}\nhtpp: {}\n",
		"d.yaml": "channel: push\nhttp:\n  url: https://{{ to }}.example/x\n  headers: {\"X Y\": \"1\"}\n  body: x\n  outcomes: [{status: 4xx, outcome: refused}]\n",
		"e.yaml": "channel: sms\nsmpp:\n  addr: nowhere\n  system_id: danbi\n",
		"f.yaml": "channel: webhook\nforms: []\nhttp: {url: \"https://a.example\", body: x, outcomes: [{outcome: sent}]}\n",
		"g.yaml": "channel: webhook\nhttp: {url: \"https://a.example\", body: x, outcomes: [{outcome: sent}]}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	_, err := LoadChannels(folder)
	for _, part := range []string{
		"a.yaml:1: channel", "a.yaml:3: http.url", "plain text", "a.yaml:4: http.body.to", "telephone", "a.yaml:7: http.outcomes[1].status", "a.yaml:7: http.outcomes[1].outcome",
		"b.yaml:2: forms[0]", "b.yaml:1: channel", "c.yaml: [3:1]", "d.yaml:3: http.url", "must not depend", "d.yaml:4: http.headers.X Y", "no answer means sent",
		"e.yaml:3: smpp", "two files say how event of the channel webhook",
	} {
		require.ErrorContains(t, err, part)
	}
}

// Without a file of one's own, the local sink plays every provider, for real: each takes a message once and can be asked.
func TestTheSinkPlaysAllProviders(t *testing.T) {
	t.Setenv(EnvChannels, "")
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan sink.Addresses, 1), make(chan error, 1)
	go func() {
		done <- sink.Serve(ctx, sink.Config{Dir: t.TempDir(), SMPPListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0", Ready: func(at sink.Addresses) { ready <- at }})
	}()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	at := <-ready
	files, err := ChannelsFromEnv(Sink{SMPP: at.SMPP, HTTP: "http://" + at.HTTP})
	require.NoError(t, err)
	channels, err := openChannels(files, nil)
	require.NoError(t, err)
	for name, forms := range formsOf {
		for _, form := range forms {
			c, id := channels[name], name+"-"+string(form)
			require.NoError(t, c.Ready(t.Context()))
			for range 2 {
				got := c.Send(t.Context(), dispatch.Message{ID: id, From: "15880000", To: "01012345678", Form: form, Body: []byte("(광고) 안녕하세요 😀")})
				require.Equal(t, dispatch.OutcomeSent, got.Outcome, "%s: %s", id, got.Response)
				if name == "sms" {
					break // SMPP takes what it is given
				}
			}
			found, err := c.Lookup(t.Context(), []string{id, "other"})
			require.NoError(t, err)
			require.Equal(t, map[string]bool{id: true}, found)
		}
	}
	require.Equal(t, dispatch.OutcomeRefused, channels["push"].Send(t.Context(), dispatch.Message{Form: "fax"}).Outcome)
	response, err := http.Get("http://" + at.HTTP + "/gateway/count")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var count struct{ Mails, Messages, Doubled int }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&count))
	require.Equal(t, 4, count.Mails, "the same id again is the same message")
	require.Zero(t, count.Doubled)
	files, err = ChannelsFromEnv(Sink{})
	require.NoError(t, err)
	require.Empty(t, files)
}
