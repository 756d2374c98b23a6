package dispatch

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Attempt is one try at a delivery, with the state that its rows add up to.
type Attempt struct {
	Customer  uint32
	Number    uint8 // 0: an outcome without a try, such as suppressed
	State     campaign.DeliveryState
	Reason    string
	MessageID string
	Wave      uint32
	Channel   string
	At        time.Time // campaign time
	WallAt    time.Time
}

// The reasons of failed attempts, of which only a refusal is for good.
const (
	ReasonRefused   = "refused"   // by the provider, for good
	ReasonTemporary = "temporary" // by the provider, for now
	ReasonAbsent    = "absent"    // asked, the provider never got it
	ReasonUntried   = "untried"   // stopped before the first byte
	ReasonAgain     = "again"     // may have arrived; nobody can tell, and the customer has to get it
)

// The reasons of outcomes without a try.
const (
	ReasonNoOffer    = "no_offer"
	ReasonNoConsent  = "no_consent"
	ReasonOldConsent = "consent_too_old"
	ReasonSuppressed = "do_not_contact"
	ReasonObjected   = "objected_to_profiling"
	ReasonCapped     = "capped"
	ReasonDisplaced  = "displaced" // by a campaign of higher priority
	ReasonBundled    = "bundled"   // its offer went in another campaign's message
	ReasonNoAddress  = "no_address"
	ReasonRedeemed   = "redeemed"
	ReasonUnreadable = "template_fault"
	ReasonForeign    = "foreign_character" // a value has what the channel can't carry
	ReasonCancelled  = "cancelled"
	ReasonClosed     = "wave_closed"
	ReasonQuiet      = "not_an_allowed_hour"
	ReasonNeverSent  = "never_sent"
)

// Step is what is to be done about a delivery.
type Step int

// The steps.
const (
	StepSend   Step = iota // make the next attempt
	StepSettle             // an attempt is open: ask the provider
	StepDone
)

// Judge says what is to be done about a delivery in a wave after its earlier attempts, which state it is in, and the
// number of the next attempt. An attempt that is open, or whose fate is unknown, comes before everything else: nothing
// is sent while a message may be out. One that bounced, and was followed by another channel, is a try like any other.
func Judge(history []Attempt, wave uint32) (step Step, state campaign.DeliveryState, next uint8) {
	state, next = campaign.DeliveryPlanned, 1
	step = StepSend
	open, sent := -1, -1 // the last attempts that may be out, and that are
	for _, a := range history {
		next = max(next, a.Number+1)
	}
	for _, a := range history {
		if a.State == campaign.DeliveryBounced && a.Number+1 < next {
			a.State, a.Reason = campaign.DeliveryFailed, ""
		}
		switch a.State {
		case campaign.DeliverySent, campaign.DeliveryDelivered, campaign.DeliveryBounced, campaign.DeliverySuppressed:
			step = StepDone
		case campaign.DeliveryExpired:
			if a.Wave == wave || wave == 0 { // one that was given a new hour may still go
				step = StepDone
			}
		case campaign.DeliveryAttempting, campaign.DeliveryUnknown:
			open = max(open, int(a.Number))
		case campaign.DeliveryFailed:
			if a.Reason == ReasonRefused {
				step = StepDone
			}
		}
		if a.State >= campaign.DeliverySent {
			sent = max(sent, int(a.Number))
		}
		state = state.Join(a.State)
	}
	if open > sent {
		return StepSettle, state, next
	}
	return step, state, next
}
