package measurement

import "math"

// Sequential makes intervals that hold at all looks together: with the chance of the confidence, every one of them holds
// its truth, however often and whenever somebody peeks, and so they may stop at the first that excludes zero.
//
// The boundary is the normal mixture's (Robbins, "Statistical methods related to the law of the iterated logarithm",
// Annals of Mathematical Statistics 1970; Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric,
// nonasymptotic confidence sequences", Annals of Statistics 2021) on the clock of the estimate's own variance V:
// sqrt((V+η) log((V+η)/(η α²))). It is exact for increments that are independent. A total over the same customers has
// increments that are alike instead, since who spends much goes on spending; looks that are more alike stray less far
// together (Slepian's inequality), so the boundary then errs to the safe side.
type Sequential struct {
	Confidence float64
	Mixture    float64 // η, in the units of a variance of the estimate; where the interval is narrowest
}

// NewSequential is narrowest where the estimate's variance is about expected. That must be known before the first look:
// take it from before the campaign.
func NewSequential(confidence, expected float64) Sequential {
	alpha := 1 - confidence
	width := -2 * math.Log(alpha)
	return Sequential{Confidence: confidence, Mixture: expected / (width + math.Log1p(width))}
}

// Half is how far the interval reaches to each side of an estimate with this variance; infinite where it is not known.
func (s Sequential) Half(variance float64) float64 {
	if variance <= 0 || s.Mixture <= 0 {
		return math.Inf(1)
	}
	alpha := 1 - s.Confidence
	sum := variance + s.Mixture
	return math.Sqrt(sum * math.Log(sum/(s.Mixture*alpha*alpha)))
}

// Expected is the variance that a difference of totals over the window will have, from what the same customers did
// before: their pre-period's sums, whose length is before, in any unit, and the window's in the same one. Spend of the
// same customers is alike from day to day, so its deviation grows about as the time does; the square root would be the
// other extreme. Between the two, the mixture hardly matters.
func Expected(treated, control Sums, before, window float64) float64 {
	if before <= 0 || treated.Customers < 2 || control.Customers < 2 {
		return 0
	}
	all := treated.Plus(control)
	perCustomer := ratio(all.sxx(), all.n()-1) * math.Pow(window/before, 1.5)
	return perCustomer/treated.n() + perCustomer/control.n()
}
