package forest

import (
	"errors"
	"fmt"
)

// ErrShape means that rows or outputs don't fit the forest they are scored with.
var ErrShape = errors.New("the rows do not fit the forest")

// Score writes the score of every row into out: bins[feature][row], as long as out. It may run in several goroutines.
func (f *Forest) Score(bins [][]uint8, out []float32) error {
	s, err := NewScorer(f)
	if err != nil {
		return err
	}
	return s.Score(bins, [][]float32{out})
}

// Scorer scores rows with several forests in one pass over their bins. It may be used by several goroutines.
type Scorer struct {
	features int
	forests  []*Forest
	kernel   *kernel // nil for trees that are too deep
}

// NewScorer prepares forests that were trained on the same features. The forests must not be changed afterwards.
func NewScorer(forests ...*Forest) (*Scorer, error) {
	if len(forests) == 0 {
		return nil, fmt.Errorf("%w: there is no forest to score with", ErrShape)
	}
	for i, f := range forests {
		if err := f.Validate(); err != nil {
			return nil, err
		}
		if f.Features != forests[0].Features {
			return nil, fmt.Errorf("%w: forest %d has %d features and the first %d: score them apart", ErrShape, i, f.Features, forests[0].Features)
		}
	}
	return &Scorer{features: forests[0].Features, forests: forests, kernel: newKernel(paths[0], forests)}, nil
}

// Portable is the scorer as it is on machines without a faster path, to hold this one against.
func (s *Scorer) Portable() *Scorer {
	return &Scorer{features: s.features, forests: s.forests, kernel: newKernel(portable, s.forests)}
}

// Path names how this machine scores: AVX-512, AVX2 or portable, or plain for trees that are too deep for either.
func (s *Scorer) Path() string {
	if s.kernel == nil {
		return "plain"
	}
	return s.kernel.way.name
}

// Score writes the scores of every row: bins[feature][row] into out[forest][row]. Each result is the same, to the bit,
// as one float32 addition after the other of Base and the leaves in order, however it was computed.
func (s *Scorer) Score(bins [][]uint8, out [][]float32) error {
	rows, err := s.shape(bins, out)
	if err != nil {
		return err
	}
	if rows == 0 {
		return nil
	}
	if s.kernel != nil {
		s.kernel.score(s.forests, bins, out)
		return nil
	}
	for i, f := range s.forests {
		f.scorePlain(bins, out[i][:rows])
	}
	return nil
}

func (s *Scorer) shape(bins [][]uint8, out [][]float32) (rows int, err error) {
	if len(bins) != s.features {
		return 0, fmt.Errorf("%w: the rows have %d features and the forest was trained on %d: was the catalogue changed since?", ErrShape, len(bins), s.features)
	}
	if len(out) != len(s.forests) {
		return 0, fmt.Errorf("%w: there is room for %d scores and there are %d forests", ErrShape, len(out), len(s.forests))
	}
	rows = len(bins[0])
	for i, column := range bins {
		if len(column) != rows {
			return 0, fmt.Errorf("%w: feature %d has %d rows and the first %d", ErrShape, i, len(column), rows)
		}
	}
	for i, scores := range out {
		if len(scores) != rows {
			return 0, fmt.Errorf("%w: forest %d has room for %d scores of %d rows", ErrShape, i, len(scores), rows)
		}
	}
	return rows, nil
}

// scorePlain walks every row through every tree: what a score means, and what scores where nothing faster can.
func (f *Forest) scorePlain(bins [][]uint8, out []float32) {
	for row := range out {
		score := f.Base
		for _, t := range f.Trees {
			n := t[0]
			for !n.Leaf() {
				n = t[n.Goes(bins[n.Feature][row])]
			}
			score += n.Value
		}
		out[row] = score
	}
}
