package ope

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// log draws choices among three arms whose chances depend on x, so that a plain mean by arm is biased.
func log(seed uint64, n int, policy func(x float64) []float64) (rows []Row, truth float64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	for i := range n {
		x := rng.NormFloat64()
		chance := []float64{0.2, 0.2, 0.6}
		if x > 0 {
			chance = []float64{0.6, 0.3, 0.1}
		}
		mean := []float64{0, x, 0.5 + x*x/2}
		arm, u := 0, rng.Float64()
		for u > chance[arm] && arm < 2 {
			u -= chance[arm]
			arm++
		}
		target := policy(x)
		rows = append(rows, Row{Unit: uint32(i), X: []float64{x}, Arm: arm, Logged: chance[arm], Y: mean[arm] + rng.NormFloat64(), Target: target})
		for a, p := range target {
			truth += p * mean[a] / float64(n)
		}
	}
	return rows, truth
}

func greedy(x float64) []float64 {
	if x > 0.3 {
		return []float64{0, 1, 0}
	}
	return []float64{0.5, 0, 0.5}
}

func TestIntervalsCoverTheTruth(t *testing.T) {
	const runs = 300
	var bias, biasSNIPS float64
	covered, coveredSNIPS := 0, 0
	for seed := range runs {
		rows, truth := log(uint64(seed), 1500, greedy)
		out, err := Evaluate(rows, 3, 0.95)
		require.NoError(t, err)
		require.True(t, out.Supported)
		require.InDelta(t, 1, out.Weight, 0.25)
		bias, biasSNIPS = bias+(out.DR.Mean-truth)/runs, biasSNIPS+(out.SNIPS.Mean-truth)/runs
		if out.DR.Low <= truth && truth <= out.DR.High {
			covered++
		}
		if out.SNIPS.Low <= truth && truth <= out.SNIPS.High {
			coveredSNIPS++
		}
	}
	// The truth is of the customers at hand, so the intervals cover it a little more often than they claim.
	require.InDelta(t, 0, bias, 0.02)
	require.InDelta(t, 0, biasSNIPS, 0.02)
	require.GreaterOrEqual(t, float64(covered)/runs, 0.93)
	require.GreaterOrEqual(t, float64(coveredSNIPS)/runs, 0.93)
}

func TestWhatTheLogNeverTriedIsSaid(t *testing.T) {
	rows, _ := log(1, 2000, func(float64) []float64 { return []float64{0.5, 0, 0.5} })
	for i := range rows { // as if the third arm had never been drawn
		if rows[i].Arm == 2 {
			rows[i].Arm, rows[i].Logged = 0, 0.5
		}
	}
	out, err := Evaluate(rows, 3, 0.95)
	require.NoError(t, err)
	require.False(t, out.Supported)
	for i := range rows {
		rows[i].Target = []float64{0, 0, 1}
	}
	_, err = Evaluate(rows, 3, 0.95)
	require.ErrorIs(t, err, ErrNoSupport)
}

func TestTheLoggedPolicyIsWorthItsOwnMean(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2*folds, 300).Draw(r, "rows")
		scale := math.Pow(10, rapid.Float64Range(-3, 9).Draw(r, "scale"))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		var rows []Row
		mean := 0.0
		for i := range n {
			row := Row{Unit: uint32(i / 2), X: []float64{rng.NormFloat64() * scale, 5}, Arm: rng.IntN(2), Logged: 0.5, Y: rng.ExpFloat64() * scale, Target: []float64{0.5, 0.5}}
			rows, mean = append(rows, row), mean+row.Y/float64(n)
		}
		out, err := Evaluate(rows, 2, 0.9)
		require.NoError(r, err)
		require.InEpsilon(r, mean, out.SNIPS.Mean, 1e-9)
		require.InDelta(r, float64(n), out.Effective, 1e-6)
		require.LessOrEqual(r, out.DR.Low, out.DR.High)
		require.True(r, finite(out.DR.Mean, out.SNIPS.Low, out.SNIPS.High))
		shuffled := append([]Row(nil), rows...)
		rng.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, err := Evaluate(shuffled, 2, 0.9)
		require.NoError(r, err)
		require.InEpsilon(r, out.SNIPS.Deviation, again.SNIPS.Deviation, 1e-6)
	})
}

func TestBadLogsAreRefused(t *testing.T) {
	good, _ := log(3, 100, greedy)
	_, err := Evaluate(good[:3], 3, 0.95)
	require.ErrorContains(t, err, "at least 10 logged choices")
	_, err = Evaluate(good, 3, 1)
	require.ErrorContains(t, err, "between 0 and 1")
	for want, spoil := range map[string]func(*Row){
		"add up to":              func(r *Row) { r.Target = []float64{0.5, 0.4, 0} },
		"no chance of the cand":  func(r *Row) { r.Target = []float64{1, math.NaN(), 0} },
		"no chance with which":   func(r *Row) { r.Logged = 0 },
		"arm 3 with":             func(r *Row) { r.Arm = 3 },
		"covariates":             func(r *Row) { r.X = nil },
		"that is no number":      func(r *Row) { r.Y = math.NaN() },
		"covariate that is no n": func(r *Row) { r.X = []float64{math.Inf(1)} },
	} {
		rows := append([]Row(nil), good...)
		spoil(&rows[17])
		_, err := Evaluate(rows, 3, 0.95)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "logged choice 17")
	}
}
