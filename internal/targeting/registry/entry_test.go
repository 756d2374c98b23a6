package registry_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/registry"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
)

func entry() registry.Entry {
	tree := forest.Tree{{Left: 1, Right: 2, Feature: 1, Cut: 3}, {Value: -.5}, {Value: .25}}
	return registry.Entry{
		Kind: registry.Uplift, Catalogue: "c1", Binning: "b1", Features: []string{"age", "spend"}, Cuts: []float32{-.1, 0, .1}, At: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
		Model: uplift.Model{Learner: uplift.X, Parts: []uplift.Part{{Forest: &forest.Forest{Features: 2, Trees: []forest.Tree{tree}}, Weight: 2}}},
		Card:  registry.Card{Learner: "x", Outcome: "spend", Rows: 1000, TrainedOn: []string{"spring/1"}},
	}
}

func TestAnEntryComesBackWhole(t *testing.T) {
	e := entry()
	row, err := e.Row()
	require.NoError(t, err)
	back, err := row.Read()
	require.NoError(t, err)
	require.Equal(t, e, back)
	again := entry()
	row2, err := again.Row()
	require.NoError(t, err)
	require.Equal(t, row, row2, "the same model has the same name")
	require.NoError(t, back.Fits("c1", "b1"))
	require.ErrorIs(t, back.Fits("c2", "b1"), registry.ErrOtherCatalogue)
	require.ErrorIs(t, back.Fits("c1", "b2"), registry.ErrOtherCatalogue)
}

// A model from before they were left out says which features it asks about that our own sending sets.
func TestAModelThatAsksWhatWeSetSaysSo(t *testing.T) {
	e := entry()
	e.Features = []string{"message_days", "spend"}
	require.Empty(t, e.Ours(), "it is there, and no tree asks about it")
	e.Features = []string{"spend", "message_days"}
	require.Equal(t, []string{"message_days"}, e.Ours())
}

func FuzzWhatWasCutOrChangedIsToldFromAWhole(f *testing.F) {
	f.Add(10, uint8(1), true)
	f.Fuzz(func(t *testing.T, at int, flip uint8, cut bool) {
		e := entry()
		row, err := e.Row()
		require.NoError(t, err)
		text := []byte(row.Parameters)
		at = ((at % len(text)) + len(text)) % len(text)
		switch {
		case cut:
			text = text[:at]
		case flip == 0:
			return
		default:
			text[at] ^= flip
		}
		row.Parameters = string(text)
		_, err = row.Read()
		require.ErrorIs(t, err, registry.ErrBroken)
	})
}

// Higher scores are in higher places, and no place holds many more than its share.
func TestScoresHaveTheirPlaces(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		scores := make([]float32, rapid.IntRange(0, 5000).Draw(r, "n"))
		for i := range scores {
			scores[i] = float32(random.NormFloat64())
		}
		e := registry.Entry{Cuts: registry.CutsOf(scores)}
		require.Less(r, len(e.Cuts), targeting.Bins)
		count := make([]int, targeting.Bins)
		slices.Sort(scores)
		last := 0
		for _, s := range scores {
			bin := e.Bin(s)
			require.GreaterOrEqual(r, bin, last)
			last = bin
			count[bin]++
		}
		require.LessOrEqual(r, slices.Max(count), 2+2*len(scores)/targeting.Bins)
	})
}
