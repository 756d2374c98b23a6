package offers

import "math"

// Expected are sums over customers, from which a plan's outlook follows. Shards' sums add up.
type Expected struct {
	Treated uint64 `json:"treated"`
	Offered uint64 `json:"offered"` // promised a reward

	Reached         float64 `json:"reached"`          // chances to reach the goal
	ReachedVariance float64 `json:"reached_variance"` // by the luck of each customer alone
	ReachedMoved    float64 `json:"reached_moved"`    // the part of it that the offers move
	ReachedLevel    float64 `json:"reached_level"`    // by how much more, if all spend is higher by a factor e

	Cost         float64 `json:"cost"`
	CostVariance float64 `json:"cost_variance"`
	CostMoved    float64 `json:"cost_moved"`
	CostLevel    float64 `json:"cost_level"`

	Spend         float64 `json:"spend"` // of all treated in the window, offers or not
	SpendVariance float64 `json:"spend_variance"`
	Gain          float64 `json:"gain"` // the part that the offers bring

	One []OneForAll `json:"one,omitempty"` // by rung: what it would come to for all who may have it

	Beside map[string]uint64 `json:"beside,omitempty"` // customers with a worse offer than neighbours, by why
}

// OneForAll is one rung for everybody, whoever reaches it anyway.
type OneForAll struct {
	Offer     string  `json:"offer"`
	Customers uint64  `json:"customers"`
	Value     float64 `json:"value"`
	Cost      float64 `json:"cost"`
	Out       float64 `json:"out,omitempty"` // the most that it can cost, by the terms
}

// Expect adds a treated customer with what was chosen for them.
func (l *Ladder) Expect(e *Expected, f Forecast, options []Option, choice int) {
	e.Treated++
	e.Spend += f.Mean
	e.SpendVariance += f.variance()
	if e.One == nil {
		for _, o := range l.offers {
			e.One = append(e.One, OneForAll{Offer: o.ID})
		}
	}
	for k, o := range options {
		if o.Infeasible != ReasonRule {
			e.One[k].Customers++
			e.One[k].Value += float64(o.Value)
			e.One[k].Cost += float64(o.Cost)
			e.One[k].Out += l.most[k]
		}
	}
	if choice < 0 || choice >= len(options) {
		return
	}
	o := options[choice]
	e.Spend += float64(o.Gain)
	e.Gain += float64(o.Gain)
	if o.Reward <= 0 {
		return
	}
	e.Offered++
	p := float64(o.Reach)
	r := float64(o.Cost) / max(p, 1e-9) // of whoever earns anything
	moved, level := p-float64(o.Without), f.passes(float64(o.Threshold))
	e.Reached, e.ReachedVariance, e.ReachedMoved, e.ReachedLevel = e.Reached+p, e.ReachedVariance+p*(1-p), e.ReachedMoved+moved, e.ReachedLevel+level
	e.Cost, e.CostVariance, e.CostMoved, e.CostLevel = e.Cost+r*p, e.CostVariance+r*r*p*(1-p), e.CostMoved+float64(o.Moved), e.CostLevel+r*level
}

// passes is by how much more often spend passes x if all of it is higher by a factor of e: the density of its logarithm.
func (f Forecast) passes(x float64) float64 {
	if x <= 0 || f.Zero >= 1 {
		return 0
	}
	z := (math.Log(x) - f.mu) / f.sigma
	return (1 - f.Zero) * math.Exp(-z*z/2) / (math.Sqrt(2*math.Pi) * f.sigma)
}

