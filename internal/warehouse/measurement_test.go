package warehouse_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// studyNaively adds up the arms one customer and one look at a time.
func studyNaively(q measurement.Question, arms, segments map[uint32]string, bought map[uint32][]settlement.Line) measurement.Study {
	study := measurement.Study{}
	for customer, arm := range arms {
		var after, before, n, nBefore float64
		until := make([]float64, q.Periods)
		for _, l := range bought[customer] {
			net := float64(l.Amount)
			if l.Kind != settlement.Purchase {
				net = -net
			}
			first := 0.0
			if l.Kind == settlement.Purchase && l.Number == 1 {
				first = 1
			}
			if l.Currency != q.Currency {
				continue
			}
			if !l.At.Before(q.Instant.Add(-q.Baseline)) && l.At.Before(q.Instant) {
				before, nBefore = before+net, nBefore+first
			}
			if !l.At.Before(q.Opens) && l.At.Before(q.Closes) {
				after, n = after+net, n+first
				for i := range until {
					if l.At.Before(q.Opens.Add(time.Duration(i+1) * q.Period)) {
						until[i] += net
					}
				}
			}
		}
		some := func(v float64) float64 { return math.Min(v, 1) }
		add := func(m measurement.Metric, period int, y, x float64) {
			for _, segment := range []string{"", segments[customer]} {
				cell := measurement.Cell{Metric: m, Arm: arm, Segment: segment, Period: period}
				study[cell] = study[cell].Observe(y, x)
			}
		}
		add(measurement.Spend, 0, after, before)
		add(measurement.Winsorised, 0, math.Min(after, q.Cap), math.Min(before, q.CapPre))
		add(measurement.Response, 0, some(n), some(nBefore))
		add(measurement.Purchases, 0, n, nBefore)
		add(measurement.Basket, 0, after, n)
		for i, v := range until {
			add(measurement.Spend, i+1, v, before)
		}
	}
	return study
}

func TestArmsAddUp(t *testing.T) {
	w := stacktest.Warehouse(t)
	run := testRun("measured")
	r := rand.New(rand.NewPCG(21, 22))
	arms, segments, bought := map[uint32]string{}, map[uint32]string{}, map[uint32][]settlement.Line{}
	var audience, features, transactions [][]any
	for customer := uint32(1); customer <= 400; customer++ {
		arm := []string{"treated", "treated", "control", "left_out"}[r.IntN(4)]
		segments[customer] = []string{"young", "old"}[r.IntN(2)]
		audience = append(audience, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, arm})
		features = append(features, []any{"snap", customer, segments[customer]})
		if arm != "left_out" {
			arms[customer] = arm
		}
		seen := map[[2]uint64]bool{}
		for _, l := range history(r, customer) {
			if key := [2]uint64{l.ID, uint64(l.Number)}; !seen[key] { // here every row counts: the importer lets none in twice
				seen[key] = true
				bought[customer] = append(bought[customer], l)
				transactions = append(transactions, transaction(customer, l))
			}
		}
	}
	put(t, w, "audience (campaign, occurrence, plan, launch, customer_key, arm)", append(audience, audience[:50]...)...) // some rows were written twice
	put(t, w, "features (snapshot, customer_key, segment)", features...)
	put(t, w, intoTransactions, transactions...)

	q := measurement.Question{
		Snapshot: "snap", Currency: "KRW", Opens: opens, Closes: opens.Add(20*24*time.Hour + 5*time.Hour),
		Instant: opens.Add(-time.Hour), Baseline: 5 * 24 * time.Hour, Cap: 40_000, CapPre: 20_000,
	}
	q.Periods, q.Period = measurement.Looks(q.Opens, q.Closes)
	require.Equal(t, 21, q.Periods)
	want := studyNaively(q, arms, segments, bought)
	got := measurement.Study{}
	after, before, customers := measurement.Histogram{}, measurement.Histogram{}, uint64(0)
	for _, shard := range []campaign.Shard{{Of: 2, Low: 1, High: 170}, {Index: 1, Of: 2, Low: 171, High: 500}} {
		part, err := w.ArmSums(t.Context(), run, q, shard)
		require.NoError(t, err)
		got.Add(part)
		a, b, n, err := w.SpendHistograms(t.Context(), run, q, shard)
		require.NoError(t, err)
		after.Add(a)
		before.Add(b)
		customers += n
	}
	got.Total()
	require.Equal(t, want, got)
	require.Equal(t, uint64(len(arms)), customers)

	// The histogram's cap is where the naive quantile lies.
	counted := uint64(0)
	for cell, sums := range want {
		if cell.Metric == measurement.Spend && cell.Segment == "" && cell.Period == 0 {
			counted += sums.Customers
		}
	}
	require.Equal(t, counted, customers)
	require.Positive(t, after.Cap(.95, customers))
	require.Positive(t, before.Cap(.99, customers))

	// What was saved is what is read, also when two attempts saved it.
	for range 2 {
		require.NoError(t, w.SaveResults(t.Context(), run, got, q.Closes))
	}
	again, err := w.Results(t.Context(), run)
	require.NoError(t, err)
	require.True(t, maps.Equal(got, again))
}

// What some customers did before is what one adds up by hand; those who bought nothing count too.
func TestThePastAddsUp(t *testing.T) {
	w := stacktest.Warehouse(t)
	r := rand.New(rand.NewPCG(23, 24))
	closes, baseline := opens.Add(10*24*time.Hour), 6*24*time.Hour
	want := map[measurement.Metric]measurement.Sums{}
	var transactions [][]any
	var asked []uint32
	for customer := uint32(1); customer <= 120; customer++ {
		var spend, spendBefore, bought, boughtBefore float64
		seen := map[[2]uint64]bool{}
		for _, l := range history(r, customer) {
			if key := [2]uint64{l.ID, uint64(l.Number)}; seen[key] || customer%10 == 0 { // these buy nothing
				continue
			} else {
				seen[key] = true
			}
			transactions = append(transactions, transaction(customer, l))
			if l.Currency != "KRW" || l.At.Before(opens.Add(-baseline)) || !l.At.Before(closes) {
				continue
			}
			net, first := float64(l.Amount), 0.0
			if l.Kind != settlement.Purchase {
				net = -net
			} else if l.Number == 1 {
				first = 1
			}
			if l.At.Before(opens) {
				spendBefore, boughtBefore = spendBefore+net, boughtBefore+first
			} else {
				spend, bought = spend+net, bought+first
			}
		}
		if customer%3 == 0 {
			continue
		}
		asked = append(asked, customer)
		want[measurement.Spend] = want[measurement.Spend].Observe(spend, spendBefore)
		want[measurement.Purchases] = want[measurement.Purchases].Observe(bought, boughtBefore)
		want[measurement.Response] = want[measurement.Response].Observe(math.Min(bought, 1), math.Min(boughtBefore, 1))
	}
	put(t, w, intoTransactions, transactions...)
	got, err := w.Past(t.Context(), asked, "KRW", opens, closes, baseline)
	require.NoError(t, err)
	require.Equal(t, want, got)
	none, err := w.Past(t.Context(), nil, "KRW", opens, closes, baseline)
	require.NoError(t, err)
	require.Empty(t, none)
}
