// Package offers decides who gets which offer: what a customer would spend anyway, how far a goal may stretch that,
// what an offer is worth, and the best offer for each that the budget allows. It reads and writes nothing.
package offers

import "math"

// Month is the length of the buckets in which past spend is given, in days.
const Month = 30

// Priors of a forecast: what a customer's own history is pulled towards while there is little of it.
const (
	fade        = 0.85 // weight of a month against the one after it
	priorZero   = 0.30 // chance of a month without a purchase
	priorWeight = 1.0  // as many months as the prior counts for
	priorCV     = 0.70 // spread of a month's spend over its mean
	spreadCount = 3.0  // as many months as the spread's prior counts for
	leastCV     = 0.15

	basketSpread = 0.8 // of one purchase over its mean
)

// Forecast is what a customer would spend within a window without an offer: nothing with chance Zero, and otherwise a
// lognormal amount, in minor units.
type Forecast struct {
	Mean  float64 // of all, zeros included
	Zero  float64
	mu    float64
	sigma float64
}

// NewForecast reads the last months' spend, the most recent first, of a customer who has been one for tenure days (0:
// unknown), for a window of so many days. Recent months count more; a month in which refunds outweigh purchases counts
// as one of no spend.
func NewForecast(months []int64, tenure int, days float64) Forecast {
	observed := len(months)
	if tenure > 0 {
		observed = min(observed, max(1, (tenure+Month-1)/Month))
	}
	var weight, zero, sum, positive, positiveSum, positiveSquares float64
	w := 1.0
	for _, m := range months[:observed] {
		weight += w
		if m > 0 {
			x := float64(m)
			sum += w * x
			positive++
			positiveSum += x
			positiveSquares += x * x
		} else {
			zero += w
		}
		w *= fade
	}
	if positive == 0 {
		return Forecast{Zero: 1}
	}
	length := days / Month
	f := Forecast{Mean: sum / weight * length}
	f.Zero = math.Pow((zero+priorWeight*priorZero)/(weight+priorWeight), length)
	mean := positiveSum / positive
	variance := max(positiveSquares/positive-mean*mean, 0) / (mean * mean)
	spread := (positive*variance + spreadCount*priorCV*priorCV) / (positive + spreadCount)
	// Of a longer window the parts even out.
	spread = max(spread/math.Max(length, 0.25), leastCV*leastCV)
	f.sigma = math.Sqrt(math.Log1p(spread))
	f.mu = math.Log(f.Mean/(1-f.Zero)) - f.sigma*f.sigma/2
	return f
}

// above is P(spend >= x).
func (f Forecast) above(x float64) float64 {
	switch {
	case x <= 0:
		return 1
	case f.Zero == 1:
		return 0
	}
	return (1 - f.Zero) * normalAbove((logOf(x)-f.mu)/f.sigma)
}

// sumAbove is E[spend; spend >= x].
func (f Forecast) sumAbove(x float64) float64 {
	switch {
	case x <= 0:
		return f.Mean
	case f.Zero == 1:
		return 0
	}
	return f.Mean * normalAbove((logOf(x)-f.mu)/f.sigma-f.sigma)
}

// beyond is above and sumAbove at once.
func (f Forecast) beyond(x float64) (chance, sum float64) {
	switch {
	case x <= 0:
		return 1, f.Mean
	case f.Zero == 1:
		return 0, 0
	}
	z := (logOf(x) - f.mu) / f.sigma
	return (1 - f.Zero) * normalAbove(z), f.Mean * normalAbove(z-f.sigma)
}

// counted is the forecast of the part of the purchases that counts, in a part of the time. Purchases come so many at a
// time in the whole of it; what counts is thinned at random, so that a customer of few purchases may have none.
func (f Forecast) counted(share, time, purchases float64) Forecast {
	part := share * time
	switch {
	case part >= 1 || f.Zero >= 1 || f.Mean <= 0:
		return f
	case part <= 0:
		return Forecast{Zero: 1}
	}
	n := max(purchases, -math.Log(max(f.Zero, 1e-9)))
	none := (math.Exp(-n*part) - math.Exp(-n)) / (1 - math.Exp(-n))
	out := Forecast{Mean: f.Mean * part, Zero: min(f.Zero+(1-f.Zero)*none, 1-1e-9)}
	spread := math.Expm1(f.sigma*f.sigma) + (1+basketSpread*basketSpread)*(1/part-1)/n
	out.sigma = math.Sqrt(math.Log1p(min(spread, 6)))
	out.mu = math.Log(out.Mean/(1-out.Zero)) - out.sigma*out.sigma/2
	return out
}

// variance is of the spend, zeros included.
func (f Forecast) variance() float64 {
	if f.Zero >= 1 {
		return 0
	}
	return (1-f.Zero)*math.Exp(2*f.mu+2*f.sigma*f.sigma) - f.Mean*f.Mean
}

// Quantile is the amount that spend stays below with a chance.
func (f Forecast) Quantile(chance float64) float64 {
	if chance <= f.Zero || f.Zero >= 1 {
		return 0
	}
	p := min((chance-f.Zero)/(1-f.Zero), 1-1e-9)
	return math.Exp(f.mu + f.sigma*math.Sqrt2*math.Erfinv(2*p-1))
}
