package main

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/world"
)

// The hours at which a message may arrive, by the customer's own clock; and those at which the world's past campaigns
// were sent, before any model was there: business as usual.
const (
	firstHour, lastHour           = 9, 19
	firstUsualHour, lastUsualHour = 8, 20
)

// A spending is one way to spend the money: what each of the treated costs and changes, those to whom it gives nothing at 0.
type spending struct {
	cost   []float64
	change []float64 // of net spend in the window
	later  []float64 // of net spend in the window and the time after it
}

func (l *loop) spending() spending {
	n := len(l.members)
	return spending{make([]float64, n), make([]float64, n), make([]float64, n)}
}

// give books one result of member i.
func (s *spending) give(l *loop, i int, r result) {
	m := &l.members[i]
	s.cost[i] = float64(r.earned) + float64(l.spec.Budget.Contact)
	s.change[i] = float64(r.window - m.none.window)
	s.later[i] = s.change[i] + float64(r.later-m.none.later)
}

func total(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// steps is how many offers the ladder has.
func (l *loop) steps() int { return len(l.spec.Offers) }

// goal is a step above a forecast, as the ladder's offer rounds and bounds it.
func (l *loop) goal(k int, forecast int64) int64 {
	t := l.spec.Offers[k].Threshold
	goal, err := money.RoundTo(money.Minor(forecast)+t.Step, t.RoundTo, money.Up)
	if err != nil {
		goal = t.Max
	}
	return int64(min(max(goal, t.Min), t.Max))
}

// message promises offer k for a goal, arriving on the window's first day at an hour of the customer's own clock.
func (l *loop) message(m *member, k, hour int, goal int64) world.Touch {
	day := l.terms.Opens.In(m.zone)
	at := time.Date(day.Year(), day.Month(), day.Day(), hour, int(campaign.Hash64("bench", "minute", m.key)%60), 0, 0, m.zone)
	if at.Before(l.terms.Opens) {
		at = at.AddDate(0, 0, 1)
	}
	return world.Touch{
		Campaign: l.run.Campaign, Occurrence: l.run.Occurrence, Touch: l.spec.Touches[0].ID, Channel: campaign.ChannelEmail, At: at,
		Content: l.spec.Contents[0].ID, Threshold: goal, Reward: int64(l.spec.Offers[k].Reward), Terms: l.terms,
	}
}

// live works out what each of the treated would do under every policy.
func (l *loop) live(fixedHour int) error {
	var forecasts []int64
	for i := range l.members {
		if l.members[i].treated {
			forecasts = append(forecasts, l.members[i].forecast)
		}
	}
	slices.Sort(forecasts)
	median := forecasts[len(forecasts)/2]
	return l.each(func(_ int, m *member, o *world.Oracle) {
		if !m.treated {
			return
		}
		best := firstHour
		chances := o.OpenChances(campaign.ChannelEmail, l.spec.Contents[0].ID)
		for h := firstHour; h <= lastHour; h++ {
			if chances[h] > chances[best] {
				best = h
			}
		}
		for k := range l.steps() {
			m.fixed = append(m.fixed, l.result(o, l.message(m, k, fixedHour, l.goal(k, median))))
			m.own = append(m.own, l.result(o, l.message(m, k, best, l.goal(k, m.forecast))))
		}
		k := int(campaign.Hash64("bench", "random offer", m.key) % uint64(l.steps()))
		m.lot = l.result(o, l.message(m, k, uniformHour("random hour", m.key, firstHour, lastHour), l.goal(k, m.forecast)))
	})
}

func uniformHour(name string, key uint32, first, last int) int {
	return first + int(campaign.Hash64("bench", name, key)%uint64(last-first+1))
}

// danbi is what the product did.
func (l *loop) danbi() spending {
	s := l.spending()
	for i := range l.members {
		if m := &l.members[i]; m.treated && m.touch != nil {
			s.give(l, i, m.danbi)
		}
	}
	return s
}

// inOrder gives offers to one after another until the money is used up, or until as much is won.
func (l *loop) inOrder(order []int, of func(m *member) result, money, won float64) spending {
	s := l.spending()
	cost, change := 0.0, 0.0
	for _, i := range order {
		if cost >= money || change >= won {
			break
		}
		s.give(l, i, of(&l.members[i]))
		cost, change = cost+s.cost[i], change+s.change[i]
	}
	return s
}

// order sorts the treated.
func (l *loop) order(compare func(a, b *member) int) []int {
	var all []int
	for i := range l.members {
		if l.members[i].treated {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return compare(&l.members[a], &l.members[b]) })
	return all
}

func byLot(a, b *member) int {
	return cmp.Compare(campaign.Hash64("bench", "lot", a.key), campaign.Hash64("bench", "lot", b.key))
}

func byScore(a, b *member) int {
	return cmp.Or(cmp.Compare(b.score, a.score), byLot(a, b))
}

// oneOffer gives in an order the one offer that truly brings most for the money.
func (l *loop) oneOffer(order []int, money float64) (best spending, offer int) {
	most := math.Inf(-1)
	for k := range l.steps() {
		s := l.inOrder(order, func(m *member) result { return m.fixed[k] }, money, math.Inf(1))
		if won := total(s.change); won > most {
			best, offer, most = s, k, won
		}
	}
	return best, offer
}

// oracle knows what everybody would do, at the hour that is best for them, and spends no more than the money.
func (l *loop) oracle(money float64) spending {
	choose := func(price float64) spending {
		s := l.spending()
		for i := range l.members {
			m := &l.members[i]
			best, most := -1, 0.0
			for k, r := range m.own {
				if worth := float64(r.window-m.none.window) - price*(float64(r.earned)+float64(l.spec.Budget.Contact)); worth > most {
					best, most = k, worth
				}
			}
			if best >= 0 {
				s.give(l, i, m.own[best])
			}
		}
		return s
	}
	low, high := 0.0, 1.0
	for total(choose(high).cost) > money && high < 1e9 {
		low, high = high, 2*high
	}
	for range 50 {
		if middle := (low + high) / 2; total(choose(middle).cost) > money {
			low = middle
		} else {
			high = middle
		}
	}
	return choose(high)
}
