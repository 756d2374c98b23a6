package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting/registry"
)

// drift compares the snapshot with the one that a model was fitted for, feature by feature of those that the model asks
// about, on a sample of both. Bins are the same, or the model would not be here.
func (t *Targeting) drift(ctx context.Context, e registry.Entry, now Snapshot, m *Model) error {
	then := e.Card.Snapshot
	if then == "" || then == now.ID || t.Quick {
		return nil
	}
	before, err := t.Store.SampledCounts(ctx, then)
	if errors.Is(err, features.ErrNoSnapshot) {
		m.Uncompared = true
		return nil
	}
	if err != nil {
		return err
	}
	after, err := t.Store.SampledCounts(ctx, now.ID)
	if err != nil {
		return err
	}
	binnings, err := t.Store.Binnings(ctx, now.ID)
	if err != nil {
		return err
	}
	used := e.Used()
	for i, b := range binnings {
		if psi := features.PSI(before[i], after[i]); slices.Contains(used, b.Feature) && psi >= features.Warn {
			m.Drifted = append(m.Drifted, Drifted{b.Feature, psi})
		}
	}
	return nil
}
