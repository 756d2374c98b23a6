package gateway_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/gateway"
)

// described is a provider whose answers the test decides.
func described(t *testing.T, change func(*gateway.Config), answer http.HandlerFunc) *gateway.Channel {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c := gateway.Config{
		URL:     server.URL + "/send/{{ form }}",
		Headers: map[string]string{"Idempotency-Key": "{{ id }}"},
		Body: map[string]any{
			"id": "{{ id }}", "to": "{{ to }}", "text": "{{ text }}", "ad": "{{ advertising }}", "button": map[string]any{"link": "{{ link }}"},
			"list": []any{"{{ title }}", "to {{ to }}!"}, "fixed": 3,
		},
		Outcomes: []gateway.Rule{
			{Status: "200", Path: "results.0.code", Is: []string{"0"}, Outcome: dispatch.OutcomeSent},
			{Status: "200", Path: "results.0.code", Is: []string{"7"}, Outcome: dispatch.OutcomeBounced},
			{Status: "503", Outcome: dispatch.OutcomeTemporary},
		},
		IDPath: "results.0.id", Timeout: 300 * time.Millisecond,
	}
	if change != nil {
		change(&c)
	}
	channel, err := gateway.New(c)
	require.NoError(t, err)
	return channel
}

func message() dispatch.Message {
	return dispatch.Message{ID: "m1", From: "key", To: "01012345678", Form: dispatch.FormBrand, Body: []byte("(광고) 안녕"), Advertising: true}
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestWhatAnswersMean(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   dispatch.Outcome
	}{
		"sent":                {says(200, `{"results":[{"code":0,"id":"p-9"}]}`), dispatch.OutcomeSent},
		"sent, code in words": {says(200, `{"results":[{"code":"0"}]}`), dispatch.OutcomeSent},
		"no such number":      {says(200, `{"results":[{"code":"7"}]}`), dispatch.OutcomeBounced},
		"busy":                {says(503, `<html>`), dispatch.OutcomeTemporary},
		"too many":            {says(429, ``), dispatch.OutcomeTemporary},
		"bad request":         {says(400, `{"results":[]}`), dispatch.OutcomeRefused},
		"wrong key":           {says(401, ``), dispatch.OutcomeDown},
		"wrong address":       {says(404, ``), dispatch.OutcomeDown},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, dispatch.OutcomeDown},
		"broken":         {says(500, ``), dispatch.OutcomeUncertain},
		"a welcome page": {says(200, `<html>welcome</html>`), dispatch.OutcomeUncertain},
		"cut short":      {says(200, `{"results":[{"code":`), dispatch.OutcomeUncertain},
		"another shape":  {says(200, `[[[[[1]]]]]`), dispatch.OutcomeUncertain},
		"nothing":        {says(200, ``), dispatch.OutcomeUncertain},
		"unknown code":   {says(200, `{"results":[{"code":"42"}]}`), dispatch.OutcomeUncertain},
		"hung up":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, dispatch.OutcomeUncertain},
		"too long":       {says(200, strings.Repeat("x", 3<<20)), dispatch.OutcomeUncertain},
		"silent": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, dispatch.OutcomeUncertain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := described(t, nil, c.answer).Send(t.Context(), message())
			require.Equal(t, c.want, got.Outcome, got.Response)
			require.LessOrEqual(t, len([]rune(got.Response)), 200)
			require.NotContains(t, got.Response, "01012345678")
			if name == "sent" {
				require.Equal(t, "p-9", got.ProviderID)
			}
		})
	}
	down, err := gateway.New(gateway.Config{URL: "http://127.0.0.1:1/", Body: "x", Outcomes: []gateway.Rule{{Outcome: dispatch.OutcomeSent}}})
	require.NoError(t, err)
	require.Equal(t, dispatch.OutcomeDown, down.Send(t.Context(), message()).Outcome, "no connection, no message")
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	require.Equal(t, dispatch.OutcomeUntried, down.Send(over, message()).Outcome)
}

// Whatever a provider answers, nothing crashes and no answer that lacks its sign of success counts as sent.
func TestGarbageIsNeverSent(t *testing.T) {
	t.Parallel()
	var answer atomic.Pointer[http.HandlerFunc]
	c := described(t, nil, func(w http.ResponseWriter, r *http.Request) { (*answer.Load())(w, r) })
	rapid.Check(t, func(rt *rapid.T) {
		status := rapid.SampledFrom([]int{200, 201, 204, 400, 409, 500, 502}).Draw(rt, "status")
		body := rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(rt, "body")
		handler := says(status, string(body))
		if status == 204 {
			handler = says(status, "")
		}
		answer.Store(&handler)
		got := c.Send(t.Context(), message()).Outcome
		if got == dispatch.OutcomeSent || got == dispatch.OutcomeUntried {
			rt.Fatalf("%d %q: %s", status, body, got)
		}
	})
}

