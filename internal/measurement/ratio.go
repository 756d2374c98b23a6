package measurement

import "math"

// CompareRatio compares two ratios of sums, such as spend per purchase: Y is the numerator and X the denominator of each
// customer, both in the window. A mean of customers' own ratios would be another number, and one that who never bought
// has none of. The variance is by the delta method (Deng, Knoblich and Lu, "Applying the delta method in metric
// analytics", KDD 2018), with the customer as the unit that was randomised.
func CompareRatio(treated, control Sums, confidence float64) Effect {
	e := Effect{Treated: treated, Control: control, Confidence: confidence, Ratio: true, P: 1}
	t, varT := treated.ratio()
	c, varC := control.ratio()
	if treated.X <= 0 || control.X <= 0 || treated.Customers < 2 || control.Customers < 2 {
		return e
	}
	d := difference{mean: t - c, variance: varT + varC, freedom: freedom(varT, treated.n(), varC, control.n())}
	e.settle(d)
	if c > 0 {
		e.Relative = e.Difference / c
		// d(t/c): the two arms are independent.
		relative := (varT + (t/c)*(t/c)*varC) / (c * c)
		half := d.quantile(confidence) * math.Sqrt(relative)
		e.RelativeLow, e.RelativeHigh = e.Relative-half, e.Relative+half
	}
	return e
}

// Ratio is Y per X, 0 without any X.
func (s Sums) Ratio() float64 { return ratio(s.Y, s.X) }

// ratio is Y per X with the variance of that estimate.
func (s Sums) ratio() (value, variance float64) {
	if s.X <= 0 || s.Customers < 2 {
		return 0, 0
	}
	value = s.Y / s.X
	residual := max(s.syy()-2*value*s.sxy()+value*value*s.sxx(), 0) / (s.n() - 1)
	return value, residual / s.n() / (s.meanBefore() * s.meanBefore())
}
