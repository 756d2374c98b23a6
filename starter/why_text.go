package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// teller tells one customer's story in sentences, as an agent would read them out.
type teller struct {
	*App
	spec campaign.Spec
	zone *time.Location
}

func (a *App) printWhy(run campaign.Run, spec campaign.Spec, y *warehouse.Why) {
	zone, err := campaign.LoadZone(spec.Zone)
	if err != nil {
		zone = time.UTC
	}
	t := teller{App: a, spec: spec, zone: zone}
	t.who(run, y)
	t.audience(y)
	t.offer(y)
	t.messages(y)
	t.purchases(y)
	t.payout(y)
	t.postings(y)
}

func (t teller) word(key string) string { return report.In(t.Lang, key) }
func (t teller) money(amount money.Minor) string {
	return money.Format(amount, t.spec.Currency, t.Lang)
}
func (t teller) time(at time.Time) string    { return at.In(t.zone).Format("2006-01-02 15:04") }
func (t teller) head(english, korean string) { t.Sayf("\n%s", t.text(english, korean)) }
func (t teller) tell(english, korean string) { t.Sayf("  %s", t.text(english, korean)) }

func (t teller) who(run campaign.Run, y *warehouse.Why) {
	t.Sayf("%s · %s/%d", t.spec.Title.In(t.Lang), run.Campaign, run.Occurrence)
	parts := []string{fmt.Sprintf("#%d", y.Customer)}
	for _, part := range []string{y.ExternalID, y.Name} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(y.Contacts)) {
		parts = append(parts, channel+" "+y.Contacts[channel])
	}
	t.Sayf("%s %s", t.text("Customer", "고객"), strings.Join(parts, " · "))
	if y.ExternalID == "" {
		t.tell("Nobody is known by this key: the customer was erased, or never was.", "이 키로 알려진 고객이 없습니다. 삭제되었거나 없던 고객입니다.")
	}
}

func (t teller) audience(y *warehouse.Why) {
	t.head("Chosen or not", "선정 여부")
	if y.Audience == nil {
		t.tell("The customer is not in this campaign's records: they joined after it was planned, or it has not been planned yet.",
			"이 캠페인의 기록에 없는 고객입니다. 계획한 뒤에 가입했거나 아직 계획하지 않았습니다.")
		return
	}
	reason := t.word(y.Audience.Reason)
	switch y.Audience.Arm {
	case "treated":
		t.tell(fmt.Sprintf("Chosen to be addressed, with a score of %.4f.", y.Audience.Score), fmt.Sprintf("발송 대상으로 선정되었습니다(점수 %.4f).", y.Audience.Score))
	case "control":
		t.tell(fmt.Sprintf("Chosen, and drawn into the control group by hash: no message and no reward, so that the effect can be measured. Score %.4f.", y.Audience.Score),
			fmt.Sprintf("선정되었으나 해시 추첨으로 대조군이 되었습니다. 효과를 재기 위한 집단이라 메시지와 리워드가 없습니다(점수 %.4f).", y.Audience.Score))
	case "holdout":
		t.tell("In the permanent holdout across all campaigns: never addressed, so that all campaigns together can be measured.", "모든 캠페인에 공통인 상시 대조군이라 발송하지 않습니다.")
	default:
		t.tell("Left out: "+reason+".", "제외되었습니다. 사유: "+reason+".")
	}
	for _, sentence := range y.Reasons {
		t.Sayf("    %s", sentence)
	}
}

