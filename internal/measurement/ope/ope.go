// Package ope says what another policy would have brought, from campaigns that drew at least part of their choices by lot
// and wrote down with what chance. It reads and writes nothing.
package ope

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Row is one choice that was made, and what came of it.
type Row struct {
	Unit   uint32    // the customer: rows of one customer are not independent, and lie in one fold
	X      []float64 // what is known of them before the choice; as many for every row
	Arm    int       // what was chosen, from 0
	Logged float64   // chance with which it was chosen, as it was written down
	Y      float64   // what came of it, in any unit
	Target []float64 // chance with which the candidate policy would choose each arm; they add up to 1
}

// Estimate is a mean per row with its two-sided interval.
type Estimate struct {
	Mean      float64 `json:"mean"`
	Deviation float64 `json:"deviation"` // standard error
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
}

// Result is what a candidate policy would have brought per row, by two estimators, and how far the log can tell.
type Result struct {
	Rows      int      `json:"rows"`
	SNIPS     Estimate `json:"snips"`     // self-normalised inverse propensity scores (Swaminathan and Joachims, NIPS 2015)
	DR        Estimate `json:"dr"`        // doubly robust, the outcomes cross-fitted (Dudik, Langford and Li, ICML 2011; Chernozhukov et al., Econometrics J. 2018)
	Effective float64  `json:"effective"` // rows of equal weight that would tell as much (Kish)
	Weight    float64  `json:"weight"`    // mean weight: 1 where the log covers all that the candidate does
	Supported bool     `json:"supported"` // whether that mean may be 1
}

// ErrNoSupport says that the candidate does nothing that the log contains.
var ErrNoSupport = errors.New("no logged choice is one that the candidate policy makes: nothing can be said of it")

const (
	folds = 5
	// A mean weight so far from 1 in standard errors is no chance: the candidate chooses what the log never tried.
	unsupported = 4.0
)

// Evaluate estimates what the candidate policy would have brought. Confidence is of the intervals, as in 0.95.
func Evaluate(rows []Row, arms int, confidence float64) (Result, error) {
	if err := check(rows, arms, confidence); err != nil {
		return Result{}, err
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.Unit, b.Unit) })
	weights := make([]float64, len(rows))
	var sum, squares float64
	for i, r := range rows {
		weights[i] = r.Target[r.Arm] / r.Logged
		sum += weights[i]
		squares += weights[i] * weights[i]
	}
	if sum == 0 {
		return Result{}, ErrNoSupport
	}
	n := float64(len(rows))
	out := Result{Rows: len(rows), Effective: sum * sum / squares, Weight: sum / n}
	snips := 0.0
	for i, r := range rows {
		snips += weights[i] * r.Y / sum
	}
	influence := make([]float64, len(rows))
	for i, r := range rows {
		influence[i] = weights[i] * (r.Y - snips) / (sum / n)
	}
	out.SNIPS = estimate(snips, rows, influence, out.Effective, confidence)
	expected := crossFit(rows, arms)
	robust := 0.0
	for i, r := range rows {
		influence[i] = weights[i]*(r.Y-expected[i][r.Arm]) + dot(r.Target, expected[i])
		robust += influence[i] / n
	}
	for i := range influence {
		influence[i] -= robust
	}
	out.DR = estimate(robust, rows, influence, out.Effective, confidence)
	for i := range influence {
		influence[i] = weights[i] - out.Weight
	}
	out.Supported = math.Abs(out.Weight-1) <= unsupported*deviation(rows, influence)+1e-9
	return out, nil
}

func check(rows []Row, arms int, confidence float64) error {
	if len(rows) < 2*folds || arms < 1 {
		return fmt.Errorf("an evaluation needs at least %d logged choices among at least one arm; these are %d among %d", 2*folds, len(rows), arms)
	}
	if !(confidence > 0 && confidence < 1) {
		return fmt.Errorf("the confidence of an interval is between 0 and 1, not %v", confidence)
	}
	for i, r := range rows {
		total := 0.0
		for _, p := range r.Target {
			if !(p >= 0) {
				return fmt.Errorf("logged choice %d: %v is no chance of the candidate policy", i, p)
			}
			total += p
		}
		switch {
		case r.Arm < 0 || r.Arm >= arms || len(r.Target) != arms:
			return fmt.Errorf("logged choice %d: arm %d with %d chances of the candidate policy; there are %d arms", i, r.Arm, len(r.Target), arms)
		case math.Abs(total-1) > 1e-6:
			return fmt.Errorf("logged choice %d: the candidate policy's chances add up to %v, not 1", i, total)
		case !(r.Logged > 0 && r.Logged <= 1+1e-9):
			return fmt.Errorf("logged choice %d: %v is no chance with which something that happened was chosen", i, r.Logged)
		case len(r.X) != len(rows[0].X):
			return fmt.Errorf("logged choice %d has %d covariates and the first has %d", i, len(r.X), len(rows[0].X))
		case !finite(r.Y) || !finite(r.X...):
			return fmt.Errorf("logged choice %d has an outcome or a covariate that is no number", i)
		}
	}
	return nil
}

func finite(all ...float64) bool {
	for _, x := range all {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// estimate puts the interval around a mean. With few rows of weight the mean is not yet normal: Student's t is wider then.
func estimate(mean float64, rows []Row, influence []float64, effective, confidence float64) Estimate {
	d := deviation(rows, influence)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: math.Max(1, effective-1)}.Quantile(0.5 + confidence/2)
	return Estimate{Mean: mean, Deviation: d, Low: mean - t*d, High: mean + t*d}
}

// deviation is the standard error of the mean of what has mean zero, with all rows of a unit taken together. Rows are in
// the order of their units.
func deviation(rows []Row, influence []float64) float64 {
	var squares, of float64
	units := 0
	for i := range rows {
		of += influence[i]
		if i+1 == len(rows) || rows[i+1].Unit != rows[i].Unit {
			squares += of * of
			of = 0
			units++
		}
	}
	if units < 2 {
		return math.Inf(1)
	}
	n := float64(len(rows))
	return math.Sqrt(squares*float64(units)/float64(units-1)) / n
}
