package measurement

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Holm's own example, and what must hold of every correction.
func TestHolm(t *testing.T) {
	got := Holm([]float64{.01, .04, .03, .005})
	for i, want := range []float64{.03, .06, .06, .02} {
		require.InDelta(t, want, got[i], 1e-12)
	}
	require.Empty(t, Holm(nil))
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 9).Draw(t, "p")
		adjusted := Holm(p)
		for i := range p {
			if adjusted[i] < p[i] || adjusted[i] > 1 {
				t.Fatalf("%v became %v", p[i], adjusted[i])
			}
			for j := range p {
				if p[i] < p[j] && adjusted[i] > adjusted[j] {
					t.Fatalf("the order of %v was lost: %v", p, adjusted)
				}
			}
		}
	})
}

// The cap lies where a sort would put it, within a bucket's width above.
func TestCapIsTheQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spent := rapid.SliceOfN(rapid.Float64Range(1, 1e9), 1, 300).Draw(t, "spent")
		idle := rapid.IntRange(0, 200).Draw(t, "idle")
		share := rapid.Float64Range(.5, .999).Draw(t, "share")
		h := Histogram{}
		for _, s := range spent {
			h[int(math.Floor(math.Log2(s)*BucketsPerDoubling))]++
		}
		all := uint64(len(spent) + idle)
		limit := h.Cap(share, all)
		slices.Sort(spent)
		beyond := int(math.Floor(float64(all) * (1 - share)))
		if beyond >= len(spent) {
			if limit != 0 {
				t.Fatalf("nobody beyond the share spent anything, and the cap is %v", limit)
			}
			return
		}
		at := spent[len(spent)-1-beyond]
		if limit < at || limit > math.Ceil(at*math.Exp2(2.0/BucketsPerDoubling)) {
			t.Fatalf("the cap is %v, the amount there %v", limit, at)
		}
	})
	require.Zero(t, Histogram{}.Cap(.999, 100))
	require.Zero(t, Histogram{5: 10}.Cap(0, 10), "no cap was wanted")
}

// In 95 of 100 campaigns the interval of spend per purchase holds the truth, though customers buy at different rates.
func TestRatioCoversTheTruth(t *testing.T) {
	const rounds = 800
	r := rand.New(rand.NewPCG(11, 12))
	covered := 0
	for range rounds {
		var treated, control Sums
		for i := range 1500 {
			rate := math.Exp(r.NormFloat64() * .7)
			price := 100 * math.Exp(r.NormFloat64()*.5) * rate // who buys more pays more
			if i%2 == 0 {
				price *= 1.1
			}
			n := math.Floor(rate * 3 * r.Float64() * 2)
			if i%2 == 0 {
				treated = treated.Observe(price*n, n)
			} else {
				control = control.Observe(price*n, n)
			}
		}
		e := CompareRatio(treated, control, .95)
		if e.RelativeLow <= .1 && .1 <= e.RelativeHigh {
			covered++
		}
	}
	require.InDelta(t, .95, float64(covered)/rounds, .025)
	none := CompareRatio(of(1, 2), of(3, 4), .95)
	require.Zero(t, none.Difference, "nobody bought: there is no ratio")
	require.InDelta(t, 1, none.P, 0)
}

