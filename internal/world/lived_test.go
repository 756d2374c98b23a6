package world

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLivedIsOutcomeInPieces(t *testing.T) {
	w := small(t, nil)
	from := w.Until.AddDate(0, -4, 0)
	edges := []time.Time{from, from.AddDate(0, 1, 0), w.Until, w.Until.AddDate(0, 2, 0)}
	terms := &Terms{Opens: w.Until, Closes: w.Until.AddDate(0, 0, 28)}
	opened := 0
	for key := uint32(1); key <= 200; key++ {
		touches := []Touch{{Campaign: "c", Occurrence: 1, Touch: "first", Channel: "email", At: w.Until.Add(12 * time.Hour), Threshold: 100_000, Reward: 20_000, Terms: terms}}
		outcomes, read := w.Lived(key, touches, edges)
		for i, got := range outcomes {
			require.Equal(t, w.Outcome(key, touches, edges[i], edges[i+1]), got)
		}
		if read[0] {
			opened++
		} else {
			without, _ := w.Lived(key, nil, edges)
			require.Equal(t, without, outcomes, "what nobody reads changes nothing")
		}
	}
	require.Greater(t, opened, 20)
	none, _ := w.Lived(1, nil, nil)
	require.Empty(t, none)
}

func BenchmarkLived(b *testing.B) {
	w, err := New(Population{Customers: 1000, Months: 18, Seed: 1, Until: time.Date(2026, 7, 1, 0, 0, 0, 0, Home)})
	require.NoError(b, err)
	edges := []time.Time{w.Until.AddDate(0, -12, 0), w.Until}
	after := []time.Time{w.Until, w.Until.AddDate(0, 0, 28), w.Until.AddDate(0, 0, 88)}
	terms := &Terms{Opens: w.Until, Closes: w.Until.AddDate(0, 0, 28)}
	touches := []Touch{{Campaign: "c", Occurrence: 1, Touch: "first", Channel: "email", At: w.Until.Add(12 * time.Hour), Threshold: 100_000, Reward: 20_000, Terms: terms}}
	b.Run("year", func(b *testing.B) {
		for i := range b.N {
			w.Lived(uint32(i%1000+1), nil, edges)
		}
	})
	b.Run("window", func(b *testing.B) {
		for i := range b.N {
			w.Lived(uint32(i%1000+1), touches, after)
		}
	})
}
