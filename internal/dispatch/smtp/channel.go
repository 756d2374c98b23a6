package smtp

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/inquiry"
	"github.com/danbi-project/danbi/internal/trust"
)

// Channel sends by SMTP. It opens connections when they are needed and keeps them.
type Channel struct {
	config  Config
	tls     *tls.Config
	timeout time.Duration
	slots   chan *connection // as many as may be open; nil is one that is not
	pace    pace
	signer  *signer
	lookup  *inquiry.Provider
}

var _ interface {
	dispatch.Channel
	dispatch.Streamer
} = (*Channel)(nil)

// New makes a channel; it connects at the first Send.
func New(c Config) (*Channel, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(c.Addr)
	secure, err := trust.TLS(host, c.CAFile)
	if err != nil {
		return nil, err
	}
	signs, err := newSigner(c.DKIM)
	if err != nil {
		return nil, err
	}
	if c.Connections == 0 {
		c.Connections = 16
	}
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	out := &Channel{config: c, signer: signs, tls: secure, timeout: c.Timeout, slots: make(chan *connection, c.Connections), lookup: inquiry.New(c.lookupURL())}
	for range c.Connections {
		out.slots <- nil
	}
	if c.PerSecond > 0 {
		out.pace.gap = time.Second / time.Duration(c.PerSecond)
	}
	return out, nil
}

// grace is how long a message that is under way may take once ctx is cancelled; short, because a pause must hold
// within a second.
const grace = 400 * time.Millisecond

// Send sends one message. The deadline of ctx is kept to the last byte: after it nothing more leaves this machine.
// Once ctx is done nothing is begun; what is under way has a moment to end.
func (c *Channel) Send(ctx context.Context, m dispatch.Message) (receipt dispatch.Receipt) {
	receipt = dispatch.Receipt{Outcome: dispatch.OutcomeUntried}
	given := false
	c.Stream(ctx, func() (dispatch.Message, bool) {
		first := !given
		given = true
		return m, first
	}, func(r dispatch.Receipt) { receipt = r })
	return receipt
}

// over says whether nothing may be begun any more. A deadline is looked at by itself: that of a lease moves, and its
// context is not done when it passes.
func over(ctx context.Context) bool {
	d, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(d)
}

// Ready opens a connection where none is open.
func (c *Channel) Ready(ctx context.Context) error {
	var s *connection
	select {
	case s = <-c.slots:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { c.slots <- s }()
	if s != nil {
		_ = s.conn.SetDeadline(time.Now().Add(5 * time.Second))
		s.deadline = time.Time{}
		if r, err := s.command("NOOP"); err == nil && r.class() == 2 {
			return nil
		}
		s.close()
		s = nil
	}
	opened, err := dial(ctx, c.config, c.tls, min(c.timeout, 20*time.Second))
	if err != nil {
		return err
	}
	s = opened
	return nil
}

// Lookup asks the provider which messages it has accepted.
func (c *Channel) Lookup(ctx context.Context, ids []string) (map[string]bool, error) {
	return c.lookup.Ask(ctx, ids)
}

// Close closes the connections that are idle; call it when nothing is sent any more.
func (c *Channel) Close() error {
	for range cap(c.slots) {
		if s := <-c.slots; s != nil {
			_ = s.conn.SetDeadline(time.Now().Add(time.Second))
			s.retire()
			s.close()
		}
	}
	return nil
}

// pace spreads messages evenly: each waits for its own moment.
type pace struct {
	gap  time.Duration
	mu   sync.Mutex
	next time.Time
}

func (p *pace) wait(ctx context.Context) bool {
	if p.gap <= 0 {
		return true
	}
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	at := p.next
	p.next = at.Add(p.gap)
	p.mu.Unlock()
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
