package offers

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

var times = campaign.Times{Opens: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Closes: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)}

func ladder(t require.TestingT, rewards ...money.Minor) *Ladder {
	spec := campaign.Spec{Budget: campaign.Budget{Margin: 0.3, Contact: 10}}
	for i, r := range rewards {
		spec.Offers = append(spec.Offers, campaign.Offer{ID: string(rune('a' + i)), Kind: campaign.OfferThreshold, Reward: r,
			Threshold: campaign.Threshold{Step: r * 10, RoundTo: 1000, Stretch: 1}})
	}
	l, err := NewLadder(spec, times)
	require.NoError(t, err)
	return l
}

// The closed forms against a simulation of the same story.
func TestValueAgainstSimulation(t *testing.T) {
	l := ladder(t, 6000)
	c := Customer{Key: 1, Tenure: 700, Months: []int64{50_000, 0, 80_000, 70_000, 0, 60_000, 20_000, 70_000, 90_000, 0, 80_000, 30_000}}
	f, options := l.Options(c, nil)
	o := options[0]
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 400_000
	var mean, without, reach, gain, later float64
	known := l.Known()
	for range n {
		spend := 0.0
		if rng.Float64() >= f.Zero {
			spend = math.Exp(f.mu + f.sigma*rng.NormFloat64())
		}
		mean += spend
		phi := l.effort[rng.IntN(len(l.effort))]
		if spend == 0 {
			phi *= effortIdle
		}
		goal := float64(o.Threshold)
		switch {
		case spend >= goal:
			without++
			reach++
		case phi*(goal-spend) <= float64(o.Reward):
			reach++
			gain += goal - spend
			later += known.Pull.Mean * (goal - spend)
		case phi*(goal-spend) <= 2*float64(o.Reward) && rng.Float64() < failingTries:
			later += (known.Failing.Mean + known.Failing.Deviation) * f.Mean * afterDays / l.days
		}
	}
	require.InEpsilon(t, f.Mean, mean/n, 0.01)
	require.InDelta(t, o.Without, without/n, 0.004)
	require.InDelta(t, o.Reach, reach/n, 0.004)
	require.InEpsilon(t, o.Gain, gain/n, 0.01)
	require.InDelta(t, float64(o.Value), 0.3*(gain-later)/n-6000*reach/n-10, 60)
}

func TestThresholds(t *testing.T) {
	step := campaign.Threshold{Step: 200_000, Stretch: 1, RoundTo: 10_000, Min: 50_000, Max: 900_000}
	require.EqualValues(t, 300_000, Threshold(step, 99_999.5, nil, 1))
	require.EqualValues(t, 310_000, Threshold(step, 100_001, nil, 1))
	require.EqualValues(t, 900_000, Threshold(step, 5_000_000, nil, 1))
	require.EqualValues(t, 50_000, Threshold(campaign.Threshold{Min: 50_000, RoundTo: 1000}, 10, nil, 1))
	require.EqualValues(t, 70_000, Threshold(campaign.Threshold{Fixed: 70_000, Step: 5}, 1e9, nil, 1))
	require.EqualValues(t, 1, Threshold(campaign.Threshold{}, 0, nil, 1), "a goal of nothing is none")

	f := NewForecast([]int64{100_000, 20_000, 300_000, 90_000, 0, 110_000}, 0, 30)
	median := Threshold(campaign.Threshold{Chance: 0.5, Step: 200_000}, f.Mean, &f, 1000)
	require.InDelta(t, f.Quantile(0.5)+200_000, float64(median), 0.2*float64(median))
	low := Threshold(campaign.Threshold{Step: 1, RoundTo: 1}, f.Mean/4, &f, 1000)
	require.LessOrEqual(t, f.above(float64(low)), mostWithout, "lifted until few would reach it anyway")
}

// Whatever an amount is, it is rounded up by less than a fifth and a least step, to one, two or five with zeros behind.
func TestGoalsReadWell(t *testing.T) {
	for amount, reads := range map[money.Minor]money.Minor{28_000: 30_000, 47_300: 50_000, 92_000: 100_000, 312_000: 350_000, 850_001: 900_000, 1_234_567: 1_400_000, 300: 1000} {
		require.Equal(t, reads, Readable(amount, leastReadable("KRW")))
	}
	require.EqualValues(t, 50_00, Readable(47_30, leastReadable("USD")))
	require.EqualValues(t, 500, Readable(412, leastReadable("JPY")))
	rapid.Check(t, func(r *rapid.T) {
		amount, least := money.Minor(rapid.Int64Range(1, 1<<52).Draw(r, "amount")), money.Minor(rapid.SampledFrom([]int64{1, 100, 1000}).Draw(r, "least"))
		up := Readable(amount, least)
		require.GreaterOrEqual(r, up, amount)
		require.Less(r, up-amount, max(least, amount/5+1))
		digits := strings.TrimRight(strconv.FormatInt(int64(up), 10), "0")
		require.LessOrEqual(r, len(digits), 3, "%d has many digits", up)
	})
}

func TestForecastsStayReasonable(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		months := rapid.SliceOfN(rapid.Int64Range(-1_000_000, 1_000_000_000), 12, 12).Draw(r, "months")
		f := NewForecast(months, rapid.IntRange(0, 4000).Draw(r, "tenure"), rapid.Float64Range(1, 120).Draw(r, "days"))
		require.False(r, math.IsNaN(f.Mean) || math.IsInf(f.Mean, 0))
		require.GreaterOrEqual(r, f.Mean, 0.0)
		last := 1.0
		for _, x := range []float64{1, 1000, 1e6, 1e9, 1e12} {
			p := f.above(x)
			require.LessOrEqual(r, p, last)
			require.GreaterOrEqual(r, p, 0.0)
			last = p
		}
	})
	steady := NewForecast([]int64{100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}, 0, 30)
	require.InDelta(t, 100, steady.Mean, 1)
	grown := NewForecast([]int64{200, 200, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}, 0, 30)
	require.Greater(t, grown.Mean, 110.0, "recent months count more")
	young := NewForecast([]int64{100, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 60, 30)
	require.InDelta(t, 100, young.Mean, 1, "months before joining are no months without purchases")
}
