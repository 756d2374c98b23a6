package budget

import (
	"math"
	"sync"
)

// smooth is the dual of a table with the best choice rounded off: each customer takes options in proportion to
// exp(worth / warmth). That has a curvature, which the dual itself lacks, and so allows steps of Newton's kind.
type smooth struct {
	value    float64
	gradient []float64 // by limit: what is allowed less what is used
	bend     []float64 // by pair of limits
}

func newSmooth(limits int) *smooth {
	return &smooth{gradient: make([]float64, limits), bend: make([]float64, limits*limits)}
}

// weights are the limits that bind an option of a class, so that no customer is held against all limits.
type weights [][]int32 // by class and option

func newWeights(limits []Limit, classes, options int) weights {
	w := make(weights, classes*options)
	for j, l := range limits {
		for class := range classes {
			if !l.covers(class) {
				continue
			}
			for k, weight := range l.Weight {
				if weight != (Weight{}) {
					w[class*options+k] = append(w[class*options+k], int32(j))
				}
			}
		}
	}
	return w
}

// smoothParts is fixed, so that the sums are added in the same order on any machine.
const smoothParts = 4

// smooth works out the rounded dual at prices, for limits of which so much is allowed. Customers who are skipped have no
// choice.
func (t *Table) smooth(limits []Limit, of weights, allowed, prices []float64, warmth float64, goal aim, skip []bool) *smooth {
	r := newRates(limits, prices, t.classes, t.options, len(t.costs), goal)
	var parts [smoothParts]*smooth
	var wait sync.WaitGroup
	for part := range smoothParts {
		wait.Go(func() {
			parts[part] = t.smoothPart(limits, of, r, warmth, skip, t.Len()*part/smoothParts, t.Len()*(part+1)/smoothParts)
		})
	}
	wait.Wait()
	out := parts[0]
	for _, part := range parts[1:] {
		out.value += part.value
		for j, g := range part.gradient {
			out.gradient[j] += g
		}
		for i, b := range part.bend {
			out.bend[i] += b
		}
	}
	n := len(limits)
	for j := range limits {
		out.gradient[j] = allowed[j] - out.gradient[j]
		if prices[j] != 0 {
			out.value += prices[j] * allowed[j]
		}
		for i := range j {
			both := out.bend[j*n+i] + out.bend[i*n+j]
			out.bend[j*n+i], out.bend[i*n+j] = both, both
		}
	}
	return out
}

// negligible is a share of a choice that is not worth reckoning with.
const negligible = 1e-7

func (t *Table) smoothPart(limits []Limit, of weights, r *rates, warmth float64, skip []bool, low, high int) *smooth {
	n, options := len(limits), t.options
	out := newSmooth(n)
	nets, mean := make([]float64, options), make([]float64, n)
	var touched []int32
	seen := make([]int, n) // the customer who touched a limit last, from 1
	use := func(j int32, i, k int) float64 {
		w, at := limits[j].Weight[k], i*options+k
		return float64(w.Cost)*float64(t.costs[limits[j].Column][at]) + float64(w.Value)*float64(t.values[at]) + float64(w.Unit)
	}
	for i := low; i < high; i++ {
		if skip != nil && skip[i] {
			continue
		}
		class, at := int(t.class[i]), i*options
		best := 0.0
		for k := range options {
			v := t.values[at+k]
			if v <= Never {
				nets[k] = math.Inf(-1)
				continue
			}
			nets[k] = r.net(class, k, r.weight[class], v, t.costs[0][at+k], r.row[class*options+k], t.costs, at)
			best = max(best, nets[k])
		}
		total := math.Exp(-best / warmth)
		for k, net := range nets {
			nets[k] = 0
			if net-best > -warmth*16 {
				nets[k] = math.Exp((net - best) / warmth)
				total += nets[k]
			}
		}
		out.value += best + warmth*math.Log(total)
		touched = touched[:0]
		for k, e := range nets {
			share := e / total
			if share < negligible {
				continue
			}
			js := of[class*options+k]
			for a, j := range js {
				uj := use(j, i, k)
				if seen[j] != i+1 {
					seen[j], touched = i+1, append(touched, j)
				}
				mean[j] += share * uj
				for _, l := range js[:a+1] {
					out.bend[int(j)*n+int(l)] += share * uj * use(l, i, k) / warmth
				}
			}
		}
		for a, j := range touched {
			out.gradient[j] += mean[j]
			for _, l := range touched[:a+1] {
				out.bend[int(j)*n+int(l)] -= mean[j] * mean[l] / warmth
			}
		}
		for _, j := range touched {
			mean[j] = 0
		}
	}
	return out
}
