package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

var (
	launch = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	times  = campaign.Times{Opens: launch, Closes: launch.AddDate(0, 0, 28), Settles: launch.AddDate(0, 0, 29), Ends: launch.AddDate(0, 0, 59)}
	whole  = campaign.Shard{Index: 0, Of: 1, Low: 0, High: 1 << 20}
)

const reward = 5000

// briefs gives every run the same brief.
type briefs campaign.Brief

func (b briefs) Brief(context.Context, campaign.Run) (campaign.Brief, error) {
	return campaign.Brief(b), nil
}

func aBrief() briefs {
	return briefs{Spec: campaign.Spec{
		Campaign: "autumn", Currency: "KRW", Zone: "Asia/Seoul", Language: "ko",
		Offers:      []campaign.Offer{{ID: "reward", Kind: campaign.OfferThreshold, Reward: reward}, {ID: "news", Kind: campaign.OfferInform}},
		Budget:      campaign.Budget{Expected: 400_000, Exposure: 1_000_000, Contact: 10},
		Settlement:  campaign.Settlement{Terms: campaign.Terms{Measure: campaign.MeasureCumulative, From: campaign.FromWindow}, Payout: campaign.PayoutPoints},
		Measurement: campaign.Measurement{Metric: campaign.MetricSpend, Baseline: campaign.Duration(90 * 24 * time.Hour), Confidence: .95, Delivered: campaign.DeliveredReally},
		Audience:    campaign.Audience{Control: .1},
	}}
}

// do runs one activity as a worker does.
func do[In, Out any](t *testing.T, step func(context.Context, In) (Out, error), in In) (Out, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(step)
	var out Out
	value, err := env.ExecuteActivity(step, in)
	if err == nil {
		err = value.Get(&out)
	}
	return out, err
}

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

// plant makes customers 1 to n with an offer that was sent; of them the first buyers reached its threshold.
func plant(t *testing.T, w *warehouse.Warehouse, run campaign.Run, n, buyers uint32) {
	t.Helper()
	var assignments, events, transactions [][]any
	for c := uint32(1); c <= n; c++ {
		assignments = append(assignments, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, c, "reward", int64(100_000), int64(reward)})
		events = append(events, []any{run.Campaign, run.Occurrence, run.Launch, "first", c, "email", uint8(1), "sent", launch.Add(time.Hour)})
		if c <= buyers {
			transactions = append(transactions, []any{c, launch.AddDate(0, 0, 2), uint64(c), uint16(1), "purchase", int64(120_000), "KRW"})
		}
	}
	put(t, w, "assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)", assignments...)
	put(t, w, "delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)", events...)
	put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency)", transactions...)
}

// till is a provider that pays a key once, and may lose its answers.
type till struct {
	mu       sync.Mutex
	paid     map[campaign.ID]settlement.Payout
	requests int
	trouble  func(request int, p settlement.Payout) (pays bool, err error)
}

func newTill() *till { return &till{paid: map[campaign.ID]settlement.Payout{}} }

func (p *till) Pay(_ context.Context, asked settlement.Payout) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	pays, err := true, error(nil)
	if p.trouble != nil {
		pays, err = p.trouble(p.requests, asked)
	}
	if _, known := p.paid[asked.Key]; pays && !known {
		p.paid[asked.Key] = asked
	}
	return "answer", err
}

func (p *till) Find(_ context.Context, key campaign.ID) (settlement.Payout, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	got, ok := p.paid[key]
	return got, ok, nil
}

func (p *till) List(_ context.Context, _ campaign.Run, each func(settlement.Payout) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, got := range p.paid {
		if err := each(got); err != nil {
			return err
		}
	}
	return nil
}

// keeper numbers and chains batches as the books workflow does.
type keeper struct {
	t      *testing.T
	books  *activities.Books
	number uint32
	head   string
	last   activities.PostBatchInput
}

