package settlement

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// Promise is what one customer was promised, and when the messages that may have reached them left.
type Promise struct {
	Offer     string
	Threshold money.Minor
	Reward    money.Minor
	Received  []time.Time // in order of time; the terms say how many of them open an instance
}

// Judgement is what a customer earned, and how each receipt's purchases counted.
type Judgement struct {
	Earned   []Earned  `json:"earned,omitempty"`   // in order of time
	Receipts []Verdict `json:"receipts,omitempty"` // one for each receipt that opened an instance
}

// Earned is one reward.
type Earned struct {
	Round    uint16      `json:"round"`   // of the offer: its key beside the customer
	Receipt  int         `json:"receipt"` // from 1
	Step     int         `json:"step"`    // from 1
	At       time.Time   `json:"at"`      // of the purchase that earned it
	Purchase uint64      `json:"purchase"`
	Spend    money.Minor `json:"spend"`         // that was measured; with a percentage what it is of
	Due      money.Minor `json:"due"`           // after caps
	Cut      money.Minor `json:"cut,omitempty"` // by caps
}

// Verdict says whether a receipt's first step was met, by which purchase, and how each purchase counted.
type Verdict struct {
	Received  time.Time   `json:"received,omitzero"`
	Qualified bool        `json:"qualified"`
	At        time.Time   `json:"at,omitzero"`                 // of the purchase that met it
	Purchase  uint64      `json:"purchase,omitempty"`          // its id
	Spend     money.Minor `json:"spend"`                       // when met: up to that purchase, or of it alone; else the most that was reached
	Missing   money.Minor `json:"missing,omitempty"`           // to the threshold
	Short     int         `json:"missing_purchases,omitempty"` // to the number of purchases
	From      time.Time   `json:"from"`                        // purchases count from here
	Until     time.Time   `json:"until"`                       // to here, exclusive
	Purchases []Judged    `json:"purchases,omitempty"`         // in order of time
}

// Judged is one purchase as it counted.
type Judged struct {
	ID      uint64      `json:"id"`
	At      time.Time   `json:"at"`
	Bought  money.Minor `json:"bought"`                  // in lines that count
	Taken   money.Minor `json:"taken,omitempty"`         // by refunds and cancellations that count against it
	Net     money.Minor `json:"net"`                     // never below zero
	Total   money.Minor `json:"total"`                   // with the purchases before it
	Number  int         `json:"number,omitempty"`        // among the purchases with a net
	Reached bool        `json:"reached,omitempty"`       // a step, by this purchase
	Reason  Reason      `json:"reason,omitempty"`        // why none of its lines count
	Skipped int         `json:"skipped_lines,omitempty"` // lines that do not count, of a purchase that does
}

// Judge judges one customer's history. A refund counts against a purchase when it names it, is of goods that count, and
// happened in [Opens, Known). A purchase whose net is nothing can reach nothing, not even a threshold of zero. Amounts
// that could sum beyond 64 bits are money.ErrOverflow.
func Judge(t Terms, p Promise, lines []Line) (Judgement, error) {
	o, err := t.offer(p.Offer)
	if err != nil {
		return Judgement{}, err
	}
	lines = distinct(lines)
	var j Judgement
	first := t.first(o, lines)
	steps := o.Steps(p.Threshold, p.Reward)
	for i, received := range p.Received[:min(len(p.Received), o.Receipts())] {
		v := Verdict{Received: received}
		v.From, v.Until = t.period(o, received, first)
		if err := t.fits(o, lines, v.From, v.Until); err != nil {
			return Judgement{}, err
		}
		v.Purchases = t.purchases(o, lines, v.From, v.Until)
		t.refunds(o, v.Purchases, lines)
		total := v.add()
		for k, step := range steps {
			e, met := v.reach(o, step)
			if !met {
				continue
			}
			e.Round, e.Receipt, e.Step = uint16(i*o.Rounds()+k+1), i+1, k+1
			if e.Due, e.Spend, err = due(o, step, e.Spend, total); err != nil {
				return Judgement{}, err
			}
			j.Earned = append(j.Earned, e)
		}
		if len(steps) > 0 {
			v.conclude(o, steps[0])
		}
		j.Receipts = append(j.Receipts, v)
	}
	j.cap(t, o)
	return j, nil
}

// fits says whether the amounts of all purchases that could count, and of what was taken from them, sum to 64 bits, in
// whatever order: the largest of them times their number does.
func (t Terms) fits(o OfferTerms, lines []Line, from, until time.Time) error {
	if o.From == campaign.FromFirstPurchase { // it is found among all of the window's
		from, until = t.Opens, t.last(o)
	}
	counted := map[uint64]bool{}
	var largest, n money.Minor
	for _, l := range lines {
		if l.Kind == Purchase && t.goods(o, l) == Counts && !l.At.Before(from) && l.At.Before(until) {
			largest, n = max(largest, l.Amount), n+1
			counted[l.ID] = true
		}
	}
	for _, l := range lines {
		if t.takes(o, l) && counted[l.Original] {
			largest, n = max(largest, l.Amount), n+1
		}
	}
	if n > 0 && largest > math.MaxInt64/n {
		return fmt.Errorf("%d purchases and refunds of up to %d: %w", n, largest, money.ErrOverflow)
	}
	return nil
}

// takes says whether a line is a refund or cancellation that takes from its purchase.
func (t Terms) takes(o OfferTerms, l Line) bool {
	return l.Kind != Purchase && !o.Gross && t.goods(o, l) == Counts && !l.At.Before(t.Opens) && l.At.Before(t.Known)
}

