package dispatch

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// ErrBreach says that a message lacks what a rule wants of it.
var ErrBreach = errors.New("a rule is broken")

// packs are the rule packs of a channel and purpose. Which of them hold for a recipient is found by their zone; whoever's
// zone is in no country's list has those of the campaign's own zone.
type packs struct {
	all  []campaign.PackInForce
	home string // country of the campaign's zone
}

func newPacks(brief campaign.Brief, channel string) packs {
	return packs{all: brief.Policy.Packs(channel, brief.Spec.Audience.Purpose), home: campaign.CountryOf(brief.Spec.Zone)}
}

// hold calls each with every pack that holds for somebody in a zone at an instant, until it says false.
func (p packs) hold(zone string, at time.Time, each func(campaign.PackInForce) bool) {
	if len(p.all) == 0 {
		return
	}
	country := cmp.Or(campaign.CountryOf(zone), p.home)
	for _, pack := range p.all {
		if pack.Holds(country) && pack.At(at) && !each(pack) {
			return
		}
	}
}

// allow says whether no pack forbids a local time.
func (p packs) allow(local time.Time, clock campaign.Clock, night bool) bool {
	allowed := true
	p.hold(local.Location().String(), local, func(pack campaign.PackInForce) bool {
		if pack.Hours != nil && !pack.Hours.Has(clock) || pack.Night != nil && !night && pack.Night.Has(clock) {
			allowed = false
		}
		return allowed
	})
	return allowed
}

// NewRules are what a brief says of messages by a channel, which closes ends.
func NewRules(brief campaign.Brief, channel string, closes time.Time) (Rules, error) {
	zones, err := NewZones(brief.Spec.Zone)
	if err != nil {
		return Rules{}, err
	}
	rules := newPacks(brief, channel)
	return Rules{
		Hours: NewHours(brief.Spec.Timing, brief.Policy.Quiet, channel).Under(rules), Zones: zones, packs: rules,
		ConsentAge: brief.Policy.ConsentAge.Std(), Closes: closes, own: brief.Policy.Rules != nil && brief.Policy.Rules.OwnCustomers,
	}, nil
}

// Bought is how far back purchases matter, by the exception for own customers; 0: not at all.
func (r Rules) Bought() (furthest time.Duration) {
	if !r.own {
		return 0
	}
	for _, pack := range r.packs.all {
		furthest = max(furthest, pack.OwnCustomers.Std())
	}
	return furthest
}

// consent is what the packs say of one recipient's consent: how long it lasts, whether an own customer needs none, and
// whether an objection to profiling counts.
type consent struct {
	age       time.Duration
	own       time.Duration
	objection bool
}

func (r Rules) consent(zone string, at time.Time) consent {
	c := consent{age: r.ConsentAge}
	r.packs.hold(zone, at, func(pack campaign.PackInForce) bool {
		if pack.Reconfirm > 0 && (c.age == 0 || pack.Reconfirm.Std() < c.age) {
			c.age = pack.Reconfirm.Std()
		}
		if r.own && pack.OwnCustomers > 0 && (c.own == 0 || pack.OwnCustomers.Std() < c.own) {
			c.own = pack.OwnCustomers.Std()
		}
		c.objection = c.objection || pack.Objection
		return true
	})
	return c
}

// check says which rules of the packs that hold for a recipient a rendered message breaks.
func (p packs) check(zone string, at time.Time, shown campaign.Shown, sender campaign.Sender) (err error) {
	p.hold(zone, at, func(pack campaign.PackInForce) bool {
		if found := pack.Breaches(shown, sender); len(found) > 0 {
			en, ko := make([]string, len(found)), make([]string, len(found))
			for i, breach := range found {
				en[i], ko[i] = breach["en"], breach["ko"]
			}
			err = faulty(ErrBreach, "it breaks the rule pack %[1]s v%[2]d: %[3]s", "규칙 %[1]s v%[2]d 위반: %[4]s", pack.ID, pack.Version, strings.Join(en, "; "), strings.Join(ko, "; "))
		}
		return err == nil
	})
	return err
}
