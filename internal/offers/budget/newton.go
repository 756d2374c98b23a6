package budget

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// gauge says in what size the figures of each limit come.
type gauge struct {
	price []float64 // at which what a limit is about weighs as much as its value
	use   []float64
	value float64 // by how much a customer's best option is better than the next
	floor float64 // no plan is worth less
}

// gauge measures a table; share is the part of all customers that it holds.
func (t *Table) gauge(limits []Limit, of weights, share float64, goal aim, skip []bool) gauge {
	g := gauge{price: make([]float64, len(limits)), use: make([]float64, len(limits))}
	type mean struct{ value, use float64 }
	means := make([]mean, len(limits))
	customers, sizes := 0, 0.0
	for i := range t.Len() {
		if skip != nil && skip[i] {
			continue
		}
		customers++
		var best, second, worst, size float64
		for k := range t.options {
			if !t.possible(i, k) {
				continue
			}
			v := goal.value * float64(t.values[i*t.options+k])
			if goal.limit >= 0 && limits[goal.limit].covers(int(t.class[i])) {
				v -= float64(t.use(limits[goal.limit], i, k))
			}
			worst = min(worst, v)
			best, second = max(best, v), max(second, min(best, v))
			size = max(size, math.Abs(v))
			for _, j := range of[int(t.class[i])*t.options+k] {
				use := math.Abs(float64(t.use(limits[j], i, k)))
				means[j].value += math.Abs(v)
				means[j].use += use
			}
		}
		g.value += best - second
		g.floor += worst
		sizes += size
	}
	// Where all are alike, or no option is worth more than none, options differ by about their size.
	g.value = max(g.value, 0.1*sizes) / float64(max(customers, 1))
	g.value = max(g.value, 1e-9)
	for j, m := range means {
		g.price[j], g.use[j] = 1, 1
		if m.use > 0 {
			g.price[j] = max(m.value, m.use*1e-9) / m.use
		}
		g.use[j] = max(math.Abs(float64(limits[j].Most))*share, 0.01*m.use/float64(t.options), 1)
		if limits[j].Most > math.MaxInt64/4 {
			g.use[j] = max(m.use, 1) // no limit at all
		}
	}
	return g
}

// stiff is how much of a limit's own size is added to its curvature, so that limits which nobody is near to move too.
const stiff = 1e-4

// step is Newton's step towards use = allowed, over the limits that have a price or are broken. Over is by how much each
// is broken (negative: how much is left).
func step(prices, over, bend []float64, g gauge) []float64 {
	n := len(prices)
	var free []int
	for j := range n {
		if prices[j] > 0 || over[j] > 0 {
			free = append(free, j)
		}
	}
	next := append([]float64(nil), prices...)
	for range 8 {
		if len(free) == 0 {
			return next
		}
		m := mat.NewSymDense(len(free), nil)
		right := mat.NewVecDense(len(free), nil)
		for a, j := range free {
			right.SetVec(a, over[j])
			for b, l := range free[:a+1] {
				x := bend[j*n+l]
				if a == b {
					x = x*(1+1e-9) + stiff*g.use[j]/g.price[j]
				}
				m.SetSym(a, b, x)
			}
		}
		var factor mat.Cholesky
		if !factor.Factorize(m) {
			for a, j := range free { // round-off in a nearly singular curvature
				m.SetSym(a, a, m.At(a, a)*1.01+g.use[j]/g.price[j])
			}
			if !factor.Factorize(m) {
				return next
			}
		}
		var by mat.VecDense
		if err := factor.SolveVecTo(&by, right); err != nil && by.Len() == 0 {
			return next
		}
		// A price that would turn negative is zero, and the others are found again without it.
		var still []int
		for a, j := range free {
			next[j] = prices[j] + within(by.AtVec(a), 4*max(prices[j], g.price[j]))
			if next[j] <= 0 {
				next[j] = 0
			} else {
				still = append(still, j)
			}
		}
		if len(still) == len(free) {
			return next
		}
		// What falls to zero moves as far as it can: the others see the rest of its step in what is over.
		moved := append([]float64(nil), over...)
		for _, j := range free {
			if next[j] == 0 && prices[j] > 0 {
				for l := range n {
					moved[l] += bend[l*n+j] * prices[j]
				}
			}
		}
		over, free = moved, still
	}
	return next
}

