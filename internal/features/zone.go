package features

import (
	"fmt"
	"time"
	_ "time/tzdata" // a container may have no time zones of its own
)

// Changes is how many times a zone may change its distance from UTC within a lookback; no zone does so more often in a year.
const Changes = 4

// Never is the instant of a change that does not happen.
const Never = ^uint32(0)

// Offsets is a zone's distance from UTC over a lookback, in a form that a query can compute with: Base seconds at its
// start, and By[i] seconds more from At[i] on (seconds since 1970).
type Offsets struct {
	Base int32
	At   [Changes]uint32
	By   [Changes]int32
}

// OffsetsOf reads the zone's rules between two instants. A zone that is empty, the machine's own or unknown is an error:
// the caller takes the snapshot's.
func OffsetsOf(name string, from, to time.Time) (Offsets, error) {
	if name == "" || name == "Local" {
		return Offsets{}, fmt.Errorf("%q is not a time zone", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return Offsets{}, fmt.Errorf("%q is not a time zone: %w", name, err)
	}
	at := from.In(zone)
	_, base := at.Zone()
	out := Offsets{Base: int32(base)}
	for i := range out.At {
		out.At[i] = Never
	}
	last, n := base, 0
	for {
		_, end := at.ZoneBounds()
		if end.IsZero() || !end.Before(to) {
			return out, nil
		}
		at = end.In(zone)
		_, offset := at.Zone()
		if offset == last {
			continue // another name for the same distance
		}
		if n == Changes {
			return Offsets{}, fmt.Errorf("time zone %s changes more than %d times between %s and %s", name, Changes, from.Format(time.DateOnly), to.Format(time.DateOnly))
		}
		out.At[n], out.By[n] = uint32(end.Unix()), int32(offset-last)
		last = offset
		n++
	}
}

// Hour is the hour of day, 0 to 23, at an instant in seconds since 1970: what the query computes.
func (o Offsets) Hour(at uint32) int {
	local := int64(at) + int64(o.Base)
	for i, change := range o.At {
		if at >= change {
			local += int64(o.By[i])
		}
	}
	return int(local / 3600 % 24)
}
