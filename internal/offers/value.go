package offers

import (
	"fmt"
	"math"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// A goal that most reach anyway only gives money away, and one that few reach discourages: a field trial found lower
// purchases after a missed goal. The chance with the offer is of somebody who takes notice of it; who does not is not
// discouraged. Once failing has been priced from campaigns of one's own, only goals that next to nobody reaches are left
// out whatever they are worth (docs/decisions/0006).
const (
	mostWithout  = 0.30 // P(reach) without the offer
	leastWith    = 0.20 // P(reach) with it, as long as nothing has been learned
	leastLearned = 0.05 // and then
)

// What spending more costs a customer, per unit that they had not meant to spend: they do it when that is at most the
// reward. It differs between people (lognormal). Until offers of one's own have been measured this prior stands in: the
// reward must be about an eighth of the stretch before half of the customers take it.
const (
	effortMedian = 0.125
	effortSpread = 1.0
	effortIdle   = 3.0 // times as much for a customer who would not have bought at all, before anything is learned of it

	// Of those for whom the goal is up to twice too far, so many try for it all the same, and miss it.
	failingTries = 0.30
	afterDays    = 60.0 // for so long a missed goal is felt
)

// efforts are equally likely values of a lognormal effort.
func efforts(median, spread float64) (out [8]float64) {
	for i := range out {
		p := (float64(i) + 0.5) / float64(len(out))
		out[i] = median * math.Exp(spread*math.Sqrt2*math.Erfinv(2*p-1))
	}
	return out
}

// Ladder is a campaign's offers, ready to be valued for customers.
type Ladder struct {
	offers   []campaign.Offer
	rungs    []rung
	most     []float64 // that one assignment of each offer can cost
	days     float64   // of the window
	margin   float64
	contact  float64 // cost of all messages to a customer
	reads    money.Minor
	contents []campaign.Content
	odds     [][]float64 // of contents, by part of the customers and the content that is about their own category
	known    Knowledge
	effort   [8]float64
}

// NewLadder reads the ladder of a campaign whose window has these ends.
func NewLadder(spec campaign.Spec, times campaign.Times) (*Ladder, error) {
	days := times.Closes.Sub(times.Opens).Hours() / 24
	if days <= 0 {
		return nil, fmt.Errorf("the window from %s to %s has no length", times.Opens.Format(time.DateTime), times.Closes.Format(time.DateTime))
	}
	l := &Ladder{offers: spec.Offers, days: days, margin: float64(spec.Budget.Margin), contact: float64(spec.Budget.Contact) * float64(max(1, len(spec.Touches)))}
	for _, o := range spec.Offers {
		l.rungs = append(l.rungs, newRung(spec, o, days))
		l.most = append(l.most, float64(mostOf(spec, o)))
	}
	l.reads, l.contents = leastReadable(spec.Currency), spec.Contents
	return l.With(Prior())
}

// With is the ladder as it is valued by what has been learned.
func (l *Ladder) With(k Knowledge) (*Ladder, error) {
	k = k.complete()
	if err := k.Check(); err != nil {
		return nil, err
	}
	with := *l
	with.known, with.effort = k, efforts(k.Effort.Mean, k.EffortSpread.Mean)
	with.odds = nil
	for idle := range len(k.Idles) + 1 {
		for own := range len(l.contents) + 1 {
			with.odds = append(with.odds, k.contentOdds(l.contents, idle, uint16(own)))
		}
	}
	return &with, nil
}

// Known is what the ladder is valued by.
func (l *Ladder) Known() Knowledge { return l.known }

// Len is the number of offers.
func (l *Ladder) Len() int { return len(l.offers) }

// Offer is the offer of a rung, from 0.
func (l *Ladder) Offer(k int) campaign.Offer { return l.offers[k] }

// Rung is the place of an offer in the ladder, or None.
func (l *Ladder) Rung(id string) int {
	for k, o := range l.offers {
		if o.ID == id {
			return k
		}
	}
	return None
}

// Forecast is what a customer would spend within the window without an offer.
func (l *Ladder) Forecast(c Customer) Forecast {
	return l.known.forecast(NewForecast(c.Months, int(c.Tenure), l.days))
}

// Customer is what offers are valued by.
type Customer struct {
	Key     uint32
	Tenure  uint16
	Months  []int64 // spend by 30 days, the most recent first
	Allowed []uint8 // 1 for each offer whose rule holds

	Segment, Region, Brand uint16 // place in the lists that Rules name, from 1; 0: no limit names theirs

	Kin uint32 // the same for customers of the same imported segment

	Messages  uint16 // of the last 180 days
	Responses uint16 // to them: opened, clicked

	Purchases uint32    // of the last 365 days; 0: not known
	Basket    float32   // mean amount of one; 0, NaN: not known
	Theme     uint16    // place of the content that is about the category they spend most on, from 1; 0: none is
	Counted   []float32 // by offer: share of the spend that its terms count; none: all of it
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
	Cost       float32 // expected reward, of all that may be earned
	Moved      float32 // the part of it that the offer's own effect brings
	Gain       float32 // expected incremental spend in the window
	Deviation  float32 // of Value, by what is not known of how customers respond
	Infeasible Reason
}

// Reason is why an option is none.
type Reason string

// Why an offer is not for a customer.
const (
	ReasonRule    Reason = "rule"     // its rule does not hold
	ReasonTooEasy Reason = "too_easy" // reached anyway by more than 30%
	ReasonTooFar  Reason = "too_far"  // reached by too few even with it: leastWith, leastLearned
)

// Options values every offer of the ladder for a customer, into a slice that is used again.
func (l *Ladder) Options(c Customer, into []Option) (Forecast, []Option) {
	f := l.Forecast(c)
	notice := l.known.attention(c.Messages, c.Responses)
	segment := l.known.segment(f)
	into = into[:0]
	for k, offer := range l.offers {
		switch {
		case k < len(c.Allowed) && c.Allowed[k] == 0:
			into = append(into, Option{Infeasible: ReasonRule})
		case offer.Kind == campaign.OfferInform:
			into = append(into, Option{
				Feasible: true, Gain: float32(l.known.Inform.Mean * f.Mean),
				Value: whole(l.margin*l.known.Inform.Mean*f.Mean - l.contact), Deviation: float32(l.margin * l.known.Inform.Deviation * f.Mean),
			})
		default:
			into = append(into, l.offer(k, f, &c, notice, segment))
		}
	}
	return f, into
}

// value values a goal t with one reward r.
func (l *Ladder) value(f Forecast, t, r, notice float64, segment int) Option {
	return l.worthOf(f, l.goalOf(f, t, r), r, t, notice, segment)
}

// goalOf is what a goal of all spend together, with one reward, does to somebody.
func (l *Ladder) goalOf(f Forecast, t, r float64) response1 {
	without := f.above(t)
	n := f.notch(t, r, &l.effort, l.known.Idle.Mean, without)
	return response1{notch: n, without: without, anyway: r * without, extra: r * n.jump, most: r}
}

// worthOf values what an offer does to somebody who may take notice of it. most is the most of one reward, at the goal t.
func (l *Ladder) worthOf(f Forecast, n response1, most, t, notice float64, segment int) Option {
	factor := l.known.factor(armOf(most, t, f.Mean), segment)
	moved := notice * factor.Mean * l.known.Chosen.Mean
	without := n.without
	n.anyway = min(n.anyway, n.most)
	jump, extra := moved*n.jump, moved*n.extra
	if jump > 1-without { // a factor moves nobody twice
		extra *= (1 - without) / jump
		jump = 1 - without
	}
	extra = min(extra, n.most-n.anyway)
	gain := moved * l.known.Gain.Mean * n.gain
	// Who is moved buys less afterwards, and so does who tried and failed: what that costs is valued on the safe side.
	later := l.known.Pull.Mean*gain + moved*(l.known.Failing.Mean+l.known.Failing.Deviation)*failingTries*n.missed*f.Mean*afterDays/l.days
	o := Option{Without: float32(without), Reach: float32(min(1, without+jump)), Gain: float32(gain), Moved: float32(extra)}
	// What is set aside is never too little.
	o.Cost = whole(math.Ceil(n.anyway + extra))
	response := l.margin*(gain-later) - extra
	o.Value = whole(response - n.anyway - l.contact)
	o.Deviation = float32(math.Hypot(response*l.doubt(factor), l.margin*gain*math.Hypot(l.known.Pull.Deviation, l.known.Gain.Deviation)))
	easy, near := without, without+factor.Mean*n.jump // for who takes notice of it
	if n.goalless {
		// Where any purchase earns something, what would be earned anyway stands for it, of the most that can be.
		easy, near = n.anyway/max(n.most, 1), 1
	}
	switch {
	case easy > mostWithout:
		o.Infeasible = ReasonTooEasy
	case near < l.leastWith():
		o.Infeasible = ReasonTooFar
	default:
		o.Feasible = true
	}
	return o
}

func (l *Ladder) leastWith() float64 {
	if l.known.Learned() {
		return leastLearned
	}
	return leastWith
}

// doubt is how unsure the response to an offer is, as a share of it.
func (l *Ladder) doubt(factor Known) float64 {
	return math.Hypot(l.known.ResponseDoubt(), factor.Deviation/factor.Mean)
}

// notch is what an offer does to a customer who takes notice of it.
type notch struct {
	jump   float64 // chance that they go on to the goal
	gain   float64 // expected spend more than without
	missed float64 // chance that the goal is up to twice too far for them
}

func (f Forecast) notch(t, r float64, efforts *[8]float64, idle, without float64) notch {
	var out notch
	sumWithout := f.sumAbove(t)
	for _, phi := range efforts {
		one := f.notchAt(t, r, phi, without, sumWithout, idle)
		out.jump, out.gain, out.missed = out.jump+one.jump, out.gain+one.gain, out.missed+one.missed
	}
	n := float64(len(efforts))
	return notch{out.jump / n, max(out.gain, 0) / n, out.missed / n}
}

// notchAt is the notch for a customer whose effort is known; it is idle times as much if they would not have bought at all.
func (f Forecast) notchAt(t, r, phi, without, sumWithout, idle float64) (out notch) {
	reach := r / phi
	near := t - reach // who would spend more than this goes on to T
	above, sum := f.beyond(max(near, math.SmallestNonzeroFloat64))
	if p := above - without; p > 0 {
		out.jump = p
		out.gain = t*p - (sum - sumWithout)
	}
	if near > 0 {
		out.missed = f.above(max(near-reach, math.SmallestNonzeroFloat64)) - above
	}
	if reach /= idle; t <= reach {
		out.jump += f.Zero
		out.gain += t * f.Zero
	} else if t <= 2*reach {
		out.missed += f.Zero
	}
	return out
}

// whole is the amount that is compared, summed and written: a whole number that a float32 holds exactly.
func whole(x float64) float32 { return float32(math.Round(float64(float32(x)))) }
