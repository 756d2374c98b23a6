package campaign

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Moment is an instant of the spec, read as a local date or date-time in the spec's zone. It is kept in UTC, so that
// what comes back from JSON equals what went in; the zero Moment is null in JSON.
type Moment struct{ time.Time }

// ParseMoment reads 2026-03-01, 2026-03-01 09:00 or 2026-03-01T09:00:00 as local time of the zone. With end, a date
// alone means that day's end, which is the next day's start. A day starts with its first instant, also where clocks skip
// midnight or show it twice; a local time that they show twice is the first of the two. A day or a time that a clock
// change skips is an error.
func ParseMoment(text string, zone *time.Location, end bool) (Moment, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		at, exists := dayStart(day, zone)
		if !exists {
			return Moment{}, wrong(sayf("%q does not exist in %s: the calendar leaves it out", "%q: %s에 없는 날짜입니다", text, zone), say("write the day after it", "다음 날로 쓰세요"))
		}
		if !end {
			return Moment{at}, nil
		}
		for next := day.AddDate(0, 0, 1); ; next = next.AddDate(0, 0, 1) {
			if at, exists = dayStart(next, zone); exists {
				return Moment{at}, nil
			}
		}
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		wall, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		at, shown := instant(wall, zone)
		if !shown {
			return Moment{}, wrong(sayf("%q does not exist in %s: the clocks are put forward then", "%q: %s에 없는 시각입니다(서머타임으로 건너뜁니다)", text, zone), say("write an hour later", "한 시간 뒤로 쓰세요"))
		}
		return Moment{at}, nil
	}
	return Moment{}, wrong(sayf("%q is not a date that exists", "%q: 날짜가 아니거나 없는 날짜입니다", text), say("write 2026-03-01 or 2026-03-01 09:00", "2026-03-01 또는 2026-03-01 09:00처럼 쓰세요"))
}

// MarshalJSON writes the instant in UTC, or null.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	return m.UTC().MarshalJSON()
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Moment) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*m = Moment{}
		return nil
	}
	var at time.Time
	if err := json.Unmarshal(data, &at); err != nil {
		return err
	}
	*m = Moment{at.UTC()}
	return nil
}

// Duration is a length such as 36h, 14d or 2w; a day is 24 hours.
type Duration time.Duration

const day = 24 * time.Hour

var units = []struct {
	letter byte
	length time.Duration
}{{'w', 7 * day}, {'d', day}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// ParseDuration reads whole weeks, days, hours, minutes and seconds, in this order: 2w, 14d, 1d12h, 90m.
func ParseDuration(text string) (Duration, error) {
	bad := wrong(sayf("%q is not a length of time", "%q: 기간이 아닙니다", text), say("write 36h, 14d or 2w", "36h(시간), 14d(일), 2w(주)처럼 쓰세요"))
	rest, total, unit := text, time.Duration(0), 0
	for rest != "" {
		digits := strings.TrimLeft(rest, "0123456789")
		number := rest[:len(rest)-len(digits)]
		if number == "" || digits == "" {
			return 0, bad
		}
		for unit < len(units) && units[unit].letter != digits[0] {
			unit++
		}
		if unit == len(units) {
			return 0, bad
		}
		count, err := strconv.ParseInt(number, 10, 64)
		if err != nil || count > int64((math.MaxInt64-total)/units[unit].length) {
			return 0, wrong(sayf("%q is too long: the most is 292 years", "%q: 너무 깁니다. 최대 292년입니다", text), nil)
		}
		total += time.Duration(count) * units[unit].length
		unit, rest = unit+1, digits[1:]
	}
	if text == "" {
		return 0, bad
	}
	return Duration(total), nil
}

// Std is the length as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the length as ParseDuration reads it, in days and less: 14d, 1d12h, 0s.
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	rest, out := time.Duration(d), ""
	if rest < 0 {
		return rest.String()
	}
	for _, unit := range units[1:] {
		if count := rest / unit.length; count > 0 {
			out += strconv.FormatInt(int64(count), 10) + string(unit.letter)
			rest %= unit.length
		}
	}
	if rest > 0 { // never from a spec, where a second is the least
		return time.Duration(d).String()
	}
	return out
}

// MarshalText writes the length as text, for people who read it in the Temporal UI.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(text []byte) error {
	read, err := ParseDuration(string(text))
	if err != nil {
		std, other := time.ParseDuration(string(text))
		if other != nil {
			return err
		}
		read = Duration(std)
	}
	*d = read
	return nil
}

// Share is a part of a whole, 0 to 1, written as 10% or 0.1.
type Share float64

// ParseShare reads 10%, 2.5% or 0.1. A bare number above 1 is refused: 10 may be meant as 10%.
func ParseShare(text string) (Share, error) {
	bad := wrong(sayf("%q is not a share", "%q: 비율이 아닙니다", text), say("write 10% or 0.1", "10% 또는 0.1처럼 쓰세요"))
	number, percent := strings.CutSuffix(text, "%")
	number = strings.TrimSuffix(number, " ")
	if strings.Trim(number, "0123456789.") != "" {
		return 0, bad
	}
	if percent {
		number += "e-2" // dividing by 100 would round a second time
	}
	share, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
		return 0, bad
	case share > 1 && !percent:
		return 0, wrong(sayf("%q is more than the whole", "%q: 전체(100%%)보다 큽니다", text), sayf("write %s%% if you mean percent", "퍼센트라면 %s%%로 쓰세요", number))
	case share > 1:
		return 0, wrong(sayf("%q is more than the whole", "%q: 전체(100%%)보다 큽니다", text), nil)
	}
	return Share(share), nil
}

// String is the share in percent: 10%, 2.5%.
func (s Share) String() string {
	text := strconv.FormatFloat(float64(s)*100, 'f', 6, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "%"
}

// Clock is a time of day in minutes since midnight, written as 09:00; 24:00 is allowed as an end.
type Clock int

// ParseClock reads 09:00, 9:00 or 24:00.
func ParseClock(text string) (Clock, error) {
	hours, minutes, split := strings.Cut(text, ":")
	hour, err := strconv.ParseUint(hours, 10, 8)
	minute, err2 := strconv.ParseUint(minutes, 10, 8)
	clock := Clock(hour*60 + minute)
	if !split || err != nil || err2 != nil || len(hours) > 2 || len(minutes) != 2 || minute > 59 || clock > 24*60 {
		return 0, wrong(sayf("%q is not a time of day", "%q: 시각이 아닙니다", text), say("write 00:00 to 24:00, as in 09:00", "00:00부터 24:00까지 09:00처럼 쓰세요"))
	}
	return clock, nil
}

// String is the time of day: 09:00.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText writes the time of day as 09:00.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (c *Clock) UnmarshalText(text []byte) (err error) {
	*c, err = ParseClock(string(text))
	return err
}

// On is the instant that the clock shows this time on the day of at, in at's zone.
func (c Clock) On(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), int(c)/60, int(c)%60, 0, 0, at.Location())
}
