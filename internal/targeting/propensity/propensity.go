// Package propensity learns who will: respond, drop below their own forecast, or like what others like. It says nothing
// of what a contact changes; see uplift.
package propensity

import (
	"context"
	"fmt"
	"slices"

	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
)

// Sample is one row a customer: bins by feature, then customer.
type Sample struct {
	Bins  [][]uint8
	Label []bool
}

// Fewest customers, and of either class, that a chance is learned from.
const (
	FewestRows  = 500
	FewestClass = 25
)

// Check says why nothing can be learned from a sample.
func (s Sample) Check() error { return s.check(FewestRows) }

func (s Sample) check(fewest int) error {
	yes := 0
	for _, v := range s.Label {
		if v {
			yes++
		}
	}
	n := len(s.Label)
	switch {
	case n < fewest:
		return fmt.Errorf("%d customers, and %d are needed: %w", n, fewest, learn.ErrTooFew)
	case yes == 0 || yes == n:
		return learn.ErrOneClass
	case min(yes, n-yes) < FewestClass:
		return fmt.Errorf("%d of %d customers, and %d of either are needed: %w", yes, n, FewestClass, learn.ErrTooFew)
	}
	return learn.Varies(s.Bins, n)
}

// Take gives the customers at the given places.
func (s Sample) Take(rows []int) Sample {
	return Sample{learn.Take(s.Bins, rows), learn.At(s.Label, rows)}
}

// And gives the customers of both; either may be empty.
func (s Sample) And(o Sample) Sample {
	if len(s.Label) == 0 {
		return o
	}
	both := Sample{Bins: make([][]uint8, len(s.Bins)), Label: slices.Concat(s.Label, o.Label)}
	for f := range s.Bins {
		both.Bins[f] = slices.Concat(s.Bins[f], o.Bins[f])
	}
	return both
}

// Split holds a quarter back, of either class alike.
func (s Sample) Split(seed uint64) (early, late Sample) {
	strata := make([]int, len(s.Label))
	for i, v := range s.Label {
		if v {
			strata[i] = 1
		}
	}
	folds := learn.Folds(strata, 4, seed)
	return s.Take(learn.Out(folds, 0)), s.Take(learn.In(folds, 0))
}

// Fitted is a model of a chance.
type Fitted struct {
	Model       uplift.Model
	Calibration learn.Isotonic
	Area        float64   // under the ROC curve, on those held back
	Scores      []float32 // of those held back, not calibrated
}

// Fit learns from the early customers, and judges and calibrates on the later ones.
func Fit(ctx context.Context, trainer learn.Trainer, early, late Sample, seed uint64) (Fitted, error) {
	if err := early.Check(); err != nil {
		return Fitted{}, err
	}
	if err := late.check(2 * FewestClass); err != nil {
		return Fitted{}, fmt.Errorf("of those held back to judge by: %w", err)
	}
	grown, err := trainer.Train(ctx, learn.Data{Bins: early.Bins, Label: numbers(early.Label)}, learn.Params{
		Objective: learn.Logistic, Trees: 120, Depth: 4, Rate: .1, Subsample: .7, Columns: .6, ChildWeight: max(float64(len(early.Label))/16_000, 1), Lambda: 5, Seed: seed,
	})
	if err != nil {
		return Fitted{}, fmt.Errorf("fit to %d customers: %w", len(early.Label), err)
	}
	f := Fitted{Model: uplift.Model{Learner: "propensity", Parts: []uplift.Part{{Forest: grown, Weight: 1}}}, Scores: make([]float32, len(late.Label))}
	if err := f.Model.Score(late.Bins, f.Scores); err != nil {
		return Fitted{}, err
	}
	f.Area = learn.Area(f.Scores, late.Label)
	f.Calibration = learn.FitIsotonic(f.Scores, numbers(late.Label), nil)
	return f, nil
}

func numbers(label []bool) []float32 {
	out := make([]float32, len(label))
	for i, v := range label {
		if v {
			out[i] = 1
		}
	}
	return out
}
