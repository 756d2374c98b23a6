package campaign

import "time"

// instant is when a zone's clocks show a wall time (its fields, whatever its own zone): the first time, where they show
// it twice because they are put back, and false where they skip it.
func instant(wall time.Time, zone *time.Location) (first time.Time, shown bool) {
	wall = time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, time.UTC)
	for _, around := range []time.Duration{-26 * time.Hour, 0, 26 * time.Hour} { // offsets go up to 14 hours, and a clock may change by a day
		_, offset := wall.Add(around).In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if at.In(zone).Format(time.DateTime) == wall.Format(time.DateTime) && (!shown || at.Before(first)) {
			first, shown = at, true
		}
	}
	return first, shown
}

// dayStart is the first instant of a day (its date, whatever its own zone) in a zone. Where clocks skip midnight it is the
// moment when they do; false says that they skip the whole day.
func dayStart(day time.Time, zone *time.Location) (time.Time, bool) {
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	if at, shown := instant(midnight, zone); shown {
		return at, true
	}
	// Some zone's offset is in force before the gap, another after it: the change lies between the two readings of midnight.
	near := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	since, until := near.ZoneBounds()
	for _, change := range []time.Time{since, until} {
		if !change.IsZero() && change.In(zone).Format(time.DateOnly) == midnight.Format(time.DateOnly) {
			return change.UTC(), true
		}
	}
	return time.Time{}, false
}
