package money

import (
	"fmt"
	"strconv"
	"strings"
)

// Parse reads an amount in major units, as people write it (300000, 300,000, 25.00, -3.5), into minor units, exactly.
// More decimals than the currency has are an error, also when they are zeros: 25.000 may be meant as twenty-five thousand.
func Parse(text, currency string) (Minor, error) {
	exponent, err := Exponent(currency)
	if err != nil {
		return 0, err
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, pointed := strings.Cut(digits, ".")
	whole, err = ungroup(whole)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not an amount: %w", text, err)
	case pointed && fraction == "" || !allDigits(fraction):
		return 0, fmt.Errorf("%q is not an amount: write digits after the point, as in 25.00", text)
	case len(fraction) > exponent && exponent == 0:
		return 0, fmt.Errorf("%q has decimals, but %s has none: write whole units", text, currency)
	case len(fraction) > exponent:
		return 0, fmt.Errorf("%q has %d decimals, but %s has %d", text, len(fraction), currency, exponent)
	}
	minor := whole + fraction + strings.Repeat("0", exponent-len(fraction))
	if negative {
		minor = "-" + minor // parsed with its sign, because the least amount has no positive counterpart
	}
	amount, err := strconv.ParseInt(minor, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q %s: %w", text, currency, ErrOverflow)
	}
	return Minor(amount), nil
}

// ungroup takes the commas out of 1,234,567 and refuses commas anywhere else, so that 3,00 is never read as 300.
func ungroup(whole string) (string, error) {
	groups := strings.Split(whole, ",")
	for i, group := range groups {
		switch {
		case group == "" || !allDigits(group):
			return "", fmt.Errorf("write digits only, as in 300000 or 300,000")
		case i > 0 && len(group) != 3 || i == 0 && len(groups) > 1 && len(group) > 3:
			return "", fmt.Errorf("a comma separates groups of three digits, as in 300,000; decimals follow a point")
		}
	}
	joined := strings.Join(groups, "")
	if len(joined) > 1 && joined[0] == '0' {
		return "", fmt.Errorf("leave out the leading zero")
	}
	return joined, nil
}

func allDigits(text string) bool {
	for _, r := range text {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// Decimal writes an amount in major units without separators, as files keep it: 300000, 25.00. Parse reads it back.
// An unknown currency is written in minor units, with its code, so that no reader takes them for major ones.
func Decimal(amount Minor, currency string) string {
	exponent, err := Exponent(currency)
	if err != nil {
		return fmt.Sprintf("%d minor units of %s", amount, currency)
	}
	sign, whole, fraction := split(amount, exponent)
	return sign + whole + fraction
}

// Format writes an amount for a reader of a language (ko, en): 300,000원, ₩300,000, $25.00, 25.000 KWD.
func Format(amount Minor, currency, language string) string {
	exponent, err := Exponent(currency)
	if err != nil {
		return Decimal(amount, currency)
	}
	sign, whole, fraction := split(amount, exponent)
	number := group(whole) + fraction
	if language == "ko" && currency == "KRW" {
		return sign + number + "원"
	}
	if symbol, known := symbols[currency]; known {
		return sign + symbol + number
	}
	return sign + number + " " + currency
}

// symbols are those that belong to one currency alone where our users are; the others are written by code.
var symbols = map[string]string{"KRW": "₩", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

// split gives the sign, the whole units, and the decimals with their point.
func split(amount Minor, exponent int) (sign, whole, fraction string) {
	digits := strconv.FormatInt(int64(amount), 10)
	digits, negative := strings.CutPrefix(digits, "-")
	if negative {
		sign = "-"
	}
	if missing := exponent + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - exponent
	if exponent > 0 {
		fraction = "." + digits[point:]
	}
	return sign, digits[:point], fraction
}

func group(whole string) string {
	var out strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(digit)
	}
	return out.String()
}
