package forecast

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestIntervalsContainTheNextAsOftenAsTheyPromise(t *testing.T) {
	for _, n := range []int{9, 20, 49} {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		inside, promised := 0, 0.0
		const trials = 20_000
		for range trials {
			values := make([]float64, n+1)
			for i := range values {
				values[i] = math.Exp(2 * r.NormFloat64()) // nothing like a normal
			}
			interval := Predict(values[:n], Level)
			promised = interval.Level
			if interval.Contains(values[n]) {
				inside++
			}
		}
		require.GreaterOrEqual(t, promised, Level)
		require.InDelta(t, promised, float64(inside)/trials, 0.012, "of %d", n)
	}
}

func TestFewRunsPromiseLess(t *testing.T) {
	i := Predict([]float64{3, 1, 2, 5}, Level)
	require.Equal(t, Interval{1, 2.5, 5, 0.6}, i)
	require.Zero(t, Predict([]float64{7}, Level).Level)
	require.True(t, math.IsNaN(Predict(nil, Level).Median))
}

func TestIntervalsAreInOrderAndOfTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 60).Draw(t, "values")
		level := rapid.Float64Range(0.05, 0.95).Draw(t, "level")
		i := Predict(values, level)
		require.True(t, i.Low <= i.Median && i.Median <= i.High)
		require.Contains(t, values, i.Low)
		require.Contains(t, values, i.High)
		wider := Predict(values, min(level+0.04, 0.99))
		require.True(t, wider.Low <= i.Low && wider.High >= i.High)
	})
}

func TestForecastsNameBreachesAndWhatIsFragile(t *testing.T) {
	var outcomes []Outcome
	for i := range 10 {
		o := Outcome{
			Treated: 1000, Messages: 960, Responses: 300 + float64(i), Spend: 5e6, Cost: 90, Expected: 100, Exposure: 400, Out: 300,
			Lift: 0.05, Smallest: 0.02,
		}
		for h := 9; h < 20; h++ {
			o.Hours[h] = 90
		}
		outcomes = append(outcomes, o)
	}
	f := Of(outcomes)
	require.Empty(t, f.Fragile)
	require.Empty(t, f.Breaches)
	require.Equal(t, 10, f.Runs)
	require.Equal(t, 304.5, f.Responses.Median)

	for i := range 3 {
		outcomes[i].Cost, outcomes[i].Breaches = 130, []string{"forbidden_hours"}
		outcomes[i].Smallest = 0.2
		outcomes[i].Hours[12] = 5000
		outcomes[i].Out = 399
		outcomes[i].Messages = 500
	}
	outcomes = append(outcomes, Outcome{Failed: "nobody is eligible"})
	f = Of(outcomes)
	require.Equal(t, 1, f.Failed)
	require.Equal(t, []Breach{{"forbidden_hours", 3}, {"failed: nobody is eligible", 1}}, f.Breaches)
	where := map[string]float64{}
	for _, w := range f.Fragile {
		where[w.Where] = w.Share
	}
	require.Equal(t, map[string]float64{OverBudget: 0.3, Exposed: 0.3, BusyHour: 0.3, TooFew: 0.3, BlindToLift: 0.3}, where)
}
