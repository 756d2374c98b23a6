package forest

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// known is the average score when only the features of the set are known: by the definition, walking both ways where
// a feature is not known.
func known(f *Forest, bins [][]uint8, row int, set uint) float64 {
	total := float64(f.Base)
	for _, t := range f.Trees {
		var below func(at int32) float64
		below = func(at int32) float64 {
			n := t[at]
			if n.Leaf() {
				return float64(n.Value)
			}
			if set>>n.Feature&1 == 1 {
				return below(n.Goes(bins[n.Feature][row]))
			}
			left, right := float64(t[n.Left].Cover), float64(t[n.Right].Cover)
			return (left*below(n.Left) + right*below(n.Right)) / (left + right)
		}
		total += below(0)
	}
	return total
}

// shapley is the definition, over all sets of features.
func shapley(f *Forest, bins [][]uint8, row, feature int) (value float64) {
	factorial := func(n int) float64 { return math.Round(math.Gamma(float64(n) + 1)) }
	for set := uint(0); set < 1<<f.Features; set++ {
		if set>>feature&1 == 1 {
			continue
		}
		size := bits.OnesCount(set)
		weight := factorial(size) * factorial(f.Features-size-1) / factorial(f.Features)
		value += weight * (known(f, bins, row, set|1<<feature) - known(f, bins, row, set))
	}
	return value
}

func TestContributionsAreShapleyValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		features := rapid.IntRange(1, 5).Draw(t, "features")
		f := drawForest(t, features, rapid.IntRange(0, 3).Draw(t, "trees"), MaxDepth)
		const rows = 3
		bins := randomBins(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), features, rows)
		e, err := NewExplainer(f)
		require.NoError(t, err)
		require.InDelta(t, known(f, bins, 0, 0), e.Average(), 1e-6)
		out, scores := make([]float32, rows*features), make([]float32, rows)
		require.NoError(t, e.Contributions(bins, out))
		require.NoError(t, f.Score(bins, scores))
		for row := range rows {
			sum := e.Average()
			for k := range features {
				got := float64(out[row*features+k])
				require.InDelta(t, shapley(f, bins, row, k), got, 1e-4)
				sum += got
			}
			require.InDelta(t, scores[row], sum, 1e-3, "the contributions must add up to the score")
		}
	})
}

func TestReasonsThatCannotBeToldAreRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	_, err := NewExplainer(randomForest(r, 3, 1, MaxDepth+1))
	require.ErrorIs(t, err, ErrShape)
	_, err = NewExplainer(&Forest{})
	require.ErrorIs(t, err, ErrBroken)
	e, err := NewExplainer(randomForest(r, 2, 1, 2))
	require.NoError(t, err)
	require.ErrorIs(t, e.Contributions([][]uint8{{1}}, make([]float32, 2)), ErrShape)
	require.ErrorIs(t, e.Contributions([][]uint8{{1}, {1, 2}}, make([]float32, 2)), ErrShape)
	require.ErrorIs(t, e.Contributions([][]uint8{{1}, {1}}, make([]float32, 3)), ErrShape)
}

// A forest without covers, as one made by hand, still explains: half of the rows go each way.
func TestReasonsWithoutCovers(t *testing.T) {
	f := &Forest{Features: 1, Trees: []Tree{{{Left: 1, Right: 2, Cut: 5}, {Value: -1}, {Value: 3}}}}
	e, err := NewExplainer(f)
	require.NoError(t, err)
	require.InDelta(t, 1, e.Average(), 1e-9)
	out := make([]float32, 2)
	require.NoError(t, e.Contributions([][]uint8{{5, 6}}, out))
	require.Equal(t, []float32{-2, 2}, out)
}

func TestTheStrongestComeFirst(t *testing.T) {
	require.Equal(t, []Contribution{{3, -3}, {1, 2}, {4, 2}}, Strongest([]float32{0, 2, 1, -3, 2}, 3))
	require.Empty(t, Strongest([]float32{0, 0}, 3))
}

func BenchmarkContributions(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	e, err := NewExplainer(randomForest(r, 40, 100, MaxDepth))
	require.NoError(b, err)
	const rows = 1 << 10
	bins, out := randomBins(r, 40, rows), make([]float32, rows*40)
	began, done := processorTime(b), 0
	for b.Loop() {
		require.NoError(b, e.Contributions(bins, out))
		done += rows
	}
	b.ReportMetric(float64(done)/(processorTime(b)-began).Seconds(), "rows/cpu-s")
}
