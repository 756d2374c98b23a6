package budget

import (
	"math"
	"runtime"
	"sync"
)

// Ask is a vector of prices, and what is to be known of the choices that they lead to.
type Ask struct {
	Prices []float64 `json:"prices"`          // by limit
	Lower  []float64 `json:"lower,omitempty"` // the prices of customers with less luck than Share
	Share  uint32    `json:"share,omitempty"` // of 2^32
	Drawn  float64   `json:"drawn,omitempty"` // lots below this are drawn

	// Steps asks by how much each limit's use differs where Lower holds in place of Prices, by luck: Steps ranges of equal
	// length from From on, Span long together.
	Steps int    `json:"steps,omitempty"`
	From  uint32 `json:"from,omitempty"`
	Span  uint64 `json:"span,omitempty"`

	goal *aim
}

// Sums are what choices come to. They are whole numbers, so that the sums of shards may be added in any order; Worth
// alone is not, and is added in the order of the shards.
type Sums struct {
	Customers uint64    `json:"customers"`
	Use       []int64   `json:"use"` // by limit
	Value     int64     `json:"value"`
	Cost      int64     `json:"cost"`    // the first column
	Options   []uint64  `json:"options"` // customers by option, at the end those with none
	Worth     float64   `json:"worth"`   // of what is chosen, at the prices
	FixedUse  []int64   `json:"fixed_use,omitempty"`
	Fixed     int64     `json:"fixed,omitempty"` // value of what is drawn, which is in Value too
	Steps     [][]int64 `json:"steps,omitempty"` // by range of luck and limit, the value at the end
	Refused   uint64    `json:"refused,omitempty"`
}

// Add adds the sums of another shard.
func (s *Sums) Add(o Sums) {
	s.Customers += o.Customers
	s.Value += o.Value
	s.Cost += o.Cost
	s.Worth += o.Worth
	s.Fixed += o.Fixed
	s.Refused += o.Refused
	s.Use, s.FixedUse = plus(s.Use, o.Use), plus(s.FixedUse, o.FixedUse)
	s.Options = plus(s.Options, o.Options)
	if s.Steps == nil {
		s.Steps = make([][]int64, len(o.Steps))
	}
	for i, step := range o.Steps {
		s.Steps[i] = plus(s.Steps[i], step)
	}
}

func plus[T int64 | uint64](a, b []T) []T {
	if len(a) < len(b) {
		a = append(a, make([]T, len(b)-len(a))...)
	}
	for i, x := range b {
		a[i] += x
	}
	return a
}

// cell is what the choices of one option by one class come to.
type cell struct {
	n, value int64
	cost     int64
}

// tally holds cells by class and option, the choice of none at the end of each class.
type tally struct {
	options int
	cells   []cell
	more    []int64 // by cell and column after the first
	columns int
}

func newTally(classes, options, columns int) *tally {
	t := &tally{options: options, cells: make([]cell, classes*(options+1)), columns: columns}
	if columns > 1 {
		t.more = make([]int64, len(t.cells)*(columns-1))
	}
	return t
}

func (t *tally) add(o *tally) {
	for i, c := range o.cells {
		t.cells[i].n += c.n
		t.cells[i].value += c.value
		t.cells[i].cost += c.cost
	}
	for i, c := range o.more {
		t.more[i] += c
	}
}

// note counts one choice, or takes it back with a sign of -1.
func (t *tally) note(class, choice int, values []float32, costs [][]float32, at int, sign int64) {
	index := class*(t.options+1) + choice
	c := &t.cells[index]
	c.n += sign
	if choice == t.options {
		return
	}
	c.value += sign * int64(values[choice])
	c.cost += sign * int64(costs[0][at+choice])
	for column := 1; column < t.columns; column++ {
		t.more[index*(t.columns-1)+column-1] += sign * int64(costs[column][at+choice])
	}
}

func (t *tally) costOf(index, column int) int64 {
	if column == 0 {
		return t.cells[index].cost
	}
	return t.more[index*(t.columns-1)+column-1]
}

// worthSharing is how many customers are worth a goroutine of their own.
const worthSharing = 1 << 13

