package importing

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// The ways in which a decimal can't become an amount.
var (
	errNotNumber = errors.New("not a number")
	errTooFine   = errors.New("more decimals than the currency has; name a round in the mapping")
	errTooLarge  = errors.New("too large to be kept in 64 bits")
	errFraction  = errors.New("not a whole number")
)

// decimal is coefficient / 10^scale, exactly.
type decimal struct {
	coefficient int64
	scale       int
}

// Decimals of more digits than this are not amounts of anything.
const maxDigits = 18

// parseDecimal reads 12, -3.50, +.5, 1e3 (as files of floating-point columns
// hold it). point is the decimal sign and group, unless 0, may stand between
// thousands: which of "1.234" and "1,234" is meant is for the mapping to say.
func parseDecimal(text string, point, group byte) (decimal, error) {
	s := text
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	var d decimal
	digits, seen, fraction := 0, false, false
	lastGroup := -1
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			seen = true
			if digits > 0 || c != '0' {
				digits++
			}
			if digits > maxDigits {
				return decimal{}, errTooLarge
			}
			d.coefficient = d.coefficient*10 + int64(c-'0')
			if fraction {
				d.scale++
			}
		case c == point && !fraction:
			if lastGroup >= 0 && i-lastGroup != 4 {
				return decimal{}, errNotNumber
			}
			fraction = true
			lastGroup = -1
		case c == group && group != 0 && !fraction && seen:
			if lastGroup >= 0 && i-lastGroup != 4 || lastGroup < 0 && i > 3 {
				return decimal{}, errNotNumber
			}
			lastGroup = i
		case (c == 'e' || c == 'E') && seen:
			exponent, err := strconv.Atoi(s[i+1:])
			if err != nil || exponent < -maxDigits || exponent > maxDigits {
				return decimal{}, errNotNumber
			}
			d.scale -= exponent
			s = s[:i]
		default:
			return decimal{}, errNotNumber
		}
	}
	if !seen || lastGroup >= 0 && len(s)-lastGroup != 4 {
		return decimal{}, errNotNumber
	}
	if negative {
		d.coefficient = -d.coefficient
	}
	return d, nil
}

// Rounding says what becomes of a part of a minor unit.
type Rounding uint8

// The ways to round. Exact refuses what would have to be rounded.
const (
	Exact    Rounding = iota
	HalfUp            // a half goes away from zero
	HalfEven          // a half goes to the even neighbour
	Down              // towards zero
)

var roundings = map[string]Rounding{"exact": Exact, "half up": HalfUp, "half even": HalfEven, "down": Down}

// minor is d x factor in units of 10^-exponent, and whether it was rounded.
func (d decimal) minor(factor decimal, exponent int, round Rounding) (int64, bool, error) {
	scale := d.scale + factor.scale - exponent
	if product, ok := multiply(d.coefficient, factor.coefficient); ok && scale >= 0 && scale <= maxDigits {
		q, r := product/powers[scale], product%powers[scale]
		if r == 0 {
			return q, false, nil
		}
		return settle(q, r, powers[scale], round)
	}
	product := new(big.Int).Mul(big.NewInt(d.coefficient), big.NewInt(factor.coefficient))
	ten := big.NewInt(10)
	if scale < 0 {
		product.Mul(product, ten.Exp(ten, big.NewInt(int64(-scale)), nil))
		if !product.IsInt64() {
			return 0, false, errTooLarge
		}
		return product.Int64(), false, nil
	}
	unit := ten.Exp(ten, big.NewInt(int64(scale)), nil)
	q, r := new(big.Int).QuoRem(product, unit, new(big.Int))
	if !q.IsInt64() {
		return 0, false, errTooLarge
	}
	if r.Sign() == 0 {
		return q.Int64(), false, nil
	}
	// Only the sign and the side of the half matter, so twice r against unit
	// is brought down to the numbers 1, 2, 3 of 4.
	sign, quarter := int64(r.Sign()), int64(2)
	switch r.Abs(r).Lsh(r, 1).Cmp(unit) {
	case -1:
		quarter = 1
	case 1:
		quarter = 3
	}
	return settle(q.Int64(), sign*quarter, 4, round)
}

// settle rounds q + r/unit.
func settle(q, r, unit int64, round Rounding) (int64, bool, error) {
	away := int64(1)
	if r < 0 {
		away, r = -1, -r
	}
	switch half := unit - r; {
	case round == Exact:
		return 0, false, errTooFine
	case round == Down, r < half, r == half && round == HalfEven && q%2 == 0:
		return q, true, nil
	}
	return q + away, true, nil
}

func multiply(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	p := a * b
	return p, p/b == a
}

var powers = func() (p [maxDigits + 1]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// parseInteger reads a whole number; 3.0 is one, as floating-point columns hold it.
func parseInteger(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && !strings.HasPrefix(text, "+") {
		return n, nil
	}
	d, err := parseDecimal(text, '.', 0)
	if err != nil {
		return 0, err
	}
	n, _, err := d.minor(decimal{coefficient: 1}, 0, Exact)
	if errors.Is(err, errTooFine) {
		return 0, errFraction
	}
	return n, err
}
