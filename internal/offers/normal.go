package offers

import "math"

// The normal's upper tail stands in a table, because valuing sixteen million customers asks for it some billions of times.
// Between its points it is a cubic by value and slope; what is left is below 1e-9 (a test looks), and the tail is cut where
// nothing counts any more.
const (
	tailEnd   = 8.0
	tailSteps = 64 // for each deviation
)

type tailPoint struct{ value, slope float64 }

// tailTable has its points from -tailEnd on; slopes are for one step.
var tailTable = func() (points [2*tailEnd*tailSteps + 2]tailPoint) {
	for i := range points {
		z := float64(i)/tailSteps - tailEnd
		points[i] = tailPoint{math.Erfc(z/math.Sqrt2) / 2, -math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) / tailSteps}
	}
	return points
}()

// normalAbove is the chance that a standard normal is above z.
func normalAbove(z float64) float64 {
	x := (z + tailEnd) * tailSteps
	switch {
	case x <= 0:
		return 1
	case !(x < 2*tailEnd*tailSteps): // NaN too
		return 0
	}
	i := int(x)
	u := x - float64(i)
	a, b := tailTable[i], tailTable[i+1]
	d := b.value - a.value
	return a.value + u*(a.slope+u*((3*d-2*a.slope-b.slope)+u*(a.slope+b.slope-2*d)))
}

// logMantissas are logarithms of 1 + (i + 1/2)/512: one division and three terms from there are exact to 1e-11.
var logMantissas = func() (out [512]float64) {
	for i := range out {
		out[i] = math.Log(1 + (float64(i)+0.5)/512)
	}
	return out
}()

// logOf is the natural logarithm of a normal positive number, to 1e-10.
func logOf(x float64) float64 {
	bits := math.Float64bits(x)
	exponent := int(bits>>52) - 1023
	if exponent <= -1023 || exponent >= 1024 {
		return math.Log(x)
	}
	i := bits >> 43 & 511
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	c := 1 + (float64(i)+0.5)/512
	r := (m - c) / c
	return float64(exponent)*math.Ln2 + logMantissas[i] + r*(1-r*(0.5-r/3))
}
