package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func at(seconds int) time.Time { return time.Unix(int64(seconds), 0) }

func TestCovered(t *testing.T) {
	spans := []span{{at(10), at(20)}, {at(0), at(2)}, {at(15), at(30)}, {at(16), at(18)}, {at(40), at(40)}, {at(30), at(31)}}
	require.Equal(t, []span{{at(0), at(2)}, {at(10), at(31)}}, union(spans))
	require.InDelta(t, 23, covered(spans), 1e-9)
	require.InDelta(t, 1+5, covered(within(spans, span{at(1), at(15)})), 1e-9)
	require.Zero(t, covered(nil))
}

func TestSamplesAreInterpolated(t *testing.T) {
	s := &sampler{parts: []string{"engine"}, at: []time.Time{at(0), at(10), at(20)}, seconds: [][]float64{{100}, {110}, {150}}}
	require.InDelta(t, 5, s.between(at(-5), at(5))["engine"], 1e-9)
	require.InDelta(t, 5+20, s.between(at(5), at(15))["engine"], 1e-9)
	require.InDelta(t, 40, s.between(at(10), at(99))["engine"], 1e-9)
}

func TestTheBriefOfTheBenchIsValid(t *testing.T) {
	t.Chdir("..")
	brief, err := campaignBrief(1_000_000)
	require.NoError(t, err)
	require.Zero(t, brief.Spec.Audience.Size)
	require.EqualValues(t, 50*30_000_000, brief.Spec.Budget.Expected)
}
