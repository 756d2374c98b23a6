// Package budget chooses at most one option for each of many customers, so that the sum of values is as large as limits
// on other sums allow: a multiple-choice knapsack, solved by its Lagrangian dual. What it finds are prices: a customer's
// choice follows from the prices and the customer alone, so that shards can be decided apart, and the dual bound says how
// much better any other plan could be. It reads and writes nothing.
package budget

import "math"

// Limit bounds a sum over the choices of the customers in its scope: of Cost times the option's cost, Value times its
// value, and Unit. At least so many is written with negative weights and a negative Most.
type Limit struct {
	Name   string   `json:"name"`
	Scope  []bool   `json:"scope,omitempty"`  // by class of customers; empty: all of them
	Weight []Weight `json:"weight"`           // by option
	Column int      `json:"column,omitempty"` // which column of costs Cost is multiplied with
	Most   int64    `json:"most"`
}

// Weight is what one unit of an option's cost and value, and the choice itself, count for in a limit.
type Weight struct {
	Cost  int64 `json:"cost,omitempty"`
	Value int64 `json:"value,omitempty"`
	Unit  int64 `json:"unit,omitempty"`
}

// covers says whether a class of customers counts for the limit.
func (l Limit) covers(class int) bool {
	return len(l.Scope) == 0 || class < len(l.Scope) && l.Scope[class]
}

// Wants says that the limit asks for at least something.
func (l Limit) Wants() bool { return l.Most < 0 }

// rates are a vector of prices, worked out for each class and option: a choice's worth is weight·value - Σ cost·its cost - unit.
type rates struct {
	options int
	weight  []float64 // by class
	row     []rate    // by class and option
	more    []float64 // by class, option and column after the first
	columns int
}

type rate struct{ cost, unit float64 }

// aim is what a search makes large: Value times the value, less the use of one limit. It is the value itself, but for the
// question how much of a limit the others need at least.
type aim struct {
	value float64
	limit int // -1: none
}

var forValue = aim{value: 1, limit: -1}

// newRates works out prices, in the order of the limits.
func newRates(limits []Limit, prices []float64, classes, options, columns int, goal aim) *rates {
	r := &rates{options: options, columns: columns, weight: make([]float64, classes), row: make([]rate, classes*options)}
	if columns > 1 {
		r.more = make([]float64, classes*options*(columns-1))
	}
	for class := range classes {
		r.weight[class] = goal.value
	}
	for j, l := range limits {
		price := prices[j]
		if j == goal.limit {
			price++
		}
		if price == 0 {
			continue
		}
		for class := range classes {
			if !l.covers(class) {
				continue
			}
			for k, w := range l.Weight {
				at := class*options + k
				if l.Column == 0 {
					r.row[at].cost += float64(price * float64(w.Cost))
				} else {
					r.more[at*(columns-1)+l.Column-1] += float64(price * float64(w.Cost))
				}
				// A weight on the value is the same for all options of a limit.
				if k == 0 && w.Value != 0 {
					r.weight[class] -= float64(price * float64(w.Value))
				}
				r.row[at].unit += float64(price * float64(w.Unit))
			}
		}
	}
	// Under no prices is what nobody may have worth having.
	for class := range r.weight {
		r.weight[class] = max(r.weight[class], leastWeight)
	}
	return r
}

const (
	leastWeight = 1e-20
	// Never is the value of an option that a customer may not have.
	Never = -math.MaxFloat32
	// Largest is the largest amount of one option: sums over 2^26 customers then fit into 64 bits.
	Largest = 1 << 36
)

// choiceBits are the low bits of a worth that hold which option it is of: comparing whole numbers then finds both at once,
// without a branch that processors guess wrongly. They cost a worth 2^-45 of itself.
const (
	choiceBits = 127
	// MostOptions is how many options a customer may have.
	MostOptions = choiceBits - 1
)

// Choose is the option of the most worth at these prices, or len(values) where none is worth more than nothing; the first
// of equals wins. costs holds the columns one after the other, option by option within each.
func (r *rates) choose(class int, values []float32, costs [][]float32, at int) int {
	best := int64(choiceBits + 1 + choiceBits - r.options)
	row, w := r.row[class*r.options:][:len(values)], r.weight[class]
	first := costs[0][at:][:len(values)]
	for k, v := range values {
		net := r.net(class, k, w, v, first[k], row[k], costs, at)
		best = max(best, int64(math.Float64bits(net))&^choiceBits|int64(choiceBits-k))
	}
	return choiceBits - int(best&choiceBits)
}

// net is what an option is worth at the prices. Products are converted one by one, so that no processor fuses them with
// the sums: all workers must find the same.
func (r *rates) net(class, k int, w float64, v, c float32, at rate, costs [][]float32, i int) float64 {
	net := float64(w*float64(v)) - float64(at.cost*float64(c)) - at.unit
	if r.columns > 1 {
		more := r.more[(class*r.options+k)*(r.columns-1):]
		for column := 1; column < r.columns; column++ {
			net -= float64(more[column-1] * float64(costs[column][i+k]))
		}
	}
	return net
}
