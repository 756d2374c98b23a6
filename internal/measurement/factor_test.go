package measurement_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/measurement"
)

// trial draws one campaign of n customers in which every factor has an effect of its own, and offer and timing another one
// together. Whoever likes stories is mostly given them, and spends more anyway: a plain mean is fooled by that.
func factorTrial(r *rand.Rand, n int) measurement.Factorial {
	f := measurement.Factorial{}
	for range n {
		likes := r.Float64() < .5
		x := 100 + 20*r.NormFloat64()
		y := x + 10*r.NormFloat64()
		c := measurement.Combination{Offer: measurement.LevelChosen, Timing: measurement.LevelChosen, Content: "price"}
		if r.Float64() < .3 {
			c.Offer = measurement.LevelLot
		} else {
			y += 2
		}
		if r.Float64() < .5 {
			c.Timing = measurement.LevelLot
		} else {
			y += 1
			if c.Offer == measurement.LevelChosen {
				y += 1.5
			}
		}
		chance := .2
		if likes {
			y += 30
			chance = .8
		}
		story := r.Float64() < chance
		if story {
			c.Content = "story"
			y -= 1
		} else {
			chance = 1 - chance
		}
		cell := f[c]
		cell.Once = cell.Once.Observe(1, y, x)
		cell.Content = cell.Content.Observe(1/chance, y, x)
		f[c] = cell
	}
	return f
}

func TestEveryFactorIsFoundInOneCampaign(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const trials = 400
	// Pooled over the other factor: the offer's 2 and half of what both add; timing's 1 and seven tenths of it.
	truth := map[string]float64{"offer: chosen": 2.75, "timing: chosen": 1 + .7*1.5, "content: story": -1, "offer: chosen × timing: chosen": 1.5,
		"offer: chosen × content: story": 0, "timing: chosen × content: story": 0}
	inside, sums := map[string]float64{}, map[string]float64{}
	for range trials {
		main, together := factorTrial(r, 4000).Compare(measurement.Factors, .95)
		require.Len(t, main, 3)
		require.Len(t, together, 3)
		for _, c := range append(main, together...) {
			want, known := truth[c.Name]
			require.True(t, known, c.Name)
			sums[c.Name] += c.Difference
			if c.Low <= want && want <= c.High {
				inside[c.Name]++
			}
		}
	}
	for name, want := range truth {
		require.InDelta(t, want, sums[name]/trials, .25, name)
		require.InDelta(t, .95, inside[name]/trials, .035, name)
	}
}

func TestFactorsThatNobodyHasAreLeftOut(t *testing.T) {
	f := measurement.Factorial{}
	main, together := f.Compare(measurement.Factors, .95)
	require.Empty(t, main)
	require.Empty(t, together)
	f.Add(measurement.Factorial{{Offer: measurement.LevelChosen, Timing: measurement.LevelChosen}: {Once: measurement.Weighted{}.Observe(1, 3, 2).Observe(1, 5, 4)}})
	main, together = f.Compare(measurement.Factors, .95)
	require.Empty(t, main, "there is nothing to hold it against")
	require.Empty(t, together)
}

func TestEqualWeightsAreAPlainMean(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var chosen, lot measurement.Sums
	f := measurement.Factorial{}
	for i := range 3000 {
		y, x := 50+10*r.NormFloat64(), 20+4*r.NormFloat64()
		c := measurement.Combination{Offer: measurement.LevelLot}
		if i%3 > 0 {
			c.Offer, y = measurement.LevelChosen, y+1
			chosen = chosen.Observe(y, x)
		} else {
			lot = lot.Observe(y, x)
		}
		cell := f[c]
		cell.Once = cell.Once.Observe(1, y, x)
		f[c] = cell
	}
	main, _ := f.Compare([]measurement.Factor{measurement.FactorOffer}, .95)
	e := measurement.Compare(chosen, lot, .95)
	require.Len(t, main, 1)
	require.InDelta(t, chosen.Mean()-lot.Mean(), main[0].Mean-main[0].Against, 1e-9)
	require.InEpsilon(t, e.High-e.Low, main[0].High-main[0].Low, .02, "Welch's interval, when nothing before explains anything")
	require.False(t, math.IsNaN(main[0].P))
}
