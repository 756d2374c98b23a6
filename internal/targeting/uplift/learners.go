package uplift

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Learner is a way to learn effects.
type Learner string

// Learners. S and T: one model with the arm as a feature, two models; X: Künzel et al., PNAS 2019; DR: Kennedy, Electronic
// Journal of Statistics 2023; R: Nie and Wager, Biometrika 2021.
const (
	S  Learner = "s"
	T  Learner = "t"
	X  Learner = "x"
	DR Learner = "dr"
	R  Learner = "r"
	// A is additive: smooth steps of each feature and products of two, see additive.go. Half of XRSA is A, the other half the
	// mean of the three that are trees.
	A    Learner = "a"
	XRSA Learner = "xrsa"
)

// shrink is how strongly leaves are drawn to nothing, in parts of the sample's weight.
const shrink = .03

// Crossfit is how many folds nuisance models are fitted over: a row's pseudo-outcome comes from models that have not seen it.
const Crossfit = 3

// fitter fits learners to one sample, sharing what they have in common.
type fitter struct {
	ctx     context.Context
	trainer learn.Trainer
	s       Sample
	seed    uint64
	binary  bool
	scale   *forest.Forest // of amounts: what is expected of anybody
	done    map[Learner]Model
	kept    [][]int      // features that the effect depends on, by each of screens
	mu      [2][]float32 // expected outcome without and with a contact, out of fold
}

func (f *fitter) objective() learn.Objective {
	if f.binary {
		return learn.Logistic
	}
	return learn.Squared
}

// train fits one forest to the rows.
func (f *fitter) train(bins [][]uint8, label, weight []float32, p learn.Params) (*forest.Forest, error) {
	f.seed++
	p.Seed = f.seed
	grown, err := f.trainer.Train(f.ctx, learn.Data{Bins: bins, Label: label, Weight: weight}, p)
	if err != nil {
		return nil, fmt.Errorf("fit %d trees to %d customers: %w", p.Trees, len(label), err)
	}
	return grown, nil
}

// outcomeParams are for expected outcomes, effectParams for effects, which are small against the noise: shallow trees,
// many rows a leaf, small steps.
func (f *fitter) outcomeParams() learn.Params {
	return learn.Params{Objective: f.objective(), Trees: 120, Depth: 4, Rate: .1, Subsample: .7, Columns: .6, ChildWeight: leaf(len(f.s.Outcome), f.binary), Lambda: 5}
}

// effectParams are for so many rows, counted by their weights.
func (f *fitter) effectParams(weight float64) learn.Params {
	return learn.Params{Objective: learn.Squared, Trees: f.effectTrees(), Depth: 2, Rate: .05, Subsample: .5, Columns: .7, ChildWeight: weight / 400, Lambda: shrink * weight}
}

// effectTrees grow with the sample: more customers carry finer effects.
func (f *fitter) effectTrees() int {
	return int(min(max(100*math.Sqrt(float64(f.s.Rows())/50_000), 60), 400))
}

func leaf(n int, binary bool) float64 {
	w := float64(n) / 2000
	if binary {
		w /= 8 // a hessian is at most a quarter
	}
	return max(w, 1)
}

// nuisance fits what is expected in each arm, out of fold.
func (f *fitter) nuisance() error {
	if f.mu[0] != nil {
		return nil
	}
	n := f.s.Rows()
	f.mu = [2][]float32{make([]float32, n), make([]float32, n)}
	folds := learn.Folds(f.s.strata(), Crossfit, f.seed)
	for k := range uint8(Crossfit) {
		inside, outside := learn.In(folds, k), learn.Out(folds, k)
		bins := learn.Take(f.s.Bins, inside)
		model, err := f.arms(outside)
		if err != nil {
			return err
		}
		one := make([]float32, len(inside))
		for arm, part := range model {
			if err := (Model{Parts: []Part{part}}).Score(bins, one); err != nil {
				return err
			}
			for i, row := range inside {
				f.mu[arm][row] = one[i]
			}
		}
	}
	return nil
}

