package importing

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Fault is one thing that is wrong with a mapping file, and where.
type Fault struct {
	File         string
	Line, Column int
	Says         string
}

func (f Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Says)
}

// decoder walks a YAML tree strictly and gathers all faults, so that a person
// mends a mapping once and not once a fault.
type decoder struct {
	file   string
	faults []error
}

func (d *decoder) fault(at ast.Node, format string, args ...any) {
	f := Fault{File: d.file, Line: 1, Column: 1, Says: fmt.Sprintf(format, args...)}
	if at != nil && at.GetToken() != nil && at.GetToken().Position != nil {
		f.Line, f.Column = at.GetToken().Position.Line, at.GetToken().Position.Column
	}
	d.faults = append(d.faults, f)
}

func (d *decoder) document(text []byte) ast.Node {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		d.faults = append(d.faults, fmt.Errorf("%s: this is not YAML: %w", d.file, err))
		return nil
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		d.fault(nil, "a mapping file holds one YAML document with sources and targets")
		return nil
	}
	return file.Docs[0].Body
}

// A pair is a key of a mapping with its value.
type pair struct {
	name  string
	key   ast.Node
	value ast.Node
}

func (d *decoder) pairs(n ast.Node, what string) []pair {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.fault(n, "%s must be keys with values", what)
		return nil
	}
	out := make([]pair, 0, len(values))
	for _, v := range values {
		name, ok := scalar(v.Key)
		if !ok {
			d.fault(v.Key, "a key of %s must be a plain text", what)
			continue
		}
		out = append(out, pair{name, v.Key, v.Value})
	}
	return out
}

// keys is pairs by name, with those that are not allowed reported together
// with the nearest one that is.
func (d *decoder) keys(n ast.Node, what string, allowed ...string) map[string]ast.Node {
	out := map[string]ast.Node{}
	for _, p := range d.pairs(n, what) {
		if !contains(allowed, p.name) {
			d.fault(p.key, "%s has no key %q%s", what, p.name, meant(p.name, allowed))
			continue
		}
		out[p.name] = p.value
	}
	return out
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func isMapping(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.NullNode, *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode, *ast.TagNode, *ast.AnchorNode, *ast.AliasNode:
		return "", false
	case ast.ScalarNode:
		// Numbers and dates as they are written: 007 stays 007.
		return n.GetToken().Value, true
	}
	return "", false
}

func (d *decoder) text(n ast.Node, what string) string {
	if n == nil {
		return ""
	}
	s, ok := scalar(n)
	if !ok {
		d.fault(n, "%s must be a text", what)
	}
	return s
}

// texts reads one text or a list of them.
func (d *decoder) texts(n ast.Node, what string) []string {
	if n == nil {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return []string{d.text(n, what)}
	}
	out := make([]string, 0, len(list.Values))
	for _, v := range list.Values {
		out = append(out, d.text(v, what))
	}
	return out
}

func (d *decoder) flag(n ast.Node, what string) bool {
	if n == nil {
		return false
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		d.fault(n, "%s must be true or false", what)
		return false
	}
	return b.Value
}

func (d *decoder) err() error { return errors.Join(d.faults...) }

// meant proposes the nearest of the names that exist, or lists them when none
// is near.
func meant(name string, known []string) string {
	best, distance := "", 1+len(name)/3
	for _, k := range known {
		if n := edits(strings.ToLower(name), strings.ToLower(k)); n <= distance && (best == "" || n < distance) {
			best, distance = k, n
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(known) == 0:
		return ""
	case len(known) > 24:
		return fmt.Sprintf("; there are %s and %d more", strings.Join(known[:24], ", "), len(known)-24)
	}
	return "; there are " + strings.Join(known, ", ")
}

// edits is the Levenshtein distance, with two swapped neighbours as one edit.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row := make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
