package activities

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/propensity"
	"github.com/danbi-project/danbi/internal/targeting/registry"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
)

// worstUsefulArea is as near to chance as a model of a chance may be.
const worstUsefulArea = .52

// response learns who of the treated opens or clicks, or buys where nobody recorded that.
func (l *learner) response() error {
	rows, label, outcome := l.responses()
	s := propensity.Sample{Bins: l.trial.Bins, Label: label}.Take(rows)
	early, late := s.Split(fitSeed)
	return l.chance(early, late, outcome)
}

// responses are the treated and whether each responded.
func (l *learner) responses() (rows []int, label []bool, outcome string) {
	label, outcome = l.trial.Bought, "bought"
	for i, treated := range l.trial.Treated {
		if treated {
			rows = append(rows, i)
		}
		if l.trial.Responded[i] {
			label, outcome = l.trial.Responded, "responded"
		}
	}
	return rows, label, outcome
}

// churn is a hazard in discrete time (Singer and Willett, Journal of Educational Statistics 1993): whoever had something to lose
// at the start of a period is in that period's risk set, with features as they were then, and the chance to drop below half of
// one's own forecast within it is learned from several periods together. The last one judges and calibrates.
func (l *learner) churn() error {
	early, late, err := l.histories(func(spend, before float32) (label, counts bool) {
		return float64(spend) < droppedTo*float64(before)*churnWindow.Hours()/24/90, before > 0
	})
	if err != nil {
		return err
	}
	end := l.snapshot.Instant
	l.entry.Card.From, l.entry.Card.Until = end.Add(-churnPeriods*churnWindow), end
	return l.chance(early, late, "dropped")
}

// histories are customers as they were before each of the latest periods, labelled by what they spent in it and in the 90 days before;
// the last period apart. Whoever is to judge the model is left out.
func (l *learner) histories(label func(spend, before float32) (label, counts bool)) (early, late propensity.Sample, err error) {
	for i := range churnPeriods {
		from := l.snapshot.Instant.Add(time.Duration(i-churnPeriods) * churnWindow)
		read, err := l.Store.Dropped(l.ctx, l.snapshot, from, from.Add(churnWindow), mostExamples/churnPeriods)
		if err != nil {
			return early, late, err
		}
		l.blank(read.Bins)
		var rows []int
		labels := make([]bool, len(read.Customers))
		for k, customer := range read.Customers {
			yes, counts := label(read.Spend[k], read.Before[k])
			if labels[k] = yes; counts && !l.held[customer] {
				rows = append(rows, k)
			}
		}
		if late = (propensity.Sample{Bins: read.Bins, Label: labels}).Take(rows); i < churnPeriods-1 {
			early = early.And(late)
		}
	}
	return early, late, nil
}

// interest learns what sets those who have it already apart from anybody.
func (l *learner) interest() error {
	i := l.brief.Spec.Audience.Interest
	read, err := l.Store.Likeness(l.ctx, l.snapshot, targeting.Seeds{Categories: i.Categories, Brands: i.Brands, Campaigns: i.Campaigns, Products: i.Products, Attributes: i.Attributes}, mostExamples)
	if err != nil {
		return err
	}
	l.blank(read.Bins)
	l.entry.Card.Until = l.snapshot.Instant
	early, late := propensity.Sample{Bins: read.Bins, Label: read.Bought}.Split(fitSeed)
	return l.chance(early, late, "has")
}

func (l *learner) chance(early, late propensity.Sample, outcome string) error {
	fitted, err := propensity.Fit(l.ctx, l.Trainer, early, late, fitSeed)
	if err != nil {
		return err
	}
	if fitted.Area < worstUsefulArea {
		return errNoBetter
	}
	l.entry.Model, l.entry.Calibration, l.entry.Cuts = fitted.Model, fitted.Calibration, registry.CutsOf(fitted.Scores)
	c := &l.entry.Card
	c.Learner, c.Outcome, c.Rows, c.Held, c.Area = "trees", outcome, len(early.Label), len(late.Label), fitted.Area
	return nil
}

// choose lets several kinds stand for the campaign, and takes whose best customers gain most by a contact, on customers held back:
// the mean doubly robust effect of the share of them that the campaign will contact. A campaign that wins customers back with a goal
// is judged in money, and risk and worth stand for it too.
func (l *learner) choose() error {
	kinds := []string{registry.Uplift, registry.ChurnUplift, registry.Response}
	s, outcome := l.gained()
	if offer, err := offered(l.brief.Spec); err == nil && l.brief.Spec.Goal == campaign.GoalWinBack {
		kinds = append([]string{registry.Worth, registry.Churn}, kinds...)
		s, outcome = l.earned(offer), "worth"
	}
	if !twoArms(s) {
		return errNoTrial
	}
	early, late := s.Split(fitSeed)
	learning, judging := s.Take(early), s.Take(late)
	effect, err := uplift.Effects(l.ctx, l.Trainer, learning, judging, fitSeed)
	if err != nil {
		return err
	}
	share := l.share()
	var rivals []registry.Rival
	best, bestEntry := -1, registry.Entry{}
	whole := l.trial
	order, length := l.order, l.length
	held := map[uint32]bool{}
	for _, i := range late {
		held[whole.Customers[i]] = true
	}
	for _, kind := range kinds {
		one := *l
		one.held = held
		one.trial = whole.Take(early)
		one.order, one.length = learn.At(order, early), learn.At(length, early)
		one.entry.Kind = kind
		switch kind {
		case registry.Response:
			err = one.response()
		case registry.ChurnUplift:
			err = one.effect(one.stayed())
		case registry.Churn:
			err = one.churn()
		case registry.Worth:
			err = one.worth()
		default:
			err = one.effect(one.gained())
		}
		if noteOf(err) != "" {
			continue
		}
		if err != nil {
			return err
		}
		score := make([]float32, judging.Rows())
		if err := one.entry.Model.Score(judging.Bins, score); err != nil {
			return err
		}
		value := uplift.PolicyOf(share, score, effect, l.cost(outcome), fitSeed)
		rivals = append(rivals, registry.Rival{Kind: kind, Value: value})
		if best < 0 || value.Mean > rivals[best].Value.Mean {
			best, bestEntry = len(rivals)-1, one.entry
		}
	}
	if best < 0 {
		return errNoTrial
	}
	l.entry = bestEntry
	l.entry.Card.Rivals = rivals
	return nil
}

// share of the customers that the campaign will contact, as far as its size tells.
func (l *learner) share() float64 {
	if size := l.brief.Spec.Audience.Size; size > 0 && l.snapshot.Customers > 0 {
		return min(max(float64(size)/float64(l.snapshot.Customers), .02), 1)
	}
	return .3
}
