package warehouse_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

func TestFactorsAddUp(t *testing.T) {
	w := stacktest.Warehouse(t)
	run := testRun("factors")
	r := rand.New(rand.NewPCG(41, 42))
	q := measurement.Question{Currency: "KRW", Opens: opens, Closes: opens.Add(20 * 24 * time.Hour), Instant: opens.Add(-time.Hour), Baseline: 5 * 24 * time.Hour, Cap: 30_000, CapPre: 20_000}
	want := map[measurement.Metric]measurement.Factorial{measurement.Spend: {}, measurement.Winsorised: {}, measurement.Response: {}, measurement.Purchases: {}}
	var audience, assignments, planned, transactions [][]any
	for customer := uint32(1); customer <= 300; customer++ {
		arm := []string{"treated", "treated", "treated", "control"}[r.IntN(4)]
		audience = append(audience, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, arm})
		c := measurement.Combination{Offer: measurement.LevelChosen}
		explore, chance, content := uint8(0), []float32{.25, .75, 0}[r.IntN(3)], []string{"price", "story"}[r.IntN(2)]
		if r.IntN(5) == 0 {
			explore, c.Offer = 1, measurement.LevelLot
		}
		assignments = append(assignments, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, explore, content, chance})
		if r.IntN(10) > 0 {
			c.Timing, c.Content = measurement.LevelChosen, content
			explored := r.IntN(4) == 0
			if explored {
				c.Timing = measurement.LevelLot
			}
			for rebase := range uint16(1 + r.IntN(2)) { // planned again at another moment, drawn the same
				planned = append(planned, []any{run.Campaign, run.Occurrence, run.Plan, rebase, run.Launch, "first", customer, explored},
					[]any{run.Campaign, run.Occurrence, run.Plan, rebase, run.Launch, "reminder", customer, !explored})
			}
		}
		var y, x, n, before float64
		seen := map[[2]uint64]bool{}
		for _, l := range history(r, customer) {
			if key := [2]uint64{l.ID, uint64(l.Number)}; seen[key] {
				continue
			} else {
				seen[key] = true
			}
			transactions = append(transactions, transaction(customer, l))
			net, first := float64(l.Amount), 0.
			if l.Kind != settlement.Purchase {
				net = -net
			} else if l.Number == 1 {
				first = 1
			}
			switch {
			case l.Currency != q.Currency:
			case !l.At.Before(q.Opens) && l.At.Before(q.Closes):
				y, n = y+net, n+first
			case !l.At.Before(q.Instant.Add(-q.Baseline)) && l.At.Before(q.Instant):
				x, before = x+net, before+first
			}
		}
		if arm != "treated" {
			continue
		}
		weight := 1.
		if chance > 0 {
			weight = 1 / float64(chance)
		}
		observe := func(m measurement.Metric, y, x float64) {
			want[m].Add(measurement.Factorial{c: {Once: measurement.Weighted{}.Observe(1, y, x), Content: measurement.Weighted{}.Observe(weight, y, x)}})
		}
		observe(measurement.Spend, y, x)
		observe(measurement.Winsorised, min(y, q.Cap), min(x, q.CapPre))
		observe(measurement.Response, min(n, 1), min(before, 1))
		observe(measurement.Purchases, n, before)
	}
	put(t, w, "audience (campaign, occurrence, plan, launch, customer_key, arm)", append(audience, audience[:30]...)...)
	put(t, w, "assignments (campaign, occurrence, plan, launch, customer_key, explore, content, content_propensity)", append(assignments, assignments[:30]...)...)
	put(t, w, "planned_deliveries (campaign, occurrence, plan, rebase, launch, touch, customer_key, explored)", append(planned, planned[:30]...)...)
	put(t, w, intoTransactions, transactions...)
	for metric, sums := range want {
		got := measurement.Factorial{}
		for _, shard := range []campaign.Shard{{Of: 2, Low: 1, High: 120}, {Index: 1, Of: 2, Low: 121, High: 300}} {
			part, err := w.FactorSums(t.Context(), run, q, metric, "first", shard)
			require.NoError(t, err)
			got.Add(part)
		}
		require.Len(t, got, len(sums), metric)
		for c, cell := range sums {
			near(t, cell.Once, got[c].Once)
			near(t, cell.Content, got[c].Content)
		}
	}

	// What was recorded first is what is read.
	sums := want[measurement.Spend]
	require.NoError(t, w.SaveFactorResults(t.Context(), run, sums, opens))
	require.NoError(t, w.SaveFactorResults(t.Context(), run, want[measurement.Purchases], opens.Add(time.Hour)))
	again, err := w.FactorResults(t.Context(), run)
	require.NoError(t, err)
	require.Equal(t, sums, again)
}

func near(t *testing.T, want, got measurement.Weighted) {
	t.Helper()
	require.Equal(t, want.Customers, got.Customers)
	for _, pair := range [][2]float64{{want.W, got.W}, {want.WW, got.WW}, {want.WY, got.WY}, {want.WX, got.WX}, {want.WWY, got.WWY}, {want.WWX, got.WWX},
		{want.WWYY, got.WWYY}, {want.WWXX, got.WWXX}, {want.WWXY, got.WWXY}} {
		require.InDelta(t, pair[0], pair[1], 1e-6*(1+pair[0]*pair[0])) // sums in another order
	}
}
