package campaign

import (
	"strconv"

	"github.com/danbi-project/danbi/internal/money"
)

// Figures are what a finished plan comes to: what is approved, and what the limits are compared with before anything is sent.
type Figures struct {
	Currency  string      `json:"currency"`
	Expected  money.Minor `json:"expected"`  // sum of expected costs
	Exposure  money.Minor `json:"exposure"`  // sum of the largest rewards that may be owed
	Reward    money.Minor `json:"reward"`    // largest reward of one customer
	Customers int         `json:"customers"` // who are contacted, control not counted
}

// Permits says where a plan goes beyond the policy's limits; such a plan cannot be approved by anybody.
func (p Policy) Permits(plan Figures) []Fault {
	limits, _, known := p.For(plan.Currency)
	if !known {
		return []Fault{{Field: "currency", Message: sayf("the policy has no limits for %s", "정책에 %s 한도가 없습니다", plan.Currency)}}
	}
	return plan.above(limits, say("the policy's limit", "정책 한도"))
}

// AutoApproves says whether a plan approves itself; if not, the reasons say which figure needs a person.
func (p Policy) AutoApproves(plan Figures) (bool, []Fault) {
	reasons := p.Permits(plan)
	_, auto, known := p.For(plan.Currency)
	switch {
	case !known:
	case auto == nil:
		reasons = append(reasons, Fault{Field: "auto_approve", Message: say("the policy leaves every approval to a person", "정책상 모든 승인은 사람이 합니다")})
	default:
		reasons = append(reasons, plan.above(*auto, say("what approves itself", "자동 승인 한도"))...)
	}
	return len(reasons) == 0, reasons
}

func (f Figures) above(limits Limits, whose Text) []Fault {
	var all faults
	compare := func(field string, value, most int64, show func(int64) any) {
		if value > most {
			all = append(all, Fault{Field: field, Message: sayf("%s is more than %s, %s", "%s: %s %s 초과", show(value), whose, show(most))})
		}
	}
	amount := func(value int64) any { return amountText(money.Minor(value), f.Currency) }
	compare("expected", int64(f.Expected), int64(limits.Expected), amount)
	compare("exposure", int64(f.Exposure), int64(limits.Exposure), amount)
	compare("reward", int64(f.Reward), int64(limits.Reward), amount)
	compare("customers", int64(f.Customers), int64(limits.Customers), func(n int64) any { return strconv.FormatInt(n, 10) })
	return all
}
