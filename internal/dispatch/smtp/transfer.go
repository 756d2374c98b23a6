package smtp

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// transfer sends one message over s. What it returns is what is known: before the last byte left, a broken connection
// means that nothing was accepted; after it, only the provider knows.
func (s *connection) transfer(m dispatch.Message) dispatch.Receipt {
	if !safe(m.To, s.utf8) {
		return dispatch.Receipt{Outcome: dispatch.OutcomeBounced, Response: "the address is not one that mail can be sent to"}
	}
	if !safe(m.From, s.utf8) {
		return dispatch.Receipt{Outcome: dispatch.OutcomeRefused, Response: "the sender's address is not valid"}
	}
	mail, rcpt, data, err := s.envelope(m)
	switch {
	case err != nil:
		s.dead = true
		return broken(err)
	case mail.class() != 2:
		// A sender who is refused concerns us, not this recipient: nobody's message fails for good because of it.
		s.abandon(data)
		return dispatch.Receipt{Outcome: dispatch.OutcomeDown, Response: mail.public()}
	case rcpt.class() != 2:
		s.abandon(data)
		return judged(rcpt, dispatch.OutcomeBounced)
	case data.code != 354:
		s.dead = s.dead || data.code == 421
		return judged(data, dispatch.OutcomeRefused)
	}
	s.out = stuffed(s.out[:0], m.Body)
	if n, err := s.conn.Write(s.out); err != nil {
		s.dead = true
		if n < len(s.out) {
			return broken(err) // the final dot never left
		}
		return dispatch.Receipt{Outcome: dispatch.OutcomeUncertain, Response: lost(err)}
	}
	word, err := readReply(s.in)
	if err != nil {
		s.dead = true
		return dispatch.Receipt{Outcome: dispatch.OutcomeUncertain, Response: lost(err)}
	}
	if word.class() == 2 {
		return dispatch.Receipt{Outcome: dispatch.OutcomeSent, Response: word.public()}
	}
	s.dead = s.dead || word.code == 421
	return judged(word, dispatch.OutcomeRefused)
}

// envelope names sender and recipient and asks to go ahead: in one packet where the server allows it.
func (s *connection) envelope(m dispatch.Message) (mail, rcpt, data reply, err error) {
	parameters := ""
	if s.utf8 && !ascii(m.From+m.To) {
		parameters = " SMTPUTF8"
	}
	from, to := "MAIL FROM:<"+m.From+">"+parameters, "RCPT TO:<"+m.To+">"
	if !s.pipelines {
		if mail, err = s.command(from); err != nil || mail.class() != 2 {
			return mail, rcpt, data, err
		}
		if rcpt, err = s.command(to); err != nil || rcpt.class() != 2 {
			return mail, rcpt, data, err
		}
		data, err = s.command("DATA")
		return mail, rcpt, data, err
	}
	s.out = append(s.out[:0], from...)
	s.out = append(s.out, "\r\n"...)
	s.out = append(s.out, to...)
	s.out = append(s.out, "\r\nDATA\r\n"...)
	if _, err = s.conn.Write(s.out); err != nil {
		return mail, rcpt, data, err
	}
	for _, r := range []*reply{&mail, &rcpt, &data} {
		if *r, err = readReply(s.in); err != nil {
			return mail, rcpt, data, err
		}
		if r.code == 421 { // the server hangs up: there may be no further answer
			s.dead = true
			return mail, rcpt, data, nil
		}
	}
	return mail, rcpt, data, nil
}

// abandon leaves a mail that was begun and will not be sent.
func (s *connection) abandon(data reply) {
	if s.dead {
		return
	}
	if data.code == 354 { // it awaits a text; only hanging up keeps it from taking an empty one
		s.close()
		return
	}
	if r, err := s.command("RSET"); err != nil || r.class() != 2 {
		s.close()
	}
}

func judged(r reply, permanent dispatch.Outcome) dispatch.Receipt {
	if r.class() == 5 {
		return dispatch.Receipt{Outcome: permanent, Response: r.public()}
	}
	return dispatch.Receipt{Outcome: dispatch.OutcomeTemporary, Response: r.public()}
}

func broken(err error) dispatch.Receipt {
	return dispatch.Receipt{Outcome: dispatch.OutcomeTemporary, Response: short(fmt.Sprintf("the connection broke before the message was complete: %v", err))}
}

func lost(err error) string {
	return short(fmt.Sprintf("no answer to the complete message: %v", err))
}

// stuffed appends body in the form that DATA takes: lines that begin with a dot get another, and a lone dot ends it.
func stuffed(to, body []byte) []byte {
	if len(body) > 0 && body[0] == '.' {
		to = append(to, '.')
	}
	for {
		i := bytes.Index(body, []byte("\n."))
		if i < 0 {
			break
		}
		to = append(append(to, body[:i+2]...), '.')
		body = body[i+2:]
	}
	to = append(to, body...)
	if !bytes.HasSuffix(to, []byte("\r\n")) {
		to = append(to, "\r\n"...)
	}
	return append(to, ".\r\n"...)
}

// safe says whether an address can stand in a command without becoming another one.
func safe(address string, utf8 bool) bool {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || domain == "" || len(address) > 320 || !utf8 && !ascii(address) {
		return false
	}
	return !strings.ContainsFunc(address, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == '"' || r == '\\' || r == 0xfffd || r >= 0x80 && r < 0xa0
	})
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
