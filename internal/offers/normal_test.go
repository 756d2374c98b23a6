package offers

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTablesAreTheFunctions(t *testing.T) {
	for z := -9.0; z < 9; z += 0.00037 {
		require.InDelta(t, math.Erfc(z/math.Sqrt2)/2, normalAbove(z), 1e-9, "%v", z)
	}
	require.Zero(t, normalAbove(math.NaN()))
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		x := math.Exp(rng.NormFloat64() * 100)
		require.InDelta(t, math.Log(x), logOf(x), 1e-9, "%v", x)
	}
	for _, x := range []float64{math.SmallestNonzeroFloat64, math.MaxFloat64, 1, 2, 0.5, math.Nextafter(1, 0)} {
		require.InDelta(t, math.Log(x), logOf(x), 1e-9, "%v", x)
	}
	require.True(t, math.IsNaN(logOf(-1)))
}
