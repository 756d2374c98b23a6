package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
)

func TestShareOfOrchestration(t *testing.T) {
	tl := &timeline{retried: map[string]int{}, activity: map[string]activityTime{}, whole: span{at(0), at(100)}}
	tl.add("ExtractFeatures", span{at(2), at(40)}, 1)
	tl.add("ExtractFeatures", span{at(2), at(30)}, 3)
	tl.add("LiveOn", span{at(50), at(70)}, 1)
	tl.add("BookBatch", span{at(70), at(80)}, 1) // asks the books, whose own step is the work
	tl.add("PostBatch", span{at(71), at(79)}, 1)
	tl.waits = []span{{at(80), at(90)}}
	// Of 100 seconds 30 are waits; of the other 70, 38 and 8 are work.
	require.InDelta(t, (70.0-46)/70, tl.share(), 1e-9)
	require.Equal(t, map[string]int{"ExtractFeatures": 2}, tl.retried)
	require.Equal(t, 2, tl.activity["ExtractFeatures"].Count)
}

func TestStagesFollowTheHistory(t *testing.T) {
	tl := &timeline{}
	tl.enter(campaign.StageExtracting, at(1))
	tl.enter(campaign.StageExtracting, at(2))
	tl.enter(campaign.StageTargeting, at(5))
	tl.enter("", at(9))
	require.Equal(t, []stageSpan{{campaign.StageExtracting, span{at(1), at(5)}}, {campaign.StageTargeting, span{at(5), at(9)}}}, tl.stages)
}
