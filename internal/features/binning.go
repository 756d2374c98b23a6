package features

import (
	"math"
	"slices"
	"sort"
)

// MostEdges is how many edges a binning may have: with the bin of missing values and the one below the first edge, a bin
// fits a byte.
const MostEdges = 254

// Missing is the bin of a value that is not there: NaN.
const Missing = 0

// Binning turns one feature's values into bytes, which every model shares. Edges are finite and ascending.
type Binning struct {
	Feature string
	Edges   []float64
}

// Bin is Missing for NaN, else one more than the number of edges at or below the value; infinities lie at the ends.
func (b Binning) Bin(v float64) uint8 {
	if math.IsNaN(v) {
		return Missing
	}
	return uint8(1 + sort.Search(len(b.Edges), func(i int) bool { return b.Edges[i] > v }))
}

// Bins is how many bins there are, that of missing values included.
func (b Binning) Bins() int { return len(b.Edges) + 2 }

// NewBinning places at most so many edges (never more than MostEdges) at quantiles of a sample. A value that many have
// gets a bin of its own; a constant has no edge. NaN and infinities place none.
func NewBinning(name string, sample []float64, most int) Binning {
	b := Binning{Feature: name, Edges: []float64{}}
	most = min(most, MostEdges)
	finite := make([]float64, 0, len(sample))
	for _, v := range sample {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			finite = append(finite, v+0) // of the two zeros, the positive one
		}
	}
	if len(finite) == 0 || most <= 0 {
		return b
	}
	slices.Sort(finite)
	// Greedily from below: a bin is full when it holds its share of what is left, so that a value which many have (a zero,
	// most often) takes one bin and leaves the others to the rest.
	left, held := len(finite), 0
	for i, v := range finite {
		if i > 0 && v != finite[i-1] && len(b.Edges) < most && held*(most+1-len(b.Edges)) >= left {
			b.Edges = append(b.Edges, v)
			left, held = left-held, 0
		}
		held++
	}
	return b
}
