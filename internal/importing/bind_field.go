package importing

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// field finds where a field comes from, by position.
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
			if k == lineOfFile {
				bound.lines = true
				continue
			}
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
