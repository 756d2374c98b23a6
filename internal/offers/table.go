package offers

import "github.com/danbi-project/danbi/internal/offers/budget"

// Table is the options of all customers, in memory as four bytes for each value and cost.
type Table struct {
	rules     Rules
	draws     Draws
	table     *budget.Table
	byClass   []uint64
	customers []uint32 // while they are few enough to be given another offer than the prices would
	options   []budget.Option
	seen      scan
}

// NewTable is an empty table for the rules of a spec.
func NewTable(rules Rules, draws Draws) (*Table, error) {
	table, err := budget.NewTable(rules.options, 1)
	return &Table{rules: rules, draws: draws, table: table, byClass: make([]uint64, rules.Classes()), seen: newScan()}, err
}

// Add adds a customer's options.
func (t *Table) Add(c Customer, options []Option) {
	t.options = reckoned(options, t.options)
	class := t.rules.Class(c)
	t.table.Add(class, t.draws.luck(c.Key), t.options)
	t.byClass[class]++
	for k, o := range t.options {
		t.seen.see(o, t.rules.rewards[k])
	}
	if t.table.Len() <= budget.MostSwappable {
		t.customers = append(t.customers, c.Key)
	} else {
		t.customers = nil
	}
	if t.rules.explore > 0 {
		if place := t.draws.explore(c.Key); place < t.rules.explore {
			t.table.AddLot(budget.Lot{Place: place, Drawn: draw(t.options, t.draws.pick(c.Key, possibilities(t.options)))})
		}
	}
}

// Reserve makes room for so many customers at once.
func (t *Table) Reserve(customers int) { t.table.Reserve(customers) }

// Len is the number of customers.
func (t *Table) Len() int { return t.table.Len() }

// Limits are the limits on what the table's customers are given.
func (t *Table) Limits() []budget.Limit { return t.rules.Limits(t.byClass) }

// Bytes is about how much memory the table takes.
func (t *Table) Bytes() int { return t.Len() * (8*t.rules.options + 6) }
