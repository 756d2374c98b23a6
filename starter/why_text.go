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
	"github.com/danbi-project/danbi/internal/offers"
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
		t.beside(o.Beside)
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
	t.beside(o.Beside)
}

// besides say why somebody has a worse offer than neighbours: customers of the same segment and tenth of the forecast.
var besides = map[string][2]string{
	offers.BesideRule:    {"its rule does not hold for this customer", "이 고객은 그 혜택의 조건에 맞지 않습니다"},
	offers.BesideTooEasy: {"they would most likely reach its goal anyway", "혜택이 없어도 목표를 달성할 가능성이 높습니다"},
	offers.BesideTooFar:  {"its goal is too far from what they spend", "목표가 평소 이용액에서 너무 멉니다"},
	offers.BesideWorth:   {"it brings less with them than what they have", "지금의 혜택이 더 큰 효과를 냅니다"},
	offers.BesideBudget:  {"with others it brings more for its cost", "같은 비용으로 다른 고객에게서 더 큰 효과가 납니다"},
	offers.BesideLot:     {"theirs was drawn, to learn", "학습을 위해 무작위로 뽑혔습니다"},
	offers.BesideLuck:    {"nothing but the edge of the budget tells them apart", "예산의 경계에 걸렸을 뿐 다른 이유는 없습니다"},
}

// beside says what neighbours get, and why this customer does not.
func (t teller) beside(reason string) {
	why, offer := offers.BesideWords(reason)
	words, known := besides[why]
	if !known {
		return
	}
	for _, o := range t.spec.Offers {
		if title := o.Title.In(t.Lang); o.ID == offer && title != "" {
			offer = title + " (" + o.ID + ")"
		}
	}
	t.tell(fmt.Sprintf("Customers of the same segment who spend as much get %s: %s.", offer, words[0]), fmt.Sprintf("같은 세그먼트에서 비슷하게 이용하는 고객은 %s을(를) 받습니다. %s.", offer, words[1]))
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
