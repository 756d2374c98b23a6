package planted

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is stated of the truth is what the outcomes show, and the baseline does not tell whom to contact.
func TestOutcomesShowTheEffect(t *testing.T) {
	for _, kind := range []Kind{Binary, Spend} {
		c := Make(Design{Kind: kind, Treated: .5, Rows: 40_000, Seed: 3})
		var sum, squares, n [2]float64
		mean := 0.0
		for i, y := range c.Outcome {
			arm := 0
			if c.Treated[i] {
				arm = 1
			}
			sum[arm] += float64(y)
			squares[arm] += float64(y) * float64(y)
			n[arm]++
			mean += float64(c.Effect[i]) / float64(len(c.Outcome))
		}
		variance := 0.0
		for arm := range 2 {
			m := sum[arm] / n[arm]
			variance += (squares[arm]/n[arm] - m*m) / n[arm]
		}
		require.InDelta(t, mean, sum[1]/n[1]-sum[0]/n[0], 4*math.Sqrt(variance))
		require.Equal(t, c, Make(Design{Kind: kind, Treated: .5, Rows: 40_000, Seed: 3}))
	}
}
