package uplift

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// The additive learner fits the R-learner's pseudo-outcomes by a smooth step function of each feature and a product of each
// two, with penalties chosen by cross-validation: where effects are small against the noise, this wastes less on it than
// trees do (penalised splines after Eilers and Marx, Statistical Science 1996; pairs after Lou et al., KDD 2013). It is
// written down as trees, so that it is scored and explained as the others are.
const (
	additiveSteps    = 15 // of a feature with values, beside the one of what is missing
	additiveFeatures = 24 // that are looked at together, the likeliest first
	pairedFeatures   = 12 // of them, those whose products are looked at
	pairSteps        = 8
	additiveFolds    = 5
	// Penalties shrink what is noise, so that fewer features need to be kept from it than from trees.
	additiveKeepBelow = .2
)

// An additiveBasis is which columns of a linear model are on for a customer.
type additiveBasis struct {
	features []int
	step     [][256]uint8 // of each feature: its bins' steps, 0 for what is missing
	pairs    [][2]int     // places in features
	place    [][256]uint8 // of each feature: its bins' places among pairSteps
	score    [][]float64  // of each feature: its places' scores, of mean 0 and variance 1 over those who have a value
}

func newAdditiveBasis(bins [][]uint8, kept []int) additiveBasis {
	b := additiveBasis{features: kept[:min(len(kept), additiveFeatures)]}
	for _, j := range b.features {
		b.step = append(b.step, stepsOf(bins[j], additiveSteps))
		place := stepsOf(bins[j], pairSteps)
		score := scoresOf(bins[j], place)
		for s := range score { // what is missing is where the mean is
			if s > 0 && (place[forest.Missing] == 0 || math.Abs(score[s]) < math.Abs(score[place[forest.Missing]])) {
				place[forest.Missing] = uint8(s)
			}
		}
		b.place, b.score = append(b.place, place), append(b.score, score)
	}
	for i := range min(len(b.features), pairedFeatures) {
		for k := range i {
			b.pairs = append(b.pairs, [2]int{k, i})
		}
	}
	return b
}

// stepsOf puts bins into n steps of about as many customers each, in order, from 1; 0 is what is missing.
func stepsOf(column []uint8, n int) [256]uint8 {
	var count [256]int
	for _, b := range column {
		count[b]++
	}
	var steps [256]uint8
	seen, all := 0, len(column)-count[forest.Missing]
	for b := 1; b < 256; b++ {
		steps[b] = uint8(1 + min((seen+count[b]/2)*n/max(all, 1), n-1))
		seen += count[b]
	}
	return steps
}

// scoresOf gives steps the normal scores of their middles, so that a product of two is of about one size everywhere.
func scoresOf(column []uint8, steps [256]uint8) []float64 {
	count := make([]float64, 1+int(slices.Max(steps[:])))
	for _, b := range column {
		count[steps[b]]++
	}
	all := float64(len(column)) - count[0]
	scores := make([]float64, len(count))
	seen, mean, squares := 0.0, 0.0, 0.0
	for s := 1; s < len(count); s++ {
		if count[s] > 0 {
			scores[s] = math.Sqrt2 * math.Erfinv(2*(seen+count[s]/2)/all-1)
		}
		seen += count[s]
		mean += count[s] * scores[s] / max(all, 1)
	}
	for s := 1; s < len(count); s++ {
		scores[s] -= mean
		squares += count[s] * scores[s] * scores[s] / max(all, 1)
	}
	for s := range scores {
		if scores[s] /= math.Sqrt(max(squares, 1e-12)); count[s] == 0 {
			scores[s] = 0
		}
	}
	return scores
}

func (b additiveBasis) width() int {
	return 1 + len(b.features)*(additiveSteps+1) + len(b.pairs)
}

func (b additiveBasis) stepAt(feature int, step uint8) int {
	return 1 + feature*(additiveSteps+1) + int(step)
}

func (b additiveBasis) pairAt(pair int) int {
	return 1 + len(b.features)*(additiveSteps+1) + pair
}

// moments are the sums that a least-squares fit needs.
type moments struct {
	gram    *mat.SymDense
	cross   []float64
	squares float64
	weight  float64
}

func newMoments(width int) *moments {
	return &moments{gram: mat.NewSymDense(width, nil), cross: make([]float64, width)}
}

