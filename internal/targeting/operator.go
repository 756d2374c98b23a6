package targeting

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

func (c *compiler) unary(n *ast.UnaryNode) value {
	of := c.compile(n.Node)
	if of.invalid {
		return of
	}
	switch {
	case (n.Operator == "!" || n.Operator == "not") && of.kind == boolean:
		return value{kind: boolean, sql: "(NOT " + of.sql + ")", boolean: func(r *Row) bool { return !of.boolean(r) }}
	case n.Operator == "-" && of.kind == number:
		return value{kind: number, sql: "(-" + of.sql + ")", number: func(r *Row) float64 { return -of.number(r) }}
	case n.Operator == "+" && of.kind == number:
		return of
	}
	return c.fault(n, fmt.Sprintf("%s cannot stand before %s", n.Operator, of.kind), n.Operator+"을(를) 여기에 쓸 수 없습니다", "put ! before a condition and - before a number", "!는 조건 앞에, -는 숫자 앞에 쓰세요")
}

func (c *compiler) binary(n *ast.BinaryNode) value {
	switch n.Operator {
	case "in":
		return c.in(n)
	case "&&", "and", "||", "or":
		return c.logic(n)
	}
	left, right := c.compile(n.Left), c.compile(n.Right)
	if left.invalid || right.invalid {
		return value{invalid: true}
	}
	if left.kind != right.kind {
		return c.fault(n, fmt.Sprintf("%s is compared with %s", left.kind, right.kind), "서로 다른 종류를 비교합니다", "compare numbers with numbers, and texts with quoted texts", `숫자는 숫자와, 글자는 "따옴표" 안의 글자와 비교하세요`)
	}
	switch n.Operator {
	case "+", "-", "*", "/":
		if left.kind == number {
			return arithmetic(n.Operator, left, right)
		}
	case "==", "!=":
		if left.kind == text {
			same := n.Operator == "=="
			return value{kind: boolean, sql: "(" + left.sql + map[bool]string{true: " = ", false: " != "}[same] + right.sql + ")",
				boolean: func(r *Row) bool { return (left.text(r) == right.text(r)) == same }}
		}
		if left.kind == number {
			return comparison(n.Operator, left, right)
		}
	case "<", "<=", ">", ">=":
		if left.kind == number {
			return comparison(n.Operator, left, right)
		}
	}
	return c.fault(n, fmt.Sprintf("%s does not work on %s", n.Operator, left.kind), n.Operator+"을(를) 여기에 쓸 수 없습니다", "use == != < <= > >= in && || ! + - * /", "== != < <= > >= in && || ! + - * / 를 쓰세요")
}

func arithmetic(operator string, left, right value) value {
	apply := map[string]func(a, b float64) float64{
		"+": func(a, b float64) float64 { return a + b },
		"-": func(a, b float64) float64 { return a - b },
		"*": func(a, b float64) float64 { return a * b },
		"/": func(a, b float64) float64 { return a / b },
	}[operator]
	return value{kind: number, sql: "(" + left.sql + " " + operator + " " + right.sql + ")",
		number: func(r *Row) float64 { return apply(left.number(r), right.number(r)) }}
}

func comparison(operator string, left, right value) value {
	holds := map[string]func(a, b float64) bool{
		"==": func(a, b float64) bool { return a == b },
		"!=": func(a, b float64) bool { return a != b },
		"<":  func(a, b float64) bool { return a < b },
		"<=": func(a, b float64) bool { return a <= b },
		">":  func(a, b float64) bool { return a > b },
		">=": func(a, b float64) bool { return a >= b },
	}[operator]
	if operator == "==" {
		operator = "="
	}
	return value{kind: boolean, sql: "(" + left.sql + " " + operator + " " + right.sql + ")",
		boolean: func(r *Row) bool { return holds(left.number(r), right.number(r)) }}
}

