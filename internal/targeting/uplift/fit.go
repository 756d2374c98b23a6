package uplift

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Options are how to fit and judge.
type Options struct {
	Learners []Learner // in the order of trust: the first wins among equals; nil: Standard
	Cost     float64   // of one contact, in units of the outcome
	Seed     uint64
	Progress func(string) // told of each step; may be nil
}

// Standard are the learners that compete unless others are named. The mean of four leads, for their errors differ: X finds small
// effects where arms are alike, S where one is rare, A those that are smooth.
var Standard = []Learner{XRSA, X, S, A, R, DR, T}

// StandardOfAmounts compete where the outcome is an amount: effects in proportion to what a customer spends, and effects
// that are alike whatever a customer spends, are found best in different units.
var StandardOfAmounts = []Learner{XRSA, X, S, A, R, DR, T, plain + XRSA}

// Judged is one learner's standing on customers whom it has not seen.
type Judged struct {
	Learner Learner `json:"learner"`
	Measured
}

// Fitted is the champion, fitted to all of the sample, and how all learners stood.
type Fitted struct {
	Model       Model
	Calibration learn.Isotonic // from the model's effects to those seen on the later slice
	Champion    Judged
	Challengers []Judged // best first
	Among       int      // learners that it was chosen from for looking best; 1 where the first in the order of trust stayed
	Learned     int      // customers
	Held        int      // customers of the slice that judged
}

// heldShare is the part of the sample that judges and calibrates: the latest where there is an order in time.
const heldShare = .25

// Fit lets the learners compete on a held-out slice, by the area under the curve of doubly robust effects, and fits the
// best one to all of the sample.
func Fit(ctx context.Context, trainer learn.Trainer, s Sample, o Options) (Fitted, error) {
	if err := s.Check(); err != nil {
		return Fitted{}, err
	}
	if o.Learners == nil {
		o.Learners = Standard
		if !s.Binary() {
			o.Learners = StandardOfAmounts
		}
	}
	say := func(format string, args ...any) {
		if o.Progress != nil {
			o.Progress(fmt.Sprintf(format, args...))
		}
	}
	early, late := s.Split(o.Seed)
	learning, judging := s.Take(early), s.Take(late)
	if err := errors.Join(learning.Check(), someOfBoth(judging)); err != nil {
		return Fitted{}, fmt.Errorf("a quarter is held back to judge by: %w", err)
	}
	f := newFitters(ctx, trainer, learning, o.Seed)
	standing, err := f.of(o.Learners[0])
	if err != nil {
		return Fitted{}, err
	}
	effect, err := standing.effectsOf(judging)
	if err != nil {
		return Fitted{}, err
	}
	out := Fitted{Learned: len(early), Held: len(late)}
	scores := map[Learner][]float32{}
	for _, l := range o.Learners {
		say("learner %s", l)
		m, err := f.fit(l)
		if err != nil {
			return Fitted{}, fmt.Errorf("learner %s: %w", l, err)
		}
		score := make([]float32, judging.Rows())
		if err := m.Score(judging.Bins, score); err != nil {
			return Fitted{}, fmt.Errorf("learner %s: %w", l, err)
		}
		scores[l] = score
		out.Challengers = append(out.Challengers, Judged{l, Measure(score, effect, o.Cost, o.Seed)})
	}
	at := best(out.Challengers)
	out.Champion, out.Among = out.Challengers[at], 1
	if at > 0 {
		out.Among = len(out.Challengers)
	}
	out.Challengers = slices.Delete(out.Challengers, at, at+1)
	slices.SortStableFunc(out.Challengers, func(a, b Judged) int { return cmp.Compare(b.Qini.Mean, a.Qini.Mean) })
	out.Calibration = learn.FitIsotonic(scores[out.Champion.Learner], effect, nil)
	say("champion %s, fitted to all", out.Champion.Learner)
	out.Model, err = newFitters(ctx, trainer, s, o.Seed).fit(out.Champion.Learner)
	return out, err
}

// ByLuck tells whether the best of the champion's customers may have gained by luck alone: at 2.5 %, and where it was chosen for
// looking best, as often as the best of so many would look like that with nothing to find (Bonferroni).
func (f Fitted) ByLuck() bool {
	q := f.Champion.Qini
	quantile := func(tail float64) float64 { return math.Sqrt2 * math.Erfinv(1-2*tail) }
	needed := quantile(.025/float64(max(f.Among, 1))) / quantile(.025)
	return q.Low <= 0 || q.Mean <= needed*(q.High-q.Low)/2
}

// best is the first learner that no other beats by more than a tenth of its own interval: what is nearer is luck.
func best(all []Judged) int {
	champion := 0
	for i, j := range all[1:] {
		standing := all[champion].Qini
		if j.Qini.Mean > standing.Mean+.1*(standing.High-standing.Low) {
			champion = i + 1
		}
	}
	return champion
}

// Split holds back the latest rows, or where all are of one time as many of each stratum, by lot.
func (s Sample) Split(seed uint64) (early, late []int) {
	n := s.Rows()
	if s.Order != nil && slices.Min(s.Order) < slices.Max(s.Order) {
		sorted := slices.Clone(s.Order)
		slices.Sort(sorted)
		cut := sorted[int(float64(n)*(1-heldShare))]
		for i, at := range s.Order {
			if at < cut {
				early = append(early, i)
			} else {
				late = append(late, i)
			}
		}
		if share := float64(len(late)) / float64(n); share >= heldShare/2 && share <= 2*heldShare {
			return early, late
		}
	}
	folds := learn.Folds(s.strata(), int(math.Round(1/heldShare)), seed^0x68656c64)
	return learn.Out(folds, 0), learn.In(folds, 0)
}

func someOfBoth(s Sample) error {
	var rows [2]int
	for i := range s.Outcome {
		rows[s.arm(i)]++
	}
	if few := min(rows[0], rows[1]); few < FewestOutcomes {
		return fmt.Errorf("%d customers of an arm would judge, and %d are needed: %w", few, FewestOutcomes, learn.ErrTooFew)
	}
	return nil
}

// effectsOf gives the doubly robust effects of customers whom the fitter has not seen.
func (f *fitter) effectsOf(s Sample) ([]float32, error) {
	var mu [2][]float32
	parts, err := f.arms(f.all())
	if err != nil {
		return nil, err
	}
	for arm := range mu {
		mu[arm] = make([]float32, s.Rows())
		if err := (Model{Parts: parts[arm : arm+1], Scale: f.scale}).Score(s.Bins, mu[arm]); err != nil {
			return nil, err
		}
	}
	return DoublyRobust(s, mu[0], mu[1]), nil
}
