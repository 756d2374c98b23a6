package dispatch

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Rules are what is checked of every message at the moment it would leave.
type Rules struct {
	Hours      Hours
	Zones      *Zones
	ConsentAge time.Duration // a consent given longer ago needs confirming; 0: never
	Closes     time.Time     // nothing leaves at or after it
	packs      packs
	own        bool // own customers need no consent, where a pack says so
}

// Refuse says in which state a delivery ends instead of leaving at a moment of campaign time, and why; planned when
// nothing is against it.
func (r Rules) Refuse(to Recipient, at time.Time) (campaign.DeliveryState, string) {
	zone := r.Zones.Of(to.Zone)
	law := r.consent(zone.String(), at)
	// An own customer needs no consent as long as they never withdrew one.
	own := law.own > 0 && !to.Withdrawn && !to.BoughtAt.IsZero() && !to.BoughtAt.After(at) && at.Sub(to.BoughtAt) <= law.own
	switch {
	case to.Offer == "" || to.Offer == "none":
		return campaign.DeliverySuppressed, ReasonNoOffer
	case to.DoNotContact:
		return campaign.DeliverySuppressed, ReasonSuppressed
	case law.objection && to.Objected:
		return campaign.DeliverySuppressed, ReasonObjected
	case !to.Consented && !own:
		return campaign.DeliverySuppressed, ReasonNoConsent
	case law.age > 0 && at.Sub(to.ConsentedAt) > law.age && !own:
		return campaign.DeliverySuppressed, ReasonOldConsent
	case !to.Reserved && to.Kept != "":
		return campaign.DeliverySuppressed, to.Kept
	case !to.Reserved:
		return campaign.DeliverySuppressed, ReasonCapped
	case to.Address == "":
		return campaign.DeliverySuppressed, ReasonNoAddress
	case !r.Closes.IsZero() && !at.Before(r.Closes):
		return campaign.DeliveryExpired, ReasonClosed
	case !r.Hours.Allow(at.In(zone), to.Night):
		return campaign.DeliveryExpired, ReasonQuiet
	}
	return campaign.DeliveryPlanned, ""
}
