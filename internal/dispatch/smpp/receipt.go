package smpp

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
	"golang.org/x/text/encoding/korean"

	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// receive takes what the message centre delivers: receipts, and answers by which somebody opts out. They are acknowledged when they are kept; until then the
// centre has them and sends them again.
func (c *Channel) receive(p *pdu.DeliverSM, acknowledge func(data.CommandStatusType)) {
	f, is := c.feedback(p)
	if !is {
		f, is = c.answer(p)
	}
	if !is { // something else that a person wrote, or a receipt on the way: nothing of it is kept
		acknowledge(data.ESME_ROK)
		return
	}
	if c.inbox == nil {
		acknowledge(data.ESME_RX_T_APPN)
		return
	}
	select {
	case c.waiting <- struct{}{}:
	default: // more than can be kept at once: the centre has it and asks again
		acknowledge(data.ESME_RMSGQFUL)
		return
	}
	go func() {
		defer func() { <-c.waiting }()
		ctx, cancel := context.WithTimeout(context.Background(), c.config.Timeout)
		defer cancel()
		if err := c.inbox.Take(ctx, []dispatch.Feedback{f}); err != nil {
			acknowledge(data.ESME_RX_T_APPN)
			return
		}
		acknowledge(data.ESME_ROK)
	}()
}

// answer reads what a person wrote back: that they want no more.
func (c *Channel) answer(p *pdu.DeliverSM) (dispatch.Feedback, bool) {
	from := p.SourceAddr.Address()
	if p.EsmClass&0x3C != 0 || from == "" {
		return dispatch.Feedback{}, false
	}
	raw, _ := p.Message.GetMessageData()
	if payload, ok := p.OptionalParameters[pdu.TagMessagePayload]; ok && len(raw) == 0 {
		raw = payload.Data
	}
	coding := byte(0)
	if e := p.Message.Encoding(); e != nil {
		coding = e.DataCoding()
	}
	if !dispatch.OptsOut(c.read(raw, coding)) {
		return dispatch.Feedback{}, false
	}
	return dispatch.Feedback{Channel: c.name, From: from, Kind: dispatch.FeedbackUnsubscribed, At: clock.Wall()}, true
}

// read is the text of an incoming message: in UCS-2 where it says so, else as the operator's own encodings are.
func (c *Channel) read(raw []byte, coding byte) string {
	const ucs2 = 8
	if coding == ucs2 {
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		}
		return string(utf16.Decode(units))
	}
	for _, b := range raw {
		if b >= 0x80 { // not the common alphabet
			if utf8.Valid(raw) {
				return string(raw)
			}
			if text, err := korean.EUCKR.NewDecoder().Bytes(raw); err == nil {
				return string(text)
			}
			break
		}
	}
	return strings.ToValidUTF8(string(raw), "?")
}

const esmReceipt = 0x04 // in bits 2 to 5 of esm_class

var receiptField = regexp.MustCompile(`(?i)\b(id|stat|err|done date):\s*([^\s]*)`)

// feedback reads a receipt: its parameters, or the text that appendix B of the standard proposes and most centres write.
func (c *Channel) feedback(p *pdu.DeliverSM) (dispatch.Feedback, bool) {
	if p.EsmClass&0x3C != esmReceipt {
		return dispatch.Feedback{}, false
	}
	raw, _ := p.Message.GetMessageData()
	if payload, ok := p.OptionalParameters[pdu.TagMessagePayload]; ok && len(raw) == 0 {
		raw = payload.Data
	}
	fields := map[string]string{}
	for _, m := range receiptField.FindAllStringSubmatch(string(raw), -1) {
		if name := strings.ToLower(m[1]); fields[name] == "" {
			fields[name] = m[2]
		}
	}
	f := dispatch.Feedback{Channel: c.name, ProviderID: fields["id"], At: clock.Wall()}
	if id, ok := p.OptionalParameters[pdu.TagReceiptedMessageID]; ok {
		f.ProviderID = strings.TrimRight(string(id.Data), "\x00")
	}
	if c.config.ReferenceTag != 0 {
		if id, ok := p.OptionalParameters[pdu.Tag(c.config.ReferenceTag)]; ok {
			f.MessageID = strings.TrimRight(string(id.Data), "\x00")
		}
	}
	state := strings.ToUpper(fields["stat"])
	if s, ok := p.OptionalParameters[pdu.TagMessageStateOption]; ok && len(s.Data) == 1 {
		state = map[byte]string{2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}[s.Data[0]]
	}
	switch state {
	case "DELIVRD":
		f.Kind = dispatch.FeedbackDelivered
	case "EXPIRED", "DELETED", "UNDELIV", "REJECTD":
		f.Kind, f.Reason = dispatch.FeedbackFailed, strings.ToLower(state)
		if code := fields["err"]; code != "" && slices.Contains(c.config.HardErrors, code) {
			f.Kind = dispatch.FeedbackBounced
		}
		if code := fields["err"]; code != "" {
			f.Reason += " " + short(strings.ToValidUTF8(code, "?"))
		}
	default: // on its way, accepted, or nothing that we know
		return dispatch.Feedback{}, false
	}
	return f, f.ProviderID != "" || f.MessageID != ""
}
