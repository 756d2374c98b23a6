package targeting

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
)

// A control group by strata is within one customer of its share in each of them and in every shard; over many shards each
// customer's chance is the share; the draw is the same whenever it is made.
func TestControlGroupsAreInProportion(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		share := rapid.Float64Range(.02, .6).Draw(r, "share")
		terms := Terms{Run: campaign.Run{Campaign: "c", Occurrence: 1, Plan: 1}, Salt: rapid.String().Draw(r, "salt"), Control: campaign.Share(share), ControlBy: campaign.ControlBySegment}
		count := rapid.IntRange(1, 2000).Draw(r, "customers")
		var judged []Judged
		for i := range count {
			judged = append(judged, Judged{Customer: uint32(i + 1), Reason: eligible, Bin: int16(rapid.IntRange(0, 20).Draw(r, "bin")), Stratum: fmt.Sprint(i % 3)})
		}
		cut := Cut{Bin: 5, Share: .5}
		members := terms.Choose(judged, cut, 0)
		require.Equal(r, members, terms.Choose(judged, cut, 0))
		var arms [3][2]float64
		for i, m := range members {
			switch m.Arm {
			case ArmControl:
				arms[i%3][1]++
				require.InDelta(r, share, m.Propensity, 1e-6)
			case ArmTreated:
				arms[i%3][0]++
			}
		}
		for _, a := range arms {
			require.LessOrEqual(r, math.Abs(a[1]-share*(a[0]+a[1])), 1.0)
		}
	})
}

func TestControlIsDrawnWithItsShare(t *testing.T) {
	terms := Terms{Run: campaign.Run{Campaign: "c", Occurrence: 1, Plan: 1}, Salt: "s", Control: .1, ControlBy: campaign.ControlBySegment}
	drawn := 0
	for shard := range 4000 { // three customers a stratum: what is left of a whole one decides
		drawn += len(terms.controlsOf(map[string][]uint32{"gold": {uint32(3*shard + 1), uint32(3*shard + 2), uint32(3*shard + 3)}}, shard))
	}
	require.InDelta(t, 1200, drawn, 4*math.Sqrt(4000*.3*.7))
}

// Deciles hold a tenth of the chosen each, as far as bins allow.
func TestDecilesOfTheChosen(t *testing.T) {
	scores := [][]uint32{make([]uint32, Bins), make([]uint32, Bins)}
	for bin := 100; bin < 1000; bin++ {
		scores[bin%2][bin] = 10
	}
	cut, err := CutAt(scores, 4000)
	require.NoError(t, err)
	require.Len(t, cut.Deciles, 9)
	terms := Terms{ControlBy: campaign.ControlByDecile}
	counts := map[string]float64{}
	for bin := cut.Bin; bin < 1000; bin++ {
		n := 10.0
		if bin == cut.Bin {
			n *= cut.Share
		}
		counts[terms.Stratum("", bin, cut)] += n
	}
	require.Len(t, counts, 10)
	for name, n := range counts {
		require.InDelta(t, 400, n, 20, name)
	}
	everybody, err := CutAt(scores, 0)
	require.NoError(t, err)
	require.Len(t, everybody.Deciles, 9)
	require.Equal(t, "gold", Terms{ControlBy: campaign.ControlBySegment}.Stratum("gold", 3, everybody))
	require.Equal(t, "-", Terms{ControlBy: campaign.ControlBySegment}.Stratum("", 3, everybody))
	require.Empty(t, Terms{}.Stratum("gold", 3, everybody))
}
