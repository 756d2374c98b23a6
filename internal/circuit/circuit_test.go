package circuit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCircuitOpensAndCloses(t *testing.T) {
	now := time.Unix(0, 0)
	var c Breaker
	for range silences {
		require.True(t, c.Allow(now))
		c.Answered(now, false)
	}
	require.False(t, c.Allow(now), "it is open")
	require.True(t, c.Open(now))
	now = now.Add(firstRest)
	require.True(t, c.Allow(now), "one goes to see")
	require.False(t, c.Allow(now), "only one")
	c.Answered(now, false)
	require.False(t, c.Allow(now.Add(firstRest)), "it rests longer")
	now = now.Add(2 * firstRest)
	require.True(t, c.Allow(now))
	c.Answered(now, true)
	require.True(t, c.Allow(now))
	require.True(t, c.Allow(now))
}

// Whatever the answers, an open circuit lets at most one request through a rest, and the rest is bounded.
func TestCircuitIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Breaker
		now, silent := time.Unix(0, 0), 0
		for range 200 {
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond)
			if !c.Allow(now) {
				if silent < silences {
					t.Fatalf("refused after %d silences", silent)
				}
				if c.Allow(now.Add(mostRest)) {
					c.trying = false // it was only asked
				} else {
					t.Fatal("it never tries again")
				}
				continue
			}
			answered := rapid.Bool().Draw(t, "answered")
			c.Answered(now, answered)
			if silent++; answered {
				silent = 0
			}
		}
	})
}
