package offers

import (
	"math"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// rung is an offer with what valuing it needs of its terms.
type rung struct {
	offer    campaign.Offer
	terms    campaign.Terms
	asks     bool    // it has a goal; without, any purchase will do
	time     float64 // of the window in which its purchases count
	receipts float64 // that may earn beside each other
	cap      float64 // of all rewards of one customer; 0: none
	how      earning
	personal bool // the goal is the customer's own
}

// earning is how a reward is earned, as far as it takes another way of valuing.
type earning int

const (
	byGoal      earning = iota // all spend together reaches one goal, for one reward
	bySteps                    // all spend together: several goals, or a share of it
	byPurchase                 // one purchase reaches it
	byPurchases                // so many of them
)

func newRung(spec campaign.Spec, o campaign.Offer, days float64) rung {
	t := spec.TermsOf(o)
	r := rung{offer: o, terms: t, asks: o.Threshold.Asks() || o.Kind == campaign.OfferThreshold, time: 1, receipts: 1, cap: float64(t.Caps.Customer)}
	r.personal = o.Threshold.Fixed == 0
	if t.Within > 0 {
		r.time = min(1, t.Within.Std().Hours()/24/days)
	}
	if n := min(t.Receipts(), len(spec.Touches)); n > 1 {
		r.receipts = float64(n)
	}
	switch {
	case t.Purchases > 1, t.Single() && t.Times > 1:
		r.how = byPurchases
	case t.Single():
		r.how = byPurchase
	case t.Times > 1, len(t.Tiers) > 0, t.Percent > 0:
		r.how = bySteps
	}
	return r
}

// response1 is what an offer does to somebody who takes notice of it, and what it costs without.
type response1 struct {
	notch
	without  float64 // chance of the first reward without the offer
	anyway   float64 // expected reward without its effect
	extra    float64 // more of it by its effect
	most     float64 // of all rewards: no more can be owed
	goalless bool
}

// offer values one rung for a customer with a forecast of all spend in the window.
func (l *Ladder) offer(k int, f Forecast, c *Customer, notice float64, segment int) Option {
	r := &l.rungs[k]
	share := 1.0
	if k < len(c.Counted) && c.Counted[k] == c.Counted[k] { // NaN: not known, so all of it
		share = min(max(float64(c.Counted[k]), 0), 1)
	}
	purchases := float64(c.Purchases) / 365 * l.days
	part := f.counted(share, r.time, purchases)
	goal := r.goal(l, part, f, c)
	reward := float64(r.offer.Reward)
	var n response1
	t := float64(goal)
	switch r.how {
	case byGoal:
		n = l.goalOf(part, t, reward)
	case bySteps:
		n = l.stepsOf(r, part, t)
	case byPurchase:
		n = l.purchaseOf(r, part, basketOf(c, f, purchases), t)
	case byPurchases:
		n = l.purchasesOf(r, part, basketOf(c, f, purchases), t)
	}
	n.goalless = !r.asks
	n.anyway, n.extra, n.most = n.anyway*r.receipts, n.extra*r.receipts, n.most*r.receipts
	if r.cap > 0 {
		n.most = min(n.most, r.cap)
	}
	o := l.worthOf(f, n, reward, t, notice, segment)
	o.Threshold, o.Reward = goal, r.offer.Reward
	if f.Mean > 0 && part.Mean <= 0 {
		o.Feasible, o.Infeasible = false, ReasonTooFar
	}
	return o
}

// goal is the customer's own. Where one purchase has to reach it, it is measured against their usual purchase.
func (r *rung) goal(l *Ladder, part, all Forecast, c *Customer) money.Minor {
	switch {
	case !r.asks:
		return 1
	case r.terms.Single() && r.personal:
		b := basketOf(c, all, float64(c.Purchases)/365*l.days)
		return Threshold(r.offer.Threshold, b.mean, nil, l.reads)
	case r.terms.Purchases > 1:
		return Threshold(r.offer.Threshold, part.Mean, nil, l.reads)
	}
	return Threshold(r.offer.Threshold, part.Mean, &part, l.reads)
}

// steps are the thresholds of all rewards with what has been earned at each.
func (r *rung) steps(t float64, into [][2]float64) [][2]float64 {
	earned := 0.0
	for _, s := range r.terms.Steps(money.Minor(t), r.offer.Reward) {
		earned += float64(s.Reward)
		into = append(into, [2]float64{float64(s.Threshold), earned})
	}
	return into
}

// quantiles of a standard normal at equal chances: the points at which spend is imagined.
var imagined = func() (z [40]float64) {
	for i := range z {
		p := (float64(i) + 0.5) / float64(len(z))
		z[i] = math.Sqrt2 * math.Erfinv(2*p-1)
	}
	return z
}()

// stepsOf values several goals of all spend together, or a share of it: whoever would spend S goes on to the amount at which
// what is earned, less the effort, is most.
func (l *Ladder) stepsOf(r *rung, f Forecast, t float64) (out response1) {
	reward, percent := float64(r.offer.Reward), float64(r.terms.Percent)
	var buffer [112][2]float64
	steps := buffer[:0]
	first := t
	if percent > 0 {
		full := max(t, reward/percent)
		out.most = reward
		chance, sum := f.beyond(t)
		fullChance, fullSum := f.beyond(full)
		out.without = chance
		out.anyway = percent*(sum-fullSum) + reward*fullChance
		if t > 1 {
			steps = append(steps, [2]float64{t, min(reward, percent*t)})
		}
		if full > t {
			steps = append(steps, [2]float64{full, reward})
		}
	} else {
		steps = r.steps(t, steps)
		before := 0.0
		for _, s := range steps {
			out.anyway += (s[1] - before) * f.above(s[0])
			before = s[1]
		}
		out.most = before
		out.without = f.above(first)
	}
	if f.Zero >= 1 {
		return out
	}
	earned := func(s float64) float64 {
		if percent > 0 {
			if s < t {
				return 0
			}
			return min(reward, percent*s)
		}
		for j := len(steps) - 1; j >= 0; j-- {
			if s >= steps[j][0] {
				return steps[j][1]
			}
		}
		return 0
	}
	at := func(s, weight, phi float64) {
		has := earned(s)
		best, to, gets := 0.0, s, has
		failed := false
		for _, step := range steps {
			if step[0] <= s {
				continue
			}
			// What is worth its effort exactly is done.
			cost := phi * (step[0] - s)
			if w := step[1] - has - cost; w >= best {
				best, to, gets = w, step[0], step[1]
			} else if has == 0 && cost <= 2*step[1] {
				failed = true
			}
		}
		out.gain += weight * (to - s)
		out.extra += weight * (gets - has)
		switch {
		case to > s && s < first && to >= first:
			out.jump += weight
		case to == s && failed:
			out.missed += weight
		}
	}
	each := (1 - f.Zero) / float64(len(imagined)*len(l.effort))
	for _, z := range imagined {
		s := math.Exp(f.mu + f.sigma*z)
		for _, phi := range l.effort {
			at(s, each, phi)
		}
	}
	for _, phi := range l.effort {
		at(0, f.Zero/float64(len(l.effort)), phi*l.known.Idle.Mean)
	}
	return out
}

// basket is one purchase's amount: lognormal.
type basket struct{ mean, mu, sigma float64 }

func basketOf(c *Customer, f Forecast, purchases float64) basket {
	mean := float64(c.Basket)
	if !(mean > 0) || math.IsInf(mean, 1) {
		mean = f.Mean / max(purchases, -math.Log(max(f.Zero, 1e-9)), 0.1)
	}
	b := basket{mean: max(mean, 1)}
	b.sigma = math.Sqrt(math.Log1p(basketSpread * basketSpread))
	b.mu = math.Log(b.mean) - b.sigma*b.sigma/2
	return b
}

func (b basket) above(x float64) float64 {
	if x <= 0 {
		return 1
	}
	return normalAbove((logOf(x) - b.mu) / b.sigma)
}

func (b basket) sumAbove(x float64) float64 {
	if x <= 0 {
		return b.mean
	}
	return b.mean * normalAbove((logOf(x)-b.mu)/b.sigma-b.sigma)
}

// rate is how the purchases that count come: none at all with chance idle, else Poisson with this mean.
func (f Forecast) rate(b basket) (mean, idle float64) {
	if f.Zero >= 1 || f.Mean <= 0 {
		return 0, 1
	}
	mean = max(f.Mean/b.mean, 1e-6)
	for range 8 { // who is not idle makes all of the purchases
		some := -math.Expm1(-mean)
		idle = min(max(0, 1-(1-f.Zero)/some), 1-1e-9)
		mean = max(f.Mean/b.mean/(1-idle), 1e-6)
		if idle == 0 {
			break
		}
	}
	return min(mean, 500), idle
}

// purchaseOf values a reward for one purchase of at least t: whoever's largest falls short makes one that does when it is
// worth it, in place of the largest.
func (l *Ladder) purchaseOf(r *rung, f Forecast, b basket, t float64) (out response1) {
	reward, percent := float64(r.offer.Reward), float64(r.terms.Percent)
	mean, idle := f.rate(b)
	at, usual := reward, reward // of a purchase of just t, and of those that reach it anyway
	if percent > 0 {
		at = min(reward, percent*max(t, b.mean))
		full := max(t, reward/percent)
		if q := b.above(t); q > 1e-12 {
			usual = (percent*(b.sumAbove(t)-b.sumAbove(full)) + reward*b.above(full)) / q
		}
	}
	out.most = reward
	aim := t
	if t <= 1 { // any purchase will do
		aim = b.mean
	}
	out.without = (1 - idle) * -math.Expm1(-mean*b.above(t))
	out.anyway = usual * out.without
	// G(x) is the chance that no purchase is above x; its integral from x to t is what is missing to t.
	const parts = 16
	var below, missing [parts + 1]float64
	for i := range below {
		below[i] = (1 - idle) * math.Exp(-mean*b.above(aim*float64(i)/parts))
	}
	for i := parts - 1; i >= 0; i-- {
		missing[i] = missing[i+1] + (below[i]+below[i+1])/2*aim/parts
	}
	for _, phi := range l.effort {
		near := aim - at/phi
		if t > 1 && near > 0 {
			x := near / aim * parts
			i := min(int(x), parts-1)
			u := x - float64(i)
			g, m := below[i]+u*(below[i+1]-below[i]), missing[i]+u*(missing[i+1]-missing[i])
			out.jump += max(0, below[parts]-g)
			out.gain += max(0, m-(aim-near)*g)
			if far := max(0, 2*near-aim); far < near {
				y := far / aim * parts
				j := min(int(y), parts-1)
				v := y - float64(j)
				out.missed += max(0, g-below[j]-v*(below[j+1]-below[j]))
			}
			continue
		}
		if t > 1 {
			out.jump += max(0, below[parts]-below[0])
			out.gain += max(0, missing[0]-aim*below[0])
		}
		// Who would not have bought: those who might have, and those who are idle.
		if phi*aim <= at {
			none := (1 - idle) * math.Exp(-mean)
			out.jump, out.gain = out.jump+none, out.gain+none*aim
		}
		if phi*l.known.Idle.Mean*aim <= at {
			out.jump, out.gain = out.jump+idle, out.gain+idle*aim
		}
	}
	n := float64(len(l.effort))
	out.jump, out.gain, out.missed = out.jump/n, out.gain/n, out.missed/n
	out.extra = at * out.jump
	return out
}

// purchasesOf values rewards for every n purchases, up to so many times: whoever would make some of them makes the rest
// when it is worth it.
func (l *Ladder) purchasesOf(r *rung, f Forecast, b basket, t float64) (out response1) {
	reward := float64(r.offer.Reward)
	n, times := max(r.terms.Purchases, 1), max(r.terms.Times, 1)
	mean, idle := f.rate(b)
	each := b.mean // that one more purchase comes to
	if r.terms.Single() {
		mean *= b.above(t)
		each = max(each, t)
	} else if t > 1 { // all of them together reach it too
		each = max(each, t/float64(n))
	}
	out.most = reward * float64(times)
	p := (1 - idle) * math.Exp(-mean) // of none by who is not idle
	last := min(n*times-1, int(mean+8*math.Sqrt(mean)+20))
	passed := idle
	for made := 0; made <= last; made++ {
		l.oneOfSeveral(&out, made, n, times, each, p, idle)
		passed += p
		if done := made / n; done > 0 {
			out.anyway += reward * float64(done) * p
		}
		if made == n-1 {
			out.without = max(0, 1-passed)
		}
		p *= mean / float64(made+1)
	}
	if last < n-1 {
		out.without = 0
	}
	out.anyway += reward * float64(times) * max(0, 1-passed) * bit(last == n*times-1)
	e := float64(len(l.effort))
	out.jump, out.gain, out.missed, out.extra = out.jump/e, out.gain/e, out.missed/e, reward*out.extra/e
	return out
}

// oneOfSeveral adds what who would make so many purchases does. extra counts rewards.
func (l *Ladder) oneOfSeveral(out *response1, made, n, times int, each, p, idle float64) {
	next := n - made%n
	for _, phi := range l.effort {
		take := func(weight, phi, reward float64) {
			more, rewards := next, 1
			if phi*float64(n)*each <= reward { // every further one is worth it too
				more, rewards = n*times-made, times-made/n
			} else if phi*float64(next)*each > reward {
				if made < n && phi*float64(next)*each <= 2*reward {
					out.missed += weight
				}
				return
			}
			out.gain += weight * float64(more) * each
			out.extra += weight * float64(rewards)
			if made < n {
				out.jump += weight
			}
		}
		take(p, phi, out.most/float64(times))
		if made == 0 {
			take(idle, phi*l.known.Idle.Mean, out.most/float64(times))
		}
	}
}
