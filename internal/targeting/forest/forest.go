// Package forest is an ensemble of regression trees over binned features: its form, its bytes in the registry, how it
// scores customers and why a score came out as it did. It knows nothing of how a forest is trained.
package forest

import (
	"errors"
	"fmt"
	"math"
)

const (
	// Missing is the bin of a value that is not there.
	Missing = 0
	// MaxCut is the greatest cut that can divide anything: bins end at 255.
	MaxCut = 254
	// MaxDepth is how many questions the fast kernel asks on the way to a leaf. Deeper trees are valid and are scored
	// row by row.
	MaxDepth = 6
)

// Limits of what is read back from a registry, so that a damaged count can't ask for all memory.
const (
	maxFeatures = 1 << 14
	maxTrees    = 1 << 14
	maxNodes    = 1 << 20 // of one tree
)

// Link says what a score is on the scale of the outcome.
type Link uint8

const (
	// Identity means that a score is the outcome itself: units of money, a difference of probabilities.
	Identity Link = iota
	// Logit means that a score is the logarithm of the odds.
	Logit
	// Log means that a score is the logarithm of the expected outcome.
	Log
)

// Outcome takes a score to the scale of the outcome: a probability for Logit.
func (l Link) Outcome(score float32) float64 {
	switch l {
	case Logit:
		return 1 / (1 + math.Exp(-float64(score)))
	case Log:
		return math.Exp(float64(score))
	default:
		return float64(score)
	}
}

// Forest scores a row with Base plus one leaf of every tree, added in order of the trees in float32.
type Forest struct {
	Features int // columns that the rows must have
	Link     Link
	Base     float32 // on the scale of scores: a logit for Logit
	Trees    []Tree
}

// Tree is its nodes; the first is the root, and a child stands behind its parent.
type Tree []Node

// Node is a question to one bin, or a leaf.
type Node struct {
	// Left and Right are the places of the children; both are 0 in a leaf.
	Left, Right int32
	// Feature is the column that is asked.
	Feature uint16
	// Cut sends a row to the left when its bin is at most this.
	Cut uint8
	// MissingRight sends a row whose bin is Missing to the right; else it goes left, as 0 is less than any cut.
	MissingRight bool
	// Value is what a leaf adds to the score.
	Value float32
	// Cover is the weight of the training rows that came here (for logistic training their summed hessian). Reasons
	// are computed with it; without covers a forest still scores.
	Cover float32
}

// Leaf says whether the way ends here.
func (n Node) Leaf() bool { return n.Left == 0 && n.Right == 0 }

// Goes says where a row with this bin goes on.
func (n Node) Goes(bin uint8) int32 {
	if bin <= n.Cut && (bin != Missing || !n.MissingRight) {
		return n.Left
	}
	return n.Right
}

// Depth is the most questions on the way to a leaf.
func (t Tree) Depth() int {
	depth := make([]int, len(t))
	most := 0
	for i, n := range t {
		most = max(most, depth[i])
		if !n.Leaf() {
			depth[n.Left], depth[n.Right] = depth[i]+1, depth[i]+1
		}
	}
	return most
}

// ErrBroken means that a forest can't be scored: it contradicts itself, or its bytes are not whole.
var ErrBroken = errors.New("the forest is broken")

// Validate says whether the forest can be scored: every way ends at a leaf, every column exists, every value is
// finite.
func (f *Forest) Validate() error {
	if f.Features < 1 || f.Features > maxFeatures {
		return fmt.Errorf("%w: it has %d features, 1 to %d are possible", ErrBroken, f.Features, maxFeatures)
	}
	if len(f.Trees) > maxTrees {
		return fmt.Errorf("%w: it has %d trees, at most %d are possible", ErrBroken, len(f.Trees), maxTrees)
	}
	if f.Link > Log {
		return fmt.Errorf("%w: its link %d is unknown", ErrBroken, f.Link)
	}
	if !finite(f.Base) {
		return fmt.Errorf("%w: its base %v is not a number", ErrBroken, f.Base)
	}
	for i, t := range f.Trees {
		if err := t.validate(f.Features); err != nil {
			return fmt.Errorf("%w: tree %d: %w", ErrBroken, i, err)
		}
	}
	return nil
}

func (t Tree) validate(features int) error {
	if len(t) == 0 || len(t) > maxNodes {
		return fmt.Errorf("it has %d nodes, 1 to %d are possible", len(t), maxNodes)
	}
	parents := make([]uint8, len(t))
	for i, n := range t {
		switch {
		case !finite(n.Value) || !finite(n.Cover):
			return fmt.Errorf("node %d has the value %v and the cover %v: both must be numbers", i, n.Value, n.Cover)
		case n.Leaf():
			continue
		case int(n.Left) <= i || int(n.Right) <= i || int(n.Left) >= len(t) || int(n.Right) >= len(t) || n.Left == n.Right:
			return fmt.Errorf("node %d leads to %d and %d of %d nodes: children must stand behind their parent", i, n.Left, n.Right, len(t))
		case int(n.Feature) >= features:
			return fmt.Errorf("node %d asks for feature %d of %d", i, n.Feature, features)
		case n.Cut > MaxCut:
			return fmt.Errorf("node %d cuts at %d, which divides nothing", i, n.Cut)
		}
		parents[n.Left]++
		parents[n.Right]++
		if parents[n.Left] > 1 || parents[n.Right] > 1 {
			return fmt.Errorf("node %d shares a child with another", i)
		}
	}
	for i, count := range parents {
		if i > 0 && count == 0 {
			return fmt.Errorf("no way leads to node %d", i)
		}
	}
	return nil
}

func finite(v float32) bool { return v-v == 0 }
