package uplift

import (
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Spend is noisier the more a customer spends, and its tail is heavy: a few would decide what is learned of all. So the
// learners see spend relative to what is expected of the customer, cut at the
// quantile that leaves all but one in two hundred as they are, and the effect is scaled back.
const (
	ratioQuantile = .995
	leastScale    = .05 // of the mean: nobody's expectation counts as less
)

// relative turns the outcomes into ratios to what is expected (out of fold), and gives what is expected of anybody.
func (f *fitter) relative() (*forest.Forest, error) {
	n := f.s.Rows()
	mean := 0.0
	for _, y := range f.s.Outcome {
		mean += float64(y) / float64(n)
	}
	capped := winsorised(f.s.Outcome)
	p := learn.Params{Objective: learn.Tweedie, Trees: 120, Depth: 4, Rate: .1, Subsample: .7, Columns: .7, ChildWeight: 10, Lambda: 5}
	floor := float32(leastScale * mean)
	ratio := make([]float32, n)
	folds := learn.Folds(f.s.strata(), Crossfit, f.seed)
	for k := range uint8(Crossfit) {
		inside, outside := learn.In(folds, k), learn.Out(folds, k)
		grown, err := f.train(learn.Take(f.s.Bins, outside), learn.At(capped, outside), nil, p)
		if err != nil {
			return nil, err
		}
		expected := make([]float32, len(inside))
		if err := grown.Score(learn.Take(f.s.Bins, inside), expected); err != nil {
			return nil, err
		}
		for i, row := range inside {
			ratio[row] = f.s.Outcome[row] / max(float32(grown.Link.Outcome(expected[i])), floor)
		}
	}
	f.s.Outcome = winsorised(ratio)
	return f.train(f.s.Bins, capped, nil, p)
}

// winsorised cuts values at the quantile.
func winsorised(values []float32) []float32 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	top := sorted[min(int(math.Ceil(ratioQuantile*float64(len(sorted)))), len(sorted)-1)]
	out := slices.Clone(values)
	for i := range out {
		out[i] = min(out[i], top)
	}
	return out
}
