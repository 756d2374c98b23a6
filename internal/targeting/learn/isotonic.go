package learn

import (
	"slices"
	"sort"
)

// Isotonic is a rising step function through points, by pooling adjacent violators (Ayer et al., 1955), with straight
// lines between the steps' middles so that it keeps the order of what it maps.
type Isotonic struct {
	From []float32 `json:"from"` // rising
	To   []float32 `json:"to"`   // rising, as many
}

// maxSteps bounds what is kept of a calibration.
const maxSteps = 200

// FitIsotonic fits the rising function of score that is nearest to outcome.
func FitIsotonic(score, outcome, weight []float32) Isotonic {
	type block struct{ sum, weight, from float64 }
	order := Descending(score)
	slices.Reverse(order)
	var blocks []block
	for _, i := range order {
		w := 1.0
		if weight != nil {
			w = float64(weight[i])
		}
		if w <= 0 {
			continue
		}
		blocks = append(blocks, block{w * float64(outcome[i]), w, w * float64(score[i])})
		for len(blocks) > 1 {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if a.sum/a.weight < b.sum/b.weight {
				break
			}
			blocks = append(blocks[:len(blocks)-2], block{a.sum + b.sum, a.weight + b.weight, a.from + b.from})
		}
	}
	var iso Isotonic
	every := max(1, (len(blocks)+maxSteps-1)/maxSteps)
	for i := 0; i < len(blocks); i += every {
		var sum block
		for _, b := range blocks[i:min(i+every, len(blocks))] {
			sum = block{sum.sum + b.sum, sum.weight + b.weight, sum.from + b.from}
		}
		from, to := float32(sum.from/sum.weight), float32(sum.sum/sum.weight)
		if n := len(iso.From); n > 0 && (from <= iso.From[n-1] || to < iso.To[n-1]) {
			continue // rounding made two of them one
		}
		iso.From, iso.To = append(iso.From, from), append(iso.To, to)
	}
	return iso
}

// At maps a score; beyond the ends it stays level. Without points it is the score itself.
func (c Isotonic) At(score float32) float32 {
	n := len(c.From)
	switch i := sort.Search(n, func(i int) bool { return c.From[i] >= score }); {
	case n == 0:
		return score
	case i == 0:
		return c.To[0]
	case i == n:
		return c.To[n-1]
	default:
		share := (score - c.From[i-1]) / (c.From[i] - c.From[i-1])
		return min(max(c.To[i-1]+share*(c.To[i]-c.To[i-1]), c.To[i-1]), c.To[i]) // rounding must not break the order
	}
}
