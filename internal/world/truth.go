package world

import (
	"context"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// Truth is what a campaign really did to the customers whom it reached.
type Truth struct {
	Customers uint64
	Spend     int64 // won, with the campaign
	Untreated int64 // won, the same people without it
}

// Incremental is the campaign's effect, in won.
func (t Truth) Incremental() int64 { return t.Spend - t.Untreated }

// Truth compares, for the customers of r whom run reached, what they spend in [from, to) with what they would have spent
// without it.
func (w *World) Truth(ctx context.Context, store *warehouse.Warehouse, r Range, run Run, from, to time.Time, c Context) (Truth, error) {
	var out Truth
	terms, err := w.terms(ctx, store, c)
	if err != nil {
		return out, err
	}
	touches, _, err := touchesOf(ctx, store, r, to.Unix(), terms)
	if err != nil {
		return out, err
	}
	for key, reached := range touches {
		others := slices.DeleteFunc(slices.Clone(reached), func(t Touch) bool { return Run{t.Campaign, t.Occurrence} == run })
		if len(others) == len(reached) {
			continue
		}
		out.Customers++
		out.Spend += w.Outcome(key, reached, from, to).Spend
		out.Untreated += w.Outcome(key, others, from, to).Spend
	}
	return out, nil
}
