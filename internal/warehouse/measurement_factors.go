package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
)

// FactorSums adds up one shard's treated customers by the levels of the factors. Timing is that of the given touch. A ratio has
// no mean over customers: in its place spend is added up.
func (w *Warehouse) FactorSums(ctx context.Context, run campaign.Run, q measurement.Question, metric measurement.Metric, touch string, shard campaign.Shard) (measurement.Factorial, error) {
	if metric == measurement.Basket {
		metric = measurement.Spend
	}
	parameters := studied(run, q, shard).with(args{"metric": string(metric), "touch": touch, "cap": q.Cap, "cap_pre": q.CapPre})
	f := measurement.Factorial{}
	err := w.each(ctx, "measurement_factors", parameters, func(rows driver.Rows) error {
		var c measurement.Combination
		var customers uint64
		var sums []float64
		if err := rows.Scan(&c.Offer, &c.Timing, &c.Content, &customers, &sums); err != nil {
			return err
		}
		cell, err := factorCell(customers, sums)
		f[c] = cell
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("add up the factors: %w", err)
	}
	return f, nil
}

// factorCell reads what the statement adds up: nine sums of everybody once, then nine by weight.
func factorCell(customers uint64, s []float64) (measurement.FactorCell, error) {
	if len(s) != 18 {
		return measurement.FactorCell{}, fmt.Errorf("%d sums came, not 18", len(s))
	}
	weighted := func(s []float64) measurement.Weighted {
		return measurement.Weighted{Customers: customers, W: s[0], WW: s[1], WY: s[2], WX: s[3], WWY: s[4], WWX: s[5], WWYY: s[6], WWXX: s[7], WWXY: s[8]}
	}
	return measurement.FactorCell{Once: weighted(s), Content: weighted(s[9:])}, nil
}

// FactorResults are the sums that were added up before; empty if none were.
func (w *Warehouse) FactorResults(ctx context.Context, run campaign.Run) (measurement.Factorial, error) {
	f := measurement.Factorial{}
	err := w.each(ctx, "measurement_factor_results", runOnly(run).with(args{"plan": run.Plan}), func(rows driver.Rows) error {
		var c measurement.Combination
		var s []float64
		if err := rows.Scan(&c.Offer, &c.Timing, &c.Content, &s); err != nil {
			return err
		}
		cell, err := factorCell(uint64(s[0]), s)
		f[c] = cell
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what the factors came to: %w", err)
	}
	return f, nil
}

// SaveFactorResults records the sums of a run, all in one block.
func (w *Warehouse) SaveFactorResults(ctx context.Context, run campaign.Run, f measurement.Factorial, at time.Time) error {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO factor_results (campaign, occurrence, plan, offer, timing, content, sums, at)")
	if err != nil {
		return fmt.Errorf("record what the factors came to: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for c, cell := range f {
		sums := append(nine(cell.Once), nine(cell.Content)...)
		if err := batch.Append(run.Campaign, run.Occurrence, run.Plan, c.Offer, c.Timing, c.Content, sums, second(at)); err != nil {
			return fmt.Errorf("record what the factors came to: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("record what the factors came to: %w", err)
	}
	return nil
}

func nine(s measurement.Weighted) []float64 {
	return []float64{s.W, s.WW, s.WY, s.WX, s.WWY, s.WWX, s.WWYY, s.WWXX, s.WWXY}
}
