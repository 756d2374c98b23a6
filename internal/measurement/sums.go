// Package measurement says what a campaign changed: treated against a randomised control, by intention to treat, from
// sums that the warehouse adds up.
package measurement

import "math"

// Sums are all that is needed of one arm: over its customers, the metric in the window (Y) and the same before the
// snapshot (X), with squares and cross-products.
type Sums struct {
	Customers uint64
	Y, YY     float64
	X, XX, XY float64
}

// Plus adds the sums of other customers of the same arm.
func (s Sums) Plus(o Sums) Sums {
	return Sums{s.Customers + o.Customers, s.Y + o.Y, s.YY + o.YY, s.X + o.X, s.XX + o.XX, s.XY + o.XY}
}

// Observe adds one customer.
func (s Sums) Observe(y, x float64) Sums {
	return s.Plus(Sums{1, y, y * y, x, x * x, x * y})
}

func (s Sums) n() float64 { return float64(s.Customers) }

// Mean is the mean of the metric, 0 without customers.
func (s Sums) Mean() float64 { return ratio(s.Y, s.n()) }

// Deviation is the standard deviation of the metric.
func (s Sums) Deviation() float64 { return math.Sqrt(s.variance()) }

func (s Sums) meanBefore() float64 { return ratio(s.X, s.n()) }

// Sums of squares about the mean; rounding may leave them a hair below zero.
func (s Sums) syy() float64 { return max(s.YY-s.Y*s.Mean(), 0) }
func (s Sums) sxx() float64 { return max(s.XX-s.X*s.meanBefore(), 0) }
func (s Sums) sxy() float64 { return s.XY - s.X*s.Mean() }

func (s Sums) variance() float64 { return ratio(s.syy(), s.n()-1) }

// adjusted is the mean and variance of Y - theta·X.
func (s Sums) adjusted(theta float64) (mean, variance float64) {
	return s.Mean() - theta*s.meanBefore(), ratio(max(s.syy()-2*theta*s.sxy()+theta*theta*s.sxx(), 0), s.n()-1)
}

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
