package uplift

import (
	"cmp"
	"math"
	"slices"
)

// Effects are small against the noise, and a tree that may split on forty features where eight matter splits on noise.
// Screens keep the features whose bins differ in effect by more than chance (Radcliffe and Surry, 2011): those with so small a
// chance of looking so by luck, and at least fewestKept. A strict one misses what a wide one lets noise in beside, so trees are
// grown behind both.
const (
	screenGroups = 8
	fewestKept   = 5
)

var screens = []float64{.01, .05}

// likely gives the features that have a chance below a bound of looking so by luck, at least the fewest, and the one that
// looks least like luck first.
func likely(bins [][]uint8, label, weight []float32, below float64) []int {
	chance, order := make([]float64, len(bins)), make([]int, len(bins))
	for j, column := range bins {
		order[j], chance[j] = j, luck(column, label, weight)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(chance[a], chance[b]) })
	kept := 0
	for kept < len(order) && (kept < fewestKept || chance[order[kept]] < below) {
		kept++
	}
	return order[:kept]
}

// luck is about the chance that groups of bins differ so much in mean label, if it didn't depend on the feature: a
// one-way analysis of variance, its ratio turned into a normal score by Wilson and Hilferty (PNAS 1931).
func luck(column []uint8, label, weight []float32) float64 {
	groups := group(column)
	var n, sum [256]float64
	var total, mean, squares float64
	for i, b := range column {
		w, y := weightOf(weight, i), float64(label[i])
		g := groups[b]
		n[g] += w
		sum[g] += w * y
		total += w
		mean += w * y
		squares += w * y * y
	}
	mean /= total
	between, degrees := 0.0, -1.0
	for g := range n {
		if n[g] > 0 {
			d := sum[g]/n[g] - mean
			between += n[g] * d * d
			degrees++
		}
	}
	within := (squares - total*mean*mean) / total
	if degrees < 1 || within <= 0 {
		return 1
	}
	if weight != nil { // weights are of precision, so that their scale cancels
		within = (squares - total*mean*mean) / float64(len(column))
	}
	ratio := between / within / degrees
	z := (math.Cbrt(ratio) - (1 - 2/(9*degrees))) / math.Sqrt(2/(9*degrees))
	return math.Erfc(z/math.Sqrt2) / 2
}

// group puts a column's bins into few groups of about as many customers each, in order.
func group(column []uint8) [256]uint8 {
	var count [256]int
	for _, b := range column {
		count[b]++
	}
	var groups [256]uint8
	seen := 0
	for b, n := range count {
		groups[b] = uint8(min((seen+n/2)*screenGroups/max(len(column), 1), screenGroups-1))
		seen += n
	}
	return groups
}
