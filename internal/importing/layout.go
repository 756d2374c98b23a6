package importing

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Layout is one way to write dates, as a mapping lists it:
//
//	iso        2017-01-28T19:06:53Z, 2017-01-28 19:06:53, 2017-01-28; an offset counts, else the mapping's zone
//	unix       seconds since 1970
//	unix ms    milliseconds since 1970
//	hours since 2026-01-01   whole hours (or seconds, minutes, days of 24 hours) since the start of that day
//	DD.MM.YYYY hh:mm   YYYY YY MM MMM M DD D hh h12 mm ss .s AM ZZ, and signs between them
type Layout struct {
	name string
	unit time.Duration // of layouts that count
	from string        // the day that is counted from; empty: 1970-01-01 UTC
	goes []string      // Go layouts, the first that fits
}

// maxCounted is the longest time that a layout counts: a century.
const maxCounted = 100 * 366 * 24 * time.Hour

var layoutToken = regexp.MustCompile(`YYYY|YY|MMMM|MMM|MM|M|DD|D|h12|hh|mm|ss|\.s+|AM|ZZ|[A-Za-z0-9]+`)

var layoutTokens = map[string]string{
	"YYYY": "2006", "YY": "06", "MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1", "DD": "02", "D": "2",
	"hh": "15", "h12": "3", "mm": "04", "ss": "05", "AM": "PM", "ZZ": "Z07:00", "T": "T", "Z": "Z",
}

// ParseLayout reads one layout of a mapping.
func ParseLayout(text string) (Layout, error) {
	switch text {
	case "iso":
		return Layout{name: text, goes: []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", time.DateOnly}}, nil
	case "unix":
		return Layout{name: text, unit: time.Second}, nil
	case "unix ms":
		return Layout{name: text, unit: time.Millisecond}, nil
	}
	if name, day, counts := strings.Cut(text, " since "); counts {
		unit, known := map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}[name]
		if _, err := time.Parse(time.DateOnly, day); err != nil || !known {
			return Layout{}, fmt.Errorf("layout %q: write seconds, minutes, hours or days since a day, as in hours since 2026-01-01", text)
		}
		return Layout{name: text, unit: unit, from: day}, nil
	}
	var unknown string
	translated := layoutToken.ReplaceAllStringFunc(text, func(token string) string {
		if strings.HasPrefix(token, ".s") {
			return "." + strings.Repeat("0", len(token)-1)
		}
		known, ok := layoutTokens[token]
		if !ok && unknown == "" {
			unknown = token
		}
		return known
	})
	if unknown != "" || !strings.Contains(text, "YY") || !strings.Contains(text, "M") || !strings.Contains(text, "D") {
		why := "it needs a year, a month and a day"
		if unknown != "" {
			why = fmt.Sprintf("%q means nothing here", unknown)
		}
		return Layout{}, fmt.Errorf("layout %q: %s; write iso, unix, unix ms, or a pattern such as DD.MM.YYYY hh:mm:ss", text, why)
	}
	return Layout{name: text, goes: []string{translated}}, nil
}

var (
	errNoLayout  = errors.New("in none of the listed date layouts")
	errAmbiguous = errors.New("a different date in two of the listed layouts")
)

// parse reads text; ok is whether it is in the layout.
func (l Layout) parse(text string, zone *time.Location) (t time.Time, ok bool) {
	if l.unit > 0 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > 1<<53 || n < -1<<53 {
			return t, false
		}
		if l.from != "" {
			first, err := time.ParseInLocation(time.DateOnly, l.from, zone)
			if n < 0 || n > int64(maxCounted/l.unit) || err != nil {
				return t, false
			}
			return first.Add(time.Duration(n) * l.unit), true
		}
		if l.unit == time.Millisecond {
			return time.UnixMilli(n), true
		}
		return time.Unix(n, 0), true
	}
	for _, layout := range l.goes {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, true
		}
	}
	return t, false
}

// parseTime reads text by exactly one of the layouts: two that read it
// differently (03/04/2017) leave its meaning open, so it is refused.
func parseTime(text string, layouts []Layout, zone *time.Location) (time.Time, error) {
	var found time.Time
	seen := false
	for _, l := range layouts {
		t, ok := l.parse(text, zone)
		if !ok {
			continue
		}
		if seen && !t.Equal(found) {
			return found, errAmbiguous
		}
		found, seen = t, true
	}
	if !seen {
		return found, errNoLayout
	}
	return found, nil
}
