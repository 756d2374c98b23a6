package offers

import (
	"cmp"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// None is the choice of no offer.
const None = -1

// Prices are what a unit of expected cost and a unit of maximum reward cost, so that the best choices at these prices
// keep within both limits. Customers with less luck than Lower choose at LowerExpected and LowerExposure instead, where
// the limits would just be broken: so the budget is used up also when many customers are alike.
type Prices struct {
	Expected, Exposure           float64
	LowerExpected, LowerExposure float64
	Lower                        float64
	Explore                      float64 // share whose offer is drawn at random
}

// Draws are the lots of a run: what is random is decided by hash, so that it is decided alike every time.
type Draws struct {
	Salt string
	Run  campaign.Run
}

func (d Draws) explore(customer uint32) float64 {
	return campaign.Uniform(d.Salt, d.Run.Experiment("explore"), customer)
}

// luck has 32 bits, so that a table can keep it.
func (d Draws) luck(customer uint32) uint32 {
	return uint32(campaign.Hash64(d.Salt, d.Run.Experiment("price"), customer) >> 32)
}

func below(luck uint32, share float64) bool { return float64(luck) < share*(1<<32) }

func (d Draws) pick(customer uint32, n int) int {
	return int(campaign.Hash64(d.Salt, d.Run.Experiment("offer"), customer) % uint64(n))
}

// Content draws the variant of what the message says; -1 where there is none.
func (d Draws) Content(customer uint32, variants int) int {
	if variants == 0 {
		return -1
	}
	return int(campaign.Hash64(d.Salt, d.Run.Experiment("content"), customer) % uint64(variants))
}

// best is the choice at given prices; an offer must be worth more than none, and the first of equals wins.
func best(values, costs []float32, rewards []float64, expected, exposure float64) (choice int, worth float64) {
	choice = None
	for k, v := range values {
		if costs[k] < 0 {
			continue // infeasible
		}
		// Converted one by one, so that no processor fuses them: all workers must find the same.
		net := float64(v) - float64(expected*float64(costs[k]))
		net -= float64(exposure * rewards[k])
		if net > worth {
			choice, worth = k, net
		}
	}
	return choice, worth
}

// Decision is the choice for one customer and how likely it was.
type Decision struct {
	Offer      int // None, or a rung
	Explored   bool
	Propensity float64
}

// Decide chooses for a customer whose options have these values and costs (negative: infeasible).
func (p Prices) Decide(d Draws, customer uint32, values, costs []float32, rewards []float64) Decision {
	greedy, _ := best(values, costs, rewards, p.Expected, p.Exposure)
	lower := greedy
	if p.Lower > 0 {
		lower, _ = best(values, costs, rewards, p.LowerExpected, p.LowerExposure)
	}
	choices := feasible(costs)
	out := Decision{Offer: greedy}
	switch {
	case p.Explore > 0 && d.explore(customer) < p.Explore:
		out.Explored, out.Offer = true, draw(costs, d.pick(customer, choices))
	case p.Lower > 0 && below(d.luck(customer), p.Lower):
		out.Offer = lower
	}
	out.Propensity = p.Explore / float64(choices)
	if lower == out.Offer {
		out.Propensity += (1 - p.Explore) * p.Lower
	}
	if greedy == out.Offer {
		out.Propensity += (1 - p.Explore) * (1 - p.Lower)
	}
	return out
}

// draw is the n-th feasible choice, none first.
func draw(costs []float32, n int) int {
	if n == 0 {
		return None
	}
	for k, c := range costs {
		if c < 0 {
			continue
		}
		if n--; n == 0 {
			return k
		}
	}
	return None
}

// Limits are the two numbers of a budget.
type Limits struct {
	Expected money.Minor // of the sum of expected costs
	Exposure money.Minor // of the sum of maximum rewards
	Explore  float64     // share of customers whose offer is drawn; it may use the same share of the limits
}

// Table is the options of all customers, in memory as four bytes each.
type Table struct {
	draws     Draws
	rewards   []float64
	customers []uint32
	values    []float32 // customer by customer, offer by offer
	costs     []float32 // negative: infeasible
	lucks     []uint32
	drawn     []int8 // the offer that was drawn for who is explored, or notDrawn
}

const notDrawn = -2

// NewTable is an empty table for a ladder.
func NewTable(l *Ladder, draws Draws) *Table {
	t := &Table{draws: draws}
	for _, o := range l.offers {
		t.rewards = append(t.rewards, float64(o.Reward))
	}
	return t
}

// Add adds a customer's options.
func (t *Table) Add(customer uint32, options []Option) {
	t.customers, t.lucks = append(t.customers, customer), append(t.lucks, t.draws.luck(customer))
	for _, o := range options {
		cost := o.Cost
		if !o.Feasible {
			cost = -1
		}
		t.values, t.costs = append(t.values, o.Value), append(t.costs, cost)
	}
}

// Reserve makes room for so many customers at once.
func (t *Table) Reserve(customers int) {
	t.customers, t.lucks = slices.Grow(t.customers, customers), slices.Grow(t.lucks, customers)
	t.values, t.costs = slices.Grow(t.values, customers*len(t.rewards)), slices.Grow(t.costs, customers*len(t.rewards))
}

// Len is the number of customers.
func (t *Table) Len() int { return len(t.customers) }

func (t *Table) row(i int) (values, costs []float32) {
	k := len(t.rewards)
	return t.values[i*k : i*k+k], t.costs[i*k : i*k+k]
}

// Rewards are the ladder's rewards as Decide wants them.
func (t *Table) Rewards() []float64 { return t.rewards }

// every is the table of one customer in n.
func (t *Table) every(n int) *Table {
	if n <= 1 {
		return t
	}
	s := &Table{draws: t.draws, rewards: t.rewards}
	for i := 0; i < t.Len(); i += n {
		values, costs := t.row(i)
		s.customers, s.lucks, s.drawn = append(s.customers, t.customers[i]), append(s.lucks, t.lucks[i]), append(s.drawn, t.drawn[i])
		s.values, s.costs = append(s.values, values...), append(s.costs, costs...)
	}
	return s
}

// explore draws offers for as large a share of customers as keeps within that share of the limits, and returns it.
func (t *Table) explore(l Limits) float64 {
	t.drawn = make([]int8, t.Len())
	type lot struct {
		at           float64
		customer     int
		choice       int
		cost, reward float64
	}
	var lots []lot
	for i, customer := range t.customers {
		t.drawn[i] = notDrawn
		if l.Explore <= 0 {
			continue
		}
		at := t.draws.explore(customer)
		if at >= l.Explore {
			continue
		}
		_, costs := t.row(i)
		this := lot{at: at, customer: i, choice: draw(costs, t.draws.pick(customer, feasible(costs)))}
		if k := this.choice; k != None {
			this.cost, this.reward = float64(costs[k]), t.rewards[k]
		}
		lots = append(lots, this)
	}
	slices.SortFunc(lots, func(a, b lot) int { return cmp.Compare(a.at, b.at) })
	share := max(l.Explore, 0)
	var cost, reward float64
	for _, this := range lots {
		cost, reward = cost+this.cost, reward+this.reward
		if cost > l.Explore*float64(l.Expected) || reward > l.Explore*float64(l.Exposure) {
			share = this.at // those with less are explored, this one is not
			break
		}
	}
	for _, this := range lots {
		if this.at < share {
			t.drawn[this.customer] = int8(this.choice)
		}
	}
	return share
}

// feasible is the number of choices, none among them.
func feasible(costs []float32) int {
	n := 1
	for _, c := range costs {
		if c >= 0 {
			n++
		}
	}
	return n
}
