package learn_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Whatever it is fitted to, a calibration rises, keeps the mean, and stays within what was seen.
func TestACalibrationRises(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 2000).Draw(r, "n")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		score, outcome := make([]float32, n), make([]float32, n)
		for i := range score {
			score[i] = float32(random.IntN(50))
			outcome[i] = float32(random.NormFloat64())
		}
		c := learn.FitIsotonic(score, outcome, nil)
		last := c.At(-1)
		for s := float32(0); s < 51; s += .5 {
			at := c.At(s)
			require.GreaterOrEqual(r, at, last)
			last = at
		}
		require.GreaterOrEqual(r, c.At(-1), slices.Min(outcome)-1e-5)
		require.LessOrEqual(r, c.At(99), slices.Max(outcome)+1e-5)
	})
	require.EqualValues(t, 3, learn.Isotonic{}.At(3))
}

// The area is the share of pairs in the right order, by the definition.
func TestAreaIsTheShareOfPairs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(r, "n")
		score, label := make([]float32, n), make([]bool, n)
		for i := range score {
			score[i], label[i] = float32(rapid.IntRange(0, 9).Draw(r, "score")), rapid.Bool().Draw(r, "label")
		}
		var right, pairs float64
		for i := range score {
			for j := range score {
				if label[i] && !label[j] {
					pairs++
					switch {
					case score[i] > score[j]:
						right++
					case score[i] == score[j]:
						right += .5
					}
				}
			}
		}
		want := .5
		if pairs > 0 {
			want = right / pairs
		}
		require.InDelta(r, want, learn.Area(score, label), 1e-9)
	})
}

func TestFoldsAreAlikeInEveryStratum(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		strata := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 300).Draw(r, "strata")
		k := rapid.IntRange(2, 6).Draw(r, "k")
		folds := learn.Folds(strata, k, 7)
		require.Equal(r, folds, learn.Folds(strata, k, 7))
		count := map[[2]int]int{}
		for i, f := range folds {
			require.Less(r, int(f), k)
			count[[2]int{strata[i], int(f)}]++
		}
		for s := range 4 {
			low, high := len(strata), 0
			for f := range k {
				low, high = min(low, count[[2]int{s, f}]), max(high, count[[2]int{s, f}])
			}
			require.LessOrEqual(r, high-low, 2)
		}
	})
}
