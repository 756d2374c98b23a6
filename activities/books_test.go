package activities_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// shelf keeps the books of many runs, each in its order, as their workflows do.
type shelf struct {
	mu    sync.Mutex
	books *activities.Books
	all   map[string]*shelved
}

type shelved struct {
	mu     sync.Mutex
	number uint32
	head   string
}

func newShelf(w *warehouse.Warehouse, b activities.Briefs) *shelf {
	s := &shelf{all: map[string]*shelved{}}
	s.books = &activities.Books{Store: w, Briefs: b, Keeper: s}
	return s
}

// Book posts the next batch of a run's books.
func (s *shelf) Book(ctx context.Context, in activities.BookBatchInput) (activities.PostBatchOutput, error) {
	s.mu.Lock()
	of := s.all[in.Run.BooksID()]
	if of == nil {
		of = &shelved{}
		s.all[in.Run.BooksID()] = of
	}
	s.mu.Unlock()
	of.mu.Lock()
	defer of.mu.Unlock()
	out, err := s.books.PostBatch(ctx, activities.PostBatchInput{Batch: in, Number: of.number + 1, Previous: of.head})
	if err == nil {
		of.number, of.head = out.Number, out.Head
	}
	return out, err
}

// balances are those of a run, whose chain is intact and sums to zero.
func (s *shelf) balances(t *testing.T, run campaign.Run) map[string]money.Minor {
	t.Helper()
	out, err := do(t, s.books.CheckBooks, activities.CheckBooksInput{Run: run, Head: s.all[run.BooksID()].head})
	require.NoError(t, err)
	require.True(t, out.Intact, "%v", out.Findings)
	require.Zero(t, out.Sum)
	return out.Accounts
}

func (s *shelf) must(t *testing.T, run campaign.Run, kind activities.BatchKind, more ...func(*activities.BookBatchInput)) activities.PostBatchOutput {
	t.Helper()
	in := activities.BookBatchInput{Run: run, Kind: kind, Shard: whole, At: times.Settles}
	for _, change := range more {
		change(&in)
	}
	out, err := s.Book(t.Context(), in)
	require.NoError(t, err)
	return out
}

func again(pass uint16) func(*activities.BookBatchInput) {
	return func(in *activities.BookBatchInput) { in.Pass = pass }
}

func named(name string) campaign.Run {
	return campaign.Run{Campaign: name, Occurrence: 1, Plan: 1, Launch: launch}
}

// Many campaigns draw on one budget at the same moment: what they get together is never more than it has, and what one
// gives back another may have.
func TestASharedBudgetIsNeverOverrun(t *testing.T) {
	w := stacktest.Warehouse(t)
	s := newShelf(w, aBrief())
	pool := campaign.SharedBudget("autumn-pool")
	draw := func(of string, amount money.Minor, limit money.Minor) error {
		_, err := s.Book(t.Context(), activities.BookBatchInput{Run: pool, Kind: activities.BatchDraw, At: times.Opens, Amount: amount,
			Of: &activities.DrawnBy{Run: named(of), Currency: "KRW", Limit: limit}})
		return err
	}
	var all sync.WaitGroup
	got := make([]error, 9)
	for i := range got {
		all.Go(func() { got[i] = draw(fmt.Sprint("c", i), 300, 1000) })
	}
	all.Wait()
	won := -1
	refused := 0
	for i, err := range got {
		if err == nil {
			won = i
			continue
		}
		require.ErrorIs(t, err, ledger.ErrExposure)
		refused++
	}
	require.Equal(t, 6, refused, "three times 300 of 1000")
	require.NoError(t, draw(fmt.Sprint("c", won), 300, 1000), "drawing twice is drawing once")
	require.Equal(t, map[string]money.Minor{"budget:granted": -1000, "budget:approved": 100, "budget:reserved": 900}, s.balances(t, pool))

	winner := named(fmt.Sprint("c", won)) // spends 100 of its 300
	_, err := s.Book(t.Context(), activities.BookBatchInput{Run: winner, Kind: activities.BatchApprove, At: times.Opens, Amount: 300})
	require.NoError(t, err)
	s.must(t, winner, activities.BatchReserve, func(in *activities.BookBatchInput) { in.Tiers = []activities.Tier{{Offer: "reward", Exposure: 300}} })
	put(t, w, "redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)",
		[]any{winner.Campaign, uint32(1), launch, uint32(7), "reward", uint16(1), launch, uint64(1), int64(5000), int64(100), "KRW"})
	s.must(t, winner, activities.BatchDues)
	s.must(t, pool, activities.BatchReturn, func(in *activities.BookBatchInput) {
		in.Shard, in.Of = campaign.Shard{}, &activities.DrawnBy{Run: winner, Currency: "KRW"}
	})
	require.Equal(t, money.Minor(300), s.balances(t, pool)["budget:approved"], "200 came back")
	require.NoError(t, draw("late", 300, 1000))
	require.ErrorIs(t, draw("later", 1, 1000), ledger.ErrExposure)
	require.NoError(t, draw("later", 500, 1500), "the policy made it larger")
	require.ErrorIs(t, draw("last", 1, 1400), ledger.ErrExposure, "and smaller again, less than is out")
	require.Equal(t, money.Minor(0), s.balances(t, pool)["budget:approved"])
}

