package smtp

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// Stream sends messages one after the other over one connection. Where the server allows it, the envelope of a message
// travels with the text before it (RFC 2920, 3.1: a text may begin a group of commands), so that a message costs one
// packet each way instead of two. Its own text leaves only when everything that must hold at that moment was asked again.
// A message is asked for when there is a connection for it.
func (c *Channel) Stream(ctx context.Context, next func() (dispatch.Message, bool), told func(dispatch.Receipt)) {
	var s *connection
	select {
	case s = <-c.slots:
	case <-ctx.Done():
		return
	}
	defer func() { c.slots <- s }()
	m, more := next()
	for more {
		if !c.pace.wait(ctx) || over(ctx) {
			told(dispatch.Receipt{Outcome: dispatch.OutcomeUntried})
			m, more = next()
			continue
		}
		kept := s != nil
		if !kept {
			var err error
			if s, err = dial(ctx, c.config, c.tls, min(c.timeout, 20*time.Second)); err != nil {
				s = nil
				told(dispatch.Receipt{Outcome: dispatch.OutcomeDown, Response: short(err.Error())})
				m, more = next()
				continue
			}
		}
		m, more = c.converse(ctx, s, m, kept, next, told)
		if s.dead {
			s.close()
			s = nil
		}
	}
}

// converse sends over one connection for as long as it lasts, or until it is time to wait. It returns the message that is to
// be sent next, of which nothing was accepted.
func (c *Channel) converse(ctx context.Context, s *connection, m dispatch.Message, kept bool, next func() (dispatch.Message, bool), told func(dispatch.Receipt)) (dispatch.Message, bool) {
	paced := c.pace.gap > 0
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(soon(ctx)) })
	defer func() {
		if !stop() {
			s.dead = true // its deadline was touched
		}
	}()
	for begun := false; ; {
		s.limit(ctx, c.timeout)
		receipt, invited := s.invite(m, begun)
		var signature []byte
		if invited {
			var err error
			if signature, err = c.signer.header(m.Body); err != nil {
				s.dead = true
				receipt, invited = dispatch.Receipt{Outcome: dispatch.OutcomeRefused, Response: short(err.Error())}, false
			}
		}
		if invited && over(ctx) {
			s.dead = true // it awaits a text; only hanging up keeps it from taking an empty one
			receipt, invited = dispatch.Receipt{Outcome: dispatch.OutcomeUntried}, false
		}
		if !invited {
			// A kept connection that the provider closed meanwhile shows only now; nothing of the message was accepted.
			if s.dead && (kept || begun) && passing(receipt) && !over(ctx) {
				return m, true
			}
			told(receipt)
			var more bool
			if m, more = next(); !more || s.dead || paced || over(ctx) {
				return m, more
			}
			begun = false
			continue
		}
		s.carried++
		full := c.config.PerConnection > 0 && s.carried >= c.config.PerConnection
		var after dispatch.Message
		more := false
		if !paced {
			after, more = next()
		}
		ahead := more && !full && s.pipelines && s.takes(after)
		told(s.text(m, signature, after, ahead))
		if full {
			s.retire()
		}
		if paced {
			return next()
		}
		if !more || s.dead || over(ctx) && !ahead {
			return after, more
		}
		m, begun, kept = after, ahead, true
	}
}

// passing says whether a receipt may only mean that the connection was no longer there.
func passing(r dispatch.Receipt) bool {
	return r.Outcome == dispatch.OutcomeTemporary || r.Outcome == dispatch.OutcomeDown
}

// limit sets the connection's deadline: that of a lease moves, and is asked for before each message.
func (s *connection) limit(ctx context.Context, timeout time.Duration) {
	now := time.Now()
	deadline := now.Add(timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	} else if s.deadline.Sub(now) > timeout*3/4 {
		return // one that is hardly earlier is as good
	}
	if !deadline.Equal(s.deadline) {
		_ = s.conn.SetDeadline(deadline)
		s.deadline = deadline
	}
	if ctx.Err() != nil { // whoever ended it may have set the deadline before us
		_ = s.conn.SetDeadline(soon(ctx))
	}
}

// soon is until when what is under way may end once ctx is cancelled: never after ctx's own deadline.
func soon(ctx context.Context) time.Time {
	end := time.Now().Add(grace)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		return d
	}
	return end
}
