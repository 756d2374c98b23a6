package main

import (
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/world"
)

// responses are the chances to open the message that somebody got: when it came, and had it come at other hours.
type responses struct{ own, best, usual, random float64 }

// The arms of the comparison of hours. Everybody who was written to is in one by lot.
const (
	armOwn = iota
	armBest
	armUsual
	armRandom
	hourArms
)

// bestFixedHour is the hour at which most of the treated would open a message.
func (l *loop) bestFixedHour() (int, error) {
	sums := make([][24]float64, len(l.members))
	err := l.each(func(i int, m *member, o *world.Oracle) {
		if m.treated {
			sums[i] = o.OpenChances(campaign.ChannelEmail, l.spec.Contents[0].ID)
		}
	})
	var all [24]float64
	for i := range sums {
		for h := range all {
			all[h] += sums[i][h]
		}
	}
	best := firstHour
	for h := firstHour; h <= lastHour; h++ {
		if all[h] > all[best] {
			best = h
		}
	}
	return best, err
}

// hours works out how whoever was written to would have taken the same message at other hours of the same day.
func (l *loop) hours(fixed int) error {
	return l.each(func(_ int, m *member, o *world.Oracle) {
		if m.touch == nil {
			return
		}
		m.arm = int(campaign.Hash64("bench", "hours", m.key) % hourArms)
		for arm := range hourArms {
			touch := *m.touch
			if arm != armOwn {
				hour := fixed
				switch arm {
				case armUsual:
					hour = uniformHour("usual hour", m.key, firstUsualHour, lastUsualHour)
				case armRandom:
					hour = uniformHour("random hour", m.key, firstHour, lastHour)
				}
				touch.At = l.message(m, 0, hour, 0).At
			}
			r := o.Responses(touch)[0]
			switch arm {
			case armOwn:
				m.chance.own = r.Chance
			case armBest:
				m.chance.best = r.Chance
			case armUsual:
				m.chance.usual = r.Chance
			case armRandom:
				m.chance.random = r.Chance
			}
			if arm == m.arm {
				m.opened = !r.Opened.IsZero() && r.Opened.Before(l.terms.Closes)
			}
		}
	})
}

// times is how often as many respond at their own hour as at others: as an experiment by lot would see it, and in truth.
type times struct{ seen, truth float64 }

func (l *loop) times(arm int, chance func(r responses) float64) (t times) {
	var opened, written [hourArms]float64
	own, other := 0.0, 0.0
	for i := range l.members {
		m := &l.members[i]
		if m.touch == nil {
			continue
		}
		written[m.arm]++
		if m.opened {
			opened[m.arm]++
		}
		own, other = own+m.chance.own, other+chance(m.chance)
	}
	if other > 0 {
		t.truth = own / other
	}
	if opened[arm] > 0 && written[armOwn] > 0 {
		t.seen = opened[armOwn] / written[armOwn] / (opened[arm] / written[arm])
	}
	return t
}
