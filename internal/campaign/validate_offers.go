package campaign

import (
	"fmt"
	"strings"

	"github.com/danbi-project/danbi/internal/money"
)

func (v *validator) offers() {
	offers := v.spec.Offers
	if len(offers) == 0 {
		v.add("offers", say("there is no offer", "혜택이 없습니다"), say("write at least one, or one of kind: information", "하나 이상 쓰세요. 알림만이면 kind: information"))
	}
	unique(v, "offers", offers, func(o Offer) string { return o.ID })
	for i, offer := range offers {
		field := fmt.Sprintf("offers[%d]", i)
		v.word(key(field, "kind"), string(offer.Kind), OfferKinds...)
		if len(offer.Title) > 0 {
			v.text(key(field, "title"), offer.Title)
		}
		if v.rule != nil && strings.TrimSpace(offer.Rule) != "" {
			v.adopt(key(field, "rule"), v.rule(offer.Rule))
		}
		if offer.Rewards() {
			positive(v, key(field, "reward"), offer.Reward, say("write what the customer gets; of a percentage, the most", "고객이 받을 금액을 쓰세요. 정률이면 최대 금액입니다"))
			v.threshold(key(field, "threshold"), offer)
			v.offerKind(field, offer)
			continue
		}
		if offer.Reward != 0 {
			v.add(key(field, "reward"), say("information gives nothing", "알림에는 혜택이 없습니다"), say("remove reward, or write kind: spend_threshold", "reward를 지우거나 kind: spend_threshold로 쓰세요"))
		}
		if t := offer.Threshold; t.Asks() {
			v.add(key(field, "threshold"), say("information has no threshold", "알림에는 기준 금액이 없습니다"), say("remove threshold, or write kind: spend_threshold", "threshold를 지우거나 kind: spend_threshold로 쓰세요"))
		}
		if offer.Percent != 0 || offer.Valid != 0 {
			v.add(key(field, "kind"), say("information has neither percent nor valid", "알림에는 percent, valid가 없습니다"), say("remove them, or write another kind", "지우거나 다른 kind로 쓰세요"))
		}
	}
}

func (v *validator) threshold(field string, offer Offer) {
	t := offer.Threshold
	unsigned(v, key(field, "fixed"), t.Fixed)
	unsigned(v, key(field, "step"), t.Step)
	unsigned(v, key(field, "min"), t.Min)
	unsigned(v, key(field, "max"), t.Max)
	unsigned(v, key(field, "round_to"), t.RoundTo)
	if t.Chance < 0 || t.Chance >= 1 {
		v.add(key(field, "chance"), sayf("%s is no chance that spend stays below the goal's base", "%s: 기준을 밑돌 확률로 쓸 수 없습니다", t.Chance), say("write 50% for the median, 70% for what only 3 in 10 exceed", "중앙값은 50%, 열에 셋만 넘는 금액은 70%로 쓰세요"))
	}
	positive(v, key(field, "stretch"), t.Stretch, say("write 1 for the forecast as it is", "예측 그대로면 1을 쓰세요"))
	personal := t.Step != 0 || t.Min != 0 || t.Max != 0 || t.Chance != 0
	switch {
	case t.Fixed > 0 && personal:
		v.add(field, say("is both fixed and personal", "고정 금액과 고객별 기준이 함께 있습니다"), say("keep either fixed, or step, round_to, min and max", "fixed만 두거나 step, round_to, min, max만 두세요"))
	case offer.Kind != OfferThreshold && !t.Asks(): // any purchase will do
	case t.Fixed <= 0 && t.Step <= 0 && t.Stretch <= 1 && t.Chance < 0.5:
		v.add(field, say("asks for nothing more than the customer's own forecast", "고객의 예상 이용액보다 더 요구하지 않습니다"), say("write step (above the forecast), stretch above 1, chance of 50% or more, or fixed", "step(예상 이용액에 더할 금액), 1보다 큰 stretch, 50% 이상의 chance, 또는 fixed를 쓰세요"))
	case t.Max > 0 && t.Min > t.Max:
		v.add(key(field, "min"), say("min is more than max", "min이 max보다 큽니다"), nil)
	case t.RoundTo > 1 && (t.Min%t.RoundTo != 0 || t.Max%t.RoundTo != 0):
		v.add(key(field, "round_to"), say("min and max are not multiples of it", "min, max가 이 단위의 배수가 아닙니다"), say("choose min and max that are multiples of round_to", "min, max를 round_to의 배수로 쓰세요"))
	}
	if least := v.leastSpend(offer); least > 0 && offer.Reward >= least {
		v.add(field, sayf("a reward of %s for spending as little as %s costs more than it can bring", "%s 혜택이 최소 기준 금액 %s 이상입니다", v.money(offer.Reward), v.money(least)), say("lower the reward or raise fixed or min", "reward를 낮추거나 fixed, min을 높이세요"))
	}
}

