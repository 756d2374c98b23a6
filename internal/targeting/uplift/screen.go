package uplift

import (
	"cmp"
	"math"
	"slices"
)

// Effects are small against the noise, and a tree that may split on forty features where eight matter splits on noise.
// screen keeps the features whose bins differ in effect by more than chance (Radcliffe and Surry, 2011): those with a
// chance of at most keepBelow of looking so by luck, and at least fewestKept.
const (
	screenGroups = 8
	fewestKept   = 5
	keepBelow    = .01
)

// screen gives the features worth splitting on, in order, by label (an unbiased effect of each customer) and weight.
func screen(bins [][]uint8, label, weight []float32) []int {
	order, chance := ranked(bins, label, weight)
	kept := 0
	for kept < len(order) && (kept < fewestKept || chance[order[kept]] < keepBelow) {
		kept++
	}
	order = order[:kept]
	slices.Sort(order)
	return order
}

// ranked gives all features, the one that looks least like luck first, and each one's chance of looking so by luck.
func ranked(bins [][]uint8, label, weight []float32) (order []int, chance []float64) {
	chance, order = make([]float64, len(bins)), make([]int, len(bins))
	for j, column := range bins {
		order[j], chance[j] = j, luck(column, label, weight)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(chance[a], chance[b]) })
	return order, chance
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
