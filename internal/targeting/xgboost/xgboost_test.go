package xgboost_test

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/install"
	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/xgboost"
)

var (
	opened  sync.Once
	library *xgboost.Library
)

func open(t *testing.T) *xgboost.Library {
	t.Helper()
	if testing.Short() {
		t.Skip("it may have to install the library")
	}
	opened.Do(func() {
		path, err := install.XGBoost(t.Context(), "", nil)
		require.NoError(t, err)
		library, err = xgboost.Open(path)
		require.NoError(t, err)
	})
	require.NotNil(t, library)
	return library
}

// rows draws bins with missing values and a label that depends on some of them, on the being missing too.
func rows(n, features int, seed uint64) xgboost.Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := xgboost.Data{Label: make([]float32, n)}
	for k := range features {
		column := make([]uint8, n)
		for i := range column {
			if r.IntN(10) > 0 {
				column[i] = uint8(1 + r.IntN(min(255, 2<<min(k, 8))))
			}
		}
		d.Bins = append(d.Bins, column)
	}
	for i := range n {
		score := -0.5
		if d.Bins[1][i] == 0 {
			score += 2
		}
		score += math.Sin(float64(d.Bins[features-1][i]) / 20)
		score += float64(d.Bins[features-2][i]) * float64(d.Bins[0][i]) / 255
		if r.Float64() < 1/(1+math.Exp(-score)) {
			d.Label[i] = 1
		}
	}
	return d
}

func transposed(bins [][]uint8) (out []float32) {
	for i := range bins[0] {
		for _, column := range bins {
			out = append(out, float32(column[i]))
		}
	}
	return out
}

func TestATrainedForestScoresAsTheLibraryDoes(t *testing.T) {
	l := open(t)
	d := rows(20_000, 10, 1)
	for _, objective := range []xgboost.Objective{xgboost.Logistic, xgboost.Squared, xgboost.Tweedie, xgboost.Poisson} {
		for _, depth := range []int{1, 3, 6} {
			p := xgboost.Defaults(objective)
			p.Rounds, p.Depth, p.Subsample, p.ColSample = 20, depth, 0.8, 0.8
			b, err := l.Boost(t.Context(), d, p)
			require.NoError(t, err)
			f, err := b.Forest()
			require.NoError(t, err)
			require.Len(t, f.Trees, 20)
			ours, theirs := make([]float32, len(d.Label)), make([]float32, len(d.Label))
			require.NoError(t, f.Score(d.Bins, ours))
			require.NoError(t, xgboost.PredictInPlace(b, transposed(d.Bins), theirs))
			worst := 0.0
			for i := range ours {
				worst = max(worst, math.Abs(float64(ours[i]-theirs[i])))
			}
			require.Less(t, worst, 1e-5, "%s depth %d", objective, depth)
			require.NoError(t, b.Free())
		}
	}
}

func TestTrainingIsTheSameForASeed(t *testing.T) {
	l := open(t)
	d := rows(5000, 6, 2)
	p := xgboost.Defaults(xgboost.Logistic)
	p.Rounds, p.Subsample, p.ColSample, p.Seed = 10, 0.5, 0.5, 7
	first, err := l.Train(t.Context(), d, p)
	require.NoError(t, err)
	second, err := l.Train(t.Context(), d, p)
	require.NoError(t, err)
	require.Equal(t, first, second)
	p.Seed = 8
	other, err := l.Train(t.Context(), d, p)
	require.NoError(t, err)
	require.NotEqual(t, first, other)
}

func TestTheBaseIsTheMeanOutcome(t *testing.T) {
	l := open(t)
	d := rows(2000, 6, 3)
	d.Weight = make([]float32, len(d.Label))
	positive, total := 0.0, 0.0
	for i := range d.Weight {
		d.Weight[i] = float32(i%3) + 0.5
		positive += float64(d.Label[i] * d.Weight[i])
		total += float64(d.Weight[i])
	}
	p := xgboost.Defaults(xgboost.Logistic)
	p.Rounds = 1
	f, err := l.Train(t.Context(), d, p)
	require.NoError(t, err)
	require.InDelta(t, positive/total, f.Link.Outcome(f.Base), 1e-6)
	require.Equal(t, forest.Logit, f.Link)
}

