package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
)

// Offers of every kind go from the spec through values, the optimiser and the message to what is owed: each customer with an
// offer makes purchases that meet it in a way known here, and what settlement owes them is reckoned again by hand.
func TestEveryKindOfOfferFromSpecToDue(t *testing.T) {
	p := plan(t, 6_000, "member-offers.yaml", func(b *campaign.Brief) {
		b.Spec.Audience.Size, b.Spec.Audience.Exclude = 1500, campaign.Exclusion{}
		b.Spec.Budget.Explore, b.Spec.Budget.Expected, b.Spec.Budget.Exposure = 0.5, 2_000_000, 10_000_000
		for k := range b.Spec.Offers {
			b.Spec.Offers[k].Inventory = min(b.Spec.Offers[k].Inventory, 60)
		}
	})
	p.extract(t, 2)
	p.score(t)
	p.choose(t)
	prices, _, tiers := p.assign(t)
	t.Logf("offers %v, cost %d, refused %d", prices.Offers, prices.Cost, prices.Refused)
	require.Zero(t, prices.Refused)
	for _, o := range p.brief.Spec.Offers {
		require.Positive(t, prices.Offers[o.ID], "nobody gets %s", o.ID)
		if o.Inventory > 0 {
			require.LessOrEqual(t, prices.Offers[o.ID], uint64(o.Inventory))
		}
	}

	t.Logf("%d have less than neighbours", count(t, p.store, "SELECT countIf(beside != '') FROM assignments WHERE campaign = 'member-offers'"))
	require.Zero(t, count(t, p.store, `SELECT count() FROM assignments WHERE campaign = 'member-offers' AND beside != ''
		AND splitByChar(':', toString(beside))[1] NOT IN ('rule', 'too_easy', 'too_far', 'worth', 'budget', 'lot', 'luck')`), "a reason for each")
	require.Positive(t, count(t, p.store, "SELECT uniqExact(content) FROM assignments WHERE campaign = 'member-offers' AND content != ''"))

	composer, err := dispatch.NewComposer(p.run, p.brief, "first", campaign.ChannelEmail)
	require.NoError(t, err)
	times, err := p.brief.Spec.Times(p.run.Launch)
	require.NoError(t, err)
	sent := times.Opens.Add(10 * time.Hour)
	var events, bought [][]any
	owed, exposed, letters := map[string]money.Minor{}, map[string]money.Minor{}, map[string]string{}
	buy := func(customer uint32, id uint64, after time.Duration, category string, amount money.Minor) {
		bought = append(bought, []any{customer, sent.Add(after), id, uint16(1), "purchase", int64(amount), "KRW", category})
	}
	number := uint64(1 << 40)
	for _, shard := range p.shards {
		require.NoError(t, p.store.StoredAssignments(t.Context(), p.run, shard, func(a offers.Assignment) error {
			if a.Offer == offers.NoOffer {
				return nil
			}
			events = append(events, []any{p.run.Campaign, p.run.Occurrence, p.run.Launch, "first", a.Customer, "email", uint8(1), "sent", sent})
			if letters[a.Offer] == "" {
				letter, err := composer.Compose(dispatch.Recipient{Customer: a.Customer, Name: "김민지", Language: "en", Address: "x@danbi.example", Offer: a.Offer, Content: a.Content, Threshold: int64(a.Threshold), Reward: int64(a.Reward)}, sent)
				require.NoError(t, err, a.Offer)
				letters[a.Offer] = letter.Parameters + string(letter.Body)
			}
			number += 10
			switch goal := a.Threshold; a.Offer {
			case "more": // all together, to the won
				buy(a.Customer, number, time.Hour, "grocery", goal/2)
				buy(a.Customer, number+1, 2*time.Hour, "coffee", goal-goal/2)
				owed[a.Offer] += a.Reward
			case "back", "points":
				buy(a.Customer, number, time.Hour, "grocery", goal)
				buy(a.Customer, number+1, 2*time.Hour, "grocery", 12_345)
				percent := map[string]money.Minor{"back": 5, "points": 3}[a.Offer]
				owed[a.Offer] += min((goal+12_345)*percent/100, a.Reward)
			case "coupon": // one purchase, within its fourteen days; together is not enough, and later is too late
				if number%20 == 0 {
					buy(a.Customer, number, time.Hour, "fashion", goal)
					owed[a.Offer] += a.Reward
				} else {
					buy(a.Customer, number, time.Hour, "fashion", goal-1)
					buy(a.Customer, number+1, 15*24*time.Hour, "fashion", goal)
				}
			case "coffee": // five of them; tea is none
				cups := 4 + number/10%2
				for cup := range cups {
					buy(a.Customer, number+cup, time.Duration(cup+1)*time.Hour, "coffee", 4500)
				}
				buy(a.Customer, number+9, 9*time.Hour, "grocery", 4500)
				if cups == 5 {
					owed[a.Offer] += a.Reward
				}
			}
			return nil
		}))
	}
	put(t, p.store, "delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)", events...)
	require.NoError(t, p.store.Conn().Exec(t.Context(), "DELETE FROM transactions WHERE at >= ?", sent.AddDate(0, 0, -1)))
	put(t, p.store, "transactions (customer_key, at, id, line, kind, amount, currency, category)", bought...)

	require.Contains(t, letters["back"], `"reward":"₩10,000"`)
	require.Contains(t, letters["points"], `"reward":"8,000 points"`)
	require.NotContains(t, letters["coffee"], `"threshold"`, "any purchases will do")

	settle := &activities.Settlement{Store: p.store, Briefs: p.store}
	for _, shard := range p.shards {
		_, err := settle.QualifyCustomers(t.Context(), activities.QualifyCustomersInput{Run: p.run, Times: times, Shard: shard})
		require.NoError(t, err)
		redeemed, err := p.store.Redemptions(t.Context(), p.run, shard)
		require.NoError(t, err)
		for _, r := range redeemed {
			exposed[r.Offer] += r.Due
		}
	}
	require.Equal(t, owed, exposed)
	for offer, due := range owed {
		require.Positive(t, due, offer)
		require.LessOrEqual(t, due, tiers[offer].Exposure, "%s: no more is owed than was reserved", offer)
	}
}
