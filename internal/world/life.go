package world

import (
	"cmp"
	"math"
	"slices"
)

// A loss thins what somebody buys in [from, to): each purchase is missing with a chance.
type loss struct {
	from, to int64
	chance   float64
	index    uint64
}

// A life is what one customer does in a time, as the warehouse gets to know it.
type life struct {
	purchases []purchase
	messages  []message
}

// live returns what p does, given what reached them. Purchases outside [from, to) are left out; messages are all there,
// and the caller looks at their instants. What happens before an instant depends only on what arrived before it, so a
// time may be lived in any pieces. touches must be all that ever reached p before to.
func (w *World) live(p *person, touches []Touch, from, to int64, buffer []purchase) life {
	l := w.around(p, touches, from, to, buffer)
	l.purchases = within(l.purchases, from, to)
	return l
}

// around is live with at least what was bought in [from, to) and in the windows of all offers.
func (w *World) around(p *person, touches []Touch, from, to int64, buffer []purchase) life {
	if len(touches) == 0 {
		p.kept, p.left = 0, never
		return life{purchases: w.spreeBetween(p, from-seconds(w.RefundDays+1), to, buffer[:0])}
	}
	messages := w.read(p, touches)
	start, end := from-seconds(w.RefundDays+1), to
	for i := range messages {
		if t := messages[i].Terms; t != nil && messages[i].Reward > 0 {
			opens, closes := t.window(messages[i].at)
			start, end = min(start, opens), max(end, closes)
		}
	}
	h := history{w: w, p: p, purchases: w.spreeBetween(p, start, end, buffer[:0])}
	opened := make([]*message, 0, len(messages))
	for i := range messages {
		if messages[i].opened > 0 {
			opened = append(opened, &messages[i])
		}
	}
	slices.SortStableFunc(opened, func(a, b *message) int { return cmp.Compare(a.opened, b.opened) })
	for i, m := range opened {
		h.react(m, opened[:i])
	}
	return life{purchases: h.happened(), messages: messages}
}

func within(all []purchase, from, to int64) []purchase {
	return slices.DeleteFunc(all, func(b purchase) bool { return b.at < from || b.at >= to })
}

// A history is one customer's purchases while messages change them.
type history struct {
	w         *World
	p         *person
	purchases []purchase // without reactions, then reactions; each followed by what takes it back
	losses    []loss
}

// react lets the customer act on m, having opened those before.
func (h *history) react(m *message, before []*message) {
	w, s, p := h.w, &m.draws, h.p
	if p.dog {
		h.losses = append(h.losses, loss{m.opened, m.opened + seconds(w.DogDays), w.DogLoss, m.index})
	}
	if m.Reward <= 0 || m.Terms == nil {
		if s.chance(w.MessageInterest) && p.alive(m.opened) {
			at := m.opened + int64(s.exponential()*2*secondsPerDay)
			h.buy(m, nil, at, 0, 0, s)
		}
		return
	}
	tired := 0
	for _, b := range before {
		if b.Campaign == m.Campaign && b.Occurrence == m.Occurrence {
			return // they made up their mind when they first read of it
		}
		if b.Reward > 0 && b.opened > m.opened-90*secondsPerDay {
			tired++
		}
	}
	h.aim(m, float64(tired), s)
}

// aim decides by the notch whether the threshold is worth its effort, and what follows from that.
func (h *history) aim(m *message, tired float64, s *stream) {
	w, p := h.w, h.p
	opens, closes := m.Terms.window(m.at)
	r := m.Terms.counting()
	already := h.spent(r, opens, closes, m.Terms.Single)
	threshold := m.Threshold
	if threshold <= 0 {
		threshold = max(int64(math.Exp(p.spend)/1000)*1000, 1000)
		if already > 0 {
			return
		}
	}
	left := float64(closes - m.opened)
	if already >= threshold || left < 3*3600 {
		return
	}
	gap := float64(threshold - already)
	extra := gap
	if m.Terms.Single {
		extra = float64(threshold) // one purchase must do it alone, in place of the largest
	}
	effort := p.effort * (1 + w.EffortTired*tired)
	if !p.alive(m.opened) {
		effort *= w.EffortLeft
	}
	// Both are drawn in any case, so that another threshold changes no other draw.
	tries, overshoot := s.chance(w.FailTry), 1+w.JumpOvershot*s.exponential()
	switch cost := effort * gap; {
	case cost <= float64(m.Reward):
		extra = h.spread(m, r, extra*overshoot, left, s)
		daily := p.monthly() / daysPerMonth
		missing := min(0.8, w.PullShare*extra/(w.PullDays*daily+1))
		h.losses = append(h.losses, loss{closes, closes + seconds(w.PullDays), missing, m.index + 1})
	case cost <= 2*float64(m.Reward) && tries:
		h.spread(m, r, extra*w.FailSpent, left, s)
		h.losses = append(h.losses, loss{closes, closes + seconds(w.FailDays), w.FailLoss, m.index + 2})
	}
}

