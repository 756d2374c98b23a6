package campaign

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/money"
)

func limitsUpTo(t *rapid.T, name string, most int64) Limits {
	amount := func(part string) money.Minor {
		return money.Minor(rapid.Int64Range(0, most).Draw(t, name+" "+part))
	}
	return Limits{Expected: amount("expected"), Exposure: amount("exposure"), Reward: amount("reward"),
		Customers: rapid.IntRange(0, int(most)).Draw(t, name+" customers"), Currency: "KRW"}
}

// Whatever approves itself is within the limits, and whatever is within them in every figure is permitted: no figure is
// forgotten and none is compared with another's limit.
func TestOnlyPlansWithinEveryLimitGoAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits, auto := limitsUpTo(t, "limits", 8), limitsUpTo(t, "auto", 8)
		asked := limitsUpTo(t, "plan", 8)
		policy := Policy{Limits: limits, AutoApprove: &auto, Exposure: 1}
		plan := Figures{Currency: "KRW", Expected: asked.Expected, Exposure: asked.Exposure, Reward: asked.Reward, Customers: asked.Customers}
		fits := func(l Limits) bool {
			return plan.Expected <= l.Expected && plan.Exposure <= l.Exposure && plan.Reward <= l.Reward && plan.Customers <= l.Customers
		}
		if got := len(policy.Permits(plan)) == 0; got != fits(limits) {
			t.Fatalf("%+v under %+v: permitted %v", plan, limits, got)
		}
		approved, reasons := policy.AutoApproves(plan)
		if approved != (fits(limits) && fits(auto)) || approved != (len(reasons) == 0) {
			t.Fatalf("%+v under %+v and %+v: approved %v, %v", plan, limits, auto, approved, reasons)
		}
	})
}

// A spec is let through exactly if each of its numbers is within the policy's limit and its own limits are no wider.
func TestASpecMayOnlyTighten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits, asked, own := limitsUpTo(t, "policy", 8), limitsUpTo(t, "spec", 8), limitsUpTo(t, "own", 8)
		policy := Policy{Limits: limits, Exposure: 1}
		spec := Spec{Currency: "KRW", Language: "en", Limits: &own, Audience: Audience{Size: asked.Customers},
			Budget: Budget{Expected: asked.Expected, Exposure: max(asked.Exposure, 1)}, Offers: []Offer{{Reward: asked.Reward}}}
		within := asked.Expected <= limits.Expected && spec.Budget.Exposure <= limits.Exposure && asked.Reward <= limits.Reward && asked.Customers <= limits.Customers
		tighter := own.Expected <= limits.Expected && own.Exposure <= limits.Exposure && own.Reward <= limits.Reward && own.Customers <= limits.Customers
		if got := len(policy.Check(spec)) == 0; got != (within && tighter) {
			t.Fatalf("%+v with %+v under %+v: %v", asked, own, limits, policy.Check(spec))
		}
	})
}
