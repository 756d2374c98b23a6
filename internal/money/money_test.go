package money

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// amounts draws amounts of all sizes, and often those beside the limits, where mistakes are.
func amounts() *rapid.Generator[Minor] {
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) Minor { return Minor(rapid.Int64().Draw(t, "any")) }),
		rapid.Custom(func(t *rapid.T) Minor { return Greatest - Minor(rapid.Int64Range(0, 9).Draw(t, "below the greatest")) }),
		rapid.Custom(func(t *rapid.T) Minor { return Least + Minor(rapid.Int64Range(0, 9).Draw(t, "above the least")) }),
		rapid.Custom(func(t *rapid.T) Minor { return Minor(rapid.Int64Range(-9, 9).Draw(t, "about zero")) }),
	)
}

func big64(a Minor) *big.Int { return big.NewInt(int64(a)) }

// agrees says that an operation gave the exact result, or ErrOverflow exactly when that does not fit.
func agrees(t *rapid.T, got Minor, err error, exact *big.Int) {
	t.Helper()
	switch {
	case exact.IsInt64() && err != nil:
		t.Fatalf("%v fits, but: %v", exact, err)
	case exact.IsInt64() && int64(got) != exact.Int64():
		t.Fatalf("got %d, want %v", got, exact)
	case !exact.IsInt64() && !errors.Is(err, ErrOverflow):
		t.Fatalf("%v does not fit, but got %d, %v", exact, got, err)
	}
}

func TestArithmeticIsExactOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := amounts().Draw(t, "a"), amounts().Draw(t, "b")
		sum, err := Add(a, b)
		agrees(t, sum, err, new(big.Int).Add(big64(a), big64(b)))
		difference, err := Sub(a, b)
		agrees(t, difference, err, new(big.Int).Sub(big64(a), big64(b)))
		product, err := Times(a, int64(b))
		agrees(t, product, err, new(big.Int).Mul(big64(a), big64(b)))
	})
}

func TestScaleRounds(t *testing.T) {
	for _, c := range []struct {
		amount                     Minor
		factor                     float64
		down, up, halfUp, halfEven Minor
	}{
		{1005, 0.1, 100, 101, 101, 100},
		{1015, 0.1, 101, 102, 102, 102},
		{-1005, 0.1, -100, -101, -101, -100},
		{1001, 0.1, 100, 101, 100, 100},
		{1009, 0.1, 100, 101, 101, 101},
		{1000, 0.1, 100, 100, 100, 100},
		{3, 1.0 / 3, 0, 1, 1, 1},        // the shortest decimal of a third is a little less than a third
		{100, 1.15, 115, 115, 115, 115}, // in floats 114.99999999999999
		{Greatest, 1, Greatest, Greatest, Greatest, Greatest},
		{Least, 1, Least, Least, Least, Least},
	} {
		for rounding, want := range map[Rounding]Minor{Down: c.down, Up: c.up, HalfUp: c.halfUp, HalfEven: c.halfEven} {
			got, err := Scale(c.amount, c.factor, rounding)
			require.NoError(t, err)
			require.Equal(t, want, got, "%d × %v, rounding %d", c.amount, c.factor, rounding)
		}
	}
	_, err := Scale(Greatest, 1.0000000000000002, Down)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Scale(1, math.NaN(), Down)
	require.Error(t, err)
	_, err = Scale(1, math.Inf(1), Down)
	require.Error(t, err)
}

func TestRoundTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := amounts().Draw(t, "amount")
		step := Minor(rapid.Int64Range(1, 1_000_000).Draw(t, "step"))
		up, err := RoundTo(amount, step, Up)
		if err != nil {
			if !errors.Is(err, ErrOverflow) {
				t.Fatal(err)
			}
			return
		}
		down, err := RoundTo(amount, step, Down)
		if err != nil {
			t.Fatal(err)
		}
		nearest, err := RoundTo(amount, step, HalfUp)
		if err != nil {
			t.Fatal(err)
		}
		if up%step != 0 || down%step != 0 || (nearest != up && nearest != down) {
			t.Fatalf("%d by %d: up %d, down %d, nearest %d", amount, step, up, down, nearest)
		}
	})
}

