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
}

// An adjustment that takes less than this away is not worth explaining.
const leastReduction = 0.01

// Compare estimates the effect with a two-sided interval (Welch). When what customers did before the snapshot explains
// enough of what they did after it, the difference is adjusted for it (CUPED): the coefficient is the regression within
// arms, so the campaign itself cannot be in it, and randomisation makes the adjusted difference as honest as the raw one.
func Compare(treated, control Sums, confidence float64) Effect {
	e := Effect{Treated: treated, Control: control, Confidence: confidence}
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
	e.Difference = chosen.mean
	half := chosen.quantile(confidence) * math.Sqrt(chosen.variance)
	e.Low, e.High = e.Difference-half, e.Difference+half
	e.relate(chosen, theta)
	return e
}

type difference struct{ mean, variance, freedom float64 }

func (e Effect) difference(theta float64) difference {
	meanT, varT := e.Treated.adjusted(theta)
	meanC, varC := e.Control.adjusted(theta)
	t, c := varT/e.Treated.n(), varC/e.Control.n()
	d := difference{mean: meanT - meanC, variance: t + c, freedom: math.Inf(1)}
	if below := t*t/(e.Treated.n()-1) + c*c/(e.Control.n()-1); below > 0 {
		d.freedom = d.variance * d.variance / below
	}
	return d
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
