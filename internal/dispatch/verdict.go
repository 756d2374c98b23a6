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
}

// Refuse says in which state a delivery ends instead of leaving at a moment of campaign time, and why; planned when
// nothing is against it.
func (r Rules) Refuse(to Recipient, at time.Time) (campaign.DeliveryState, string) {
	switch {
	case to.Offer == "" || to.Offer == "none":
		return campaign.DeliverySuppressed, ReasonNoOffer
	case to.DoNotContact:
		return campaign.DeliverySuppressed, ReasonSuppressed
	case !to.Consented:
		return campaign.DeliverySuppressed, ReasonNoConsent
	case r.ConsentAge > 0 && at.Sub(to.ConsentedAt) > r.ConsentAge:
		return campaign.DeliverySuppressed, ReasonOldConsent
	case !to.Reserved:
		return campaign.DeliverySuppressed, ReasonCapped
	case to.Address == "":
		return campaign.DeliverySuppressed, ReasonNoAddress
	case !r.Closes.IsZero() && !at.Before(r.Closes):
		return campaign.DeliveryExpired, ReasonClosed
	case !r.Hours.Allow(at.In(r.Zones.Of(to.Zone)), to.Night):
		return campaign.DeliveryExpired, ReasonQuiet
	}
	return campaign.DeliveryPlanned, ""
}
