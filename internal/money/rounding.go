package money

import "math/big"

// Rounding says what becomes of a part of a minor unit. It is always named where an amount is rounded.
type Rounding uint8

// The ways to round.
const (
	Down     Rounding = iota // towards zero: what we promise to pay is never more than we may
	Up                       // away from zero: what we set aside is never too little
	HalfUp                   // to the nearest; a half goes away from zero, as people round by hand
	HalfEven                 // to the nearest; a half goes to the even neighbour, so that sums do not drift
)

// divide is numerator/denominator as a whole number; the denominator is positive.
func (r Rounding) divide(numerator, denominator *big.Int) *big.Int {
	quotient, remainder := new(big.Int).QuoRem(numerator, denominator, new(big.Int))
	if remainder.Sign() == 0 {
		return quotient
	}
	away := false
	half := new(big.Int).Lsh(new(big.Int).Abs(remainder), 1).Cmp(denominator)
	switch r {
	case Up:
		away = true
	case HalfUp:
		away = half >= 0
	case HalfEven:
		away = half > 0 || half == 0 && quotient.Bit(0) == 1
	}
	if away {
		quotient.Add(quotient, big.NewInt(int64(remainder.Sign())))
	}
	return quotient
}
