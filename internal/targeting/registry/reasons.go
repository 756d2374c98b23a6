package registry

import (
	"errors"
	"fmt"
	"math"

	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// Reason is one feature's part in a score: what the score would have been less of, had the customer been average in it.
// The customer's value lies in [Low, High); NaN for both says that it is missing.
type Reason struct {
	Feature   string  `json:"feature"`
	Effect    float32 `json:"effect"`
	Low, High float64 `json:"-"`
}

// Reasons are those of one customer, the greatest first.
type Reasons struct {
	Customer uint32
	Score    float32
	All      []Reason
}

// MostReasons is how many are kept of a customer.
const MostReasons = 5

// Explainer tells reasons: the Shapley values of the model's forests (see forest.Explainer), turned to the scale of the
// outcome at the customer.
type Explainer struct {
	entry    Entry
	binnings []features.Binning
	parts    []*forest.Explainer
}

// NewExplainer prepares an entry; binnings are in the order of its features.
func NewExplainer(e Entry, binnings []features.Binning) (*Explainer, error) {
	x := &Explainer{entry: e, binnings: binnings}
	for _, p := range e.Model.Parts {
		one, err := forest.NewExplainer(p.Forest)
		if err != nil {
			return nil, fmt.Errorf("explain model %s: %w", e.ID, err)
		}
		x.parts = append(x.parts, one)
	}
	return x, nil
}

// Explain gives the reasons for each row of bins (by feature, then row).
func (x *Explainer) Explain(bins [][]uint8) ([][]Reason, error) {
	rows, width := len(bins[0]), len(bins)
	sums, one := make([]float32, rows*width), make([]float32, rows*width)
	at := make([]float32, rows)
	for i, p := range x.entry.Model.Parts {
		clear(one)
		if err := errors.Join(x.parts[i].Contributions(bins, one), p.Forest.Score(bins, at)); err != nil {
			return nil, err
		}
		for row := range rows {
			slope := p.Weight * slope(p.Forest.Link, at[row])
			for f := range width {
				sums[row*width+f] += slope * one[row*width+f]
			}
		}
	}
	if s := x.entry.Model.Scale; s != nil {
		if err := s.Score(bins, at); err != nil {
			return nil, err
		}
		for row := range rows {
			for f := range width {
				sums[row*width+f] *= float32(s.Link.Outcome(at[row]))
			}
		}
	}
	out := make([][]Reason, rows)
	for row := range out {
		for _, c := range forest.Strongest(sums[row*width:(row+1)*width], MostReasons) {
			low, high := bounds(x.binnings[c.Feature], bins[c.Feature][row])
			out[row] = append(out[row], Reason{x.entry.Features[c.Feature], c.Amount, low, high})
		}
	}
	return out, nil
}

// slope turns a move on the scale of scores into one of the outcome's: at this customer, of a probability.
func slope(link forest.Link, score float32) float32 {
	switch at := float32(link.Outcome(score)); link {
	case forest.Logit:
		return at * (1 - at)
	case forest.Log:
		return at
	default:
		return 1
	}
}

// bounds are the values that have the bin.
func bounds(b features.Binning, bin uint8) (low, high float64) {
	switch at := int(bin) - 1; {
	case bin == features.Missing:
		return math.NaN(), math.NaN()
	case len(b.Edges) == 0:
		return math.Inf(-1), math.Inf(1)
	case at <= 0:
		return math.Inf(-1), b.Edges[0]
	case at >= len(b.Edges):
		return b.Edges[len(b.Edges)-1], math.Inf(1)
	default:
		return b.Edges[at-1], b.Edges[at]
	}
}
