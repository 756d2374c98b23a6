package budget

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Table is the options of many customers in memory: four bytes for each value and cost, and six for each customer.
// Customers of one class are alike to all limits.
type Table struct {
	options int
	classes int         // the greatest class, plus one
	values  []float32   // customer by customer, option by option
	costs   [][]float32 // by column, in the same order
	class   []uint16
	lucks   []uint32

	// Customers whose option may be drawn by lot have a place in the lottery, of those below its share; most have none.
	lots []Lot
	lot  []int32 // row of each lot

	Refused uint64 // options that were no numbers to reckon with
}

// Lot is a draw instead of a choice: the option Drawn (-1: none) for whose place, from 0 to 1, is below the share that is drawn.
type Lot struct {
	Place float64
	Drawn int
}

// NewTable is an empty table. Columns is how many costs an option has.
func NewTable(options, columns int) (*Table, error) {
	if options < 1 || options > MostOptions || columns < 1 {
		return nil, fmt.Errorf("a table has 1 to %d options and at least one column of costs, not %d and %d", MostOptions, options, columns)
	}
	return &Table{options: options, costs: make([][]float32, columns)}, nil
}

// ErrColumns says that columns do not belong together.
var ErrColumns = errors.New("the columns of a table differ in length")

// View is a table over columns that lie elsewhere, as in a file that is mapped; nothing is copied. Values and costs must
// have come out of a table: what Add refuses is not looked for again.
func View(options int, values []float32, costs [][]float32, class []uint16, lucks []uint32) (*Table, error) {
	t, err := NewTable(options, len(costs))
	if err != nil {
		return nil, err
	}
	n := len(class)
	if len(values) != n*options || len(lucks) != n {
		return nil, ErrColumns
	}
	for _, column := range costs {
		if len(column) != n*options {
			return nil, ErrColumns
		}
	}
	t.values, t.costs, t.class, t.lucks = values, costs, class, lucks
	for _, c := range class {
		t.classes = max(t.classes, int(c)+1)
	}
	return t, nil
}

// Reserve makes room for so many customers at once.
func (t *Table) Reserve(customers int) {
	t.class, t.lucks, t.values = slices.Grow(t.class, customers), slices.Grow(t.lucks, customers), slices.Grow(t.values, customers*t.options)
	for i := range t.costs {
		t.costs[i] = slices.Grow(t.costs[i], customers*t.options)
	}
}

// Len is the number of customers.
func (t *Table) Len() int { return len(t.class) }

// Options is the number of options that each has.
func (t *Table) Options() int { return t.options }

// Option is what one option is worth to us for one customer, and its costs by column; Possible says that the customer may
// have it.
type Option struct {
	Possible bool
	Value    float32
	Costs    []float32
}

// Add adds a customer. What is no finite amount of at most Largest is refused: the customer does not get that option.
// Amounts are taken as whole numbers, so that sums are exact.
func (t *Table) Add(class uint16, luck uint32, options []Option) {
	t.class, t.lucks = append(t.class, class), append(t.lucks, luck)
	t.classes = max(t.classes, int(class)+1)
	for k := range t.options {
		var o Option
		if k < len(options) {
			o = options[k]
		}
		if o.Possible && !reasonable(o) {
			o.Possible = false
			t.Refused++
		}
		value := float32(Never)
		if o.Possible {
			value = whole(o.Value)
		}
		t.values = append(t.values, value)
		for i := range t.costs {
			cost := float32(0)
			if o.Possible && i < len(o.Costs) {
				cost = whole(o.Costs[i])
			}
			t.costs[i] = append(t.costs[i], cost)
		}
	}
}

// AddLot gives the customer who was added last a place in the lottery.
func (t *Table) AddLot(l Lot) {
	t.lots, t.lot = append(t.lots, l), append(t.lot, int32(t.Len()-1))
}

func reasonable(o Option) bool {
	for _, c := range o.Costs {
		if !(c >= 0 && c <= Largest) {
			return false
		}
	}
	return math.Abs(float64(o.Value)) <= Largest
}

func whole(x float32) float32 { return float32(math.Round(float64(x))) }

// possible says whether a customer may have an option.
func (t *Table) possible(i, k int) bool { return t.values[i*t.options+k] > Never }

// Every is the table of one customer in n, with the lots of those.
func (t *Table) Every(n int) *Table {
	if n <= 1 {
		return t
	}
	s := &Table{options: t.options, classes: t.classes, costs: make([][]float32, len(t.costs))}
	next := 0
	for i := 0; i < t.Len(); i += n {
		at, to := i*t.options, (i+1)*t.options
		s.class, s.lucks, s.values = append(s.class, t.class[i]), append(s.lucks, t.lucks[i]), append(s.values, t.values[at:to]...)
		for c := range t.costs {
			s.costs[c] = append(s.costs[c], t.costs[c][at:to]...)
		}
		for next < len(t.lot) && int(t.lot[next]) < i {
			next++
		}
		if next < len(t.lot) && int(t.lot[next]) == i {
			s.AddLot(t.lots[next])
		}
	}
	return s
}
