package budget

// LotSteps is how finely the share of those whose option is drawn is chosen.
const LotSteps = 256

// LotUse is what the lots use of each limit, by their place: LotSteps ranges up to most.
func (t *Table) LotUse(limits []Limit, most float64) [][]int64 {
	steps := make([][]int64, LotSteps)
	for i := range steps {
		steps[i] = make([]int64, len(limits))
	}
	for l, lot := range t.lots {
		if lot.Place >= most || lot.Drawn < 0 {
			continue
		}
		at, row := min(int(lot.Place/most*LotSteps), LotSteps-1), int(t.lot[l])
		for j, limit := range limits {
			if limit.covers(int(t.class[row])) {
				steps[at][j] += t.use(limit, row, lot.Drawn)
			}
		}
	}
	return steps
}

// CutLots is the largest share up to most at which those whose option is drawn use no more of any limit than that share
// of it.
func CutLots(limits []Limit, steps [][]int64, most float64) float64 {
	use := make([]int64, len(limits))
	for i, step := range steps {
		use = plus(use, step)
		for j, u := range use {
			// A least number is no budget that the drawn could use up.
			if limits[j].Most >= 0 && float64(u) > most*float64(limits[j].Most) {
				return most * float64(i) / LotSteps
			}
		}
	}
	return most
}
