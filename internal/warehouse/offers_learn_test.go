package warehouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// One past campaign of six customers: an offer that was met, one that was missed, one that never left, no offer but a
// message, no offer and no message, control.
func TestWhatBecameOfAPastCampaign(t *testing.T) {
	w := stacktest.Warehouse(t)
	opens := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	closes := opens.AddDate(0, 0, 28)
	put(t, w, "campaigns (campaign, occurrence, plan, kind, launch, ends, currency, spec, hash, at)",
		[]any{"past", uint32(1), uint16(1), "past", opens, closes, "KRW", "", "h", opens},
		[]any{"tried", uint32(1), uint16(1), "rehearsal", opens, closes, "KRW", "", "h", opens},
		[]any{"dollars", uint32(1), uint16(1), "past", opens, closes, "USD", "", "h", opens})
	offer := func(customer uint32, id string, threshold, reward int64) []any {
		return []any{"past", uint32(1), uint16(1), opens, customer, id, "price", threshold, reward, float32(0.25)}
	}
	put(t, w, "assignments (campaign, occurrence, plan, launch, customer_key, offer, content, threshold, reward, propensity)",
		offer(1, "a", 100, 10), offer(2, "a", 100, 10), offer(3, "a", 100, 10), offer(4, "none", 0, 0), offer(5, "none", 0, 0))
	var drawn, people, sent [][]any
	for key := uint32(1); key <= 6; key++ {
		people = append(people, []any{key, "x", opens.AddDate(-1, 0, 0), opens.AddDate(-1, 0, 0)})
		arm, chance := "treated", float32(0.7)
		if key == 6 {
			arm, chance = "control", 0.3
		}
		drawn = append(drawn, []any{"past", uint32(1), uint16(1), opens, key, arm, chance}, []any{"tried", uint32(1), uint16(1), opens, key, arm, chance})
		if key == 1 || key == 2 || key == 4 {
			sent = append(sent, []any{"past", uint32(1), opens, "first", key, "email", uint8(1), "delivered", opens})
		}
	}
	put(t, w, "customers (customer_key, segment, joined, updated_at)", people...)
	put(t, w, "audience (campaign, occurrence, plan, launch, customer_key, arm, propensity)", drawn...)
	put(t, w, "delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)", sent...)
	buy := func(customer uint32, day int, kind string, amount int64) []any {
		return []any{customer, opens.AddDate(0, 0, day), uint64(customer)*1000 + uint64(day+500), uint16(1), kind, amount, "KRW"}
	}
	put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency)",
		buy(1, -10, "purchase", 70), buy(1, 3, "purchase", 90), buy(1, 9, "purchase", 30), buy(1, 27, "refund", 5), buy(1, 28, "purchase", 7),
		buy(2, 5, "purchase", 50), buy(2, 200, "purchase", 9), buy(6, 1, "purchase", 40), buy(6, 60, "purchase", 8))
	put(t, w, "redemptions (campaign, occurrence, customer_key, offer, round, qualified_at, due)", []any{"past", uint32(1), uint32(1), "a", uint16(0), closes, int64(10)})

	early, err := w.PastOffers(t.Context(), "KRW", closes.Add(-time.Second), 5)
	require.NoError(t, err)
	require.Empty(t, early, "it is not over yet")
	past, err := w.PastOffers(t.Context(), "KRW", closes, 5)
	require.NoError(t, err)
	require.Len(t, past, 1, "neither rehearsals nor another currency")
	require.EqualValues(t, 6, past[0].Customers)
	require.Nil(t, past[0].Spec)
	require.True(t, past[0].Teaches())

	snapshot := features.Snapshot{Currency: "KRW", Zone: "Asia/Seoul", Instant: closes}
	all, err := w.OfferOutcomes(t.Context(), snapshot, past[0], closes.AddDate(1, 0, 0), 1000)
	require.NoError(t, err)
	require.Len(t, all, 6)
	for i, want := range []offers.Outcome{
		{Offer: "a", Met: true, Past: offers.Past{Treated: true, Threshold: 100, Reward: 10, Chance: 0.25, Window: 115, After: 7}},
		{Offer: "a", Past: offers.Past{Treated: true, Threshold: 100, Reward: 10, Chance: 0.25, Window: 50}},
		{Offer: "a", Past: offers.Past{Treated: true, Threshold: 100, Reward: 10, Chance: 0.25}},
		{Offer: "none", Past: offers.Past{Treated: true, Chance: 0.25}},
		{Offer: "none", Past: offers.Past{Chance: 0.25}},
		{Past: offers.Past{Chance: float64(float32(0.3)), Window: 40, After: 8}},
	} {
		got := all[i]
		require.EqualValues(t, i+1, got.Customer.Key)
		require.Len(t, got.Customer.Months, 12)
		require.EqualValues(t, 365, got.Customer.Tenure)
		require.InDelta(t, 28, got.Days, 1e-9)
		require.InDelta(t, 60, got.AfterDays, 1e-9)
		if i == 0 {
			require.EqualValues(t, 70, got.Customer.Months[0], "as of the launch")
		}
		if want.Offer != "" {
			want.Content = "price"
		}
		require.InDelta(t, want.Chance, got.OfferChance, 1e-6, "there is but one content")
		got.Customer, got.Days, got.AfterDays, got.OfferChance = offers.Customer{}, 0, 0, 0
		require.Equal(t, want, got, "customer %d", i+1)
	}
	soon, err := w.OfferOutcomes(t.Context(), snapshot, past[0], closes.AddDate(0, 0, 10), 1000)
	require.NoError(t, err)
	require.InDelta(t, 10, soon[0].AfterDays, 1e-9, "no later than now")
	require.Zero(t, soon[5].After)
}

func TestKnowledgeIsKeptByVersion(t *testing.T) {
	w := stacktest.Warehouse(t)
	_, err := w.Knowledge(t.Context(), "k1")
	require.ErrorIs(t, err, offers.ErrNoKnowledge)
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i, id := range []string{"k1", "k2", "k2"} {
		k := offers.Prior()
		k.ID, k.At, k.Offered, k.Campaigns = id, at.AddDate(0, i, 0), 100, []string{"a/1"}
		require.NoError(t, w.SaveKnowledge(t.Context(), "KRW", k))
	}
	k, err := w.Knowledge(t.Context(), "k2")
	require.NoError(t, err)
	require.NoError(t, k.Check())
	require.Equal(t, at.AddDate(0, 1, 0), k.At, "a version never changes")
	all, err := w.Learned(t.Context(), "KRW", 10)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "k2", all[0].ID)
	none, err := w.Learned(t.Context(), "USD", 10)
	require.NoError(t, err)
	require.Empty(t, none)
}
