package importing

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/danbi-project/danbi/internal/money"
)

func (d *decoder) rule(m *Mapping, target Target, n ast.Node) Rule {
	r := Rule{Target: target.Name, at: n}
	keys := d.keys(n, "a rule of "+target.Name, "from", "where", "aside", "join", "columns")
	r.From = d.texts(keys["from"], "from")
	if len(r.From) == 0 {
		d.fault(n, "a rule of %s names no source: from is missing", target.Name)
	}
	for _, name := range r.From {
		if _, ok := m.Source(name); !ok {
			d.fault(keys["from"], "there is no source %q%s", name, meant(name, m.sourceNames()))
		}
	}
	r.Where, r.whereAt = d.text(keys["where"], "where"), keys["where"]
	d.syntax(keys["where"], r.Where)
	if keys["aside"] != nil {
		asides := []ast.Node{keys["aside"]}
		if list, ok := keys["aside"].(*ast.SequenceNode); ok {
			asides = list.Values
		}
		for _, n := range asides {
			r.Aside = append(r.Aside, d.aside(n))
		}
	}
	if keys["join"] != nil {
		for _, p := range d.pairs(keys["join"], "join") {
			r.Joins = append(r.Joins, d.join(m, p))
		}
	}
	if keys["columns"] == nil {
		d.fault(n, "a rule of %s names no columns", target.Name)
		return r
	}
	for _, p := range d.pairs(keys["columns"], "columns") {
		i := target.Index(p.name)
		if i < 0 {
			d.fault(p.key, "%s has no column %q%s", target.Name, p.name, meant(p.name, target.fieldNames()))
			continue
		}
		r.Columns = append(r.Columns, d.column(p, target.Fields[i]))
	}
	d.complete(m, target, r)
	return r
}

// complete finds what a rule leaves out.
func (d *decoder) complete(m *Mapping, target Target, r Rule) {
	for _, f := range target.Fields {
		named := slices.ContainsFunc(r.Columns, func(c Column) bool { return c.Field == f.Name })
		if f.Required && !named {
			d.fault(r.at, "a rule of %s must say where %s comes from", target.Name, f.Name)
		}
		if f.Name == "currency" && !named && m.Currency == "" {
			d.fault(r.at, "the amounts have no currency: add currency at the top of the mapping, or a column for it")
		}
	}
}

func (d *decoder) aside(n ast.Node) Aside {
	keys := d.keys(n, "aside", "when", "reason")
	a := Aside{When: d.text(keys["when"], "when"), Reason: d.text(keys["reason"], "reason"), at: keys["when"]}
	if a.When == "" || a.Reason == "" {
		d.fault(n, "aside needs when, an expression, and reason, a text")
	}
	d.syntax(keys["when"], a.When)
	return a
}

func (d *decoder) join(m *Mapping, p pair) Join {
	j := Join{Name: p.name, at: p.key}
	keys := d.keys(p.value, "join "+p.name, "source", "on", "key")
	j.Source = d.text(keys["source"], "source")
	j.On = d.text(keys["on"], "on")
	j.Key = d.text(keys["key"], "key")
	if j.Key == "" {
		j.Key = j.On
	}
	if j.Source == "" {
		j.Source = p.name
	}
	if _, ok := m.Source(j.Source); !ok {
		at := keys["source"]
		if at == nil {
			at = p.key
		}
		d.fault(at, "there is no source %q%s", j.Source, meant(j.Source, m.sourceNames()))
	}
	if j.On == "" {
		d.fault(p.key, "join %s needs on, the column to look up", p.name)
	}
	return j
}

func (d *decoder) column(p pair, f Field) Column {
	if text, ok := scalar(p.value); ok {
		return Column{Field: p.name, Column: text, at: p.value}
	}
	c := Column{Field: p.name, at: p.key}
	if f.Kind == Attribute {
		for _, part := range d.pairs(p.value, p.name) {
			c.Parts = append(c.Parts, d.column(part, Field{Name: part.name, Kind: Text}))
		}
		return c
	}
	allowed := []string{"column", "value", "expr", "default"}
	switch f.Kind {
	case Key:
		allowed = []string{"column", "key"}
	case Instant, Day:
		allowed = append(allowed, "layouts", "zone")
	case Amount:
		allowed = append(allowed, "times", "round", "absolute")
	case Text, Zone, Choice:
		allowed = append(allowed, "words", "otherwise")
	}
	keys := d.keys(p.value, "column "+p.name, allowed...)
	c.Column = d.text(keys["column"], "column")
	if keys["value"] != nil {
		value := d.text(keys["value"], "value")
		c.Value = &value
	}
	c.Expr = d.text(keys["expr"], "expr")
	if c.Expr != "" {
		c.at = keys["expr"]
		d.syntax(keys["expr"], c.Expr)
	}
	c.Key = d.texts(keys["key"], "key")
	c.Default = d.text(keys["default"], "default")
	c.Layouts = d.layouts(keys["layouts"])
	c.Zone = d.zone(keys["zone"])
	c.Times = d.text(keys["times"], "times")
	c.Round = d.text(keys["round"], "round")
	if _, ok := roundings[c.Round]; !ok && c.Round != "" {
		d.fault(keys["round"], "round %q: write half up, half even, down or exact", c.Round)
	}
	c.Absolute = d.flag(keys["absolute"], "absolute")
	d.words(&c, keys, f)

	origins := 0
	for _, given := range []bool{c.Column != "", c.Value != nil, c.Expr != "", len(c.Key) > 0} {
		if given {
			origins++
		}
	}
	if origins != 1 {
		d.fault(p.key, "column %s must have exactly one of column, value, expr%s", p.name, map[bool]string{true: ", key"}[f.Kind == Key])
	}
	if f.Name == "currency" && c.Value != nil {
		if _, err := money.Exponent(*c.Value); err != nil {
			d.fault(keys["value"], "currency %q: write its ISO 4217 code, as USD", *c.Value)
		}
	}
	return c
}

func (d *decoder) words(c *Column, keys map[string]ast.Node, f Field) {
	if keys["otherwise"] != nil {
		other := d.text(keys["otherwise"], "otherwise")
		c.Otherwise = &other
		if keys["words"] == nil {
			d.fault(keys["otherwise"], "otherwise goes with words")
		}
		d.choice(keys["otherwise"], f, other)
	}
	if keys["words"] != nil {
		c.Words = map[string]string{}
		for _, w := range d.pairs(keys["words"], "words") {
			c.Words[w.name] = d.text(w.value, "words")
			d.choice(w.value, f, c.Words[w.name])
		}
	}
	if f.Kind == Choice && c.Value != nil {
		d.choice(keys["value"], f, *c.Value)
	}
}

func (d *decoder) choice(n ast.Node, f Field, word string) {
	if f.Kind != Choice {
		return
	}
	if _, ok := choose(f, word); !ok {
		d.fault(n, "%s is %q%s", f.Name, word, meant(word, f.Words))
	}
}

// choose is the position of a word of a Choice; yes and no have more names.
func choose(f Field, word string) (int64, bool) {
	if i := slices.Index(f.Words, word); i >= 0 {
		return int64(i), true
	}
	if f.Words[0] == "no" {
		switch word {
		case "true", "1", "Y", "y", "True", "TRUE", "granted":
			return 1, true
		case "false", "0", "N", "n", "False", "FALSE", "withdrawn":
			return 0, true
		}
	}
	return 0, false
}
