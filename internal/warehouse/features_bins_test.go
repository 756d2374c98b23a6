package warehouse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// values reads a snapshot's features as numbers, by customer.
func values(t testing.TB, w *warehouse.Warehouse, snapshot, feature string) map[uint32]float64 {
	t.Helper()
	var rows []struct {
		Key   uint32  `ch:"customer_key"`
		Value float64 `ch:"value"`
	}
	require.NoError(t, w.Conn().Select(t.Context(), &rows, "SELECT customer_key, toFloat64("+feature+") AS value FROM features WHERE snapshot = '"+snapshot+"'"))
	all := map[uint32]float64{}
	for _, r := range rows {
		all[r.Key] = r.Value
	}
	return all
}

func TestBinsAreWhatTheEdgesMakeOfTheValues(t *testing.T) {
	w := stacktest.Warehouse(t)
	anyFeatureHistory(11).load(t, w)
	s, _ := snapshot(t, w, instant, 3)
	binnings, err := w.Binnings(t.Context(), s.ID)
	require.NoError(t, err)
	require.Len(t, binnings, len(features.Builtin))
	seen := map[uint32]bool{}
	require.NoError(t, w.FeatureBins(t.Context(), s.ID, nil, campaign.Shard{Low: 1, High: ^uint32(0) >> 12}, func(keys []uint32, bins [][]uint8) error {
		require.Len(t, bins, len(binnings))
		for i, b := range binnings {
			of := values(t, w, s.ID, b.Feature)
			for row, key := range keys {
				require.Equal(t, b.Bin(of[key]), bins[i][row], "%s of customer %d is %v", b.Feature, key, of[key])
			}
		}
		for i, key := range keys {
			require.False(t, seen[key])
			require.True(t, i == 0 || keys[i-1] < key)
			seen[key] = true
		}
		return nil
	}))
	require.Len(t, seen, int(s.Customers))
	// Named ones come in the order of the names, a range holds its own customers only.
	require.NoError(t, w.FeatureBins(t.Context(), s.ID, []string{"spend", "age"}, campaign.Shard{Low: 10, High: 19}, func(keys []uint32, bins [][]uint8) error {
		require.Equal(t, []uint32{10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, keys)
		spend := values(t, w, s.ID, "spend")
		for row, key := range keys {
			for _, b := range binnings {
				if b.Feature == "spend" {
					require.Equal(t, b.Bin(spend[key]), bins[0][row])
				}
			}
		}
		require.Len(t, bins, 2)
		return nil
	}))
	none := func([]uint32, [][]uint8) error { return nil }
	require.ErrorIs(t, w.FeatureBins(t.Context(), s.ID, []string{"spent"}, campaign.Shard{Low: 1, High: 9}, none), features.ErrUnknownFeature)
	require.ErrorIs(t, w.FeatureBins(t.Context(), "s0", nil, campaign.Shard{Low: 1, High: 9}, none), features.ErrNoSnapshot)

	// A later snapshot shares the edges, so that a model reads both alike.
	later, _ := snapshot(t, w, instant.Add(day), 2)
	require.Equal(t, s.Binning, later.Binning)

	// Of a past campaign's customers as they were before it, the bins are those of a snapshot of that instant.
	require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO audience (campaign, occurrence, plan, customer_key, arm) VALUES ('old', 1, 1, 3, 'treated'), ('old', 1, 1, 2, 'control'), ('old', 1, 1, 7, 'treated'), ('old', 1, 1, 9, 'left_out')"))
	like := later
	like.Instant = instant
	keys, bins, err := w.BinsBefore(t.Context(), like, nil, warehouse.Cohort{Campaign: "old", Occurrence: 1, Arms: []string{"treated", "control"}})
	require.NoError(t, err)
	require.Equal(t, []uint32{2, 3, 7}, keys)
	require.NoError(t, w.FeatureBins(t.Context(), s.ID, nil, campaign.Shard{Low: 1, High: 9}, func(all []uint32, of [][]uint8) error {
		for i, key := range keys {
			for f := range of {
				require.Equal(t, of[f][key-1], bins[f][i])
			}
		}
		return nil
	}))
}
