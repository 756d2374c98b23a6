package smpp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/inquiry"
	"github.com/danbi-project/danbi/internal/trust"
)

// Channel sends text messages over a few bound connections, which it opens when they are needed and keeps.
type Channel struct {
	config Config
	tls    *tls.Config
	lookup *inquiry.Provider
	inbox  dispatch.Inbox // may be nil: receipts are then left to the message centre, which tries again
	name   string         // of the channel in feedback

	mu       sync.Mutex
	sessions []*session // nil: not open
	opening  []chan struct{}
	next     int
	busy     pause
	waiting  chan struct{} // bounds receipts that are being kept
}

var _ dispatch.Channel = (*Channel)(nil)

// New makes a channel; it connects at the first Send. Receipts go to inbox under the channel's name.
func New(c Config, name string, inbox dispatch.Inbox) (*Channel, error) {
	c, err := c.Complete()
	if err != nil {
		return nil, err
	}
	var secure *tls.Config
	if c.TLS {
		host, _, _ := net.SplitHostPort(c.Addr)
		if secure, err = trust.TLS(host, c.CAFile); err != nil {
			return nil, err
		}
	}
	return &Channel{
		config: c, tls: secure, lookup: inquiry.New(c.LookupURL), inbox: inbox, name: name,
		sessions: make([]*session, c.Connections), opening: make([]chan struct{}, c.Connections), waiting: make(chan struct{}, mostReceipts),
	}, nil
}

const (
	grace        = 400 * time.Millisecond // for what is under way once ctx is done: a pause holds within a second
	mostReceipts = 4096
)

// Ready opens a connection where none is open.
func (c *Channel) Ready(ctx context.Context) error {
	_, err := c.session(ctx)
	return err
}

// session is a bound connection, the next in turn. Of many who need the same one, one opens it.
func (c *Channel) session(ctx context.Context) (*session, error) {
	c.mu.Lock()
	i := c.next % len(c.sessions)
	c.next++
	for {
		if s := c.sessions[i]; s != nil && s.alive() {
			c.mu.Unlock()
			return s, nil
		}
		opening := c.opening[i]
		if opening == nil {
			break
		}
		c.mu.Unlock()
		select {
		case <-opening:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		c.mu.Lock()
	}
	opened := make(chan struct{})
	c.opening[i] = opened
	c.mu.Unlock()
	s, err := dial(ctx, c.config, c.tls, c.receive)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opening[i] = nil
	close(opened)
	if err != nil {
		return nil, err
	}
	c.sessions[i] = s
	return s, nil
}

// Send sends one message, in parts if it is long. The deadline of ctx is kept to the last byte.
func (c *Channel) Send(ctx context.Context, m dispatch.Message) dispatch.Receipt {
	to, ok := number(m.To)
	if !ok {
		return dispatch.Receipt{Outcome: dispatch.OutcomeBounced, Response: "the number is not one"}
	}
	from, ok := number(m.From)
	if !ok {
		return dispatch.Receipt{Outcome: dispatch.OutcomeRefused, Response: "the sender's number is not one"}
	}
	encoding, parts, err := write(c.config.Encodings, string(m.Body), c.config.Long == LongPayload)
	if err != nil {
		return dispatch.Receipt{Outcome: dispatch.OutcomeRefused, Response: err.Error()}
	}
	var first dispatch.Receipt
	for i := range parts {
		receipt := c.part(ctx, m, from, to, encoding, parts, i)
		for tries := 0; i > 0 && tries < 8 && again(receipt.Outcome) && !over(ctx); tries++ { // a message half of which is out is to be finished
			c.busy.wait(ctx, 50*time.Millisecond<<tries)
			receipt = c.part(ctx, m, from, to, encoding, parts, i)
		}
		switch {
		case i == 0:
			first = receipt
			if receipt.Outcome != dispatch.OutcomeSent {
				return receipt
			}
		case receipt.Outcome != dispatch.OutcomeSent:
			return dispatch.Receipt{
				Outcome: dispatch.OutcomeUncertain, ProviderID: first.ProviderID,
				Response: fmt.Sprintf("part %d of %d did not leave: %s", i+1, len(parts), receipt.Response),
			}
		}
	}
	return first
}

func again(o dispatch.Outcome) bool {
	return o == dispatch.OutcomeTemporary || o == dispatch.OutcomeDown || o == dispatch.OutcomeUntried
}

// part sends one part of a message.
func (c *Channel) part(ctx context.Context, m dispatch.Message, from, to string, e Encoding, parts [][]byte, i int) dispatch.Receipt {
	untried := dispatch.Receipt{Outcome: dispatch.OutcomeUntried}
	if !c.busy.over(ctx) || over(ctx) {
		return untried
	}
	s, err := c.session(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return untried
	case err != nil:
		return dispatch.Receipt{Outcome: dispatch.OutcomeDown, Response: short(err.Error())}
	}
	select {
	case s.window <- struct{}{}:
		defer func() { <-s.window }()
	case <-s.done:
		return untried
	case <-ctx.Done():
		return untried
	}
	if over(ctx) {
		return untried
	}
	deadline := clock.Wall().Add(c.config.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	answer, err := s.ask(ctx, c.submit(m, from, to, e, parts, i), deadline)
	switch {
	case errors.Is(err, errUnsent):
		return untried
	case err != nil:
		return dispatch.Receipt{Outcome: dispatch.OutcomeUncertain, Response: short(err.Error())}
	}
	status := answer.GetHeader().CommandStatus
	outcome, busy := outcomeOf(status)
	if busy {
		c.busy.more()
	} else if outcome == dispatch.OutcomeSent {
		c.busy.less()
	}
	receipt := dispatch.Receipt{Outcome: outcome, Response: explain(status)}
	if answer, ok := answer.(*pdu.SubmitSMResp); ok {
		receipt.ProviderID = answer.MessageID
	} else if outcome == dispatch.OutcomeSent { // an answer to something else is no word about this message
		receipt = dispatch.Receipt{Outcome: dispatch.OutcomeUncertain, Response: "the answer is none to a submit_sm"}
		s.fail(errors.New("answers don't fit requests"))
	}
	return receipt
}

func (c *Channel) submit(m dispatch.Message, from, to string, e Encoding, parts [][]byte, i int) *pdu.SubmitSM {
	p := pdu.NewSubmitSM().(*pdu.SubmitSM)
	p.SourceAddr, _ = pdu.NewAddressWithTonNpiAddr(c.config.SourceTON, c.config.SourceNPI, from)
	p.DestAddr, _ = pdu.NewAddressWithTonNpiAddr(c.config.DestTON, c.config.DestNPI, to)
	p.RegisteredDelivery = 1 // a receipt, whether it arrives or not
	if !m.Expires.IsZero() {
		p.ValidityPeriod = m.Expires.UTC().Format("060102150405") + "000+"
	}
	if c.config.ReferenceTag != 0 {
		p.RegisterOptionalParam(pdu.Field{Tag: pdu.Tag(c.config.ReferenceTag), Data: []byte(m.ID)})
	}
	raw := parts[i]
	switch {
	case c.config.Long == LongPayload && len(raw) > e.Single:
		p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagMessagePayload, Data: raw})
		raw = nil
	case len(parts) > 1 && c.config.Long == LongSAR:
		ref := reference(m.ID)
		p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagSarMsgRefNum, Data: []byte{byte(ref >> 8), byte(ref)}})
		p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagSarTotalSegments, Data: []byte{byte(len(parts))}})
		p.RegisterOptionalParam(pdu.Field{Tag: pdu.TagSarSegmentSeqnum, Data: []byte{byte(i + 1)}})
	case len(parts) > 1:
		p.EsmClass |= data.SM_UDH_GSM
		p.Message.SetUDH(pdu.UDH{pdu.NewIEConcatMessage(byte(len(parts)), byte(i+1), byte(reference(m.ID)))})
	}
	_ = p.Message.SetMessageDataWithEncoding(raw, coded(e.Coding)) // it fits: Complete bounds parts
	return p
}

