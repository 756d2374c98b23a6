package dispatch

import (
	"errors"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// ErrBreach says that a message lacks what a rule wants of it.
var ErrBreach = errors.New("a rule is broken")

// packs are the rule packs of a channel and purpose.
type packs struct{ campaign.PackSet }

func newPacks(brief campaign.Brief, channel string) packs {
	return packs{brief.PackSet(channel)}
}

// allow says whether no pack forbids a local time.
func (p packs) allow(local time.Time, clock campaign.Clock, night bool) bool {
	allowed := true
	p.Hold(local.Location().String(), local, func(pack campaign.PackInForce) bool {
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
		Hours: NewHours(brief.Spec.Timing, brief.Policy.Quiet, channel).Under(rules), Zones: zones,
		Closes: closes, consent: brief.ConsentRules(channel),
	}, nil
}

// Bought is how far back purchases matter, by the exception for own customers; 0: not at all.
func (r Rules) Bought() time.Duration { return r.consent.Bought() }

// check says which rules of the packs that hold for a recipient a rendered message breaks.
func (p packs) check(zone string, at time.Time, shown campaign.Shown, sender campaign.Sender) (err error) {
	p.Hold(zone, at, func(pack campaign.PackInForce) bool {
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
