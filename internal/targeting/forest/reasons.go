package forest

import (
	"cmp"
	"fmt"
	"slices"
)

// Explainer says how much each feature moved a row's score away from the average one: the Shapley values of the forest,
// exactly, by the covers of its nodes (Lundberg et al., "Consistent individualized feature attribution for tree
// ensembles", 2018). They add up to the score.
//
// A leaf's part in them depends on the row only by which of the features on the way to it lead there, and there are at
// most 2^MaxDepth such cases. All of them are computed once; a row then takes two steps a node and a few additions a
// leaf (as in Yang, "Fast TreeSHAP", 2021).
type Explainer struct {
	features int
	average  float64
	trees    []explained
}

// explained is one tree with the parts of its leaves.
type explained struct {
	nodes []explainedNode
	parts []float32
}

type explainedNode struct {
	Node
	// place of the node's feature among those asked on the way, and whether it is asked here for the first time.
	place uint8
	fresh bool
	// Of a leaf: the features on the way, and where its parts begin: for each case one a feature.
	way   []uint16
	parts int
}

// NewExplainer prepares the reasons of a forest. Its trees must be no deeper than MaxDepth.
func NewExplainer(f *Forest) (*Explainer, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	e := &Explainer{features: f.Features, average: float64(f.Base), trees: make([]explained, len(f.Trees))}
	for i, t := range f.Trees {
		if depth := t.Depth(); depth > MaxDepth {
			return nil, fmt.Errorf("%w: tree %d asks %d questions on a way, and reasons are told of at most %d", ErrShape, i, depth, MaxDepth)
		}
		e.trees[i].nodes = make([]explainedNode, len(t))
		e.average += e.trees[i].prepare(t, 0, nil, nil)
	}
	return e, nil
}

// prepare fills in what lies below the node and returns its average by covers, times the share of rows that come here:
// shares are, of each feature on the way, how many of the rows that it divides it sends this way.
func (x *explained) prepare(t Tree, at int32, way []uint16, shares []float64) (average float64) {
	n := &x.nodes[at]
	n.Node = t[at]
	if n.Leaf() {
		n.way, n.parts = slices.Clone(way), len(x.parts)
		x.parts = appendParts(x.parts, float64(n.Value), shares)
		average = float64(n.Value)
		for _, share := range shares {
			average *= share
		}
		return average
	}
	place := slices.Index(way, n.Feature)
	if n.fresh = place < 0; n.fresh {
		place = len(way)
		way, shares = append(slices.Clip(way), n.Feature), append(slices.Clip(shares), 1)
	}
	n.place = uint8(place) //nolint:gosec // below MaxDepth
	left, right := float64(t[n.Left].Cover), float64(t[n.Right].Cover)
	share := 0.5 // of rows that nobody saw
	if left+right > 0 {
		share = left / (left + right)
	}
	for _, child := range []struct {
		at    int32
		share float64
	}{{n.Left, share}, {n.Right, 1 - share}} {
		below := slices.Clone(shares)
		below[place] *= child.share
		average += x.prepare(t, child.at, way, below)
	}
	return average
}

// appendParts adds a leaf's part for every case. In case c, feature i leads to the leaf if bit i is set (hot), and else
// not. To the sum over the subsets S of the other features with weight |S|!(d-|S|-1)!/d!, only the sizes of S matter: they
// are the coefficients of the product of (share + hot·t).
func appendParts(parts []float32, value float64, shares []float64) []float32 {
	d := len(shares)
	weights := make([]float64, d)
	for k := range weights { // k!(d-k-1)!/d!
		weights[k] = 1 / float64(d)
		for i := 1; i <= k; i++ {
			weights[k] *= float64(i) / float64(d-i)
		}
	}
	for c := range 1 << d {
		for j := range d {
			sizes := [MaxDepth + 1]float64{1}
			for i, most := 0, 0; i < d; i++ {
				if i == j {
					continue
				}
				most++
				for k := most; k >= 0; k-- {
					sizes[k] *= shares[i]
					if k > 0 && c>>i&1 == 1 {
						sizes[k] += sizes[k-1]
					}
				}
			}
			sum := 0.0
			for k, weight := range weights {
				sum += weight * sizes[k]
			}
			parts = append(parts, float32(value*(float64(c>>j&1)-shares[j])*sum))
		}
	}
	return parts
}

// Average is the score that the contributions of a row are counted from: they and it add up to the row's score.
func (e *Explainer) Average() float64 { return e.average }

// Contributions writes how much each feature moved the score of each row: bins[feature][row] into
// out[row*features+feature]. It may run in several goroutines.
func (e *Explainer) Contributions(bins [][]uint8, out []float32) error {
	if len(bins) != e.features {
		return fmt.Errorf("%w: the rows have %d features and the forest was trained on %d: was the catalogue changed since?", ErrShape, len(bins), e.features)
	}
	rows := len(bins[0])
	for i, column := range bins {
		if len(column) != rows {
			return fmt.Errorf("%w: feature %d has %d rows and the first %d", ErrShape, i, len(column), rows)
		}
	}
	if len(out) != rows*e.features {
		return fmt.Errorf("%w: there is room for %d contributions of %d rows with %d features", ErrShape, len(out), rows, e.features)
	}
	clear(out)
	for i := range e.trees {
		x := &e.trees[i]
		cases := make([]uint8, len(x.nodes)) // tree by tree, so that its parts stay in the cache
		for row := range rows {
			x.add(bins, row, cases, out[row*e.features:][:e.features])
		}
	}
	return nil
}

// add adds the parts of the tree's leaves in the case that the row is.
func (x *explained) add(bins [][]uint8, row int, cases []uint8, out []float32) {
	cases[0] = 0
	for i := range x.nodes {
		n, c := &x.nodes[i], cases[i]
		if n.Leaf() {
			d := len(n.way)
			for k, part := range x.parts[n.parts+int(c)*d:][:d] {
				out[n.way[k]] += part
			}
			continue
		}
		bit := uint8(1) << n.place
		if n.fresh {
			c |= bit
		}
		other := c &^ bit
		if n.Goes(bins[n.Feature][row]) == n.Left {
			cases[n.Left], cases[n.Right] = c, other
		} else {
			cases[n.Left], cases[n.Right] = other, c
		}
	}
}

// Contribution is one feature's part in a score.
type Contribution struct {
	Feature int
	Amount  float32 // on the scale of scores
}

// Strongest are the features that moved a row's score most, at most so many, the strongest first; those that moved
// nothing are left out. Of equal ones the earlier feature comes first.
func Strongest(contributions []float32, most int) []Contribution {
	var all []Contribution
	for i, amount := range contributions {
		if amount != 0 {
			all = append(all, Contribution{Feature: i, Amount: amount})
		}
	}
	slices.SortStableFunc(all, func(a, b Contribution) int { return cmp.Compare(max(b.Amount, -b.Amount), max(a.Amount, -a.Amount)) })
	return all[:min(most, len(all))]
}
