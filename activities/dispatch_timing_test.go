package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// The rounds by which shards share the places of full hours, as the workflow calls them: no hour takes more than it may,
// nobody who could be placed is left out, the places go to the shards by whom they serve, and twice is the same.
func TestShardsShareFullHours(t *testing.T) {
	t.Parallel()
	w := stacktest.Warehouse(t)
	const n, most = 500, 120
	people(t, w, n)
	brief := mailBrief()
	brief.Spec.Timing.PerHour = most
	d := newDispatch(w, nil)
	d.Briefs = brief
	shards := []campaign.Shard{{Index: 0, Of: 2, Low: 1, High: n / 5}, {Index: 1, Of: 2, Low: n/5 + 1, High: n}}
	ask := activities.PlanWavesInput{Run: mailRun, Snapshot: activities.Snapshot{ID: "snap"}, Touch: "first", Opens: launch}
	rounds := func() (rooms []activities.WaveRoom, prices map[uint32]float64, plans []activities.PlanWavesOutput) {
		in := ask
		priced, err := call(t.Context(), d.PriceWaves, activities.PriceWavesInput{Plan: in, Shards: shards, Customers: n})
		require.NoError(t, err)
		require.True(t, priced.Limited)
		require.InDelta(t, .95*n, priced.Sample, .04*n, "as few as these are all asked, but for those whose hour is drawn")
		in.Prices = priced.Prices
		sharing := activities.ShareWavesInput{Plan: in}
		for _, s := range shards {
			in.Shard = s
			wanted, err := call(t.Context(), d.SumWaves, in)
			require.NoError(t, err)
			sharing.Demands = append(sharing.Demands, wanted.Demand)
		}
		shared, err := call(t.Context(), d.ShareWaves, sharing)
		require.NoError(t, err)
		require.Len(t, shared.Rooms, len(shards))
		for i, s := range shards {
			in.Shard, in.Room = s, shared.Rooms[i]
			plan, err := call(t.Context(), d.PlanWaves, in)
			require.NoError(t, err)
			plans = append(plans, plan)
		}
		return shared.Rooms, priced.Prices, plans
	}
	rooms, prices, plans := rounds()
	var dear bool
	for wave, price := range prices {
		require.GreaterOrEqual(t, price, 0., "wave %d", wave)
		dear = dear || price > 0
	}
	require.True(t, dear, "the hour that many like has a price")
	total, fullest := uint64(0), uint64(0)
	by := map[uint32]uint64{}
	for _, plan := range plans {
		require.Empty(t, plan.Blocked, "there is a place for everybody")
		for wave, count := range plan.Waves {
			by[wave], total = by[wave]+count, total+count
		}
	}
	for wave, count := range by {
		require.LessOrEqual(t, count, uint64(most), "wave %d", wave)
		fullest = max(fullest, count)
	}
	require.EqualValues(t, n, total)
	require.Greater(t, fullest, uint64(most*9/10), "what is dear is used")
	var small, large uint64
	for _, count := range plans[0].Waves {
		small += count
	}
	for _, count := range plans[1].Waves {
		large += count
	}
	require.EqualValues(t, n/5, small, "a small shard's people are not crowded out")
	require.EqualValues(t, n-n/5, large)

	roomsAgain, pricesAgain, plansAgain := rounds()
	require.Equal(t, rooms, roomsAgain)
	require.Equal(t, prices, pricesAgain)
	require.Equal(t, plans, plansAgain)

	brief.Spec.Timing.PerHour = 0
	d.Briefs = brief
	priced, err := call(t.Context(), d.PriceWaves, activities.PriceWavesInput{Plan: ask, Shards: shards, Customers: n})
	require.NoError(t, err)
	require.False(t, priced.Limited)
}
