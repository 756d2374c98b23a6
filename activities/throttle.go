package activities

import (
	"context"
	"errors"
	"time"

	"github.com/danbi-project/danbi/internal/clock"
)

// ErrNoThrottle says that a policy limits a channel's rate and nobody is there to keep it.
var ErrNoThrottle = errors.New("the policy limits the channel's rate, and this worker can't ask for a quota: start it with a Temporal client")

var _ = classify(ErrNoThrottle, "NoThrottle", true)

// ThrottleKeeper leases quotas of messages to pages, over all campaigns and workers.
type ThrottleKeeper interface {
	// Lease gives the wall time at which count messages may leave, at most a second's worth.
	Lease(ctx context.Context, in LeaseQuotaInput) (LeaseQuotaOutput, error)
}

// LeaseQuotaInput asks for a quota of a channel. PerSecond is the policy's rate: the one that was asked with last holds.
type LeaseQuotaInput struct {
	Channel   string `json:"channel"`
	Count     int    `json:"count"`
	PerSecond int    `json:"per_second"`
}

// LeaseQuotaOutput is when the quota begins, by the wall clock.
type LeaseQuotaOutput struct {
	At time.Time `json:"at"`
}

// quota waits until a page may leave under the policy's rate. It is asked for before anything is claimed, so that what
// waits is planned, not open.
func (w *wave) quota(ctx context.Context, count int) error {
	rate := w.touch.brief.Policy.RateOf(w.touch.name)
	switch {
	case rate == 0:
		return nil
	case w.stage.Throttle == nil:
		return ErrNoThrottle
	}
	leased, err := w.stage.Throttle.Lease(ctx, LeaseQuotaInput{Channel: w.touch.name, Count: count, PerSecond: rate})
	if err != nil {
		return err
	}
	return pause(ctx, leased.At.Sub(clock.Wall()))
}
