package learn

import (
	"math/rand/v2"
	"slices"
)

// Folds deals rows into k folds so that each has its part of every stratum. The same seed deals alike.
func Folds(strata []int, k int, seed uint64) []uint8 {
	order := make([]int, len(strata))
	for i := range order {
		order[i] = i
	}
	r := rand.New(rand.NewPCG(seed, 0x666f6c6473))
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	slices.SortStableFunc(order, func(a, b int) int { return strata[a] - strata[b] })
	folds := make([]uint8, len(strata))
	for i, row := range order {
		folds[row] = uint8(i % k)
	}
	return folds
}

// In are the rows whose fold is f; Out are the others.
func In(folds []uint8, f uint8) []int { return where(folds, func(g uint8) bool { return g == f }) }

// Out are the rows that are not in fold f.
func Out(folds []uint8, f uint8) []int { return where(folds, func(g uint8) bool { return g != f }) }

func where(folds []uint8, keep func(uint8) bool) []int {
	var rows []int
	for i, g := range folds {
		if keep(g) {
			rows = append(rows, i)
		}
	}
	return rows
}
