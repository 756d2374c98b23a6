package campaign

import (
	"cmp"
	"slices"
	"time"
)

// PackSet are the rule packs of a channel and purpose. Which of them hold for a recipient is found by their zone; whoever's
// zone is in no country's list has those of the campaign's own zone.
type PackSet struct {
	all  []PackInForce
	home string // country of the campaign's zone
}

// PackSet are the packs that concern a brief's messages by a channel.
func (b Brief) PackSet(channel string) PackSet {
	return PackSet{all: b.Policy.Packs(channel, b.Spec.Audience.Purpose), home: CountryOf(b.Spec.Zone)}
}

// All are the packs of all countries.
func (s PackSet) All() []PackInForce { return s.all }

// Hold calls each with every pack that holds for somebody in a zone at an instant, until it says false.
func (s PackSet) Hold(zone string, at time.Time, each func(PackInForce) bool) {
	if len(s.all) == 0 {
		return
	}
	country := cmp.Or(CountryOf(zone), s.home)
	for _, pack := range s.all {
		if pack.Holds(country) && pack.At(at) && !each(pack) {
			return
		}
	}
}

// ConsentRules say by which consent somebody may be written to by a channel: policy and packs together. Choosing the
// audience and sending ask the same.
type ConsentRules struct {
	packs PackSet
	age   time.Duration // by the policy; 0: no limit
	own   bool          // the exception for own customers is used
}

// ConsentRules are those of a brief's messages by a channel.
func (b Brief) ConsentRules(channel string) ConsentRules {
	return ConsentRules{packs: b.PackSet(channel), age: b.Policy.ConsentAge.Std(), own: b.Policy.Rules != nil && b.Policy.Rules.OwnCustomers}
}

// Bought is how far back purchases matter, by the exception for own customers; 0: not at all.
func (r ConsentRules) Bought() (furthest time.Duration) {
	if !r.own {
		return 0
	}
	for _, pack := range r.packs.all {
		furthest = max(furthest, pack.OwnCustomers.Std())
	}
	return furthest
}

// Objections says whether an objection to profiling matters to anybody.
func (r ConsentRules) Objections() bool {
	return slices.ContainsFunc(r.packs.all, func(pack PackInForce) bool { return pack.Objection })
}

// ConsentLaw is what holds for one recipient.
type ConsentLaw struct {
	Age       time.Duration // how long a consent lasts; 0: for ever
	Own       time.Duration // whoever bought within it needs none; 0: everybody does
	Objection bool          // to profiling: it counts
}

// Law is what holds for somebody in a zone at an instant: the strictest of the packs.
func (r ConsentRules) Law(zone string, at time.Time) ConsentLaw {
	l := ConsentLaw{Age: r.age}
	r.packs.Hold(zone, at, func(pack PackInForce) bool {
		if pack.Reconfirm > 0 && (l.Age == 0 || pack.Reconfirm.Std() < l.Age) {
			l.Age = pack.Reconfirm.Std()
		}
		if r.own && pack.OwnCustomers > 0 && (l.Own == 0 || pack.OwnCustomers.Std() < l.Own) {
			l.Own = pack.OwnCustomers.Std()
		}
		l.Objection = l.Objection || pack.Objection
		return true
	})
	return l
}

// Consent is what is known of somebody at an instant, for one channel.
type Consent struct {
	Granted   bool
	GivenAt   time.Time
	Withdrawn bool      // the last word was no
	Objected  bool      // to profiling
	BoughtAt  time.Time // last purchase; zero: none that matters
}

// ConsentVerdict is whether a consent will do.
type ConsentVerdict uint8

// The verdicts.
const (
	ConsentEnough ConsentVerdict = iota
	ConsentObjected
	ConsentNone
	ConsentTooOld
)

// Judge says whether somebody may be written to at an instant. An own customer needs no consent as long as they never
// withdrew one.
func (l ConsentLaw) Judge(c Consent, at time.Time) ConsentVerdict {
	own := l.Own > 0 && !c.Withdrawn && !c.BoughtAt.IsZero() && !c.BoughtAt.After(at) && at.Sub(c.BoughtAt) <= l.Own
	switch {
	case l.Objection && c.Objected:
		return ConsentObjected
	case !c.Granted && !own:
		return ConsentNone
	case l.Age > 0 && at.Sub(c.GivenAt) > l.Age && !own:
		return ConsentTooOld
	}
	return ConsentEnough
}
