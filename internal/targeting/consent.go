package targeting

import (
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Consents judges the consents of the customers of one audience as sending will, at its moment. It remembers what holds in
// each zone, and is for one goroutine.
type Consents struct {
	rules  []campaign.ConsentRules
	moment time.Time
	laws   map[string][]campaign.ConsentLaw // by zone, one a channel
}

// Consents begin with what the brief says.
func (t Terms) Consents() *Consents {
	return &Consents{rules: t.consent, moment: t.Moment.UTC().Truncate(time.Second), laws: map[string][]campaign.ConsentLaw{}}
}

// Bought is how far back purchases matter, because own customers may need no consent; 0: not at all.
func (t Terms) Bought() (furthest time.Duration) {
	for _, r := range t.consent {
		furthest = max(furthest, r.Bought())
	}
	return furthest
}

// Objections says whether an objection to profiling matters.
func (t Terms) Objections() bool {
	return slices.ContainsFunc(t.consent, campaign.ConsentRules.Objections)
}

// Standing is a customer's last word on messages by a channel.
type Standing struct {
	Channel uint8 // from 1 in the order of Terms.Channels
	Granted bool
	At      time.Time
}

// Judge fills a candidate's masks.
func (s *Consents) Judge(c *Candidate, zone string, standing []Standing, objected bool, bought time.Time) {
	laws, known := s.laws[zone]
	if !known {
		for _, r := range s.rules {
			laws = append(laws, r.Law(zone, s.moment))
		}
		s.laws[zone] = laws
	}
	c.Consent, c.Expired, c.Objected = 0, 0, 0
	for i, law := range laws {
		consent := campaign.Consent{Objected: objected, BoughtAt: bought}
		for _, word := range standing {
			if int(word.Channel) == i+1 {
				consent.Granted, consent.Withdrawn, consent.GivenAt = word.Granted, !word.Granted, word.At
			}
		}
		switch bit := uint8(1) << i; law.Judge(consent, s.moment) {
		case campaign.ConsentEnough:
			c.Consent |= bit
		case campaign.ConsentTooOld:
			c.Expired |= bit
		case campaign.ConsentObjected:
			c.Objected |= bit
		}
	}
}