// Who looks every day at the same customers, whose spend is alike from day to day, still errs in at most 5 of 100 campaigns;
// with the fixed interval they would err in many more.
func TestLookingEveryDayKeepsTheError(t *testing.T) {
	const rounds, days, n = 400, 30, 400
	r := rand.New(rand.NewPCG(13, 14))
	sequential, fixed := 0, 0
	for range rounds {
		var rates, totals, before [n]float64
		for i := range n {
			rates[i] = math.Exp(r.NormFloat64() * .8)
			before[i] = rates[i] * 30 * math.Exp(r.NormFloat64()*.3)
		}
		wrong, wrongFixed := false, false
		var boundary Sequential
		for day := range days {
			var treated, control Sums
			for i := range n {
				if r.Float64() < .2 {
					totals[i] += rates[i] * 5 * r.ExpFloat64()
				}
				if i%2 == 0 {
					treated = treated.Observe(totals[i], before[i])
				} else {
					control = control.Observe(totals[i], before[i])
				}
			}
			if day == 0 {
				boundary = NewSequential(.95, Expected(treated, control, 30, days))
			}
			e := Compare(treated, control, .95)
			half := boundary.Half(e.Error * e.Error)
			wrong = wrong || math.Abs(e.Difference) > half
			wrongFixed = wrongFixed || e.Low > 0 || e.High < 0
		}
		if wrong {
			sequential++
		}
		if wrongFixed {
			fixed++
		}
	}
	require.LessOrEqual(t, float64(sequential)/rounds, .05)
	require.Greater(t, float64(fixed)/rounds, .10, "the test would not notice a boundary that does nothing")
}

// Published sizes: 2 % response and a tenth more of it needs about 81,000 in each arm.
func TestPowerAgreesWithTheTables(t *testing.T) {
	d := Design{Treated: 81_000, Control: 81_000, Mean: .021, Deviation: math.Sqrt(.021 * .979), Confidence: .95, Power: .8}
	difference, relative := d.SmallestLift()
	require.InDelta(t, .002, difference, 2e-5)
	require.InDelta(t, .002/.021, relative, 1e-3)
	// Spend with a deviation of 2.5 means and 2 % more: 245,000 in each arm; 125,000 when the pre-period explains half.
	for n, reduction := range map[uint64]float64{245_000: 0, 125_000: .49} {
		_, relative = Design{Treated: n, Control: n, Mean: 1, Deviation: 2.5, Reduction: reduction, Confidence: .95, Power: .8}.SmallestLift()
		require.InDelta(t, .02, relative, 2e-4)
	}
	_, relative = Design{Treated: 5, Mean: 1, Deviation: 1, Confidence: .95, Power: .8}.SmallestLift()
	require.True(t, math.IsInf(relative, 1), "without a control nothing is ever seen")
}

// The control group that is asked for finds what it was asked for, and one customer fewer does not.
func TestControlIsLargeEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Design{Mean: 1, Deviation: rapid.Float64Range(.5, 4).Draw(t, "deviation"), Confidence: .95, Power: .8}
		all := rapid.Uint64Range(100, 3_000_000).Draw(t, "all")
		lift := rapid.Float64Range(.005, .5).Draw(t, "lift")
		control, ok := d.ControlFor(all, lift)
		halves := d
		halves.Treated, halves.Control = all-all/2, all/2
		if _, best := halves.SmallestLift(); !ok {
			if best < lift*.999 {
				t.Fatalf("halves would find %v", best)
			}
			return
		}
		d.Treated, d.Control = all-control, control
		if _, found := d.SmallestLift(); found > lift*1.0001 && control < all/2 {
			t.Fatalf("%d of %d find %v, not %v", control, all, found, lift)
		}
		if control > 1 {
			d.Treated, d.Control = all-control+1, control-1
			if _, found := d.SmallestLift(); found < lift*.9999 {
				t.Fatalf("%d would have been enough", control-1)
			}
		}
	})
}

func TestCostPerUnit(t *testing.T) {
	e := Effect{Treated: Sums{Customers: 100}, Difference: 5, Low: 2, High: 8}
	value, low, high, ok := e.PerUnit(1000)
	require.True(t, ok)
	require.InDeltaSlice(t, []float64{2, 1.25, 5}, []float64{value, low, high}, 1e-12)
	e.Low = -1
	_, _, high, ok = e.PerUnit(1000)
	require.True(t, ok)
	require.True(t, math.IsInf(high, 1), "it may have brought nothing at all")
	e.Difference = -1
	_, _, _, ok = e.PerUnit(1000)
	require.False(t, ok)
}
