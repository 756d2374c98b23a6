package offers

import (
	"slices"
	"sort"
)

// Why somebody has a worse offer than neighbours: customers of the same segment and tenth of the forecast.
const (
	BesideRule    = "rule"     // the better offer's rule does not hold for them
	BesideTooEasy = "too_easy" // they would reach its goal anyway
	BesideTooFar  = "too_far"  // they would not reach it even so
	BesideWorth   = "worth"    // it brings less with them than what they have
	BesideBudget  = "budget"   // with others it brings more for its cost
	BesideLot     = "lot"      // theirs was drawn
	BesideLuck    = "luck"     // nothing but the edge of the budget tells them apart
)

// BesideReasons are all of them.
var BesideReasons = []string{BesideRule, BesideTooEasy, BesideTooFar, BesideWorth, BesideBudget, BesideLot, BesideLuck}

// A better offer is compared with when at least so many of the neighbours have it: one by lot is nobody's measure.
const (
	leastNeighbours = 5
	leastOfThem     = 0.05
)

// Neighbours looks for customers with a worse offer than others like them, and says why. Customers are added in the order
// of their keys, those of one shard together: neighbours are those of the same shard, which is drawn by key alone.
type Neighbours struct {
	ladder  *Ladder
	decider *Decider
	rewards []int64 // the most of each rung
	all     []neighbour
	codes   []uint8 // by customer and rung
}

type neighbour struct {
	kin      uint32
	forecast float64
	choice   int16
	explored bool
}

// NewNeighbours compares by the most that each offer gives.
func NewNeighbours(l *Ladder, d *Decider, rules Rules) *Neighbours {
	return &Neighbours{ladder: l, decider: d, rewards: rules.rewards}
}

const besideNone = uint8(255) // the rung is theirs

// Add adds a customer with the options and the assignment.
func (n *Neighbours) Add(c Customer, options []Option, a Assignment) {
	choice := n.ladder.Rung(a.Offer)
	n.all = append(n.all, neighbour{kin: c.Kin, forecast: float64(a.Forecast), choice: int16(choice), explored: a.Explored}) //nolint:gosec // few offers
	greedy := n.decider.Decide(c, options).Offer
	worth := float32(0)
	if choice >= 0 {
		worth = options[choice].Value
	}
	for k, o := range options {
		code := BesideLuck
		switch {
		case k == choice:
			n.codes = append(n.codes, besideNone)
			continue
		case o.Infeasible == ReasonRule:
			code = BesideRule
		case o.Infeasible == ReasonTooEasy:
			code = BesideTooEasy
		case !o.Feasible:
			code = BesideTooFar
		case a.Explored:
			code = BesideLot
		case o.Value <= worth:
			code = BesideWorth
		case greedy != k:
			code = BesideBudget
		}
		n.codes = append(n.codes, uint8(slices.Index(BesideReasons, code))) //nolint:gosec // seven
	}
}

// Reasons are, by customer as they were added, the better offer of neighbours and why they do not have it, as
// "reason:offer"; empty where there is none.
func (n *Neighbours) Reasons() []string {
	out := make([]string, len(n.all))
	sorted := make([]float64, len(n.all))
	for i, one := range n.all {
		sorted[i] = one.forecast
	}
	slices.Sort(sorted)
	var tenths []float64
	for i := 1; i < 10 && len(sorted) > 0; i++ {
		tenths = append(tenths, sorted[len(sorted)*i/10])
	}
	type cell struct {
		kin   uint32
		tenth int
	}
	of := make([]cell, len(n.all))
	given := map[cell][]int{}
	for i, one := range n.all {
		of[i] = cell{one.kin, sort.SearchFloat64s(tenths, one.forecast)}
		if given[of[i]] == nil {
			given[of[i]] = make([]int, n.ladder.Len()+1)
		}
		given[of[i]][n.ladder.Len()]++
		if one.choice >= 0 && !one.explored {
			given[of[i]][one.choice]++
		}
	}
	for i, one := range n.all {
		mine := int64(0)
		if one.choice >= 0 {
			mine = n.rewards[one.choice]
		}
		best, most := -1, mine
		counts := given[of[i]]
		for k, have := range counts[:n.ladder.Len()] {
			enough := have >= leastNeighbours && float64(have) >= leastOfThem*float64(counts[n.ladder.Len()])
			if enough && n.rewards[k] > most {
				best, most = k, n.rewards[k]
			}
		}
		if best < 0 {
			continue
		}
		if code := n.codes[i*n.ladder.Len()+best]; code != besideNone {
			out[i] = BesideReasons[code] + ":" + n.ladder.offers[best].ID
		}
	}
	return out
}

// BesideWords are the reason and the better offer of Reasons.
func BesideWords(reason string) (why, offer string) {
	for i := range reason {
		if reason[i] == ':' {
			return reason[:i], reason[i+1:]
		}
	}
	return reason, ""
}