// Who is found to have met the terms only after the rest was released is booked, paid and released in a second pass,
// from what was released: never lost, never doubled, never over what was approved.
func TestALateDueIsSettledAgain(t *testing.T) {
	w := stacktest.Warehouse(t)
	s := newShelf(w, aBrief())
	run, provider := named("autumn"), newTill()
	settle := &activities.Settlement{Store: w, Payouts: activities.PayoutRoutes{campaign.PayoutPoints: provider}, Briefs: aBrief()}
	plant(t, w, run, 10, 4)
	s.must(t, run, activities.BatchApprove, approve(1_000_000))
	s.must(t, run, activities.BatchReserve, reserve(10*reward))
	settleOnce := func(pass uint16) {
		_, err := do(t, settle.QualifyCustomers, activities.QualifyCustomersInput{Run: run, Times: times, Shard: whole})
		require.NoError(t, err)
		for _, kind := range []activities.BatchKind{activities.BatchDues, activities.BatchPaid, activities.BatchRelease} {
			if kind == activities.BatchPaid {
				_, err = do(t, settle.PayDues, activities.PayDuesInput{Run: run, Shard: whole, Clock: clock.Rehearse(times.Settles, 0)})
				require.NoError(t, err)
			}
			s.must(t, run, kind, again(pass))
		}
	}
	settleOnce(0)
	require.Equal(t, money.Minor(6*reward), s.balances(t, run)["budget:released"])
	settleOnce(1)
	require.Equal(t, money.Minor(6*reward), s.balances(t, run)["budget:released"], "again, with nothing new, changes nothing")
	put(t, w, "redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)",
		[]any{run.Campaign, uint32(1), launch, uint32(9), "reward", uint16(1), launch.AddDate(0, 0, 3), uint64(99), int64(120_000), int64(reward), "KRW"})
	settleOnce(2)
	settleOnce(3)
	b := s.balances(t, run)
	require.Equal(t, money.Minor(5*reward), b["budget:released"])
	require.Equal(t, money.Minor(0), b["budget:reserved"])
	require.Equal(t, money.Minor(-5*reward), b["payout:paid"])
	require.Equal(t, money.Minor(0), b["customer:payable"])
	require.Len(t, provider.paid, 5)

	var more [][]any // the whole released budget, and one more
	for c := uint32(20); c < 26; c++ {
		more = append(more, []any{run.Campaign, uint32(1), launch, c, "reward", uint16(1), launch, uint64(c), int64(120_000), int64(reward), "KRW"})
	}
	put(t, w, "redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)", more...)
	_, err := s.Book(t.Context(), activities.BookBatchInput{Run: run, Kind: activities.BatchDues, Shard: whole, At: times.Settles, Pass: 4})
	require.ErrorIs(t, err, ledger.ErrExposure)
}

