package world

import (
	"fmt"
	"math"
	"sort"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed
)

const (
	secondsPerDay  = 86_400
	firstYear      = 2005 // worlds lie between these years
	lastYear       = 2060
	homeOffset     = 9 * 3600
	daysPerMonth   = 365.25 / 12
	weekdayOfEpoch = 4 // 1 January 1970 was a Thursday
)

// Home is the zone of the world's own dates.
var Home = time.FixedZone("Asia/Seoul", homeOffset)

// A month as customers live it: its civil days with the chance of each, by how much somebody shops at weekends.
type month struct {
	first  int32 // civil day since 1970
	length int32
	factor float64 // expected purchases against an average month
	upTo   [len(weekdays)][31]float32
}

// A calendar answers, fast, which day a purchase falls on and when that is in UTC.
type calendar struct {
	months  []month
	offsets [][]int32 // by zone and civil day from offsetsFrom: seconds east of UTC
	from    int32
}

func monthNumber(year int, m time.Month) int { return (year-firstYear)*12 + int(m) - 1 }

// monthOf is the number of the civil month that day lies in.
func monthOf(day int32) int {
	t := time.Unix(int64(day)*secondsPerDay, 0).UTC()
	return monthNumber(t.Year(), t.Month())
}

func newCalendar(from, until int64, depth float64) (*calendar, error) {
	c := &calendar{from: int32(from/secondsPerDay) - 60}
	for y := firstYear; y <= lastYear; y++ {
		for m := time.January; m <= time.December; m++ {
			c.months = append(c.months, newMonth(y, m, depth))
		}
	}
	days := int32(until/secondsPerDay) - c.from + 5*366
	for _, z := range zones {
		offsets := make([]int32, days)
		location := Home
		if z.valid {
			var err error
			if location, err = time.LoadLocation(z.name); err != nil {
				return nil, fmt.Errorf("time zone %s: %w", z.name, err)
			}
		}
		for d := range offsets {
			noon := time.Unix((int64(c.from)+int64(d))*secondsPerDay+secondsPerDay/2, 0)
			_, offset := noon.In(location).Zone()
			offsets[d] = int32(offset)
		}
		c.offsets = append(c.offsets, offsets)
	}
	return c, nil
}

func newMonth(year int, m time.Month, depth float64) month {
	start := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC)
	out := month{
		first:  int32(start.Unix() / secondsPerDay),
		length: int32(start.AddDate(0, 1, 0).Sub(start) / (24 * time.Hour)),
	}
	out.factor = math.Pow(season[m-1], depth) * float64(out.length) / daysPerMonth
	for class, factors := range weekdays {
		total := 0.0
		for d := range out.length {
			total += factors[weekdayOf(out.first+d)]
			out.upTo[class][d] = float32(total)
		}
		for d := range out.length {
			out.upTo[class][d] /= float32(total)
		}
	}
	return out
}

func weekdayOf(day int32) int { return int((day + weekdayOfEpoch) % 7) }

// day draws a day of the month.
func (m *month) day(class uint8, u float64) int32 {
	upTo := m.upTo[class][:m.length]
	d := sort.Search(len(upTo)-1, func(i int) bool { return float64(upTo[i]) > u })
	return m.first + int32(d)
}

// offset is how far zone is east of UTC on a civil day, in seconds.
func (c *calendar) offset(zone uint8, day int32) int64 {
	table := c.offsets[zone]
	i := min(max(day-c.from, 0), int32(len(table)-1))
	return int64(table[i])
}

// utc is the instant of a civil day and second in a zone.
func (c *calendar) utc(zone uint8, day int32, second int) int64 {
	return int64(day)*secondsPerDay + int64(second) - c.offset(zone, day)
}

// local is the civil day and second of an instant in a zone.
func (c *calendar) local(zone uint8, at int64) (day int32, second int) {
	shifted := at + c.offset(zone, int32(at/secondsPerDay))
	return int32(shifted / secondsPerDay), int(shifted % secondsPerDay)
}
