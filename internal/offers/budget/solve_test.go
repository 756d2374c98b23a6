package budget

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// crowd is a table of plausible customers in 12 x 8 classes, and limits of which most bind: a global cost, a cost for each
// of 12 segments and 8 regions, a number for each of 10 offers.
func crowd(t require.TestingT, n int) (*Table, []Limit) {
	const options, segments, regions = 10, 12, 8
	table, err := NewTable(options, 1)
	require.NoError(t, err)
	table.Reserve(n)
	rng := rand.New(rand.NewPCG(1, 2))
	row := make([]Option, options)
	for range n {
		level := math.Exp(rng.NormFloat64()*0.8 + 11)
		class := rng.IntN(segments)*regions + rng.IntN(regions)
		for k := range row {
			reward := 1000 * float64(k+1)
			reach := 1 / (1 + math.Exp(-(rng.NormFloat64() + 1.5*math.Log(reward/level*12))))
			gain := 0.2 * level * reach * math.Exp(rng.NormFloat64()*0.4-0.08)
			row[k] = Option{Possible: rng.IntN(10) > 0, Value: float32(gain - reward*reach - 30), Costs: []float32{float32(reward * reach)}}
		}
		table.Add(uint16(class), rng.Uint32(), row)
	}
	var limits []Limit
	scope := func(in func(class int) bool) []bool {
		out := make([]bool, segments*regions)
		for c := range out {
			out[c] = in(c)
		}
		return out
	}
	cost := func(name string, scope []bool) {
		w := make([]Weight, options)
		for k := range w {
			w[k].Cost = 1
		}
		limits = append(limits, Limit{Name: name, Scope: scope, Weight: w})
	}
	cost("expected", nil)
	for s := range segments {
		cost("segment", scope(func(c int) bool { return c/regions == s }))
	}
	for r := range regions {
		cost("region", scope(func(c int) bool { return c%regions == r }))
	}
	for k := range options {
		w := make([]Weight, options)
		w[k].Unit = 1
		limits = append(limits, Limit{Name: "inventory", Weight: w})
	}
	prices := make([]float64, len(limits))
	for j := range prices {
		prices[j] = 0.05 + 0.2*rng.Float64()
		if j > 20 {
			prices[j] *= 1000
		}
		if j%6 == 5 {
			prices[j] = 0
		}
	}
	sums := table.Sums(limits, Ask{Prices: prices})
	for j := range limits {
		limits[j].Most = sums.Use[j] + int64(float64(sums.Use[j])*0.01*rng.NormFloat64())
		if prices[j] == 0 {
			limits[j].Most += sums.Use[j] / 10
		}
	}
	return table, limits
}

func TestManyLimitsAreUsedUpTogether(t *testing.T) {
	for _, c := range []struct {
		customers int
		gap       float64
		binding   int
		settings  Settings
	}{
		{300, 0.02, 3, Settings{Swaps: true}},
		{3000, 1e-3, 12, Settings{Swaps: true}},
		{20_000, 1e-4, 20, Settings{Swaps: true}},
		{400_000, 1e-4, 15, Settings{}},
	} {
		table, limits := crowd(t, c.customers)
		began := time.Now()
		s, err := Solve(table, limits, c.settings)
		require.NoError(t, err)
		binding := 0
		for j, l := range limits {
			require.LessOrEqual(t, s.Sums.Use[j], l.Most)
			if float64(l.Most-s.Sums.Use[j]) <= 1e-3*float64(l.Most) {
				binding++
			}
		}
		t.Logf("%d customers: gap %.2g, %d bind, %d swaps, %v", c.customers, s.Gap, binding, len(s.Swaps), time.Since(began))
		require.Less(t, s.Gap, c.gap)
		require.GreaterOrEqual(t, binding, c.binding)
	}
}