// A purchase that comes back after settlement makes its customer owe the reward; the next campaign's due is set against
// it, once even when two campaigns do so at the same moment, and the rest is paid out.
func TestWhatIsClawedBackIsNettedOnce(t *testing.T) {
	w := stacktest.Warehouse(t)
	b := aBrief()
	b.Policy.Clawback = &campaign.ClawbackLimit{Floor: -4000}
	s := newShelf(w, b)
	provider := newTill()
	settle := &activities.Settlement{Store: w, Payouts: activities.PayoutRoutes{campaign.PayoutPoints: provider}, Briefs: b}
	settled := func(run campaign.Run) {
		t.Helper()
		s.must(t, run, activities.BatchApprove, approve(1_000_000))
		s.must(t, run, activities.BatchReserve, reserve(20*reward))
		_, err := do(t, settle.QualifyCustomers, activities.QualifyCustomersInput{Run: run, Times: times, Shard: whole})
		require.NoError(t, err)
		s.must(t, run, activities.BatchDues)
	}
	paid := func(run campaign.Run) activities.PayDuesOutput {
		t.Helper()
		out, err := do(t, settle.PayDues, activities.PayDuesInput{Run: run, Shard: whole, Clock: clock.Rehearse(times.Settles, 0)})
		require.NoError(t, err)
		s.must(t, run, activities.BatchPaid)
		return out
	}
	first := named("autumn")
	plant(t, w, first, 10, 4)
	settled(first)
	require.Equal(t, money.Minor(4*reward), paid(first).Amount)
	put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency, original)",
		[]any{uint32(1), times.Settles.Add(time.Hour), uint64(1001), uint16(1), "refund", int64(120_000), "KRW", uint64(1)},
		[]any{uint32(2), times.Settles.Add(time.Hour), uint64(1002), uint16(1), "refund", int64(20_000), "KRW", uint64(2)}) // 100,000 are left: still met
	claw := func(known time.Time, pass uint16) activities.ClawBackOutput {
		t.Helper()
		out, err := do(t, settle.ClawBack, activities.ClawBackInput{Run: first, Times: times, Shard: whole, Known: known, Pass: pass})
		require.NoError(t, err)
		s.must(t, first, activities.BatchClawback, again(pass))
		return out
	}
	require.Zero(t, claw(times.Settles, 1).Reversed, "not known yet")
	require.Equal(t, activities.ClawBackOutput{Reversed: 1, Amount: 4000, Waived: 1000}, claw(times.Ends, 0), "down to the floor")
	require.Equal(t, activities.ClawBackOutput{Reversed: 1, Amount: 4000, Waived: 1000}, claw(times.Ends, 2))
	require.Equal(t, money.Minor(4000), s.balances(t, first)["clawback:receivable"])

	runs := []campaign.Run{named("winter"), named("spring")}
	var all sync.WaitGroup
	for _, run := range runs {
		put(t, w, "redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)",
			[]any{run.Campaign, uint32(1), launch, uint32(1), "reward", uint16(1), launch, uint64(1), int64(120_000), int64(reward), "KRW"})
		s.must(t, run, activities.BatchApprove, approve(1_000_000))
		s.must(t, run, activities.BatchReserve, reserve(20*reward))
		s.must(t, run, activities.BatchDues)
	}
	for _, run := range runs {
		all.Go(func() {
			_, err := do(t, s.books.NetDues, activities.NetDuesInput{Run: run, Shard: whole, At: times.Settles})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var netted, out money.Minor
	for _, run := range runs {
		p := paid(run)
		netted, out = netted+p.Netted, out+p.Amount
		require.Zero(t, s.balances(t, run)["customer:payable"])
	}
	require.Equal(t, money.Minor(4000), netted, "one of the two dues took all of the debt")
	require.Equal(t, money.Minor(2*reward-4000), out)
	owed, err := w.Owed(t.Context(), "KRW", whole)
	require.NoError(t, err)
	require.Empty(t, owed)
	pool := s.balances(t, campaign.Receivables("KRW"))
	require.Equal(t, map[string]money.Minor{"clawback:receivable": -4000, "netting:clearing": 4000}, pool)
	for _, p := range provider.paid {
		require.LessOrEqual(t, p.Amount, money.Minor(reward))
	}
}

// meeting makes steps that claw back meet before either has recorded anything.
type meeting struct {
	*warehouse.Warehouse
	all *sync.WaitGroup
}

func (m meeting) RecordClawbacks(ctx context.Context, run campaign.Run, shard campaign.Shard, pass uint16, at time.Time, reversals []settlement.Reversal) error {
	m.all.Done()
	m.all.Wait()
	return m.Warehouse.RecordClawbacks(ctx, run, shard, pass, at, reversals)
}

// Two campaigns claw back from the same customers at the same moment, each without having seen the other: no customer
// falls below the floor, and what is not taken is waived.
func TestTheFloorHoldsForCampaignsThatClawBackAtOnce(t *testing.T) {
	w := stacktest.Warehouse(t)
	b := aBrief()
	b.Policy.Clawback = &campaign.ClawbackLimit{Floor: -7000}
	s := newShelf(w, b)
	var all sync.WaitGroup
	settle := &activities.Settlement{Store: meeting{w, &all}, Payouts: activities.PayoutRoutes{campaign.PayoutPoints: newTill()}, Briefs: b}
	runs := []campaign.Run{named("autumn"), named("winter")}
	for i, run := range runs {
		plant(t, w, run, 10, 4)
		if i > 0 {
			continue // they bought once
		}
		for customer := range uint32(4) {
			put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency, original)",
				[]any{customer + 1, times.Settles.Add(time.Hour), uint64(1001 + customer), uint16(1), "refund", int64(120_000), "KRW", uint64(customer + 1)})
		}
	}
	for _, run := range runs {
		s.must(t, run, activities.BatchApprove, approve(1_000_000))
		s.must(t, run, activities.BatchReserve, reserve(20*reward))
		_, err := do(t, settle.QualifyCustomers, activities.QualifyCustomersInput{Run: run, Times: times, Shard: whole})
		require.NoError(t, err)
		s.must(t, run, activities.BatchDues)
		_, err = do(t, settle.PayDues, activities.PayDuesInput{Run: run, Shard: whole, Clock: clock.Rehearse(times.Settles, 0)})
		require.NoError(t, err)
		s.must(t, run, activities.BatchPaid)
	}
	all.Add(len(runs))
	var group sync.WaitGroup
	outs := make([]activities.ClawBackOutput, len(runs))
	for i, run := range runs {
		group.Go(func() {
			var err error
			if outs[i], err = do(t, settle.ClawBack, activities.ClawBackInput{Run: run, Times: times, Shard: whole}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	var booked money.Minor
	for i, run := range runs {
		s.must(t, run, activities.BatchClawback)
		booked += s.balances(t, run)["clawback:receivable"]
		require.Equal(t, money.Minor(4*reward), outs[i].Amount+outs[i].Waived, "all of it is taken back or waived")
	}
	owed, err := w.Owed(t.Context(), "KRW", whole)
	require.NoError(t, err)
	for customer, amount := range owed {
		require.LessOrEqual(t, amount, money.Minor(7000), "customer %d", customer)
	}
	require.Equal(t, outs[0].Amount+outs[1].Amount, booked)
	require.Positive(t, booked)
	pending, err := w.Pending(t.Context(), "KRW", whole)
	require.NoError(t, err)
	require.Empty(t, pending)
}

// The balances of a past moment are those that were true then.
func TestBalancesAsOfAnyMoment(t *testing.T) {
	w := stacktest.Warehouse(t)
	s := newShelf(w, aBrief())
	run := named("autumn")
	at := func(day int) func(*activities.BookBatchInput) {
		return func(in *activities.BookBatchInput) { in.At = launch.AddDate(0, 0, day) }
	}
	s.must(t, run, activities.BatchApprove, approve(1_000_000), at(0))
	s.must(t, run, activities.BatchReserve, reserve(10*reward), at(1))
	s.must(t, run, activities.BatchRelease, at(9))
	for day, want := range map[int]map[ledger.Account]money.Minor{
		-1: {},
		0:  {ledger.BudgetGranted: -1_000_000, ledger.BudgetApproved: 1_000_000},
		1:  {ledger.BudgetGranted: -1_000_000, ledger.BudgetApproved: 950_000, ledger.BudgetReserved: 50_000},
		9:  {ledger.BudgetGranted: -1_000_000, ledger.BudgetApproved: 950_000, ledger.BudgetReserved: 0, ledger.BudgetReleased: 50_000},
	} {
		got, err := w.BalancesAt(t.Context(), run, launch.AddDate(0, 0, day))
		require.NoError(t, err)
		require.Equal(t, want, got, "day %d", day)
	}
}
