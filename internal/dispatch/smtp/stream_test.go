package smtp_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
)

// stream sends messages from to until over one stream and returns their receipts.
func stream(t testing.TB, c *smtp.Channel, from, until int) []dispatch.Receipt {
	t.Helper()
	var receipts []dispatch.Receipt
	i := from
	c.Stream(t.Context(), func() (dispatch.Message, bool) {
		i++
		return letter(i - 1), i <= until
	}, func(r dispatch.Receipt) { receipts = append(receipts, r) })
	return receipts
}

// Whatever the provider does, each message has one receipt in its place, and what it says is true.
func TestAStreamTellsTheTruthThroughTroubles(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := open(t, r, func(c *smtp.Config) { c.Timeout = 300 * time.Millisecond })
	r.fail(t, `{"temporary":0.1,"permanent":0.1,"drop":0.05,"lose":0.05,"stall":0.002,"stall_ms":1000}`)
	const n, streams = 1200, 6
	receipts := make([][]dispatch.Receipt, streams)
	var group sync.WaitGroup
	for s := range streams {
		group.Go(func() { receipts[s] = stream(t, c, s*n/streams, (s+1)*n/streams) })
	}
	group.Wait()
	r.fail(t, `{}`)
	seen := map[dispatch.Outcome]int{}
	for s, told := range receipts {
		require.Len(t, told, n/streams)
		var ids []string
		for i := range told {
			ids = append(ids, letter(s*n/streams+i).ID)
		}
		found, err := c.Lookup(t.Context(), ids)
		require.NoError(t, err)
		for i, receipt := range told {
			seen[receipt.Outcome]++
			switch receipt.Outcome {
			case dispatch.OutcomeSent:
				require.True(t, found[ids[i]], "said to be sent")
			case dispatch.OutcomeUncertain:
			default:
				require.False(t, found[ids[i]], "said not to be: %+v", receipt)
			}
		}
	}
	require.Zero(t, r.count(t).Doubled)
	for _, outcome := range []dispatch.Outcome{dispatch.OutcomeSent, dispatch.OutcomeBounced, dispatch.OutcomeTemporary, dispatch.OutcomeUncertain} {
		require.NotZero(t, seen[outcome], "%s in %v", outcome, seen)
	}
}

// narrow is a provider that takes some mails a connection and then hangs up, between two groups of commands.
func narrow(t *testing.T, pipelining bool, each int) (addr string, mails, connections *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	mails, connections = new(atomic.Int64), new(atomic.Int64)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer func() { _ = conn.Close() }()
				in, say := bufio.NewReader(conn), func(text string) { _, _ = fmt.Fprint(conn, text+"\r\n") }
				say("220 narrow")
				for taken := 0; taken < each; {
					line, err := in.ReadString('\n')
					switch {
					case err != nil:
						return
					case strings.HasPrefix(line, "EHLO") && pipelining:
						say("250-narrow\r\n250 PIPELINING")
					case strings.HasPrefix(line, "DATA"):
						say("354 go ahead")
						for line != ".\r\n" {
							if line, err = in.ReadString('\n'); err != nil {
								return
							}
						}
						taken++
						mails.Add(1)
						say("250 taken")
					default:
						say("250 ok")
					}
				}
			}()
		}
	}()
	return listener.Addr().String(), mails, connections
}

func TestAStreamOutlivesItsConnections(t *testing.T) {
	t.Parallel()
	for _, pipelining := range []bool{false, true} {
		addr, mails, _ := narrow(t, pipelining, 3)
		c, err := smtp.New(smtp.Config{Addr: addr, TLS: smtp.TLSNone, Connections: 1, Timeout: 2 * time.Second})
		require.NoError(t, err)
		for i, receipt := range stream(t, c, 0, 20) {
			require.Equal(t, dispatch.OutcomeSent, receipt.Outcome, "pipelining %v, message %d: %s", pipelining, i, receipt.Response)
		}
		require.EqualValues(t, 20, mails.Load())
	}
}

// A provider that limits what a connection may carry is taken at its word.
func TestAConnectionCarriesNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	for _, pipelining := range []bool{false, true} {
		addr, mails, connections := narrow(t, pipelining, 1000)
		c, err := smtp.New(smtp.Config{Addr: addr, TLS: smtp.TLSNone, Connections: 1, PerConnection: 4, Timeout: 2 * time.Second})
		require.NoError(t, err)
		for _, receipt := range stream(t, c, 0, 20) {
			require.Equal(t, dispatch.OutcomeSent, receipt.Outcome, receipt.Response)
		}
		require.EqualValues(t, 20, mails.Load())
		require.EqualValues(t, 5, connections.Load())
	}
}

