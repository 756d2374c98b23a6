package measurement

import "time"

// Question is what is compared: a metric over a window, in one currency, and over Baseline before Instant.
type Question struct {
	Metric   string
	Currency string
	Opens    time.Time
	Closes   time.Time // exclusive
	Instant  time.Time // of the snapshot: nothing after it may adjust the comparison
	Baseline time.Duration
}
