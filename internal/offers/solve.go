package offers

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/danbi-project/danbi/internal/money"
)

// ErrNothingAffordable says that no customer can be given any offer within the budget, or none that is worth its cost.
var ErrNothingAffordable = errors.New("no offer can be given")

// Solution is the prices and what they lead to, exactly.
type Solution struct {
	Prices    Prices
	Cost      money.Minor // sum of expected costs
	Out       money.Minor // sum of maximum rewards
	Value     money.Minor
	DualBound float64  // no assignment within the limits is worth more
	Offers    []uint64 // customers by rung
	None      uint64   // customers without an offer
}

const (
	bisections  = 60
	searchLimit = 200_000 // customers on whom the direction of two prices is sought
)

// Solve finds prices at which every customer's best choice keeps both limits, by bisection of the Lagrangian dual. The
// sums of the solution are those of Decide over the same customers, whatever shards they are in. A table from which
// nobody can be given anything is ErrNothingAffordable.
func Solve(t *Table, l Limits) (Solution, error) {
	share := t.explore(l)
	p := Prices{Explore: share}
	s := search{table: t, limits: l, explore: share}
	if free := s.at(0, 0); !free.within(l) {
		a, b := s.direction()
		p = s.along(a, b)
	}
	out := s.sums(p)
	solution := Solution{Prices: p, Cost: money.Minor(out.cost), Out: money.Minor(out.out), Value: money.Minor(out.value), Offers: out.offers, None: out.none}
	solution.DualBound = s.bound(p)
	if t.Len() > 0 && out.none == uint64(t.Len()) {
		return solution, t.nothing(l)
	}
	return solution, nil
}

type sums struct {
	cost, out, value int64
	none             uint64
	offers           []uint64
	worth            float64 // of what is chosen, at the prices, above none
	explored         sumsExplored
}

type sumsExplored struct{ cost, out, value int64 }

func (s sums) within(l Limits) bool {
	return s.cost <= int64(l.Expected) && s.out <= int64(l.Exposure)
}

type search struct {
	table   *Table
	limits  Limits
	explore float64
}

func (s search) at(expected, exposure float64) sums {
	return s.sums(Prices{Expected: expected, Exposure: exposure, Explore: s.explore})
}

// sums adds up what Decide chooses. Whole numbers are summed, so the parts may be added in any order.
func (s search) sums(p Prices) sums {
	const parts = 4
	t := s.table
	var each [parts]sums
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() {
			low, high := t.Len()*part/parts, t.Len()*(part+1)/parts
			each[part] = s.part(p, low, high)
		})
	}
	wait.Wait()
	total := sums{offers: make([]uint64, len(t.rewards))}
	for _, part := range each {
		total.cost += part.cost
		total.out += part.out
		total.value += part.value
		total.none += part.none
		total.worth += part.worth
		total.explored.cost += part.explored.cost
		total.explored.out += part.explored.out
		total.explored.value += part.explored.value
		for k, n := range part.offers {
			total.offers[k] += n
		}
	}
	return total
}

func (s search) part(p Prices, low, high int) sums {
	t := s.table
	out := sums{offers: make([]uint64, len(t.rewards))}
	for i := low; i < high; i++ {
		values, costs := t.row(i)
		choice := int(t.drawn[i])
		explored := choice != notDrawn
		switch {
		case explored:
		case p.Lower > 0 && below(t.lucks[i], p.Lower):
			choice, _ = best(values, costs, t.rewards, p.LowerExpected, p.LowerExposure)
		default:
			var worth float64
			choice, worth = best(values, costs, t.rewards, p.Expected, p.Exposure)
			out.worth += worth
		}
		if choice == None {
			out.none++
			continue
		}
		cost, reward, value := int64(costs[choice]), int64(t.rewards[choice]), int64(values[choice])
		out.cost, out.out, out.value = out.cost+cost, out.out+reward, out.value+value
		out.offers[choice]++
		if explored {
			out.explored.cost, out.explored.out, out.explored.value = out.explored.cost+cost, out.explored.out+reward, out.explored.value+value
		}
	}
	return out
}

