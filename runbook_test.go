package danbi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// classifiers are the functions that give an error its type, with the place of the type among their arguments.
var classifiers = map[string]int{
	"classify": 1, "NewApplicationError": 1, "NewNonRetryableApplicationError": 1, "NewApplicationErrorWithCause": 1, "NewApplicationErrorWithOptions": 1,
}

// Whoever reads an error's type in the Temporal UI finds it in the runbook; and the runbook names none that is gone.
func TestRunbookKnowsEveryErrorType(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("docs", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		if listed[row[1]] {
			t.Errorf("docs/runbook.md lists %s twice", row[1])
		}
		listed[row[1]] = true
	}
	used := errorTypes(t, "activities", "workflows", filepath.Join("internal", "compose"))
	for kind, at := range used {
		if !listed[kind] {
			t.Errorf("%s: error type %s has no row in docs/runbook.md: say what it means, what to check, what to press", at, kind)
		}
	}
	for kind := range listed {
		if used[kind] == "" {
			t.Errorf("docs/runbook.md lists error type %s, which the code does not know", kind)
		}
	}
}

// errorTypes are the types that are given in the packages' code, with where.
func errorTypes(t *testing.T, dirs ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no code in %s (%v)", dir, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				at, classifies := classifiers[called(call)]
				if !classifies || len(call.Args) <= at {
					return true
				}
				if literal, ok := call.Args[at].(*ast.BasicLit); ok { // a variable passes on a type that is given elsewhere
					kind, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					found[kind] = files.Position(call.Pos()).String()
				}
				return true
			})
		}
	}
	return found
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
