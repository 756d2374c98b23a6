package compose

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// TakeSnapshot extracts and publishes a snapshot by the steps of the workflow's activities, as many shards at once as a
// worker runs. Published already, it is only found again. Progress is called as shards are done, of so many; it may be nil.
func TakeSnapshot(ctx context.Context, store *warehouse.Warehouse, want features.Snapshot, progress func(done, of int)) (features.Snapshot, error) {
	snapshot, shards, err := store.PlanSnapshot(ctx, want, 0)
	if err != nil || snapshot.Published {
		return snapshot, err
	}
	var customers atomic.Uint64
	var done atomic.Int64
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(AtOnce)
	for _, shard := range shards {
		group.Go(func() error {
			n, err := store.ExtractFeatures(working, snapshot, shard)
			customers.Add(n)
			if now := done.Add(1); progress != nil && err == nil {
				progress(int(now), len(shards))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return snapshot, err
	}
	return store.PublishSnapshot(ctx, snapshot, shards, customers.Load())
}