func (t teller) offer(y *warehouse.Why) {
	if y.Offer == nil {
		return
	}
	t.head("The offer", "혜택")
	o := y.Offer
	name := o.ID
	for _, offer := range t.spec.Offers {
		if title := offer.Title.In(t.Lang); offer.ID == o.ID && title != "" {
			name = title + " (" + o.ID + ")"
		}
	}
	switch {
	case o.Reward == 0 && o.ID == "none":
		t.tell("No offer: none was worth its cost at the budget's price.", "혜택이 없습니다. 예산에 비추어 비용만큼의 가치가 있는 혜택이 없었습니다.")
		return
	case o.Reward == 0:
		t.tell(name+": information, without a reward.", name+": 안내만 하고 리워드는 없습니다.")
		return
	}
	t.tell(fmt.Sprintf("%s: spend %s, get %s.", name, t.money(o.Threshold), t.money(o.Reward)), fmt.Sprintf("%s: %s 이상 구매하면 %s.", name, t.money(o.Threshold), t.money(o.Reward)))
	t.tell(fmt.Sprintf("Forecast of the customer's own spend in the window: %s. Chance to reach the goal: %.0f%% with the offer, %.0f%% without it.", t.money(o.Forecast), o.Reach*100, o.Without*100),
		fmt.Sprintf("집계 기간의 예상 구매액은 %s입니다. 목표 달성 확률은 혜택이 있으면 %.0f%%, 없으면 %.0f%%로 보았습니다.", t.money(o.Forecast), o.Reach*100, o.Without*100))
	t.tell(fmt.Sprintf("Expected: cost %s, gain after cost %s.", t.money(o.ExpectedCost), t.money(o.Value)), fmt.Sprintf("예상 비용 %s, 비용을 뺀 예상 이익 %s.", t.money(o.ExpectedCost), t.money(o.Value)))
	if o.Explored == 1 {
		t.tell(fmt.Sprintf("It was drawn at random among the offers this customer might have had (probability %.3f), so that the next campaign learns.", o.Propensity),
			fmt.Sprintf("다음 캠페인의 학습을 위해 가능한 혜택 가운데 무작위로 뽑았습니다(확률 %.3f).", o.Propensity))
	}
}

var sources = map[string][2]string{
	"learned": {"the hour this customer responds at best", "이 고객이 가장 잘 반응하는 시간"}, "fallback": {"the best hour of customers like this one", "비슷한 고객이 가장 잘 반응하는 시간"},
	"moved": {"moved from the best hour because it was full or not allowed", "원래 시간이 차거나 허용되지 않아 옮긴 시간"}, "random": {"an hour drawn at random to learn", "학습을 위해 무작위로 뽑은 시간"},
}

func (t teller) messages(y *warehouse.Why) {
	if len(y.Planned) == 0 && len(y.Deliveries) == 0 {
		return
	}
	t.head("Messages", "메시지")
	for _, p := range y.Planned {
		if p.Blocked != "" {
			t.tell(fmt.Sprintf("%s by %s: not planned: %s.", t.word(p.Touch), p.Channel, t.word(p.Blocked)), fmt.Sprintf("%s(%s): 발송 예정 없음. 사유: %s.", t.word(p.Touch), p.Channel, t.word(p.Blocked)))
			continue
		}
		why := sources[p.Source]
		t.tell(fmt.Sprintf("%s by %s, planned for %s: %s.", t.word(p.Touch), p.Channel, t.time(p.At), why[0]), fmt.Sprintf("%s(%s): %s 발송 예정. %s.", t.word(p.Touch), p.Channel, t.time(p.At), why[1]))
	}
	var rows [][]string
	for _, d := range y.Deliveries {
		note := t.word(d.Reason)
		if d.State != campaign.DeliveryAttempting.String() { // an open attempt's note is the sender's own
			note = strings.TrimSpace(note + " " + d.Response)
		}
		rows = append(rows, []string{t.word(d.Touch), fmt.Sprint(d.Attempt), d.Channel, t.word(d.State), t.time(d.At), note})
	}
	if len(rows) > 0 {
		t.PrintTable([]Column{{Title: t.word("touch")}, {Title: t.text("Attempt", "시도"), Right: true}, {Title: t.text("Channel", "채널")}, {Title: t.text("State", "상태")}, {Title: t.text("When", "시각")}, {Title: t.text("Note", "비고")}}, rows)
	}
}

