package features

import "math"

// Drift of a feature between two snapshots, by the population stability index: below Warn it is the same population,
// from Block on a model that was fitted on the one must not score the other.
const (
	Warn  = 0.10
	Block = 0.25
)

// Levels of drift.
const (
	Stable  = "stable"
	Warned  = "warn"
	Blocked = "block"
)

// coarse is the least share of a group of bins: 255 bins of few customers would differ by chance alone.
const coarse = 0.05

// PSI is the population stability index between counts by bin, sum of (q - p) ln(q / p) over neighbouring bins in groups
// of at least a twentieth of p; the bin of missing values stays alone. Counts of one length; empty ones give 0.
func PSI(before, after []uint64) float64 {
	p, q := shares(before), shares(after)
	if p == nil || q == nil {
		return 0
	}
	index := term(p[Missing], q[Missing])
	var a, b, left float64
	for _, share := range p[Missing+1:] {
		left += share
	}
	for i := Missing + 1; i < len(p); i++ {
		a, b, left = a+p[i], b+q[i], left-p[i]
		// The last group takes a rest that would be too small for one of its own.
		if i == len(p)-1 || a >= coarse && left >= coarse {
			index += term(a, b)
			a, b = 0, 0
		}
	}
	return index
}

// term keeps the logarithm finite where one side is empty: as if one in ten thousand were there.
func term(p, q float64) float64 {
	if p == q {
		return 0
	}
	const least = 1e-4
	p, q = max(p, least), max(q, least)
	return (q - p) * math.Log(q/p)
}

func shares(counts []uint64) []float64 {
	var total uint64
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		return nil
	}
	out := make([]float64, len(counts))
	for i, n := range counts {
		out[i] = float64(n) / float64(total)
	}
	return out
}

// Level says what an index means.
func Level(psi float64) string {
	switch {
	case psi >= Block:
		return Blocked
	case psi >= Warn:
		return Warned
	}
	return Stable
}
