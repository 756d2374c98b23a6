package importing

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
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

func (b *Binder) field(d *decoder, out *Binding, s scope, f Field, c Column) boundField {
	bound := boundField{Field: f, spec: c, times: -1, point: out.source.decimalSign()[0], round: roundings[c.Round], decoded: out.source.Encoding != ""}
	if out.source.Group != "" {
		bound.sign = out.source.Group[0]
	}
	find := func(name string) int {
		i := indexOf(out.header, name)
		if i < 0 {
			d.fault(c.at, "source %s has no column %q%s", out.source.Name, name, meant(name, out.header))
		}
		return i
	}
	switch {
	case len(c.Parts) > 0:
		for _, part := range c.Parts {
			p := b.field(d, out, s, Field{Name: part.Field, Kind: Text}, part)
			bound.parts = append(bound.parts, p)
		}
	case c.Value != nil:
		bound.origin, bound.value = fromValue, *c.Value
	case c.Expr != "":
		bound.origin = fromExpr
		var err error
		if bound.expr, err = s.compile(c.Expr, reflect.Invalid); err != nil {
			d.fault(c.at, "%s", err.Error())
			bound.origin = fromNothing
		}
	case len(c.Key) > 0:
		bound.origin = fromKey
		for _, k := range c.Key {
			bound.keys = append(bound.keys, find(k))
		}
	default:
		bound.origin = fromColumn
		if alias, column, ok := strings.Cut(c.Column, "."); ok && indexOf(out.header, c.Column) < 0 {
			if j := slices.IndexFunc(s.joins, func(j boundJoin) bool { return j.name == alias }); j >= 0 {
				bound.origin, bound.on, bound.lookup = fromJoin, s.joins[j].on, s.joins[j].lookup
				bound.column = indexOf(bound.lookup.Columns, column)
				if bound.column < 0 {
					d.fault(c.at, "join %s has no column %q%s", alias, column, meant(column, bound.lookup.Columns))
				}
				break
			}
		}
		bound.column = find(c.Column)
	}
	if c.Times != "" {
		bound.times = find(c.Times)
	}
	b.time(d, &bound, c)
	return bound
}

// time settles the layouts and the zone of an instant or day.
func (b *Binder) time(d *decoder, f *boundField, c Column) {
	if f.Kind != Instant && f.Kind != Day {
		return
	}
	names := c.Layouts
	if len(names) == 0 {
		names = b.mapping.Layouts
	}
	if len(names) == 0 {
		names = []string{"iso"}
	}
	for _, name := range names {
		l, err := ParseLayout(name)
		if err != nil {
			d.fault(c.at, "%s", err.Error())
		}
		f.layouts = append(f.layouts, l)
	}
	zone := c.Zone
	if zone == "" {
		zone = b.mapping.Zone
	}
	var err error
	if f.zone, err = time.LoadLocation(zone); err != nil {
		d.fault(c.at, "there is no time zone %q", zone)
	}
	if f.origin == fromValue {
		if _, err := parseTime(f.value, f.layouts, f.zone); err != nil {
			d.fault(c.at, "%s: %q is %v", f.Name, f.value, err)
		}
	}
}

// inputs are the record's columns that a field is made from; those of a join
// count as the column it is looked up by.
func (f *boundField) inputs() []int {
	var all []int
	switch f.origin {
	case fromColumn:
		all = append(all, f.column)
	case fromKey:
		all = append(all, f.keys...)
	case fromExpr:
		all = append(all, f.expr.inputs()...)
	case fromJoin:
		all = append(all, f.on)
	case fromNothing, fromValue:
	}
	for i := range f.parts {
		all = append(all, f.parts[i].inputs()...)
	}
	if f.times >= 0 {
		all = append(all, f.times)
	}
	return slices.DeleteFunc(all, func(i int) bool { return i < 0 })
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
