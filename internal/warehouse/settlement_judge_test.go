package warehouse_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// drawing draws terms and histories on a coarse grid, so that bounds and ties are hit.
type drawing struct {
	*rand.Rand
	zone *time.Location
	from time.Time // the window's start
	step time.Duration
}

func (d drawing) pick(of ...string) string { return of[d.IntN(len(of))] }
func (d drawing) one(in int) bool          { return d.IntN(in) == 0 }
func (d drawing) some(in int, of ...string) []string {
	if !d.one(in) {
		return nil
	}
	return of[:1+d.IntN(len(of))]
}

func (d drawing) offer(id string) settlement.OfferTerms {
	o := settlement.OfferTerms{ID: id, Threshold: money.Minor(d.IntN(12)) * 10_000, Reward: money.Minor(1+d.IntN(3)) * 1000}
	o.Measure, o.Reach = d.pick(campaign.MeasureCumulative, campaign.MeasureSingle), d.pick("", campaign.ReachMoreThan)
	o.From = d.pick(campaign.FromWindow, campaign.FromReceipt, campaign.FromFirstPurchase)
	o.Start, o.End = d.pick("", campaign.BoundExcluded), d.pick("", campaign.BoundIncluded)
	if o.From != campaign.FromWindow && !d.one(3) {
		o.Within = campaign.Duration(time.Duration(1+d.IntN(20)) * d.step)
	}
	if o.From == campaign.FromReceipt {
		o.Instances = d.IntN(4)
	}
	o.Gross = d.one(4)
	o.Categories, o.Brands = d.some(4, "food", "it's \"quoted\"\t\\"), d.some(4, "a", "")
	o.Merchants, o.Channels = d.some(4, "m1", "m2"), d.some(4, "app")
	o.Excluded, o.Natures = d.some(3, "tobacco"), d.some(3, "gift_card", "cash_advance")
	o.Days = d.some(4, "mon", "tue", "wed", "sat", "sun")
	if d.one(4) {
		o.Hours = &campaign.TermsHours{From: campaign.Clock(d.IntN(24) * 60), Until: campaign.Clock(d.IntN(24)*60 + 30)}
	}
	o.Purchases = d.IntN(3)
	switch d.IntN(4) {
	case 0:
		o.Times = 1 + d.IntN(4)
	case 1:
		for i := range 1 + d.IntN(3) {
			o.Tiers = append(o.Tiers, campaign.TermsTier{Threshold: o.Threshold + money.Minor(i+1)*20_000, Reward: o.Reward + money.Minor(i+1)*500})
		}
	case 2:
		o.Percent, o.Reward = campaign.Share([]float64{.001, .035, .1}[d.IntN(3)]), 3000
		if o.Single() {
			o.Purchases, o.Times = 1, 1+d.IntN(4)
		}
	}
	if d.one(3) {
		o.Caps.Customer = o.Reward + money.Minor(d.IntN(4))*700
	}
	if d.one(3) {
		o.Caps.Day = o.Reward/2 + money.Minor(d.IntN(4))*700
	}
	return o
}

// history draws what a customer did: purchases of several lines in and about the window, in two currencies, refunds
// partial, full and late, of purchases that count and of others, and rows that are there twice.
func (d drawing) history(customer uint32) []settlement.Line {
	var lines []settlement.Line
	var ids []uint64
	for p := range d.IntN(7) {
		id := uint64(customer)*100 + uint64(p) + 1
		ids = append(ids, id)
		at := d.from.Add(time.Duration(d.IntN(36)-4) * d.step)
		for line := range 1 + d.IntN(3) {
			if d.one(12) { // a line that was booked at another time
				at = at.Add(d.step)
			}
			lines = append(lines, settlement.Line{
				At: at, ID: id, Number: uint16(line + 1), Kind: settlement.Purchase, Amount: money.Minor(d.IntN(6)) * 10_000,
				Currency: d.pick("KRW", "KRW", "KRW", "KRW", "USD"), Product: d.pick("p1", "p2"), Category: d.pick("food", "food", "books", "tobacco", ""), Brand: d.pick("a", "b", ""),
				Merchant: d.pick("m1", "m1", "m2", ""), Channel: d.pick("app", "app", "web"), Nature: d.pick("", "", "", "gift_card", "fee"),
			})
		}
	}
	for n := range d.IntN(3) {
		l := settlement.Line{
			At: d.from.Add(time.Duration(d.IntN(60)-6) * d.step), ID: uint64(customer)*100 + 50 + uint64(n), Number: 1,
			Kind: settlement.Refund, Amount: money.Minor(d.IntN(8)) * 10_000, Currency: "KRW",
		}
		if d.one(2) {
			l.Kind = settlement.Cancellation
		}
		if d.one(2) {
			l.Product, l.Category, l.Brand, l.Nature = "p1", d.pick("food", "books", "tobacco"), d.pick("a", "b"), d.pick("", "gift_card")
		}
		if len(ids) > 0 && !d.one(5) {
			l.Original = ids[d.IntN(len(ids))]
		}
		lines = append(lines, l)
	}
	if len(lines) > 0 && d.one(3) {
		lines = append(lines, lines[d.IntN(len(lines))])
	}
	return lines
}

