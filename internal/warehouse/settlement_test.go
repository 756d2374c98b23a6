package warehouse_test

import (
	"context"
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
	intoTransactions = "transactions (customer_key, at, id, line, kind, amount, currency, product, category, brand, merchant, channel, nature, original)"
)

func transaction(customer uint32, l settlement.Line) []any {
	return []any{customer, l.At, l.ID, l.Number, string(l.Kind), int64(l.Amount), l.Currency, l.Product, l.Category, l.Brand, l.Merchant, l.Channel, l.Nature, l.Original}
}

// A purchase that is imported between two attempts may change by which purchase the threshold was reached; what is owed
// stays what it was, and one row stands.
func TestLateImportDoesNotOweTwice(t *testing.T) {
	w := stacktest.Warehouse(t)
	run := testRun("late")
	terms := settlement.Terms{Currency: "KRW", Zone: time.UTC, Opens: opens, Closes: opens.Add(28 * 24 * time.Hour), Known: opens.Add(29 * 24 * time.Hour), Offers: []settlement.OfferTerms{{ID: "reward", Reward: 5000}}}
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
	_, err := w.QualifyCustomers(ctx, testRun("stopped"), settlement.Terms{Currency: "KRW", Zone: time.UTC, Opens: opens, Closes: opens, Known: opens, Offers: []settlement.OfferTerms{{ID: "reward", Reward: 5000}}}, everyC)
	require.ErrorIs(t, err, context.Canceled)
}
