package smtp_test

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
)

// A server that answers what is no SMTP, or no answer to what it was asked, is never believed: before the text nothing
// was sent, after it nobody knows.
func TestGarbageIsNeverSent(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"greeting", "EHLO", "MAIL", "RCPT", "DATA", "text"} {
		for name, garbage := range map[string]string{
			"HTTP": "HTTP/1.1 400 Bad Request\r\n", "bytes": "\x00\xff\xfe\r\n", "nothing": "\r\n", "a code of no class": "999 what\r\n", "a low code": "000 what\r\n",
			"go ahead": "354 go ahead\r\n", "an endless line": strings.Repeat("2", 1<<16), "an answer without end": strings.Repeat("250-more\r\n", 400),
		} {
			if name == "go ahead" && stage == "DATA" {
				continue // is the right answer
			}
			addr := answering(t, stage, garbage)
			c, err := smtp.New(smtp.Config{Addr: addr, TLS: smtp.TLSNone, Timeout: time.Second})
			require.NoError(t, err)
			got := c.Send(t.Context(), letter(1))
			if stage == "text" {
				require.Equal(t, dispatch.OutcomeUncertain, got.Outcome, "%s after %s: %+v", name, stage, got)
			} else {
				require.Contains(t, []dispatch.Outcome{dispatch.OutcomeDown, dispatch.OutcomeTemporary}, got.Outcome, "%s after %s: %+v", name, stage, got)
			}
			require.NoError(t, c.Close())
		}
	}
}

// answering is a server that answers as it should until a stage, and with garbage from then on.
func answering(t *testing.T, stage, garbage string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	serve := func(conn net.Conn) {
		defer func() { _ = conn.Close() }()
		in := bufio.NewReader(conn)
		wrong := false
		say := func(at, right string) {
			if wrong = wrong || at == stage; wrong {
				right = garbage
			}
			_, _ = conn.Write([]byte(right))
		}
		say("greeting", "220 here\r\n")
		for text := false; ; {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			switch verb, _, _ := strings.Cut(strings.TrimSpace(line), " "); {
			case text && verb == ".":
				text = false
				say("text", "250 taken\r\n")
			case text:
			case verb == "EHLO":
				say("EHLO", "250-here\r\n250 PIPELINING\r\n")
			case verb == "MAIL":
				say("MAIL", "250 ok\r\n")
			case verb == "RCPT":
				say("RCPT", "250 ok\r\n")
			case verb == "DATA":
				say("DATA", "354 go ahead\r\n")
				text = !wrong
			default:
				say(verb, "250 ok\r\n")
			}
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}
