// Package money keeps amounts as integer minor units of a currency: won, cents, fils. No amount here is a float.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Minor is an amount in minor units of a currency that stands beside it.
type Minor int64

// The least and the greatest amount.
const (
	Least    Minor = math.MinInt64
	Greatest Minor = math.MaxInt64
)

// ErrOverflow says that a result does not fit 64 bits; the amounts that led to it are left as they were.
var ErrOverflow = errors.New("the amount is too large to be kept in 64 bits")

// Add is a+b, or ErrOverflow.
func Add(a, b Minor) (Minor, error) {
	sum := a + b
	// Only two amounts of one sign can overflow, and then the sum has the other sign.
	if (a < 0) == (b < 0) && (sum < 0) != (a < 0) {
		return 0, fmt.Errorf("%d + %d: %w", a, b, ErrOverflow)
	}
	return sum, nil
}

// Sub is a-b, or ErrOverflow.
func Sub(a, b Minor) (Minor, error) {
	difference := a - b
	if (a < 0) != (b < 0) && (difference < 0) != (a < 0) {
		return 0, fmt.Errorf("%d - %d: %w", a, b, ErrOverflow)
	}
	return difference, nil
}

// Sum adds all amounts, or ErrOverflow. The order does not matter unless a partial sum overflows.
func Sum(amounts ...Minor) (Minor, error) {
	var total Minor
	for _, amount := range amounts {
		var err error
		if total, err = Add(total, amount); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Times is a taken n times, or ErrOverflow: the reward of an offer for n customers.
func Times(a Minor, n int64) (Minor, error) {
	product := new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(n))
	if !product.IsInt64() {
		return 0, fmt.Errorf("%d × %d: %w", a, n, ErrOverflow)
	}
	return Minor(product.Int64()), nil
}

// Scale is a multiplied by factor and rounded to whole minor units. The factor stands for the decimal that a person
// writes for it (0.1 is exactly one tenth), so that 10% of 1,005 is 100.5 before rounding and never 100.49999.
func Scale(a Minor, factor float64, rounding Rounding) (Minor, error) {
	if math.IsNaN(factor) || math.IsInf(factor, 0) {
		return 0, fmt.Errorf("an amount cannot be multiplied by %v", factor)
	}
	exact, ok := new(big.Rat).SetString(strconv.FormatFloat(factor, 'g', -1, 64))
	if !ok {
		return 0, fmt.Errorf("an amount cannot be multiplied by %v", factor)
	}
	numerator := new(big.Int).Mul(big.NewInt(int64(a)), exact.Num())
	scaled := rounding.divide(numerator, exact.Denom())
	if !scaled.IsInt64() {
		return 0, fmt.Errorf("%d × %v: %w", a, factor, ErrOverflow)
	}
	return Minor(scaled.Int64()), nil
}

// RoundTo is the multiple of step that rounding finds for a; a step of 1 or less leaves a as it is.
func RoundTo(a, step Minor, rounding Rounding) (Minor, error) {
	if step <= 1 {
		return a, nil
	}
	size := big.NewInt(int64(step))
	rounded := rounding.divide(big.NewInt(int64(a)), size)
	rounded.Mul(rounded, size)
	if !rounded.IsInt64() {
		return 0, fmt.Errorf("%d to a multiple of %d: %w", a, step, ErrOverflow)
	}
	return Minor(rounded.Int64()), nil
}

// Share is so many millionths of a, rounded down, exactly.
func Share(a Minor, perMillion int64) (Minor, error) {
	product := new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(perMillion))
	share := Down.divide(product, big.NewInt(1_000_000))
	if !share.IsInt64() {
		return 0, fmt.Errorf("%d × %d millionths: %w", a, perMillion, ErrOverflow)
	}
	return Minor(share.Int64()), nil
}
