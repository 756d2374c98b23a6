package offers

import (
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers/budget"
)

// Solution is the prices and what they lead to, exactly.
type Solution struct {
	Prices    Prices
	Cost      money.Minor // sum of expected costs
	Out       money.Minor // sum of maximum rewards
	Value     money.Minor
	DualBound float64  // no assignment within the limits is worth more
	Offers    []uint64 // customers by rung
	None      uint64   // customers without an offer
	Limits    []Bound
	Swaps     []Swap
	Refused   uint64 // options whose figures could not be reckoned with
	Curve     []Point
	More      money.Minor // value that MoreBudget more of the expected cost would bring
}

// Point is what an expected cost would bring, with all other limits at their prices of now.
type Point struct{ Cost, Value money.Minor }

const (
	// MoreBudget is the part by which a budget is imagined larger.
	MoreBudget  = 0.05
	curvePoints = 40
)

// Bound is one limit at the solution.
type Bound struct {
	Name  string
	Price float64 // value that one unit more of the limit would bring
	Used  int64
	Most  int64
}

// Swap is a customer who gets another offer than the prices would give them, so that the last of the budget is used.
type Swap struct {
	Customer uint32
	Offer    int // None, or a rung
}

// Solve finds prices at which every customer's best choice keeps all limits. The sums of the solution are those of Decide
// over the same customers, whatever shards they are in. A table from which nobody can be given anything
// is ErrNothingAffordable. With swaps, a few customers of a small table get another offer than the prices would give them,
// so that more of the limits is used; limits that cannot be kept together are ErrInfeasible.
func Solve(t *Table, swaps bool) (Solution, error) {
	limits := t.Limits()
	explore := budget.CutLots(limits, t.table.LotUse(limits, t.rules.explore), t.rules.explore)
	found, err := budget.Solve(t.table, limits, budget.Settings{Drawn: explore, Swaps: swaps && t.customers != nil})
	if err != nil && explore > 0 {
		// Least numbers can leave no room for draws.
		explore = 0
		found, err = budget.Solve(t.table, limits, budget.Settings{Drawn: explore, Swaps: swaps && t.customers != nil})
	}
	if err != nil {
		return Solution{}, t.infeasible(err)
	}
	solution := t.solution(limits, found)
	t.curve(limits, found, &solution)
	if t.Len() > 0 && solution.None == uint64(t.Len()) {
		return solution, t.nothing(limits)
	}
	return solution, nil
}

// curve reads what other budgets would bring, up to twice this one.
func (t *Table) curve(limits []budget.Limit, found budget.Solution, s *Solution) {
	at := slices.IndexFunc(limits, func(l budget.Limit) bool { return l.Name == LimitExpected })
	most := limits[at].Most
	if most <= 0 || most > math.MaxInt64/4 {
		return
	}
	c := t.table.Curve(limits, found.Ask, at, 1)
	for _, p := range c.Points(2*most, curvePoints) {
		s.Curve = append(s.Curve, Point{Cost: money.Minor(p.Use), Value: money.Minor(p.Value)})
	}
	s.More = money.Minor(c.At(most+int64(float64(most)*MoreBudget)).Value - c.At(most).Value)
}

func (t *Table) solution(limits []budget.Limit, found budget.Solution) Solution {
	ask, sums := found.Ask, found.Sums
	out := Solution{
		Prices: Prices{Limits: ask.Prices, Lower: ask.Lower, Share: ask.Share, Explore: ask.Drawn},
		Cost:   money.Minor(sums.Cost), Value: money.Minor(sums.Value), DualBound: found.Bound,
		Offers: sums.Options[:t.rules.options], None: sums.Options[t.rules.options], Refused: sums.Refused,
	}
	for j, l := range limits {
		out.Limits = append(out.Limits, Bound{Name: l.Name, Price: ask.Prices[j], Used: sums.Use[j], Most: l.Most})
		if l.Name == LimitExposure {
			out.Out = money.Minor(sums.Use[j])
		}
	}
	for _, swap := range found.Swaps {
		out.Swaps = append(out.Swaps, Swap{Customer: t.customers[swap.Row], Offer: swap.Option})
	}
	return out
}
