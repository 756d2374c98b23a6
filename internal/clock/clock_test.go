package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var day = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

func TestLiveTimeIsTheWalls(t *testing.T) {
	c := Live()
	require.Equal(t, day, c.At(day))
	require.Equal(t, time.Hour, c.Wait(day, day.Add(time.Hour)))
	require.Zero(t, c.Wait(day, day.Add(-time.Hour)), "what is past is not waited for")
	require.Equal(t, c, c.Advanced(day.Add(time.Hour)), "nobody moves the wall clock")
}

func TestARehearsalsTimeMovesOnlyByWaiting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		speed := rapid.SampledFrom([]float64{0, 1, 3600}).Draw(t, "speed")
		c := Rehearse(day, speed)
		at := day
		for range rapid.IntRange(0, 20).Draw(t, "waits") {
			wall := day.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "wall")))
			if !c.At(wall).Equal(at) {
				t.Fatalf("it is %s, not %s: the wall clock moved it", c.At(wall), at)
			}
			until := at.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "until")))
			wait := c.Wait(wall, until)
			switch {
			case wait < 0:
				t.Fatal("a wait is never negative")
			case speed == 0 && wait != 0:
				t.Fatal("at full speed nothing is waited for")
			case speed == 1 && wait != max(until.Sub(at), 0):
				t.Fatalf("at speed 1 a wait takes as long as it says, not %s", wait)
			}
			c = c.Advanced(until)
			if until.After(at) {
				at = until
			}
			if !c.Now.Equal(at) {
				t.Fatalf("it is %s after a wait until %s", c.Now, until)
			}
		}
	})
}