func (k *keeper) book(in activities.BookBatchInput) (activities.PostBatchOutput, error) {
	k.t.Helper()
	k.last = activities.PostBatchInput{Batch: in, Number: k.number + 1, Previous: k.head}
	out, err := do(k.t, k.books.PostBatch, k.last)
	if err == nil {
		k.number, k.head = out.Number, out.Head
	}
	return out, err
}

func (k *keeper) must(kind activities.BatchKind, more ...func(*activities.BookBatchInput)) activities.PostBatchOutput {
	k.t.Helper()
	in := activities.BookBatchInput{Run: k.run(), Kind: kind, Shard: whole, At: times.Settles}
	for _, change := range more {
		change(&in)
	}
	out, err := k.book(in)
	require.NoError(k.t, err)
	return out
}

func (k *keeper) run() campaign.Run {
	return campaign.Run{Campaign: "autumn", Occurrence: 1, Plan: 1, Launch: launch}
}

func (k *keeper) balances() map[string]money.Minor {
	k.t.Helper()
	out, err := do(k.t, k.books.CheckBooks, activities.CheckBooksInput{Run: k.run(), Head: k.head})
	require.NoError(k.t, err)
	require.True(k.t, out.Intact, "%v", out.Findings)
	require.Zero(k.t, out.Sum)
	return out.Accounts
}

func approve(amount money.Minor) func(*activities.BookBatchInput) {
	return func(in *activities.BookBatchInput) { in.Amount, in.Shard = amount, campaign.Shard{} }
}

func reserve(exposure money.Minor) func(*activities.BookBatchInput) {
	return func(in *activities.BookBatchInput) {
		in.Tiers = []activities.Tier{{Offer: "reward", Customers: uint64(exposure / reward), Exposure: exposure}, {Offer: "news", Customers: 3}}
	}
}

// TestARewardGoesThroughTheBooks follows rewards from the approved budget to the money that left, and back.
func TestARewardGoesThroughTheBooks(t *testing.T) {
	w := stacktest.Warehouse(t)
	provider := newTill()
	k := &keeper{t: t, books: &activities.Books{Store: w, Briefs: aBrief()}}
	run := k.run()
	settle := &activities.Settlement{Store: w, Payouts: activities.PayoutRoutes{campaign.PayoutPoints: provider}, Briefs: aBrief()}
	plant(t, w, run, 100, 30)

	k.must(activities.BatchApprove, approve(1_000_000))
	k.must(activities.BatchReserve, reserve(100*reward))
	qualified, err := do(t, settle.QualifyCustomers, activities.QualifyCustomersInput{Run: run, Times: times, Shard: whole})
	require.NoError(t, err)
	require.Equal(t, activities.QualifyCustomersOutput{Reached: 100, Qualified: 30, Due: 30 * reward}, qualified)

	_, err = do(t, settle.PayDues, activities.PayDuesInput{Run: run, Shard: whole, Clock: clock.Rehearse(times.Settles, 0)})
	require.ErrorContains(t, err, "not booked", "nothing is paid before it is in the books")
	require.Zero(t, provider.requests)

	dues := k.must(activities.BatchDues)
	require.Equal(t, activities.PostBatchOutput{Number: 3, Transactions: 30, Postings: 120, Amount: 2 * 30 * reward, Head: dues.Head}, dues)
	for range 2 { // again, as a retry would
		paid, err := do(t, settle.PayDues, activities.PayDuesInput{Run: run, Shard: whole, Clock: clock.Rehearse(times.Settles, 0)})
		require.NoError(t, err)
		require.Equal(t, activities.PayDuesOutput{Dues: 30, Paid: 30, Amount: 30 * reward}, paid)
	}
	require.Equal(t, 30, provider.requests)
	k.must(activities.BatchPaid)
	require.Zero(t, k.must(activities.BatchPaid).Postings, "booking twice books once")
	k.must(activities.BatchRelease)
	require.Equal(t, map[string]money.Minor{
		"budget:granted": -850_000, "budget:approved": 500_000, "budget:reserved": 0, "budget:released": 350_000,
		"expense:rewards": 150_000, "customer:payable": 0, "payout:clearing": 0, "payout:paid": -150_000,
	}, k.balances())

	reconciled, err := do(t, settle.ReconcilePayouts, activities.ReconcilePayoutsInput{Run: run})
	require.NoError(t, err)
	require.Equal(t, activities.ReconcilePayoutsOutput{Ours: 30, OursAmount: 150_000, Theirs: 30, TheirsAmount: 150_000, Matched: 30}, reconciled)
	key := run.PayoutID(7, "reward", 1)
	provider.paid[key] = settlement.Payout{Key: key, Amount: 4999, Currency: "KRW", Customer: 7}
	delete(provider.paid, run.PayoutID(8, "reward", 1))
	reconciled, err = do(t, settle.ReconcilePayouts, activities.ReconcilePayoutsInput{Run: run})
	require.NoError(t, err)
	require.Len(t, reconciled.Differences, 2, "%+v", reconciled)

	// Three customers bring back what they bought, one of them too late.
	for i, day := range []int{35, 58, 60} {
		c := uint32(i + 1)
		put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency, original)",
			[]any{c, launch.AddDate(0, 0, day), uint64(9000 + c), uint16(1), "refund", int64(60_000), "KRW", uint64(c)})
	}
	// A mail that came back after the customer had earned the reward takes nothing away.
	put(t, w, "delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)",
		[]any{run.Campaign, run.Occurrence, run.Launch, "first", uint32(20), "email", uint8(1), "bounced", launch.AddDate(0, 0, 30)})
	for range 2 {
		back, err := do(t, settle.ClawBack, activities.ClawBackInput{Run: run, Times: times, Shard: whole})
		require.NoError(t, err)
		require.Equal(t, activities.ClawBackOutput{Reversed: 2, Amount: 2 * reward}, back)
	}
	k.must(activities.BatchClawback)
	k.must(activities.BatchClose, approve(0))
	require.Equal(t, map[string]money.Minor{
		"budget:granted": -850_000, "budget:approved": 0, "budget:reserved": 0, "budget:released": 850_000,
		"expense:rewards": 140_000, "customer:payable": 0, "payout:clearing": 0, "payout:paid": -150_000, "clawback:receivable": 10_000,
	}, k.balances())
}

