package uplift_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/bench/planted"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/learn/learntest"
	"github.com/danbi-project/danbi/internal/targeting/uplift"
)

// small is a planted campaign as a sample, with the true effects.
func small(kind planted.Kind, rows int, share float64) (uplift.Sample, []float32) {
	c := planted.Make(planted.Design{Kind: kind, Treated: share, Rows: rows, Seed: 11})
	s := uplift.Sample{Treated: c.Treated, Outcome: c.Outcome, Propensity: make([]float32, rows)}
	for i := range s.Propensity {
		s.Propensity[i] = float32(share)
	}
	for _, column := range c.X {
		values := make([]float64, rows)
		for i, v := range column {
			values[i] = float64(v)
		}
		binning := features.NewBinning("f", values, 32)
		bins := make([]uint8, rows)
		for i, v := range values {
			bins[i] = binning.Bin(v)
		}
		s.Bins = append(s.Bins, bins)
	}
	return s, c.Effect
}

// The champion finds much of the true effect where the model of responses finds little.
func TestTheChampionFindsEffects(t *testing.T) {
	for _, kind := range []planted.Kind{planted.Binary, planted.Spend} {
		all, truth := small(kind, 9_000, .5)
		rows := make([]int, all.Rows())
		for i := range rows {
			rows[i] = i
		}
		train, test, truth := all.Take(rows[:6000]), all.Take(rows[6000:]), truth[6000:]
		learners := []uplift.Learner{uplift.X}
		if kind == planted.Spend {
			learners = []uplift.Learner{uplift.R, "plain_r"}
		}
		fitted, err := uplift.Fit(t.Context(), learntest.Trainer{}, train, uplift.Options{Learners: learners, Seed: 1})
		require.NoError(t, err)
		score := make([]float32, test.Rows())
		require.NoError(t, fitted.Model.Score(test.Bins, score))
		found := uplift.Area(score, truth) / uplift.Area(truth, truth)
		require.Greater(t, found, .1)
		require.Less(t, fitted.Champion.Effect.Low, fitted.Champion.Effect.High)
		require.Equal(t, 6000, fitted.Learned+fitted.Held)

		text, err := fitted.Model.Encode()
		require.NoError(t, err)
		back, err := uplift.Decode(text)
		require.NoError(t, err)
		again := make([]float32, test.Rows())
		require.NoError(t, back.Score(test.Bins, again))
		require.Equal(t, score, again, "what the registry keeps scores alike")
		if kind == planted.Spend {
			continue
		}
		response, err := uplift.Response(t.Context(), learntest.Trainer{}, train, 1)
		require.NoError(t, err)
		require.NoError(t, response.Score(test.Bins, score))
		require.Less(t, uplift.Area(score, truth)/uplift.Area(truth, truth), found)
	}
}

// Doubly robust effects are right on average, however wrong the expectations are.
func TestDoublyRobustEffectsAreUnbiased(t *testing.T) {
	s, truth := small(planted.Binary, 60_000, .8)
	for _, wrong := range []float32{0, .7} {
		mu0, mu1 := make([]float32, s.Rows()), make([]float32, s.Rows())
		for i := range mu0 {
			mu0[i], mu1[i] = wrong, 1-wrong
		}
		var got, want, squares float64
		for i, e := range uplift.DoublyRobust(s, mu0, mu1) {
			got += float64(e)
			squares += float64(e) * float64(e)
			want += float64(truth[i])
		}
		n := float64(s.Rows())
		require.InDelta(t, want/n, got/n, 4*math.Sqrt(squares/n/n))
	}
}

// No order has more area than the true one, a random one has none, and the opposite order has its negative.
func TestAreaIsGreatestForTheTruth(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		effect := rapid.SliceOfN(rapid.Float32Range(-5, 5), 2, 200).Draw(r, "effect")
		score := make([]float32, len(effect))
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		negative := make([]float32, len(effect))
		for i, e := range effect {
			score[i], negative[i] = random.Float32(), -e
		}
		best := uplift.Area(effect, effect)
		require.LessOrEqual(r, uplift.Area(score, effect), best+1e-9)
		require.InDelta(r, -best, uplift.Area(negative, effect), 1e-5)
		flat := make([]float32, len(effect))
		require.InDelta(r, 0, uplift.Area(effect, flat), 1e-12)
		require.InDelta(r, float64(slices.Max(effect)), uplift.At(1/float64(len(effect)), effect, effect), 1e-6)
	})
}

func TestWhatCannotBeLearnedFromIsSaid(t *testing.T) {
	fresh := func() uplift.Sample { s, _ := small(planted.Binary, 3000, .5); return s }
	for name, c := range map[string]struct {
		spoil func(*uplift.Sample)
		want  error
	}{
		"ten customers": {func(s *uplift.Sample) { *s = s.Take([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) }, learn.ErrTooFew},
		"one outcome":   {func(s *uplift.Sample) { clear(s.Outcome) }, learn.ErrOneClass},
		"one arm":       {func(s *uplift.Sample) { clear(s.Treated) }, learn.ErrOneClass},
		"not a number":  {func(s *uplift.Sample) { s.Outcome[7] = float32(math.NaN()) }, learn.ErrNotFinite},
		"infinite":      {func(s *uplift.Sample) { s.Outcome[7] = float32(math.Inf(1)) }, learn.ErrNotFinite},
		"constant features": {func(s *uplift.Sample) {
			for _, c := range s.Bins {
				clear(c)
			}
		}, learn.ErrNoFeature},
		"certain to be there": {func(s *uplift.Sample) { s.Propensity[3] = 1 }, nil},
		"rows missing":        {func(s *uplift.Sample) { s.Treated = s.Treated[1:] }, nil},
	} {
		s := fresh()
		c.spoil(&s)
		_, err := uplift.Fit(t.Context(), learntest.Trainer{}, s, uplift.Options{})
		require.Error(t, err, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
	}
}

func TestHalfAModelIsNoModel(t *testing.T) {
	s, _ := small(planted.Binary, 3000, .5)
	m, err := uplift.Learn(t.Context(), learntest.Trainer{}, s, uplift.T, 1)
	require.NoError(t, err)
	text, err := m.Encode()
	require.NoError(t, err)
	for _, n := range []int{0, 1, len(text) / 2, len(text) - 1} {
		_, err := uplift.Decode(text[:n])
		require.ErrorIs(t, err, uplift.ErrBroken)
	}
	text[len(text)/2] ^= 1
	_, err = uplift.Decode(text)
	require.ErrorIs(t, err, uplift.ErrBroken)
}

// One that was chosen from seven because it looked best must stand out by more than one that was named before.
func TestTheBestOfManyMustStandOutByMore(t *testing.T) {
	f := uplift.Fitted{Champion: uplift.Judged{Learner: uplift.X, Measured: uplift.Measured{Qini: uplift.Interval{Mean: .024, Low: .005, High: .043}}}, Among: 1}
	require.False(t, f.ByLuck())
	f.Among = 7
	require.True(t, f.ByLuck(), "2.5 standard errors, and the best of seven needs 2.7")
	f.Champion.Qini = uplift.Interval{Mean: .027, Low: .008, High: .046}
	require.False(t, f.ByLuck())
	f.Among, f.Champion.Qini = 1, uplift.Interval{Mean: .02, Low: -.001, High: .03}
	require.True(t, f.ByLuck())
}
