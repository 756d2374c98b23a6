package dispatch

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Rules are what is checked of every message at the moment it would leave.
type Rules struct {
	Hours   Hours
	Zones   *Zones
	Closes  time.Time // nothing leaves at or after it
	consent campaign.ConsentRules
}

// Refuse says in which state a delivery ends instead of leaving at a moment of campaign time, and why; planned when
// nothing is against it.
func (r Rules) Refuse(to Recipient, at time.Time) (campaign.DeliveryState, string) {
	zone := r.Zones.Of(to.Zone)
	consent := r.consent.Law(zone.String(), at).Judge(campaign.Consent{
		Granted: to.Consented, GivenAt: to.ConsentedAt, Withdrawn: to.Withdrawn, Objected: to.Objected, BoughtAt: to.BoughtAt,
	}, at)
	switch {
	case to.Offer == "" || to.Offer == "none":
		return campaign.DeliverySuppressed, ReasonNoOffer
	case to.DoNotContact:
		return campaign.DeliverySuppressed, ReasonSuppressed
	case consent == campaign.ConsentObjected:
		return campaign.DeliverySuppressed, ReasonObjected
	case consent == campaign.ConsentNone:
		return campaign.DeliverySuppressed, ReasonNoConsent
	case consent == campaign.ConsentTooOld:
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
