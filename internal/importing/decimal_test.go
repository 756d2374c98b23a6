package importing

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/money"
)

func TestDecimalsAsFilesHoldThem(t *testing.T) {
	one := decimal{coefficient: 1}
	for _, c := range []struct {
		text, point, group string
		exponent           int
		round              Rounding
		want               int64
		fault              error
	}{
		{"3.86", ".", "", 2, Exact, 386, nil},
		{"0.1", ".", "", 2, Exact, 10, nil},
		{"-0.07", ".", "", 2, Exact, -7, nil},
		{"+5", ".", "", 2, Exact, 500, nil},
		{".5", ".", "", 2, Exact, 50, nil},
		{"5.", ".", "", 2, Exact, 500, nil},
		{"15000", ".", "", 0, Exact, 15000, nil},
		{"1.250", ".", "", 3, Exact, 1250, nil},
		{"2.500", ".", "", 2, Exact, 250, nil},
		{"4.0128e+10", ".", "", 0, Exact, 40128000000, nil},
		{"4.440892e-16", ".", "", 2, HalfUp, 0, nil},
		{"4.440892e-16", ".", "", 2, Exact, 0, errTooFine},
		{"0.005", ".", "", 2, HalfUp, 1, nil},
		{"0.005", ".", "", 2, HalfEven, 0, nil},
		{"0.015", ".", "", 2, HalfEven, 2, nil},
		{"-0.005", ".", "", 2, HalfUp, -1, nil},
		{"0.009", ".", "", 2, Down, 0, nil},
		{"1.234,56", ",", ".", 2, Exact, 123456, nil},
		{"1,234,567.89", ".", ",", 2, Exact, 123456789, nil},
		{"12,34.5", ".", ",", 2, Exact, 0, errNotNumber},
		{"1,234", ".", "", 2, Exact, 0, errNotNumber},
		{"1234,567", ".", ",", 2, Exact, 0, errNotNumber},
		{"1.5", ".", "", 0, Exact, 0, errTooFine},
		{"", ".", "", 2, Exact, 0, errNotNumber},
		{"-", ".", "", 2, Exact, 0, errNotNumber},
		{"1 000", ".", "", 2, Exact, 0, errNotNumber},
		{"12a", ".", "", 2, Exact, 0, errNotNumber},
		{"1.2.3", ".", "", 2, Exact, 0, errNotNumber},
		{"0x10", ".", "", 2, Exact, 0, errNotNumber},
		{"NaN", ".", "", 2, Exact, 0, errNotNumber},
		{"9223372036854775807", ".", "", 2, Exact, 0, errTooLarge},
		{"999999999999999999", ".", "", 2, Exact, 0, errTooLarge},
	} {
		var group byte
		if c.group != "" {
			group = c.group[0]
		}
		d, err := parseDecimal(c.text, c.point[0], group)
		var got int64
		if err == nil {
			got, _, err = d.minor(one, c.exponent, c.round)
		}
		require.ErrorIs(t, err, c.fault, c.text)
		require.Equal(t, c.want, got, c.text)
	}
}

func TestDecimalsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]string{"KRW", "USD", "KWD"}).Draw(t, "currency")
		amount := rapid.Int64Range(-1e15, 1e15).Draw(t, "amount")
		places, err := money.Exponent(currency)
		if err != nil {
			t.Fatal(err)
		}
		text := money.Decimal(money.Minor(amount), currency)
		d, err := parseDecimal(text, '.', 0)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		back, rounded, err := d.minor(decimal{coefficient: 1}, places, Exact)
		if err != nil || rounded || back != amount {
			t.Fatalf("%d %s was written %s and read %d (rounded %v, %v)", amount, currency, text, back, rounded, err)
		}
	})
}

// Products of price and quantity agree with rational arithmetic, whatever path they take.
func TestTimesIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := decimal{rapid.Int64Range(-1e17, 1e17).Draw(t, "a"), rapid.IntRange(-3, 8).Draw(t, "scale")}
		b := decimal{rapid.Int64Range(-1e6, 1e6).Draw(t, "b"), rapid.IntRange(0, 3).Draw(t, "places")}
		exponent := rapid.IntRange(0, 3).Draw(t, "exponent")
		round := rapid.SampledFrom([]Rounding{HalfUp, HalfEven, Down}).Draw(t, "round")

		want := new(big.Rat).Mul(rational(a), rational(b))
		want.Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exponent)), nil)))
		got, rounded, err := a.minor(b, exponent, round)
		if err != nil {
			if !errors.Is(err, errTooLarge) {
				t.Fatal(err)
			}
			limit := new(big.Rat).SetInt64(1<<62 - 1)
			if new(big.Rat).Abs(want).Cmp(limit) < 0 {
				t.Fatalf("%v is not too large", want)
			}
			return
		}
		off := new(big.Rat).Sub(new(big.Rat).SetInt64(got), want)
		if rounded != (off.Sign() != 0) {
			t.Fatalf("%v became %d, rounded %v", want, got, rounded)
		}
		half := big.NewRat(1, 2)
		switch far := new(big.Rat).Abs(off).Cmp(half); {
		case round == Down && (new(big.Rat).Abs(off).Cmp(big.NewRat(1, 1)) >= 0 || off.Sign()*want.Sign() > 0):
			t.Fatalf("%v rounded down is not %d", want, got)
		case round != Down && far > 0:
			t.Fatalf("%v rounded is not %d", want, got)
		case round == HalfEven && far == 0 && got%2 != 0:
			t.Fatalf("%v rounded to even is not %d", want, got)
		case round == HalfUp && far == 0 && off.Sign()*want.Sign() < 0:
			t.Fatalf("%v rounded half up is not %d", want, got)
		}
	})
}

func rational(d decimal) *big.Rat {
	r := new(big.Rat).SetInt64(d.coefficient)
	ten := new(big.Rat).SetInt64(10)
	for range max(d.scale, 0) {
		r.Quo(r, ten)
	}
	for range max(-d.scale, 0) {
		r.Mul(r, ten)
	}
	return r
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"1.5", "-0", "1e3", "1,234.5", "..", "9e99", strings.Repeat("9", 30)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := parseDecimal(s, '.', ','); err == nil {
			_, _, _ = d.minor(d, 2, HalfEven) // must not panic
		}
	})
}
