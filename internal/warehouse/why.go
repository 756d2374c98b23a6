package warehouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// ErrNoCustomer says that nobody has this id.
var ErrNoCustomer = errors.New("there is no such customer")

// Why is all that is known of one customer in one run. Name and Contacts are personal.
type Why struct {
	Customer   uint32                  `json:"customer_key"`
	ExternalID string                  `json:"external_id,omitempty"`
	Name       string                  `json:"name,omitempty"`
	Contacts   map[string]string       `json:"contacts,omitempty"` // address by channel
	Audience   *WhyAudience            `json:"audience,omitempty"`
	Scored     *WhyScored              `json:"-"` // bounds may be infinite, which JSON can't say; Reasons are the sentences
	Reasons    []string                `json:"reasons,omitempty"`
	Offer      *WhyOffer               `json:"offer,omitempty"`
	Planned    []WhyPlanned            `json:"planned,omitempty"`
	Deliveries []WhyDelivery           `json:"deliveries,omitempty"`
	Received   time.Time               `json:"received,omitzero"`    // when the first message that may have arrived left
	Verdict    *settlement.Verdict     `json:"verdict,omitempty"`    // of the first receipt
	Judged     *settlement.Judgement   `json:"judged,omitempty"`     // of all receipts of the first offer
	Promised   []WhyJudged             `json:"promised,omitempty"`   // every offer, with all of its receipts
	Redemption *settlement.Redemption  `json:"redemption,omitempty"` // the first
	Redeemed   []settlement.Redemption `json:"redeemed,omitempty"`
	Payouts    []WhyPayout             `json:"payouts,omitempty"`
	Clawback   money.Minor             `json:"clawback,omitempty"`
	Postings   []ledger.Row            `json:"postings,omitempty"`
}

// WhyAudience is the arm of a customer and why.
type WhyAudience struct {
	Arm        string  `json:"arm"`
	Reason     string  `json:"reason"`
	Score      float32 `json:"score"`
	Propensity float32 `json:"propensity"`
}

// WhyOffer is what a customer was offered and what was believed. Amounts are minor units.
type WhyOffer struct {
	ID           string      `json:"id"`
	Content      string      `json:"content,omitempty"`
	Threshold    money.Minor `json:"threshold"`
	Reward       money.Minor `json:"reward"`
	Forecast     money.Minor `json:"forecast"`
	Beside       string      `json:"beside,omitempty"` // why neighbours have a better offer, as reason:offer
	Reach        float32     `json:"p_reach"`
	Without      float32     `json:"p_reach_without"`
	Value        money.Minor `json:"value"`
	ExpectedCost money.Minor `json:"expected_cost"`
	Propensity   float32     `json:"propensity"`
	Explored     uint8       `json:"explored"`
}

// WhyScored is what moved the customer's score most, the strongest first: features, their parts in the score, and the
// bounds [Low, High) of the customer's values.
type WhyScored struct {
	Model     string
	Score     float32
	Features  []string
	Effects   []float32
	Low, High []float64
}

// WhyPlanned is when a message was to leave.
type WhyPlanned struct {
	Touch   string    `json:"touch"`
	Channel string    `json:"channel"`
	At      time.Time `json:"at"`
	Source  string    `json:"source"`
	Blocked string    `json:"blocked,omitempty"`
}

// WhyDelivery is one row of a message's history.
type WhyDelivery struct {
	Touch     string    `json:"touch"`
	Attempt   uint8     `json:"attempt"`
	Channel   string    `json:"channel"`
	State     string    `json:"state"`
	At        time.Time `json:"at"`
	Reason    string    `json:"reason,omitempty"`
	Response  string    `json:"response,omitempty"`
	MessageID string    `json:"message_id,omitempty"`
}

// WhyPayout is one row of a payout's history.
type WhyPayout struct {
	Payout  string      `json:"payout"`
	Attempt uint8       `json:"attempt"`
	State   string      `json:"state"`
	Amount  money.Minor `json:"amount"`
	At      time.Time   `json:"at"`
	Reason  string      `json:"reason,omitempty"`
}

// FindCustomer is the key of a customer, by the id in the user's own data or as #KEY. ErrNoCustomer if there is none.
func (w *Warehouse) FindCustomer(ctx context.Context, who string) (uint32, error) {
	if digits, isKey := strings.CutPrefix(who, "#"); isKey {
		key, err := strconv.ParseUint(digits, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is not a key: write # and a number, as in #17: %w", who, ErrNoCustomer)
		}
		return uint32(key), nil
	}
	found := false
	var key uint32
	err := w.each(ctx, "why_find", args{"who": who}, func(rows driver.Rows) error {
		found = true
		return rows.Scan(&key)
	})
	if err == nil && !found {
		err = fmt.Errorf("%q: %w; give the id in your own data, or #KEY", who, ErrNoCustomer)
	}
	return key, err
}

