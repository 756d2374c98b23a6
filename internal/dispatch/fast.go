package dispatch

import (
	"regexp"
	"strings"
)

// A template that only names fields, gives them particles and asks whether they are there is rendered without the
// template engine, which takes ten times as long and is needed for the rest. It gives the same text; a test compares them.
type quick struct {
	literal string
	field   int // of Fields; -1: none
	josa    string
	ask     bool // field decides between the next parts
	then    []quick
	other   []quick
}

var (
	quickTag   = regexp.MustCompile(`\{\{|\{%|\}\}|%\}`)
	quickField = regexp.MustCompile(`^\s*([a-z_]+(?:\.[a-z_]+)?)\s*(?:\|\s*josa:\s*(?:"([^"]*)"|'([^']*)')\s*)?$`)
	quickIf    = regexp.MustCompile(`^\s*if\s+([a-z_]+(?:\.[a-z_]+)?)\s*$`)
)

// quicken compiles a template's source, or says that it needs the engine.
func quicken(source string) (parts []quick, ok bool) {
	q := quickener{rest: source}
	parts, end := q.parts()
	return parts, end == "" && !q.failed
}

type quickener struct {
	rest   string
	failed bool
}

// parts reads up to the tag that ends a branch, which it returns, or to the end of the source.
func (q *quickener) parts() (out []quick, end string) {
	for q.rest != "" && !q.failed {
		at := quickTag.FindStringIndex(q.rest)
		if at == nil {
			out, q.rest = append(out, quick{literal: q.rest, field: -1}), ""
			break
		}
		if at[0] > 0 {
			out = append(out, quick{literal: q.rest[:at[0]], field: -1})
		}
		open, after := q.rest[at[0]:at[1]], q.rest[at[1]:]
		shut := map[string]string{"{{": "}}", "{%": "%}"}[open]
		inside, rest, found := strings.Cut(after, shut)
		if shut == "" || !found || strings.ContainsAny(inside, "{}%-") { // unbalanced, or it trims spaces
			q.failed = true
			return nil, ""
		}
		q.rest = rest
		if open == "{{" {
			m := quickField.FindStringSubmatch(inside)
			if m == nil || fieldNumber(m[1]) < 0 {
				q.failed = true
				return nil, ""
			}
			out = append(out, quick{field: fieldNumber(m[1]), josa: m[2] + m[3]})
			continue
		}
		switch tag := strings.TrimSpace(inside); tag {
		case "else", "endif":
			return out, tag
		default:
			m := quickIf.FindStringSubmatch(inside)
			if m == nil || fieldNumber(m[1]) < 0 {
				q.failed = true
				return nil, ""
			}
			part := quick{field: fieldNumber(m[1]), ask: true}
			var how string
			if part.then, how = q.parts(); how == "else" {
				part.other, how = q.parts()
			}
			if how != "endif" {
				q.failed = true
				return nil, ""
			}
			out = append(out, part)
		}
	}
	return out, ""
}

func fieldNumber(name string) int {
	for i, field := range Fields {
		if field == name {
			return i
		}
	}
	return -1
}

// appendQuick renders parts. A field without a value is nothing, and a particle after it nothing but itself, as the
// engine has it.
func appendQuick(out []byte, parts []quick, v *filled) []byte {
	for i := range parts {
		p := &parts[i]
		switch {
		case p.field < 0:
			out = append(out, p.literal...)
		case p.ask:
			chosen := p.then
			if v.fields[p.field] == "" {
				chosen = p.other
			}
			out = appendQuick(out, chosen, v)
		case p.josa != "":
			out = append(out, josa(v.fields[p.field], p.josa)...)
		default:
			out = append(out, v.fields[p.field]...)
		}
	}
	return out
}