func within(x, most float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, -most), most)
}

// level is a sample of all customers, and what the limits are on it.
type level struct {
	table   *Table
	share   float64
	skip    []bool // whose option is drawn
	allowed []float64
	gauge   gauge
	of      weights
}

// newLevel samples about so many customers of a table that itself holds a share of all.
func (t *Table) newLevel(limits []Limit, share, drawn float64, size int, goal aim) *level {
	l := &level{table: t.Every((t.Len() + size - 1) / size), share: share, allowed: make([]float64, len(limits))}
	if t.Len() > 0 {
		l.share *= float64(l.table.Len()) / float64(t.Len())
	}
	fixed := l.table.Sums(limits, Ask{Prices: make([]float64, len(limits)), Drawn: drawn}).FixedUse
	for j, limit := range limits {
		l.allowed[j] = float64(limit.Most)*l.share - float64(fixed[j])
	}
	l.skip = l.table.drawn(drawn)
	l.of = newWeights(limits, l.table.classes, l.table.options)
	l.gauge = l.table.gauge(limits, l.of, l.share, goal, l.skip)
	return l
}

// beginning is prices that were found on a sample, and how the limits' use bends with them there.
type beginning struct {
	prices     []float64
	bend       []float64
	impossible bool // no plan at all keeps the limits: the dual fell below what any plan is worth
}

// warmths are how far the dual is rounded off, in differences between options, and tolerances the shares of a limit that
// it is missed by at most, as it grows sharper on larger samples.
var (
	warmths    = []float64{1.5, 0.5, 0.15, 0.05}
	tolerances = []float64{0.03, 0.03, 0.01, 0.002}
)

const smallestSample = 2500

// begin finds prices by Newton's method on the rounded dual.
func (t *Table) begin(limits []Limit, share, drawn float64, size int, goal aim) (beginning, *level) {
	b := beginning{prices: make([]float64, len(limits))}
	var l *level
	for i, warmth := range warmths {
		wanted := max(size>>(2*max(0, len(warmths)-1-i)), min(size, smallestSample))
		if l == nil || l.table.Len() < t.Len() && l.table.Len()*2 < wanted {
			l = t.newLevel(limits, share, drawn, wanted, goal)
		}
		b = l.descend(limits, b.prices, warmth*l.gauge.value, tolerances[i], goal)
		if b.impossible {
			break
		}
	}
	return b, l
}

// descend goes down the dual that is rounded off so far.
func (l *level) descend(limits []Limit, prices []float64, warmth, tolerance float64, goal aim) beginning {
	g := l.gauge
	at := l.table.smooth(limits, l.of, l.allowed, prices, warmth, goal, l.skip)
	for range 30 {
		// The floor allows for what rounding adds, which can only raise the dual.
		if at.value < g.floor-1 {
			return beginning{prices: prices, bend: at.bend, impossible: true}
		}
		over := make([]float64, len(limits))
		worst := 0.0
		for j := range over {
			over[j] = -at.gradient[j]
			if prices[j] > 0 || over[j] > 0 {
				worst = max(worst, math.Abs(over[j])/g.use[j])
			}
		}
		if worst < tolerance {
			break
		}
		to, next := l.backtrack(limits, prices, step(prices, over, at.bend, g), at, warmth, goal)
		if next == nil {
			break
		}
		prices, at = to, next
	}
	return beginning{prices: prices, bend: at.bend}
}

// backtrack halves a step until the rounded dual falls; no dual where it never does.
func (l *level) backtrack(limits []Limit, prices, to []float64, at *smooth, warmth float64, goal aim) ([]float64, *smooth) {
	for range 12 {
		next := l.table.smooth(limits, l.of, l.allowed, to, warmth, goal, l.skip)
		if next.value < at.value-1e-12*math.Abs(at.value) {
			return to, next
		}
		half := make([]float64, len(to))
		for j := range to {
			half[j] = (to[j] + prices[j]) / 2
		}
		to = half
	}
	return nil, nil
}