// windows are where clocks change: leap days, zones of half an hour, a day of 23 and one of 25 hours.
var windows = []struct{ zone, from string }{
	{"Asia/Seoul", "2026-09-01T00:00:00+09:00"}, {"America/New_York", "2026-03-06T00:00:00-05:00"}, {"America/New_York", "2026-10-30T00:00:00-04:00"},
	{"Asia/Kolkata", "2028-02-27T00:00:00+05:30"}, {"Europe/London", "2026-10-24T13:00:00+01:00"}, {"Australia/Lord_Howe", "2026-04-03T00:00:00+11:00"},
}

// TestJudgeAgreesWithSQL draws offers of all kinds and histories, and holds the query that settles against the evaluator
// that explains: who earned what, in which round, when, by which purchase, with how much.
func TestJudgeAgreesWithSQL(t *testing.T) {
	w := stacktest.Warehouse(t)
	const customers, offers, rounds = 240, 12, 18
	earned := 0
	for seed := range uint64(rounds) {
		at := windows[int(seed)%len(windows)]
		zone, err := time.LoadLocation(at.zone)
		require.NoError(t, err)
		from, err := time.Parse(time.RFC3339, at.from)
		require.NoError(t, err)
		d := drawing{rand.New(rand.NewPCG(seed, 2)), zone, from.UTC(), []time.Duration{24 * time.Hour, 90 * time.Minute, time.Hour}[int(seed)%3]}
		run := campaign.Run{Campaign: fmt.Sprintf("judge-%d", seed), Occurrence: 1, Plan: 1, Launch: d.from}
		base := uint32(seed) * 1000
		terms := settlement.Terms{
			Currency: "KRW", Zone: zone, Opens: d.from, Closes: d.from.Add(28 * d.step), Known: d.from.Add(time.Duration(20+d.IntN(35)) * d.step), Imported: seed%3 == 2,
		}
		for i := range offers {
			terms.Offers = append(terms.Offers, d.offer(fmt.Sprintf("o%d", i)))
		}
		var assignments, events, receipts, transactions [][]any
		var want []settlement.Redemption
		reached := uint64(0)
		for n := range uint32(customers) {
			customer := base + n
			lines := d.history(customer)
			for _, l := range lines {
				transactions = append(transactions, transaction(customer, l))
			}
			for k, o := range terms.Offers {
				if !terms.Imported && k != int(n)%offers || terms.Imported && !d.one(4) {
					continue
				}
				p := settlement.Promise{Offer: o.ID, Threshold: o.Threshold, Reward: o.Reward}
				if terms.Imported {
					for r := range d.IntN(4) {
						at := d.from.Add(time.Duration(d.IntN(30)) * d.step)
						for range 1 + d.IntN(2) { // the same row may be there twice
							receipts = append(receipts, []any{customer, at, "offer", run.Campaign, o.ID, uint64(k*10 + r)})
						}
						if !at.After(terms.Closes) {
							p.Received = append(p.Received, at)
						}
					}
				} else {
					if p.Threshold = money.Minor(d.IntN(12)) * 10_000; len(o.Tiers) > 0 { // tiers lie above every personal threshold
						p.Threshold = min(p.Threshold, o.Threshold)
					}
					assignments = append(assignments, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, o.ID, int64(p.Threshold), int64(p.Reward)})
					for touch, name := range []string{"first", "second", "third"}[:d.IntN(4)] {
						state := []campaign.DeliveryState{campaign.DeliveryUnknown, campaign.DeliverySent, campaign.DeliveryDelivered, campaign.DeliveryBounced, campaign.DeliveryFailed, campaign.DeliveryAttempting, campaign.DeliverySuppressed}[d.IntN(7)]
						at := d.from.Add(time.Duration(touch*4+d.IntN(24))*d.step + time.Duration(d.IntN(1000))*time.Millisecond)
						for _, s := range []campaign.DeliveryState{campaign.DeliveryPlanned, campaign.DeliveryAttempting, state} {
							when := at
							if s == campaign.DeliveryPlanned {
								when = d.from.Add(-d.step)
							}
							events = append(events, []any{run.Campaign, run.Occurrence, run.Launch, name, customer, "email", uint8(1), s.String(), when})
						}
						if state.MayHaveArrived() && !at.After(terms.Closes) {
							p.Received = append(p.Received, at)
						}
					}
				}
				slices.SortFunc(p.Received, time.Time.Compare)
				if len(p.Received) == 0 {
					continue
				}
				reached++
				j, err := settlement.Judge(terms, p, lines)
				require.NoError(t, err)
				for _, e := range j.Earned {
					want = append(want, settlement.Redemption{Customer: customer, Offer: o.ID, Round: e.Round, QualifiedAt: e.At, Purchase: e.Purchase, Spend: e.Spend, Due: e.Due, Currency: "KRW"})
				}
			}
		}
		for into, rows := range map[string][][]any{
			intoAssignments: assignments, intoEvents: events, intoTransactions: transactions,
			"interactions (customer_key, at, kind, campaign, touch, id)": receipts,
		} {
			put(t, w, into, rows...)
		}
		slices.SortFunc(want, settlement.Redemption.Compare)
		got, err := w.QualifyCustomers(t.Context(), run, terms, everyC)
		require.NoError(t, err)
		require.Equal(t, reached, got)
		redeemed, err := w.Redemptions(t.Context(), run, everyC)
		require.NoError(t, err)
		for i := range min(len(want), len(redeemed)) {
			require.Equal(t, want[i], redeemed[i], "seed %d: %+v", seed, terms.Offers)
		}
		require.Len(t, redeemed, len(want))
		require.NotEmpty(t, want, "a round in which nobody qualifies tests nothing")
		earned += len(want)
	}
	t.Logf("%d rewards", earned)
}

