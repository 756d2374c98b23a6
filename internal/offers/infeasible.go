package offers

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers/budget"
)

var (
	// ErrNothingAffordable says that no customer can be given any offer within the budget, or none that is worth its cost.
	ErrNothingAffordable = errors.New("no offer can be given")
	// ErrInfeasible says that limits of the spec cannot be kept together.
	ErrInfeasible = errors.New("the limits cannot be kept together")
)

// scan is what is seen of options on the way into a table: why nobody gets any is told from it.
type scan struct {
	possible        uint64
	cheapest, least float64 // cost and reward
	worth           float64 // of the best
}

func newScan() scan { return scan{cheapest: math.Inf(1), least: math.Inf(1), worth: math.Inf(-1)} }

func (s *scan) see(o budget.Option, reward int64) {
	if !o.Possible || !o.Reasonable() {
		return
	}
	s.possible++
	s.cheapest, s.least, s.worth = min(s.cheapest, float64(o.Costs[0])), min(s.least, float64(reward)), max(s.worth, float64(o.Value))
}

// nothing says in numbers why nobody gets anything.
func (t *Table) nothing(limits []budget.Limit) error {
	s, budget := t.seen, map[string]int64{}
	for _, l := range limits {
		budget[l.Name] = l.Most
	}
	switch {
	case s.possible == 0:
		return fmt.Errorf("%w: for none of the %d customers there is a goal that stretches them and is within reach; lower the steps, raise the rewards, or widen min and max", ErrNothingAffordable, t.Len())
	case s.worth <= 0:
		return fmt.Errorf("%w: the best offer for any of the %d customers loses %.0f minor units; raise budget.margin, or lower the rewards", ErrNothingAffordable, t.Len(), -s.worth)
	case s.least > float64(budget[LimitExposure]):
		return fmt.Errorf("%w: the smallest reward is %.0f and budget.exposure %d, in minor units; raise the budget or lower the rewards", ErrNothingAffordable, s.least, budget[LimitExposure])
	case s.cheapest > float64(budget[LimitExpected]):
		return fmt.Errorf("%w: the cheapest offer is expected to cost %.0f and budget.expected is %d, in minor units; raise the budget or lower the rewards", ErrNothingAffordable, s.cheapest, budget[LimitExpected])
	}
	return fmt.Errorf("%w: an offer would be worth up to %.0f minor units to one customer, but the limits together leave room for none; look at budget.return, budget.limits and the inventories", ErrNothingAffordable, s.worth)
}

// infeasible says which wish cannot be granted, in the words of the spec.
func (t *Table) infeasible(err error) error {
	var wish budget.Impossible
	if !errors.As(err, &wish) {
		return fmt.Errorf("%w: %w; loosen one of budget.limits, or a least number", ErrInfeasible, err)
	}
	say := func(n int64) string {
		if strings.HasSuffix(wish.Limit, LimitExpected) || strings.HasSuffix(wish.Limit, LimitExposure) {
			return money.Format(money.Minor(n), t.rules.currency, "en")
		}
		return fmt.Sprint(n)
	}
	about := ""
	if wish.About {
		about = "about "
	}
	if len(wish.For) == 0 {
		return fmt.Errorf("%w: %s asks for %d customers, and only %d may have such an offer; lower it, or widen who may have it", ErrInfeasible, wish.Limit, wish.Need, wish.Allowed)
	}
	return fmt.Errorf("%w: %s needs %s%s, and %s is allowed; it is needed for %s: raise the one or lower the other", ErrInfeasible, wish.Limit, about, say(wish.Need), say(wish.Allowed), strings.Join(wish.For, " and "))
}
