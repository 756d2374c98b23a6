package sink

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// trouble is how a provider can misbehave, as shares of requests from 0 to 1. It serves messages and payouts alike, but
// for the last ones, which are of some alone.
type trouble struct {
	DelayMS   int     `json:"delay_ms"`  // before anything is kept
	Temporary float64 `json:"temporary"` // refused for now: 451, or 503
	Permanent float64 `json:"permanent"` // refused for good: 550 to the recipient, or 422
	Drop      float64 `json:"drop"`      // kept, but the connection is closed instead of an answer
	Lose      float64 `json:"lose"`      // not kept, and the connection is closed
	Stall     float64 `json:"stall"`     // kept, but answered only after StallMS, by closing
	StallMS   int     `json:"stall_ms"`

	Broken    float64 `json:"broken,omitempty"`    // kept, and answered with 500
	Duplicate float64 `json:"duplicate,omitempty"` // kept, and answered with the acknowledgement of an earlier payout once more
	Reorder   float64 `json:"reorder,omitempty"`   // kept, and answered with the acknowledgement of another request under way
	Wrong     float64 `json:"wrong,omitempty"`     // kept rightly, but the acknowledgement states another amount
	Late      float64 `json:"late,omitempty"`      // taken with 202, and paid only after LateMS
	LateMS    int     `json:"late_ms,omitempty"`
	Deaf      float64 `json:"deaf,omitempty"` // look-ups and lists refused for now: 503

	Undelivered float64 `json:"undelivered,omitempty"` // taken, and the receipt says that it did not arrive
	Mute        float64 `json:"mute,omitempty"`        // taken, and no receipt follows
	ReceiptMS   int     `json:"receipt_ms,omitempty"`  // a receipt follows so long after

	Seed uint64 `json:"seed,omitempty"` // 0: left to chance; else a payout's luck is a function of seed, key and request
}

func (t trouble) validate() error {
	for _, share := range []float64{t.Temporary, t.Permanent, t.Drop, t.Lose, t.Stall, t.Broken, t.Duplicate, t.Reorder, t.Wrong, t.Late, t.Deaf, t.Undelivered, t.Mute} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("a share is %v; write one from 0 to 1", share)
		}
	}
	if t.DelayMS < 0 || t.StallMS < 0 || t.LateMS < 0 || t.ReceiptMS < 0 {
		return fmt.Errorf("a delay must not be negative")
	}
	return nil
}

// luck is whether one trouble meets one request for a payout. With a seed it does not depend on the order of requests.
func (t *trouble) luck(share float64, what, key string, request int) bool {
	if t.Seed == 0 || share <= 0 {
		return chance(share)
	}
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%s/%s/%d", t.Seed, what, key, request)
	return rand.New(rand.NewPCG(h.Sum64(), t.Seed)).Float64() < share //nolint:gosec // fault injection, not security
}

// faults are the troubles in force, for tests and rehearsals of outages.
type faults struct {
	mail, payouts, sms, gateway atomic.Pointer[trouble]
}

func newFaults(delay time.Duration) *faults {
	f := &faults{}
	f.mail.Store(&trouble{DelayMS: int(delay.Milliseconds())})
	f.payouts.Store(&trouble{})
	f.sms.Store(&trouble{DelayMS: int(delay.Milliseconds())})
	f.gateway.Store(&trouble{DelayMS: int(delay.Milliseconds())})
	return f
}

// chance is true in a share of the calls. Which ones is left to chance on purpose: nothing may depend on it.
func chance(share float64) bool { return share > 0 && rand.Float64() < share } //nolint:gosec // fault injection, not security
