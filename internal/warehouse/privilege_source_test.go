package warehouse_test

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var firstWord = regexp.MustCompile(`^\s*(SELECT|WITH|INSERT|CREATE|DROP|ALTER|TRUNCATE|OPTIMIZE|SYSTEM|KILL|EXCHANGE|RENAME|DELETE|UPDATE|DETACH|ATTACH|GRANT|SET|USE|EXPLAIN|DESCRIBE|SHOW|CHECK|BACKUP|RESTORE)\b\s`)

// goSource reads the statements that stand in Go code, and holds every call of the connection to a known shape.
type goSource struct {
	t      *testing.T
	file   string
	set    *token.FileSet
	stack  []ast.Node
	ddlFor map[string]bool // query files that Config.DDL must see
	found  []statement
}

func goStatements(t *testing.T, ddlFiles map[string]bool) []statement {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []statement
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		g := &goSource{t: t, file: file, set: token.NewFileSet(), ddlFor: ddlFiles}
		tree, err := parser.ParseFile(g.set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if n == nil {
				g.stack = g.stack[:len(g.stack)-1]
				return true
			}
			g.visit(n)
			g.stack = append(g.stack, n)
			return true
		})
		all = append(all, g.found...)
	}
	return all
}

func (g *goSource) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", g.file, g.set.Position(n.Pos()).Line)
}

func (g *goSource) source(n ast.Node) string {
	var b strings.Builder
	_ = format.Node(&b, g.set, n)
	return b.String()
}

func (g *goSource) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		g.call(n)
	case *ast.BasicLit, *ast.BinaryExpr:
		if len(g.stack) > 0 {
			if _, inner := g.stack[len(g.stack)-1].(*ast.BinaryExpr); inner {
				return // a part of what was seen already
			}
		}
		s := statement{origin: g.at(n), names: map[string][]string{}}
		text, leading := g.flatten(n.(ast.Expr), &s)
		if !leading || !firstWord.MatchString(text) {
			return
		}
		s.text, s.ddl = text, g.insideDDL()
		g.found = append(g.found, s)
	}
}

// flatten is the text of a concatenation, with a placeholder for what is no literal; leading says whether it starts
// with a literal.
func (g *goSource) flatten(e ast.Expr, s *statement) (text string, leading bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, _ = strconv.Unquote(e.Value)
		return text, true
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, leading := g.flatten(e.X, s)
		if !leading || !firstWord.MatchString(left) {
			return "", false
		}
		right, isText := g.flatten(e.Y, s)
		if !isText {
			right = g.dynamic(e.Y, s)
		}
		return left + right, true
	}
	return "", false
}

func (g *goSource) dynamic(e ast.Expr, s *statement) string {
	source := g.source(e)
	if name, ok := queryName(e); ok {
		text, err := os.ReadFile("sql/" + name + ".sql")
		if err != nil {
			g.t.Errorf("%s: %v", g.at(e), err)
		}
		return strings.TrimSuffix(strings.TrimSpace(string(text)), ";")
	}
	known, ok := built[g.file+" "+source]
	if !ok {
		g.t.Errorf("%s: %s goes into a statement: make it a parameter, or say in built what it is", g.at(e), source)
		return "unknown"
	}
	s.names[placeholder(source)] = known()
	return placeholder(source)
}

func queryName(e ast.Expr) (string, bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	callee, ok := call.Fun.(*ast.Ident)
	name, isLit := call.Args[0].(*ast.BasicLit)
	if !ok || !isLit || callee.Name != "query" {
		return "", false
	}
	text, err := strconv.Unquote(name.Value)
	return text, err == nil
}

// insideDDL says whether what is visited is an argument of Config.DDL, here or where its variable is sent.
func (g *goSource) insideDDL() bool {
	for _, n := range g.stack {
		switch n := n.(type) {
		case *ast.CallExpr:
			if callee, ok := n.Fun.(*ast.SelectorExpr); ok && callee.Sel.Name == "DDL" {
				return true
			}
		case *ast.ValueSpec:
			if slices.Contains(rewritten, g.file+" "+n.Names[0].Name) {
				return true
			}
		case *ast.AssignStmt:
			if slices.Contains(rewritten, g.file+" "+g.source(n.Lhs[0])) {
				return true
			}
		}
	}
	return false
}

// call holds what is sent to a form that this test understands, so that no statement escapes it.
func (g *goSource) call(c *ast.CallExpr) {
	if name, ok := queryName(c); ok && g.ddlFor[name+".sql"] && !g.insideDDL() {
		g.t.Errorf("%s: %s.sql changes the schema and must go through Config.DDL", g.at(c), name)
	}
	callee, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Exec", "Query", "QueryRow", "Select", "PrepareBatch", "AsyncInsert"}, callee.Sel.Name) ||
		!strings.HasSuffix(g.source(callee.X), "conn") && !strings.HasSuffix(g.source(callee.X), "Conn()") {
		return
	}
	position := 1
	if callee.Sel.Name == "Select" {
		position = 2
	}
	sent := c.Args[position]
	for {
		inner, ok := sent.(*ast.CallExpr)
		if !ok || len(inner.Args) != 1 {
			break
		}
		name := g.source(inner.Fun)
		if !strings.HasSuffix(name, ".DDL") && name != "oneStatement" && name != "insertStatement" && name != "worldInsert" {
			break
		}
		if name == "insertStatement" || name == "worldInsert" {
			return // a query file by name
		}
		sent = inner.Args[0]
	}
	if _, ok := queryName(sent); ok {
		return
	}
	var s statement
	s.names = map[string][]string{}
	if text, leading := g.flatten(sent, &s); leading && firstWord.MatchString(text) {
		return // collected as a literal
	}
	source := g.source(sent)
	if _, ok := replaced[g.file+" "+source]; !ok && !slices.Contains(rewritten, g.file+" "+source) {
		g.t.Errorf("%s: it can't be seen which statement %s is: write it where it is sent, or say so in replaced", g.at(c), source)
	}
}
