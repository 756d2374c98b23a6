package sink

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// trouble is how a provider can misbehave, as shares of requests from 0 to 1. It serves mails and payouts alike.
type trouble struct {
	DelayMS   int     `json:"delay_ms"`  // before anything is kept
	Temporary float64 `json:"temporary"` // refused for now: 451, or 503
	Permanent float64 `json:"permanent"` // refused for good: 550 to the recipient, or 422
	Drop      float64 `json:"drop"`      // kept, but the connection is closed instead of an answer
	Lose      float64 `json:"lose"`      // not kept, and the connection is closed
	Stall     float64 `json:"stall"`     // kept, but answered only after StallMS, by closing
	StallMS   int     `json:"stall_ms"`
}

func (t trouble) validate() error {
	for _, share := range []float64{t.Temporary, t.Permanent, t.Drop, t.Lose, t.Stall} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("a share is %v; write one from 0 to 1", share)
		}
	}
	if t.DelayMS < 0 || t.StallMS < 0 {
		return fmt.Errorf("a delay must not be negative")
	}
	return nil
}

// faults are the troubles in force, for tests and rehearsals of outages.
type faults struct {
	mail, payouts atomic.Pointer[trouble]
}

func newFaults(delay time.Duration) *faults {
	f := &faults{}
	f.mail.Store(&trouble{DelayMS: int(delay.Milliseconds())})
	f.payouts.Store(&trouble{})
	return f
}

// chance is true in a share of the calls. Which ones is left to chance on purpose: nothing may depend on it.
func chance(share float64) bool { return share > 0 && rand.Float64() < share } //nolint:gosec // fault injection, not security