func TestExposureIsAHardCap(t *testing.T) {
	w := stacktest.Warehouse(t)
	k := &keeper{t: t, books: &activities.Books{Store: w, Briefs: aBrief()}}
	refused := func(in activities.BookBatchInput) {
		t.Helper()
		_, err := k.book(in)
		require.ErrorContains(t, err, "exposure")
		require.ErrorContains(t, err, "type: Exposure, retryable: false")
	}
	of := func(low, high uint32, exposure money.Minor) activities.BookBatchInput {
		in := activities.BookBatchInput{Run: k.run(), Kind: activities.BatchReserve, Shard: campaign.Shard{Of: 2, Low: low, High: high}, At: launch}
		reserve(exposure)(&in)
		return in
	}
	refused(of(0, 9, reward)) // nothing was approved
	k.must(activities.BatchApprove, approve(10*reward))
	_, err := k.book(of(0, 9, 6*reward))
	require.NoError(t, err)
	refused(of(10, 19, 5*reward))
	_, err = k.book(of(10, 19, 4*reward))
	require.NoError(t, err)
	_, err = k.book(of(10, 19, 4*reward)) // the same tier again is the same reservation
	require.NoError(t, err)
	require.Equal(t, money.Minor(10*reward), k.balances()["budget:reserved"])

	// More becomes due than was reserved: that is refused too, whatever went wrong before.
	plant(t, w, k.run(), 30, 30)
	_, err = do(t, (&activities.Settlement{Store: w, Briefs: aBrief()}).QualifyCustomers, activities.QualifyCustomersInput{Run: k.run(), Times: times, Shard: whole})
	require.NoError(t, err)
	refused(activities.BookBatchInput{Run: k.run(), Kind: activities.BatchDues, Shard: whole, At: times.Settles})
}

