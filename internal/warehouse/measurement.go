package warehouse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
)

// ArmSums adds up one shard's arms, by name: treated, control.
func (w *Warehouse) ArmSums(ctx context.Context, run campaign.Run, q measurement.Question, shard campaign.Shard) (map[string]measurement.Sums, error) {
	parameters := runKey(run, shard).with(args{
		"plan": run.Plan, "metric": q.Metric, "currency": q.Currency,
		"opens": second(q.Opens), "closes": second(q.Closes), "instant": second(q.Instant), "before": second(q.Instant.Add(-q.Baseline)),
	})
	return w.sums(ctx, "measurement_sums", parameters)
}

// Results are the sums that were measured before; empty if none were.
func (w *Warehouse) Results(ctx context.Context, run campaign.Run, metric string) (map[string]measurement.Sums, error) {
	return w.sums(ctx, "measurement_results", runOnly(run).with(args{"plan": run.Plan, "metric": metric}))
}

func (w *Warehouse) sums(ctx context.Context, name string, parameters args) (map[string]measurement.Sums, error) {
	rows, err := w.conn.Query(ctx, query(name), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("add up the arms: %w", err)
	}
	defer func() { _ = rows.Close() }()
	arms := map[string]measurement.Sums{}
	for rows.Next() {
		var arm string
		var s measurement.Sums
		if err := rows.Scan(&arm, &s.Customers, &s.Y, &s.YY, &s.X, &s.XX, &s.XY); err != nil {
			return nil, fmt.Errorf("add up the arms: %w", err)
		}
		arms[arm] = s
	}
	return arms, rows.Err()
}

// SaveResults records the sums of a run's arms, all in one block.
func (w *Warehouse) SaveResults(ctx context.Context, run campaign.Run, metric string, arms map[string]measurement.Sums, at time.Time) error {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO results (campaign, occurrence, plan, metric, arm, customers, total, squares, pre_total, pre_squares, cross, at)")
	if err != nil {
		return fmt.Errorf("record what was measured: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, arm := range slices.Sorted(maps.Keys(arms)) {
		s := arms[arm]
		if err := batch.Append(run.Campaign, run.Occurrence, run.Plan, metric, arm, s.Customers, s.Y, s.YY, s.X, s.XX, s.XY, second(at)); err != nil {
			return fmt.Errorf("record what was measured: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("record what was measured: %w", err)
	}
	return nil
}
