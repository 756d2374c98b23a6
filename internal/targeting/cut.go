package targeting

import (
	"fmt"
	"math"
	"slices"
)

// Bins is how finely scores are counted, lowest first.
const Bins = 1024

// Cut is where an audience ends: bins above Bin are chosen whole, and of Bin itself Take[i] customers of shard i, those
// with the most luck. Share is the part of Bin that this is.
type Cut struct {
	Bin   int
	Share float64
	Take  []uint32
	// Deciles are the bins from which on the next tenth of the chosen begins, lowest first.
	Deciles []int
}

// SizeOf is how many customers a size and a share of the eligible come to together: the fewer; 0 is everybody. A share of
// few is one at least.
func SizeOf(scores [][]uint32, size int, share float64) int {
	if share <= 0 || share >= 1 {
		return size
	}
	eligible := 0
	for _, bins := range scores {
		for _, n := range bins {
			eligible += int(n)
		}
	}
	part := max(1, int(math.Round(share*float64(eligible))))
	if size > 0 {
		return min(size, part)
	}
	return part
}

// CutAt finds the cut for size customers (0: everybody) over all shards' histograms. The sizes add up exactly.
// Nobody in any bin is ErrEmptyAudience.
func CutAt(scores [][]uint32, size int) (Cut, error) {
	var totals [Bins]uint64
	var eligible uint64
	for shard, bins := range scores {
		if len(bins) != Bins {
			return Cut{}, fmt.Errorf("shard %d has %d score bins instead of %d: score it again", shard, len(bins), Bins)
		}
		for i, n := range bins {
			totals[i] += uint64(n)
			eligible += uint64(n)
		}
	}
	if eligible == 0 {
		return Cut{}, ErrEmptyAudience
	}
	if size <= 0 || uint64(size) >= eligible {
		all := Cut{Bin: -1, Share: 1}
		all.Deciles = cutDeciles(totals, all, eligible)
		return all, nil
	}
	left := uint64(size)
	bin := Bins - 1
	for ; totals[bin] < left; bin-- {
		left -= totals[bin]
	}
	cut := Cut{Bin: bin, Share: float64(left) / float64(totals[bin]), Take: make([]uint32, len(scores))}
	// Largest remainder: each shard gives its part of the bin, and what rounding leaves goes to the largest fractions.
	given := uint64(0)
	order := make([]int, len(scores))
	for i, bins := range scores {
		order[i] = i
		cut.Take[i] = uint32(uint64(bins[bin]) * left / totals[bin])
		given += uint64(cut.Take[i])
	}
	slices.SortStableFunc(order, func(a, b int) int {
		ra, rb := uint64(scores[a][bin])*left%totals[bin], uint64(scores[b][bin])*left%totals[bin]
		switch {
		case ra > rb:
			return -1
		case ra < rb:
			return 1
		}
		return 0
	})
	for _, i := range order[:left-given] {
		cut.Take[i]++
	}
	cut.Deciles = cutDeciles(totals, cut, uint64(size))
	return cut, nil
}