func (m *moments) add(o *moments, sign float64) {
	n := len(m.cross)
	for i := range n {
		m.cross[i] += sign * o.cross[i]
		for j := i; j < n; j++ {
			m.gram.SetSym(i, j, m.gram.At(i, j)+sign*o.gram.At(i, j))
		}
	}
	m.squares += sign * o.squares
	m.weight += sign * o.weight
}

// loss is the weighted squared error of coefficients.
func (m *moments) loss(beta []float64) float64 {
	v := mat.NewVecDense(len(beta), beta)
	var product mat.VecDense
	product.MulVec(m.gram, v)
	return m.squares - 2*mat.Dot(mat.NewVecDense(len(beta), m.cross), v) + mat.Dot(v, &product)
}

// gather sums up the rows of each fold.
func (b additiveBasis) gather(bins [][]uint8, label, weight []float32, folds []uint8) []*moments {
	all := make([]*moments, additiveFolds)
	raw := make([][]float64, additiveFolds)
	width := b.width()
	for k := range all {
		all[k], raw[k] = newMoments(width), make([]float64, width*width)
	}
	at := make([]int, 1+len(b.features)+len(b.pairs))
	value := make([]float64, len(at))
	for i := range label {
		at[0], value[0] = 0, 1
		for f, j := range b.features {
			at[1+f], value[1+f] = b.stepAt(f, b.step[f][bins[j][i]]), 1
		}
		for p, pair := range b.pairs {
			x, y := b.place[pair[0]][bins[b.features[pair[0]]][i]], b.place[pair[1]][bins[b.features[pair[1]]][i]]
			at[1+len(b.features)+p], value[1+len(b.features)+p] = b.pairAt(p), b.score[pair[0]][x]*b.score[pair[1]][y]
		}
		m, gram := all[folds[i]], raw[folds[i]]
		w, y := weightOf(weight, i), float64(label[i])
		for p, row := range at {
			wv := w * value[p]
			m.cross[row] += wv * y
			line := gram[row*width : (row+1)*width]
			for q := p; q < len(at); q++ {
				line[at[q]] += wv * value[q]
			}
		}
		m.squares += w * y * y
		m.weight += w
	}
	for k, m := range all {
		for i := range width {
			for j := i; j < width; j++ {
				m.gram.SetSym(i, j, raw[k][i*width+j])
			}
		}
	}
	return all
}

// penalties are in parts of the sample's weight: of the difference between neighbouring steps, and of products.
type penalties struct{ smooth, pair float64 }

