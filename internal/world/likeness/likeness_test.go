package likeness

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/world"
)

// A world's own purchases are files whose parameters are known: what is fitted to them must find those again.
func TestAWorldIsFoundAgain(t *testing.T) {
	p := world.DefaultParameters()
	p.RateShape, p.RateMean, p.DropoutShape, p.DropoutScale, p.DeclineShare = 0.7, 2.5, 0.61, 1000, 0
	p.CategoryConcentration, p.BrandS, p.BrandSSpread, p.BrandZipf = 4, 2, 0.01, 1.2
	p.SpendMedian, p.SpendBetween, p.SpendWithin, p.HourOwn = 45_000, 0.5, 0.7, 0.2
	p.HourEarly, p.HourLunch, p.HourEvening, p.HourDay, p.HourNight, p.HourAny = 0.4, 0.1, 0.1, 0.1, 0.2, 0.1
	p.LifeEventPerYear, p.SeasonDepth = 1e-6, 0
	seed := &Fit{Parameters: p, Scale: 1}
	files, err := Simulate(seed, &Book{From: 1_700_000_000, To: 1_700_000_000 + 365*86_400, Customers: make([][]Purchase, 1_600)}, 5)
	require.NoError(t, err)
	f := Fitting(files)
	for name, tolerance := range map[string]float64{
		"rate_shape": 0.15, "rate_mean": 0.1, "category_concentration": 0.15, "brand_s": 0.2, "brand_zipf": 0.1, "category_skew": 0.1,
		"spend_median": 0.05, "spend_between": 0.08, "spend_within": 0.05, "hour_own": 0.15, "hour_early": 0.1, "hour_night": 0.15,
	} {
		require.InEpsilon(t, p.Get(name), f.Parameters.Get(name), tolerance, name)
	}
	left := func(p world.Parameters) float64 { return math.Pow(1+365/p.DropoutScale, -p.DropoutShape) }
	require.InDelta(t, left(p), left(f.Parameters), 0.04, "who is left after a year")
	require.NotContains(t, f.NotFitted(), "rate_mean")
	require.Contains(t, f.NotFitted(), "effort_median", "no purchase tells how people respond to offers")

	simulated, err := Simulate(f, files, 6)
	require.NoError(t, err)
	for _, m := range Compare(files, simulated, f.Scale, 1) {
		require.Less(t, m.Distance, 0.06, m.Key)
		require.Len(t, m.Files, len(m.Bins), m.Key)
	}
}

func TestTooLittleIsRefused(t *testing.T) {
	_, err := NewReader(world.Home).Book()
	require.ErrorIs(t, err, ErrTooLittle)
}