// direction is the ratio of the two prices: one of them is zero when the other limit alone binds.
func (s search) direction() (expected, exposure float64) {
	n := (s.table.Len() + searchLimit - 1) / searchLimit
	sample := search{table: s.table.every(n), explore: s.explore, limits: Limits{Expected: s.limits.Expected / money.Minor(n), Exposure: s.limits.Exposure / money.Minor(n)}}
	onlyCost := Limits{Expected: sample.limits.Expected, Exposure: math.MaxInt64}
	_, t := sample.bisect(1, 0, onlyCost)
	if sample.at(t, 0).within(sample.limits) {
		return 1, 0
	}
	onlyOut := Limits{Expected: math.MaxInt64, Exposure: sample.limits.Exposure}
	_, u := sample.bisect(0, 1, onlyOut)
	if sample.at(0, u).within(sample.limits) {
		return 0, 1
	}
	// Both bind: the dearer exposure is against cost, the less of it is out when the cost is used up.
	low, high := -14.0, 14.0
	for range 30 {
		middle := (low + high) / 2
		_, t := sample.bisect(1, math.Exp(middle), onlyCost)
		if sample.at(t, t*math.Exp(middle)).out > int64(sample.limits.Exposure) {
			low = middle
		} else {
			high = middle
		}
	}
	return 1, math.Exp(high)
}

// bisect finds the least multiple of a direction at which the limits hold: high holds, low does not (or is zero).
func (s search) bisect(expected, exposure float64, l Limits) (low, high float64) {
	high = 1
	for !s.at(high*expected, high*exposure).within(l) {
		low = high
		if high *= 4; high > 1e18 {
			return low, high // only what costs nothing is chosen here
		}
	}
	for range bisections {
		middle := (low + high) / 2
		if middle <= low || middle >= high {
			break
		}
		if s.at(middle*expected, middle*exposure).within(l) {
			high = middle
		} else {
			low = middle
		}
	}
	return low, high
}

// along takes the least prices in a direction that keep both limits, and lets as many customers as fit, by lot, choose
// at the prices just below.
func (s search) along(expected, exposure float64) Prices {
	low, high := s.bisect(expected, exposure, s.limits)
	p := Prices{Expected: high * expected, Exposure: high * exposure, LowerExpected: low * expected, LowerExposure: low * exposure, Explore: s.explore}
	fits, over := 0.0, 1.0
	for range 45 {
		p.Lower = (fits + over) / 2
		if s.sums(p).within(s.limits) {
			fits = p.Lower
		} else {
			over = p.Lower
		}
	}
	if p.Lower = fits; fits == 0 {
		p.LowerExpected, p.LowerExposure = p.Expected, p.Exposure
	}
	return p
}

// bound is the dual at p's prices: what the explored earn, and what all others could at most.
func (s search) bound(p Prices) float64 {
	p.Lower = 0
	at := s.sums(p)
	// What is drawn by lot uses part of the limits.
	left := p.Expected * float64(int64(s.limits.Expected)-at.explored.cost)
	left += p.Exposure * float64(int64(s.limits.Exposure)-at.explored.out)
	return at.worth + left + float64(at.explored.value)
}

// nothing says in numbers why nobody gets anything.
func (t *Table) nothing(l Limits) error {
	cheapest, least, worth, feasible := math.Inf(1), math.Inf(1), math.Inf(-1), 0
	for i := range t.customers {
		values, costs := t.row(i)
		for k, c := range costs {
			if c < 0 {
				continue
			}
			feasible++
			cheapest, least, worth = min(cheapest, float64(c)), min(least, t.rewards[k]), max(worth, float64(values[k]))
		}
	}
	switch {
	case feasible == 0:
		return fmt.Errorf("%w: for none of the %d customers there is a goal that stretches them and is within reach; lower the steps, raise the rewards, or widen min and max", ErrNothingAffordable, t.Len())
	case worth <= 0:
		return fmt.Errorf("%w: the best offer for any of the %d customers loses %.0f minor units; raise budget.margin, or lower the rewards", ErrNothingAffordable, t.Len(), -worth)
	case least > float64(l.Exposure):
		return fmt.Errorf("%w: the smallest reward is %.0f and budget.exposure %d, in minor units; raise the budget or lower the rewards", ErrNothingAffordable, least, l.Exposure)
	}
	return fmt.Errorf("%w: the cheapest offer is expected to cost %.0f and budget.expected is %d, in minor units; raise the budget or lower the rewards", ErrNothingAffordable, cheapest, l.Expected)
}
