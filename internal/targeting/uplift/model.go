package uplift

import (
	"slices"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// A Part is one forest of a model, which counts on the scale of its outcome: a probability where its scores are log-odds.
type Part struct {
	Forest *forest.Forest
	Weight float32
}

// Model is a sum of forests: the effect of a contact, in units of the outcome. Where Scale is there, the sum is relative
// to what it expects of the customer.
type Model struct {
	Learner Learner
	Parts   []Part
	Scale   *forest.Forest
}

// Score gives the effect for every row of bins (by feature, then row), in units of the outcome.
func (m Model) Score(bins [][]uint8, out []float32) error {
	s, err := m.Scorer()
	if err != nil {
		return err
	}
	return s.Score(bins, out)
}

// Scorer is a model that is ready to score block after block. It is for one at a time: its buffers are used again.
type Scorer struct {
	model  Model
	forest *forest.Scorer
	scores [][]float32
}

// Scorer prepares a model: what is prepared takes longer than a block of customers takes to score.
func (m Model) Scorer() (*Scorer, error) {
	forests := make([]*forest.Forest, 0, len(m.Parts)+1)
	for _, p := range m.Parts {
		forests = append(forests, p.Forest)
	}
	if m.Scale != nil {
		forests = append(forests, m.Scale)
	}
	prepared, err := forest.NewScorer(forests...)
	return &Scorer{model: m, forest: prepared, scores: make([][]float32, len(forests))}, err
}

// Score gives the effect for every row of bins (by feature, then row), in units of the outcome.
func (s *Scorer) Score(bins [][]uint8, out []float32) error {
	m, scores := s.model, s.scores
	for i := range scores {
		scores[i] = slices.Grow(scores[i][:0], len(out))[:len(out)]
	}
	if err := s.forest.Score(bins, scores); err != nil {
		return err
	}
	for row := range out {
		sum := 0.0
		for i, p := range m.Parts {
			sum += float64(p.Weight) * p.Forest.Link.Outcome(scores[i][row])
		}
		if m.Scale != nil {
			sum *= m.Scale.Link.Outcome(scores[len(m.Parts)][row])
		}
		out[row] = float32(sum)
	}
	return nil
}

// plus adds the parts of b, weighted.
func (m Model) plus(weight float32, b Model) Model {
	for _, p := range b.Parts {
		p.Weight *= weight
		m.Parts = append(m.Parts, p)
	}
	return m
}

// as is the forest for customers whose last feature has the given bin: the questions about it are answered, and the
// feature is gone. The arm of a single learner is fixed so, before any customer is scored.
func as(f *forest.Forest, bin uint8) *forest.Forest {
	last := uint16(f.Features - 1)
	out := &forest.Forest{Features: f.Features - 1, Link: f.Link, Base: f.Base, Trees: make([]forest.Tree, len(f.Trees))}
	for i, t := range f.Trees {
		var kept forest.Tree
		var copyOf func(at int32) int32
		copyOf = func(at int32) int32 {
			for !t[at].Leaf() && t[at].Feature == last {
				at = t[at].Goes(bin)
			}
			place := int32(len(kept))
			kept = append(kept, t[at])
			if !t[at].Leaf() {
				left := copyOf(t[at].Left)
				right := copyOf(t[at].Right)
				kept[place].Left, kept[place].Right = left, right
			}
			return place
		}
		copyOf(0)
		out.Trees[i] = kept
	}
	return out
}