var reasons = map[string][2]string{
	"": {"counts", "집계"}, "other_currency": {"another currency", "다른 통화"}, "other_category": {"another category", "대상 아닌 분류"}, "other_brand": {"another brand", "대상 아닌 브랜드"},
	"excluded_category": {"excluded category", "제외 분류"}, "excluded_kind": {"a kind of transaction that is excluded", "제외 거래 종류"}, "other_merchant": {"another merchant", "대상 아닌 가맹점"},
	"other_channel": {"another channel", "대상 아닌 채널"}, "other_day": {"another weekday", "대상 아닌 요일"}, "other_hour": {"another time of day", "대상 아닌 시간"},
	"too_early": {"before the period", "기간 전"}, "too_late": {"after the period", "기간 후"},
}

func (t teller) purchases(y *warehouse.Why) {
	v := y.Verdict
	if v == nil {
		if y.Offer != nil && y.Offer.Reward > 0 {
			t.head("Purchases", "구매")
			t.tell("Nothing can be earned: no message is known to have left within the window.", "집계 기간 안에 나간 메시지가 없어 리워드 대상이 아닙니다.")
		}
		return
	}
	t.head("Purchases", "구매")
	t.tell(fmt.Sprintf("Purchases count from %s until %s.", t.time(v.From), t.time(v.Until)), fmt.Sprintf("%s부터 %s 전까지의 구매를 집계합니다.", t.time(v.From), t.time(v.Until)))
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
	if v.Qualified {
		t.tell(fmt.Sprintf("The goal of %s was met on %s, with %s.", t.money(y.Offer.Threshold), t.time(v.At), t.money(v.Spend)), fmt.Sprintf("%s에 목표 %s을 달성했습니다(인정액 %s).", t.time(v.At), t.money(y.Offer.Threshold), t.money(v.Spend)))
	} else {
		t.tell(fmt.Sprintf("The goal of %s was not met: %s of it, %s short.", t.money(y.Offer.Threshold), t.money(v.Spend), t.money(v.Missing)), fmt.Sprintf("목표 %s에 이르지 못했습니다. 인정액 %s, %s 부족합니다.", t.money(y.Offer.Threshold), t.money(v.Spend), t.money(v.Missing)))
	}
	switch {
	case y.Redemption != nil && !v.Qualified && y.Clawback == 0:
		t.tell("It was met when it was settled; what came back since then counts at the end of the clawback window.", "정산할 때는 달성했습니다. 그 뒤의 취소·환불은 환수 기한에 반영합니다.")
	case y.Redemption == nil && v.Qualified:
		t.tell("It has not been settled yet.", "아직 정산하지 않았습니다.")
	}
}

var payoutStates = map[string][2]string{"requested": {"requested", "요청"}, "unknown": {"no answer: the provider will be asked", "응답 없음: 지급사에 확인 예정"}, "refused": {"refused", "거절"}, "paid": {"paid", "지급"}}

func (t teller) payout(y *warehouse.Why) {
	if y.Redemption == nil {
		return
	}
	t.head("Reward", "리워드")
	t.tell(fmt.Sprintf("%s is due for %s.", t.money(y.Redemption.Due), y.Redemption.Offer), fmt.Sprintf("%s 혜택으로 %s 지급 대상입니다.", y.Redemption.Offer, t.money(y.Redemption.Due)))
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

func (t teller) postings(y *warehouse.Why) {
	if len(y.Postings) == 0 {
		return
	}
	t.head("In the ledger", "원장")
	var rows [][]string
	for _, p := range y.Postings {
		debit, credit := t.money(p.Amount), ""
		if p.Amount < 0 {
			debit, credit = "", t.money(-p.Amount)
		}
		rows = append(rows, []string{fmt.Sprint(p.Batch), string(p.Kind), string(p.Account), debit, credit})
	}
	t.PrintTable([]Column{{Title: t.text("Batch", "묶음"), Right: true}, {Title: t.text("Kind", "종류")}, {Title: t.word("account")}, {Title: t.word("debit"), Right: true}, {Title: t.word("credit"), Right: true}}, rows)
}
