// Package targeting decides who a campaign is for: what a rule says of a customer, why somebody may not be chosen, how
// likely they are to respond, and where the audience ends. It reads and writes nothing.
package targeting

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/danbi-project/danbi/internal/money"
)

// Rule is a condition on features, as SQL over the table features and as a function of a row. Both say the same.
//
// A rule compares features with numbers and texts: purchases_90d >= 3 && region in ["seoul", "busan"]. It knows
// == != < <= > >=, in with a list or a range (age in 20..29), between(x, low, high), && || ! (and, or, not), + - * /
// and category_shares["cafe"], features of the user's own as own["coffee_60d"], behaviour within some days as
// bought("category", "cafe", 30) >= 2 and spent("brand", "x", 90) > 50000, and audience("spring"), whom another campaign
// treated. Amounts are written in major units of the campaign's currency (12.50), whatever the
// warehouse keeps.
type Rule struct {
	SQL    string         // a condition; texts and numbers are {rule_n:Type} parameters
	Params map[string]any // by name
	// What the SQL needs beside the features: the columns windows, filled by Behaviour, and the parameter own_names with the
	// names of the snapshot's own features, of which it names Own.
	Windows   []Window
	Own       []string
	Audiences []string // campaigns
	match     func(*Row) bool
}

// Match is whether the rule holds for a row.
func (r Rule) Match(row *Row) bool { return r.match(row) }

// Named is the rule's SQL and parameters under another prefix than rule, for several rules in one query.
func (r Rule) Named(prefix string) (sql string, params map[string]any) {
	params = make(map[string]any, len(r.Params))
	for name, value := range r.Params {
		params[prefix+strings.TrimPrefix(name, "rule")] = value
	}
	return strings.ReplaceAll(r.SQL, "{rule_", "{"+prefix+"_"), params
}

// CompileRule reads a rule for a campaign in a currency; an empty one holds for everybody. All faults are told at once;
// each is ErrBadRule and a campaign.Fault that says where in the text and what to write instead.
func CompileRule(rule, currency string) (Rule, error) {
	if strings.TrimSpace(rule) == "" {
		return Rule{SQL: "1", Params: map[string]any{}, match: func(*Row) bool { return true }}, nil
	}
	exponent, err := money.Exponent(currency)
	if err != nil {
		return Rule{}, err
	}
	c := &compiler{rule: rule, scale: math.Pow10(exponent), params: map[string]any{}}
	tree, err := parser.Parse(rule)
	if err != nil {
		return Rule{}, c.syntax(err)
	}
	out := c.compile(tree.Node)
	if len(c.faults) == 0 && out.kind != boolean {
		c.fault(tree.Node, fmt.Sprintf("the rule is %s, not a condition", out.kind), "규칙이 조건이 아닙니다", "compare it, as in purchases_90d >= 3", "비교식을 쓰세요. 예: purchases_90d >= 3")
	}
	if len(c.faults) > 0 {
		return Rule{}, errors.Join(c.faults...)
	}
	return Rule{SQL: out.sql, Params: c.params, Windows: c.windows, Own: c.own, Audiences: c.audiences, match: out.boolean}, nil
}

// CheckRule is CompileRule for validation only; it fits campaign.WithRules.
func CheckRule(rule string) error {
	_, err := CompileRule(rule, "KRW")
	return err
}

// value is a compiled part of a rule: its SQL, and the function of its kind.
type value struct {
	kind    kind
	sql     string
	number  func(*Row) float64
	text    func(*Row) string
	boolean func(*Row) bool
	invalid bool // a fault was told already
}

type compiler struct {
	rule   string
	scale  float64 // minor units in a major one
	params map[string]any
	faults []error

	windows   []Window
	own       []string
	audiences []string
}

func (c *compiler) fault(at ast.Node, en, ko, hintEN, hintKO string) value {
	c.faults = append(c.faults, fault(c.position(at.Location().From), say(en, ko), say(hintEN, hintKO)))
	return value{invalid: true}
}

// position counts characters, as an editor does.
func (c *compiler) position(offset int) position {
	at := position{1, 1}
	seen := 0
	for _, r := range c.rule {
		if seen == offset {
			break
		}
		seen++
		at.column++
		if r == '\n' {
			at.line, at.column = at.line+1, 1
		}
	}
	return at
}

