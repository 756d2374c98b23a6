package campaign

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/money"
)

func TestSentences(t *testing.T) {
	for name, c := range map[string]struct {
		terms  Terms
		en, ko string
	}{
		"plain":      {Terms{}, "Spend at least ₩300,000 in all by 28 September to get ₩10,000 (less what is refunded).", "9월 28일까지 모두 합쳐 300,000원 이상 구매하면 10,000원을 드립니다(취소·환불 금액은 빼고 집계)."},
		"one, gross": {Terms{Measure: MeasureSingle, Reach: ReachMoreThan, Gross: true}, "Spend more than ₩300,000 in one purchase by 28 September to get ₩10,000.", "9월 28일까지 한 번에 300,000원 초과 구매하면 10,000원을 드립니다."},
		"tiers": {Terms{Gross: true, Tiers: []TermsTier{{Threshold: 500_000, Reward: 20_000}}}, "Spend at least ₩300,000 in all by 28 September to get ₩10,000, ₩20,000 from ₩500,000 on.",
			"9월 28일까지 모두 합쳐 300,000원 이상 구매하면 10,000원을 드립니다(500,000원 이상이면 20,000원)."},
		"percent": {Terms{Gross: true, Percent: .025}, "Spend at least ₩300,000 in all by 28 September to get 2.5% of all that you spend back, at most ₩10,000.", "9월 28일까지 모두 합쳐 300,000원 이상 구매하면 구매액의 2.5%를 최대 10,000원까지 드립니다."},
		"every fifth": {Terms{Measure: MeasureSingle, Purchases: 5, Times: 3, From: FromReceipt, Within: Duration(14 * day), Natures: []string{"gift_card"}, Days: []string{"sat"}},
			"Make 5 purchases of at least ₩300,000 each on Saturdays within 14 days of this offer by 28 September to get ₩10,000, up to 3 times (without gift cards; less what is refunded).",
			"혜택을 받은 때부터 14일 안에 9월 28일까지 토요일에 건당 300,000원 이상으로 5번 구매하면 10,000원을 3번까지 드립니다(상품권 제외, 취소·환불 금액은 빼고 집계)."},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.en, c.terms.Sentence("en", "KRW", 300_000, 10_000, "28 September"))
			require.Equal(t, c.ko, c.terms.Sentence("ko", "KRW", 300_000, 10_000, "9월 28일"))
		})
	}
}

func drawTerms(t *rapid.T) Terms {
	words := func(label string, of ...string) []string {
		return rapid.SliceOfDistinct(rapid.SampledFrom(of), rapid.ID[string]).Draw(t, label)
	}
	terms := Terms{
		Measure: rapid.SampledFrom([]string{MeasureCumulative, MeasureSingle}).Draw(t, "measure"), Reach: rapid.SampledFrom([]string{"", ReachMoreThan}).Draw(t, "reach"),
		From: rapid.SampledFrom([]string{FromWindow, FromReceipt, FromFirstPurchase}).Draw(t, "from"), Purchases: rapid.IntRange(0, 1000).Draw(t, "purchases"),
		Times: rapid.IntRange(0, 100).Draw(t, "times"), Instances: rapid.IntRange(0, 100).Draw(t, "instances"), Categories: words("categories", "food", "books"),
		Natures: words("natures", "fee", "mine"), Days: words("days", "mon", "sun"), Percent: Share(rapid.SampledFrom([]float64{0, .1, .0001}).Draw(t, "percent")),
		Within: Duration(time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "within"))), Caps: TermsCaps{Customer: money.Minor(rapid.Int64Range(0, 1<<62).Draw(t, "cap"))},
	}
	if rapid.Bool().Draw(t, "hours") {
		terms.Hours = &TermsHours{From: 60, Until: Clock(rapid.IntRange(0, 24*60).Draw(t, "until"))}
	}
	for range rapid.IntRange(0, 3).Draw(t, "tiers") {
		terms.Tiers = append(terms.Tiers, TermsTier{Threshold: money.Minor(rapid.Int64Range(1, 1<<62).Draw(t, "threshold")), Reward: money.Minor(rapid.Int64Range(1, 1<<62).Draw(t, "reward"))})
	}
	return terms
}

// Whatever the terms, they are one sentence in either language, and no amount wraps around: the steps rise, and the most
// that they can cost is their sum, or an error.
func TestTermsStayWithinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := drawTerms(t)
		threshold := money.Minor(rapid.Int64Range(0, 1<<63-1).Draw(t, "own threshold"))
		reward := money.Minor(rapid.Int64Range(1, 1<<63-1).Draw(t, "own reward"))
		for _, currency := range []string{"KRW", "JPY", "KWD"} {
			for _, language := range []string{"ko", "en"} {
				sentence := terms.Sentence(language, currency, threshold, reward, "")
				require.True(t, strings.HasSuffix(sentence, ".") && !strings.Contains(sentence, "\n") && !strings.Contains(sentence, "%!"), sentence)
			}
		}
		terms.Tiers = nil
		var before money.Minor
		for _, step := range terms.Steps(threshold, reward) {
			require.GreaterOrEqual(t, step.Threshold, before)
			require.GreaterOrEqual(t, step.Purchases, 1)
			before = step.Threshold
		}
		spec := Spec{Touches: make([]Touch, 3), Settlement: Settlement{Terms: terms}}
		most, err := spec.MaxReward(Offer{Reward: reward})
		times := int64(max(terms.Times, 1)) * int64(min(terms.Receipts(), 3))
		if exact, overflow := money.Times(reward, times); overflow == nil && (terms.Caps.Customer == 0 || terms.Caps.Customer >= exact) {
			require.NoError(t, err)
			require.Equal(t, exact, most)
		} else if terms.Caps.Customer > 0 {
			require.Equal(t, terms.Caps.Customer, most)
		} else {
			require.ErrorIs(t, err, money.ErrOverflow)
		}
	})
}

