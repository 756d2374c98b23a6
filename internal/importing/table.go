package importing

// Cells are the values of one field; only the slice of its kind is used.
type Cells struct {
	Texts []string
	Ints  []int64
	Keys  []uint64
	Maps  []map[string]string
}

// A Table is a batch of rows of one target, column by column, as the
// warehouse takes them, with where each row comes from.
type Table struct {
	Target Target
	Rule   []uint16 // position in Mapping.Rules: of two that speak, the earlier wins
	File   []uint32
	Line   []uint64
	Cells  []Cells // one a field of the target

	blocks int // of files that it holds rows of
}

func newTable(t Target) *Table { return &Table{Target: t, Cells: make([]Cells, len(t.Fields))} }

// Rows is how many rows are in the table.
func (t *Table) Rows() int { return len(t.Line) }

func (t *Table) reset() {
	t.Rule, t.File, t.Line, t.blocks = t.Rule[:0], t.File[:0], t.Line[:0], 0
	for i := range t.Cells {
		c := &t.Cells[i]
		clear(c.Texts) // or they keep blocks of the file alive
		clear(c.Maps)
		c.Texts, c.Ints, c.Keys, c.Maps = c.Texts[:0], c.Ints[:0], c.Keys[:0], c.Maps[:0]
	}
}

// A Reject is a row that could not be read, or was put aside on purpose.
type Reject struct {
	File   uint32
	Line   uint64
	Target string // empty when the line as a whole could not be read
	Field  string
	Reason string // one of few, so that they can be counted
	Value  string // what was there; empty for personal fields
	Raw    string // the row as JSON, personal columns masked
	Aside  bool
}

// Counts is what became of the rows that a target was offered.
type Counts struct {
	Read     uint64 // rows of the files that rules of the target looked at
	Passed   uint64 // passed over by where
	Aside    uint64 // put aside on purpose
	Rejected uint64
	Rows     uint64 // that came out

	Rounded      uint64 // amounts that lost a part of a minor unit
	UnknownZones uint64
	NotJoined    uint64 // rows whose join found nothing
}

// Add sums two counts.
func (c *Counts) Add(o Counts) {
	c.Read += o.Read
	c.Passed += o.Passed
	c.Aside += o.Aside
	c.Rejected += o.Rejected
	c.Rows += o.Rows
	c.Rounded += o.Rounded
	c.UnknownZones += o.UnknownZones
	c.NotJoined += o.NotJoined
}
