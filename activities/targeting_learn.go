package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/registry"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
)

var (
	_ = classify(registry.ErrBroken, "BrokenModel", true)
	_ = classify(registry.ErrOtherCatalogue, "ModelOfOtherCatalogue", true)
	_ = classify(registry.ErrTaken, "ModelTaken", true)
)

// TrialStore is what learning from past campaigns reads, and where models are kept.
type TrialStore interface {
	Trial(ctx context.Context, like features.Snapshot, past targeting.Past, most int) (targeting.Trial, error)
	Dropped(ctx context.Context, like features.Snapshot, from, until time.Time, most int) (targeting.Trial, error)
	Likeness(ctx context.Context, snapshot features.Snapshot, seeds targeting.Seeds, most int) (targeting.Trial, error)
	Binnings(ctx context.Context, snapshot string) ([]features.Binning, error)
	SampledCounts(ctx context.Context, snapshot string) ([][]uint64, error)
	SaveEntry(ctx context.Context, e *registry.Entry) error
	Entry(ctx context.Context, id string) (registry.Entry, error)
	Entries(ctx context.Context, kind string, most int) ([]registry.Row, error)
	Promoted(ctx context.Context, kind string, by time.Time) (string, error)
	// FeatureBins gives the shard's bins in blocks, in the order of keys; slices are used again.
	FeatureBins(ctx context.Context, snapshot string, names []string, shard campaign.Shard, each func(keys []uint32, bins [][]uint8) error) error
	WriteReasons(ctx context.Context, run campaign.Run, model string, all []registry.Reasons) error
}

// Churn is judged over so long a window: a customer who spends below half of their own forecast has dropped.
const (
	churnWindow = 28 * 24 * time.Hour
	droppedTo   = .5
	// So many windows are learned from together, and the last judges: what is peculiar to one month is not taken for a law.
	churnPeriods = 5
)

// learner is one fitting: what is asked, and what was read for it. It lives as long as its activity.
type learner struct {
	Targeting
	ctx      context.Context
	brief    campaign.Brief
	snapshot features.Snapshot
	entry    registry.Entry
	trial    targeting.Trial
	order    []int64 // of each customer of the trial: when
	length   []float64
	held     map[uint32]bool // who is to judge: no history of theirs is learned from
}

// learn fits the kind of model that the brief names, or gives a reason why it can't: a note.
func (t *Targeting) learn(ctx context.Context, brief campaign.Brief, in FitModelInput) (registry.Entry, string, error) {
	asked := brief.Spec.Audience.Model
	if asked == campaign.ModelNone {
		return registry.Entry{}, "", nil
	}
	if campaign.IsModelID(asked) {
		e, err := t.Store.Entry(ctx, asked)
		if err == nil {
			err = e.Fits(in.Snapshot.Catalogue, in.Snapshot.Binning)
		}
		return e, "", err
	}
	kind := asked
	if kind == campaign.ModelResponse {
		kind = registry.Response
	}
	if e, err := t.promoted(ctx, kind, in); err != nil || e.ID != "" {
		return e, "", err
	}
	if t.Quick {
		return t.registered(ctx, kind, in)
	}
	if t.Trainer == nil {
		return registry.Entry{}, targeting.NoteNoTrainer, nil
	}
	l := &learner{Targeting: *t, ctx: ctx, brief: brief, snapshot: features.Snapshot(in.Snapshot)}
	l.entry = registry.Entry{Kind: kind, Catalogue: in.Snapshot.Catalogue, Binning: in.Snapshot.Binning, At: in.Snapshot.Instant}
	l.entry.Card.Snapshot = in.Snapshot.ID
	err := l.fit(kind)
	if note := noteOf(err); note != "" {
		return registry.Entry{}, note, nil
	}
	if err != nil {
		return registry.Entry{}, "", err
	}
	return l.entry, "", t.Store.SaveEntry(ctx, &l.entry)
}

