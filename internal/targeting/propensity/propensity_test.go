package propensity_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/learn/learntest"
	"github.com/danbi-project/danbi/internal/targeting/propensity"
)

func TestAChanceIsLearnedAndCalibrated(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s := propensity.Sample{Bins: make([][]uint8, 3)}
	for range 6000 {
		driver := uint8(1 + r.IntN(50))
		s.Bins[0], s.Bins[1], s.Bins[2] = append(s.Bins[0], driver), append(s.Bins[1], uint8(1+r.IntN(50))), append(s.Bins[2], 1)
		s.Label = append(s.Label, r.Float64() < float64(driver)/100)
	}
	early, late := s.Split(1)
	f, err := propensity.Fit(t.Context(), learntest.Trainer{}, early, late, 1)
	require.NoError(t, err)
	require.Greater(t, f.Area, .65)
	score := make([]float32, 2)
	require.NoError(t, f.Model.Score([][]uint8{{5, 45}, {9, 9}, {1, 1}}, score))
	require.InDelta(t, .05, f.Calibration.At(score[0]), .06)
	require.InDelta(t, .45, f.Calibration.At(score[1]), .08)

	_, err = propensity.Fit(t.Context(), learntest.Trainer{}, s.Take([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), late, 1)
	require.ErrorIs(t, err, learn.ErrTooFew)
	clear(s.Label)
	_, err = propensity.Fit(t.Context(), learntest.Trainer{}, s, late, 1)
	require.ErrorIs(t, err, learn.ErrOneClass)
	clear(early.Bins[0])
	clear(early.Bins[1])
	_, err = propensity.Fit(t.Context(), learntest.Trainer{}, early, late, 1)
	require.ErrorIs(t, err, learn.ErrNoFeature)
}