func TestTrainingStopsWithItsContext(t *testing.T) {
	l := open(t)
	d := rows(20_000, 6, 4)
	p := xgboost.Defaults(xgboost.Squared)
	p.Rounds = 5000
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := l.Train(ctx, d, p)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestWhatCannotBeLearnedIsRefused(t *testing.T) {
	l := open(t)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	bins := [][]uint8{{1, 2, 3, 4}}
	for name, c := range map[string]struct {
		data      xgboost.Data
		objective xgboost.Objective
		want      error
		says      string
	}{
		"one class":         {xgboost.Data{Bins: bins, Label: []float32{1, 1, 1, 1}}, xgboost.Logistic, xgboost.ErrOneClass, "nothing to learn"},
		"one class weighs":  {xgboost.Data{Bins: bins, Label: []float32{1, 1, 1, 0}, Weight: []float32{1, 1, 1, 0}}, xgboost.Logistic, xgboost.ErrOneClass, "nothing to learn"},
		"constant features": {xgboost.Data{Bins: [][]uint8{{7, 7}, {0, 0}}, Label: []float32{0, 1}}, xgboost.Logistic, xgboost.ErrConstant, "one value only"},
		"NaN label":         {xgboost.Data{Bins: bins, Label: []float32{0, 1, nan, 1}}, xgboost.Squared, xgboost.ErrData, "row 2 is NaN"},
		"infinite label":    {xgboost.Data{Bins: bins, Label: []float32{0, inf, 1, 1}}, xgboost.Squared, xgboost.ErrData, "row 1 is +Inf"},
		"NaN weight":        {xgboost.Data{Bins: bins, Label: []float32{0, 1, 1, 1}, Weight: []float32{1, 1, 1, nan}}, xgboost.Logistic, xgboost.ErrData, "weight of row 3"},
		"negative weight":   {xgboost.Data{Bins: bins, Label: []float32{0, 1, 1, 1}, Weight: []float32{1, 1, -1, 1}}, xgboost.Logistic, xgboost.ErrData, "weight of row 2"},
		"no weight at all":  {xgboost.Data{Bins: bins, Label: []float32{0, 1, 1, 1}, Weight: make([]float32, 4)}, xgboost.Logistic, xgboost.ErrData, "all weights are 0"},
		"no class":          {xgboost.Data{Bins: bins, Label: []float32{0, 1, 2, 1}}, xgboost.Logistic, xgboost.ErrData, "row 2 is 2, must be 0 or 1"},
		"negative amount":   {xgboost.Data{Bins: bins, Label: []float32{0, -1, 2, 1}}, xgboost.Tweedie, xgboost.ErrData, "row 1 is -1"},
		"no rows":           {xgboost.Data{Bins: [][]uint8{{}}, Label: []float32{}}, xgboost.Logistic, xgboost.ErrData, "none"},
		"no features":       {xgboost.Data{Label: []float32{0, 1}}, xgboost.Logistic, xgboost.ErrData, "no features"},
		"ragged":            {xgboost.Data{Bins: [][]uint8{{1, 2}, {1}}, Label: []float32{0, 1}}, xgboost.Logistic, xgboost.ErrData, "feature 1 has 1 rows"},
		"weights":           {xgboost.Data{Bins: bins, Label: []float32{0, 1, 1, 1}, Weight: []float32{1}}, xgboost.Logistic, xgboost.ErrData, "1 weights"},
		"objective":         {xgboost.Data{Bins: bins, Label: []float32{0, 1, 1, 1}}, "rank:map", xgboost.ErrParams, "rank:map"},
	} {
		_, err := l.Train(t.Context(), c.data, xgboost.Defaults(c.objective))
		require.ErrorIs(t, err, c.want, name)
		require.ErrorContains(t, err, c.says, name)
	}
	_, err := l.Train(t.Context(), xgboost.Data{Bins: bins, Label: []float32{0, 1, 0, 1}}, xgboost.Params{Objective: xgboost.Logistic})
	for _, field := range []string{"rounds", "depth", "eta", "subsample", "column sample"} {
		require.ErrorContains(t, err, field+" is 0")
	}
	_, err = xgboost.Open("")
	require.ErrorIs(t, err, xgboost.ErrMissing)
	_, err = xgboost.Open(filepath.Join(t.TempDir(), "libxgboost.so"))
	require.ErrorIs(t, err, xgboost.ErrMissing)
	_, err = xgboost.Open("/usr/lib/x86_64-linux-gnu/libm.so.6")
	require.ErrorContains(t, err, "no XGBoost")
}

func TestTenRowsGiveAForest(t *testing.T) {
	l := open(t)
	f, err := l.Train(t.Context(), xgboost.Data{
		Bins: [][]uint8{{1, 2, 3, 4, 5, 6, 7, 8, 9, 0}}, Label: []float32{0, 0, 0, 0, 0, 1, 1, 1, 1, 1},
	}, xgboost.Defaults(xgboost.Logistic))
	require.NoError(t, err)
	out := make([]float32, 3)
	require.NoError(t, f.Score([][]uint8{{1, 9, 0}}, out))
	require.Less(t, out[0], out[1])
}

// What only the missing tell apart must stay told apart, whichever side the library sends them to.
func TestMissingAgainstTheRest(t *testing.T) {
	l := open(t)
	for _, missing := range []float32{0, 1} {
		d := xgboost.Data{Bins: [][]uint8{make([]uint8, 1000)}, Label: make([]float32, 1000)}
		for i := range 1000 {
			d.Bins[0][i], d.Label[i] = uint8(1+i%255), 1-missing
			if i%3 == 0 {
				d.Bins[0][i], d.Label[i] = forest.Missing, missing
			}
		}
		f, err := l.Train(t.Context(), d, xgboost.Defaults(xgboost.Logistic))
		require.NoError(t, err)
		out := make([]float32, 4)
		require.NoError(t, f.Score([][]uint8{{0, 1, 100, 255}}, out))
		for _, rest := range out[1:] {
			require.Equal(t, missing == 1, out[0] > 0)
			require.Equal(t, missing == 0, rest > 0)
		}
	}
}

func TestReasonsAreTheLibrarysOwn(t *testing.T) {
	l := open(t)
	d := rows(3000, 8, 6)
	p := xgboost.Defaults(xgboost.Logistic)
	p.Rounds = 15
	b, err := l.Boost(t.Context(), d, p)
	require.NoError(t, err)
	defer func() { require.NoError(t, b.Free()) }()
	f, err := b.Forest()
	require.NoError(t, err)
	for k := range d.Bins {
		d.Bins[k] = d.Bins[k][:200]
	}
	theirs, err := b.Contributions(d.Bins)
	require.NoError(t, err)
	e, err := forest.NewExplainer(f)
	require.NoError(t, err)
	ours := make([]float32, 200*8)
	require.NoError(t, e.Contributions(d.Bins, ours))
	for row := range 200 {
		for k := range 8 {
			require.InDelta(t, theirs[row*9+k], ours[row*8+k], 1e-4)
		}
		require.InDelta(t, theirs[row*9+8], e.Average(), 1e-4)
	}
}
