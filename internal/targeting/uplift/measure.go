package uplift

import (
	"math/rand/v2"
	"slices"

	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Interval is an estimate with its bounds of 95 %.
type Interval struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Area is the area between the curve of gained effect, when customers are taken in the order of score, and the straight
// line of taking them at random, per customer. Effect is each customer's effect: the truth where it is known, or the
// doubly robust one (this is then the area of the Qini curve, without its noise of unequal arms).
func Area(score, effect []float32) float64 { return areaOf(learn.Descending(score), effect, nil) }

// areaOf takes rows in the given order, each weight times.
func areaOf(order []int, effect []float32, weight []float32) float64 {
	var n, total float64
	for _, i := range order {
		w := weightOf(weight, i)
		n += w
		total += w * float64(effect[i])
	}
	if n == 0 {
		return 0
	}
	var gained, taken, area float64
	for _, i := range order {
		w := weightOf(weight, i)
		before := gained - total*taken/n
		gained += w * float64(effect[i])
		taken += w
		area += w * (before + gained - total*taken/n) / 2
	}
	return area / (n * n)
}

func weightOf(weight []float32, i int) float64 {
	if weight == nil {
		return 1
	}
	return float64(weight[i])
}

// At is the mean effect among the share of customers with the highest scores.
func At(share float64, score, effect []float32) float64 {
	return atOf(share, learn.Descending(score), effect, nil)
}

func atOf(share float64, order []int, effect, weight []float32) float64 {
	n := 0.0
	for _, i := range order {
		n += weightOf(weight, i)
	}
	var gained, taken float64
	for _, i := range order {
		if taken >= share*n {
			break
		}
		w := weightOf(weight, i)
		gained, taken = gained+w*float64(effect[i]), taken+w
	}
	if taken == 0 {
		return 0
	}
	return gained / taken
}

// Measured is how good a score is at finding effects, on customers whom its model has not seen.
type Measured struct {
	Qini   Interval `json:"qini"`    // area between curve and straight line, per customer
	At30   Interval `json:"at_30"`   // mean effect among the best 30 %
	Policy Interval `json:"policy"`  // mean gain per customer of contacting whoever has a score above cost
	Effect Interval `json:"average"` // mean effect of contacting everybody
}

// resamples is how often an interval's sample is drawn again.
const resamples = 200

// Measure judges scores by doubly robust effects, with intervals from a bootstrap over customers. Cost is of one contact,
// in units of the outcome.
func Measure(score, effect []float32, cost float64, seed uint64) Measured {
	order := learn.Descending(score)
	figures := func(weight []float32) [4]float64 {
		var n, policy, all float64
		for i, e := range effect {
			w := weightOf(weight, i)
			n += w
			all += w * float64(e)
			if float64(score[i]) > cost {
				policy += w * (float64(e) - cost)
			}
		}
		n = max(n, 1)
		return [4]float64{areaOf(order, effect, weight), atOf(.3, order, effect, weight), policy / n, all / n}
	}
	means := figures(nil)
	r := rand.New(rand.NewPCG(seed, 0x626f6f74))
	var drawn [4][]float64
	weight := make([]float32, len(score))
	for range resamples {
		clear(weight)
		for range weight {
			weight[r.IntN(len(weight))]++
		}
		for k, v := range figures(weight) {
			drawn[k] = append(drawn[k], v)
		}
	}
	interval := func(k int) Interval {
		slices.Sort(drawn[k])
		return Interval{means[k], drawn[k][resamples*25/1000], drawn[k][resamples*975/1000-1]}
	}
	return Measured{interval(0), interval(1), interval(2), interval(3)}
}

// PolicyOf is the mean gain per customer of contacting the share with the highest scores, less the cost of it, with an
// interval from a bootstrap over customers.
func PolicyOf(share float64, score, effect []float32, cost float64, seed uint64) Interval {
	order := learn.Descending(score)
	gain := func(weight []float32) float64 { return share * (atOf(share, order, effect, weight) - cost) }
	r := rand.New(rand.NewPCG(seed, 0x706f6c69))
	weight := make([]float32, len(score))
	var drawn []float64
	for range resamples {
		clear(weight)
		for range weight {
			weight[r.IntN(len(weight))]++
		}
		drawn = append(drawn, gain(weight))
	}
	slices.Sort(drawn)
	return Interval{gain(nil), drawn[resamples*25/1000], drawn[resamples*975/1000-1]}
}
