package offers

import (
	"fmt"
	"math"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// A goal that most reach anyway only gives money away, and one that few reach discourages: a field trial found lower
// purchases after a missed goal.
const (
	mostWithout = 0.30 // P(reach) without the offer
	leastWith   = 0.20 // P(reach) with it
)

// What spending more costs a customer, per unit that they had not meant to spend: they do it when that is at most the
// reward. It differs between people (lognormal). Until offers of one's own have been measured this prior stands in: the
// reward must be about an eighth of the stretch before half of the customers take it.
const (
	effortMedian = 0.125
	effortSpread = 1.0
	effortIdle   = 3.0  // times as much for a customer who would not have bought at all
	informUplift = 0.01 // more spend after a message that offers nothing
)

// effort are equally likely values of it.
var effort = func() (out [8]float64) {
	for i := range out {
		p := (float64(i) + 0.5) / float64(len(out))
		out[i] = effortMedian * math.Exp(effortSpread*math.Sqrt2*math.Erfinv(2*p-1))
	}
	return out
}()

// Ladder is a campaign's offers, ready to be valued for customers.
type Ladder struct {
	offers  []campaign.Offer
	days    float64 // of the window
	margin  float64
	contact float64 // cost of all messages to a customer
}

// NewLadder reads the ladder of a campaign whose window has these ends.
func NewLadder(spec campaign.Spec, times campaign.Times) (*Ladder, error) {
	days := times.Closes.Sub(times.Opens).Hours() / 24
	if days <= 0 {
		return nil, fmt.Errorf("the window from %s to %s has no length", times.Opens.Format(time.DateTime), times.Closes.Format(time.DateTime))
	}
	return &Ladder{offers: spec.Offers, days: days, margin: float64(spec.Budget.Margin), contact: float64(spec.Budget.Contact) * float64(max(1, len(spec.Touches)))}, nil
}

// Len is the number of offers.
func (l *Ladder) Len() int { return len(l.offers) }

// Offer is the offer of a rung, from 0.
func (l *Ladder) Offer(k int) campaign.Offer { return l.offers[k] }

// Customer is what offers are valued by.
type Customer struct {
	Key     uint32
	Tenure  uint16
	Months  []int64 // spend by 30 days, the most recent first
	Allowed []uint8 // 1 for each offer whose rule holds

	Segment, Region, Brand uint16 // place in the lists that Rules name, from 1; 0: no limit names theirs
}

// Option is one offer for one customer. Amounts are in minor units; Value and Cost are whole numbers, kept as they are
// compared.
type Option struct {
	Feasible   bool
	Threshold  money.Minor
	Reward     money.Minor
	Reach      float32 // P(spend >= threshold) with the offer
	Without    float32 // the same without it
	Value      float32 // incremental margin less expected reward and messages
	Cost       float32 // expected reward
	Infeasible Reason
}

// Reason is why an option is none.
type Reason string

// Why an offer is not for a customer.
const (
	ReasonRule    Reason = "rule"     // its rule does not hold
	ReasonTooEasy Reason = "too_easy" // reached anyway by more than 30%
	ReasonTooFar  Reason = "too_far"  // reached by fewer than 20% even with it
)

// Options values every offer of the ladder for a customer, into a slice that is used again.
func (l *Ladder) Options(c Customer, into []Option) (Forecast, []Option) {
	f := NewForecast(c.Months, int(c.Tenure), l.days)
	into = into[:0]
	for k, offer := range l.offers {
		switch {
		case k < len(c.Allowed) && c.Allowed[k] == 0:
			into = append(into, Option{Infeasible: ReasonRule})
		case offer.Kind == campaign.OfferInform:
			into = append(into, Option{Feasible: true, Value: whole(l.margin*informUplift*f.Mean - l.contact)})
		default:
			into = append(into, l.threshold(f, offer))
		}
	}
	return f, into
}

// Threshold is the customer's own goal: the forecast times the stretch, plus the step, rounded up, within the rung's limits.
func Threshold(t campaign.Threshold, forecast float64) money.Minor {
	if t.Fixed > 0 {
		return t.Fixed
	}
	stretch := t.Stretch
	if stretch == 0 {
		stretch = 1
	}
	// Amounts beyond 2^52 are no longer whole in a float; nobody's goal is one of them.
	goal := money.Minor(math.Min(math.Ceil(stretch*forecast), 1<<52)) + t.Step
	if rounded, err := money.RoundTo(goal, t.RoundTo, money.Up); err == nil {
		goal = rounded
	}
	goal = max(goal, t.Min)
	if t.Max > 0 {
		goal = min(goal, t.Max)
	}
	return max(goal, 1)
}

// threshold values a spend goal T with reward R by the notch: a customer who would spend S0 goes on to T when
// effort·(T-S0) <= R.
func (l *Ladder) threshold(f Forecast, offer campaign.Offer) Option {
	goal := Threshold(offer.Threshold, f.Mean)
	t, r := float64(goal), float64(offer.Reward)
	without, sumWithout := f.above(t), f.sumAbove(t)
	var jump, gain float64
	for _, phi := range effort {
		near := t - r/phi // who would spend more than this goes on to T
		p := f.above(max(near, math.SmallestNonzeroFloat64)) - without
		if p > 0 {
			jump += p
			gain += t*p - (f.sumAbove(max(near, math.SmallestNonzeroFloat64)) - sumWithout)
		}
		if t <= r/(phi*effortIdle) {
			jump += f.Zero
			gain += t * f.Zero
		}
	}
	jump, gain = jump/float64(len(effort)), max(gain, 0)/float64(len(effort))
	o := Option{Threshold: goal, Reward: offer.Reward, Without: float32(without), Reach: float32(min(1, without+jump))}
	// What is set aside is never too little.
	o.Cost = whole(math.Ceil(r * float64(o.Reach)))
	o.Value = whole(l.margin*gain - r*float64(o.Reach) - l.contact)
	switch {
	case without > mostWithout:
		o.Infeasible = ReasonTooEasy
	case without+jump < leastWith:
		o.Infeasible = ReasonTooFar
	default:
		o.Feasible = true
	}
	return o
}

// whole is the amount that is compared, summed and written: a whole number that a float32 holds exactly.
func whole(x float64) float32 { return float32(math.Round(float64(float32(x)))) }
