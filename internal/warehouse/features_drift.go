package warehouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
)

// Snapshots are those that are published, the latest instant first.
func (w *Warehouse) Snapshots(ctx context.Context) (all []features.Snapshot, err error) {
	rows, err := w.conn.Query(ctx, query("features_snapshots"))
	if err != nil {
		return nil, fmt.Errorf("list the snapshots: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		s := features.Snapshot{Published: true}
		if err := rows.Scan(&s.ID, &s.Instant, &s.Catalogue, &s.Binning, &s.Currency, &s.Customers, &s.Checksum); err != nil {
			return nil, fmt.Errorf("list the snapshots: %w", err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// LastCustomer is the greatest key of a snapshot.
func (w *Warehouse) LastCustomer(ctx context.Context, snapshot string) (last uint32, err error) {
	if err := w.conn.QueryRow(ctx, query("features_last"), args{"snapshot": snapshot}.list()...).Scan(&last); err != nil {
		return 0, fmt.Errorf("find the last customer of snapshot %s: %w", snapshot, err)
	}
	return last, nil
}

// CountCustomers counts the snapshot's customers in ranges of keys.
func (w *Warehouse) CountCustomers(ctx context.Context, snapshot string, shards []campaign.Shard) (uint64, error) {
	var total uint64
	for _, shard := range shards {
		n, err := w.countFeatures(ctx, "features", snapshot, shard)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// Catalogue is the hash of the features that a snapshot would have now.
func (w *Warehouse) Catalogue(ctx context.Context) (string, error) {
	own, err := w.OwnFeatures(ctx)
	return catalogue(own), err
}

// FeatureCounts counts the snapshot's customers by feature and bin, in the order of Binnings.
func (w *Warehouse) FeatureCounts(ctx context.Context, snapshot string) ([][]uint64, error) {
	last, err := w.LastCustomer(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	return w.countBins(ctx, snapshot, []campaign.Shard{{Low: 1, High: last}})
}

// SampledCounts counts as FeatureCounts does, about 200,000 customers of ranges over all keys: enough to tell whether a
// population has become another.
func (w *Warehouse) SampledCounts(ctx context.Context, snapshot string) ([][]uint64, error) {
	last, err := w.LastCustomer(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	return w.countBins(ctx, snapshot, sampleOf(last))
}

func (w *Warehouse) countBins(ctx context.Context, snapshot string, shards []campaign.Shard) ([][]uint64, error) {
	binnings, err := w.Binnings(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	counts := make([][]uint64, len(binnings))
	for i, b := range binnings {
		counts[i] = make([]uint64, b.Bins())
	}
	count := func(_ []uint32, bins [][]uint8) error {
		for i, column := range bins {
			for _, bin := range column {
				if int(bin) >= len(counts[i]) {
					return fmt.Errorf("%s has bin %d of %d: %w", binnings[i].Feature, bin, len(counts[i]), features.ErrSnapshotIncomplete)
				}
				counts[i][bin]++
			}
		}
		return nil
	}
	for _, shard := range shards {
		if err := w.FeatureBins(ctx, snapshot, nil, shard, count); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// FeatureSQL is what computes a built-in feature, as it stands in the query.
func FeatureSQL(name string) string { return columnSQL(query("features_extract"), name) }