// promoted is the champion that somebody promoted, if it reads features as they are now. One of another catalogue is
// passed over: a new one is fitted, and says so by its name.
func (t *Targeting) promoted(ctx context.Context, kind string, in FitModelInput) (registry.Entry, error) {
	id, err := t.Store.Promoted(ctx, kind, in.Snapshot.Instant)
	if err != nil || id == "" {
		return registry.Entry{}, err
	}
	e, err := t.Store.Entry(ctx, id)
	if err != nil {
		return e, err
	}
	if other := e.Fits(in.Snapshot.Catalogue, in.Snapshot.Binning); other != nil {
		return registry.Entry{}, nil //nolint:nilerr // it is passed over, not a fault
	}
	return e, nil
}

// registered is the latest model of a kind that reads features as they are now, fitted by a campaign and promoted by nobody:
// what a preview shows. Where there is none, a note.
func (t *Targeting) registered(ctx context.Context, kind string, in FitModelInput) (registry.Entry, string, error) {
	kinds := []string{kind}
	if kind == campaign.ModelAuto {
		kinds = []string{registry.Uplift, registry.Worth, registry.ChurnUplift, registry.Response}
	}
	for _, one := range kinds {
		rows, err := t.Store.Entries(ctx, one, latestEntries)
		if err != nil {
			return registry.Entry{}, "", err
		}
		for _, row := range rows {
			if row.Catalogue != in.Snapshot.Catalogue || row.At.After(in.Snapshot.Instant) {
				continue
			}
			e, err := t.Store.Entry(ctx, row.ID)
			if err != nil {
				return registry.Entry{}, "", err
			}
			if e.Fits(in.Snapshot.Catalogue, in.Snapshot.Binning) == nil {
				return e, "", nil
			}
		}
	}
	return registry.Entry{}, targeting.NoteQuick, nil
}

// latestEntries is how many models a preview looks through for one that fits.
const latestEntries = 20

// noteOf says why there is no model where the data allow none; "" for faults of another kind.
func noteOf(err error) string {
	switch {
	case errors.Is(err, errNoTrial):
		return targeting.NoteNoTrial
	case errors.Is(err, learn.ErrTooFew):
		return targeting.NoteTooFew
	case errors.Is(err, learn.ErrOneClass):
		return targeting.NoteOneClass
	case errors.Is(err, learn.ErrNoFeature), errors.Is(err, errNoBetter), errors.Is(err, errNoGoal):
		return targeting.NoteUnfit
	}
	return ""
}

var (
	errNoTrial  = errors.New("no past campaign had a control group")
	errNoBetter = errors.New("the model is no better than chance")
)

func (l *learner) fit(kind string) error {
	binnings, err := l.Store.Binnings(l.ctx, l.snapshot.ID)
	if err != nil {
		return err
	}
	for _, b := range binnings {
		l.entry.Features = append(l.entry.Features, b.Feature)
	}
	switch kind {
	case registry.Churn:
		return l.churn()
	case registry.Interest:
		return l.interest()
	}
	if err := l.read(); err != nil {
		return err
	}
	if kind != registry.Response {
		l.eitherArm()
	}
	switch kind {
	case registry.Response:
		return l.response()
	case registry.ChurnUplift:
		return l.effect(l.stayed())
	case registry.Worth:
		return l.worth()
	case campaign.ModelAuto:
		return l.choose()
	default:
		return l.effect(l.gained())
	}
}

// read gathers the trials of past campaigns.
func (l *learner) read() error {
	past, err := l.Store.PastCampaigns(l.ctx, l.snapshot.Instant, mostPastCampaigns)
	if err != nil {
		return err
	}
	for _, p := range past {
		one, err := l.Store.Trial(l.ctx, l.snapshot, p, mostExamples/len(past))
		if err != nil {
			return err
		}
		if len(one.Customers) == 0 {
			continue
		}
		l.blank(one.Bins)
		l.trial.Append(one)
		for range one.Customers {
			l.order = append(l.order, p.Launched.Unix())
			l.length = append(l.length, p.Ended.Sub(p.Launched).Hours()/24)
		}
		c := &l.entry.Card
		c.TrainedOn = append(c.TrainedOn, fmt.Sprintf("%s/%d", p.Campaign, p.Occurrence))
		if c.From.IsZero() || p.Launched.Before(c.From) {
			c.From = p.Launched
		}
		if p.Ended.After(c.Until) {
			c.Until = p.Ended
		}
	}
	if len(l.trial.Customers) == 0 {
		return errNoTrial
	}
	return nil
}

