package features

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDriftOfAShift(t *testing.T) {
	// Two groups of a half each become .4 and .6: (.1)(ln 1.2) + (-.1)(ln .8).
	before, after := []uint64{0, 500, 500}, []uint64{0, 400, 600}
	require.InDelta(t, -.1*math.Log(.8)+.1*math.Log(1.2), PSI(before, after), 1e-12)
	require.Equal(t, Stable, Level(PSI(before, after)))
	require.Equal(t, Warned, Level(PSI(before, []uint64{0, 340, 660})))
	require.Equal(t, Blocked, Level(PSI(before, []uint64{0, 200, 800})))
	require.Greater(t, PSI(before, []uint64{300, 350, 350}), Block, "values that went missing are drift")
	require.Zero(t, PSI(nil, nil))
	require.Zero(t, PSI([]uint64{0, 0}, []uint64{3, 4}))
}

func TestDriftIsNeverNegativeAndSmallByChance(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 256).Draw(r, "bins")
		counts := rapid.SliceOfN(rapid.Uint64Range(0, 1000), n, n)
		a, b := counts.Draw(r, "a"), counts.Draw(r, "b")
		require.GreaterOrEqual(r, PSI(a, b), 0.0)
		require.False(r, math.IsNaN(PSI(a, b)) || math.IsInf(PSI(a, b), 0))
		require.Zero(r, PSI(a, a))
	})
	// Two samples of one population over 255 bins of four customers each.
	a, b := make([]uint64, 256), make([]uint64, 256)
	for i := range 1020 {
		a[1+i%255]++
		b[1+int(uint32(i)*2654435761>>16)%255]++
	}
	require.Less(t, PSI(a, b), Warn)
}