// Sums adds up what customers choose at the prices that are asked about.
func (t *Table) Sums(limits []Limit, ask Ask) Sums {
	goal := forValue
	if ask.goal != nil {
		goal = *ask.goal
	}
	columns := len(t.costs)
	r := newRates(limits, ask.Prices, t.classes, t.options, columns, goal)
	var lower *rates
	if ask.Lower != nil {
		lower = newRates(limits, ask.Lower, t.classes, t.options, columns, goal)
	}
	parts := 1
	if t.Len() > worthSharing {
		parts = runtime.GOMAXPROCS(0)
	}
	tallies, lucky, steps := make([]*tally, parts), make([]*tally, parts), make([][][]int64, parts)
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() {
			tallies[part] = newTally(t.classes, t.options, columns)
			low, high := t.Len()*part/parts, t.Len()*(part+1)/parts
			if lower == nil {
				t.tally(r, tallies[part], low, high)
				return
			}
			lucky[part] = newTally(t.classes, t.options, columns)
			steps[part] = t.tallyTwo(limits, ask, r, lower, tallies[part], lucky[part], low, high)
		})
	}
	wait.Wait()
	out := Sums{Customers: uint64(t.Len()), Refused: t.Refused}
	for part := range parts {
		if part > 0 {
			tallies[0].add(tallies[part])
		}
		if lower != nil {
			if part > 0 {
				lucky[0].add(lucky[part])
			}
			out.Add(Sums{Steps: steps[part]})
		}
	}
	fixed := t.draw(limits, r, lower, ask, tallies[0], lucky[0], out.Steps)
	out.Worth = r.worth(tallies[0])
	if lower != nil {
		out.Worth += lower.worth(lucky[0])
		tallies[0].add(lucky[0])
	}
	tallies[0].add(fixed)
	out.FixedUse, out.Fixed = uses(limits, fixed), fixed.value()
	out.Use, out.Value = uses(limits, tallies[0]), tallies[0].value()
	out.Options = make([]uint64, t.options+1)
	for i, c := range tallies[0].cells {
		out.Options[i%(t.options+1)] += uint64(c.n)
		out.Cost += c.cost
	}
	return out
}

// tally adds up the choices of rows. It is where a large campaign's time goes: no branches but for those with no option.
func (t *Table) tally(r *rates, into *tally, low, high int) {
	n := t.options
	if len(t.costs) > 1 {
		for i := low; i < high; i++ {
			class, at := int(t.class[i]), i*n
			into.note(class, r.choose(class, t.values[at:at+n], t.costs, at), t.values[at:at+n], t.costs, at, 1)
		}
		return
	}
	none := int64(choiceBits + 1 + choiceBits - n)
	for i := low; i < high; i++ {
		class, at := int(t.class[i]), i*n
		values := t.values[at : at+n : at+n]
		costs := t.costs[0][at : at+n : at+n][:len(values)]
		row := r.row[class*n : class*n+n : class*n+n][:len(values)]
		w, best := r.weight[class], none
		for k, v := range values {
			net := float64(w*float64(v)) - float64(row[k].cost*float64(costs[k])) - row[k].unit
			best = max(best, int64(math.Float64bits(net))&^choiceBits|int64(choiceBits-k))
		}
		choice := choiceBits - int(best&choiceBits)
		c := &into.cells[class*(n+1)+choice]
		c.n++
		if choice < len(values) {
			c.value += int64(values[choice])
			c.cost += int64(costs[choice])
		}
	}
}

// tallyTwo adds up who chooses at which of two price vectors, or the steps between them.
func (t *Table) tallyTwo(limits []Limit, ask Ask, r, lower *rates, into, lucky *tally, low, high int) [][]int64 {
	n := t.options
	var steps [][]int64
	for range ask.Steps {
		steps = append(steps, make([]int64, len(limits)+1))
	}
	for i := low; i < high; i++ {
		class, at := int(t.class[i]), i*n
		values := t.values[at : at+n]
		switch {
		case ask.Steps > 0:
			into.note(class, t.step(limits, ask, r, lower, i, 1, steps), values, t.costs, at, 1)
		case t.lucks[i] < ask.Share:
			lucky.note(class, lower.choose(class, values, t.costs, at), values, t.costs, at, 1)
		default:
			into.note(class, r.choose(class, values, t.costs, at), values, t.costs, at, 1)
		}
	}
	return steps
}