const termsSpec = `
campaign: a
title: {en: a}
goal: spend
currency: KRW
zone: Asia/Seoul
language: en
window: {starts: 2028-02-01, ends: 2028-02-29}
audience: {rule: "", control: 10%}
offers: [{id: a, kind: spend_threshold, threshold: {fixed: 300000}, reward: 10000, terms: TERMS}]
budget: {expected: 1000000, exposure: 9000000, margin: 20%}
touches: [{id: a, channels: [email], message: {email: {en: {subject: a, text: a}}}}]
settlement: {}
`

func TestContradictoryTermsAreRefused(t *testing.T) {
	for terms, want := range map[string][2]string{
		`{times: 3, tiers: [{threshold: 500000, reward: 20000}]}`:                           {"offers[0].terms.tiers", "contradict times"},
		`{percent: 10%, tiers: [{threshold: 500000, reward: 20000}]}`:                       {"offers[0].terms.tiers", "contradict percent"},
		`{percent: 10%, times: 2}`:                                                          {"offers[0].terms.percent", "several times"},
		`{percent: 0.00001%}`:                                                               {"offers[0].terms.percent", "finer"},
		`{tiers: [{threshold: 200000, reward: 20000}]}`:                                     {"offers[0].terms.tiers[0]", "is not above"},
		`{tiers: [{threshold: 500000, reward: 20000}, {threshold: 600000, reward: 15000}]}`: {"offers[0].terms.tiers[1]", "before it"},
		`{within: 3d}`:                 {"offers[0].terms.within", "is window"},
		`{from: receipt, within: 60d}`: {"offers[0].terms.within", "longer than the window"},
		`{instances: 2}`:               {"offers[0].terms.instances", "closes"},
		`{from: receipt, within: 2d, instances: 100, measure: single, times: 100}`: {"offers[0].terms.times", "10000 rewards"},
		`{times: 1000000}`:                            {"offers[0].terms.times", "more than 100"},
		`{hours: {from: 10:00, until: 10:00}}`:        {"offers[0].terms.hours", "nothing counts"},
		`{days: [mon, someday]}`:                      {"offers[0].terms.days[1]", "not known"},
		`{categories: [a], excluded_categories: [a]}`: {"offers[0].terms.excluded_categories", "both counts"},
		`{caps: {customer: 5000}}`:                    {"offers[0].terms.caps", "less than one reward"},
		`{caps: {customer: 20000, day: 30000}}`:       {"offers[0].terms.caps.day", "more than caps.customer"},
		`{first_come: {total: 5, day: 6}}`:            {"offers[0].terms.first_come.day", "more than"},
		`{purchases: -1}`:                             {"offers[0].terms.purchases", "negative"},
		`{reach: nearly}`:                             {"offers[0].terms.reach", "not known"},
	} {
		_, err := Load("spec.yaml", []byte(strings.Replace(termsSpec, "TERMS", terms, 1)))
		require.Error(t, err, terms)
		found := false
		for _, fault := range Faults(err) {
			found = found || fault.Field == want[0] && strings.Contains(fault.Error(), want[1])
		}
		require.True(t, found, "%s: %v", terms, err)
	}
	_, err := Load("spec.yaml", []byte(strings.Replace(termsSpec, "TERMS", "{tiers: [{threshold: 500000, reward: 20000}], days: [sat], caps: {customer: 20000}}", 1)))
	require.NoError(t, err)
}

// The parser of terms takes whatever is written: faults, never a panic, and what it takes it can say.
func FuzzTerms(f *testing.F) {
	for _, seed := range []string{"{}", "{percent: 10%, from: receipt, within: 7d}", "{tiers: [{threshold: 500000, reward: 20000}]}", "{hours: {from: 22:00, until: 02:00}}", "{caps: {customer: 9223372036854775807}, times: 100}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, terms string) {
		spec, err := Load("spec.yaml", []byte(strings.Replace(termsSpec, "TERMS", terms, 1)))
		if err != nil {
			return
		}
		for _, o := range spec.Offers {
			own := spec.TermsOf(o)
			require.NotEmpty(t, own.Sentence("ko", spec.Currency, o.Threshold.Fixed, o.Reward, ""))
			most, err := spec.MaxReward(o)
			require.NoError(t, err)
			require.Positive(t, most)
			require.LessOrEqual(t, own.Rounds()*own.Receipts(), mostRounds)
		}
	})
}
