package activities

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// skew is by how much the clocks of two workers may differ.
const skew = time.Second

// sendingLease is the sole right to send a range of deliveries. It lasts until `until`, and is renewed in the background
// for as long as the engine takes the renewals: a sender that was cut off stops by itself, before anybody else begins.
// docs/dispatch.md gives the whole argument.
type sendingLease struct {
	stage  *touchStage
	lease  dispatch.Lease
	hold   time.Duration
	until  atomic.Int64 // unix nanoseconds
	quiet  time.Time    // from then on the provider shows all that earlier holders sent
	cancel context.CancelFunc
	done   chan struct{}
}

// holdOf is how long a lease lasts: half of the heartbeat timeout, so that a holder whom Temporal has given up has
// stopped by the time that another attempt begins.
func (s DispatchSettings) holdOf(ctx context.Context) time.Duration {
	if s.Hold > 0 {
		return s.Hold
	}
	hold := 5 * time.Second
	if activity.IsActivity(ctx) {
		if timeout := activity.GetInfo(ctx).HeartbeatTimeout; timeout > 0 {
			hold = timeout / 2
		}
	}
	return min(max(hold, time.Second), 10*time.Second)
}

// acquire waits until nobody else may send, and takes the lease. The order of its steps is what makes it safe: write
// one's own, then read all. Of two that do so at once at least one sees the other; whoever sees another gives way.
func (t *touchStage) acquire(ctx context.Context, want dispatch.Lease) (*sendingLease, error) {
	l := &sendingLease{stage: t, hold: t.stage.Settings.holdOf(ctx), done: make(chan struct{})}
	var latest time.Time
	for {
		free, end, err := t.free(ctx, want)
		if err != nil {
			return nil, err
		}
		latest = later(latest, end)
		if !free {
			if err := pause(ctx, 100*time.Millisecond+mathrand.N(200*time.Millisecond)); err != nil { //nolint:gosec // jitter
				return nil, err
			}
			continue
		}
		want.Owner, want.Until, want.Released = rand.Text(), clock.Wall().Add(l.hold), false
		if err := t.stage.Store.WriteLease(ctx, t.run, want); err != nil {
			return nil, err
		}
		free, end, err = t.free(ctx, want)
		if err != nil {
			return nil, err
		}
		latest = later(latest, end)
		if free {
			break
		}
		want.Released = true
		if err := t.stage.Store.WriteLease(ctx, t.run, want); err != nil {
			return nil, err
		}
		if err := pause(ctx, mathrand.N(400*time.Millisecond)); err != nil { //nolint:gosec // jitter, so that two that give way don't meet again
			return nil, err
		}
	}
	l.lease = want
	l.until.Store(want.Until.UnixNano())
	if !latest.IsZero() {
		l.quiet = latest.Add(t.stage.Settings.latency())
	}
	renewing, cancel := context.WithCancel(ctx)
	l.cancel = cancel
	go l.renew(renewing)
	return l, nil
}

// free says whether no other lease is in force, and when the last one that was not given back ends or ended.
func (t *touchStage) free(ctx context.Context, want dispatch.Lease) (free bool, latest time.Time, err error) {
	all, err := t.stage.Store.Leases(ctx, t.run, t.touch.ID)
	if err != nil {
		return false, latest, err
	}
	free = true
	for _, other := range all {
		if other.Released || !want.Conflicts(other) {
			continue
		}
		latest = later(latest, other.Until)
		if clock.Wall().Before(other.Until.Add(skew)) {
			free = false
		}
	}
	return free, latest, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (l *sendingLease) renew(ctx context.Context) {
	defer close(l.done)
	for {
		if pause(ctx, l.hold/3) != nil {
			return
		}
		next := l.lease
		next.Until = clock.Wall().Add(l.hold)
		limited, cancel := context.WithTimeout(ctx, l.hold/2)
		err := l.stage.stage.Store.WriteLease(limited, l.stage.run, next)
		cancel()
		// A renewal counts only when it is acknowledged while the lease is still in force. One that comes back later may
		// have been written after somebody else found the lease ended: it is lost for good.
		if !clock.Wall().Before(l.deadline()) {
			return
		}
		if err == nil {
			l.until.Store(next.Until.UnixNano())
		}
	}
}

// deadline is when this holder must have stopped sending.
func (l *sendingLease) deadline() time.Time { return time.Unix(0, l.until.Load()) }

// holds says whether a message may still be begun.
func (l *sendingLease) holds() bool {
	return clock.Wall().Add(20 * time.Millisecond).Before(l.deadline())
}

// stop ends the renewals. A lease is given back only when everything that was sent is recorded: whoever comes next then
// has nothing to wait for.
func (l *sendingLease) stop(ctx context.Context, recorded bool) error {
	l.cancel()
	<-l.done
	if !recorded {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	back := l.lease
	back.Until, back.Released = l.deadline(), true
	return l.stage.stage.Store.WriteLease(ctx, l.stage.run, back)
}

// leased is a context whose deadline moves with the lease: a channel asks for it before each message and lets no byte
// leave after it.
type leased struct {
	context.Context
	lease  *sendingLease
	closes time.Time // by the wall clock: when the wave's window ends; zero: no end
}

// mostPatience is how long one message may take: less than the time before quiet hours in which nothing is planned.
const mostPatience = 4 * time.Minute

// Deadline is the lease's, the window's end, or the context's own, whichever is first.
func (c leased) Deadline() (time.Time, bool) {
	end := c.lease.deadline()
	if own, ok := c.Context.Deadline(); ok && own.Before(end) {
		end = own
	}
	if !c.closes.IsZero() && c.closes.Before(end) {
		end = c.closes
	}
	if patience := clock.Wall().Add(mostPatience); patience.Before(end) {
		end = patience
	}
	return end, true
}

// pause waits by the wall clock.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
