package uplift

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// How much of the additive learner's columns is believed follows from the data themselves, not from a grid: each feature's steps
// have a prior variance of their own (the generalised Fellner-Schall step of Wood and Fasiolo, Biometrics 2017), so that a feature
// that says nothing shrinks to nothing while another stays as jagged as it is. Slopes and products are many and mostly nothing:
// each is nothing or drawn from one normal, in shares that all of its kind tell of (Stephens, Biostatistics 2017).

// A family says how a component's prior variance is found.
type family int

const (
	steps  family = iota // of one feature: a variance of its own
	slopes               // one column each: nothing, or of one variance with the other slopes
	products
)

// A component is columns of one prior variance.
type component struct {
	family
	from, size int
	ratio      float64 // of the noise's variance to the prior's, in parts of the sample's weight: the penalty
	off        bool    // shrunk to nothing
}

const (
	firstRatio  = .1
	mostRounds  = 60
	settled     = .02  // of the logarithm of a ratio, weighed by what the component still says
	nothingLeft = .001 // of a column's estimate: it is left out from then on
	leastRatio  = 1e-7 // columns that nobody has keep a solution so
	mostRatio   = 1e7
	levelling   = .02 // of the penalty on the difference of neighbouring steps: on each step itself
)

func (b additiveBasis) components() []component {
	var all []component
	for f := range b.features {
		all = append(all, component{family: steps, from: b.stepAt(f, 0), size: additiveSteps + 1}, component{family: slopes, from: b.slopeAt(f), size: 1})
	}
	for k := range b.pairs {
		all = append(all, component{family: products, from: b.pairAt(k), size: 1})
	}
	for i := range all {
		all[i].ratio = firstRatio
	}
	return all
}

// penalty gives the entries on and above the diagonal of the component's penalty: of the difference of neighbouring steps, where
// what is missing has no neighbour, or of the one column.
func (c component) penalty(entry func(i, j int, v float64)) {
	if c.family != steps {
		entry(c.from, c.from, 1)
		return
	}
	for s := range c.size {
		own := levelling
		if s != 1 { // to the one before it; what is missing, to nothing
			own++
		}
		if s > 0 && s < c.size-1 { // to the one after it
			own++
		}
		entry(c.from+s, c.from+s, own)
		if s > 1 {
			entry(c.from+s-1, c.from+s, -1)
		}
	}
}

// A belief is the posterior of the columns that are still in.
type belief struct {
	beta  []float64 // of all columns
	cover mat.SymDense
	place []int   // of each column in cover
	noise float64 // variance, in parts of the sample's weight
	left  []float64
	bends []float64 // of each component: its penalty at beta
}

// believe gives the coefficients that the sums of n customers make likeliest.
func (b additiveBasis) believe(m *moments, n int) ([]float64, error) {
	all := b.components()
	var now belief
	for range mostRounds {
		var err error
		if now, err = m.posterior(all, n); err != nil {
			return nil, err
		}
		if max(now.smooth(all), now.mix(all, slopes), now.mix(all, products)) < settled {
			break
		}
	}
	return now.beta, nil
}