// blank empties the columns of features that what we did last sets: no model learns to ask about them.
func (l *learner) blank(bins [][]uint8) {
	for i, column := range bins {
		if features.IsOurs(l.entry.Features[i]) {
			clear(column)
		}
	}
}

// eitherArm leaves those who might have been in either arm: the others teach nothing of effects.
func (l *learner) eitherArm() {
	var rows []int
	for i, p := range l.trial.Propensity {
		if p > 0 && p < 1 {
			rows = append(rows, i)
		}
	}
	l.trial, l.order, l.length = l.trial.Take(rows), learn.At(l.order, rows), learn.At(l.length, rows)
}

// gained is a sample of what the goal counts: spend, or whether anything was bought.
func (l *learner) gained() (uplift.Sample, string) {
	s := uplift.Sample{Bins: l.trial.Bins, Treated: l.trial.Treated, Propensity: l.trial.Propensity, Order: l.order}
	if l.brief.Spec.Goal == campaign.GoalSpend {
		s.Outcome = l.trial.Spend
		return s, "spend"
	}
	s.Outcome = make([]float32, len(l.trial.Bought))
	for i, bought := range l.trial.Bought {
		if bought {
			s.Outcome[i] = 1
		}
	}
	return s, "bought"
}

// stayed is a sample of those who had something to lose: whether they kept to their own forecast.
func (l *learner) stayed() (uplift.Sample, string) {
	var rows []int
	var outcome []float32
	for i, before := range l.trial.Before {
		if before <= 0 {
			continue
		}
		rows = append(rows, i)
		stayed := float32(0)
		if float64(l.trial.Spend[i]) >= droppedTo*float64(before)*l.length[i]/90 {
			stayed = 1
		}
		outcome = append(outcome, stayed)
	}
	s := uplift.Sample{Bins: l.trial.Bins, Treated: l.trial.Treated, Propensity: l.trial.Propensity, Order: l.order, Outcome: make([]float32, len(l.trial.Before))}.Take(rows)
	s.Outcome = outcome
	return s, "stayed"
}

// cost of one contact, in units of the outcome.
func (l *learner) cost(outcome string) float64 {
	if margin := float64(l.brief.Spec.Budget.Margin); outcome == "spend" && margin > 0 {
		return float64(l.brief.Spec.Budget.Contact) / margin
	}
	return 0
}

func (l *learner) effect(s uplift.Sample, outcome string) error {
	if !twoArms(s) {
		return errNoTrial
	}
	fitted, err := uplift.Fit(l.ctx, l.Trainer, s, uplift.Options{Cost: l.cost(outcome), Seed: fitSeed})
	if err != nil {
		return err
	}
	if fitted.ByLuck() {
		return errNoBetter
	}
	scores := make([]float32, s.Rows())
	if err := fitted.Model.Score(s.Bins, scores); err != nil {
		return err
	}
	l.entry.Model, l.entry.Calibration, l.entry.Cuts = fitted.Model, fitted.Calibration, registry.CutsOf(scores)
	c := &l.entry.Card
	c.Learner, c.Outcome, c.Rows, c.Held = string(fitted.Champion.Learner), outcome, fitted.Learned, fitted.Held
	c.Judged, c.Challengers = &fitted.Champion, fitted.Challengers
	return nil
}

// fitSeed is the same whenever a model is fitted again, so that the same data give the same model.
const fitSeed = 1

func twoArms(s uplift.Sample) bool {
	arms := [2]bool{}
	for _, treated := range s.Treated {
		arms[map[bool]int{true: 1}[treated]] = true
	}
	return arms[0] && arms[1]
}
