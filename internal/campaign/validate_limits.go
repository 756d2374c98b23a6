package campaign

import (
	"fmt"
	"slices"

	"github.com/danbi-project/danbi/internal/money"
)

// mostClasses is how many kinds of customers the limits of a budget may tell apart.
const mostClasses = 10_000

// budgetLimits checks the limits on parts of the budget. Whether they can be kept together is known only when the
// customers are: then it is said in numbers.
func (v *validator) budgetLimits() {
	b := v.spec.Budget
	v.leastReturn("budget.return", b.Return)
	for i, offer := range v.spec.Offers {
		v.numbers(fmt.Sprintf("offers[%d]", i), "inventory", offer.Inventory, offer.Least)
	}
	unique(v, "budget.limits", b.Limits, func(l BudgetLimit) string { return l.ID })
	var segments, regions, brands []string
	for i, limit := range b.Limits {
		field := fmt.Sprintf("budget.limits[%d]", i)
		segments, regions, brands = append(segments, limit.Segments...), append(regions, limit.Regions...), append(brands, limit.Brands...)
		v.names(key(field, "segments"), limit.Segments)
		v.names(key(field, "regions"), limit.Regions)
		v.names(key(field, "brands"), limit.Brands)
		for j, id := range limit.Offers {
			if !slices.ContainsFunc(v.spec.Offers, func(o Offer) bool { return o.ID == id }) {
				v.add(fmt.Sprintf("%s.offers[%d]", field, j), sayf("there is no offer %q", "혜택 %q이(가) 없습니다", id), say("write the id of an offer above", "위 offers의 id를 쓰세요"))
			}
		}
		unsigned(v, key(field, "expected"), limit.Expected)
		unsigned(v, key(field, "exposure"), limit.Exposure)
		v.numbers(field, "most", limit.Most, limit.Least)
		v.leastReturn(key(field, "return"), limit.Return)
		if limit.Expected == 0 && limit.Exposure == 0 && limit.Most == 0 && limit.Least == 0 && limit.Share == 0 && limit.Return == 0 {
			v.add(field, say("bounds nothing", "제한하는 값이 없습니다"), say("write expected, exposure, most, least, share or return", "expected, exposure, most, least, share, return 중 하나를 쓰세요"))
		}
		v.below(key(field, "expected"), limit.Expected, b.Expected)
		v.below(key(field, "exposure"), limit.Exposure, b.Exposure)
	}
	distinct := func(names []string) int {
		slices.Sort(names)
		return len(slices.Compact(names)) + 1
	}
	if n := distinct(segments) * distinct(regions) * distinct(brands); n > mostClasses {
		v.add("budget.limits", sayf("tell %d kinds of customers apart, more than %d", "구분하는 고객 유형이 %d개로 %d개를 넘습니다", n, mostClasses), say("name fewer segments, regions or brands", "세그먼트, 지역, 브랜드를 줄이세요"))
	}
}

// below refuses a part that may cost more than the whole: it bounds nothing, and is surely a slip.
func (v *validator) below(field string, part, whole money.Minor) {
	if part > 0 && whole > 0 && part > whole {
		v.add(field, sayf("%s is more than the whole budget's %s", "%s: 전체 예산(%s)보다 큽니다", v.money(part), v.money(whole)), say("lower it, or remove it", "낮추거나 지우세요"))
	}
}

func (v *validator) numbers(field, most string, largest, least int) {
	unsigned(v, key(field, most), largest)
	unsigned(v, key(field, "least"), least)
	if largest > 0 && least > largest {
		v.add(key(field, "least"), sayf("at least %d and at most %d contradict each other", "최소 %d명과 최대 %d명이 모순됩니다", least, largest), sayf("lower least or raise %s", "least를 낮추거나 %s을(를) 높이세요", most))
	}
}

func (v *validator) names(field string, names []string) {
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			v.add(fmt.Sprintf("%s[%d]", field, i), say("is empty or written twice", "비어 있거나 두 번 쓰였습니다"), nil)
		}
	}
}

// leastReturn takes a number from 0 to 1000: what is counted in thousandths must fit into sums.
func (v *validator) leastReturn(field string, number float64) {
	if !(number >= 0 && number <= 1000) {
		v.add(field, sayf("%v is no return", "%v: 수익률로 쓸 수 없습니다", number), say("write what each unit of cost should bring beyond itself, as in 0.5", "비용 1당 남아야 할 이익을 쓰세요. 예: 0.5"))
	}
}
