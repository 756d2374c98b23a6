package settlement

import (
	"cmp"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

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
	Merchant string
	Channel  string
	Nature   string // cash_advance, fee, gift_card; empty: goods
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
	ExcludedKind  Reason = "excluded_kind"
	OtherMerchant Reason = "other_merchant"
	OtherChannel  Reason = "other_channel"
	OtherDay      Reason = "other_day"
	OtherHour     Reason = "other_hour"
	TooEarly      Reason = "too_early"
	TooLate       Reason = "too_late"
)

// goods says whether what was bought is of the kind that counts. Where and when a refund was made does not matter.
func (t Terms) goods(o OfferTerms, l Line) Reason {
	refund := l.Kind != Purchase
	if l.Currency != t.Currency {
		return OtherCurrency
	}
	// A refund that does not say what came back takes from its purchase, whatever that was.
	if refund && l.Product == "" && l.Category == "" && l.Brand == "" && l.Nature == "" {
		return Counts
	}
	switch {
	case misses(o.Categories, l.Category):
		return OtherCategory
	case misses(o.Brands, l.Brand):
		return OtherBrand
	case slices.Contains(o.Excluded, l.Category):
		return ExcludedGoods
	case slices.Contains(o.Natures, l.Nature):
		return ExcludedKind
	case refund:
		return Counts
	case misses(o.Merchants, l.Merchant):
		return OtherMerchant
	case misses(o.Channels, l.Channel):
		return OtherChannel
	case !t.onDay(o, l.At):
		return OtherDay
	case !t.atHour(o, l.At):
		return OtherHour
	}
	return Counts
}

func misses(list []string, name string) bool { return len(list) > 0 && !slices.Contains(list, name) }

func (t Terms) onDay(o OfferTerms, at time.Time) bool {
	if len(o.Days) == 0 {
		return true
	}
	number := (int(at.In(t.Zone).Weekday())+6)%7 + 1
	return slices.ContainsFunc(o.Days, func(word string) bool { return campaign.Weekday(word) == number })
}

func (t Terms) atHour(o OfferTerms, at time.Time) bool {
	if o.Hours == nil {
		return true
	}
	local := at.In(t.Zone)
	return o.Hours.Holds(campaign.Clock(local.Hour()*60 + local.Minute()))
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