// A batch is what its first attempt wrote: killed between the postings and the link of the chain, and with more to book
// by the time of the next attempt, it still gives the same head.
func TestARetriedBatchIsTheSameBatch(t *testing.T) {
	w := stacktest.Warehouse(t)
	k := &keeper{t: t, books: &activities.Books{Store: failing{w}, Briefs: aBrief()}}
	plant(t, w, k.run(), 20, 10)
	settle := &activities.Settlement{Store: w, Briefs: aBrief()}
	qualify := func() {
		_, err := do(t, settle.QualifyCustomers, activities.QualifyCustomersInput{Run: k.run(), Times: times, Shard: whole})
		require.NoError(t, err)
	}
	k.books.Store = w
	k.must(activities.BatchApprove, approve(1_000_000))
	k.must(activities.BatchReserve, reserve(20*reward))
	qualify()

	k.books.Store = failing{w}
	in := activities.BookBatchInput{Run: k.run(), Kind: activities.BatchDues, Shard: whole, At: times.Settles}
	_, err := k.book(in)
	require.ErrorContains(t, err, "killed here")
	put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency)", []any{uint32(15), launch.AddDate(0, 0, 3), uint64(15), uint16(1), "purchase", int64(130_000), "KRW"})
	qualify()

	k.books.Store = w
	first := k.must(activities.BatchDues)
	require.EqualValues(t, 10, first.Transactions, "what was written before the kill")
	again, err := do(t, k.books.PostBatch, k.last)
	require.NoError(t, err)
	require.Equal(t, first, again)
	late := k.must(activities.BatchDues)
	require.EqualValues(t, 1, late.Transactions, "the late one is booked with the next batch")
	k.balances()

	_, err = do(t, k.books.PostBatch, activities.PostBatchInput{Batch: in, Number: 3, Previous: "another chain"})
	require.ErrorContains(t, err, "BooksDiverged")
}

// failing dies between the postings of a batch and its link.
type failing struct{ *warehouse.Warehouse }

func (failing) RecordBatch(context.Context, campaign.Run, ledger.Batch) error {
	return errors.New("killed here")
}