// arms fits expected outcomes without and with a contact on the given rows.
func (f *fitter) arms(rows []int) ([2]Part, error) {
	var parts [2]Part
	for arm := range 2 {
		var mine []int
		for _, i := range rows {
			if f.s.arm(i) == arm {
				mine = append(mine, i)
			}
		}
		grown, err := f.train(learn.Take(f.s.Bins, mine), learn.At(f.s.Outcome, mine), nil, f.outcomeParams())
		if err != nil {
			return parts, err
		}
		parts[arm] = Part{Forest: grown, Weight: 1}
	}
	return parts, nil
}

func (f *fitter) all() []int {
	rows := make([]int, f.s.Rows())
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// plain before a learner's name: it learns an amount in its own units, cut at a quantile, and not relative to what is
// expected of the customer.
const plain Learner = "plain_"

// fitters prepare a sample once for each way to see an amount.
type fitters struct {
	prepare func(relative bool) (*fitter, error)
	ready   map[bool]*fitter
}

func newFitters(ctx context.Context, trainer learn.Trainer, s Sample, seed uint64) *fitters {
	return &fitters{ready: map[bool]*fitter{}, prepare: func(relative bool) (*fitter, error) {
		f := &fitter{ctx: ctx, trainer: trainer, s: s, seed: seed, binary: s.Binary(), done: map[Learner]Model{}}
		var err error
		switch {
		case f.binary:
		case relative:
			f.scale, err = f.relative()
		default:
			f.s.Outcome = winsorised(s.Outcome)
		}
		return f, err
	}}
}

// of is the fitter that a learner needs.
func (f *fitters) of(l Learner) (*fitter, error) {
	relative := !strings.HasPrefix(string(l), string(plain))
	one, ready := f.ready[relative]
	if ready {
		return one, nil
	}
	one, err := f.prepare(relative)
	f.ready[relative] = one
	return one, err
}

func (f *fitters) fit(l Learner) (Model, error) {
	one, err := f.of(l)
	if err != nil {
		return Model{}, err
	}
	m, err := one.fit(Learner(strings.TrimPrefix(string(l), string(plain))))
	m.Learner = l
	return m, err
}

// fit fits one learner; what others are made of is fitted once.
func (f *fitter) fit(l Learner) (Model, error) {
	if m, done := f.done[l]; done {
		return m, nil
	}
	m, err := f.learn(l)
	if err != nil {
		return m, err
	}
	m.Scale = f.scale
	f.done[l] = m
	return m, nil
}

func (f *fitter) learn(l Learner) (Model, error) {
	m := Model{Learner: l}
	switch l {
	case S:
		return f.single()
	case T:
		parts, err := f.arms(f.all())
		parts[0].Weight = -1
		m.Parts = parts[:]
		return m, err
	case XRSA:
		return f.mixed([]Learner{X, R, S, A}, []float32{1. / 6, 1. / 6, 1. / 6, 1. / 2})
	}
	if err := f.nuisance(); err != nil {
		return m, err
	}
	switch l {
	case X:
		return f.crossed()
	case A:
		return f.additive()
	case DR:
		label := f.doublyRobust()
		return f.effect(m, label, nil)
	case R:
		label, weight := f.residuals()
		return f.effect(m, label, weight)
	}
	return m, fmt.Errorf("there is no learner %q", l)
}

// mixed is the sum of learners, each times its weight.
func (f *fitter) mixed(of []Learner, weight []float32) (m Model, err error) {
	for i, l := range of {
		one, err := f.fit(l)
		if err != nil {
			return m, err
		}
		m = m.plus(weight[i], one)
	}
	return m, nil
}

// effect fits trees to pseudo-outcomes: for each screen some, whose mean counts.
func (f *fitter) effect(m Model, label, weight []float32) (Model, error) {
	total := 0.0
	for i := range label {
		total += weightOf(weight, i)
	}
	p := f.effectParams(total)
	p.ChildWeight = float64(f.s.Rows()) / 400
	for k := range screens {
		grown, err := f.train(f.screened(k), label, weight, p)
		if err != nil {
			return m, err
		}
		m.Parts = append(m.Parts, Part{Forest: grown, Weight: 1. / float32(len(screens))})
	}
	return m, nil
}

// screened are the columns of all features, of which those that say nothing of the effect are made to say nothing at all.
func (f *fitter) screened(k int) [][]uint8 {
	if f.kept == nil {
		label, weight := f.residuals()
		for _, below := range screens {
			f.kept = append(f.kept, likely(f.s.Bins, label, weight, below))
		}
	}
	blank := make([]uint8, f.s.Rows())
	out := make([][]uint8, len(f.s.Bins))
	for j := range out {
		out[j] = blank
	}
	for _, j := range f.kept[k] {
		out[j] = f.s.Bins[j]
	}
	return out
}

// single fits the outcome with the arm as one more feature; where one arm is rare, its customers count for more.
func (f *fitter) single() (Model, error) {
	n := f.s.Rows()
	arm, weight := make([]uint8, n), make([]float32, n)
	for i := range arm {
		arm[i] = uint8(f.s.arm(i)) + 1
		p := f.s.Propensity[i]
		if !f.s.Treated[i] {
			p = 1 - p
		}
		weight[i] = float32(math.Sqrt(.5 / float64(p)))
	}
	p := f.outcomeParams()
	p.Trees, p.Columns, p.Depth = 200, 1, 4
	grown, err := f.train(append(append([][]uint8{}, f.s.Bins...), arm), f.s.Outcome, weight, p)
	if err != nil {
		return Model{}, err
	}
	return Model{Learner: S, Parts: []Part{{as(grown, 2), 1}, {as(grown, 1), -1}}}, nil
}

// crossed fits the effect on the treated and on the control customers apart, each against what is expected in the other
// arm, and weighs them by propensity.
func (f *fitter) crossed() (Model, error) {
	m := Model{Learner: X}
	treated := 0.0
	for _, p := range f.s.Propensity {
		treated += float64(p) / float64(f.s.Rows())
	}
	for arm := range 2 {
		var rows []int
		var label []float32
		for i, y := range f.s.Outcome {
			if f.s.arm(i) != arm {
				continue
			}
			rows = append(rows, i)
			if arm == 1 {
				label = append(label, y-f.mu[0][i])
			} else {
				label = append(label, f.mu[1][i]-y)
			}
		}
		var weight []float32
		if f.binary {
			weight = slices.Repeat([]float32{1}, len(rows))
			precise(weight, func(i int) float32 { return variance(f.mu[arm][rows[i]]) })
		}
		p := f.effectParams(float64(len(rows)))
		part := treated
		if arm == 1 {
			part = 1 - treated
		}
		for k := range screens {
			grown, err := f.train(learn.Take(f.screened(k), rows), label, weight, p)
			if err != nil {
				return m, err
			}
			m.Parts = append(m.Parts, Part{Forest: grown, Weight: float32(part) / float32(len(screens))})
		}
	}
	return m, nil
}

// variance is that of an outcome of yes and no, kept from nothing: an expectation of nothing is never sure.
func variance(p float32) float32 {
	p = min(max(p, .03), .97)
	return p * (1 - p)
}

// precise divides weights by the variance of what they weigh, and keeps their sum: whoever would hardly ever or nearly always
// respond tells more of the effect (Aitken's weights; they depend on features alone, so effects stay as they are).
func precise(weight []float32, variance func(i int) float32) {
	before, after := 0.0, 0.0
	for i := range weight {
		before += float64(weight[i])
		weight[i] /= variance(i)
		after += float64(weight[i])
	}
	for i := range weight {
		weight[i] *= float32(before / after)
	}
}

func (f *fitter) doublyRobust() []float32 { return DoublyRobust(f.s, f.mu[0], f.mu[1]) }

// residuals are the outcome and the arm, less what was to be expected of either: their ratio, weighted, is the effect.
func (f *fitter) residuals() (label, weight []float32) {
	label, weight = make([]float32, f.s.Rows()), make([]float32, f.s.Rows())
	for i, y := range f.s.Outcome {
		e := f.s.Propensity[i]
		t := float32(f.s.arm(i)) - e
		label[i] = (y - e*f.mu[1][i] - (1-e)*f.mu[0][i]) / t
		weight[i] = t * t
	}
	if f.binary {
		precise(weight, func(i int) float32 {
			e := f.s.Propensity[i]
			return (1-e)*variance(f.mu[1][i]) + e*variance(f.mu[0][i])
		})
	}
	return label, weight
}
