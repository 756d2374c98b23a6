package learn

import (
	"cmp"
	"slices"
)

// Area is the chance that a row with the label has a higher score than one without it (the area under the ROC curve);
// ties count half. It is 0.5 where there is only one class.
func Area(score []float32, label []bool) float64 {
	order := Descending(score)
	slices.Reverse(order)
	var ranks, positive float64
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && score[order[j]] == score[order[i]] {
			j++
		}
		for _, row := range order[i:j] {
			if label[row] {
				ranks += float64(i+j+1) / 2
				positive++
			}
		}
		i = j
	}
	others := float64(len(order)) - positive
	if positive == 0 || others == 0 {
		return .5
	}
	return (ranks - positive*(positive+1)/2) / (positive * others)
}

// Descending are the rows in the order of their scores, highest first; equal ones as they come.
func Descending(score []float32) []int {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	return order
}
