package budget

import (
	"math"
	"runtime"
	"sync"
)

// CurveSteps is how many prices a curve is read at.
const CurveSteps = 2048

// curveSpan is by how much the prices of a curve differ: from a limit's unit price times e^-curveSpan to e^curveSpan.
const curveSpan = 16.0

// Curve is what all customers' choices use of one limit, and are worth, at each of many prices of it, from high to low, when
// all other prices stay. Sums of shards may be added.
type Curve struct {
	Use   []int64 `json:"use"`   // added at each step, after those before it
	Value []int64 `json:"value"` // the same
}

// Add adds the curve of another shard.
func (c *Curve) Add(o Curve) { c.Use, c.Value = plus(c.Use, o.Use), plus(c.Value, o.Value) }

// Point is a place on a curve.
type Point struct {
	Use   int64 `json:"use"`
	Value int64 `json:"value"`
}

// Curve goes once over all customers. Of each it finds the upper hull of worth against use, whose corners are the prices at
// which the customer's choice changes, and counts the changes by price. Those whose option is drawn stay as they are.
func (t *Table) Curve(limits []Limit, ask Ask, limit int, unit float64) Curve {
	prices := append([]float64(nil), ask.Prices...)
	prices[limit] = 0
	r := newRates(limits, prices, t.classes, t.options, len(t.costs), forValue)
	drawn := map[int]int{}
	for l, lot := range t.lots {
		if lot.Place < ask.Drawn {
			drawn[int(t.lot[l])] = lot.Drawn
		}
	}
	parts := make([]Curve, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() {
			c := Curve{Use: make([]int64, CurveSteps+1), Value: make([]int64, CurveSteps+1)}
			for i := t.Len() * part / len(parts); i < t.Len()*(part+1)/len(parts); i++ {
				if option, is := drawn[i]; is {
					if option >= 0 {
						c.Value[0] += t.value(i, option)
						if limits[limit].covers(int(t.class[i])) {
							c.Use[0] += t.use(limits[limit], i, option)
						}
					}
					continue
				}
				t.climb(r, limits[limit], i, unit, c)
			}
			parts[part] = c
		})
	}
	wait.Wait()
	for _, part := range parts[1:] {
		parts[0].Add(part)
	}
	return parts[0]
}

// curveStep is the step at which a price is counted.
func curveStep(price, unit float64) int {
	at := (curveSpan - math.Log(price/unit)) / (2 * curveSpan) * CurveSteps
	return int(min(max(math.Ceil(at), 0), CurveSteps))
}

// climb counts one customer's changes of choice as the price falls from above all to nothing.
func (t *Table) climb(r *rates, l Limit, i int, unit float64, c Curve) {
	class, n := int(t.class[i]), t.options
	covered := l.covers(class)
	net := func(k int) float64 {
		if k == n {
			return 0
		}
		at := i * n
		return r.net(class, k, r.weight[class], t.values[at+k], t.costs[0][at+k], r.row[class*n+k], t.costs, at)
	}
	use := func(k int) int64 {
		if !covered {
			return 0
		}
		return t.use(l, i, k)
	}
	// At an endless price the choice uses least; of those, the one worth most.
	from := n
	for k := range n {
		if t.possible(i, k) && (use(k) < use(from) || use(k) == use(from) && net(k) > net(from)) {
			from = k
		}
	}
	c.Use[0] += use(from)
	c.Value[0] += t.value(i, from)
	for {
		// The next corner is where another option first becomes as good as this one.
		best, to := 0.0, -1
		for k := range n + 1 {
			if k < n && !t.possible(i, k) || use(k) <= use(from) {
				continue
			}
			if slope := (net(k) - net(from)) / float64(use(k)-use(from)); slope > best || slope == best && to >= 0 && use(k) > use(to) {
				best, to = slope, k
			}
		}
		if to < 0 {
			return
		}
		at := curveStep(best, unit)
		c.Use[at] += use(to) - use(from)
		c.Value[at] += t.value(i, to) - t.value(i, from)
		from = to
	}
}

// Points are a curve's places at so many equal steps of use up to most, and at most itself; none twice.
func (c Curve) Points(most int64, points int) []Point {
	var out []Point
	var at Point
	next := 0
	for i := range c.Use {
		before := at
		at.Use, at.Value = at.Use+c.Use[i], at.Value+c.Value[i]
		for next <= points && float64(at.Use) >= float64(most)*float64(next)/float64(points) {
			p := before.towards(at, int64(float64(most)*float64(next)/float64(points)))
			if len(out) == 0 || out[len(out)-1] != p {
				out = append(out, p)
			}
			next++
		}
	}
	if len(out) == 0 || out[len(out)-1] != at && at.Use < most {
		out = append(out, at)
	}
	return out
}

// At is the value at so much use, in a straight line between the places that are known.
func (c Curve) At(use int64) Point {
	var at Point
	for i := range c.Use {
		before := at
		at.Use, at.Value = at.Use+c.Use[i], at.Value+c.Value[i]
		if at.Use >= use {
			return before.towards(at, use)
		}
	}
	return at
}

func (p Point) towards(q Point, use int64) Point {
	if q.Use == p.Use || use >= q.Use {
		return q
	}
	share := float64(use-p.Use) / float64(q.Use-p.Use)
	return Point{Use: use, Value: p.Value + int64(share*float64(q.Value-p.Value))}
}
