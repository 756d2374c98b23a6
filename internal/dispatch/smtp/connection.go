package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"time"
)

// connection is one open conversation with the provider. One goroutine uses it at a time.
type connection struct {
	conn      net.Conn
	in        *bufio.Reader
	out       []byte // reused for what is written
	pipelines bool   // the server takes a group of commands in one packet (RFC 2920)
	utf8      bool   // the server takes addresses in UTF-8 (RFC 6531)
	dead      bool   // must not be used again
	deadline  time.Time
	carried   int       // messages
	heard     [4]string // answers of the last time: most servers say the same to every message
	hear      int
}

// dial connects, greets, encrypts and authenticates.
func dial(ctx context.Context, c Config, tlsConfig *tls.Config, timeout time.Duration) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var dialer net.Dialer
	plain, err := dialer.DialContext(ctx, "tcp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect to the mail provider: %w", err)
	}
	// A provider that takes the connection and says nothing must hold up neither a message nor a stop. The deadline is set
	// here too: that of a lease moves, and no timer of the context's goes by it.
	deadline := time.Now().Add(timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	_ = plain.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = plain.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	conn := plain
	if c.TLS == TLSImplicit {
		conn = tls.Client(plain, tlsConfig)
	}
	s := &connection{conn: conn, in: bufio.NewReader(conn)}
	if err := s.open(c, tlsConfig); err != nil {
		_ = s.conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *connection) open(c Config, tlsConfig *tls.Config) error {
	greeting, err := s.reply()
	if err != nil {
		return fmt.Errorf("the mail provider's greeting: %w", err)
	}
	if greeting.class() != 2 {
		return fmt.Errorf("the mail provider does not want us now: %s", greeting.public())
	}
	features, err := s.hello(c.Hello)
	if err != nil {
		return err
	}
	if c.TLS == TLSStart {
		if _, offered := features["STARTTLS"]; !offered {
			return fmt.Errorf("the mail provider offers no STARTTLS: set %s=%s, or %s for one on this machine", EnvTLS, TLSImplicit, TLSNone)
		}
		r, err := s.command("STARTTLS")
		if err != nil {
			return fmt.Errorf("ask the mail provider for STARTTLS: %w", err)
		}
		if r.code != 220 {
			return fmt.Errorf("the mail provider refuses STARTTLS: %s", r.public())
		}
		secure := tls.Client(s.conn, tlsConfig)
		// What arrived in plain text before the handshake is dropped with the old reader: nobody can slip commands in.
		s.conn, s.in = secure, bufio.NewReader(secure)
		if err := secure.Handshake(); err != nil {
			return fmt.Errorf("encrypt the connection to the mail provider: %w", err)
		}
		if features, err = s.hello(c.Hello); err != nil {
			return err
		}
	}
	_, s.pipelines = features["PIPELINING"]
	_, s.utf8 = features["SMTPUTF8"]
	if c.User == "" {
		return nil
	}
	return s.authenticate(c, features["AUTH"])
}

func (s *connection) hello(name string) (map[string]string, error) {
	if name == "" {
		name = "localhost"
	}
	r, err := s.command("EHLO " + name)
	if err != nil {
		return nil, fmt.Errorf("greet the mail provider: %w", err)
	}
	if r.class() != 2 {
		return nil, fmt.Errorf("the mail provider refuses EHLO: %s", r.public())
	}
	features := map[string]string{}
	lines := r.more
	if len(r.text) > 4 {
		lines = append(lines, r.text[4:])
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		features[strings.ToUpper(name)] = value
	}
	return features, nil
}

func (s *connection) authenticate(c Config, mechanisms string) error {
	known := " " + strings.ToUpper(mechanisms) + " "
	encode := base64.StdEncoding.EncodeToString
	var r reply
	var err error
	switch {
	case strings.Contains(known, " PLAIN "):
		r, err = s.command("AUTH PLAIN " + encode([]byte("\x00"+c.User+"\x00"+c.Password)))
	case strings.Contains(known, " LOGIN "):
		for _, line := range []string{"AUTH LOGIN", encode([]byte(c.User)), encode([]byte(c.Password))} {
			if r, err = s.command(line); err != nil || r.class() > 3 {
				break
			}
		}
	default:
		return fmt.Errorf("the mail provider offers no authentication that we speak (PLAIN, LOGIN), only %q", mechanisms)
	}
	if err != nil {
		return fmt.Errorf("authenticate with the mail provider: %w", err)
	}
	if r.class() != 2 {
		return fmt.Errorf("the mail provider refuses user %s: %s: check %s and %s", c.User, r.public(), EnvUser, EnvPasswordFile)
	}
	return nil
}

// command sends one line and reads its answer.
func (s *connection) command(line string) (reply, error) {
	s.out = append(append(s.out[:0], line...), "\r\n"...)
	if _, err := s.conn.Write(s.out); err != nil {
		s.dead = true
		return reply{}, err
	}
	r, err := s.reply()
	if err != nil {
		s.dead = true
	}
	return r, err
}

// reply reads one answer.
func (s *connection) reply() (reply, error) {
	return readReply(s.in, func(line []byte) string {
		for _, known := range s.heard {
			if known == string(line) {
				return known
			}
		}
		s.hear = (s.hear + 1) % len(s.heard)
		s.heard[s.hear] = string(line)
		return s.heard[s.hear]
	})
}

// retire says goodbye, which a provider that counts broken connections likes better than being left.
func (s *connection) retire() {
	if !s.dead {
		_, _ = s.command("QUIT")
	}
	s.dead = true
}

func (s *connection) close() {
	_ = s.conn.Close()
	s.dead = true
}
