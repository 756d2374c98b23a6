package activities

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/propensity"
	"github.com/danbi-project/danbi/internal/targeting/registry"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
)

// A goalOffer is the rung in the middle of the campaign's ladder, in money: what it asks for above the customer's own forecast, and gives.
type goalOffer struct {
	step, round, reward float64
	gain                float64 // of one customer who is moved to the goal: margin on the step, less the reward
}

// errNoGoal says that no offer of the campaign asks for more than one's own forecast, or none earns its reward.
var errNoGoal = errors.New("no offer asks for a step above one's own forecast whose margin is more than its reward")

// offered is the offer that the worth of a contact goes by: of those that ask for a step above one's own forecast and earn their
// reward where somebody is moved, the one with the middle step.
func offered(spec campaign.Spec) (goalOffer, error) {
	var all []campaign.Offer
	for _, o := range spec.Offers {
		if o.Earns(spec.Budget.Margin) {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return goalOffer{}, errNoGoal
	}
	slices.SortStableFunc(all, func(a, b campaign.Offer) int { return cmp.Compare(a.Threshold.Step, b.Threshold.Step) })
	o := all[len(all)/2]
	step, reward := float64(o.Threshold.Step), float64(o.Reward)
	return goalOffer{step, max(float64(o.Threshold.RoundTo), 1), reward, float64(spec.Budget.Margin)*step - reward}, nil
}

// met is whether spend over so many days reaches the goal of somebody with that spend in the 90 days before.
func (o goalOffer) met(spend, before float32, days float64) bool {
	return float64(spend) >= math.Ceil((float64(before)*days/90+o.step)/o.round)*o.round
}

// worth is what a contact earns, in money: the gain of whoever it moves to the goal, less the reward of whoever would have been there
// anyway. The latter is learned from everybody's own history, which is far more than past campaigns tell of effects; spend itself
// would drown both in its tail. Where whom a contact moves can't be told from luck, all are taken to be moved alike, and the worth goes
// by whose rewards are spared.
func (l *learner) worth() error {
	offer, err := offered(l.brief.Spec)
	if err != nil {
		return err
	}
	s := l.goals(offer)
	if !twoArms(s) {
		return errNoTrial
	}
	err = l.effect(s, "met")
	alike := errors.Is(err, errNoBetter)
	if err != nil && !alike {
		return err
	}
	early, late, err := l.histories(func(spend, before float32) (label, counts bool) {
		return offer.met(spend, before, churnWindow.Hours()/24), true
	})
	if err != nil {
		return err
	}
	anyway, err := propensity.Fit(l.ctx, l.Trainer, early, late, fitSeed)
	if err != nil {
		return err
	}
	m := &l.entry.Model
	if alike {
		m.Learner = anyway.Model.Learner
		c := &l.entry.Card
		c.Learner, c.Outcome, c.Rows, c.Held = "trees", "met_anyway", len(early.Label), len(late.Label)
	}
	for i := range m.Parts {
		m.Parts[i].Weight *= float32(offer.gain)
	}
	for _, p := range anyway.Model.Parts {
		m.Parts = append(m.Parts, uplift.Part{Forest: p.Forest, Weight: -p.Weight * float32(offer.reward)})
	}
	scores := make([]float32, s.Rows())
	if err := m.Score(s.Bins, scores); err != nil {
		return err
	}
	// Scores are money already, so nothing maps them.
	l.entry.Calibration, l.entry.Cuts, l.entry.Card.Area = learn.Isotonic{}, registry.CutsOf(scores), anyway.Area
	return nil
}

// goals is a sample of whether customers met the goal that the offer would have set them, whatever they were offered.
func (l *learner) goals(offer goalOffer) uplift.Sample {
	s := uplift.Sample{Bins: l.trial.Bins, Treated: l.trial.Treated, Propensity: l.trial.Propensity, Order: l.order, Outcome: make([]float32, len(l.trial.Spend))}
	for i, spend := range l.trial.Spend {
		if offer.met(spend, l.trial.Before[i], l.length[i]) {
			s.Outcome[i] = 1
		}
	}
	return s
}

// earned is a sample of what customers were worth to the campaign, in money: the margin on the step of whoever met the goal, and
// for the treated less the reward.
func (l *learner) earned(offer goalOffer) uplift.Sample {
	s := l.goals(offer)
	for i := range s.Outcome {
		if s.Treated[i] {
			s.Outcome[i] *= float32(offer.gain)
		} else {
			s.Outcome[i] *= float32(offer.gain + offer.reward)
		}
	}
	return s
}
