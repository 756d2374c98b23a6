package world

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A series adds up to the outcome over the whole, and each of its times is an outcome of its own, with and without an offer.
func TestSeriesAddsUp(t *testing.T) {
	w, err := New(Population{Customers: 300, Months: 6, Seed: 5, Until: time.Date(2026, 9, 1, 0, 0, 0, 0, Home)})
	require.NoError(t, err)
	edges := []time.Time{w.Until.AddDate(0, -3, 0), w.Until, w.Until.AddDate(0, 0, 1), w.Until.AddDate(0, 0, 9), w.Until.AddDate(0, 0, 30)}
	offer := Touch{Campaign: "c", Occurrence: 1, Touch: "first", Channel: "email", At: w.Until.Add(9 * time.Hour), Threshold: 90_000, Reward: 9_000, Terms: &Terms{Opens: w.Until, Closes: edges[4]}}
	oracle := w.Oracle()
	var series []Outcome
	bought := 0
	for key := uint32(1); key <= 300; key++ {
		oracle.Meet(key)
		for _, touches := range [][]Touch{nil, {offer}} {
			series = oracle.Series(series, edges, touches...)
			require.Len(t, series, 4)
			for i, got := range series {
				want := oracle.Outcome(edges[i], edges[i+1], touches...)
				want.Earned = 0
				require.Equal(t, want, got, "customer %d, time %d", key, i)
				bought += got.Purchases
			}
		}
	}
	require.Greater(t, bought, 300)
	require.Empty(t, oracle.Series(nil, edges[:1]))
}
