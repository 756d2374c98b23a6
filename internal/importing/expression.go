package importing

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	exprast "github.com/expr-lang/expr/ast"
	exprfile "github.com/expr-lang/expr/file"
	exprparser "github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml/ast"
)

// syntax checks what can be checked of an expression before the files' columns
// are known.
func (d *decoder) syntax(at ast.Node, code string) {
	if code == "" {
		return
	}
	if _, err := exprparser.Parse(code); err != nil {
		d.fault(at, "%s", explainExpression(code, err))
	}
}

func explainExpression(code string, err error) string {
	var e *exprfile.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("expression %q: %v", code, err)
	}
	return fmt.Sprintf("expression %q, character %d: %s", code, e.Column+1, e.Message)
}

// scope is what an expression may name: the row's columns, and those of joins
// as join.column.
type scope struct {
	columns []string
	joins   []boundJoin
}

type boundJoin struct {
	name   string
	on     int // the row's column
	lookup *Lookup
}

// expression is compiled against a scope. It is read-only; each worker runs it
// on a machine and an environment of its own.
type expression struct {
	program *vm.Program
	columns []named  // the row's columns it uses
	joined  [][2]int // join and column of the join it uses
	joins   []boundJoin
}

type named struct {
	name  string
	index int
}

func (s scope) compile(code string, result reflect.Kind) (*expression, error) {
	env := types.Map{}
	for _, c := range s.columns {
		env[c] = types.String
	}
	for _, j := range s.joins {
		inner := types.Map{}
		for _, c := range j.lookup.Columns {
			inner[c] = types.String
		}
		env[j.name] = inner
	}
	options := []expr.Option{expr.Env(env), expr.DisableBuiltin("now")}
	if result == reflect.Bool {
		options = append(options, expr.AsBool())
	}
	program, err := expr.Compile(code, options...)
	if err != nil {
		return nil, errors.New(explainExpression(code, err) + s.hint(err))
	}
	if result != reflect.Bool {
		if kind := program.Node().Type(); kind == nil || !slices.Contains([]reflect.Kind{reflect.String, reflect.Int, reflect.Bool}, kind.Kind()) {
			return nil, fmt.Errorf("expression %q gives %v; it must give a text, a whole number or a truth (for amounts use times, which is exact)", code, kind)
		}
	}
	e := &expression{program: program, joins: s.joins}
	tree, err := exprparser.Parse(code)
	if err != nil {
		return nil, err
	}
	uses := &usage{}
	exprast.Walk(&tree.Node, uses)
	for i, c := range s.columns {
		if uses.all || slices.Contains(uses.names, c) {
			e.columns = append(e.columns, named{c, i})
		}
	}
	for i, j := range s.joins {
		if uses.all || slices.Contains(uses.names, j.name) {
			for k := range j.lookup.Columns {
				e.joined = append(e.joined, [2]int{i, k})
			}
		}
	}
	return e, nil
}

// hint names the nearest column when the fault is an unknown name.
func (s scope) hint(err error) string {
	var e *exprfile.Error
	if !errors.As(err, &e) {
		return ""
	}
	name, ok := strings.CutPrefix(e.Message, "unknown name ")
	if !ok {
		return ""
	}
	return meant(name, s.columns)
}

// usage gathers the names in an expression; $env may reach any of them.
type usage struct {
	names []string
	all   bool
}

func (u *usage) Visit(node *exprast.Node) {
	if n, ok := (*node).(*exprast.IdentifierNode); ok {
		u.all = u.all || n.Value == "$env"
		u.names = append(u.names, n.Value)
	}
}

// inputs are the row's columns that an expression looks at.
func (e *expression) inputs() []int {
	var all []int
	for _, c := range e.columns {
		all = append(all, c.index)
	}
	for _, j := range e.joined {
		all = append(all, e.joins[j[0]].on)
	}
	return all
}

func (w *Worker) evaluate(e *expression, record []string) (any, error) {
	for _, c := range e.columns {
		w.env[c.name] = record[c.index]
	}
	for _, ref := range e.joined {
		join := e.joins[ref[0]]
		inner, ok := w.env[join.name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			w.env[join.name] = inner
		}
		inner[join.lookup.Columns[ref[1]]] = join.lookup.at(record[join.on], ref[1])
	}
	return w.machine.Run(e.program, w.env)
}

func (w *Worker) evaluateBool(e *expression, record []string) (bool, error) {
	v, err := w.evaluate(e, record)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("the expression gives %T, not true or false", v)
	}
	return b, nil
}

func (w *Worker) evaluateText(e *expression, record []string) (string, error) {
	v, err := w.evaluate(e, record)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", fmt.Errorf("the expression gives %T, not a text", v)
}
