package targeting

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// What a window looks at.
const (
	WindowBought = "bought" // purchases with a line of that name
	WindowSpent  = "spent"  // less refunds, in minor units
)

// windowBy are what a window may go by: columns of the transactions.
var windowBy = []string{"category", "brand", "merchant"}

// longestWindow is five years of days.
const longestWindow = 1826

// Window is a behaviour within some days before the moment of choosing: bought("category", "cafe", 30) >= 2.
type Window struct {
	Kind string
	By   string // category, brand or merchant
	Name string
	Days int
}

// Windows of a rule stand in its SQL as windows[1], windows[2], …: Behaviour is what fills them, over transactions.
func (c *compiler) window(n *ast.CallNode, kind string) value {
	args := make([]ast.Node, 3)
	copy(args, n.Arguments)
	by, isBy := args[0].(*ast.StringNode)
	name, isName := args[1].(*ast.StringNode)
	days, isDays := args[2].(*ast.IntegerNode)
	switch {
	case len(n.Arguments) != 3 || !isBy || !isName || !isDays:
		return c.fault(n, kind+" takes what to go by, a name and a number of days", kind+"에는 기준, 이름, 일수가 필요합니다", fmt.Sprintf(`write %s("category", "coffee", 30)`, kind), fmt.Sprintf(`%s("category", "coffee", 30)처럼 쓰세요`, kind))
	case !slices.Contains(windowBy, by.Value):
		return c.fault(args[0], fmt.Sprintf("%s goes by category, brand or merchant, not by %q", kind, by.Value), fmt.Sprintf("%s의 기준은 category, brand, merchant 중 하나입니다", kind), fmt.Sprintf(`write %s("category", "coffee", 30)`, kind), fmt.Sprintf(`%s("category", "coffee", 30)처럼 쓰세요`, kind))
	case days.Value < 1 || days.Value > longestWindow:
		return c.fault(args[2], fmt.Sprintf("a window has 1 to %d days", longestWindow), fmt.Sprintf("기간은 1~%d일입니다", longestWindow), "write a whole number of days, as in 30", "일수를 정수로 쓰세요. 예: 30")
	}
	w := Window{Kind: kind, By: by.Value, Name: name.Value, Days: days.Value}
	at := slices.Index(c.windows, w)
	if at < 0 {
		at = len(c.windows)
		c.windows = append(c.windows, w)
	}
	scale := 1.0
	if kind == WindowSpent {
		scale = c.scale
	}
	return value{kind: number, sql: fmt.Sprintf("(windows[%d] / %g)", at+1, scale), number: func(r *Row) float64 {
		if at >= len(r.Windows) {
			return 0
		}
		return r.Windows[at] / scale
	}}
}

// Behaviour is the SQL of the windows over rows of transactions with the columns id, kind, net, category, brand,
// merchant and days (whole and broken days before the moment), in the order of Windows, and its parameters.
func (r Rule) Behaviour() (columns []string, params map[string]any) {
	params = map[string]any{}
	for i, w := range r.Windows {
		name := fmt.Sprintf("window_%d", i)
		params[name] = w.Name
		within := fmt.Sprintf("%s = {%s:String} AND days <= %d", w.By, name, w.Days)
		if w.Kind == WindowBought {
			columns = append(columns, "toFloat64(uniqExactIf(id, kind = 'purchase' AND "+within+"))")
		} else {
			columns = append(columns, "toFloat64(sumIf(net, "+within+"))")
		}
	}
	return columns, params
}

// Longest is how many days the longest window reaches back.
func (r Rule) Longest() int {
	longest := 0
	for _, w := range r.Windows {
		longest = max(longest, w.Days)
	}
	return longest
}

// audience is membership of another campaign's treated: audience("spring") joins it, !audience("spring") leaves it out.
func (c *compiler) audience(n *ast.CallNode) value {
	var id *ast.StringNode
	if len(n.Arguments) == 1 {
		id, _ = n.Arguments[0].(*ast.StringNode)
	}
	if id == nil || id.Value == "" {
		return c.fault(n, "audience takes the id of a campaign", "audience에는 캠페인 ID가 필요합니다", `write audience("spring-coffee")`, `audience("spring-coffee")처럼 쓰세요`)
	}
	campaign := id.Value
	if !slices.Contains(c.audiences, campaign) {
		c.audiences = append(c.audiences, campaign)
	}
	return value{kind: boolean, sql: "(customer_key IN (SELECT customer_key FROM audience WHERE campaign = " + c.parameter(campaign, "String") + " AND arm = 'treated' AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}))",
		boolean: func(r *Row) bool { return r.Audiences[campaign] }}
}

func (c *compiler) call(n *ast.CallNode) value {
	name, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return c.fault(n, "this cannot be called", "호출할 수 없습니다", "use between, bought, spent or audience", "between, bought, spent, audience를 쓰세요")
	}
	switch name.Value {
	case "between":
		return c.between(n)
	case WindowBought, WindowSpent:
		return c.window(n, name.Value)
	case "audience":
		return c.audience(n)
	}
	return c.fault(n, fmt.Sprintf("there is no function %s; there are between, bought, spent and audience", name.Value), name.Value+": 없는 함수입니다. between, bought, spent, audience를 쓸 수 있습니다",
		`write bought("category", "coffee", 30) >= 2, for example`, `예: bought("category", "coffee", 30) >= 2`)
}