// Add adds another shard's sums.
func (e *Expected) Add(o Expected) {
	e.Treated, e.Offered = e.Treated+o.Treated, e.Offered+o.Offered
	e.Reached, e.ReachedVariance, e.ReachedMoved, e.ReachedLevel = e.Reached+o.Reached, e.ReachedVariance+o.ReachedVariance, e.ReachedMoved+o.ReachedMoved, e.ReachedLevel+o.ReachedLevel
	e.Cost, e.CostVariance, e.CostMoved, e.CostLevel = e.Cost+o.Cost, e.CostVariance+o.CostVariance, e.CostMoved+o.CostMoved, e.CostLevel+o.CostLevel
	e.Spend, e.SpendVariance, e.Gain = e.Spend+o.Spend, e.SpendVariance+o.SpendVariance, e.Gain+o.Gain
	for why, n := range o.Beside {
		if e.Beside == nil {
			e.Beside = map[string]uint64{}
		}
		e.Beside[why] += n
	}
	if e.One == nil {
		e.One = make([]OneForAll, len(o.One))
	}
	for k, one := range o.One {
		if k < len(e.One) {
			e.One[k] = OneForAll{one.Offer, e.One[k].Customers + one.Customers, e.One[k].Value + one.Value, e.One[k].Cost + one.Cost, e.One[k].Out + one.Out}
		}
	}
}

// Aside counts a customer whose neighbours have a better offer.
func (e *Expected) Aside(reason string) {
	if reason == "" {
		return
	}
	if e.Beside == nil {
		e.Beside = map[string]uint64{}
	}
	why, _ := BesideWords(reason)
	e.Beside[why]++
}

// Range is a forecast: below P10 with a chance of ten in a hundred, and so on.
type Range struct {
	P10 float64 `json:"p10"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
}

// Outlook is what a plan is believed to come to, before anybody approves it. Amounts are minor units.
type Outlook struct {
	Offered   uint64     `json:"offered"`
	Responses Range      `json:"responses"`     // customers who reach their goal
	Spend     Range      `json:"spend"`         // of all treated in the window
	Gain      Range      `json:"gain"`          // the part of it that the offers bring
	Cost      Range      `json:"cost"`          // of rewards
	One       *OneForAll `json:"one,omitempty"` // the best single rung for all, for as many as both budgets leave room for
	Learned   bool       `json:"learned"`

	Beside map[string]uint64 `json:"beside,omitempty"` // customers with a worse offer than neighbours of their segment and spend, by why
}

// Outlook is the forecast of a plan's sums. What varies is each customer's luck, which evens out, and what is not known of
// all of them together, which does not: how this campaign's response differs from others, and the level of spend in its
// window. The two are independent, so their variances add up. One offer for all keeps to the same expected cost and exposure.
func (k Knowledge) Outlook(e Expected, budget, exposure float64) Outlook {
	response, level := k.ResponseDoubt(), math.Hypot(k.Level.Deviation, k.Season)
	spread := func(mean, variance, moved, levels float64) Range {
		d := math.Sqrt(max(variance, 0) + square2(moved*response) + square2(levels*level))
		const z = 1.2815515655446004 // the normal's ninth decile
		return Range{max(0, mean-z*d), max(0, mean), mean + z*d}
	}
	out := Outlook{
		Offered: e.Offered, Learned: k.Learned(), Beside: e.Beside,
		Responses: spread(e.Reached, e.ReachedVariance, e.ReachedMoved, e.ReachedLevel),
		Cost:      spread(e.Cost, e.CostVariance, e.CostMoved, e.CostLevel),
		Spend:     spread(e.Spend, e.SpendVariance, e.Gain, e.Spend),
		Gain:      spread(e.Gain, 0, math.Hypot(e.Gain, e.Gain*k.Gain.Deviation/max(response, 1e-9)), 0),
	}
	for _, one := range e.One {
		share := 1.0
		if one.Cost > budget {
			share = max(budget, 0) / one.Cost
		}
		if one.Out*share > exposure {
			share = max(exposure, 0) / one.Out
		}
		one.Customers, one.Value, one.Cost, one.Out = uint64(share*float64(one.Customers)), share*one.Value, share*one.Cost, share*one.Out
		if out.One == nil || one.Value > out.One.Value {
			out.One = &one
		}
	}
	return out
}

func square2(x float64) float64 { return x * x }

// ResponseDoubt is how unsure the response to offers is in all, as a share of it: by what has been seen of it, by how
// campaigns differ, and by how those who are chosen differ from all.
func (k Knowledge) ResponseDoubt() float64 {
	return math.Hypot(math.Hypot(k.Response, k.Between), k.Chosen.Deviation/max(k.Chosen.Mean, 0.5))
}
