package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/registry"
)

// score gives a candidate's score and its place among targeting.Bins.
type score func(c *targeting.Candidate) (float32, int, error)

// scorer prepares a model for the customers of a shard. One of forests scores all of them first: a few bytes each.
func (t *Targeting) scorer(ctx context.Context, snapshot Snapshot, m Model, shard campaign.Shard) (score, error) {
	if !registry.Is(m.Kind) {
		model, _, err := t.Store.Model(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		plain, err := model.Scorer()
		if err != nil {
			return nil, err
		}
		return func(c *targeting.Candidate) (float32, int, error) {
			value, bin := plain.Score(c.Signals)
			return value, bin, nil
		}, nil
	}
	entry, err := t.entry(ctx, snapshot, m)
	if err != nil {
		return nil, err
	}
	prepared, err := entry.Model.Scorer()
	if err != nil {
		return nil, err
	}
	var customers []uint32
	var scores []float32
	err = t.Store.FeatureBins(ctx, snapshot.ID, entry.Features, shard, func(keys []uint32, bins [][]uint8) error {
		block := make([]float32, len(keys))
		if err := prepared.Score(bins, block); err != nil {
			return err
		}
		customers, scores = append(customers, keys...), append(scores, block...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	next := 0 // candidates come in the order of their keys, as bins do
	return func(c *targeting.Candidate) (float32, int, error) {
		for next < len(customers) && customers[next] < c.Customer {
			next++
		}
		if next == len(customers) || customers[next] != c.Customer {
			return 0, 0, fmt.Errorf("customer %d of shard %s has no bins in snapshot %s: extract it again", c.Customer, shard, snapshot.ID)
		}
		return entry.Calibration.At(scores[next]), entry.Bin(scores[next]), nil
	}, nil
}

// entry is a model of forests that reads features as the snapshot has them.
func (t *Targeting) entry(ctx context.Context, snapshot Snapshot, m Model) (registry.Entry, error) {
	entry, err := t.Store.Entry(ctx, m.ID)
	if err != nil {
		return entry, err
	}
	return entry, entry.Fits(snapshot.Catalogue, snapshot.Binning)
}

// explainedShare of those who were eligible and not chosen get reasons, too.
const explainedShare = .01

// explain keeps what moved the scores of the members whom a model chose, and of a sample of those whom it did not.
func (t *Targeting) explain(ctx context.Context, in SelectAudienceInput, terms targeting.Terms, members []targeting.Member) error {
	if !registry.Is(in.Model.Kind) {
		return nil
	}
	scores := map[uint32]float32{}
	for _, m := range members {
		chosen := m.Arm == targeting.ArmTreated || m.Arm == targeting.ArmControl
		sampled := m.Reason == targeting.ReasonNotSelected && campaign.Uniform(terms.Salt, in.Run.Experiment("explained"), m.Customer) < explainedShare
		if chosen || sampled {
			scores[m.Customer] = m.Score
		}
	}
	if len(scores) == 0 {
		return nil
	}
	entry, err := t.entry(ctx, in.Snapshot, in.Model)
	if err != nil {
		return err
	}
	binnings, err := t.Store.Binnings(ctx, in.Snapshot.ID)
	if err != nil {
		return err
	}
	ordered := slices.Clone(binnings[:0])
	for _, name := range entry.Features {
		for _, b := range binnings {
			if b.Feature == name {
				ordered = append(ordered, b)
			}
		}
	}
	explainer, err := registry.NewExplainer(entry, ordered)
	if err != nil {
		return err
	}
	return t.Store.FeatureBins(ctx, in.Snapshot.ID, entry.Features, in.Shard, func(keys []uint32, bins [][]uint8) error {
		var all []registry.Reasons
		var rows []int
		for i, key := range keys {
			if value, wanted := scores[key]; wanted {
				rows = append(rows, i)
				all = append(all, registry.Reasons{Customer: key, Score: value})
			}
		}
		if len(rows) == 0 {
			return nil
		}
		reasons, err := explainer.Explain(learn.Take(bins, rows))
		if err != nil {
			return err
		}
		for i := range all {
			all[i].All = reasons[i]
		}
		return t.Store.WriteReasons(ctx, in.Run, in.Model.ID, all)
	})
}