// TestMeasureAndReport draws two arms, measures them and writes the report, which people then read.
func TestMeasureAndReport(t *testing.T) {
	w := stacktest.Warehouse(t)
	k := &keeper{t: t, books: &activities.Books{Store: w, Briefs: aBrief()}}
	run := k.run()
	plant(t, w, run, 900, 300)
	var audience, control, planned, features [][]any
	for c := uint32(1); c <= 1000; c++ {
		arm, reason := "treated", "chosen"
		if c > 900 {
			arm = "control"
			spend := int64(20_000)
			if c%3 == 0 {
				spend = 60_000
			}
			control = append(control, []any{c, launch.AddDate(0, 0, 4), uint64(c), uint16(1), "purchase", spend, "KRW"})
		}
		audience = append(audience, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, c, arm, reason})
		if c <= 900 {
			planned = append(planned, []any{run.Campaign, run.Occurrence, run.Plan, uint16(0), run.Launch, "first", c, launch.Add(2 * time.Hour), ""},
				[]any{run.Campaign, run.Occurrence, run.Plan, uint16(1), run.Launch, "first", c, launch.Add(3 * time.Hour), ""})
			zone := "Asia/Seoul"
			if c%2 == 0 {
				zone = "Nowhere/Land"
			}
			features = append(features, []any{"snap", c, zone})
		}
	}
	audience = append(audience, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, uint32(5000), "left_out", "no_consent"})
	put(t, w, "audience (campaign, occurrence, plan, launch, customer_key, arm, reason)", audience...)
	put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency)", control...)
	put(t, w, "planned_deliveries (campaign, occurrence, plan, rebase, launch, touch, customer_key, planned_at, blocked)", planned...)
	put(t, w, "features (snapshot, customer_key, zone)", features...)

	measure := &activities.Measurement{Store: w, Briefs: aBrief()}
	in := activities.MeasureEffectInput{Run: run, Times: times, Snapshot: activities.Snapshot{ID: "snap", Instant: launch}, Shards: []campaign.Shard{
		{Index: 0, Of: 2, Low: 0, High: 400}, {Index: 1, Of: 2, Low: 401, High: 1 << 20}}}
	effect, err := do(t, measure.MeasureEffect, in)
	require.NoError(t, err)
	require.EqualValues(t, 900, effect.Treated.Customers)
	require.EqualValues(t, 100, effect.Control.Customers)
	require.InDelta(t, 40_000, effect.Treated.Mean, 1e-6, "a third of the treated spent 120,000, the others nothing")
	require.InDelta(t, 33_200, effect.Control.Mean, 1e-6)
	require.InDelta(t, 6800, effect.Difference, 1e-6)
	require.Equal(t, "effect", effect.Claim)

	// What was measured stays measured, whatever is imported later.
	put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency)", []any{uint32(950), launch.AddDate(0, 0, 4), uint64(7), uint16(1), "purchase", int64(9_000_000), "KRW"})
	again, err := do(t, measure.MeasureEffect, in)
	require.NoError(t, err)
	require.Equal(t, effect, again)

	never := aBrief()
	never.Spec.Measurement.Delivered = campaign.DeliveredNever
	refused, err := do(t, (&activities.Measurement{Store: w, Briefs: never}).MeasureEffect, in)
	require.NoError(t, err)
	require.Equal(t, "never_delivered", refused.Claim, "messages that nobody saw have no effect")

	settle := &activities.Settlement{Store: w, Payouts: activities.PayoutRoutes{campaign.PayoutPoints: newTill()}, Briefs: aBrief()}
	settled, err := do(t, settle.QualifyCustomers, activities.QualifyCustomersInput{Run: run, Times: times, Shard: whole})
	require.NoError(t, err)
	reports := &activities.Reports{Store: w, Briefs: aBrief()}
	_, err = w.LatestReport(t.Context(), run.Campaign, run.Occurrence)
	require.ErrorIs(t, err, warehouse.ErrNoReport)
	_, err = do(t, reports.WriteReport, activities.WriteReportInput{
		Run: run, Stage: campaign.StageSettled, Snapshot: in.Snapshot, Times: times, Clock: clock.Rehearse(times.Settles, 0), Effect: &effect, Settled: settled,
		Paid:  activities.PayDuesOutput{Dues: 300, Paid: 300, Amount: 300 * reward},
		Books: activities.CheckBooksOutput{Accounts: map[string]money.Minor{"expense:rewards": 300 * reward}, Intact: true}, Final: true,
	})
	require.NoError(t, err)
	text, err := w.LatestReport(t.Context(), run.Campaign, run.Occurrence)
	require.NoError(t, err)
	var d report.Document
	require.NoError(t, json.Unmarshal([]byte(text), &d))
	require.Equal(t, []report.Arm{{Arm: "left_out", Reason: "no_consent", Customers: 1}, {Arm: "treated", Reason: "chosen", Customers: 900}, {Arm: "control", Reason: "chosen", Customers: 100}}, d.Arms)
	require.EqualValues(t, 900, d.Hours[12], "03:00 UTC is noon in Seoul, where those of no known zone live too; the earlier plan does not count")
	require.Equal(t, []report.Touch{{Touch: "first", States: map[string]uint64{"sent": 900}, Channels: map[string]uint64{"email": 900}}}, d.Deliveries)
	require.Equal(t, []report.Day{{Day: "2026-09-03", Redeemed: 300, Due: 300 * reward}}, d.Days)
	require.Len(t, d.Offers, 1)
	require.EqualValues(t, 300, d.Offers[0].Redeemed)
	require.Len(t, d.Thresholds, 1)
	require.EqualValues(t, 300, d.Thresholds[0].Redeemed)
	require.Equal(t, report.Budget{Expected: 400_000, Exposure: 1_000_000, Rewards: 300 * reward, Messages: 900, Contact: 9000, Total: 300*reward + 9000}, d.Budget)
	require.InDelta(t, 6800*900, d.Effect.Incremental, 1e-3)
	require.InDelta(t, float64(300*reward+9000)/(6800*900), d.Effect.UnitCost, 1e-9)
}
