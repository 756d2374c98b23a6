package measurement

import "time"

// Question is what is compared: over a window, in one currency, and over Baseline before Instant.
type Question struct {
	Snapshot string // whose segments customers are told apart by
	Currency string
	Opens    time.Time
	Closes   time.Time // exclusive
	Instant  time.Time // of the snapshot: nothing after it may adjust the comparison
	Baseline time.Duration
	Periods  int           // cumulative looks within the window
	Period   time.Duration // of each; the last ends with the window
	Cap      float64       // spend above it counts as it, where spend is winsorised; 0: no cap
	CapPre   float64       // the same before the snapshot
}

// mostPeriods bounds what a report draws.
const mostPeriods = 62

// Looks cuts a window into days, or into as many days each as keep them at most 62.
func Looks(opens, closes time.Time) (periods int, period time.Duration) {
	const day = 24 * time.Hour
	length := closes.Sub(opens)
	if length <= 0 {
		return 0, day
	}
	days := int((length + day - 1) / day)
	each := (days + mostPeriods - 1) / mostPeriods
	period = time.Duration(each) * day
	return int((length + period - 1) / period), period
}
