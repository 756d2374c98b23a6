package campaign

import (
	"fmt"
	"slices"
	"strings"
)

func (v *validator) settlement() {
	s := v.spec.Settlement
	v.word("settlement.measure", s.Measure, MeasureCumulative, MeasureSingle)
	v.word("settlement.from", s.From, FromWindow, FromReceipt)
	v.word("settlement.payout", s.Payout, Payouts...)
	unsigned(v, "settlement.lag", s.Lag)
	unsigned(v, "settlement.clawback", s.Clawback)
	switch {
	case s.Within > 0 && s.From != FromReceipt:
		v.add("settlement.within", say("counts from the receipt of the message, but settlement.from is window", "메시지 수신부터 세는 기간인데 settlement.from이 window입니다"), say("write from: receipt, or remove within", "from: receipt로 쓰거나 within을 지우세요"))
	case s.Within > 0 && v.length() > 0 && s.Within.Std() > v.length():
		v.add("settlement.within", say("is longer than the window", "캠페인 기간보다 깁니다"), say("shorten within or lengthen the window", "within을 줄이거나 기간을 늘리세요"))
	}
	for _, category := range s.Categories {
		if slices.Contains(s.Excluded, category) {
			v.add("settlement.excluded_categories", sayf("%q both counts and is excluded", "%q: 포함과 제외에 함께 있습니다", category), say("keep it in one of the two lists", "한쪽에만 두세요"))
		}
	}
	v.named("settlement.categories", s.Categories)
	v.named("settlement.brands", s.Brands)
	v.named("settlement.excluded_categories", s.Excluded)
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

func (v *validator) measurement() {
	m := v.spec.Measurement
	v.word("measurement.metric", m.Metric, MetricSpend, MetricWinsorised, MetricResponse, MetricPurchases, MetricBasket)
	v.word("measurement.delivered", m.Delivered, DeliveredReally, DeliveredNever)
	unsigned(v, "measurement.baseline", m.Baseline)
	if at := m.Winsorise; at != 0 && (at < 0.9 || at >= 1) {
		v.add("measurement.winsorise", sayf("%v is not a share of customers who keep what they spent", "%v: 그대로 둘 고객 비율이 아닙니다", at), say("write 0.999, or another number from 0.9 to below 1, or 0 for no cap", "0.999처럼 0.9 이상 1 미만으로 쓰거나, 상한이 없으면 0으로 쓰세요"))
	}
	if m.Confidence < 0.5 || m.Confidence >= 1 {
		v.add("measurement.confidence", sayf("%v is not a confidence", "%v: 신뢰수준이 아닙니다", m.Confidence), say("write 0.95, or another number from 0.5 to below 1", "0.95처럼 0.5 이상 1 미만으로 쓰세요"))
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