// Amounts that sum beyond 64 bits are refused by both, not wrapped around; just below they are judged by both.
func TestOverflowIsRefused(t *testing.T) {
	w := stacktest.Warehouse(t)
	terms := settlement.Terms{Currency: "KRW", Zone: time.UTC, Opens: opens, Closes: opens.AddDate(0, 0, 28), Known: opens.AddDate(0, 0, 29),
		Offers: []settlement.OfferTerms{{ID: "reward", Reward: 5000, Terms: campaign.Terms{Percent: .5}}}}
	for i, amount := range []money.Minor{math.MaxInt64 / 2, math.MaxInt64/2 + 1} {
		run := testRun(fmt.Sprintf("huge-%d", i))
		customer := uint32(i + 1)
		put(t, w, intoAssignments, []any{run.Campaign, run.Occurrence, run.Plan, run.Launch, customer, "reward", int64(math.MaxInt64 - 1), int64(5000)})
		put(t, w, intoEvents, []any{run.Campaign, run.Occurrence, run.Launch, "first", customer, "email", uint8(1), "sent", opens})
		var lines []settlement.Line
		for n := range uint64(2) {
			l := settlement.Line{At: opens.Add(time.Hour), ID: n + 1, Number: 1, Kind: settlement.Purchase, Amount: amount, Currency: "KRW"}
			lines = append(lines, l)
			put(t, w, intoTransactions, transaction(customer, l))
		}
		j, err := settlement.Judge(terms, settlement.Promise{Offer: "reward", Threshold: math.MaxInt64 - 1, Reward: 5000, Received: []time.Time{opens}}, lines)
		_, inSQL := w.QualifyCustomers(t.Context(), run, terms, everyC)
		if i == 1 {
			require.ErrorIs(t, err, money.ErrOverflow)
			require.ErrorIs(t, inSQL, money.ErrOverflow)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, inSQL)
		redeemed, err := w.Redemptions(t.Context(), run, everyC)
		require.NoError(t, err)
		require.Len(t, redeemed, 1)
		require.Equal(t, j.Earned[0].Spend, redeemed[0].Spend)
		require.EqualValues(t, 5000, redeemed[0].Due)
	}
}

// history is what a customer did about the tests' window.
func history(r *rand.Rand, customer uint32) []settlement.Line {
	return drawing{r, time.UTC, opens, 24 * time.Hour}.history(customer)
}
