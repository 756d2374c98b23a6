package importing

import (
	"encoding/json"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/expr-lang/expr/vm"

	"github.com/danbi-project/danbi/internal/money"
)

// A Worker turns records into tables. It is used by one goroutine.
type Worker struct {
	Flush   func(*Table) error // called when a table is full, and by Close
	Reject  func(Reject) error
	Counts  map[string]*Counts // by target
	Records uint64             // lines of files that were read, bad ones too
	Broken  uint64             // lines that could not be split into columns

	limit   int
	tables  map[string]*Table
	env     map[string]any
	machine vm.VM
	seen    map[uint16][]uint64 // by rule: which ids were lately written
	row     []cell
	zones   map[string]bool
	places  map[string]int
	hash    *xxhash.Digest
	line    uint64 // of the record at hand
}

// cell is one value of the row at hand.
type cell struct {
	text string
	n    int64
	key  uint64
	m    map[string]string
}

// NewWorker makes a worker whose tables are flushed at a number of rows.
func NewWorker(rows int) *Worker {
	return &Worker{
		limit: rows, Counts: map[string]*Counts{}, tables: map[string]*Table{}, env: map[string]any{},
		seen: map[uint16][]uint64{}, zones: map[string]bool{}, places: map[string]int{}, hash: xxhash.New(),
	}
}

// Record applies all rules to one record, which has as many values as the
// header. It keeps parts of the strings.
func (w *Worker) Record(b *Binding, file uint32, line uint64, record []string) error {
	w.Records++
	w.line = line
	for i, v := range record {
		if b.nulls[v] {
			record[i] = ""
		}
	}
	for _, r := range b.rules {
		if err := w.apply(b, r, file, line, record); err != nil {
			return err
		}
	}
	return nil
}

// Unreadable notes a line that has no columns to speak of. What it held is not
// kept, because nothing says which part of it is personal.
func (w *Worker) Unreadable(b *Binding, file uint32, line uint64, reason string) error {
	w.Records++
	w.Broken++
	for _, t := range b.Targets() {
		c := w.counts(t)
		c.Read++
		c.Rejected++
	}
	return w.Reject(Reject{File: file, Line: line, Reason: reason})
}

func (w *Worker) counts(target string) *Counts {
	c := w.Counts[target]
	if c == nil {
		c = &Counts{}
		w.Counts[target] = c
	}
	return c
}

// The size of the table by which a worker remembers ids: a power of two.
const remembered = 1 << 18

func (w *Worker) apply(b *Binding, r *boundRule, file uint32, line uint64, record []string) error {
	c := w.counts(r.target.Name)
	c.Read++
	if r.where != nil {
		pass, err := w.evaluateBool(r.where, record)
		if err != nil {
			return w.reject(b, r, c, file, line, "where", "the expression fails: "+err.Error(), "", record)
		}
		if !pass {
			c.Passed++
			return nil
		}
	}
	for _, a := range r.asides {
		aside, err := w.evaluateBool(a.when, record)
		if err != nil {
			return w.reject(b, r, c, file, line, "aside", "the expression fails: "+err.Error(), "", record)
		}
		if aside {
			c.Aside++
			return w.Reject(Reject{File: file, Line: line, Target: r.target.Name, Reason: a.reason, Raw: b.raw(record), Aside: true})
		}
	}
	if r.distinct && w.repeated(r, record[r.id]) {
		c.Rows++ // it was read and is there, by an earlier line
		return nil
	}
	for _, j := range r.joins {
		if !j.lookup.has(record[j.on]) {
			c.NotJoined++
		}
	}
	if cap(w.row) < len(r.fields) {
		w.row = make([]cell, len(r.fields))
	}
	w.row = w.row[:len(r.fields)]
	for i := range r.fields {
		f := &r.fields[i]
		if f.Kind == Amount {
			continue // needs the row's currency
		}
		if reason, value := w.cast(f, record, &w.row[i], c); reason != "" {
			return w.reject(b, r, c, file, line, f.Name, reason, value, record)
		}
	}
	if r.currency >= 0 {
		if field, reason, value := w.amounts(r, record, c); reason != "" {
			return w.reject(b, r, c, file, line, field, reason, value, record)
		}
	}
	c.Rows++
	return w.emit(r, file, line)
}

