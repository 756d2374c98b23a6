package campaign

import (
	"fmt"
	"slices"
	"strings"
)

func (v *validator) settlement() {
	s := v.spec.Settlement
	v.word("settlement.receipts", orDefault(s.Receipts, ReceiptsDelivered), ReceiptsDelivered, ReceiptsImported)
	v.word("settlement.payout", s.Payout, Payouts...)
	switch {
	case s.Payout == PayoutCoupon && strings.TrimSpace(s.Coupons) == "":
		v.add("settlement.coupons", say("is missing: coupons come from a pool of codes", "쿠폰 코드 풀이 없습니다"), say("write the name of the pool, as starter coupons imported it", "starter coupons로 가져온 풀의 이름을 쓰세요"))
	case s.Payout != PayoutCoupon && s.Coupons != "":
		v.add("settlement.coupons", sayf("names a pool, but payout is %s", "풀을 적었지만 payout은 %s입니다", s.Payout), say("write payout: coupon, or remove coupons", "payout: coupon으로 쓰거나 coupons를 지우세요"))
	}
	unsigned(v, "settlement.lag", s.Lag)
	unsigned(v, "settlement.clawback", s.Clawback)
	unsigned(v, "settlement.patience", s.Patience)
	v.terms("settlement", s.Terms)
	for i, offer := range v.spec.Offers {
		field := fmt.Sprintf("offers[%d].terms", i)
		switch {
		case !offer.Rewards() && offer.Terms != nil:
			v.add(field, say("information has no terms", "알림에는 달성 조건이 없습니다"), say("remove terms, or write kind: spend_threshold", "terms를 지우거나 kind: spend_threshold로 쓰세요"))
			continue
		case !offer.Rewards():
			continue
		case offer.Terms != nil:
			v.terms(field, v.spec.TermsOf(offer))
		case offer.Percent != 0 || offer.Kind == OfferCoupon: // together with what all offers' terms say
			v.rewards("settlement", v.spec.TermsOf(offer))
			field = "settlement"
		default:
			field = "settlement"
		}
		v.offerTerms(fmt.Sprintf("offers[%d]", i), field, offer)
	}
}

// named is a list of names, each of them written and written once.
func (v *validator) named(field string, list []string) {
	for i, name := range list {
		switch {
		case strings.TrimSpace(name) == "":
			v.add(fmt.Sprintf("%s[%d]", field, i), say("the name is empty", "이름이 비어 있습니다"), nil)
		case slices.Contains(list[:i], name):
			v.add(fmt.Sprintf("%s[%d]", field, i), sayf("%q is in the list twice", "%q: 목록에 두 번 있습니다", name), nil)
		}
	}
}

func orDefault(word, fallback string) string {
	if word == "" {
		return fallback
	}
	return word
}

func (v *validator) measurement() {
	m := v.spec.Measurement
	v.word("measurement.metric", m.Metric, MetricSpend, MetricWinsorised, MetricResponse, MetricPurchases, MetricBasket)
	v.word("measurement.delivered", m.Delivered, DeliveredReally, DeliveredNever)
	unsigned(v, "measurement.baseline", m.Baseline)
	if at := m.Winsorise; at != 0 && (at < 0.9 || at >= 1) {
		v.add("measurement.winsorise", sayf("%v is not a share of customers who keep what they spent", "%v: 그대로 둘 고객 비율이 아닙니다", at), say("write 0.999, or another number from 0.9 to below 1, or 0 for no cap", "0.999처럼 0.9 이상 1 미만으로 쓰거나, 상한이 없으면 0으로 쓰세요"))
	}
	v.factors(m.Factors)
	if m.Confidence < 0.5 || m.Confidence >= 1 {
		v.add("measurement.confidence", sayf("%v is not a confidence", "%v: 신뢰수준이 아닙니다", m.Confidence), say("write 0.95, or another number from 0.5 to below 1", "0.95처럼 0.5 이상 1 미만으로 쓰세요"))
	}
}

// factors can only be compared where their levels are drawn by lot for a part of the customers.
func (v *validator) factors(factors []string) {
	for i, factor := range factors {
		field := fmt.Sprintf("measurement.factors[%d]", i)
		v.word(field, factor, FactorOffer, FactorTiming, FactorContent)
		if slices.Contains(factors[:i], factor) {
			v.add(field, sayf("%s stands there twice", "%s: 두 번 적혀 있습니다", factor), say("remove one of them", "하나를 지우세요"))
		}
		switch {
		case factor == FactorOffer && v.spec.Budget.Explore <= 0:
			v.add(field, say("no offer is drawn by lot, so nothing can be held against the chosen ones", "추첨으로 정하는 혜택이 없어 비교할 수 없습니다"), say("write budget.explore, such as 20%", "budget.explore를 20%처럼 쓰세요"))
		case factor == FactorTiming && v.spec.Timing.Explore <= 0:
			v.add(field, say("no hour is drawn by lot, so nothing can be held against the chosen ones", "추첨으로 정하는 시간이 없어 비교할 수 없습니다"), say("write timing.explore, such as 20%", "timing.explore를 20%처럼 쓰세요"))
		case factor == FactorContent && len(v.spec.Contents) < 2:
			v.add(field, say("there are no two contents to compare", "비교할 콘텐츠가 두 개 이상 없습니다"), say("write two or more under contents", "contents에 둘 이상 쓰세요"))
		}
	}
}

// limits of the spec itself have to admit the spec.
func (v *validator) limits() {
	own := v.spec.Limits
	if own == nil {
		return
	}
	if own.Currency != "" && own.Currency != v.spec.Currency {
		v.add("limits.currency", sayf("is %s, but the campaign's currency is %s", "%s인데 캠페인 통화는 %s입니다", own.Currency, v.spec.Currency), say("remove limits.currency", "limits.currency를 지우세요"))
		return
	}
	for _, fault := range v.spec.beyond(*own, say("the spec's own limit", "스펙의 한도"), false) {
		v.faults = append(v.faults, fault)
	}
}