// step adds to the steps by how much a customer's choice at the lower prices differs in use, and at the end in value, from
// the choice at the others, which is returned.
func (t *Table) step(limits []Limit, ask Ask, r, lower *rates, i int, sign int64, steps [][]int64) (choice int) {
	class, at := int(t.class[i]), i*t.options
	values := t.values[at : at+t.options]
	choice = r.choose(class, values, t.costs, at)
	luck := uint64(t.lucks[i]) - uint64(ask.From)
	if t.lucks[i] < ask.From || luck >= ask.Span {
		return choice
	}
	other := lower.choose(class, values, t.costs, at)
	if choice == other {
		return choice
	}
	step := steps[luck*uint64(ask.Steps)/ask.Span]
	for j, l := range limits {
		if l.covers(class) {
			step[j] += sign * (t.use(l, i, other) - t.use(l, i, choice))
		}
	}
	step[len(limits)] += sign * (t.value(i, other) - t.value(i, choice))
	return choice
}

func (t *Table) value(i, choice int) int64 {
	if choice == t.options {
		return 0
	}
	return int64(t.values[i*t.options+choice])
}

// use is what one choice of one customer uses of a limit that covers them.
func (t *Table) use(l Limit, i, choice int) int64 {
	if choice == t.options {
		return 0
	}
	w, at := l.Weight[choice], i*t.options+choice
	return w.Cost*int64(t.costs[l.Column][at]) + w.Value*int64(t.values[at]) + w.Unit
}

// draw takes those whose option is drawn out of the tallies and the steps, and returns what is drawn for them.
func (t *Table) draw(limits []Limit, r, lower *rates, ask Ask, tallied, lucky *tally, steps [][]int64) *tally {
	fixed := newTally(t.classes, t.options, len(t.costs))
	for l, lot := range t.lots {
		if lot.Place >= ask.Drawn {
			continue
		}
		i := int(t.lot[l])
		class, at := int(t.class[i]), i*t.options
		values := t.values[at : at+t.options]
		if ask.Steps > 0 && lower != nil {
			t.step(limits, ask, r, lower, i, -1, steps)
		}
		if lower != nil && ask.Steps == 0 && t.lucks[i] < ask.Share {
			lucky.note(class, lower.choose(class, values, t.costs, at), values, t.costs, at, -1)
		} else {
			tallied.note(class, r.choose(class, values, t.costs, at), values, t.costs, at, -1)
		}
		choice := lot.Drawn
		if choice < 0 {
			choice = t.options
		}
		fixed.note(class, choice, values, t.costs, at, 1)
	}
	return fixed
}

func (t *tally) value() (sum int64) {
	for _, c := range t.cells {
		sum += c.value
	}
	return sum
}

// worth is the sum of what was chosen at these prices, from sums that are exact.
func (r *rates) worth(t *tally) (worth float64) {
	for index, c := range t.cells {
		class, k := index/(t.options+1), index%(t.options+1)
		if c.n == 0 || k == t.options {
			continue
		}
		at := r.row[class*r.options+k]
		worth += r.weight[class]*float64(c.value) - at.cost*float64(c.cost) - at.unit*float64(c.n)
		for column := 1; column < r.columns; column++ {
			worth -= r.more[(class*r.options+k)*(r.columns-1)+column-1] * float64(t.costOf(index, column))
		}
	}
	return worth
}

// uses is what a tally uses of each limit. A use beyond 64 bits is the largest there is.
func uses(limits []Limit, t *tally) []int64 {
	out := make([]int64, len(limits))
	for j, l := range limits {
		var sum int64
		var about float64 // where the whole numbers would not fit
		for index, c := range t.cells {
			class, k := index/(t.options+1), index%(t.options+1)
			if c.n == 0 || k == t.options || !l.covers(class) {
				continue
			}
			w := l.Weight[k]
			cost := t.costOf(index, l.Column)
			sum += w.Cost*cost + w.Value*c.value + w.Unit*c.n
			about += float64(w.Cost)*float64(cost) + float64(w.Value)*float64(c.value) + float64(w.Unit)*float64(c.n)
		}
		switch {
		case about > math.MaxInt64/2:
			sum = math.MaxInt64 / 2
		case about < -math.MaxInt64/2:
			sum = -math.MaxInt64 / 2
		}
		out[j] = sum
	}
	return out
}
