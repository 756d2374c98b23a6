package activities_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// settled plants a run whose dues are booked, and returns what pays them.
func settled(t *testing.T, dues uint32) (*keeper, *activities.Settlement, *till, activities.PayDuesInput) {
	t.Helper()
	w := stacktest.Warehouse(t)
	k := &keeper{t: t, books: &activities.Books{Store: w, Briefs: aBrief()}}
	provider := newTill()
	s := &activities.Settlement{Store: w, Payouts: activities.PayoutRoutes{campaign.PayoutPoints: provider}, Briefs: aBrief()}
	plant(t, w, k.run(), dues, dues)
	k.must(activities.BatchApprove, approve(10_000_000))
	k.must(activities.BatchReserve, reserve(moneyOf(dues)))
	_, err := do(t, s.QualifyCustomers, activities.QualifyCustomersInput{Run: k.run(), Times: times, Shard: whole})
	require.NoError(t, err)
	k.must(activities.BatchDues)
	return k, s, provider, activities.PayDuesInput{Run: k.run(), Shard: whole, Clock: clock.Rehearse(times.Settles, 0)}
}

// The provider loses answers before and after it pays, and is away for a while; whoever is due is paid once.
func TestEachDueIsPaidOnceThroughTrouble(t *testing.T) {
	const dues = 1200
	_, s, provider, in := settled(t, dues)
	r := rand.New(rand.NewPCG(1, 2))
	provider.trouble = func(request int, _ settlement.Payout) (bool, error) {
		switch x := r.Float64(); {
		case request > 600 && request < 700:
			return false, fmt.Errorf("away: %w", settlement.ErrUnreachable)
		case x < .1:
			return true, fmt.Errorf("the answer was lost: %w", settlement.ErrUnclear)
		case x < .2:
			return false, fmt.Errorf("the request was lost: %w", settlement.ErrUnclear)
		}
		return true, nil
	}
	var out activities.PayDuesOutput
	for range 4 { // as often as a workflow would
		var err error
		out, err = do(t, s.PayDues, in)
		require.NoError(t, err)
		if out.Unknown == 0 {
			break
		}
	}
	require.Equal(t, activities.PayDuesOutput{Dues: dues, Paid: dues, Amount: moneyOf(dues)}, out)
	require.Len(t, provider.paid, dues)
	both, err := do(t, s.ReconcilePayouts, activities.ReconcilePayoutsInput{Run: in.Run})
	require.NoError(t, err)
	require.Empty(t, both.Differences)
}

// Killed in the middle, and run at the same time by two workers, of which one was thought dead.
func TestPayoutsStopAndGoOn(t *testing.T) {
	const dues = 1500
	_, s, provider, in := settled(t, dues)
	ctx, cancel := context.WithCancel(t.Context())
	provider.trouble = func(request int, _ settlement.Payout) (bool, error) {
		if request == 700 {
			cancel()
		}
		return true, nil
	}
	began := time.Now()
	_, err := s.PayDues(ctx, in)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(began), 5*time.Second)
	require.Less(t, provider.requests, 750, "it stops where it is, not at the end of a page")

	provider.trouble = nil
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			_, err := do(t, s.PayDues, in)
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	out, err := do(t, s.PayDues, in)
	require.NoError(t, err)
	require.Equal(t, activities.PayDuesOutput{Dues: dues, Paid: dues, Amount: moneyOf(dues)}, out)
	require.Len(t, provider.paid, dues)
}

func TestRefusalsAreFinalAndSilenceIsNot(t *testing.T) {
	_, s, provider, in := settled(t, 20)
	provider.trouble = func(_ int, p settlement.Payout) (bool, error) {
		if p.Customer <= 3 {
			return false, settlement.ErrRefused
		}
		return true, nil
	}
	out, err := do(t, s.PayDues, in)
	require.NoError(t, err)
	require.Equal(t, activities.PayDuesOutput{Dues: 20, Paid: 17, Refused: 3, Amount: 17 * reward}, out)
	requests := provider.requests
	_, err = do(t, s.PayDues, in)
	require.NoError(t, err)
	require.Equal(t, requests, provider.requests, "nobody is asked again")

	_, s, provider, in = settled(t, 20)
	provider.trouble = func(int, settlement.Payout) (bool, error) { return false, settlement.ErrUnreachable }
	_, err = do(t, s.PayDues, in)
	require.ErrorContains(t, err, "type: PayoutsUnreachable, retryable: true")
}

