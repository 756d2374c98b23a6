package activities

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// send hands the messages of a queue over. It stops between two messages when ctx is done, when the lease ends, or when the
// provider is down; what it did not begin is untried.
func (w *wave) send(ctx context.Context, q *queue) (down string) {
	guarded := leased{Context: ctx, lease: w.lease}
	if !w.in.Clock.Rehearsal { // whose clock stands still meanwhile
		guarded.closes = w.rules.Closes
	}
	var group sync.WaitGroup
	for range min(w.stage.Settings.senders(), cap(q.ready)) {
		group.Go(func() {
			var under []*job // way, the first begun first
			next := func() (dispatch.Message, bool) {
				j := q.next()
				if j == nil {
					return dispatch.Message{}, false
				}
				under = append(under, j)
				j.letter.Expires = w.expires()
				return j.letter.Message, true
			}
			told := func(r dispatch.Receipt) {
				q.told(under[0], r)
				under = append(under[:0], under[1:]...)
			}
			streamer, streams := w.channel.(dispatch.Streamer)
			switch {
			case !streams:
				for m, more := next(); more; m, more = next() {
					told(w.channel.Send(guarded, m))
				}
			case w.window == nil:
				streamer.Stream(guarded, next, told)
			default: // one at a time: one that is taken while another is under way would be claimed and not sent
				for more := true; more; {
					given := false
					streamer.Stream(guarded, func() (m dispatch.Message, is bool) {
						if given {
							return m, false
						}
						given = true
						m, more = next()
						return m, more
					}, told)
					more = more && given
				}
			}
		})
	}
	group.Wait()
	if text := q.trouble.Load(); text != nil {
		return *text
	}
	return ""
}

// queue gives the messages of a page to those who send them.
type queue struct {
	wave    *wave
	ctx     context.Context
	ready   chan *job // claimed; closed when there will be no more
	taken   func()    // a message was
	empty   func()    // all were
	trouble atomic.Pointer[string]
}

// filled is a queue of messages that were claimed.
func filled(ctx context.Context, w *wave, jobs []*job) *queue {
	q := &queue{wave: w, ctx: ctx, ready: make(chan *job, len(jobs)), taken: func() {}, empty: func() {}}
	for _, j := range jobs {
		q.ready <- j
	}
	close(q.ready)
	return q
}

// next is the next message that may be begun, or nil. It waits for one to be claimed.
func (q *queue) next() *job {
	for q.goes() {
		j, more := <-q.ready
		if !more {
			q.empty()
			return nil
		}
		q.taken()
		// A provider that stalled may have held the page up since it was claimed: who may not be written to any more is
		// left untried, and looked at again.
		if q.goes() && q.wave.allowed(j) {
			return j
		}
	}
	return nil
}

// goes says whether a message may be begun.
func (q *queue) goes() bool {
	return q.ctx.Err() == nil && q.trouble.Load() == nil && q.wave.lease.holds()
}

// told keeps a message's receipt.
func (q *queue) told(j *job, r dispatch.Receipt) {
	j.receipt, j.letter.Body = r, nil
	if q.wave.guard.told(clock.Wall(), r.Outcome) {
		text := "it took none of the last messages: " + r.Response
		q.trouble.CompareAndSwap(nil, &text)
	}
	switch r.Outcome {
	case dispatch.OutcomeSent:
		q.wave.sent.Add(1)
		if q.wave.in.Step == 0 && q.wave.moment(j.slot).Sub(j.slot.At) > lateAfter {
			q.wave.late.Add(1)
		}
	case dispatch.OutcomeDown:
		q.trouble.Store(&j.receipt.Response)
	}
}

// lateAfter is how long after its time a message counts as late.
const lateAfter = time.Minute

// allowed says whether a message that was claimed a while ago may still leave now.
func (w *wave) allowed(j *job) bool {
	now := w.moment(j.slot)
	if now.Sub(j.at) < time.Second {
		return true
	}
	state, _ := w.rules.Refuse(j.recipient, now)
	return state == campaign.DeliveryPlanned
}
