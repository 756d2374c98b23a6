package smtp

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// takes says whether the addresses of m can be named in a command.
func (s *connection) takes(m dispatch.Message) bool {
	return safe(m.To, s.utf8) && safe(m.From, s.utf8)
}

// invite names sender and recipient and asks to go ahead, unless that was begun with the text before it. Without an
// invitation the receipt says what is known: nothing was accepted.
func (s *connection) invite(m dispatch.Message, begun bool) (receipt dispatch.Receipt, invited bool) {
	if !safe(m.To, s.utf8) {
		return dispatch.Receipt{Outcome: dispatch.OutcomeBounced, Response: "the address is not one that mail can be sent to"}, false
	}
	if !safe(m.From, s.utf8) {
		return dispatch.Receipt{Outcome: dispatch.OutcomeRefused, Response: "the sender's address is not valid"}, false
	}
	var mail, rcpt, data reply
	var err error
	switch {
	case begun:
		mail, rcpt, data, err = s.answers()
	default:
		mail, rcpt, data, err = s.envelope(m)
	}
	switch {
	case err != nil:
		s.dead = true
		return broken(err), false
	case mail.class() != 2:
		// A sender who is refused concerns us, not this recipient: nobody's message fails for good because of it.
		s.abandon(data)
		return dispatch.Receipt{Outcome: dispatch.OutcomeDown, Response: mail.public()}, false
	case rcpt.class() != 2:
		s.abandon(data)
		return judged(rcpt, dispatch.OutcomeBounced), false
	case data.code != 354:
		s.dead = s.dead || data.code == 421
		return judged(data, dispatch.OutcomeRefused), false
	}
	return receipt, true
}

// text sends the text of a message that was invited, and the envelope of the one after it if that is to go ahead. What
// it returns is what is known: before the last byte left, a broken connection means that nothing was accepted; after
// it, only the provider knows.
func (s *connection) text(m dispatch.Message, signature []byte, after dispatch.Message, ahead bool) dispatch.Receipt {
	s.out = stuffed(append(s.out[:0], signature...), m.Body)
	end := len(s.out)
	if ahead {
		s.out = s.appendEnvelope(s.out, after)
	}
	if n, err := s.conn.Write(s.out); err != nil {
		s.dead = true
		if n < end {
			return broken(err) // the final dot never left
		}
		return dispatch.Receipt{Outcome: dispatch.OutcomeUncertain, Response: lost(err)}
	}
	word, err := s.reply()
	if err != nil {
		s.dead = true
		return dispatch.Receipt{Outcome: dispatch.OutcomeUncertain, Response: lost(err)}
	}
	switch word.class() {
	case 2:
		return dispatch.Receipt{Outcome: dispatch.OutcomeSent, Response: word.public()}
	case 4, 5:
		s.dead = s.dead || word.code == 421
		return judged(word, dispatch.OutcomeRefused)
	}
	s.dead = true // what answers a complete message with anything else may have taken it
	return dispatch.Receipt{Outcome: dispatch.OutcomeUncertain, Response: short("the answer to the complete message is none: " + word.public())}
}

// appendEnvelope writes the commands that name sender and recipient and ask to go ahead.
func (s *connection) appendEnvelope(to []byte, m dispatch.Message) []byte {
	to = append(append(to, "MAIL FROM:<"...), m.From...)
	to = append(append(to, '>'), s.parameters(m)...)
	to = append(append(to, "\r\nRCPT TO:<"...), m.To...)
	return append(to, ">\r\nDATA\r\n"...)
}

func (s *connection) parameters(m dispatch.Message) string {
	if s.utf8 && (!ascii(m.From) || !ascii(m.To)) {
		return " SMTPUTF8"
	}
	return ""
}

// envelope names sender and recipient and asks to go ahead: in one packet where the server allows it.
func (s *connection) envelope(m dispatch.Message) (mail, rcpt, data reply, err error) {
	if !s.pipelines {
		if mail, err = s.command("MAIL FROM:<" + m.From + ">" + s.parameters(m)); err != nil || mail.class() != 2 {
			return mail, rcpt, data, err
		}
		if rcpt, err = s.command("RCPT TO:<" + m.To + ">"); err != nil || rcpt.class() != 2 {
			return mail, rcpt, data, err
		}
		data, err = s.command("DATA")
		return mail, rcpt, data, err
	}
	s.out = s.appendEnvelope(s.out[:0], m)
	if _, err = s.conn.Write(s.out); err != nil {
		return mail, rcpt, data, err
	}
	return s.answers()
}

// answers reads what the server says to a whole envelope.
func (s *connection) answers() (mail, rcpt, data reply, err error) {
	for _, r := range []*reply{&mail, &rcpt, &data} {
		if *r, err = s.reply(); err != nil {
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
