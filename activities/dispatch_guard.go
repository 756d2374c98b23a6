package activities

import (
	"sync"
	"time"

	"github.com/danbi-project/danbi/internal/circuit"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// guard keeps a worker from pressing a provider that takes nothing. Each message in a row that it does not take counts,
// whether it hangs up, says nothing or says "later"; with enough of them the page ends, what it had not begun costs no
// attempt, and nothing is claimed until the provider was left alone for a while. One message that is taken, or refused
// for its own sake, ends the count.
type guard struct {
	mu      sync.Mutex
	circuit circuit.Breaker
}

// rests says whether nothing is to be claimed now.
func (g *guard) rests(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.circuit.Open(now)
}

// told takes what became of a message, and says whether the provider is to be left alone.
func (g *guard) told(now time.Time, outcome dispatch.Outcome) bool {
	if outcome == dispatch.OutcomeUntried {
		return false
	}
	taken := outcome == dispatch.OutcomeSent || outcome == dispatch.OutcomeBounced || outcome == dispatch.OutcomeRefused
	g.mu.Lock()
	defer g.mu.Unlock()
	g.circuit.Answered(now, taken)
	return g.circuit.Open(now)
}