// offerKind checks what a kind of offer asks of its own keys and terms.
func (v *validator) offerKind(field string, o Offer) {
	t := v.spec.TermsOf(o)
	if o.Kind == OfferPercentage && t.Percent <= 0 {
		v.add(key(field, "percent"), say("is needed: a percentage of what?", "정률 혜택의 비율이 없습니다"), say("write percent: 10%; reward is the most that is given", "percent: 10%처럼 쓰세요. reward는 최대 금액입니다"))
	}
	if (o.Kind == OfferThreshold || o.Kind == OfferBundle) && o.Percent != 0 {
		v.add(key(field, "percent"), sayf("is not of an offer of kind %s", "%s 혜택에는 쓸 수 없습니다", string(o.Kind)), say("write kind: percentage, points or coupon", "kind: percentage, points, coupon으로 쓰세요"))
	}
	if o.Kind == OfferPoints && v.spec.Settlement.Payout != PayoutPoints {
		v.add(key(field, "kind"), sayf("points can't be paid as %s", "%s(으)로는 포인트를 지급할 수 없습니다", v.spec.Settlement.Payout), say("write settlement.payout: points, or kind: spend_threshold", "settlement.payout: points로 쓰거나 kind: spend_threshold로 쓰세요"))
	}
	if o.Kind == OfferCoupon && t.Purchases > 1 {
		v.add(key(field, "kind"), say("a coupon is for one purchase, but its terms ask for several", "쿠폰은 한 번의 구매에 쓰는데 조건은 여러 번입니다"), say("remove purchases, or write kind: bundle", "purchases를 지우거나 kind: bundle로 쓰세요"))
	}
	if o.Kind == OfferBundle && (t.Purchases < 2 || len(t.Categories)+len(t.Brands)+len(t.Merchants) == 0) {
		v.add(key(field, "terms"), say("a bundle is several purchases of some goods", "묶음 혜택은 정해진 상품을 여러 번 구매하는 조건입니다"), say("write terms.purchases of 2 or more, and categories, brands or merchants", "terms.purchases를 2 이상으로, categories·brands·merchants 중 하나를 쓰세요"))
	}
	unsigned(v, key(field, "valid"), o.Valid)
	switch {
	case o.Valid > 0 && o.Terms != nil && o.Terms.Within > 0:
		v.add(key(field, "valid"), say("contradicts terms.within", "terms.within과 함께 쓸 수 없습니다"), say("keep one of the two", "둘 중 하나만 쓰세요"))
	case o.Valid > 0 && v.length() > 0 && o.Valid.Std() > v.length():
		v.add(key(field, "valid"), say("is longer than the window", "캠페인 기간보다 깁니다"), say("shorten it or lengthen the window", "줄이거나 기간을 늘리세요"))
	}
}

// OfferKinds are the words of offers' kinds.
var OfferKinds = []string{string(OfferThreshold), string(OfferPercentage), string(OfferPoints), string(OfferCoupon), string(OfferBundle), string(OfferInform)}

// Asks says that a threshold asks for something: without, any purchase reaches it.
func (t Threshold) Asks() bool {
	return t.Fixed != 0 || t.Step != 0 || t.Min != 0 || t.Max != 0 || t.Chance != 0 || t.Stretch != 0 && t.Stretch != 1
}

func (v *validator) money(amount money.Minor) Text { return amountText(amount, v.spec.Currency) }

func (v *validator) budget() {
	b, largest := v.spec.Budget, v.spec.LargestReward()
	unsigned(v, "budget.contact", b.Contact)
	unsigned(v, "budget.exposure", b.Exposure)
	if largest > 0 || b.Expected < 0 {
		positive(v, "budget.expected", b.Expected, say("write what the rewards may cost together", "혜택 비용의 기대 합계를 쓰세요"))
	}
	if b.Exposure > 0 && b.Exposure < b.Expected {
		v.add("budget.exposure", sayf("the most that may be out, %s, is less than the expected cost %s", "최대 노출액(%s)이 기대 비용(%s)보다 작습니다", v.money(b.Exposure), v.money(b.Expected)), say("raise exposure or lower expected", "exposure를 높이거나 expected를 낮추세요"))
	}
	if b.Exposure > 0 && largest > b.Exposure {
		v.add("budget.exposure", sayf("is less than one reward of %s", "혜택 하나(%s)보다 작습니다", v.money(largest)), say("raise exposure or lower the reward", "exposure를 높이거나 reward를 낮추세요"))
	}
	if b.Margin <= 0 && largest > 0 {
		v.add("budget.margin", say("with a margin of zero no reward ever pays", "마진이 0이면 어떤 혜택도 이익이 되지 않습니다"), say("write what is earned of each unit of more spend, as in 20%", "늘어난 매출에서 남는 비율을 쓰세요. 예: 20%"))
	}
	if b.Explore > 0.5 {
		v.add("budget.explore", sayf("%s random offers leave too little to the optimiser", "무작위 혜택 %s는 너무 많습니다", b.Explore), say("write at most 50%, usually 5%", "50% 이하, 보통 5%를 쓰세요"))
	}
}

// LargestReward is the most that one customer can get.
func (s Spec) LargestReward() money.Minor {
	var largest money.Minor
	for _, offer := range s.Offers {
		if most, err := s.MaxReward(offer); err == nil { // one that does not fit is a fault of its own
			largest = max(largest, most)
		}
	}
	return largest
}