// reference numbers the parts of one message; it follows from the id, so that a second attempt has the same.
func reference(id string) (ref uint16) {
	for _, b := range []byte(id) {
		ref = ref*31 + uint16(b)
	}
	return ref
}

// number is a telephone number as SMPP carries it: digits alone, a leading + and what people write between digits left out.
func number(text string) (string, bool) {
	digits := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '.' || r == '(' || r == ')' {
			return -1
		}
		return r
	}, strings.TrimPrefix(strings.TrimSpace(text), "+"))
	if len(digits) < 3 || len(digits) > 20 || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", false
	}
	return digits, true
}

// over says whether nothing may be begun any more: the deadline of a lease moves, and its context is not done when it passes.
func over(ctx context.Context) bool {
	d, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !clock.Wall().Before(d)
}

// Lookup asks the provider which messages it has accepted. SMPP's own query needs the provider's id, which is lost with
// the answer: it is no help after a crash.
func (c *Channel) Lookup(ctx context.Context, ids []string) (map[string]bool, error) {
	return c.lookup.Ask(ctx, ids)
}

// Serve keeps the connections open until ctx ends, so that receipts come in while nothing is sent.
func (c *Channel) Serve(ctx context.Context) {
	rest := time.Second
	for ctx.Err() == nil {
		if err := c.Ready(ctx); err != nil {
			rest = min(2*rest, time.Minute)
		} else {
			rest = time.Second
		}
		timer := time.NewTimer(rest)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// Close ends the sessions; call it when nothing is sent any more.
func (c *Channel) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.sessions {
		if s != nil {
			s.close()
			c.sessions[i] = nil
		}
	}
	return nil
}

// pause is how long nothing is begun after the message centre said that it is too much.
type pause struct {
	mu    sync.Mutex
	rest  time.Duration
	until time.Time
}

const (
	firstRest = 100 * time.Millisecond
	mostRest  = 5 * time.Second
)

// more doubles the rest. Answers to what was under way at once count once.
func (p *pause) more() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := clock.Wall(); !now.Before(p.until) {
		p.rest = min(max(2*p.rest, firstRest), mostRest)
		p.until = now.Add(p.rest)
	}
}

func (p *pause) less() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !clock.Wall().Before(p.until) {
		p.rest = 0
	}
}

// over waits until the rest is over; false when ctx ends first.
func (p *pause) over(ctx context.Context) bool {
	p.mu.Lock()
	rest := time.Until(p.until)
	p.mu.Unlock()
	return rest <= 0 || p.wait(ctx, rest)
}

func (p *pause) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func short(text string) string {
	const most = 200
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
