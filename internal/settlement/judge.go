package settlement

import (
	"cmp"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/money"
)

// Offer is what one customer was promised, and when the first message that reached them left.
type Offer struct {
	ID        string
	Threshold money.Minor
	Reward    money.Minor
	Received  time.Time
}

// Verdict says whether an offer was met, by which purchase, and how each purchase counted.
type Verdict struct {
	Qualified bool        `json:"qualified"`
	At        time.Time   `json:"at,omitzero"`         // of the purchase that reached the threshold
	Purchase  uint64      `json:"purchase,omitempty"`  // its id
	Spend     money.Minor `json:"spend"`               // when reached: up to that purchase, or of it alone; else the most that was reached
	Missing   money.Minor `json:"missing,omitempty"`   // to the threshold
	From      time.Time   `json:"from"`                // purchases count from here
	Until     time.Time   `json:"until"`               // to here, exclusive
	Purchases []Judged    `json:"purchases,omitempty"` // in order of time
}

// Judged is one purchase as it counted.
type Judged struct {
	ID      uint64      `json:"id"`
	At      time.Time   `json:"at"`
	Bought  money.Minor `json:"bought"`                  // in lines that count
	Taken   money.Minor `json:"taken,omitempty"`         // by refunds and cancellations that count against it
	Net     money.Minor `json:"net"`                     // never below zero
	Total   money.Minor `json:"total"`                   // with the purchases before it
	Reached bool        `json:"reached,omitempty"`       // the threshold, by this purchase
	Reason  Reason      `json:"reason,omitempty"`        // why none of its lines count
	Skipped int         `json:"skipped_lines,omitempty"` // lines that do not count, of a purchase that does
}

// Judge judges one customer's history. A refund counts against a purchase when it names it, is of goods that count, and
// happened in [Opens, Known). A purchase whose net is nothing can reach nothing, not even a threshold of zero.
func Judge(t Terms, o Offer, lines []Line) Verdict {
	v := Verdict{}
	v.From, v.Until = t.Period(o.Received)
	lines = distinct(lines)
	v.Purchases = t.purchases(lines, v.From, v.Until)
	t.refunds(v.Purchases, lines)
	var total money.Minor
	for i := range v.Purchases {
		p := &v.Purchases[i]
		p.Net = max(p.Bought-p.Taken, 0)
		if p.Reason != Counts {
			p.Net = 0
		}
		total += p.Net
		p.Total = total
		measured := total
		if t.Single {
			measured = p.Net
		}
		if !v.Qualified {
			v.Spend = max(v.Spend, measured)
		}
		if !v.Qualified && p.Net > 0 && measured >= o.Threshold {
			v.Qualified, p.Reached = true, true
			v.At, v.Purchase, v.Spend = p.At, p.ID, measured
		}
	}
	if !v.Qualified {
		v.Missing = max(o.Threshold-v.Spend, 0)
	}
	return v
}

// purchases gathers the lines of each purchase. One that has a line that counts counts, from its first such line.
func (t Terms) purchases(lines []Line, from, until time.Time) []Judged {
	var all []Judged
	place := map[uint64]int{}
	for _, l := range lines {
		if l.Kind != Purchase {
			continue
		}
		reason := t.goods(l)
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

func (t Terms) refunds(purchases []Judged, lines []Line) {
	if t.Gross {
		return
	}
	for _, l := range lines {
		if l.Kind == Purchase || t.goods(l) != Counts || l.At.Before(t.Opens) || !l.At.Before(t.Known) {
			continue
		}
		for i := range purchases {
			if p := &purchases[i]; p.ID == l.Original && p.Reason == Counts {
				p.Taken += l.Amount
			}
		}
	}
}

// distinct drops rows that are there twice, as an import that was repeated may leave them for a while, and puts the
// rest in order.
func distinct(lines []Line) []Line {
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Kind, b.Kind))
	})
	return slices.CompactFunc(lines, func(a, b Line) bool {
		return a.At.Equal(b.At) && a.ID == b.ID && a.Number == b.Number && a.Kind == b.Kind
	})
}