func (c *compiler) syntax(err error) error {
	var wrong *file.Error
	at := position{}
	message := err.Error()
	if errors.As(err, &wrong) {
		at, message = c.position(wrong.From), wrong.Message
	}
	return fault(at, say("the rule breaks off or has a sign too many: "+message, "규칙의 문법이 맞지 않습니다: "+message), say(`write it as in purchases_90d >= 3 && region == "seoul"`, `다음과 같이 쓰세요: purchases_90d >= 3 && region == "seoul"`))
}

// parameter keeps a constant out of the SQL text.
func (c *compiler) parameter(v any, kind string) string {
	name := fmt.Sprintf("rule_%d", len(c.params))
	c.params[name] = v
	return "{" + name + ":" + kind + "}"
}

func (c *compiler) constant(n float64) value {
	return value{kind: number, sql: c.parameter(n, "Float64"), number: func(*Row) float64 { return n }}
}

func (c *compiler) compile(node ast.Node) value {
	switch n := node.(type) {
	case *ast.IntegerNode:
		return c.constant(float64(n.Value))
	case *ast.FloatNode:
		return c.constant(n.Value)
	case *ast.StringNode:
		s := n.Value
		return value{kind: text, sql: c.parameter(s, "String"), text: func(*Row) string { return s }}
	case *ast.BoolNode:
		b := n.Value
		sql := map[bool]string{true: "1", false: "0"}[b]
		return value{kind: boolean, sql: sql, boolean: func(*Row) bool { return b }}
	case *ast.IdentifierNode:
		return c.field(n)
	case *ast.MemberNode:
		return c.share(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.CallNode:
		return c.call(n)
	case *ast.ChainNode:
		return c.compile(n.Node)
	}
	return c.fault(node, "this is not part of the rules' language", "규칙에서 쓸 수 없는 표현입니다", "use comparisons of features, joined by && and ||", "특성의 비교식을 &&, ||로 이어 쓰세요")
}

func (c *compiler) field(n *ast.IdentifierNode) value {
	f, known := field(n.Value)
	switch {
	case !known:
		c.faults = append(c.faults, unknownField(c.position(n.Location().From), n.Value))
		return value{invalid: true}
	case f.kind == text:
		return value{kind: text, sql: "toString(" + f.Name + ")", text: f.text}
	case f.kind == shares:
		return c.fault(n, f.Name+" needs the name of a category", f.Name+"에는 업종 이름이 필요합니다", `write category_shares["cafe"]`, `category_shares["cafe"]처럼 쓰세요`)
	case f.Money && c.scale != 1:
		of, scale := f.number, c.scale
		return value{kind: number, sql: fmt.Sprintf("(toFloat64(%s) / %g)", f.Name, scale), number: func(r *Row) float64 { return of(r) / scale }}
	}
	return value{kind: number, sql: "toFloat64(" + f.Name + ")", number: f.number}
}

func (c *compiler) share(n *ast.MemberNode) value {
	of, isName := n.Node.(*ast.IdentifierNode)
	name, isText := n.Property.(*ast.StringNode)
	if isName && of.Value == "own" && isText && !n.Optional {
		return c.ownFeature(name.Value)
	}
	if !isName || of.Value != "category_shares" || !isText || n.Optional {
		return c.fault(n, "only category_shares can be looked into", "category_shares만 이름으로 찾을 수 있습니다", `write category_shares["cafe"]`, `category_shares["cafe"]처럼 쓰세요`)
	}
	category := name.Value
	return value{
		kind:   number,
		sql:    "toFloat64(category_shares[" + c.parameter(category, "String") + "])",
		number: func(r *Row) float64 { return float64(r.CategoryShares[category]) },
	}
}

// ownFeature is a feature of the user's own: which there are, only the snapshot knows.
func (c *compiler) ownFeature(name string) value {
	if !slices.Contains(c.own, name) {
		c.own = append(c.own, name)
	}
	return value{
		kind:   number,
		sql:    "toFloat64(own[indexOf({own_names:Array(String)}, " + c.parameter(name, "String") + ")])",
		number: func(r *Row) float64 { return r.Own[name] },
	}
}
