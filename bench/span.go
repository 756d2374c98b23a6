package main

import (
	"slices"
	"time"
)

// span is a stretch of wall time.
type span struct{ from, to time.Time }

func (s span) seconds() float64 { return s.to.Sub(s.from).Seconds() }

// union merges spans that touch; the result is in order and free of overlaps.
func union(spans []span) []span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	var merged []span
	for _, s := range spans {
		if !s.to.After(s.from) {
			continue
		}
		if last := len(merged) - 1; last >= 0 && !s.from.After(merged[last].to) {
			if s.to.After(merged[last].to) {
				merged[last].to = s.to
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// within is what lies inside of a window.
func within(spans []span, window span) []span {
	var inside []span
	for _, s := range spans {
		if s.from.Before(window.from) {
			s.from = window.from
		}
		if s.to.After(window.to) {
			s.to = window.to
		}
		if s.to.After(s.from) {
			inside = append(inside, s)
		}
	}
	return inside
}

// covered is how many seconds the spans cover together.
func covered(spans []span) (seconds float64) {
	for _, s := range union(spans) {
		seconds += s.seconds()
	}
	return seconds
}
