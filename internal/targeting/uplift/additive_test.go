package uplift

import (
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
				want += beta[b.stepAt(f, b.step[f][asked[j][i]])]
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
	folds := make([]uint8, rows)
	for i := range truth {
		if bins[0][i] > 120 {
			truth[i] = .3
		}
		truth[i] += float32(bins[1][i])/400 + (float32(bins[2][i])/100-1)*(float32(bins[3][i])/100-1)*.3
		label[i] = truth[i] + float32(random.NormFloat64())
		folds[i] = uint8(i % additiveFolds)
	}
	b := newAdditiveBasis(bins, []int{0, 1, 2, 3, 4, 5})
	parts := b.gather(bins, label, nil, folds)
	all := newMoments(b.width())
	for _, m := range parts {
		all.add(m, 1)
	}
	p, err := b.choose(parts, all)
	require.NoError(t, err)
	beta, err := b.solve(all, p)
	require.NoError(t, err)
	score := make([]float32, rows)
	require.NoError(t, Model{Parts: []Part{{Forest: b.grow(bins, beta), Weight: 1}}}.Score(bins, score))
	require.Greater(t, Area(score, truth)/Area(truth, truth), .95)
	for s := range uint8(additiveSteps + 1) {
		require.InDelta(t, 0, beta[b.stepAt(5, s)], .08, "a feature that says nothing")
	}
}
