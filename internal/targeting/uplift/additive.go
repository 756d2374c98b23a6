package uplift

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// The additive learner fits the R-learner's pseudo-outcomes by a slope and a smooth step function of each feature, and a product
// of each two: where effects are small against the noise, this wastes less on it than trees do (penalised splines after Eilers and
// Marx, Statistical Science 1996; pairs after Lou et al., KDD 2013; how much of each is believed: additive_prior.go). It is
// written down as trees, so that it is scored and explained as the others are.
const (
	additiveSteps    = 15 // of a feature with values, beside the one of what is missing
	additiveFeatures = 24 // that are looked at together, the likeliest first
	pairedFeatures   = 12 // of them, those whose products are looked at
	pairSteps        = 8
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
	slope    [][]float64  // of each feature: its steps' scores
}

func newAdditiveBasis(bins [][]uint8, kept []int) additiveBasis {
	b := additiveBasis{features: kept[:min(len(kept), additiveFeatures)]}
	for _, j := range b.features {
		step := stepsOf(bins[j], additiveSteps)
		b.step, b.slope = append(b.step, step), append(b.slope, scoresOf(bins[j], step))
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
	return 1 + len(b.features)*(additiveSteps+2) + len(b.pairs)
}

func (b additiveBasis) stepAt(feature int, step uint8) int {
	return 1 + feature*(additiveSteps+2) + int(step)
}

// slopeAt is the column of a feature's slope.
func (b additiveBasis) slopeAt(feature int) int { return b.stepAt(feature, additiveSteps+1) }

func (b additiveBasis) pairAt(pair int) int {
	return 1 + len(b.features)*(additiveSteps+2) + pair
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

// loss is the weighted squared error of coefficients.
func (m *moments) loss(beta []float64) float64 {
	v := mat.NewVecDense(len(beta), beta)
	var product mat.VecDense
	product.MulVec(m.gram, v)
	return m.squares - 2*mat.Dot(mat.NewVecDense(len(beta), m.cross), v) + mat.Dot(v, &product)
}

// gather sums up all rows.
func (b additiveBasis) gather(bins [][]uint8, label, weight []float32) *moments {
	width := b.width()
	m, gram := newMoments(width), make([]float64, width*width)
	n := len(b.features)
	at := make([]int, 1+2*n+len(b.pairs))
	value := make([]float64, len(at))
	for i := range label {
		at[0], value[0] = 0, 1
		for f, j := range b.features {
			s := b.step[f][bins[j][i]]
			at[1+2*f], value[1+2*f] = b.stepAt(f, s), 1
			at[2+2*f], value[2+2*f] = b.slopeAt(f), b.slope[f][s]
		}
		for p, pair := range b.pairs {
			x, y := b.place[pair[0]][bins[b.features[pair[0]]][i]], b.place[pair[1]][bins[b.features[pair[1]]][i]]
			at[1+2*n+p], value[1+2*n+p] = b.pairAt(p), b.score[pair[0]][x]*b.score[pair[1]][y]
		}
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
	for i := range width {
		for j := i; j < width; j++ {
			m.gram.SetSym(i, j, gram[i*width+j])
		}
	}
	return m
}

// additive is the learner.
func (f *fitter) additive() (Model, error) {
	label, weight := f.residuals()
	b := newAdditiveBasis(f.s.Bins, likely(f.s.Bins, label, weight, additiveKeepBelow))
	beta, err := b.believe(b.gather(f.s.Bins, label, weight), len(label))
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
		g.ask(j, 0, false, func() { g.leaf(beta[b.stepAt(f, 0)]+beta[b.slopeAt(f)]*b.slope[f][0], cover[0]) }, func() {
			g.among(j, b.step[f], 1, additiveSteps, forest.Missing, func(step uint8) { g.leaf(beta[b.stepAt(f, step)]+beta[b.slopeAt(f)]*b.slope[f][step], cover[step]) })
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
