// Package clock keeps campaign time. Live, it is the wall clock. In a rehearsal it stands still while work is done
// and moves only while a workflow waits, so that a wave of 80,000 messages does not run into the night because time is fast.
package clock

import "time"

// Clock is campaign time as a value: it lives in workflow state and is handed to every activity and query.
// The zero value is live.
type Clock struct {
	Rehearsal bool      `json:"rehearsal,omitempty"`
	Now       time.Time `json:"now,omitzero"`    // campaign time, in a rehearsal
	Speed     float64   `json:"speed,omitempty"` // a wait of d takes d/Speed of wall time; 0: none
}

// Live is the clock of a real campaign.
func Live() Clock { return Clock{} }

// Rehearse starts a rehearsal's clock at from.
func Rehearse(from time.Time, speed float64) Clock {
	return Clock{Rehearsal: true, Now: from.UTC(), Speed: speed}
}

// At is campaign time when the wall clock shows wall.
func (c Clock) At(wall time.Time) time.Time {
	if c.Rehearsal {
		return c.Now
	}
	return wall.UTC()
}

// Wait is how long, by the wall clock, one waits until campaign time until; never negative.
func (c Clock) Wait(wall, until time.Time) time.Duration {
	left := max(until.Sub(c.At(wall)), 0)
	switch {
	case !c.Rehearsal:
		return left
	case c.Speed <= 0:
		return 0
	default:
		return time.Duration(float64(left) / c.Speed)
	}
}

// Advanced is the clock after a wait until until; it never goes back, and a live clock needs no moving.
func (c Clock) Advanced(until time.Time) Clock {
	if c.Rehearsal && until.After(c.Now) {
		c.Now = until.UTC()
	}
	return c
}

// Wall is the live implementation's source of time: the only place that reads it.
func Wall() time.Time { return time.Now().UTC() }
