package campaign

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Sizes that no honest file reaches; beyond them a file is refused instead of filling the memory.
const (
	mostBytes = 1 << 20
	mostNodes = 50_000
)

// Source is a YAML file that was read: it knows where each key stands, so that a later check can name the line.
type Source struct {
	name      string
	root      ast.Node
	anchors   map[string]ast.Node
	positions map[string]position
	guessed   []string // keys that mistyped ones were probably meant to be: not missing as well
	nodes     int      // decoded so far; anchors could otherwise make a small file a huge one
}

type position struct{ line, column int }

// open parses a file into its one document.
func open(name string, data []byte) (source *Source, err error) {
	fail := func(line, column int, message, hint Text) (*Source, error) {
		return nil, Fault{File: name, Line: line, Column: column, Message: message, Hint: hint}
	}
	defer func() { // the parser has panicked on some broken files; for the reader that is broken YAML like any other
		if broken := recover(); broken != nil {
			source, err = fail(1, 1, say("the file is not valid YAML", "올바른 YAML 파일이 아닙니다"), nil)
		}
	}()
	if len(data) > mostBytes {
		return fail(1, 1, sayf("the file has %d bytes; the most is %d", "파일이 %d바이트입니다. 최대 %d바이트입니다", len(data), mostBytes), nil)
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey()) // duplicates are reported with the other faults
	if err != nil {
		line, column, message := 1, 1, err.Error()
		if broken := yaml.Error(nil); errors.As(err, &broken) {
			message = broken.GetMessage()
			if at := broken.GetToken(); at != nil && at.Position != nil {
				line, column = at.Position.Line, at.Position.Column
			}
		}
		return fail(line, column, sayf("the file is not valid YAML: %s", "올바른 YAML 파일이 아닙니다: %s", message),
			say("check the indentation, and quote texts that contain : or #", "들여쓰기를 확인하고, : 또는 #이 든 글은 따옴표로 묶으세요"))
	}
	var roots []ast.Node
	for _, document := range file.Docs {
		if document != nil && document.Body != nil {
			roots = append(roots, document.Body)
		}
	}
	switch len(roots) {
	case 0:
		return fail(1, 1, say("the file is empty", "파일이 비어 있습니다"), say("start from a file in examples/", "examples/의 파일에서 시작하세요"))
	case 1:
	default:
		at := where(roots[1])
		return fail(at.line, at.column, say("the file has more than one document", "파일에 문서가 둘 이상 있습니다"), say("keep one document a file: remove the line ---", "--- 줄을 지우고 파일마다 문서 하나만 두세요"))
	}
	source = &Source{name: name, root: roots[0], anchors: map[string]ast.Node{}, positions: map[string]position{}}
	ast.Walk(anchorFinder(source.anchors), source.root)
	return source, nil
}

type anchorFinder map[string]ast.Node

func (found anchorFinder) Visit(node ast.Node) ast.Visitor {
	if anchor, is := node.(*ast.AnchorNode); is && anchor.Name != nil {
		found[anchor.Name.GetToken().Value] = anchor.Value
	}
	return found
}

// resolve follows anchors and aliases to the node that holds the value; nil is an alias of nothing.
func (s *Source) resolve(node ast.Node) ast.Node {
	for range 100 { // an alias may name an alias, but a circle of them holds nothing
		switch at := node.(type) {
		case *ast.AnchorNode:
			node = at.Value
		case *ast.AliasNode:
			if at.Value == nil {
				return nil
			}
			node = s.anchors[at.Value.GetToken().Value]
		default:
			return node
		}
	}
	return nil
}

// Locate puts file, line and column to faults that name a field: those of the key, or of the nearest key above it.
func (s *Source) Locate(err error) error {
	var all faults
	for _, fault := range Faults(err) {
		if fault.File == "" {
			fault.File = s.name
			at := s.position(fault.Field)
			fault.Line, fault.Column = at.line, at.column
		}
		all = append(all, fault)
	}
	if len(all) == 0 {
		return err
	}
	return all.err()
}

func (s *Source) position(field string) position {
	for field != "" {
		if at, known := s.positions[field]; known {
			return at
		}
		field = field[:max(0, strings.LastIndexAny(field, ".["))]
	}
	return position{1, 1}
}

func where(node ast.Node) position {
	var at *token.Token
	switch node := node.(type) {
	case nil:
	case *ast.MappingNode: // its own token is the colon after its first key
		if len(node.Values) > 0 && !node.IsFlowStyle {
			at = node.Values[0].Key.GetToken()
		} else {
			at = node.Start
		}
	case *ast.MappingValueNode:
		at = node.Key.GetToken()
	default:
		at = node.GetToken()
	}
	if at == nil || at.Position == nil {
		return position{1, 1}
	}
	return position{at.Position.Line, at.Position.Column}
}

// key is the field's name under a parent: offers[0].id, message.email; a key with a dot in it is quoted.
func key(parent, name string) string {
	if strings.ContainsAny(name, ".[]\"") || name == "" {
		name = fmt.Sprintf("%q", name)
	}
	if parent == "" {
		return name
	}
	return parent + "." + name
}