func (c *compiler) logic(n *ast.BinaryNode) value {
	left, right := c.compile(n.Left), c.compile(n.Right)
	if left.invalid || right.invalid {
		return value{invalid: true}
	}
	for i, side := range []value{left, right} {
		if side.kind != boolean {
			return c.fault([]ast.Node{n.Left, n.Right}[i], fmt.Sprintf("%s joins conditions, and this is %s", n.Operator, side.kind), n.Operator+"는 조건만 이을 수 있습니다", "compare it, as in purchases_90d >= 3", "비교식을 쓰세요. 예: purchases_90d >= 3")
		}
	}
	if n.Operator == "&&" || n.Operator == "and" {
		return value{kind: boolean, sql: "(" + left.sql + " AND " + right.sql + ")", boolean: func(r *Row) bool { return left.boolean(r) && right.boolean(r) }}
	}
	return value{kind: boolean, sql: "(" + left.sql + " OR " + right.sql + ")", boolean: func(r *Row) bool { return left.boolean(r) || right.boolean(r) }}
}

// in is membership of a list of constants, or of a range with both ends included.
func (c *compiler) in(n *ast.BinaryNode) value {
	left := c.compile(n.Left)
	if span, ok := n.Right.(*ast.BinaryNode); ok && span.Operator == ".." {
		return c.within(n, left, c.compile(span.Left), c.compile(span.Right))
	}
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok || len(list.Nodes) == 0 {
		return c.fault(n.Right, "in needs a list or a range", "in 뒤에는 목록이나 범위가 필요합니다", `write region in ["seoul", "busan"] or age in 20..29`, `region in ["seoul", "busan"] 또는 age in 20..29처럼 쓰세요`)
	}
	members := make([]value, len(list.Nodes))
	sql := make([]string, len(list.Nodes))
	for i, node := range list.Nodes {
		if members[i] = c.compile(node); members[i].invalid || left.invalid {
			return value{invalid: true}
		}
		if members[i].kind != left.kind || left.kind == boolean {
			return c.fault(node, fmt.Sprintf("the list holds %s, and %s is looked for", members[i].kind, left.kind), "목록과 찾는 값의 종류가 다릅니다", "list numbers for a number, and quoted texts for a text", `숫자는 숫자끼리, 글자는 "따옴표" 안의 글자끼리 쓰세요`)
		}
		sql[i] = "(" + left.sql + " = " + members[i].sql + ")"
	}
	return value{kind: boolean, sql: "(" + strings.Join(sql, " OR ") + ")", boolean: func(r *Row) bool {
		return slices.ContainsFunc(members, func(m value) bool {
			if left.kind == text {
				return left.text(r) == m.text(r)
			}
			return left.number(r) == m.number(r)
		})
	}}
}

func (c *compiler) within(at ast.Node, of, low, high value) value {
	if of.invalid || low.invalid || high.invalid {
		return value{invalid: true}
	}
	if of.kind != number || low.kind != number || high.kind != number {
		return c.fault(at, "a range is of numbers", "범위에는 숫자만 쓸 수 있습니다", "write age in 20..29 or between(spend_90d, 10000, 50000)", "age in 20..29 또는 between(spend_90d, 10000, 50000)처럼 쓰세요")
	}
	from, to := comparison(">=", of, low), comparison("<=", of, high)
	return value{kind: boolean, sql: "(" + from.sql + " AND " + to.sql + ")", boolean: func(r *Row) bool { return from.boolean(r) && to.boolean(r) }}
}

func (c *compiler) between(n *ast.CallNode) value {
	if len(n.Arguments) != 3 {
		return c.fault(n, "between takes three numbers", "between에는 숫자 세 개가 필요합니다", "write between(spend_90d, 10000, 50000)", "between(spend_90d, 10000, 50000)처럼 쓰세요")
	}
	return c.within(n, c.compile(n.Arguments[0]), c.compile(n.Arguments[1]), c.compile(n.Arguments[2]))
}
