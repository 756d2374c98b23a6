package uplift

import (
	"context"

	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Learn fits one learner to all of a sample, without judging it.
func Learn(ctx context.Context, trainer learn.Trainer, s Sample, l Learner, seed uint64) (Model, error) {
	if err := s.Check(); err != nil {
		return Model{}, err
	}
	return newFitters(ctx, trainer, s, seed).fit(l)
}

// Response fits the outcome of those who were contacted: who acts, which is not whom a contact moves.
func Response(ctx context.Context, trainer learn.Trainer, s Sample, seed uint64) (Model, error) {
	if err := s.Check(); err != nil {
		return Model{}, err
	}
	f := &fitter{ctx: ctx, trainer: trainer, s: s, seed: seed, binary: s.Binary()}
	parts, err := f.arms(f.all())
	return Model{Learner: "response", Parts: parts[1:]}, err
}

// Effects gives the doubly robust effects of customers by expected outcomes learned from others: what scores of the same
// customers are judged by.
func Effects(ctx context.Context, trainer learn.Trainer, from, of Sample, seed uint64) ([]float32, error) {
	if err := from.Check(); err != nil {
		return nil, err
	}
	f, err := newFitters(ctx, trainer, from, seed).of(XRSA)
	if err != nil {
		return nil, err
	}
	return f.effectsOf(of)
}
