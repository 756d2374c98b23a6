package measurement

import (
	"cmp"
	"slices"
)

// Holm adjusts the probabilities of several comparisons that are looked at together, so that the chance of even one false
// claim among them stays below the level (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
// Journal of Statistics 1979). In the order of its input.
func Holm(probabilities []float64) []float64 {
	order := make([]int, len(probabilities))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(probabilities[a], probabilities[b]) })
	adjusted := make([]float64, len(probabilities))
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, probabilities[i]*float64(len(order)-rank)))
		adjusted[i] = least
	}
	return adjusted
}
