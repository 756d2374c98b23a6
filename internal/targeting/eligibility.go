package targeting

import (
	"errors"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// ErrEmptyAudience says that nobody at all may be chosen.
var ErrEmptyAudience = errors.New("nobody may be chosen: the funnel says why; widen the rule, or look at consents, caps and exclusions")

// Why a customer is where they are, in the order in which it is asked. Each is counted and kept with the customer's row.
const (
	ReasonHoldout          = "holdout"
	ReasonRule             = "rule"
	ReasonExcludedSegment  = "excluded_segment"
	ReasonExcludedCampaign = "excluded_campaign"
	ReasonNoAddress        = "no_address"
	ReasonNoConsent        = "no_consent"
	ReasonConsentExpired   = "consent_expired"
	ReasonObjected         = "objected_to_profiling"
	ReasonSuppressed       = "suppressed"
	ReasonContacted        = "contacted_recently"
	ReasonCap              = "frequency_cap"
	ReasonNotSelected      = "not_selected" // below the cut
	ReasonControl          = "control"
	ReasonTreated          = "treated"
	ReasonEligible         = "eligible" // in the funnel of scores only: before the cut
)

// Reasons are all reasons in the order of the funnel.
var Reasons = []string{
	ReasonHoldout, ReasonRule, ReasonExcludedSegment, ReasonExcludedCampaign, ReasonNoAddress, ReasonObjected, ReasonNoConsent, ReasonConsentExpired,
	ReasonSuppressed, ReasonContacted, ReasonCap, ReasonEligible, ReasonNotSelected, ReasonControl, ReasonTreated,
}

// Contact is one message that reached a customer, or that is reserved for them.
type Contact struct {
	Channel uint8 // from 1 in the order of Terms.Channels; 0 is another
	At      time.Time
}

// Candidate is what is known of one customer at the moment of choosing. The masks have a bit a channel, in the order of
// Terms.Channels.
type Candidate struct {
	Customer         uint32
	Signals          []float32 // see Signals
	Matches          bool      // the rule
	Segment          string
	ExcludedSegment  bool
	ExcludedCampaign bool
	Address          uint8
	Consent          uint8 // in force and fresh enough, or none is needed
	Expired          uint8 // given too long ago
	Objected         uint8 // to profiling, where that counts
	Suppressed       uint8
	Contacts         []Contact
}

// Terms are who may be chosen, by spec and policy.
type Terms struct {
	Run             campaign.Run
	Salt            string
	Holdout         campaign.Share
	Control         campaign.Share
	ControlBy       string   // the strata that it is drawn in proportion from; empty: none
	Channels        []string // of all touches, each once
	Caps            []campaign.Cap
	ContactedWithin time.Duration
	Moment          time.Time               // campaign time
	consent         []campaign.ConsentRules // of each channel
}

// TermsOf reads the terms from a brief.
func TermsOf(run campaign.Run, brief campaign.Brief, moment time.Time) Terms {
	t := Terms{
		Run: run, Salt: brief.Policy.Salt, Holdout: brief.Policy.Holdout, Control: brief.Spec.Audience.Control, ControlBy: brief.Spec.Audience.ControlBy,
		Caps: brief.Policy.Caps, ContactedWithin: time.Duration(brief.Spec.Audience.Exclude.ContactedWithin), Moment: moment,
	}
	for _, touch := range brief.Spec.Touches {
		for _, channel := range touch.Channels {
			if !slices.Contains(t.Channels, channel) {
				t.Channels = append(t.Channels, channel)
				t.consent = append(t.consent, brief.ConsentRules(channel))
			}
		}
	}
	return t
}

// Lookback is how far contacts matter, before and after the moment.
func (t Terms) Lookback() time.Duration {
	longest := t.ContactedWithin
	for _, c := range t.Caps {
		longest = max(longest, time.Duration(c.Within))
	}
	return longest
}

// Judge is why a customer may not be chosen, or ReasonEligible.
func (t Terms) Judge(c *Candidate) string {
	switch {
	case campaign.Uniform(t.Salt, campaign.ExperimentHoldout, c.Customer) < float64(t.Holdout):
		return ReasonHoldout
	case !c.Matches:
		return ReasonRule
	case c.ExcludedSegment:
		return ReasonExcludedSegment
	case c.ExcludedCampaign:
		return ReasonExcludedCampaign
	case c.Address == 0:
		return ReasonNoAddress
	case c.Address&c.Consent == 0 && c.Address&c.Expired != 0:
		return ReasonConsentExpired
	case c.Address&c.Consent == 0 && c.Address&c.Objected != 0:
		return ReasonObjected
	case c.Address&c.Consent == 0:
		return ReasonNoConsent
	case c.Address&c.Consent&^c.Suppressed == 0:
		return ReasonSuppressed
	case t.contacted(c):
		return ReasonContacted
	case t.capped(c):
		return ReasonCap
	}
	return ReasonEligible
}

func (t Terms) contacted(c *Candidate) bool {
	return t.ContactedWithin > 0 && slices.ContainsFunc(c.Contacts, func(contact Contact) bool { return t.near(contact, t.ContactedWithin) })
}

// near also counts what is reserved for soon: the other campaign was first.
func (t Terms) near(contact Contact, within time.Duration) bool {
	return contact.At.After(t.Moment.Add(-within)) && contact.At.Before(t.Moment.Add(within))
}

// capped is whether no channel is left on which one more message would be within the caps.
func (t Terms) capped(c *Candidate) bool {
	open := c.Address & c.Consent &^ c.Suppressed
	for _, limit := range t.Caps {
		channel := slices.Index(t.Channels, limit.Channel) + 1
		if limit.Channel != "" && channel == 0 {
			continue // of a channel that this campaign does not use
		}
		count := 0
		for _, contact := range c.Contacts {
			if t.near(contact, time.Duration(limit.Within)) && (limit.Channel == "" || int(contact.Channel) == channel) {
				count++
			}
		}
		switch {
		case count < limit.Most:
		case limit.Channel == "":
			return true
		default:
			open &^= 1 << (channel - 1)
		}
	}
	return open == 0
}

// IsControl draws the control group among the chosen, anew for each occurrence.
func (t Terms) IsControl(customer uint32) bool {
	return campaign.Uniform(t.Salt, t.Run.Experiment("control"), customer) < float64(t.Control)
}

// Luck orders customers whose scores are alike, so that the cut falls among them at random but always alike.
func (t Terms) Luck(customer uint32) uint64 {
	return campaign.Hash64(t.Salt, t.Run.Experiment("cut"), customer)
}
