package campaign

import (
	"fmt"
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/money"
)

// What terms may ask for at most: beyond, nobody could say what an offer may cost.
const (
	mostPurchases = 1000
	mostTimes     = 100
	mostTiers     = 10
	mostInstances = 100
	mostRounds    = 1000 // of one customer and offer: all receipts together
)

// terms checks what needs no offer.
func (v *validator) terms(field string, t Terms) {
	v.word(key(field, "measure"), t.Measure, MeasureCumulative, MeasureSingle)
	v.word(key(field, "reach"), orDefault(t.Reach, ReachAtLeast), ReachAtLeast, ReachMoreThan)
	v.word(key(field, "from"), t.From, FromWindow, FromReceipt, FromFirstPurchase)
	v.word(key(field, "start"), orDefault(t.Start, BoundIncluded), BoundIncluded, BoundExcluded)
	v.word(key(field, "end"), orDefault(t.End, BoundExcluded), BoundIncluded, BoundExcluded)
	v.upTo(key(field, "purchases"), t.Purchases, mostPurchases)
	v.upTo(key(field, "times"), t.Times, mostTimes)
	v.upTo(key(field, "instances"), t.Instances, mostInstances)
	v.period(field, t)
	v.rewards(field, t)
	v.goods(field, t)
	unsigned(v, key(key(field, "first_come"), "total"), t.FirstCome.Total)
	unsigned(v, key(key(field, "first_come"), "day"), t.FirstCome.Day)
	if t.FirstCome.Total > 0 && t.FirstCome.Day > t.FirstCome.Total {
		v.add(key(key(field, "first_come"), "day"), say("is more than first_come.total", "first_come.total보다 많습니다"), say("lower it or remove it", "줄이거나 지우세요"))
	}
	unsigned(v, key(key(field, "caps"), "customer"), t.Caps.Customer)
	unsigned(v, key(key(field, "caps"), "day"), t.Caps.Day)
	if t.Caps.Customer > 0 && t.Caps.Day > t.Caps.Customer {
		v.add(key(key(field, "caps"), "day"), say("is more than caps.customer", "caps.customer보다 많습니다"), say("lower it or remove it", "줄이거나 지우세요"))
	}
}

func (v *validator) upTo(field string, n, most int) {
	unsigned(v, field, n)
	if n > most {
		v.add(field, sayf("%d is more than %d", "%d: 최대 %d", n, most), say("write less", "줄이세요"))
	}
}

func (v *validator) period(field string, t Terms) {
	switch {
	case t.Within > 0 && t.From == FromWindow:
		v.add(key(field, "within"), sayf("counts from the receipt of the message or the first purchase, but %s.from is window", "메시지 수신이나 첫 구매부터 세는 기간인데 %s.from이 window입니다", field), say("write from: receipt or from: first_purchase, or remove within", "from: receipt나 from: first_purchase로 쓰거나 within을 지우세요"))
	case t.Within > 0 && v.length() > 0 && t.Within.Std() > v.length():
		v.add(key(field, "within"), say("is longer than the window", "캠페인 기간보다 깁니다"), say("shorten within or lengthen the window", "within을 줄이거나 기간을 늘리세요"))
	}
	unsigned(v, key(field, "within"), t.Within)
	if t.Instances > 1 && (t.From != FromReceipt || t.Within <= 0) {
		v.add(key(field, "instances"), say("several receipts are open beside each other, but nothing says when one closes", "여러 수신 건이 함께 열리는데 언제 닫히는지가 없습니다"), say("write from: receipt and within", "from: receipt와 within을 쓰세요"))
	}
}

func (v *validator) rewards(field string, t Terms) {
	if t.Percent < 0 || math.Abs(float64(t.Percent)*1e6-float64(t.PerMillion())) > 1e-6 {
		v.add(key(field, "percent"), sayf("%v is finer than a millionth", "%v: 100만분의 1보다 잘게 쓸 수 없습니다", float64(t.Percent)), say("write 10% or 2.5%", "10%, 2.5%처럼 쓰세요"))
	}
	if len(t.Tiers) > mostTiers {
		v.add(key(field, "tiers"), sayf("%d are more than %d", "%d개: 최대 %d개", len(t.Tiers), mostTiers), nil)
	}
	for i, tier := range t.Tiers {
		at := fmt.Sprintf("%s[%d]", key(field, "tiers"), i)
		positive(v, key(at, "threshold"), tier.Threshold, nil)
		positive(v, key(at, "reward"), tier.Reward, nil)
		if i > 0 && (tier.Threshold <= t.Tiers[i-1].Threshold || tier.Reward <= t.Tiers[i-1].Reward) {
			v.add(at, say("is not above the tier before it", "앞 단계보다 높지 않습니다"), say("write tiers upwards, each with a higher threshold and a higher reward", "기준 금액과 혜택이 점점 커지도록 쓰세요"))
		}
	}
	several := func(with string, en, ko string) {
		v.add(key(field, with), say(en, ko), say("keep one of the two", "둘 중 하나만 쓰세요"))
	}
	switch {
	case len(t.Tiers) > 0 && t.Times > 1:
		several("tiers", "contradict times: the highest tier counts, once", "times와 함께 쓸 수 없습니다. 가장 높은 단계 하나만 인정됩니다")
	case len(t.Tiers) > 0 && t.Percent > 0:
		several("tiers", "contradict percent: a tier's reward is fixed", "percent와 함께 쓸 수 없습니다. 단계별 혜택은 정액입니다")
	case t.Percent > 0 && t.Purchases > 1 && t.Single():
		several("percent", "is of one purchase, but several are needed for a reward", "한 건의 비율인데 혜택 하나에 구매 여러 건이 필요합니다")
	case t.Percent > 0 && t.Times > 1 && !t.Single():
		several("percent", "of all purchases together can't be earned several times", "누적 금액의 비율은 여러 번 받을 수 없습니다")
	}
	if rounds := t.Rounds() * t.Receipts(); rounds > mostRounds {
		v.add(key(field, "times"), sayf("with instances allows %d rewards of one customer, more than %d", "instances와 함께 고객 한 명이 %d번까지 받게 됩니다(최대 %d번)", rounds, mostRounds), say("lower times or instances", "times나 instances를 줄이세요"))
	}
}

