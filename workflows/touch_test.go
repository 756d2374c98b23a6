package workflows

import (
	"context"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/clock"
	hours "github.com/danbi-project/danbi/internal/dispatch"
)

// Where hours have a capacity, each shard plans at the prices and with its own places.
func TestPlacesOfLimitedHoursAreSharedOut(t *testing.T) {
	t.Parallel()
	s := newScript(t, true)
	const wave = 100
	s.OnActivity(dispatch.PriceWaves, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PriceWavesInput) (activities.PriceWavesOutput, error) {
		require.Len(t, in.Shards, 2)
		require.EqualValues(t, 40, in.Customers)
		return activities.PriceWavesOutput{Limited: true, Prices: map[uint32]float64{wave: .5}}, nil
	})
	s.OnActivity(dispatch.SumWaves, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PlanWavesInput) (activities.SumWavesOutput, error) {
		require.Equal(t, map[uint32]float64{wave: .5}, in.Prices)
		return activities.SumWavesOutput{Demand: hours.Demand{Wanted: map[uint32]uint64{wave: uint64(in.Shard.Index + 1)}}}, nil
	})
	s.OnActivity(dispatch.ShareWaves, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.ShareWavesInput) (activities.ShareWavesOutput, error) {
		var out activities.ShareWavesOutput
		for _, d := range in.Demands {
			out.Rooms = append(out.Rooms, activities.WaveRoom{wave: {First: int(d.Wanted[wave])}})
		}
		return out, nil
	})
	rooms := map[int]int{}
	s.planned = func(in activities.PlanWavesInput) {
		rooms[in.Shard.Index] = in.Room[wave].First
		require.Equal(t, map[uint32]float64{wave: .5}, in.Prices)
	}
	s.deliver(func(activities.DeliverWaveInput) error { return nil })
	b := brief()
	b.Spec.Timing.PerHour = 3
	_, err := s.run(t, CampaignInput{Brief: b, Occurrence: 1, Clock: clock.Rehearse(s.Now(), 0)})
	require.NoError(t, err)
	require.Equal(t, map[int]int{0: 1, 1: 2}, rooms)
}
