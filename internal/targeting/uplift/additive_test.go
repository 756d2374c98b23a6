package uplift

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// What is written down as trees scores every customer as the linear model does, those with missing values and with bins
// that nobody had when it was fitted, too.
func TestAnAdditiveFitIsItsTrees(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rows, features := rapid.IntRange(5, 400).Draw(r, "rows"), rapid.IntRange(1, 6).Draw(r, "features")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		bins := make([][]uint8, features)
		var kept []int
		for j := range bins {
			bins[j] = make([]uint8, rows)
			levels := 1 + random.IntN(256)
			for i := range bins[j] {
				bins[j][i] = uint8(random.IntN(levels) + random.IntN(2)*(256-levels))
			}
			kept = append(kept, j)
		}
		b := newAdditiveBasis(bins, kept)
		beta := make([]float64, b.width())
		for i := range beta {
			beta[i] = random.NormFloat64()
		}
		grown := b.grow(bins, beta)
		require.NoError(r, grown.Validate())
		for _, tree := range grown.Trees {
			require.LessOrEqual(r, tree.Depth(), forest.MaxDepth, "the kernel asks no more")
			require.EqualValues(r, rows, tree[0].Cover)
		}
		asked := make([][]uint8, features)
		for j := range asked {
			asked[j] = append(bins[j], 0, 255, uint8(random.IntN(256)))
		}
		score := make([]float32, rows+3)
		require.NoError(r, Model{Parts: []Part{{Forest: grown, Weight: 1}}}.Score(asked, score))
		for i := range score {
			want := beta[0]
			for f, j := range b.features {
				s := b.step[f][asked[j][i]]
				want += beta[b.stepAt(f, s)] + beta[b.slopeAt(f)]*b.slope[f][s]
			}
			for k, pair := range b.pairs {
				x, y := b.place[pair[0]][asked[b.features[pair[0]]][i]], b.place[pair[1]][asked[b.features[pair[1]]][i]]
				want += beta[b.pairAt(k)] * b.score[pair[0]][x] * b.score[pair[1]][y]
			}
			require.InDelta(r, want, score[i], 1e-3)
		}
	})
}

// The fit finds steps and a product among noise, and penalties keep what is noise near nothing.
func TestAnAdditiveFitFindsWhatIsThere(t *testing.T) {
	const rows = 20_000
	random := rand.New(rand.NewPCG(7, 7))
	bins := make([][]uint8, 6)
	for j := range bins {
		bins[j] = make([]uint8, rows)
		for i := range bins[j] {
			bins[j][i] = uint8(1 + random.IntN(200))
		}
	}
	truth, label := make([]float32, rows), make([]float32, rows)
	for i := range truth {
		if bins[0][i] > 120 {
			truth[i] = .3
		}
		truth[i] += float32(bins[1][i])/400 + (float32(bins[2][i])/100-1)*(float32(bins[3][i])/100-1)*.3
		label[i] = truth[i] + float32(random.NormFloat64())
	}
	b := newAdditiveBasis(bins, []int{0, 1, 2, 3, 4, 5})
	beta, err := b.believe(b.gather(bins, label, nil), rows)
	require.NoError(t, err)
	score := make([]float32, rows)
	require.NoError(t, Model{Parts: []Part{{Forest: b.grow(bins, beta), Weight: 1}}}.Score(bins, score))
	require.Greater(t, Area(score, truth)/Area(truth, truth), .97)
	for s := range uint8(additiveSteps + 1) {
		require.InDelta(t, 0, beta[b.stepAt(5, s)]+beta[b.slopeAt(5)]*b.slope[5][s], .03, "a feature that says nothing")
	}
}

// Of many noisy columns the few that say something are kept, and the others are not; whatever comes in, no part is kept that is
// no part.
func TestShrinkageKeepsWhatIsNotNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	mean, variance := make([]float64, 60), make([]float64, 60)
	for k := range mean {
		variance[k] = .5 + random.Float64()
		mean[k] = random.NormFloat64() * math.Sqrt(variance[k])
	}
	mean[7], mean[41] = 8, -9
	keep := shrinkage(mean, variance)
	for k := range keep {
		if k == 7 || k == 41 {
			require.Greater(t, keep[k], .8)
		} else {
			require.Less(t, keep[k], .25, "a mean of %.1f standard errors", mean[k]/math.Sqrt(variance[k]))
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(r, "n")
		mean := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), n, n).Draw(r, "mean")
		variance := rapid.SliceOfN(rapid.Float64Range(1e-9, 1e6), n, n).Draw(r, "variance")
		for _, part := range shrinkage(mean, variance) {
			require.True(r, part >= 0 && part <= 1, "%v", part)
		}
	})
}

// Where there is nothing to see, nothing is seen: labels that are all noise, all the same, or nothing at all.
func TestAnAdditiveFitOfNothingIsNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 5))
		rows, features := rapid.IntRange(30, 600).Draw(r, "rows"), rapid.IntRange(1, 5).Draw(r, "features")
		level, noise := rapid.Float64Range(-3, 3).Draw(r, "level"), rapid.SampledFrom([]float64{0, 1}).Draw(r, "noise")
		bins, label := make([][]uint8, features), make([]float32, rows)
		var kept []int
		for j := range bins {
			kept = append(kept, j)
			bins[j] = make([]uint8, rows)
			for i := range bins[j] {
				bins[j][i] = uint8(random.IntN(1 + 10*j)) // the first is constant
			}
		}
		for i := range label {
			label[i] = float32(level + noise*random.NormFloat64())
		}
		b := newAdditiveBasis(bins, kept)
		beta, err := b.believe(b.gather(bins, label, nil), rows)
		require.NoError(r, err)
		score := make([]float32, rows)
		require.NoError(r, Model{Parts: []Part{{Forest: b.grow(bins, beta), Weight: 1}}}.Score(bins, score))
		for i, s := range score {
			require.False(r, bad(s))
			if noise == 0 {
				require.InDelta(r, label[i], s, .05)
			}
		}
	})
}
