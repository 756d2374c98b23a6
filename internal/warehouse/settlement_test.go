package warehouse_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

var (
	opens  = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	everyC = campaign.Shard{Index: 0, Of: 1, Low: 0, High: 1 << 31}
)

func testRun(name string) campaign.Run {
	return campaign.Run{Campaign: name, Occurrence: 1, Plan: 1, Launch: opens}
}

// put appends rows to a table as a user's own client would.
func put(t *testing.T, w *warehouse.Warehouse, into string, rows ...[]any) {
	t.Helper()
	batch, err := w.Conn().PrepareBatch(t.Context(), "INSERT INTO "+into)
	require.NoError(t, err)
	defer func() { _ = batch.Close() }()
	for _, row := range rows {
		require.NoError(t, batch.Append(row...), into)
	}
	require.NoError(t, batch.Send(), into)
}

const (
	intoAssignments  = "assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)"
	intoEvents       = "delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)"
	intoTransactions = "transactions (customer_key, at, id, line, kind, amount, currency, product, category, brand, original)"
)

func transaction(customer uint32, l settlement.Line) []any {
	return []any{customer, l.At, l.ID, l.Number, string(l.Kind), int64(l.Amount), l.Currency, l.Product, l.Category, l.Brand, l.Original}
}

// history draws what a customer did: purchases of several lines in and about the window, in two currencies and a few
// categories, refunds early and late, of purchases that count and of others, and rows that are there twice.
func history(r *rand.Rand, customer uint32) []settlement.Line {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var lines []settlement.Line
	var ids []uint64
	for p := range r.IntN(6) {
		id := uint64(customer)*100 + uint64(p) + 1
		ids = append(ids, id)
		// Instants on a coarse grid, so that bounds and ties are hit.
		at := opens.Add(time.Duration(r.IntN(36)-4) * 24 * time.Hour)
		for line := range 1 + r.IntN(3) {
			lines = append(lines, settlement.Line{
				At: at, ID: id, Number: uint16(line + 1), Kind: settlement.Purchase, Amount: money.Minor(r.IntN(6)) * 10_000,
				Currency: pick("KRW", "KRW", "KRW", "USD"), Product: pick("p1", "p2"), Category: pick("food", "books", "tobacco", ""), Brand: pick("a", "b", ""),
			})
		}
	}
	for n := range r.IntN(3) {
		l := settlement.Line{
			At: opens.Add(time.Duration(r.IntN(60)-6) * 24 * time.Hour), ID: uint64(customer)*100 + 50 + uint64(n), Number: 1,
			Kind: settlement.Refund, Amount: money.Minor(r.IntN(8)) * 10_000, Currency: "KRW",
		}
		if r.IntN(2) == 0 {
			l.Kind = settlement.Cancellation
		}
		if r.IntN(2) == 0 {
			l.Product, l.Category, l.Brand = "p1", pick("food", "books", "tobacco"), pick("a", "b")
		}
		if len(ids) > 0 && r.IntN(5) > 0 {
			l.Original = ids[r.IntN(len(ids))]
		}
		lines = append(lines, l)
	}
	if len(lines) > 0 && r.IntN(3) == 0 {
		lines = append(lines, lines[r.IntN(len(lines))])
	}
	return lines
}

