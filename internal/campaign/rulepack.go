package campaign

import (
	"cmp"
	"slices"
	"time"
)

// RulePack is what the law of a country, or the owner of the policy, wants of messages by some channels for one purpose.
// Danbi ships packs as data; a policy says which it uses, and puts its own beside or in the place of them. See docs/rules.md.
type RulePack struct {
	ID           string              `yaml:"id" json:"id"`
	Version      int                 `yaml:"version" json:"version"`
	Title        Text                `yaml:"title,omitempty" json:"title,omitempty"`
	Country      string              `yaml:"country,omitempty" json:"country,omitempty"`   // of the recipient, by their zone; empty: everywhere
	Channels     []string            `yaml:"channels,omitempty" json:"channels,omitempty"` // empty: all
	Purpose      string              `yaml:"purpose" json:"purpose"`                       // of the messages
	Since        Moment              `yaml:"since" json:"since"`                           // in force from then on, until the same pack's next version is
	Source       string              `yaml:"source" json:"source"`
	Reviewed     string              `yaml:"reviewed,omitempty" json:"reviewed,omitempty"`           // when and by whom, as the policy's owner writes it
	Consent      string              `yaml:"consent,omitempty" json:"consent,omitempty"`             // prior: given before, for channel and purpose
	OwnCustomers Duration            `yaml:"own_customers,omitempty" json:"own_customers,omitempty"` // whoever bought within so long needs no consent, where the policy uses this
	Reconfirm    Duration            `yaml:"reconfirm,omitempty" json:"reconfirm,omitempty"`         // a consent is confirmed at least so often
	Night        *RuleHours          `yaml:"night,omitempty" json:"night,omitempty"`                 // hours that need a consent of their own
	Hours        *RuleHours          `yaml:"hours,omitempty" json:"hours,omitempty"`                 // never outside these, whatever was consented to
	Objection    bool                `yaml:"objection,omitempty" json:"objection,omitempty"`         // who objected to profiling is not written to
	Label        string              `yaml:"label,omitempty" json:"label,omitempty"`                 // the first characters of what is shown first
	Names        []string            `yaml:"names,omitempty" json:"names,omitempty"`                 // what stands in the text: name, contact, postal
	NameFirst    bool                `yaml:"name_first,omitempty" json:"name_first,omitempty"`       // the sender's name stands in the first line
	OptOut       *RuleOptOut         `yaml:"opt_out,omitempty" json:"opt_out,omitempty"`
	Words        map[string][]string `yaml:"words,omitempty" json:"words,omitempty"` // by topic: what is never said
}

// RuleHours are hours of the recipient's day, From included and Until not; From after Until goes over midnight.
type RuleHours struct {
	From  Clock `yaml:"from" json:"from"`
	Until Clock `yaml:"until" json:"until"`
}

// Has says whether a time of day lies within.
func (h RuleHours) Has(at Clock) bool { return Quiet{From: h.From, Until: h.Until}.Has(at) }

// RuleOptOut is how a text says that one can opt out: by any one of these ways.
type RuleOptOut struct {
	Number string   `yaml:"number,omitempty" json:"number,omitempty"` // the policy's sender.opt_out, which begins so
	Link   bool     `yaml:"link,omitempty" json:"link,omitempty"`     // the message's own link
	Says   []string `yaml:"says,omitempty" json:"says,omitempty"`     // words, where the app has the switch
	Last   bool     `yaml:"last,omitempty" json:"last,omitempty"`     // in the last line
}

// ConsentPrior is the word of RulePack.Consent.
const ConsentPrior = "prior"

// Rules are the packs that a policy uses.
type Rules struct {
	Use          []string   `yaml:"use,omitempty" json:"use,omitempty"`                     // of those that come with Danbi: ids, countries (kr, us, eu), or any
	Packs        []RulePack `yaml:"packs,omitempty" json:"packs,omitempty"`                 // the policy's own, in the place of shipped ones of the same id. When read, all that are used
	OwnCustomers bool       `yaml:"own_customers,omitempty" json:"own_customers,omitempty"` // the packs' exception for own customers is used
}

// Concerns says whether the pack is about messages of a channel and purpose.
func (p RulePack) Concerns(channel, purpose string) bool {
	return p.Purpose == purpose && (len(p.Channels) == 0 || slices.Contains(p.Channels, channel))
}

// Holds says whether the pack binds somebody of a country.
func (p RulePack) Holds(country string) bool { return p.Country == "" || p.Country == country }

// Packs are those of a channel and purpose, of all countries that the policy uses, with the time in which each is in force.
func (p Policy) Packs(channel, purpose string) []PackInForce {
	if p.Rules == nil {
		return nil
	}
	if purpose == "" {
		purpose = PurposeMarketing
	}
	var all []PackInForce
	for _, pack := range p.Rules.Packs {
		if !pack.Concerns(channel, purpose) {
			continue
		}
		in := PackInForce{RulePack: pack}
		for _, other := range p.Rules.Packs {
			if other.ID == pack.ID && other.Since.After(pack.Since.Time) && (in.until.IsZero() || other.Since.Before(in.until)) {
				in.until = other.Since.Time
			}
		}
		all = append(all, in)
	}
	return all
}

// PackInForce is a pack with its time.
type PackInForce struct {
	RulePack
	until time.Time // the next version's start; zero: it has none
}

// At says whether the pack is in force at an instant.
func (p PackInForce) At(at time.Time) bool {
	return !at.Before(p.Since.Time) && (p.until.IsZero() || at.Before(p.until))
}

// resolve puts the shipped packs that are used beside the policy's own.
func (r *Rules) resolve() {
	if r == nil {
		return
	}
	own := map[string]bool{}
	for _, pack := range r.Packs {
		own[pack.ID] = true
	}
	for _, pack := range ShippedRules() {
		if !own[pack.ID] && r.uses(pack) {
			r.Packs = append(r.Packs, pack)
		}
	}
	slices.SortStableFunc(r.Packs, func(a, b RulePack) int { return cmp.Or(cmp.Compare(a.ID, b.ID), a.Since.Compare(b.Since.Time)) })
}

func (r *Rules) uses(pack RulePack) bool {
	country := cmp.Or(pack.Country, anywhere)
	return slices.Contains(r.Use, pack.ID) || slices.Contains(r.Use, country)
}

// anywhere is the word for packs of no country.
const anywhere = "any"
