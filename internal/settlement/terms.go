// Package settlement decides who met an offer's terms, explains it purchase by purchase, and names what is paid out.
package settlement

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// ErrNoOffer says that a customer holds an offer that the spec does not know, or that gives nothing.
var ErrNoOffer = errors.New("the spec has no such offer with a reward")

// Terms are when the offers of one run count as met. The warehouse compiles the same terms to SQL; property tests hold
// the two against each other, so whoever changes one changes both.
type Terms struct {
	Currency string         // purchases in another one do not count
	Zone     *time.Location // of hours and days
	Opens    time.Time      // the window
	Closes   time.Time      // exclusive
	Known    time.Time      // exclusive: what happened later is not known yet
	Imported bool           // receipts are imported interactions, not our own messages
	Offers   []OfferTerms   // those that give a reward
}

// OfferTerms are the terms of one offer, with its threshold and reward where no assignment has its own.
type OfferTerms struct {
	ID        string
	Threshold money.Minor
	Reward    money.Minor
	campaign.Terms
}

// TermsOf are the terms of a spec for one occurrence, with everything known that happened before its settlement.
func TermsOf(spec campaign.Spec, times campaign.Times) Terms {
	t := Terms{
		Currency: spec.Currency, Zone: time.UTC, Opens: times.Opens, Closes: times.Closes, Known: times.Settles,
		Imported: spec.Settlement.Receipts == campaign.ReceiptsImported,
	}
	if zone, err := campaign.LoadZone(spec.Zone); err == nil { // a valid spec has one
		t.Zone = zone
	}
	for _, offer := range spec.Offers {
		if offer.Reward > 0 {
			t.Offers = append(t.Offers, OfferTerms{ID: offer.ID, Threshold: offer.Threshold.Fixed, Reward: offer.Reward, Terms: spec.TermsOf(offer)})
		}
	}
	return t
}

// KnownUntil are the same terms with everything known that happened before an instant.
func (t Terms) KnownUntil(at time.Time) Terms {
	t.Known = at
	return t
}

// Limited are the offers of which there are only so many for all customers together.
func (t Terms) Limited() []OfferTerms {
	return slices.DeleteFunc(slices.Clone(t.Offers), func(o OfferTerms) bool { return o.FirstCome == campaign.FirstCome{} })
}

func (t Terms) offer(id string) (OfferTerms, error) {
	at := slices.IndexFunc(t.Offers, func(o OfferTerms) bool { return o.ID == id })
	if at < 0 {
		return OfferTerms{}, fmt.Errorf("offer %q: %w", id, ErrNoOffer)
	}
	return t.Offers[at], nil
}

// period is from when until when (exclusive) purchases count for one receipt. first is the customer's first purchase that
// could count; zero if there is none. The warehouse keeps purchases to the second; one in the second of the message
// counts, in the customer's favour.
func (t Terms) period(o OfferTerms, received, first time.Time) (from, until time.Time) {
	received = second(received)
	from = second(t.Opens)
	anchor := received
	switch o.From {
	case campaign.FromReceipt:
		from = later(from, received)
	case campaign.FromFirstPurchase:
		if first.IsZero() {
			return from, from
		}
		from, anchor = first, first
	}
	until = second(t.Closes)
	if o.Within > 0 {
		until = earlier(until, anchor.Add(o.Within.Std().Truncate(time.Second)))
	}
	if o.Start == campaign.BoundExcluded {
		from = from.Add(time.Second)
	}
	if o.End == campaign.BoundIncluded {
		until = until.Add(time.Second)
	}
	return from, earlier(until, second(t.Known))
}

// last is the end of what a first purchase may be in.
func (t Terms) last(o OfferTerms) time.Time {
	closes := second(t.Closes)
	if o.End == campaign.BoundIncluded {
		closes = closes.Add(time.Second)
	}
	return earlier(closes, second(t.Known))
}

func second(at time.Time) time.Time { return at.UTC().Truncate(time.Second) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
