package offers

import (
	"math"
	"slices"
)

// Policy is a way to choose among the offers of a past campaign: for each of its outcomes, the chance of each arm.
type Policy struct {
	Name    string // none, lot, learned, or an offer's id: that one for all
	Targets [][]float64
}

// The policies that are compared beside one offer for all.
const (
	PolicyNone    = "none"
	PolicyLot     = "lot"     // every arm alike
	PolicyLearned = "learned" // what is worth most to each by what has been learned
)

// Logged is a past campaign's treated customers as choices among its arms.
type Logged struct {
	Arms     []string // ids of offers, NoOffer among them, in order
	Outcomes []Outcome
	Arm      []int     // by outcome
	Worth    []float64 // by outcome: margin of spend in the window and after it, less the reward that was earned
}

// LoggedChoices are the choices of a past campaign among what its treated customers were promised. Customers of the
// control group were not chosen for, and are left out.
func LoggedChoices(outcomes []Outcome, margin float64) Logged {
	var out Logged
	for _, o := range outcomes {
		if o.Offer == "" || !usable(o.Past) {
			continue
		}
		if !slices.Contains(out.Arms, o.Offer) {
			out.Arms = append(out.Arms, o.Offer)
		}
		worth := margin * (o.Window + o.After)
		if o.Reward > 0 && (o.Met || o.Window >= o.Threshold) {
			worth -= o.Reward
		}
		out.Outcomes, out.Worth = append(out.Outcomes, o), append(out.Worth, worth)
	}
	slices.Sort(out.Arms)
	for _, o := range out.Outcomes {
		out.Arm = append(out.Arm, slices.Index(out.Arms, o.Offer))
	}
	return out
}

// Covariates are what an outcome model sees of a customer before the choice.
func (l Logged) Covariates(i int) []float64 {
	p := &l.Outcomes[i].Past
	f := NewForecast(p.Customer.Months, int(p.Customer.Tenure), p.Days)
	latest := 0.0
	if len(p.Customer.Months) > 0 {
		latest = math.Max(0, float64(p.Customer.Months[0]))
	}
	return []float64{math.Log1p(f.Mean), math.Sqrt(f.Mean), f.Zero, math.Log1p(latest), float64(p.Customer.Messages), float64(p.Customer.Responses)}
}

// Policies are the candidates: no offer, every arm by lot, each offer for all, and the best by what has been learned.
func (l Logged) Policies(k Knowledge, margin float64) []Policy {
	n := len(l.Arms)
	same := func(name string, target []float64) Policy {
		p := Policy{Name: name}
		for range l.Outcomes {
			p.Targets = append(p.Targets, target)
		}
		return p
	}
	one := func(arm int) []float64 {
		target := make([]float64, n)
		target[arm] = 1
		return target
	}
	even := make([]float64, n)
	for a := range even {
		even[a] = 1 / float64(n)
	}
	out := []Policy{same(PolicyLot, even)}
	for a, id := range l.Arms {
		out = append(out, same(id, one(a)))
	}
	return append(out, l.learned(k, margin, one))
}

// learned chooses for each customer the arm that is worth most. How far an arm's goals lie above the forecast is taken
// from those who had it.
func (l Logged) learned(k Knowledge, margin float64, one func(int) []float64) Policy {
	steps, rewards := make([]float64, len(l.Arms)), make([]float64, len(l.Arms))
	for a := range l.Arms {
		var each []float64
		for i := range l.Outcomes {
			if p := &l.Outcomes[i].Past; l.Arm[i] == a && p.Reward > 0 {
				each = append(each, p.Threshold-NewForecast(p.Customer.Months, int(p.Customer.Tenure), p.Days).Mean)
				rewards[a] = p.Reward
			}
		}
		if slices.Sort(each); len(each) > 0 {
			steps[a] = each[len(each)/2]
		}
	}
	k = k.complete()
	nothing := max(0, slices.Index(l.Arms, NoOffer))
	out := Policy{Name: PolicyLearned}
	for i := range l.Outcomes {
		p := &l.Outcomes[i].Past
		raw := NewForecast(p.Customer.Months, int(p.Customer.Tenure), p.Days)
		f := k.forecast(raw)
		ladder := Ladder{days: p.Days, margin: margin, known: k, effort: efforts(k.Effort.Mean, k.EffortSpread.Mean)}
		best, most := nothing, 0.0
		for a := range l.Arms {
			if rewards[a] <= 0 || raw.Mean+steps[a] <= 0 {
				continue
			}
			o := ladder.value(f, raw.Mean+steps[a], rewards[a], k.attention(p.Customer.Messages, p.Customer.Responses), k.segment(f))
			if float64(o.Value) > most {
				best, most = a, float64(o.Value)
			}
		}
		out.Targets = append(out.Targets, one(best))
	}
	return out
}
