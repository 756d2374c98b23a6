package warehouse_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// Only the sets that were fixed become redemptions: an attempt that was thought dead and saw more adds nothing, publishing
// twice publishes once, and the first comers are those whom the pure rule admits, over all shards.
func TestOnlyFixedSetsArePublished(t *testing.T) {
	w := stacktest.Warehouse(t)
	run := testRun("sets")
	zone, err := time.LoadLocation("Asia/Seoul")
	require.NoError(t, err)
	terms := settlement.Terms{Currency: "KRW", Zone: zone, Opens: opens, Closes: opens.AddDate(0, 0, 28), Known: opens.AddDate(0, 0, 29), Offers: []settlement.OfferTerms{
		{ID: "few", Reward: 5000, Terms: campaign.Terms{FirstCome: campaign.FirstCome{Total: 45, Day: 5}}}, {ID: "all", Reward: 3000},
	}}
	r := rand.New(rand.NewPCG(7, 7))
	var assignments, events, transactions [][]any
	buy := func(customer uint32, id uint64, at time.Time) []any {
		return transaction(customer, settlement.Line{At: at, ID: id, Number: 1, Kind: settlement.Purchase, Amount: 120_000, Currency: "KRW"})
	}
	for customer := uint32(1); customer <= 300; customer++ {
		offer := terms.Offers[min(customer%4, 1)]
		assignments = append(assignments, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, offer.ID, int64(100_000), int64(offer.Reward)})
		events = append(events, []any{run.Campaign, run.Occurrence, run.Launch, "first", customer, "email", uint8(1), "sent", opens})
		if customer%7 > 0 {
			transactions = append(transactions, buy(customer, uint64(r.IntN(5)), opens.Add(time.Duration(r.IntN(14*8))*3*time.Hour))) // many at the same hour, with the same id
		}
	}
	put(t, w, intoAssignments, assignments...)
	put(t, w, intoEvents, events...)
	put(t, w, intoTransactions, transactions...)

	shards := []campaign.Shard{{Index: 0, Of: 2, Low: 0, High: 140}, {Index: 1, Of: 2, Low: 141, High: 1000}}
	var sets []settlement.Set
	var candidates []settlement.Redemption
	for _, shard := range shards {
		set, err := w.FindCandidates(t.Context(), run, terms, shard)
		require.NoError(t, err)
		sets = append(sets, set)
		judged, err := w.JudgeShard(t.Context(), run, terms, shard)
		require.NoError(t, err)
		candidates = append(candidates, judged...)
		require.EqualValues(t, len(judged), set.Candidates)
	}
	require.EqualValues(t, 300, sets[0].Reached+sets[1].Reached)
	cuts, err := w.CutFirstComers(t.Context(), run, terms, sets)
	require.NoError(t, err)
	few := slices.DeleteFunc(slices.Clone(candidates), func(r settlement.Redemption) bool { return r.Offer != "few" })
	admitted, want := settlement.CutFirstComers(terms, terms.Offers[0], few)
	require.Len(t, admitted, 45)
	require.Greater(t, len(want), 2, "days and the total bite")
	slices.SortFunc(cuts, func(a, b settlement.Cut) int { return slices.Compare([]byte(a.Day), []byte(b.Day)) })
	require.Equal(t, want, cuts)

	put(t, w, intoTransactions, buy(7, 77, opens)) // who had bought nothing
	zombie, err := w.FindCandidates(t.Context(), run, terms, shards[0])
	require.NoError(t, err)
	require.Equal(t, sets[0].Candidates+1, zombie.Candidates)
	publish := func(i int, set settlement.Set) uint64 {
		n, _, err := w.PublishRedemptions(t.Context(), run, terms, shards[i], set, cuts)
		require.NoError(t, err)
		return n
	}
	n := publish(0, sets[0]) + publish(1, sets[1])
	require.EqualValues(t, n, publish(0, sets[0])+publish(1, sets[1]), "twice is once")
	redeemed, err := w.Redemptions(t.Context(), run, campaign.Shard{})
	require.NoError(t, err)
	expected := append(slices.DeleteFunc(slices.Clone(candidates), func(r settlement.Redemption) bool { return r.Offer == "few" }), admitted...)
	slices.SortFunc(expected, settlement.Redemption.Compare)
	require.Equal(t, expected, redeemed)

	damaged := sets[1]
	damaged.Checksum++
	_, _, err = w.PublishRedemptions(t.Context(), run, terms, shards[1], damaged, cuts)
	require.ErrorIs(t, err, settlement.ErrSetChanged)
}

// Settled again with purchases that were imported late, also earlier ones: who has a reward keeps it, and no more are
// given than there are, in all and on each day. What is left goes to the first of those who have none.
func TestSettlingAgainNeverExceedsTheLimit(t *testing.T) {
	w := stacktest.Warehouse(t)
	terms := settlement.Terms{Currency: "KRW", Zone: time.UTC, Opens: opens, Closes: opens.AddDate(0, 0, 28), Known: opens.AddDate(0, 0, 29)}
	for seed, limit := range []campaign.FirstCome{{Total: 12}, {Day: 3}, {Total: 14, Day: 4}, {Total: 60, Day: 20}} {
		run := testRun(fmt.Sprintf("again-%d", seed))
		terms.Offers = []settlement.OfferTerms{{ID: "few", Reward: 5000, Terms: campaign.Terms{FirstCome: limit}}}
		r := rand.New(rand.NewPCG(uint64(seed), 9))
		base := uint32(seed) * 1000
		for customer := base; customer < base+60; customer++ {
			put(t, w, intoAssignments, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, "few", int64(1000), int64(5000)})
			put(t, w, intoEvents, []any{run.Campaign, run.Occurrence, run.Launch, "first", customer, "email", uint8(1), "sent", opens})
		}
		var before []settlement.Redemption
		for pass := range 4 {
			for range 12 * (1 - pass/3) { // nothing new before the last pass
				customer := base + r.Uint32N(60)
				put(t, w, intoTransactions, transaction(customer, settlement.Line{At: opens.Add(time.Duration(r.IntN(5*24)) * time.Hour), ID: r.Uint64(), Number: 1, Kind: settlement.Purchase, Amount: 2000, Currency: "KRW"}))
			}
			set, err := w.FindCandidates(t.Context(), run, terms, everyC)
			require.NoError(t, err)
			cuts, err := w.CutFirstComers(t.Context(), run, terms, []settlement.Set{set})
			require.NoError(t, err)
			refused := uint64(0)
			for _, c := range cuts {
				refused += c.Refused
			}
			n, _, err := w.PublishRedemptions(t.Context(), run, terms, everyC, set, cuts)
			require.NoError(t, err)
			after, err := w.Redemptions(t.Context(), run, everyC)
			require.NoError(t, err)
			require.EqualValues(t, n, len(after))
			require.Equal(t, set.Candidates, n+refused, "pass %d: each has a reward or is refused", pass)
			days := map[string]int{}
			for _, a := range after {
				days[a.QualifiedAt.Format(time.DateOnly)]++
			}
			for day, n := range days {
				require.True(t, limit.Day == 0 || n <= limit.Day, "%d on %s of %+v", n, day, limit)
			}
			require.True(t, limit.Total == 0 || len(after) <= limit.Total, "%d of %+v", len(after), limit)
			for _, b := range before {
				require.Contains(t, after, b, "who has a reward keeps it")
			}
			before = after
		}
		require.NotEmpty(t, before)
	}
}
