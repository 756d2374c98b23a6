package dispatch

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// factors estimates how customers' weeks differ from their segment's: the covariance of u between cells, from products of
// what was seen beyond expectation in two cells, without the products of an event with itself. Cells are scaled by the root
// of their share, which makes the noise of all products alike: an eigenvalue below the edge of that noise (Marchenko and
// Pastur's, twice its deviation times the root of the size) is no difference between customers; one above it is lowered by
// what the noise adds to it (as Benaych-Georges and Nadakuditi have it for a symmetric matrix: v = s + edge²/4s).
func (l *TimingLearner) factors(t *Timing, rhythms []*rhythm) [][cells]float64 {
	var root [cells]float64
	for c := range root {
		root[c] = math.Sqrt(t.all.active[c] * share(c))
	}
	var products [cells][cells]float64
	var pairs float64
	var p posterior
	for i := range l.habits {
		h := &l.habits[i]
		p.clear()
		r := rhythms[l.segment[i]]
		var own [cells]float64
		var total, squares float64
		for way := range ways {
			counts, w := h.way(way), t.weights[way]
			n := sum(counts)
			if n == 0 || w == 0 {
				continue
			}
			p.activity(counts, &r.shares[way], w)
			for c, v := range counts {
				own[c] += w * w * float64(v) * float64(h.squares[way]) / n
			}
			total += w * w * n // what D holds of u, by customer
			squares += w * w * w * w * float64(h.squares[way])
		}
		if total*total <= squares*1.0001 { // a single event has no pair
			continue
		}
		for a := range cells {
			if p.seen[a] == 0 {
				continue
			}
			for b := a; b < cells; b++ {
				v := p.seen[a] * p.seen[b]
				if a == b {
					v -= own[a]
				}
				products[a][b] += v / (root[a] * root[b])
			}
		}
		pairs += total*total - squares
	}
	covariance := mat.NewSymDense(cells, nil)
	for a := range cells {
		for b := a; b < cells; b++ {
			believed := priorCovariance(a, b) * root[a] * root[b]
			covariance.SetSym(a, b, (products[a][b]+pairsWorth*believed)/(pairs+pairsWorth))
		}
	}
	edge := 2 * math.Sqrt(cells*pairs) / (pairs + pairsWorth)
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		return nil // does not happen with finite numbers
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	var out [][cells]float64
	for k := cells - 1; k >= 0 && len(out) < mostFactors; k-- { // ascending
		if values[k] <= edge || values[k] <= 1e-4 {
			break
		}
		var f [cells]float64
		for c := range f {
			f[c] = math.Sqrt((values[k]+math.Sqrt(values[k]*values[k]-edge*edge))/2) * vectors.At(c, k) / root[c]
		}
		out = append(out, f)
	}
	return out
}

// priorCovariance is what is believed of u in two cells: hours near each other go together, and so do workdays and weekends.
func priorCovariance(a, b int) float64 {
	apart := (a - b + 2*cells) % hoursOfDay
	apart = min(apart, hoursOfDay-apart)
	v := priorSpread * math.Pow(priorNear, float64(apart))
	if (a < hoursOfDay) != (b < hoursOfDay) {
		v *= priorWeek
	}
	return v
}
