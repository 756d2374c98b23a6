package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func TestMasked(t *testing.T) {
	for text, want := range map[string]string{"": "", "홍길동": "홍***", "kim@mail.example.com": "k***@***.com", "@": "@***", "a@b": "a***@***", "+821012345678": "+***"} {
		require.Equal(t, want, masked(text))
	}
}

// Whatever happened to a customer, there is a story to tell, in either language.
func TestEveryStoryIsTold(t *testing.T) {
	at := time.Date(2026, 9, 3, 3, 0, 0, 0, time.UTC)
	spec := campaign.Spec{Title: campaign.Text{"ko": "가을", "en": "Autumn"}, Currency: "KRW", Zone: "Asia/Seoul", Offers: []campaign.Offer{{ID: "x", Title: campaign.Text{"ko": "혜택", "en": "Offer X"}}}}
	offer := &warehouse.WhyOffer{ID: "x", Threshold: 100_000, Reward: 5000, Forecast: 70_000, Reach: .4, Without: .1}
	terms := settlement.Terms{Currency: "KRW", Zone: time.UTC, Opens: at, Closes: at.AddDate(0, 0, 28), Known: at.AddDate(0, 0, 29), Offers: []settlement.OfferTerms{{ID: "x"}}}
	verdict := func(lines ...settlement.Line) *settlement.Verdict {
		judged, err := settlement.Judge(terms, settlement.Promise{Offer: "x", Threshold: 100_000, Reward: 5000, Received: []time.Time{at}}, lines)
		require.NoError(t, err)
		return &judged.Receipts[0]
	}
	met := verdict(settlement.Line{At: at, ID: 7, Number: 1, Kind: settlement.Purchase, Amount: 120_000, Currency: "KRW"})
	short := verdict()
	for name, c := range map[string]struct {
		why    warehouse.Why
		ko, en string
	}{
		"unknown":  {warehouse.Why{Customer: 7}, "기록에 없는 고객", "not in this campaign's records"},
		"left out": {warehouse.Why{Audience: &warehouse.WhyAudience{Arm: "left_out", Reason: "no_consent"}}, "수신 동의 없음", "no consent"},
		"control":  {warehouse.Why{Audience: &warehouse.WhyAudience{Arm: "control"}}, "대조군", "control group"},
		"holdout":  {warehouse.Why{Audience: &warehouse.WhyAudience{Arm: "holdout"}}, "상시 대조군", "permanent holdout"},
		"no offer": {warehouse.Why{Offer: &warehouse.WhyOffer{ID: "none"}}, "혜택이 없습니다", "No offer"},
		"unsent":   {warehouse.Why{Offer: offer}, "나간 메시지가 없어", "no message is known to have left"},
		"met":      {warehouse.Why{Offer: offer, Verdict: met}, "목표 100,000원을 달성", "was met on 2026-09-03 12:00"},
		"short":    {warehouse.Why{Offer: offer, Verdict: short}, "100,000원 부족", "₩100,000 short"},
		"paid": {warehouse.Why{Offer: offer, Verdict: met, Redemption: &settlement.Redemption{Offer: "x", Due: 5000}, Payouts: []warehouse.WhyPayout{{State: "paid", Amount: 5000, At: at}}}, "5,000원 지급",
			"paid of ₩5,000"},
	} {
		for lang, want := range map[string]string{"ko": c.ko, "en": c.en} {
			var out bytes.Buffer
			(&App{Out: &out, Lang: lang}).printWhy(campaign.Run{Campaign: "autumn", Occurrence: 1}, spec, &c.why)
			require.Contains(t, out.String(), want, name)
			require.NotContains(t, out.String(), "%!", name)
		}
	}
}