// A text leaves only while its sender may send: the envelope that went ahead is given up.
func TestAnEnvelopeThatWentAheadIsGivenUp(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := open(t, r, func(c *smtp.Config) { c.Connections = 1 })
	ctx := moving{Context: t.Context(), deadline: time.Now().Add(time.Hour)}
	var receipts []dispatch.Receipt
	given := 0
	c.Stream(&ctx, func() (dispatch.Message, bool) {
		given++
		return letter(given), given <= 4
	}, func(r dispatch.Receipt) {
		if receipts = append(receipts, r); len(receipts) == 2 { // the third's envelope is under way
			ctx.deadline = time.Now()
		}
	})
	require.Len(t, receipts, 4)
	for i, receipt := range receipts {
		want := dispatch.OutcomeSent
		if i >= 2 {
			want = dispatch.OutcomeUntried
		}
		require.Equal(t, want, receipt.Outcome, "message %d: %+v", i, receipt)
	}
	require.Equal(t, 2, r.count(t).Mails)
	require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), letter(9)).Outcome, "on a connection of its own")
}

func keyFile(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "dkim.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return path
}

// Mails are signed so that receivers can tell when one of the headers that matter was changed on the way.
func TestMailsAreSigned(t *testing.T) {
	t.Parallel()
	r := start(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	rsaPublic, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	require.NoError(t, err)
	for i, test := range []struct {
		key    any
		record string
	}{
		{rsaKey, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(rsaPublic)},
		{private, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)},
	} {
		c := open(t, r, func(c *smtp.Config) {
			c.DKIM = smtp.DKIM{Domain: "danbi.example", Selector: "s1", KeyFile: keyFile(t, test.key)}
		})
		m := letter(100 + i)
		m.Body = []byte("From: shop@danbi.example\r\nTo: <p@example.com>\r\nSubject: hello\r\nMessage-ID: <" + m.ID + ">\r\n" +
			"List-Unsubscribe: <https://danbi.example/u/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n.dots\r\n\r\nend\r\n")
		require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), m).Outcome)
		response, err := http.Get(r.http + "/messages/" + m.ID + "?format=raw")
		require.NoError(t, err)
		var raw bytes.Buffer
		_, err = raw.ReadFrom(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.True(t, bytes.HasSuffix(raw.Bytes(), m.Body), "the mail itself is as it was")
		check := func(mail string) error {
			found, err := dkim.VerifyWithOptions(strings.NewReader(mail), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
				require.Equal(t, "s1._domainkey.danbi.example", name)
				return []string{test.record}, nil
			}})
			require.NoError(t, err)
			require.Len(t, found, 1)
			return found[0].Err
		}
		require.NoError(t, check(raw.String()))
		for _, forged := range [][2]string{
			{"danbi.example/u/1", "evil.example/u/1"}, {"Post: List", "Post: X-List"}, {"Subject: hello", "Subject: hallo"},
			{"\r\nSubject: hello", "\r\nSubject: other\r\nSubject: hello"}, {"end\r\n", "fin\r\n"}, {"From: shop", "From: evil@evil.example\r\nFrom: shop"},
		} {
			require.Contains(t, raw.String(), forged[0])
			require.Error(t, check(strings.Replace(raw.String(), forged[0], forged[1], 1)), "%q", forged)
		}
	}
}

func TestAKeyThatReceiversRefuseIsNotTaken(t *testing.T) {
	t.Parallel()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	good := keyFile(t, ed25519.NewKeyFromSeed(make([]byte, 32)))
	for name, d := range map[string]smtp.DKIM{
		"1024 bits": {Domain: "danbi.example", Selector: "s1", KeyFile: keyFile(t, short)},
		"no file":   {Domain: "danbi.example", Selector: "s1", KeyFile: "/nowhere"},
		"no domain": {Selector: "s1", KeyFile: good},
		"injection": {Domain: "danbi.example; l=0", Selector: "s1", KeyFile: good},
		"no key":    {Domain: "danbi.example", Selector: "s1"},
	} {
		_, err := smtp.New(smtp.Config{Addr: "127.0.0.1:1", TLS: smtp.TLSNone, DKIM: d})
		require.ErrorContains(t, err, "DANBI_SMTP_DKIM_", name)
	}
}
