package warehouse

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
)

// ArmSums adds up one shard's arms, by metric, segment and look; all segments together are left to Study.Total.
func (w *Warehouse) ArmSums(ctx context.Context, run campaign.Run, q measurement.Question, shard campaign.Shard) (measurement.Study, error) {
	parameters := studied(run, q, shard).with(args{
		"snapshot": q.Snapshot, "periods": uint16(q.Periods), "period": uint32(max(q.Period.Seconds(), 1)), "cap": q.Cap, "cap_pre": q.CapPre, //nolint:gosec // at most 62 looks of at most some months
	})
	rows, err := w.conn.Query(ctx, query("measurement_sums"), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("add up the arms: %w", err)
	}
	defer func() { _ = rows.Close() }()
	study := measurement.Study{}
	for rows.Next() {
		var arm, segment string
		var customers uint64
		var sums, until, squares, cross []float64
		if err := rows.Scan(&arm, &segment, &customers, &sums, &until, &squares, &cross); err != nil {
			return nil, fmt.Errorf("add up the arms: %w", err)
		}
		if len(sums) != 5*len(summed) || len(until) != q.Periods {
			return nil, fmt.Errorf("add up the arms: %d sums and %d looks came, not %d and %d", len(sums), len(until), 5*len(summed), q.Periods)
		}
		if segment == "" {
			segment = noSegment
		}
		var spend measurement.Sums
		for i, metric := range summed {
			s := sums[5*i:]
			of := measurement.Sums{Customers: customers, Y: s[0], YY: s[1], X: s[2], XX: s[3], XY: s[4]}
			study[measurement.Cell{Metric: metric, Arm: arm, Segment: segment}] = of
			if metric == measurement.Spend {
				spend = of
			}
		}
		for i := range until {
			look := measurement.Cell{Metric: measurement.Spend, Arm: arm, Segment: segment, Period: i + 1}
			study[look] = measurement.Sums{Customers: customers, Y: until[i], YY: squares[i], X: spend.X, XX: spend.XX, XY: cross[i]}
		}
	}
	return study, rows.Err()
}

// summed are the metrics in the order in which the statement adds them up.
var summed = []measurement.Metric{measurement.Spend, measurement.Winsorised, measurement.Response, measurement.Purchases, measurement.Basket}

// noSegment is how customers without a segment are told from all customers.
const noSegment = "-"

// SpendHistograms count one shard's customers, arms together, by what they spent in the window and before the snapshot,
// and all of them.
func (w *Warehouse) SpendHistograms(ctx context.Context, run campaign.Run, q measurement.Question, shard campaign.Shard) (after, before measurement.Histogram, customers uint64, err error) {
	parameters := studied(run, q, shard).with(args{"buckets": uint16(measurement.BucketsPerDoubling)})
	rows, err := w.conn.Query(ctx, query("measurement_caps"), parameters.list()...)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("count what customers spent: %w", err)
	}
	defer func() { _ = rows.Close() }()
	after, before = measurement.Histogram{}, measurement.Histogram{}
	for rows.Next() {
		var inside uint8
		var bucket int32
		var n uint64
		if err := rows.Scan(&inside, &bucket, &n); err != nil {
			return nil, nil, 0, fmt.Errorf("count what customers spent: %w", err)
		}
		into := before
		if inside == 1 {
			into, customers = after, customers+n
		}
		if bucket >= 0 {
			into[int(bucket)] += n
		}
	}
	return after, before, customers, rows.Err()
}

func studied(run campaign.Run, q measurement.Question, shard campaign.Shard) args {
	return runKey(run, shard).with(args{
		"plan": run.Plan, "currency": q.Currency,
		"opens": second(q.Opens), "closes": second(q.Closes), "instant": second(q.Instant), "before": second(q.Instant.Add(-q.Baseline)),
	})
}

// Results are the sums that were measured before; empty if none were.
func (w *Warehouse) Results(ctx context.Context, run campaign.Run) (measurement.Study, error) {
	rows, err := w.conn.Query(ctx, query("measurement_results"), runOnly(run).with(args{"plan": run.Plan}).list()...)
	if err != nil {
		return nil, fmt.Errorf("read what was measured: %w", err)
	}
	defer func() { _ = rows.Close() }()
	study := measurement.Study{}
	for rows.Next() {
		var cell measurement.Cell
		var metric string
		var period uint16
		var s measurement.Sums
		if err := rows.Scan(&metric, &cell.Arm, &cell.Segment, &period, &s.Customers, &s.Y, &s.YY, &s.X, &s.XX, &s.XY); err != nil {
			return nil, fmt.Errorf("read what was measured: %w", err)
		}
		cell.Metric, cell.Period = measurement.Metric(metric), int(period)
		study[cell] = s
	}
	return study, rows.Err()
}

// SaveResults records the sums of a run, all in one block.
func (w *Warehouse) SaveResults(ctx context.Context, run campaign.Run, study measurement.Study, at time.Time) error {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO results (campaign, occurrence, plan, metric, arm, segment, period, customers, total, squares, pre_total, pre_squares, cross, at)")
	if err != nil {
		return fmt.Errorf("record what was measured: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, c := range slices.SortedFunc(maps.Keys(study), compareCells) {
		s := study[c]
		err := batch.Append(run.Campaign, run.Occurrence, run.Plan, string(c.Metric), c.Arm, c.Segment, uint16(c.Period), //nolint:gosec // at most 62 looks
			s.Customers, s.Y, s.YY, s.X, s.XX, s.XY, second(at))
		if err != nil {
			return fmt.Errorf("record what was measured: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("record what was measured: %w", err)
	}
	return nil
}

func compareCells(a, b measurement.Cell) int {
	return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Arm, b.Arm))
}