func (v *validator) goods(field string, t Terms) {
	for _, category := range t.Categories {
		if slices.Contains(t.Excluded, category) {
			v.add(key(field, "excluded_categories"), sayf("%q both counts and is excluded", "%q: 포함과 제외에 함께 있습니다", category), say("keep it in one of the two lists", "한쪽에만 두세요"))
		}
	}
	v.named(key(field, "categories"), t.Categories)
	v.named(key(field, "brands"), t.Brands)
	v.named(key(field, "merchants"), t.Merchants)
	v.named(key(field, "channels"), t.Channels)
	v.named(key(field, "excluded_categories"), t.Excluded)
	v.named(key(field, "excluded_kinds"), t.Natures)
	v.named(key(field, "days"), t.Days)
	for i, word := range t.Days {
		v.word(fmt.Sprintf("%s[%d]", key(field, "days"), i), word, weekdays...)
	}
	if t.Hours != nil && t.Hours.From == t.Hours.Until {
		v.add(key(field, "hours"), say("begin when they end, so nothing counts", "시작과 끝이 같아 아무것도 집계되지 않습니다"), say("remove hours to count the whole day", "하루 종일이면 hours를 지우세요"))
	}
}

// offerTerms checks terms against the offer that they are of.
func (v *validator) offerTerms(offer, field string, o Offer) {
	t := v.spec.TermsOf(o)
	highest := max(o.Threshold.Fixed, o.Threshold.Max)
	if len(t.Tiers) > 0 {
		switch first := t.Tiers[0]; {
		case highest == 0:
			v.add(key(key(offer, "threshold"), "max"), say("is needed below tiers: a personal threshold may reach any of them", "단계(tiers)가 있으면 고객별 기준 금액의 상한이 필요합니다"), say("write threshold.max or threshold.fixed", "threshold.max나 threshold.fixed를 쓰세요"))
		case first.Threshold <= highest || first.Reward <= o.Reward:
			v.add(key(field, "tiers")+"[0]", sayf("is not above %s with its threshold of up to %s and its reward of %s", "%s의 기준 금액(%s 이하)과 혜택(%s)보다 높지 않습니다", offer, v.money(highest), v.money(o.Reward)), say("raise both", "둘 다 높이세요"))
		}
		for i, tier := range t.Tiers {
			if tier.Reward >= tier.Threshold && tier.Threshold > 0 {
				v.add(fmt.Sprintf("%s[%d].reward", key(field, "tiers"), i), say("is not less than what has to be spent for it", "기준 금액보다 작지 않습니다"), nil)
			}
		}
	}
	if t.Caps.Customer > 0 && t.Caps.Customer < o.Reward || t.Caps.Day > 0 && t.Caps.Day < o.Reward {
		if t.Percent == 0 {
			v.add(key(field, "caps"), sayf("are less than one reward of %s", "혜택 하나(%s)보다 작습니다", v.money(o.Reward)), say("raise the cap or lower the reward", "caps를 높이거나 reward를 낮추세요"))
		}
	}
	if imported := v.spec.Settlement.Receipts == ReceiptsImported; imported && o.Threshold.Fixed == 0 {
		v.add(key(key(offer, "threshold"), "fixed"), say("is needed where receipts are imported: nobody assigned a personal threshold", "수신을 가져오는 경우 고객별 기준 금액이 없으므로 고정 금액이 필요합니다"), say("write threshold.fixed", "threshold.fixed를 쓰세요"))
	}
	if _, err := v.spec.MaxReward(o); err != nil {
		v.add(key(offer, "reward"), say("cannot be multiplied by the times that it may be earned", "받을 수 있는 횟수를 곱하면 너무 큽니다"), say("lower reward, times or instances", "reward, times, instances를 줄이세요"))
	}
}

// leastSpend is the least that a customer spends for one reward, as far as it is known. -1: the terms bound it themselves.
func (v *validator) leastSpend(o Offer) money.Minor {
	t, least := v.spec.TermsOf(o), max(o.Threshold.Fixed, o.Threshold.Min)
	if t.Percent > 0 {
		return -1
	}
	if t.Single() && t.Purchases > 1 {
		if all, err := money.Times(least, int64(t.Purchases)); err == nil {
			least = all
		}
	}
	if t.Strict() && least < money.Greatest {
		least++
	}
	return least
}
