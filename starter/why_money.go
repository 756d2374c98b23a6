package main

import (
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/warehouse"
)

var reasons = map[string][2]string{
	"": {"counts", "집계"}, "other_currency": {"another currency", "다른 통화"}, "other_category": {"another category", "대상 아닌 분류"}, "other_brand": {"another brand", "대상 아닌 브랜드"},
	"excluded_category": {"excluded category", "제외 분류"}, "excluded_kind": {"a kind of transaction that is excluded", "제외 거래 종류"}, "other_merchant": {"another merchant", "대상 아닌 가맹점"},
	"other_channel": {"another channel", "대상 아닌 채널"}, "other_day": {"another weekday", "대상 아닌 요일"}, "other_hour": {"another time of day", "대상 아닌 시간"},
	"too_early": {"before the period", "기간 전"}, "too_late": {"after the period", "기간 후"},
}

// purchases tells of each offer and receipt how every purchase counted, and what was earned or is missing.
func (t teller) purchases(y *warehouse.Why) {
	promised := y.Promised
	if len(promised) == 0 && y.Verdict != nil && y.Offer != nil {
		promised = []warehouse.WhyJudged{{
			Promise:   settlement.Promise{Offer: y.Offer.ID, Threshold: y.Offer.Threshold, Reward: y.Offer.Reward},
			Judgement: settlement.Judgement{Receipts: []settlement.Verdict{*y.Verdict}},
		}}
	}
	if len(promised) == 0 {
		if y.Offer != nil && y.Offer.Reward > 0 {
			t.head("Purchases", "구매")
			t.tell("Nothing can be earned: no message is known to have left within the window.", "집계 기간 안에 나간 메시지가 없어 리워드 대상이 아닙니다.")
		}
		return
	}
	qualified := false
	for _, p := range promised {
		for i, v := range p.Receipts {
			t.receipt(p, i, v)
			qualified = qualified || v.Qualified
		}
		t.earned(p.Judgement)
	}
	switch {
	case y.Redemption != nil && !qualified && y.Clawback == 0:
		t.tell("It was met when it was settled; what came back since then counts at the end of the clawback window.", "정산할 때는 달성했습니다. 그 뒤의 취소·환불은 환수 기한에 반영합니다.")
	case y.Redemption == nil && qualified:
		t.tell("It has not been settled yet.", "아직 정산하지 않았습니다.")
	}
}