// TestJudgeAgreesWithSQL draws terms, offers and histories, and holds the query that settles against the evaluator that
// explains: who qualified, when, by which purchase, with how much.
func TestJudgeAgreesWithSQL(t *testing.T) {
	w := stacktest.Warehouse(t)
	const customers, rounds = 250, 16
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		run := testRun(fmt.Sprintf("judge-%d", seed))
		base := uint32(seed) * 1000
		terms := settlement.Terms{
			Currency: "KRW", Opens: opens, Closes: opens.Add(28 * 24 * time.Hour), Known: opens.Add(time.Duration(20+r.IntN(35)) * 24 * time.Hour),
			Single: r.IntN(2) == 0, FromReceipt: r.IntN(2) == 0, Gross: r.IntN(3) == 0,
		}
		if r.IntN(2) == 0 {
			terms.Within = time.Duration(1+r.IntN(20)) * 24 * time.Hour
		}
		if r.IntN(3) == 0 {
			terms.Categories = []string{"food", "it's \"quoted\"\t\\"}
		}
		if r.IntN(3) == 0 {
			terms.Brands = []string{"a"}
		}
		if r.IntN(3) == 0 {
			terms.Excluded = []string{"tobacco"}
		}
		want := map[uint32]settlement.Redemption{}
		reached := uint64(0)
		var assignments, events, transactions [][]any
		for n := range uint32(customers) {
			customer := base + n
			offer := settlement.Offer{ID: "reward", Threshold: money.Minor(r.IntN(12)) * 10_000, Reward: money.Minor(r.IntN(3)) * 1000}
			assignments = append(assignments, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, offer.ID, int64(offer.Threshold), int64(offer.Reward)})
			lines := history(r, customer)
			for _, l := range lines {
				transactions = append(transactions, transaction(customer, l))
			}
			there := false
			for touch, name := range []string{"first", "reminder"}[:r.IntN(3)] {
				state := []campaign.DeliveryState{campaign.DeliveryUnknown, campaign.DeliverySent, campaign.DeliveryDelivered, campaign.DeliveryBounced, campaign.DeliveryFailed, campaign.DeliveryAttempting, campaign.DeliverySuppressed}[r.IntN(7)]
				at := opens.Add(time.Duration(touch*8+r.IntN(24))*24*time.Hour + time.Duration(r.IntN(1000))*time.Millisecond)
				for _, s := range []campaign.DeliveryState{campaign.DeliveryPlanned, campaign.DeliveryAttempting, state} {
					when := at
					if s == campaign.DeliveryPlanned {
						when = opens.Add(-24 * time.Hour)
					}
					events = append(events, []any{run.Campaign, run.Occurrence, run.Launch, name, customer, "email", uint8(1), s.String(), when})
				}
				if state.MayHaveArrived() && !at.After(terms.Closes) && (!there || at.Before(offer.Received)) {
					there, offer.Received = true, at
				}
			}
			if !there || offer.Reward == 0 {
				continue
			}
			reached++
			if v := settlement.Judge(terms, offer, lines); v.Qualified {
				want[customer] = settlement.Redemption{Customer: customer, Offer: offer.ID, Round: 1, QualifiedAt: v.At, Purchase: v.Purchase, Spend: v.Spend, Due: offer.Reward, Currency: "KRW"}
			}
		}
		put(t, w, intoAssignments, assignments...)
		put(t, w, intoEvents, events...)
		put(t, w, intoTransactions, transactions...)

		got, err := w.QualifyCustomers(t.Context(), run, terms, everyC)
		require.NoError(t, err)
		require.Equal(t, reached, got)
		redeemed, err := w.Redemptions(t.Context(), run, everyC)
		require.NoError(t, err)
		require.Len(t, redeemed, len(want), "seed %d: %+v", seed, terms)
		for _, r := range redeemed {
			require.Equal(t, want[r.Customer], r, "seed %d: %+v", seed, terms)
		}
		require.NotEmpty(t, want, "a round in which nobody qualifies tests nothing")
	}
}

// A purchase that is imported between two attempts may change by which purchase the threshold was reached; what is owed
// stays what it was, and one row stands.
func TestLateImportDoesNotOweTwice(t *testing.T) {
	w := stacktest.Warehouse(t)
	run := testRun("late")
	terms := settlement.Terms{Currency: "KRW", Opens: opens, Closes: opens.Add(28 * 24 * time.Hour), Known: opens.Add(29 * 24 * time.Hour)}
	for customer := range uint32(2) {
		put(t, w, intoAssignments, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, "reward", int64(100_000), int64(5000)})
		put(t, w, intoEvents, []any{run.Campaign, run.Occurrence, run.Launch, "first", customer, "email", uint8(1), "sent", opens})
	}
	buy := func(customer uint32, id uint64, day int, amount money.Minor) {
		put(t, w, intoTransactions, transaction(customer, settlement.Line{At: opens.Add(time.Duration(day) * 24 * time.Hour), ID: id, Number: 1, Kind: settlement.Purchase, Amount: amount, Currency: "KRW"}))
	}
	buy(0, 1, 9, 120_000)
	qualify := func() []settlement.Redemption {
		t.Helper()
		_, err := w.QualifyCustomers(t.Context(), run, terms, everyC)
		require.NoError(t, err)
		all, err := w.Redemptions(t.Context(), run, everyC)
		require.NoError(t, err)
		return all
	}
	first := qualify()
	require.Len(t, first, 1)
	buy(0, 2, 3, 110_000)
	buy(1, 3, 3, 110_000)
	second := qualify()
	require.Len(t, second, 2)
	require.Equal(t, first[0], second[0], "a redemption that stands is left as it is")

	// An attempt that was thought dead writes what it saw: the same key, another purchase.
	put(t, w, "redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)",
		[]any{run.Campaign, run.Occurrence, run.Launch, uint32(0), "reward", uint16(1), opens.Add(3 * 24 * time.Hour), uint64(2), int64(110_000), int64(5000), "KRW"})
	third := qualify()
	require.Len(t, third, 2)
	require.Equal(t, first[0].Due, third[0].Due)
}

func TestCancelStopsQualifying(t *testing.T) {
	w := stacktest.Warehouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.QualifyCustomers(ctx, testRun("stopped"), settlement.Terms{Currency: "KRW", Opens: opens, Closes: opens, Known: opens}, everyC)
	require.ErrorIs(t, err, context.Canceled)
}