// first is the first purchase in the window that could count.
func (t Terms) first(o OfferTerms, lines []Line) time.Time {
	for _, l := range lines {
		if l.Kind == Purchase && t.goods(o, l) == Counts && !l.At.Before(t.Opens) && l.At.Before(t.last(o)) {
			return l.At
		}
	}
	return time.Time{}
}

// purchases gathers the lines of each purchase. One that has a line that counts counts, from its first such line.
func (t Terms) purchases(o OfferTerms, lines []Line, from, until time.Time) []Judged {
	var all []Judged
	place := map[uint64]int{}
	for _, l := range lines {
		if l.Kind != Purchase {
			continue
		}
		reason := t.goods(o, l)
		switch {
		case reason != Counts:
		case l.At.Before(from):
			reason = TooEarly
		case !l.At.Before(until):
			reason = TooLate
		}
		at, known := place[l.ID]
		if !known {
			at = len(all)
			place[l.ID] = at
			all = append(all, Judged{ID: l.ID, At: l.At, Reason: reason})
		}
		p := &all[at]
		switch {
		case reason != Counts:
			p.Skipped++
		case p.Reason != Counts: // its first line that counts
			p.Reason, p.At, p.Bought = Counts, l.At, l.Amount
		default:
			p.Bought += l.Amount
		}
	}
	slices.SortFunc(all, func(a, b Judged) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return all
}

func (t Terms) refunds(o OfferTerms, purchases []Judged, lines []Line) {
	for _, l := range lines {
		if !t.takes(o, l) {
			continue
		}
		for i := range purchases {
			if p := &purchases[i]; p.ID == l.Original && p.Reason == Counts {
				p.Taken += l.Amount
			}
		}
	}
}

// add fills in net, total and number, and gives the total of all.
func (v *Verdict) add() (total money.Minor) {
	number := 0
	for i := range v.Purchases {
		p := &v.Purchases[i]
		if p.Reason == Counts {
			p.Net = max(p.Bought-p.Taken, 0)
		}
		total += p.Net
		p.Total = total
		if p.Net > 0 {
			number++
			p.Number = number
		}
	}
	return total
}

// reach finds the purchase with which a step is met.
func (v *Verdict) reach(o OfferTerms, s campaign.Step) (Earned, bool) {
	high := 0 // purchases that reach the threshold by themselves
	for i := range v.Purchases {
		p := &v.Purchases[i]
		if p.Net <= 0 {
			continue
		}
		measured, number := p.Total, p.Number
		if o.Single() {
			if !above(o, p.Net, s.Threshold) {
				continue
			}
			high++
			measured, number = p.Net, high
		}
		if above(o, measured, s.Threshold) && number >= s.Purchases {
			p.Reached = true
			return Earned{At: p.At, Purchase: p.ID, Spend: measured}, true
		}
	}
	return Earned{}, false
}

func above(o OfferTerms, spend, threshold money.Minor) bool {
	return spend > threshold || spend == threshold && !o.Strict()
}

// due is what a step that was met gives, and the spend that it is of.
func due(o OfferTerms, s campaign.Step, spend, total money.Minor) (due, of money.Minor, err error) {
	if o.Percent == 0 {
		return s.Reward, spend, nil
	}
	if !o.Single() {
		spend = total
	}
	share, err := money.Share(spend, o.PerMillion())
	return min(share, s.Reward), spend, err
}

// conclude says how far the first step is.
func (v *Verdict) conclude(o OfferTerms, s campaign.Step) {
	if e, met := v.reach(o, s); met {
		v.Qualified, v.At, v.Purchase, v.Spend = true, e.At, e.Purchase, e.Spend
		return
	}
	number := 0
	for _, p := range v.Purchases {
		measured := p.Total
		if o.Single() {
			measured = p.Net
		}
		v.Spend = max(v.Spend, measured)
		if p.Net > 0 && (!o.Single() || above(o, p.Net, s.Threshold)) {
			number++
		}
	}
	if !above(o, v.Spend, s.Threshold) {
		v.Missing = s.Threshold - v.Spend
		if o.Strict() {
			v.Missing++
		}
	}
	v.Short = max(s.Purchases-number, 0)
}

// cap cuts what goes beyond the most of a day and of all, in order of time, and drops rewards of which nothing is left.
func (j *Judgement) cap(t Terms, o OfferTerms) {
	slices.SortFunc(j.Earned, func(a, b Earned) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Purchase, b.Purchase), cmp.Compare(a.Round, b.Round))
	})
	left := func(most, had, due money.Minor) money.Minor {
		if most == 0 {
			return due
		}
		return min(due, max(most-had, 0))
	}
	byDay := map[string]money.Minor{}
	var all money.Minor
	for i := range j.Earned {
		e := &j.Earned[i]
		asked, day := e.Due, e.At.In(t.Zone).Format(time.DateOnly)
		inDay := left(o.Caps.Day, byDay[day], asked)
		e.Due = left(o.Caps.Customer, all, inDay)
		e.Cut = asked - e.Due
		if o.Caps.Day > 0 {
			byDay[day] += inDay
		}
		if o.Caps.Customer > 0 {
			all += inDay
		}
	}
	j.Earned = slices.DeleteFunc(j.Earned, func(e Earned) bool { return e.Due <= 0 })
}