// receipt tells how the purchases counted for one receipt of an offer.
func (t teller) receipt(p warehouse.WhyJudged, i int, v settlement.Verdict) {
	if len(p.Receipts) > 1 {
		t.head(fmt.Sprintf("Purchases for %s, receipt %d of %d, received %s", p.Offer, i+1, len(p.Receipts), t.time(v.Received)),
			fmt.Sprintf("%s 구매 내역, 수신 %d/%d(%s)", p.Offer, i+1, len(p.Receipts), t.time(v.Received)))
	} else {
		t.head("Purchases for "+p.Offer, p.Offer+" 구매 내역")
	}
	for _, o := range t.spec.Offers {
		if o.ID == p.Offer {
			sentence := t.spec.TermsOf(o).Sentence(t.Lang, t.spec.Currency, p.Threshold, p.Reward, "")
			t.tell(sentence, sentence)
		}
	}
	t.tell(fmt.Sprintf("Purchases count from %s until %s.", t.exact(v.From), t.exact(v.Until)), fmt.Sprintf("%s부터 %s 전까지의 구매를 집계합니다.", t.exact(v.From), t.exact(v.Until)))
	var rows [][]string
	for _, p := range v.Purchases {
		note := t.text(reasons[string(p.Reason)][0], reasons[string(p.Reason)][1])
		if p.Skipped > 0 && p.Reason == "" {
			note += t.text(fmt.Sprintf(", %d lines do not", p.Skipped), fmt.Sprintf(", %d줄 제외", p.Skipped))
		}
		if p.Reached {
			note = t.text("reached the goal", "목표 달성")
		}
		row := []string{t.time(p.At), fmt.Sprint(p.ID), "", "", "", "", note}
		if p.Reason == "" {
			row = []string{t.time(p.At), fmt.Sprint(p.ID), t.money(p.Bought), t.money(p.Taken), t.money(p.Net), t.money(p.Total), note}
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		t.PrintTable([]Column{{Title: t.text("When", "시각")}, {Title: t.text("Purchase", "구매"), Right: true}, {Title: t.text("Bought", "구매액"), Right: true}, {Title: t.text("Returned", "취소·환불"), Right: true},
			{Title: t.text("Counts", "인정액"), Right: true}, {Title: t.text("Total", "누계"), Right: true}, {Title: t.text("Note", "비고")}}, rows)
	}
	switch {
	case v.Qualified:
		t.tell(fmt.Sprintf("The goal of %s was met on %s, with %s.", t.money(p.Threshold), t.time(v.At), t.money(v.Spend)), fmt.Sprintf("%s에 목표 %s을 달성했습니다(인정액 %s).", t.time(v.At), t.money(p.Threshold), t.money(v.Spend)))
	case v.Missing == 0 && v.Short > 0:
		t.tell(fmt.Sprintf("The goal was not met: %d more purchases are missing.", v.Short), fmt.Sprintf("목표에 이르지 못했습니다. 구매 %d건이 부족합니다.", v.Short))
	default:
		t.tell(fmt.Sprintf("The goal of %s was not met: %s of it, %s short.", t.money(p.Threshold), t.money(v.Spend), t.money(v.Missing)), fmt.Sprintf("목표 %s에 이르지 못했습니다. 인정액 %s, %s 부족합니다.", t.money(p.Threshold), t.money(v.Spend), t.money(v.Missing)))
	}
}

// exact shows seconds where there are any: the ends of a period may be excluded or included by one.
func (t teller) exact(at time.Time) string {
	if at.Second() == 0 {
		return t.time(at)
	}
	return at.In(t.zone).Format(time.DateTime)
}

// earned tells each reward, and what a cap cut from it.
func (t teller) earned(j settlement.Judgement) {
	for _, e := range j.Earned {
		english := fmt.Sprintf("Earned %s on %s by purchase %d: step %d of receipt %d.", t.money(e.Due), t.time(e.At), e.Purchase, e.Step, e.Receipt)
		korean := fmt.Sprintf("%s 구매 %d로 %s 획득(수신 %d, %d단계).", t.time(e.At), e.Purchase, t.money(e.Due), e.Receipt, e.Step)
		if e.Cut > 0 {
			english += fmt.Sprintf(" A cap cut %s from it.", t.money(e.Cut))
			korean += fmt.Sprintf(" 한도로 %s 줄었습니다.", t.money(e.Cut))
		}
		t.tell(english, korean)
	}
}

var payoutStates = map[string][2]string{"requested": {"requested", "요청"}, "unknown": {"no answer: the provider will be asked", "응답 없음: 지급사에 확인 예정"}, "refused": {"refused", "거절"}, "paid": {"paid", "지급"}}

func (t teller) payout(y *warehouse.Why) {
	if y.Redemption == nil {
		return
	}
	t.head("Reward", "리워드")
	redeemed := y.Redeemed
	if len(redeemed) == 0 {
		redeemed = []settlement.Redemption{*y.Redemption}
	}
	for _, r := range redeemed {
		t.tell(fmt.Sprintf("%s is due for %s.", t.money(r.Due), r.Offer), fmt.Sprintf("%s 혜택으로 %s 지급 대상입니다.", r.Offer, t.money(r.Due)))
	}
	for _, p := range y.Payouts {
		state := payoutStates[p.State]
		t.tell(fmt.Sprintf("%s: %s of %s, key %s.", t.time(p.At), state[0], t.money(p.Amount), p.Payout), fmt.Sprintf("%s: %s %s, 키 %s.", t.time(p.At), t.money(p.Amount), state[1], p.Payout))
	}
	if len(y.Payouts) == 0 {
		t.tell("It has not been asked for yet.", "아직 지급을 요청하지 않았습니다.")
	}
	if y.Clawback > 0 {
		t.tell(fmt.Sprintf("%s is taken back: the purchases that earned it were returned.", t.money(y.Clawback)), fmt.Sprintf("구매가 취소·환불되어 %s을 환수합니다.", t.money(y.Clawback)))
	}
}

// printExplained tells only how a customer's purchases counted and what was paid for them.
func (a *App) printExplained(run campaign.Run, spec campaign.Spec, y *warehouse.Why) {
	zone, err := campaign.LoadZone(spec.Zone)
	if err != nil {
		zone = time.UTC
	}
	t := teller{App: a, spec: spec, zone: zone}
	t.who(run, y)
	if y.Offer == nil && len(y.Promised) == 0 {
		t.tell("The customer holds no offer of this campaign.", "이 캠페인의 혜택을 받은 고객이 아닙니다.")
	}
	t.purchases(y)
	t.payout(y)
}