// A key that the provider paid with another amount is not our payout: it is refused, and reconciliation shows it.
func TestAKeyPaidOtherwise(t *testing.T) {
	_, s, provider, in := settled(t, 5)
	key := in.Run.PayoutID(2, "reward", 1)
	provider.paid[key] = settlement.Payout{Key: key, Amount: 1, Currency: "KRW", Customer: 2}
	provider.trouble = func(_ int, p settlement.Payout) (bool, error) {
		if p.Key == key {
			return false, settlement.ErrUnclear
		}
		return true, nil
	}
	out, err := do(t, s.PayDues, in)
	require.NoError(t, err)
	require.EqualValues(t, 1, out.Refused)
	both, err := do(t, s.ReconcilePayouts, activities.ReconcilePayoutsInput{Run: in.Run})
	require.NoError(t, err)
	require.Len(t, both.Differences, 1)
	require.EqualValues(t, 2, both.Differences[0].Example)
}

// TestEveryAlterationIsFound changes, removes and adds real rows of the ledger.
func TestEveryAlterationIsFound(t *testing.T) {
	k, s, _, in := settled(t, 12)
	_, err := do(t, s.PayDues, in)
	require.NoError(t, err)
	k.must(activities.BatchPaid)
	k.must(activities.BatchRelease)
	k.balances()
	w := k.books.Store.(*warehouse.Warehouse)
	check := func() activities.CheckBooksOutput {
		t.Helper()
		out, err := do(t, k.books.CheckBooks, activities.CheckBooksInput{Run: k.run(), Head: k.head})
		require.NoError(t, err)
		return out
	}
	exec := func(statement string) {
		t.Helper()
		require.NoError(t, w.Conn().Exec(t.Context(), statement+" SETTINGS mutations_sync = 1"))
	}
	const columns = "campaign, occurrence, launch, batch, transaction, leg, kind, account, customer_key, amount, currency, at, reference"
	exec("CREATE TABLE kept ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM postings")
	exec("CREATE TABLE kept_batches ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM batches")
	for _, alteration := range []string{
		"ALTER TABLE postings UPDATE amount = amount + 1 WHERE customer_key = 3 AND account = 'customer:payable'",
		"ALTER TABLE postings UPDATE customer_key = 4 WHERE customer_key = 3 AND kind = 'paid'", // sums to zero still
		"ALTER TABLE postings UPDATE reference = 'another' WHERE customer_key = 3",
		"ALTER TABLE postings DELETE WHERE customer_key = 3 AND kind = 'dues'", // a whole transaction
		"ALTER TABLE postings DELETE WHERE 1",
		"INSERT INTO postings (" + columns + ") SELECT campaign, occurrence, launch, batch, transaction, leg, kind, account, customer_key, amount * 2, currency, at, reference FROM kept WHERE customer_key = 3",
		"INSERT INTO postings (" + columns + ") SELECT campaign, occurrence, launch, 99, concat(transaction, '0'), leg, kind, account, customer_key, amount, currency, at, reference FROM kept WHERE customer_key = 3",
		"INSERT INTO postings (" + columns + ") SELECT campaign, occurrence, launch + 40, batch, transaction, leg, kind, account, customer_key, amount, currency, at, reference FROM kept WHERE customer_key = 3",
		"ALTER TABLE batches UPDATE head = 'another' WHERE batch = 2",
		"ALTER TABLE batches UPDATE kind = 'paid' WHERE batch = 2",
		"ALTER TABLE batches UPDATE at = at + 60 WHERE batch = 2",
		"ALTER TABLE batches UPDATE postings = postings + 1 WHERE batch = 2",
		"ALTER TABLE batches DELETE WHERE batch = 5",
		"ALTER TABLE batches DELETE WHERE batch = 1",
	} {
		exec(alteration)
		out := check()
		require.False(t, out.Intact, alteration)
		require.NotEmpty(t, out.Findings, alteration)
		for _, table := range []string{"postings", "batches"} {
			exec("TRUNCATE TABLE " + table)
		}
		require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO postings SELECT * FROM kept"))
		require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO batches SELECT * FROM kept_batches"))
		out = check()
		require.True(t, out.Intact, "put back after %s: %v", alteration, out.Findings)
	}
	// A row that is there twice, as a retried insert may leave it, is one row.
	require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO postings SELECT * FROM kept WHERE customer_key = 3"))
	require.True(t, check().Intact)
	require.Zero(t, check().Sum)
}

func moneyOf(dues uint32) money.Minor { return money.Minor(dues) * reward }
