package xgboost

import (
	"context"

	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Learner is the library as the learners' port.
type Learner struct{ Library *Library }

// Train grows trees with the library.
func (l Learner) Train(ctx context.Context, d learn.Data, p learn.Params) (*forest.Forest, error) {
	return l.Library.Train(ctx, Data{Bins: d.Bins, Label: d.Label, Weight: d.Weight}, Params{
		Objective: Objective(p.Objective), Rounds: p.Trees, Depth: p.Depth, Eta: p.Rate, Lambda: p.Lambda, MinChildWeight: p.ChildWeight,
		Subsample: p.Subsample, ColSample: p.Columns, TweediePower: 1.5, Seed: uint32(p.Seed),
	})
}