func TestRequestsSayWhatTheMessageSays(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("s3cret\n"), 0o600))
	var seen map[string]any
	var header http.Header
	var path, body string
	c := described(t, func(c *gateway.Config) {
		c.Secrets = map[string]gateway.Secret{"Authorization": {File: secret, Prefix: "Bearer "}}
		c.Sign = &gateway.Signing{SecretFile: secret, Header: "X-Signature", TimeHeader: "X-Time", Prefix: "sha256="}
	}, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		header, path, body = r.Header, r.URL.Path, string(raw)
		seen = nil
		_ = json.Unmarshal(raw, &seen)
		says(200, `{"results":[{"code":0}]}`)(w, r)
	})
	m := message()
	m.Body = []byte("\"}, \"to\": \"someone else\" \r\n{{ to }} 😀")
	require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), m).Outcome)
	require.Equal(t, map[string]any{
		"id": "m1", "to": "01012345678", "text": string(m.Body), "ad": true, "list": []any{"to 01012345678!"}, "fixed": 3.0,
	}, seen, "a value stays within its text, and what is empty is left out")
	require.Equal(t, "/send/brand", path)
	require.Equal(t, "Bearer s3cret", header.Get("Authorization"))
	require.Equal(t, "m1", header.Get("Idempotency-Key"))
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write([]byte(header.Get("X-Time") + "." + body))
	require.Equal(t, "sha256="+hex.EncodeToString(mac.Sum(nil)), header.Get("X-Signature"))

	m.ID = "m1\r\nX-Evil: 1"
	got := c.Send(t.Context(), m)
	require.Equal(t, dispatch.OutcomeRefused, got.Outcome, "no value begins a header of its own")
}

func TestAServiceAccountGetsAToken(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	var tokens, messages atomic.Int64
	var stale atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			parts := strings.Split(r.FormValue("assertion"), ".")
			sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
			if rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			says(200, `{"access_token":"tok`+string(rune('0'+tokens.Add(1)))+`","expires_in":3600}`)(w, r)
			return
		}
		if stale.CompareAndSwap(true, false) || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer tok") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		messages.Add(1)
		says(200, `{"name":"projects/x/messages/1"}`)(w, r)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "account.json")
	text, err := json.Marshal(map[string]string{
		"client_email": "danbi@example.test", "token_uri": server.URL + "/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})),
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, text, 0o600))
	c, err := gateway.New(gateway.Config{
		URL: server.URL + "/send", Auth: &gateway.Auth{ServiceAccountFile: file, Scope: "messaging"}, Body: map[string]any{"token": "{{ to }}"},
		Outcomes: []gateway.Rule{{Status: "200", Path: "name", Outcome: dispatch.OutcomeSent}}, IDPath: "name",
	})
	require.NoError(t, err)
	require.NoError(t, c.Ready(t.Context()))
	for range 3 {
		require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), message()).Outcome)
	}
	require.EqualValues(t, 1, tokens.Load(), "one token serves many")
	stale.Store(true)
	require.Equal(t, dispatch.OutcomeDown, c.Send(t.Context(), message()).Outcome)
	require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), message()).Outcome, "a token that is not taken is replaced")
	require.EqualValues(t, 2, tokens.Load())
}

// A provider that is silent is left alone for a while, and then asked once.
func TestTheCircuitOpens(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var well atomic.Bool
	c := described(t, nil, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if !well.Load() {
			panic(http.ErrAbortHandler)
		}
		says(200, `{"results":[{"code":0}]}`)(w, r)
	})
	var downs atomic.Int64
	var group sync.WaitGroup
	for range 60 {
		group.Go(func() {
			if c.Send(t.Context(), message()).Outcome == dispatch.OutcomeDown {
				downs.Add(1)
			}
		})
	}
	group.Wait()
	for range 40 {
		if c.Send(t.Context(), message()).Outcome == dispatch.OutcomeDown {
			downs.Add(1)
		}
	}
	require.GreaterOrEqual(t, downs.Load(), int64(40), "they cost the provider nothing")
	require.Error(t, c.Ready(t.Context()))
	well.Store(true)
	require.Eventually(t, func() bool { return c.Send(t.Context(), message()).Outcome == dispatch.OutcomeSent }, time.Minute, 50*time.Millisecond)
	require.NoError(t, c.Ready(t.Context()))
}

func TestLookups(t *testing.T) {
	t.Parallel()
	none := described(t, nil, says(200, ``))
	_, err := none.Lookup(t.Context(), []string{"a"})
	require.ErrorIs(t, err, dispatch.ErrNotAskable)
	once := described(t, func(c *gateway.Config) { c.Idempotent = true }, says(200, ``))
	found, err := once.Lookup(t.Context(), []string{"a"})
	require.NoError(t, err)
	require.Empty(t, found, "it may be sent again: the provider takes it once")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/has":
			says(200, `{"found":["b"]}`)(w, r)
		case "/one/b":
			says(200, `{}`)(w, r)
		case "/one/c":
			w.WriteHeader(http.StatusBadGateway)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	for _, url := range []string{server.URL + "/has", server.URL + "/one/{{ id }}"} {
		c := described(t, func(c *gateway.Config) { c.Lookup = &gateway.Lookup{URL: url} }, says(200, ``))
		found, err := c.Lookup(t.Context(), []string{"a", "b"})
		require.NoError(t, err)
		require.Equal(t, map[string]bool{"b": true}, found)
	}
	c := described(t, func(c *gateway.Config) { c.Lookup = &gateway.Lookup{URL: server.URL + "/one/{{ id }}"} }, says(200, ``))
	_, err = c.Lookup(t.Context(), []string{"c"})
	require.Error(t, err, "no answer is not absence")
}