// repeated says whether this worker wrote the same id by the same rule lately.
// Forgetting is harmless: the warehouse takes each row once anyway.
func (w *Worker) repeated(r *boundRule, id string) bool {
	if id == "" {
		return false
	}
	seen := w.seen[r.index]
	if seen == nil {
		seen = make([]uint64, remembered)
		w.seen[r.index] = seen
	}
	h := xxhash.Sum64String(id) | 1
	slot := &seen[h>>20&(remembered-1)]
	if *slot == h {
		return true
	}
	*slot = h
	return false
}

func (w *Worker) emit(r *boundRule, file uint32, line uint64) error {
	t := w.tables[r.target.Name]
	if t == nil {
		t = newTable(r.target)
		w.tables[r.target.Name] = t
	}
	t.Rule, t.File, t.Line = append(t.Rule, r.index), append(t.File, file), append(t.Line, line)
	for i := range r.fields {
		c, v := &t.Cells[i], &w.row[i]
		switch r.fields[i].Kind {
		case Text, Zone:
			c.Texts = append(c.Texts, v.text)
		case Key:
			c.Keys = append(c.Keys, v.key)
		case Attribute:
			c.Maps = append(c.Maps, v.m)
		default:
			c.Ints = append(c.Ints, v.n)
		}
	}
	if t.Rows() < w.limit {
		return nil
	}
	return w.flush(t)
}

func (w *Worker) flush(t *Table) error {
	err := w.Flush(t)
	t.reset()
	return err
}

// mostBlocks is from how many blocks of a file a table may hold rows. Texts are parts of their block and keep the whole
// of it in memory: a rule that few lines pass would keep gigabytes before its table is full.
const mostBlocks = 32

// EndBlock says that a block of a file has no more rows.
func (w *Worker) EndBlock() error {
	for _, t := range w.tables {
		if t.Rows() == 0 {
			continue
		}
		if t.blocks++; t.blocks < mostBlocks {
			continue
		}
		if err := w.flush(t); err != nil {
			return err
		}
	}
	return nil
}

// Close flushes what is left.
func (w *Worker) Close() error {
	for _, t := range w.tables {
		if t.Rows() > 0 {
			if err := w.flush(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Worker) reject(b *Binding, r *boundRule, c *Counts, file uint32, line uint64, field, reason, value string, record []string) error {
	c.Rejected++
	return w.Reject(Reject{File: file, Line: line, Target: r.target.Name, Field: field, Reason: reason, Value: shown(value), Raw: b.raw(record)})
}

// The longest value, in bytes, that is kept of a rejected row.
const shownBytes = 80

// shown is a value as it is kept of a rejected row, without the block of the file that it stood in.
func shown(value string) string {
	if len(value) > shownBytes {
		value = value[:shownBytes] + "…"
	}
	return strings.Clone(strings.ToValidUTF8(value, "�"))
}

// raw is a record as JSON, its personal columns masked.
func (b *Binding) raw(record []string) string {
	var out strings.Builder
	out.WriteByte('{')
	for i, name := range b.header {
		value := record[i]
		if b.personal[i] && value != "" {
			value = "***"
		}
		key, _ := json.Marshal(name) // texts always marshal
		text, _ := json.Marshal(shown(value))
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(text)
	}
	out.WriteByte('}')
	return out.String()
}

// amounts casts the amounts of a row once its currency is known.
func (w *Worker) amounts(r *boundRule, record []string, c *Counts) (field, reason, value string) {
	unit := r.fixed
	if unit.currency == "" {
		unit.currency = w.row[r.currency].text
		places, known := w.places[unit.currency]
		if !known {
			var err error
			if places, err = money.Exponent(unit.currency); err != nil {
				places = -1
			}
			if len(w.places) < 1000 {
				w.places[unit.currency] = places
			}
		}
		if places < 0 {
			return "currency", "unknown currency", unit.currency
		}
		unit.places = places
	}
	for i := range r.fields {
		if f := &r.fields[i]; f.Kind == Amount {
			if reason, value := w.amount(f, unit, record, &w.row[i], c); reason != "" {
				return f.Name, reason, value
			}
		}
	}
	return "", "", ""
}
