package sink

import (
	"bytes"
	"io"
	"log"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/zap"
)

const maxMail = 25 << 20

func newMailServer(box *mailbox, faults *faults, metrics *metrics, logger *zap.Logger) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		metrics.connections.Inc()
		return &session{conn: c.Conn(), box: box, faults: faults, metrics: metrics}, nil
	}))
	server.Domain = "sink.localhost"
	server.MaxRecipients = 1
	server.MaxMessageBytes = maxMail
	server.ReadTimeout = 10 * time.Minute
	server.EnableSMTPUTF8 = true
	server.ErrorLog = log.New(zapWriter{logger}, "", 0)
	return server
}

// zapWriter takes the server's own complaints, which are about clients that went away, at debug level.
type zapWriter struct{ log *zap.Logger }

func (w zapWriter) Write(line []byte) (int, error) {
	w.log.Debug(strings.TrimSpace(string(line)))
	return len(line), nil
}

// session is one connection; it takes one mail after the other.
type session struct {
	conn     net.Conn
	box      *mailbox
	faults   *faults
	metrics  *metrics
	from, to string
	buffer   bytes.Buffer
}

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt names its recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if chance(s.faults.mail.Load().Permanent) {
		s.metrics.refused.WithLabelValues("permanent").Inc()
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user here"}
	}
	s.to = to
	return nil
}

// Data takes the mail and answers only when it is written.
func (s *session) Data(r io.Reader) error {
	s.buffer.Reset()
	if _, err := s.buffer.ReadFrom(r); err != nil {
		return err
	}
	t := s.faults.mail.Load()
	if t.DelayMS > 0 {
		time.Sleep(time.Duration(t.DelayMS) * time.Millisecond)
	}
	if chance(t.Temporary) {
		s.metrics.refused.WithLabelValues("temporary").Inc()
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Try again later"}
	}
	if chance(t.Lose) {
		_ = s.conn.Close()
		return io.ErrUnexpectedEOF
	}
	id := messageID(s.buffer.Bytes())
	if id == "" {
		s.metrics.refused.WithLabelValues("permanent").Inc()
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "A mail needs a Message-ID"}
	}
	if err := s.box.Put(record{ID: id, From: s.from, To: s.to, Received: time.Now(), Raw: s.buffer.Bytes()}); err != nil {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "Can't keep the mail: " + err.Error()}
	}
	s.metrics.accepted.Inc()
	if chance(t.Drop) {
		_ = s.conn.Close()
	} else if chance(t.Stall) {
		time.Sleep(time.Duration(t.StallMS) * time.Millisecond)
		_ = s.conn.Close()
	}
	return nil
}

// Reset drops a mail that was begun.
func (s *session) Reset() { s.from, s.to = "", "" }

// Logout ends the connection.
func (s *session) Logout() error { return nil }

var messageIDName = []byte("message-id")

// messageID finds the header without parsing the whole of it: this runs once for each mail at full rate.
func messageID(raw []byte) string {
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			return ""
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(name, messageIDName) {
			if len(bytes.TrimSpace(value)) == 0 { // folded onto the next line
				value, _, _ = bytes.Cut(rest, []byte("\n"))
			}
			return trimID(string(value))
		}
		raw = rest
	}
	return ""
}

// trimID is a Message-ID without brackets and spaces.
func trimID(id string) string { return strings.Trim(strings.TrimSpace(id), "<>") }
