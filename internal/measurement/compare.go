package measurement

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Effect is treated less control, per customer, with its interval.
type Effect struct {
	Treated, Control Sums
	Confidence       float64
	Difference       float64
	Low, High        float64
	Relative         float64 // of control's mean; 0 when that is not above 0
	RelativeLow      float64
	RelativeHigh     float64
	Adjusted         bool    // by what customers did before
	Reduction        float64 // share of the difference's variance that the adjustment took away
	Ratio            bool    // of two sums, not of means: see CompareRatio
	Error            float64 // standard error of Difference; 0 when it is not known
	P                float64 // of a difference this large where there is none, two-sided; 1 when it is not known
}

// An adjustment that takes less than this away is not worth explaining.
const leastReduction = 0.01

// Compare estimates the effect with a two-sided interval (Welch). When what customers did before the snapshot explains
// enough of what they did after it, the difference is adjusted for it (CUPED): the coefficient is the regression within
// arms, so the campaign itself cannot be in it, and randomisation makes the adjusted difference as honest as the raw one.
func Compare(treated, control Sums, confidence float64) Effect {
	e := Effect{Treated: treated, Control: control, Confidence: confidence, P: 1}
	if treated.Customers < 2 || control.Customers < 2 {
		e.Difference = treated.Mean() - control.Mean()
		if treated.Customers == 0 || control.Customers == 0 {
			e.Difference = 0
		}
		return e
	}
	raw := e.difference(0)
	chosen, theta := raw, 0.0
	if within := treated.sxx() + control.sxx(); within > 0 {
		slope := (treated.sxy() + control.sxy()) / within
		if better := e.difference(slope); raw.variance > 0 && 1-better.variance/raw.variance >= leastReduction {
			chosen, theta = better, slope
			e.Adjusted, e.Reduction = true, 1-better.variance/raw.variance
		}
	}
	e.settle(chosen)
	e.relate(chosen, theta)
	return e
}

// settle takes a difference for the effect's, with its interval and probability.
func (e *Effect) settle(d difference) {
	e.Difference, e.Error, e.P = d.mean, math.Sqrt(d.variance), d.probability()
	half := d.quantile(e.Confidence) * e.Error
	e.Low, e.High = e.Difference-half, e.Difference+half
}

type difference struct{ mean, variance, freedom float64 }

func (e Effect) difference(theta float64) difference {
	meanT, varT := e.Treated.adjusted(theta)
	meanC, varC := e.Control.adjusted(theta)
	t, c := varT/e.Treated.n(), varC/e.Control.n()
	return difference{mean: meanT - meanC, variance: t + c, freedom: freedom(t, e.Treated.n(), c, e.Control.n())}
}

// freedom is Welch's, of two means with these variances, each over n customers.
func freedom(t, nT, c, nC float64) float64 {
	if below := t*t/(nT-1) + c*c/(nC-1); below > 0 {
		return (t + c) * (t + c) / below
	}
	return math.Inf(1)
}

// probability is that of a difference at least so large where there is none.
func (d difference) probability() float64 {
	if d.variance <= 0 {
		if d.mean == 0 {
			return 1
		}
		return 0
	}
	z := math.Abs(d.mean) / math.Sqrt(d.variance)
	if d.freedom > 1e6 {
		return 2 * distuv.UnitNormal.Survival(z)
	}
	return 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: d.freedom}.Survival(z)
}

// quantile is how many standard errors the interval reaches to each side.
func (d difference) quantile(confidence float64) float64 {
	p := 1 - (1-confidence)/2
	if d.freedom > 1e6 {
		return distuv.UnitNormal.Quantile(p)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: d.freedom}.Quantile(p)
}

// relate gives the difference as a share of control's mean, whose own uncertainty counts (delta method).
func (e *Effect) relate(d difference, theta float64) {
	base := e.Control.Mean()
	if base <= 0 {
		return
	}
	e.Relative = e.Difference / base
	n := e.Control.n()
	ofBase := e.Control.variance() / n
	// The difference contains control's adjusted mean with a minus sign.
	together := -(e.Control.variance() - theta*e.Control.sxy()/(n-1)) / n
	variance := (d.variance + e.Relative*e.Relative*ofBase - 2*e.Relative*together) / (base * base)
	half := d.quantile(e.Confidence) * math.Sqrt(max(variance, 0))
	e.RelativeLow, e.RelativeHigh = e.Relative-half, e.Relative+half
}