func TestExponents(t *testing.T) {
	for currency, want := range map[string]int{"KRW": 0, "JPY": 0, "VND": 0, "USD": 2, "EUR": 2, "GBP": 2, "KWD": 3, "BHD": 3, "TND": 3} {
		got, err := Exponent(currency)
		require.NoError(t, err)
		require.Equal(t, want, got, currency)
	}
	for _, currency := range []string{"", "krw", "KRWW", "KR", "XXX", "원"} {
		_, err := Exponent(currency)
		require.ErrorIs(t, err, ErrCurrency, currency)
	}
	require.Greater(t, len(exponents), 150)
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text, currency string
		want           Minor
	}{
		{"300000", "KRW", 300000}, {"300,000", "KRW", 300000}, {"1,300,000", "KRW", 1300000}, {"0", "KRW", 0},
		{"25.00", "USD", 2500}, {"25", "USD", 2500}, {"25.5", "USD", 2550}, {"0.05", "USD", 5}, {"-3.50", "USD", -350},
		{"25.001", "KWD", 25001}, {"92233720368547758.07", "USD", Greatest}, {"-92,233,720,368,547,758.08", "USD", Least},
	} {
		got, err := Parse(c.text, c.currency)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
	for _, text := range []string{"", "-", "--1", "+1", ".", "1.", ".5", "1.234", "3,00", "3000,000", ",300", "300,", "1,2,3", "1e5", "0x10", "1_000", "0300", "25.00 USD", "$25", " 25", "٣", "92233720368547758.08", "NaN"} {
		_, err := Parse(text, "USD")
		require.Error(t, err, text)
	}
	_, err := Parse("10.0", "KRW")
	require.ErrorContains(t, err, "KRW has none")
	_, err = Parse("92233720368547758.08", "USD")
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Parse("1", "XYZ")
	require.ErrorIs(t, err, ErrCurrency)
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		amount             Minor
		currency, language string
		want               string
	}{
		{300000, "KRW", "ko", "300,000원"}, {300000, "KRW", "en", "₩300,000"}, {2500, "USD", "en", "$25.00"}, {2500, "USD", "ko", "$25.00"},
		{25000, "KWD", "en", "25.000 KWD"}, {5, "USD", "en", "$0.05"}, {-5, "USD", "en", "-$0.05"}, {-1234567, "KRW", "ko", "-1,234,567원"},
		{0, "KRW", "ko", "0원"}, {999, "KRW", "ko", "999원"}, {1000, "JPY", "en", "¥1,000"},
		{Least, "USD", "en", "-$92,233,720,368,547,758.08"}, {Greatest, "KRW", "ko", "9,223,372,036,854,775,807원"},
		{7, "XYZ", "en", "7 minor units of XYZ"},
	} {
		require.Equal(t, c.want, Format(c.amount, c.currency, c.language))
	}
}

func TestDecimalIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := amounts().Draw(t, "amount")
		currency := rapid.SampledFrom([]string{"KRW", "USD", "KWD"}).Draw(t, "currency")
		back, err := Parse(Decimal(amount, currency), currency)
		if err != nil || back != amount {
			t.Fatalf("%d %s became %q, which was read as %d, %v", amount, currency, Decimal(amount, currency), back, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"300,000", "25.00", "-0", "0.00", "9223372036854775807", "1,,1", "−5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, currency := range []string{"KRW", "USD", "KWD"} {
			amount, err := Parse(text, currency)
			if err != nil {
				require.Zero(t, amount)
				continue
			}
			back, err := Parse(Decimal(amount, currency), currency)
			require.NoError(t, err)
			require.Equal(t, amount, back)
		}
	})
}