// posterior solves the penalised least squares.
func (m *moments) posterior(all []component, n int) (belief, error) {
	width := len(m.cross)
	now := belief{beta: make([]float64, width), place: make([]int, width), left: make([]float64, len(all)), bends: make([]float64, len(all))}
	columns := []int{0} // the first is the level, and free
	for _, c := range all {
		for s := 0; s < c.size && !c.off; s++ {
			now.place[c.from+s] = len(columns)
			columns = append(columns, c.from+s)
		}
	}
	a, cross := mat.NewSymDense(len(columns), nil), mat.NewVecDense(len(columns), nil)
	for i, p := range columns {
		cross.SetVec(i, m.cross[p]/m.weight)
		for j := i; j < len(columns); j++ {
			a.SetSym(i, j, m.gram.At(p, columns[j])/m.weight)
		}
	}
	for _, c := range all {
		if c.off {
			continue
		}
		c.penalty(func(p, q int, v float64) {
			i, j := now.place[p], now.place[q]
			a.SetSym(i, j, a.At(i, j)+c.ratio*v)
		})
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(a) {
		return now, fmt.Errorf("the additive fit of %d columns has no solution", len(columns))
	}
	var solved mat.VecDense
	if err := cholesky.SolveVecTo(&solved, cross); err != nil {
		return now, fmt.Errorf("the additive fit of %d columns: %w", len(columns), err)
	}
	if err := cholesky.InverseTo(&now.cover); err != nil {
		return now, fmt.Errorf("the additive fit of %d columns: %w", len(columns), err)
	}
	for i, p := range columns {
		now.beta[p] = solved.AtVec(i)
	}
	free := 1.0
	for i, c := range all {
		if c.off {
			continue
		}
		trace := 0.0
		c.penalty(func(p, q int, v float64) {
			if p != q {
				v *= 2
			}
			trace += v * now.cover.At(now.place[p], now.place[q])
			now.bends[i] += v * now.beta[p] * now.beta[q]
		})
		now.left[i] = float64(c.size) - c.ratio*trace
		free += now.left[i]
	}
	now.noise = max(m.loss(now.beta), 1e-12*m.squares, math.SmallestNonzeroFloat32) / m.weight / max(float64(n)-free, 1)
	return now, nil
}

// smooth moves the variances of steps, and says how far.
func (b belief) smooth(all []component) (moved float64) {
	for i := range all {
		c := &all[i]
		if c.off || c.family != steps {
			continue
		}
		next := between(min(b.noise*b.left[i]/max(b.bends[i], math.SmallestNonzeroFloat32), 10*c.ratio))
		if b.left[i] < 10*nothingLeft {
			c.off = true
			continue
		}
		moved = max(moved, math.Abs(math.Log(next/c.ratio))*min(b.left[i], 1))
		c.ratio = next
	}
	return moved
}

func between(ratio float64) float64 { return min(max(ratio, leastRatio), mostRatio) }

// mix moves the variances of a family of single columns, and says how far. What the data alone say of each follows from its
// posterior less its prior.
func (b belief) mix(all []component, of family) (moved float64) {
	var who []int
	var mean, variance []float64
	for i, c := range all {
		if c.off || c.family != of {
			continue
		}
		at := b.place[c.from]
		v := b.noise * b.cover.At(at, at)
		own := 1 / max(1/v-c.ratio/b.noise, 1e-9/v)
		who = append(who, i)
		mean, variance = append(mean, b.beta[c.from]*own/v), append(variance, own)
	}
	for k, keep := range shrinkage(mean, variance) {
		c := &all[who[k]]
		next := between(b.noise * (1 - keep) / max(keep, 1e-6) / variance[k])
		moved = max(moved, math.Abs(math.Log(next/c.ratio))*keep)
		c.ratio, c.off = next, keep < nothingLeft
	}
	return moved
}

// shrinkage is what part of each noisy mean to keep, where each truth is nothing, or drawn from a normal about nothing: the share
// of those that are something, and their variance, are found by expectation and maximisation.
func shrinkage(mean, variance []float64) []float64 {
	n := float64(len(mean))
	share, spread, noise := .3, 0.0, 0.0
	for k, v := range variance {
		spread += max(mean[k]*mean[k]-v, 0) / n / share
		noise += v / n
	}
	spread = max(spread, noise)
	something, keep := make([]float64, len(mean)), make([]float64, len(mean))
	for range 50 {
		sum, squares := 0.0, 0.0
		for k, v := range variance {
			half := mean[k] * mean[k] / 2
			odds := share / (1 - share) * math.Sqrt(v/(v+spread)) * math.Exp(min(half/v-half/(v+spread), 500))
			something[k], keep[k] = odds/(1+odds), spread/(spread+v)
			sum += something[k]
			squares += something[k] * (keep[k]*keep[k]*mean[k]*mean[k] + keep[k]*v)
		}
		// One more of the size of the noise, of whom half are something: few columns tell little of their family.
		share = min(max((sum+.5)/(n+2), .01), .99)
		spread = (squares + noise) / (sum + 1)
	}
	for k, v := range variance {
		keep[k] = something[k] * spread / (spread + v)
	}
	return keep
}
