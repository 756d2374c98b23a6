package settlement

import "time"

// Circuit says whether a provider is worth asking. After so many silences in a row it opens: nothing is asked for a
// while, so that a provider that is down is not kept down. Then one request is let through; its answer closes the
// circuit, its silence opens it again for twice as long. The zero value is closed. It is not safe for use by many
// goroutines at once, and knows no clock but the one it is given.
type Circuit struct {
	silences int
	rest     time.Duration
	until    time.Time // open until then
	trying   bool      // one request is out to see
}

const (
	circuitSilences  = 20
	circuitFirstRest = time.Second
	circuitMostRest  = 30 * time.Second
)

// Allow says whether a request may leave now.
func (c *Circuit) Allow(now time.Time) bool {
	switch {
	case c.rest == 0:
		return true
	case now.Before(c.until) || c.trying:
		return false
	}
	c.trying = true
	return true
}

// Answered takes how a request that was allowed ended: with any answer, or with silence.
func (c *Circuit) Answered(now time.Time, answered bool) {
	c.trying = false
	if answered {
		*c = Circuit{}
		return
	}
	c.silences++
	if c.silences < circuitSilences {
		return
	}
	c.rest = min(max(2*c.rest, circuitFirstRest), circuitMostRest)
	c.until = now.Add(c.rest)
}

// Forget takes back a request that was allowed and whose end nobody saw, because it was us who hung up.
func (c *Circuit) Forget() { c.trying = false }

// Open says whether nothing may be asked at an instant.
func (c *Circuit) Open(now time.Time) bool { return c.rest > 0 && now.Before(c.until) }
