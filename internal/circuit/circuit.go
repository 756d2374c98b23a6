// Package circuit decides whether a provider that fell silent is worth asking.
package circuit

import "time"

// Breaker says whether a provider is worth asking. After so many silences in a row it opens: nothing is asked for a
// while, so that a provider that is down is not kept down. Then one request is let through; its answer closes the
// circuit, its silence opens it again for twice as long. The zero value is closed. It is not safe for use by many
// goroutines at once, and knows no clock but the one it is given.
type Breaker struct {
	silences int
	rest     time.Duration
	until    time.Time // open until then
	trying   bool      // one request is out to see
}

const (
	silences  = 20
	firstRest = time.Second
	mostRest  = 30 * time.Second
)

// Allow says whether a request may leave now.
func (c *Breaker) Allow(now time.Time) bool {
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
func (c *Breaker) Answered(now time.Time, answered bool) {
	c.trying = false
	if answered {
		*c = Breaker{}
		return
	}
	c.silences++
	if c.silences < silences || now.Before(c.until) { // what was under way when it opened says nothing new
		return
	}
	c.rest = min(max(2*c.rest, firstRest), mostRest)
	c.until = now.Add(c.rest)
}

// Forget takes back a request that was allowed and whose end nobody saw, because it was us who hung up.
func (c *Breaker) Forget() { c.trying = false }

// Open says whether nothing may be asked at an instant.
func (c *Breaker) Open(now time.Time) bool { return c.rest > 0 && now.Before(c.until) }