// Explain gathers what is known of a customer in a run, and judges what they bought as the settlement does.
func (w *Warehouse) Explain(ctx context.Context, run campaign.Run, brief campaign.Brief, times campaign.Times, customer uint32) (*Why, error) {
	y := &Why{Customer: customer, Contacts: map[string]string{}}
	of := runOnly(run).with(args{"plan": run.Plan, "customer": customer})
	one := args{"customer": customer}
	both := runOnly(run).with(one)
	err := errors.Join(
		w.each(ctx, "why_identity", one, func(rows driver.Rows) error { return rows.Scan(&y.ExternalID, &y.Name) }),
		w.each(ctx, "why_contacts", one, func(rows driver.Rows) error {
			var channel, address string
			err := rows.Scan(&channel, &address)
			y.Contacts[channel] = address
			return err
		}),
		w.each(ctx, "why_audience", of, func(rows driver.Rows) error {
			y.Audience = &WhyAudience{}
			return rows.Scan(&y.Audience.Arm, &y.Audience.Reason, &y.Audience.Score, &y.Audience.Propensity)
		}),
		w.each(ctx, "why_reasons", of, func(rows driver.Rows) error {
			y.Scored = &WhyScored{}
			return rows.Scan(&y.Scored.Model, &y.Scored.Score, &y.Scored.Features, &y.Scored.Effects, &y.Scored.Low, &y.Scored.High)
		}),
		w.each(ctx, "why_assignment", of, func(rows driver.Rows) error {
			y.Offer = &WhyOffer{}
			o := y.Offer
			return rows.Scan(&o.ID, &o.Content, (*int64)(&o.Threshold), (*int64)(&o.Reward), (*int64)(&o.Forecast), &o.Reach, &o.Without, (*int64)(&o.Value), (*int64)(&o.ExpectedCost), &o.Propensity, &o.Explored, &o.Beside)
		}),
		w.each(ctx, "why_planned", of, func(rows driver.Rows) error {
			var p WhyPlanned
			err := rows.Scan(&p.Touch, &p.Channel, &p.At, &p.Source, &p.Blocked)
			y.Planned = append(y.Planned, p)
			return err
		}),
		w.each(ctx, "why_deliveries", both, func(rows driver.Rows) error {
			var d WhyDelivery
			err := rows.Scan(&d.Touch, &d.Attempt, &d.Channel, &d.State, &d.At, &d.Reason, &d.Response, &d.MessageID)
			y.Deliveries = append(y.Deliveries, d)
			return err
		}),
		w.each(ctx, "why_payouts", both, func(rows driver.Rows) error {
			var p WhyPayout
			err := rows.Scan(&p.Payout, &p.Attempt, &p.State, (*int64)(&p.Amount), &p.At, &p.Reason)
			y.Payouts = append(y.Payouts, p)
			return err
		}),
	)
	if err != nil {
		return nil, err
	}
	return y, w.explainMoney(ctx, run, brief, times, y)
}

func (w *Warehouse) explainMoney(ctx context.Context, run campaign.Run, brief campaign.Brief, times campaign.Times, y *Why) error {
	only := campaign.Shard{Of: 1, Low: y.Customer, High: y.Customer}
	redeemed, err := w.Redemptions(ctx, run, only)
	if err != nil {
		return err
	}
	if len(redeemed) > 0 {
		y.Redemption, y.Redeemed = &redeemed[0], redeemed
	}
	clawed, err := w.Clawbacks(ctx, run, only)
	if err != nil {
		return err
	}
	terms := settlement.TermsOf(brief.Spec, times)
	for _, c := range clawed {
		y.Clawback += c.Amount
		terms = terms.KnownUntil(times.Ends)
	}
	if y.Postings, err = w.Postings(ctx, run, y.Customer); err != nil {
		return err
	}
	return w.judgeAll(ctx, run, terms, y)
}

// JudgeOne judges what one customer bought, purchase by purchase.
func (w *Warehouse) JudgeOne(ctx context.Context, terms settlement.Terms, customer uint32, p settlement.Promise) (settlement.Judgement, error) {
	lines, err := w.lines(ctx, customer, terms.Opens.AddDate(0, 0, -7), terms.Known)
	if err != nil {
		return settlement.Judgement{}, err
	}
	return settlement.Judge(terms, p, lines)
}

// received is when the first message of each touch left that may have arrived, in order, of those that left before the
// window closed.
func received(events []WhyDelivery, closes time.Time) (arrivals []time.Time) {
	type attempt struct {
		touch string
		n     uint8
	}
	ended, left := map[attempt]campaign.DeliveryState{}, map[attempt]time.Time{}
	for _, e := range events {
		state, err := campaign.ParseDeliveryState(e.State)
		if err != nil {
			continue
		}
		key := attempt{e.Touch, e.Attempt}
		ended[key] = ended[key].Join(state)
		if at, known := left[key]; state != campaign.DeliveryPlanned && (!known || e.At.Before(at)) {
			left[key] = e.At
		}
	}
	first := map[string]time.Time{}
	for key, state := range ended {
		at, known := first[key.touch]
		if state.MayHaveArrived() && !left[key].After(closes) && (!known || left[key].Before(at)) {
			first[key.touch] = left[key]
		}
	}
	return slices.SortedFunc(maps.Values(first), time.Time.Compare)
}

func (w *Warehouse) lines(ctx context.Context, customer uint32, from, until time.Time) ([]settlement.Line, error) {
	var all []settlement.Line
	err := w.each(ctx, "why_lines", args{"customer": customer, "from": second(from), "until": second(until)}, func(rows driver.Rows) error {
		var l settlement.Line
		err := rows.Scan(&l.At, &l.ID, &l.Number, (*string)(&l.Kind), (*int64)(&l.Amount), &l.Currency, &l.Product, &l.Category, &l.Brand, &l.Merchant, &l.Channel, &l.Nature, &l.Original)
		all = append(all, l)
		return err
	})
	return all, err
}
