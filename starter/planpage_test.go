package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/compose/preview"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
)

func aPlan() (campaign.Spec, preview.Preview) {
	spec := campaign.Spec{Campaign: "autumn", Currency: "KRW", Title: campaign.Text{"ko": "가을 <캠페인>", "en": "Autumn <campaign>"}, Language: "ko", Offers: []campaign.Offer{
		{ID: "plus", Title: campaign.Text{"ko": "조금 더", "en": "A step further"}, Reward: 3000}, {ID: "news", Title: campaign.Text{"ko": "소식", "en": "News"}},
	}}
	p := preview.Preview{Treated: 18_000, Control: 2000, None: 4200, Offers: []preview.Rung{
		{Offer: "plus", Reward: 3000, Customers: 12_400, Cost: 9_800_000, Value: 14_200_000, Reach: 0.31, Without: 0.12},
		{Offer: "news", Customers: 1400, Value: 310_000},
	}}
	for i := range 12 {
		p.Offers[0].Thresholds = append(p.Offers[0].Thresholds, preview.Bar{From: money.Minor(50_000 * (i + 1)), To: money.Minor(50_000 * (i + 2)), Customers: uint64(300 * (12 - i))})
	}
	p.Budget = preview.Budget{Expected: 10_000_000, Cost: 9_990_000, Exposure: 60_000_000, Out: 37_200_000, Value: 14_510_000, More: 402_000, Limits: []activities.LimitPrice{
		{Name: "expected", Price: 0.82, Used: 9_990_000, Most: 10_000_000}, {Name: "exposure", Used: 37_200_000, Most: 60_000_000}, {Name: "plus.inventory", Price: 310, Used: 12_400, Most: 12_400},
		{Name: "south.share", Price: 120, Used: -1900, Most: -1900},
	}}
	for i := range 40 {
		cost := float64(500_000 * (i + 1))
		p.Budget.Curve = append(p.Budget.Curve, activities.CurvePoint{Cost: money.Minor(cost), Value: money.Minor(22e6 * (1 - 1/(1+cost/5.2e6)))})
	}
	p.Outlook = &activities.Outlook{Offered: 12_400, Responses: offers.Range{P10: 2900, P50: 3840, P90: 4790}, Cost: offers.Range{P10: 7.4e6, P50: 9.99e6, P90: 12.6e6}, Gain: offers.Range{P10: 61e6, P50: 96e6, P90: 131e6}, Spend: offers.Range{P10: 2.10e9, P50: 2.21e9, P90: 2.33e9},
		One: &offers.OneForAll{Offer: "plus", Customers: 9100, Value: 6_300_000, Cost: 10_000_000}, Beside: map[string]uint64{offers.BesideTooEasy: 940, offers.BesideBudget: 2210, offers.BesideLuck: 3}}
	p.Hours = &preview.Hours{Sample: 2000, Blocked: map[string]uint64{"no_capacity": 12}}
	for h := 9; h < 20; h++ {
		p.Hours.At[h] = map[string]uint64{"learned": uint64(200 * (h - 4)), "fallback": 300, "moved": uint64(40 * (h % 4)), "random": 70}
	}
	return spec, p
}

// The page needs nothing from elsewhere, its markup closes, and it says all that is known in either language.
func TestThePlansPage(t *testing.T) {
	spec, p := aPlan()
	for lang, wants := range map[string][]string{
		"ko": {"가을 &lt;캠페인&gt;", "목표 달성 고객", "3,840", "9,990,000원", "예산별 이익", "한도와 그 값", "82,000원", "기준 금액별 혜택", "도착 시간", "정원 초과로 옮김 720", "모두에게 같은 혜택(조금 더)", "혜택이 없어도 목표를 달성할 가능성이 높습니다: 940"},
		"en": {"Autumn &lt;campaign&gt;", "Customers who reach their goal", "3,840", "₩9,990,000", "value by budget", "Limits and what they cost", "₩82,000", "at least 1,900", "Offers by goal", "in each customer&#39;s own time", "segment&#39;s hour 3,300", "every hour full 12", "One offer for all, A step further", "with others it brings more for its cost: 2,210"},
	} {
		var out bytes.Buffer
		require.NoError(t, (&App{Lang: lang}).writePlanPage(&out, spec, p))
		for _, want := range wants {
			require.Contains(t, out.String(), want)
		}
		require.NotContains(t, out.String(), "<script")
		require.NotContains(t, out.String(), "http")
		require.NotContains(t, out.String(), "NaN")
		for i, picture := range strings.Split(out.String(), "<svg")[1:] {
			decoder := xml.NewDecoder(strings.NewReader("<svg" + picture[:strings.Index(picture, "</svg>")+6]))
			for {
				_, err := decoder.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err, "picture %d", i)
			}
		}
	}
	// A plan of nothing is a page, too.
	require.NoError(t, (&App{Lang: "ko"}).writePlanPage(io.Discard, spec, preview.Preview{Problem: "nobody"}))
}