// solve is the penalised least-squares fit.
func (b additiveBasis) solve(m *moments, p penalties) ([]float64, error) {
	width := b.width()
	a := mat.NewSymDense(width, nil)
	a.CopySym(m.gram)
	plus := func(i, j int, v float64) { a.SetSym(i, j, a.At(i, j)+v*m.weight) }
	for f := range b.features {
		for s := range uint8(additiveSteps + 1) {
			at := b.stepAt(f, s)
			plus(at, at, .02*p.smooth+1e-6)
			if s > 1 { // what is missing has no neighbour
				plus(at, at, p.smooth)
				plus(at-1, at-1, p.smooth)
				plus(at-1, at, -p.smooth)
			} else if s == 0 {
				plus(at, at, p.smooth)
			}
		}
	}
	for k := range b.pairs {
		plus(b.pairAt(k), b.pairAt(k), p.pair)
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(a) {
		return nil, fmt.Errorf("the additive fit of %d columns has no solution", width)
	}
	beta := mat.NewVecDense(width, nil)
	err := cholesky.SolveVecTo(beta, mat.NewVecDense(width, m.cross))
	return beta.RawVector().Data, err
}

// choose finds the penalties that err least on folds left out, one after the other: of products at middling smoothness, then
// of smoothness.
func (b additiveBasis) choose(folds []*moments, all *moments) (penalties, error) {
	var rest []*moments
	for _, m := range folds {
		one := newMoments(b.width())
		one.add(all, 1)
		one.add(m, -1)
		rest = append(rest, one)
	}
	judge := func(p penalties) (float64, error) {
		sum := 0.0
		for k, m := range rest {
			beta, err := b.solve(m, p)
			if err != nil {
				return 0, err
			}
			sum += folds[k].loss(beta)
		}
		return sum, nil
	}
	best, least := penalties{.1, .1}, math.Inf(1)
	grid := []float64{.001, .003, .01, .03, .1, .3, 1, 3}
	for _, of := range []func(v float64) penalties{
		func(v float64) penalties { return penalties{v, best.pair} },
		func(v float64) penalties { return penalties{best.smooth, v} },
		func(v float64) penalties { return penalties{v, best.pair} },
	} {
		for _, v := range grid {
			p := of(v)
			loss, err := judge(p)
			if err != nil {
				return best, err
			}
			if loss < least {
				best, least = p, loss
			}
		}
	}
	return best, nil
}

// additive is the learner.
func (f *fitter) additive() (Model, error) {
	label, weight := f.residuals()
	b := newAdditiveBasis(f.s.Bins, likely(f.s.Bins, label, weight, additiveKeepBelow))
	folds := b.gather(f.s.Bins, label, weight, learn.Folds(f.s.strata(), additiveFolds, f.seed))
	all := newMoments(b.width())
	for _, m := range folds {
		all.add(m, 1)
	}
	p, err := b.choose(folds, all)
	if err != nil {
		return Model{}, err
	}
	beta, err := b.solve(all, p)
	if err != nil {
		return Model{}, err
	}
	return Model{Learner: A, Parts: []Part{{Forest: b.grow(f.s.Bins, beta), Weight: 1}}}, nil
}

// grow writes the fit down as trees: one for each feature, and one for each product.
func (b additiveBasis) grow(bins [][]uint8, beta []float64) *forest.Forest {
	out := &forest.Forest{Features: len(bins), Base: float32(beta[0])}
	for f, j := range b.features {
		var cover [256]float32
		for _, bin := range bins[j] {
			cover[b.step[f][bin]]++
		}
		var g grower
		g.ask(j, 0, false, func() { g.leaf(beta[b.stepAt(f, 0)], cover[0]) }, func() {
			g.among(j, b.step[f], 1, additiveSteps, forest.Missing, func(step uint8) { g.leaf(beta[b.stepAt(f, step)], cover[step]) })
		})
		out.Trees = append(out.Trees, g.covered())
	}
	for k, pair := range b.pairs {
		weight := beta[b.pairAt(k)]
		one, two := b.features[pair[0]], b.features[pair[1]]
		first, second := b.place[pair[0]], b.place[pair[1]]
		var cover [pairSteps + 1][pairSteps + 1]float32
		for i := range bins[one] {
			cover[first[bins[one][i]]][second[bins[two][i]]]++
		}
		var g grower
		g.among(one, first, 1, pairSteps, first[forest.Missing], func(x uint8) {
			g.among(two, second, 1, pairSteps, second[forest.Missing], func(y uint8) { g.leaf(weight*b.score[pair[0]][x]*b.score[pair[1]][y], cover[x][y]) })
		})
		out.Trees = append(out.Trees, g.covered())
	}
	return out
}

// A grower writes one tree down, a parent before its children.
type grower struct{ nodes forest.Tree }

func (g *grower) leaf(value float64, cover float32) {
	g.nodes = append(g.nodes, forest.Node{Value: float32(value), Cover: cover})
}

// ask adds a question, and what is below either answer.
func (g *grower) ask(feature int, cut uint8, missingRight bool, left, right func()) {
	at := len(g.nodes)
	g.nodes = append(g.nodes, forest.Node{Feature: uint16(feature), Cut: cut, MissingRight: missingRight})
	g.nodes[at].Left = int32(len(g.nodes))
	left()
	g.nodes[at].Right = int32(len(g.nodes))
	right()
}

// among halves the steps from low to high until one is left. What is missing goes where the given step is.
func (g *grower) among(feature int, steps [256]uint8, low, high, missing uint8, leaf func(step uint8)) {
	if low == high {
		leaf(low)
		return
	}
	mid := (low + high) / 2
	cut := 0
	for b := 1; b < 256; b++ {
		if steps[b] <= mid {
			cut = b
		}
	}
	if cut > forest.MaxCut { // no bin is above
		g.among(feature, steps, low, mid, missing, leaf)
		return
	}
	g.ask(feature, uint8(cut), missing > mid,
		func() { g.among(feature, steps, low, mid, missing, leaf) }, func() { g.among(feature, steps, mid+1, high, missing, leaf) })
}

// covered is the tree with every node's cover.
func (g *grower) covered() forest.Tree {
	for i, n := range slices.Backward(g.nodes) {
		if !n.Leaf() {
			g.nodes[i].Cover = g.nodes[n.Left].Cover + g.nodes[n.Right].Cover
		}
	}
	return g.nodes
}
