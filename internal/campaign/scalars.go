package campaign

import "time"

// Moment is an instant of the spec, read as a local date or date-time in the spec's zone.
type Moment struct{ time.Time }

// Duration is a length such as 36h, 14d or 2w; a day is 24 hours.
type Duration time.Duration

// Share is a part of a whole, 0 to 1, written as 10% or 0.1.
type Share float64

// Clock is a time of day in minutes since midnight, written as 09:00; 24:00 is allowed as an end.
type Clock int
