package forest

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// grow draws a tree of at most the depth: node by node, so that all shapes come up.
func grow(t *rapid.T, features, depth int) Tree {
	tree := Tree{{}}
	level := []int{0}
	for d := 0; d < depth && len(level) > 0; d++ {
		var next []int
		for _, i := range level {
			if rapid.IntRange(0, 5).Draw(t, "leaf") == 0 {
				continue
			}
			tree[i].Feature = uint16(rapid.IntRange(0, features-1).Draw(t, "feature"))
			tree[i].Cut = uint8(rapid.IntRange(0, MaxCut).Draw(t, "cut"))
			tree[i].MissingRight = rapid.Bool().Draw(t, "missing right")
			tree[i].Left, tree[i].Right = int32(len(tree)), int32(len(tree)+1)
			next = append(next, len(tree), len(tree)+1)
			tree = append(tree, Node{}, Node{})
		}
		level = next
	}
	for i := range tree {
		tree[i].Cover = float32(rapid.IntRange(1, 100).Draw(t, "cover"))
		if tree[i].Leaf() {
			tree[i].Value = rapid.Float32Range(-10, 10).Draw(t, "value")
		}
	}
	return tree
}

func drawForest(t *rapid.T, features, trees, depth int) *Forest {
	f := &Forest{Features: features, Base: rapid.Float32Range(-5, 5).Draw(t, "base"), Link: Link(rapid.IntRange(0, 2).Draw(t, "link"))}
	for range trees {
		f.Trees = append(f.Trees, grow(t, features, rapid.IntRange(0, depth).Draw(t, "depth")))
	}
	return f
}

func TestBytesCarryTheWholeForest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawForest(t, rapid.IntRange(1, 5).Draw(t, "features"), rapid.IntRange(0, 4).Draw(t, "trees"), 4)
		data, err := f.MarshalBinary()
		require.NoError(t, err)
		var read Forest
		require.NoError(t, read.UnmarshalBinary(data))
		require.Equal(t, *f, read)
		again, err := read.MarshalBinary()
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, again))

		kept := Forest{Features: 7}
		cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
		require.ErrorIs(t, kept.UnmarshalBinary(data[:cut]), ErrBroken)
		data[cut] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		require.ErrorIs(t, kept.UnmarshalBinary(data), ErrBroken)
		require.Equal(t, Forest{Features: 7}, kept, "what can't be read must change nothing")
	})
}

func FuzzUnmarshal(f *testing.F) {
	data, err := (&Forest{Features: 2, Trees: []Tree{{{Left: 1, Right: 2, Feature: 1, Cut: 9}, {Value: 1}, {Value: 2}}}}).MarshalBinary()
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var read Forest
		if read.UnmarshalBinary(data) == nil {
			require.NoError(t, read.Validate())
		}
	})
}

func TestABrokenForestIsRefused(t *testing.T) {
	nan := float32(math.NaN())
	leaves := Tree{{Left: 1, Right: 2}, {}, {}}
	for name, f := range map[string]Forest{
		"no features":      {Trees: []Tree{leaves}},
		"unknown link":     {Features: 1, Link: 9},
		"base":             {Features: 1, Base: nan},
		"empty tree":       {Features: 1, Trees: []Tree{{}}},
		"leaf":             {Features: 1, Trees: []Tree{{{Value: float32(math.Inf(1))}}}},
		"cover":            {Features: 1, Trees: []Tree{{{Cover: nan}}}},
		"feature":          {Features: 1, Trees: []Tree{{{Left: 1, Right: 2, Feature: 1}, {}, {}}}},
		"cut":              {Features: 1, Trees: []Tree{{{Left: 1, Right: 2, Cut: 255}, {}, {}}}},
		"loop":             {Features: 1, Trees: []Tree{{{Left: 1, Right: 2}, {Left: 1, Right: 2}, {}}}},
		"one child":        {Features: 1, Trees: []Tree{{{Left: 1}, {}}}},
		"beyond the end":   {Features: 1, Trees: []Tree{{{Left: 1, Right: 3}, {}, {}}}},
		"negative":         {Features: 1, Trees: []Tree{{{Left: -1, Right: 2}, {}, {}}}},
		"shared child":     {Features: 1, Trees: []Tree{{{Left: 1, Right: 2}, {Left: 2, Right: 3}, {}, {}}}},
		"nobody's node":    {Features: 1, Trees: []Tree{{{Left: 1, Right: 2}, {}, {}, {}}}},
		"the same child":   {Features: 1, Trees: []Tree{{{Left: 1, Right: 1}, {}}}},
		"too many columns": {Features: 1 << 20},
	} {
		require.ErrorIs(t, f.Validate(), ErrBroken, name)
		_, err := f.MarshalBinary()
		require.ErrorIs(t, err, ErrBroken, name)
	}
}

func TestAScoreIsBasePlusALeafOfEachTree(t *testing.T) {
	f := &Forest{Features: 2, Base: 1, Link: Logit, Trees: []Tree{
		{{Left: 1, Right: 2, Feature: 0, Cut: 3}, {Value: 10}, {Value: 20}},
		{{Left: 1, Right: 2, Feature: 1, Cut: 0, MissingRight: true}, {Value: 100}, {Value: 200}},
		{{Value: 1000}},
	}}
	out := make([]float32, 4)
	require.NoError(t, f.Score([][]uint8{{0, 3, 4, 255}, {0, 0, 1, 255}}, out))
	require.Equal(t, []float32{1211, 1211, 1221, 1221}, out)
	require.InDelta(t, 0.5, f.Link.Outcome(0), 1e-12)
	require.InDelta(t, math.E, Log.Outcome(1), 1e-12)
	require.InDelta(t, 3.5, Identity.Outcome(3.5), 1e-12)
}

func TestRowsThatDoNotFitAreRefused(t *testing.T) {
	f := &Forest{Features: 2}
	require.ErrorIs(t, f.Score([][]uint8{{1}}, make([]float32, 1)), ErrShape)
	require.ErrorIs(t, f.Score([][]uint8{{1}, {1, 2}}, make([]float32, 1)), ErrShape)
	require.ErrorIs(t, f.Score([][]uint8{{1}, {1}}, make([]float32, 2)), ErrShape)
	_, err := NewScorer()
	require.ErrorIs(t, err, ErrShape)
	_, err = NewScorer(f, &Forest{Features: 3})
	require.ErrorIs(t, err, ErrShape)
}
