package measurement

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func of(values ...float64) (s Sums) {
	for _, v := range values {
		s = s.Observe(v, 0)
	}
	return s
}

// The textbook's example of unequal variances: t = -2.46 with 25.0 degrees of freedom, p = .021.
func TestWelchAgreesWithTheTextbook(t *testing.T) {
	a := of(27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4)
	b := of(27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4)
	require.InDelta(t, 20.82, a.Mean(), .01)
	require.InDelta(t, 7.9, a.variance(), .05)
	e := Compare(a, b, .95)
	d := e.difference(0)
	require.InDelta(t, -2.46, d.mean/math.Sqrt(d.variance), .005)
	require.InDelta(t, 24.99, d.freedom, .01)
	require.False(t, e.Adjusted)
	require.Equal(t, Proven, e.Judge(true, 1))
	// The interval at 1-p ends at zero.
	require.Less(t, Compare(a, b, 1-.0215).High, 0.0)
	require.Greater(t, Compare(a, b, 1-.0205).High, 0.0)
}

func TestWithoutEnoughCustomersNothingIsClaimed(t *testing.T) {
	for _, e := range []Effect{Compare(of(1, 2), Sums{}, .95), Compare(Sums{}, of(1, 2), .95), Compare(of(1, 2, 3), of(5), .95), Compare(Sums{}, Sums{}, .95)} {
		require.Equal(t, NoControl, e.Judge(true, 1))
		require.Zero(t, e.Low)
		require.Zero(t, e.High)
		require.False(t, math.IsNaN(e.Difference))
	}
	same := Compare(of(7, 7, 7), of(7, 7), .95)
	require.Equal(t, Inconclusive, same.Judge(true, 1))
}

func TestClaimsInTheirOrder(t *testing.T) {
	e := Compare(of(10, 11, 12, 10, 11), of(1, 2, 1, 2, 1), .95)
	require.Equal(t, Proven, e.Judge(true, .5))
	require.Equal(t, Mismatch, e.Judge(true, .0005))
	require.Equal(t, NeverDelivered, e.Judge(false, .0005), "what nobody saw had no effect, whatever else is wrong")
	require.Equal(t, NeverDelivered, e.Judge(false, .5))
}

func TestSampleRatio(t *testing.T) {
	require.InDelta(t, .001787, SampleRatio(8000, 8400, .5), 1e-5)
	require.InDelta(t, 1, SampleRatio(9000, 1000, .1), 1e-9)
	require.InDelta(t, 2.0/256, SampleRatio(0, 8, .5), 1e-9, "eight of eight, or none")
	require.InDelta(t, .5543, SampleRatio(39, 1, .02), 1e-3)
	require.Less(t, SampleRatio(1_000_000, 50, .0001), .001)
	require.InDelta(t, 1, SampleRatio(100, 0, 0), 0, "no control was wanted")
	rapid.Check(t, func(t *rapid.T) {
		p := SampleRatio(rapid.Uint64Range(0, 5000).Draw(t, "treated"), rapid.Uint64Range(0, 5000).Draw(t, "control"), rapid.Float64Range(0, 1).Draw(t, "share"))
		if !(p >= 0 && p <= 1) {
			t.Fatalf("a probability of %v", p)
		}
	})
}

// arms draws two arms of customers whose spend is skewed, with many who buy nothing, and goes on as it was before.
func arms(r *rand.Rand, n int, effect float64) (treated, control Sums) {
	for i := range n {
		taste := math.Exp(r.NormFloat64() * .8)
		before := taste * math.Exp(r.NormFloat64()*.5) * 100
		after := taste * math.Exp(r.NormFloat64()*.5) * 100
		if r.Float64() < .2 {
			after = 0
		}
		if i%4 > 0 {
			treated = treated.Observe(after+effect, before)
		} else {
			control = control.Observe(after, before)
		}
	}
	return treated, control
}

// In 95 of 100 campaigns the interval holds the truth, adjusted or not, and so does the relative one.
func TestIntervalsCoverTheTruth(t *testing.T) {
	const rounds, effect = 600, 12.0
	truth := effect / (math.Exp(.8*.8/2+.5*.5/2) * 100 * .8)
	r := rand.New(rand.NewPCG(3, 4))
	covered, relative, narrower := 0, 0, 0.0
	for range rounds {
		e := Compare(campaigned(r, 1200, effect))
		if e.Low <= effect && effect <= e.High {
			covered++
		}
		if e.RelativeLow <= truth && truth <= e.RelativeHigh {
			relative++
		}
		narrower += e.Reduction / rounds
	}
	require.InDelta(t, .95, float64(covered)/rounds, .025)
	require.InDelta(t, .95, float64(relative)/rounds, .025)
	require.Greater(t, narrower, .15)
}

func campaigned(r *rand.Rand, n int, effect float64) (Sums, Sums, float64) {
	t, c := arms(r, n, effect)
	return t, c, .95
}

// Where nothing was changed, an effect is claimed in one campaign of twenty at most.
func TestNothingIsRarelyTakenForSomething(t *testing.T) {
	const rounds = 600
	r := rand.New(rand.NewPCG(5, 6))
	claimed := 0
	for range rounds {
		if Compare(campaigned(r, 800, 0)).Judge(true, 1) == Proven {
			claimed++
		}
	}
	require.InDelta(t, .05, float64(claimed)/rounds, .025)
}

// Shards may be added up in any grouping.
func TestSumsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	t1, c1 := arms(r, 500, 3)
	t2, c2 := arms(r, 300, 3)
	a, b := Compare(t1.Plus(t2), c1.Plus(c2), .95), Compare(t2.Plus(t1), c2.Plus(c1), .95)
	require.InDelta(t, a.Difference, b.Difference, 1e-9)
	require.InDelta(t, a.Low, b.Low, 1e-9)
}

// What customers did before cannot be explained away when it says nothing.
func TestNoiseDoesNotAdjust(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var treated, control Sums
	for range 20_000 {
		treated = treated.Observe(r.NormFloat64()+1, r.NormFloat64())
		control = control.Observe(r.NormFloat64(), r.NormFloat64())
	}
	e := Compare(treated, control, .95)
	require.False(t, e.Adjusted)
	require.InDelta(t, 1, e.Difference, .05)
}