// spent is what counts towards an offer so far as nothing further happens: the sum, or the largest purchase.
func (h *history) spent(r *rule, opens, closes int64, single bool) int64 {
	total, largest := int64(0), int64(0)
	for i := range h.purchases {
		b := &h.purchases[i]
		if b.at < opens || b.at >= closes || b.kind != purchased || !r.counts(b) || h.missing(b) {
			continue
		}
		total += b.amount
		largest = max(largest, b.amount)
	}
	if single {
		return largest
	}
	return total
}

// spread makes the purchases that add up to extra, in what is left of the window, and returns what they came to.
func (h *history) spread(m *message, r *rule, extra, left float64, s *stream) float64 {
	n := 1
	if !m.Terms.Single {
		n = min(1+s.poisson(0.9), 5)
	}
	sum := 0.0
	for i := range n {
		part := extra / float64(n)
		// Soon after reading rather than later, but within the window.
		u := s.unit()
		at := m.opened + 900 + int64((left-1800)*u*math.Sqrt(u))
		h.buy(m, r, at, i+1, math.Ceil(part/100)*100, s)
		sum += part
	}
	return sum
}

// buy adds one purchase that m caused. An amount of 0 is one as they usually are.
func (h *history) buy(m *message, r *rule, at int64, n int, amount float64, s *stream) {
	id := uint64(h.p.key)<<32 | reactionBit | mix(m.index+uint64(n)*0x9e37)&(reactionBit-1)&^takesBack
	b := purchase{at: at, id: id, kind: purchased, quantity: 1}
	h.w.fillCounting(h.p, &b, r, s)
	if amount == 0 {
		amount = float64(h.p.amount(h.w.catalog.price[b.category], s))
	}
	b.amount = max(int64(amount), 100)
	back := h.w.takeBack(&b, h.w.RegretShare, h.w.CancellationShare, h.w.RegretDays, s)
	if h.purchases = append(h.purchases, b); back.kind != 0 {
		h.purchases = append(h.purchases, back)
	}
}

// fillCounting chooses what is bought among what counts.
func (w *World) fillCounting(p *person, b *purchase, r *rule, s *stream) {
	for range 20 {
		if w.fill(p, b, s); r == nil || r.counts(b) {
			return
		}
	}
	// They never buy such things: one that counts, whichever.
	for brand := range w.catalog.brands {
		b.category, b.brand = uint8(brand/brandsPerCategory), uint16(brand)
		if r.counts(b) {
			w.fillBrand(p, b, brand, s)
			return
		}
	}
}

// missing tells whether a loss took b away. Losses that begin after b do nothing to it.
func (h *history) missing(b *purchase) bool {
	if b.id&reactionBit != 0 {
		return false
	}
	for i := range h.losses {
		l := &h.losses[i]
		if b.at >= l.from && b.at < l.to {
			s := newStream(h.w.seed, h.p.key, forThinning, l.index^b.id)
			if s.chance(l.chance) {
				return true
			}
		}
	}
	return false
}

// happened is all that was bought in the end; what takes back a purchase that is missing is missing too.
func (h *history) happened() []purchase {
	out := h.purchases[:0]
	gone := false
	for i := range h.purchases {
		b := h.purchases[i]
		if b.kind == purchased {
			gone = h.missing(&b)
		}
		if !gone {
			out = append(out, b)
		}
	}
	return out
}

func seconds(days float64) int64 { return int64(days * secondsPerDay) }
