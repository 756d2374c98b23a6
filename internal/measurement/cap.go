package measurement

import (
	"maps"
	"math"
	"slices"
)

// BucketsPerDoubling is how finely amounts are counted for a cap: an edge lies at most 1.1 % above the amount.
const BucketsPerDoubling = 64

// Histogram counts customers by the bucket of what they spent: floor(log2(amount) x BucketsPerDoubling). Who spent
// nothing is in no bucket.
type Histogram map[int]uint64

// Add counts other customers too.
func (h Histogram) Add(o Histogram) {
	for bucket, n := range o {
		h[bucket] += n
	}
}

// Cap is where spend is winsorised: the upper edge of the bucket in which the share-th of all customers lies, those who
// spent nothing too. It looks at the arms together, so that the arms can't have different ones, and follows from the
// pre-registered share alone. 0, which caps nothing, when the share is 0 or nobody beyond it spent anything.
func (h Histogram) Cap(share float64, customers uint64) float64 {
	if share <= 0 || share >= 1 {
		return 0
	}
	above := uint64(math.Floor(float64(customers) * (1 - share))) // customers who may lie beyond the cap
	for _, bucket := range slices.Backward(slices.Sorted(maps.Keys(h))) {
		if h[bucket] > above {
			return math.Ceil(math.Exp2(float64(bucket+1) / BucketsPerDoubling))
		}
		above -= h[bucket]
	}
	return 0
}
