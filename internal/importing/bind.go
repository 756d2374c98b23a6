package importing

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/money"
)

// A Binding is what the rules of a mapping do with the files of one source
// that share a header. It is read-only and shared by workers.
type Binding struct {
	source   Source
	header   []string
	nulls    map[string]bool
	rules    []*boundRule
	personal []bool // columns whose content is never shown
}

type boundRule struct {
	index    uint16
	target   Target
	where    *expression
	asides   []boundAside
	joins    []boundJoin
	fields   []boundField
	currency int // position of the currency among the fields, or -1
	fixed    exponent
	distinct bool // the row is a function of the id, so a second one says nothing new
	id       int
}

type boundAside struct {
	when   *expression
	reason string
}

type exponent struct {
	currency string
	places   int
}

type origin uint8

const (
	fromNothing origin = iota
	fromColumn
	fromJoin
	fromValue
	fromExpr
	fromKey
)

// boundField is where one field of a row comes from, by position.
type boundField struct {
	Field
	origin origin
	column int // of the record, or of the joined row
	on     int // the record's column by which a joined row is found
	lookup *Lookup
	value  string
	expr   *expression
	keys   []int
	lines  bool // the line's number is part of the key
	spec   Column

	layouts     []Layout
	zone        *time.Location
	times       int // column to multiply by, or -1
	round       Rounding
	point, sign byte // decimal and group signs
	decoded     bool // the file is in another encoding than UTF-8
	parts       []boundField
}

// Binder binds the sources of a mapping as their headers become known.
type Binder struct {
	mapping *Mapping
	lookups map[string]*Lookup // by source and key
}

// NewBinder needs the lookups that the mapping's joins name; see Joins.
func NewBinder(m *Mapping, lookups []*Lookup) *Binder {
	b := &Binder{m, map[string]*Lookup{}}
	for _, l := range lookups {
		b.lookups[l.Source+"\x00"+l.Key] = l
	}
	return b
}

// Joins are the sources that have to be held in memory, each with its key.
func (m *Mapping) Joins() []Join {
	var all []Join
	for _, r := range m.Rules {
		for _, j := range r.Joins {
			if !slices.ContainsFunc(all, func(o Join) bool { return o.Source == j.Source && o.Key == j.Key }) {
				all = append(all, j)
			}
		}
	}
	return all
}

// Feeds says whether any rule reads rows of the source.
func (m *Mapping) Feeds(source string) bool {
	return slices.ContainsFunc(m.Rules, func(r Rule) bool { return slices.Contains(r.From, source) })
}

// Bind checks every column and expression against a header. All faults are
// reported at once, with the line of the mapping.
func (b *Binder) Bind(source Source, header []string) (*Binding, error) {
	d := &decoder{file: b.mapping.file}
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return nil, fmt.Errorf("source %s: the header has the column %q twice", source.Name, name)
		}
	}
	out := &Binding{source: source, header: header, nulls: map[string]bool{"": true}, personal: make([]bool, len(header))}
	for _, n := range source.Nulls {
		out.nulls[n] = true
	}
	for i := range b.mapping.Rules {
		if rule := &b.mapping.Rules[i]; slices.Contains(rule.From, source.Name) {
			out.rules = append(out.rules, b.rule(d, out, i, rule))
		}
	}
	return out, d.err()
}

func (b *Binder) rule(d *decoder, out *Binding, index int, r *Rule) *boundRule {
	target, _ := targetNamed(r.Target)
	bound := &boundRule{index: uint16(index), target: target, currency: target.Index("currency"), id: -1}
	s := scope{columns: out.header}
	for _, j := range r.Joins {
		on := indexOf(out.header, j.On)
		if on < 0 {
			d.fault(j.at, "source %s has no column %q%s", out.source.Name, j.On, meant(j.On, out.header))
			continue
		}
		s.joins = append(s.joins, boundJoin{j.Name, on, b.lookups[j.Source+"\x00"+j.Key]})
	}
	bound.joins = s.joins
	var err error
	if r.Where != "" {
		if bound.where, err = s.compile(r.Where, reflect.Bool); err != nil {
			d.fault(r.whereAt, "%s", err.Error())
		}
	}
	for _, a := range r.Aside {
		e, err := s.compile(a.When, reflect.Bool)
		if err != nil {
			d.fault(a.at, "%s", err.Error())
		}
		bound.asides = append(bound.asides, boundAside{e, a.Reason})
	}
	bound.distinct = target.Customer && target.Name != "transactions" && target.Name != "interactions" && bound.where == nil && len(bound.asides) == 0
	for _, f := range target.Fields {
		field := boundField{Field: f, value: f.Default, times: -1}
		if f.Default != "" {
			field.origin = fromValue
		}
		if i := slices.IndexFunc(r.Columns, func(c Column) bool { return c.Field == f.Name }); i >= 0 {
			field = b.field(d, out, s, f, r.Columns[i])
		}
		bound.fields = append(bound.fields, field)
	}
	b.finish(d, out, bound)
	return bound
}

// finish derives what depends on all fields of a rule.
func (b *Binder) finish(d *decoder, out *Binding, r *boundRule) {
	if i := r.target.Index("id"); i >= 0 {
		r.id = r.fields[i].column
		r.distinct = r.distinct && r.fields[i].origin == fromColumn
	}
	for i := range r.fields {
		f := &r.fields[i]
		inputs := f.inputs()
		for _, c := range inputs {
			out.personal[c] = out.personal[c] || f.Personal
			r.distinct = r.distinct && c == r.id
		}
		if f.Kind == Zone && f.origin == fromNothing {
			f.origin, f.value = fromValue, ""
		}
	}
	if r.currency < 0 {
		return
	}
	f := &r.fields[r.currency]
	if f.origin == fromNothing {
		f.origin, f.value = fromValue, b.mapping.Currency
	}
	if f.origin == fromValue {
		places, err := money.Exponent(f.value)
		if err != nil {
			d.fault(f.spec.at, "currency %q: write its ISO 4217 code, as USD", f.value)
		}
		r.fixed = exponent{f.value, places}
	}
}

// Header is the header the binding is for.
func (b *Binding) Header() []string { return b.header }

// Targets are the names of the targets that rows of these files go to.
func (b *Binding) Targets() []string {
	var all []string
	for _, r := range b.rules {
		if !slices.Contains(all, r.target.Name) {
			all = append(all, r.target.Name)
		}
	}
	return all
}
