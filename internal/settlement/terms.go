// Package settlement decides who met an offer's terms, explains it purchase by purchase, and names what is paid out.
package settlement

import (
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// Terms are when an offer of one run counts as met. The warehouse compiles the same terms to SQL; a property test holds
// the two against each other, so whoever changes one changes both.
type Terms struct {
	Currency    string    // purchases in another one do not count
	Opens       time.Time // the window
	Closes      time.Time // exclusive
	Known       time.Time // exclusive: what happened later is not known yet
	Single      bool      // one purchase reaches the threshold, not all together
	FromReceipt bool      // purchases count from the first message on, not from Opens
	Within      time.Duration
	Gross       bool // refunds and cancellations do not count against
	Categories  []string
	Brands      []string
	Excluded    []string // categories
}

// TermsOf are the terms of a spec for one occurrence, with everything known that happened before its settlement.
func TermsOf(spec campaign.Spec, times campaign.Times) Terms {
	s := spec.Settlement
	return Terms{
		Currency: spec.Currency, Opens: times.Opens, Closes: times.Closes, Known: times.Settles,
		Single: s.Measure == campaign.MeasureSingle, FromReceipt: s.From == campaign.FromReceipt,
		Within: time.Duration(s.Within), Gross: s.Gross,
		Categories: s.Categories, Brands: s.Brands, Excluded: s.Excluded,
	}
}

// KnownUntil are the same terms with everything known that happened before an instant.
func (t Terms) KnownUntil(at time.Time) Terms {
	t.Known = at
	return t
}

// Period is from when until when (exclusive) a customer's purchases count, whose first message came at received. The
// warehouse keeps purchases to the second; one in the second of the message counts, in the customer's favour.
func (t Terms) Period(received time.Time) (from, until time.Time) {
	received = received.UTC().Truncate(time.Second)
	from, until = t.Opens, earlier(t.Closes, t.Known)
	if t.FromReceipt && received.After(from) {
		from = received
	}
	if t.Within > 0 {
		until = earlier(until, received.Add(t.Within.Truncate(time.Second)))
	}
	return from, until
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Kind is what a line of a customer's history is.
type Kind string

// The kinds of lines.
const (
	Purchase     Kind = "purchase"
	Refund       Kind = "refund"
	Cancellation Kind = "cancellation"
)

// Line is one row of a customer's history. Amount is never negative: a refund's kind takes it away from Original.
type Line struct {
	At       time.Time
	ID       uint64
	Number   uint16
	Kind     Kind
	Amount   money.Minor
	Currency string
	Product  string
	Category string
	Brand    string
	Original uint64
}

// Reason says why a line does not count; empty: it counts.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	Counts        Reason = ""
	OtherCurrency Reason = "other_currency"
	OtherCategory Reason = "other_category"
	OtherBrand    Reason = "other_brand"
	ExcludedGoods Reason = "excluded_category"
	TooEarly      Reason = "too_early"
	TooLate       Reason = "too_late"
	NoPurchase    Reason = "no_purchase" // a refund of a purchase that does not count itself
	GrossTerms    Reason = "gross_terms" // a refund, where refunds do not count against
)

// goods says whether what was bought is of the kind that counts.
func (t Terms) goods(l Line) Reason {
	// A refund that does not say what came back takes from its purchase, whatever that was.
	if l.Kind != Purchase && l.Product == "" && l.Category == "" && l.Brand == "" {
		return t.currency(l)
	}
	switch {
	case t.currency(l) != Counts:
		return OtherCurrency
	case len(t.Categories) > 0 && !slices.Contains(t.Categories, l.Category):
		return OtherCategory
	case len(t.Brands) > 0 && !slices.Contains(t.Brands, l.Brand):
		return OtherBrand
	case slices.Contains(t.Excluded, l.Category):
		return ExcludedGoods
	}
	return Counts
}

func (t Terms) currency(l Line) Reason {
	if l.Currency != t.Currency {
		return OtherCurrency
	}
	return Counts
}
