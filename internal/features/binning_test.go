package features

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func anyValue(r *rapid.T) float64 {
	if rapid.IntRange(0, 9).Draw(r, "odd") == 0 {
		return rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64}).Draw(r, "value")
	}
	return float64(rapid.IntRange(-50, 50).Draw(r, "whole")) / 4
}

func TestBinsKeepTheOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sample := rapid.SliceOfN(rapid.Custom(anyValue), 0, 300).Draw(r, "sample")
		most := rapid.IntRange(-1, 300).Draw(r, "most")
		b := NewBinning("f", sample, most)
		require.LessOrEqual(r, len(b.Edges), max(0, min(most, MostEdges)))
		require.True(r, slices.IsSorted(b.Edges))
		require.Len(r, slices.Compact(slices.Clone(b.Edges)), len(b.Edges), "no edge twice")
		a, c := anyValue(r), anyValue(r)
		count := 1
		for _, e := range b.Edges {
			require.False(r, math.IsNaN(e) || math.IsInf(e, 0))
			if e <= a {
				count++
			}
		}
		if math.IsNaN(a) {
			require.EqualValues(r, Missing, b.Bin(a))
			return
		}
		require.EqualValues(r, count, b.Bin(a), "one more than the edges at or below it")
		require.Less(r, int(b.Bin(a)), b.Bins())
		if a <= c {
			require.LessOrEqual(r, b.Bin(a), b.Bin(c))
		}
	})
}

func TestBinningOfWhatVariesLittle(t *testing.T) {
	for _, sample := range [][]float64{nil, {7, 7, 7}, {math.NaN(), math.NaN()}, {math.Inf(1), 3, math.Inf(-1)}} {
		b := NewBinning("f", sample, 254)
		require.Empty(t, b.Edges)
		require.NotNil(t, b.Edges, "an empty array in JSON and in the warehouse")
		require.EqualValues(t, 1, b.Bin(3))
	}
	b := NewBinning("f", []float64{0, 1, 1, 0, 1}, 254)
	require.Equal(t, []float64{1}, b.Edges)
	b = NewBinning("f", append(make([]float64, 1000), 1, 2, 3, 4), 3)
	require.Equal(t, []float64{1, 3, 4}, b.Edges, "what is mostly zero is divided where it is not")
}

func TestBinsAreAboutEquallyFull(t *testing.T) {
	sample := make([]float64, 100_000)
	for i := range sample {
		sample[i] = math.Exp(float64(i) / 7000)
	}
	b := NewBinning("f", sample, MostEdges)
	require.Len(t, b.Edges, MostEdges)
	counts := make([]int, b.Bins())
	for _, v := range sample {
		counts[b.Bin(v)]++
	}
	require.Zero(t, counts[Missing])
	for _, n := range counts[1:] {
		require.InDelta(t, len(sample)/255, n, 2)
	}
}
