package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// TimingHabits calls visit for one in part of a snapshot's customers, in the order of their keys, with their events before
// an instant as dispatch.EventBytes writes them.
func (w *Warehouse) TimingHabits(ctx context.Context, snapshot string, instant time.Time, part uint32, visit func(segment, zone, events string)) error {
	rows, err := w.conn.Query(ctx, query("dispatch_habits"), args{"snapshot": snapshot, "instant": second(instant), "part": part}.list()...)
	if err != nil {
		return fmt.Errorf("read when customers respond: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var segment, zone, events string
	for rows.Next() {
		if err := rows.Scan(&segment, &zone, &events); err != nil {
			return fmt.Errorf("read when customers respond: %w", err)
		}
		visit(segment, zone, events)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read when customers respond: %w", err)
	}
	return nil
}

// Latency is how long a channel's messages took to arrive in the month before an instant, and how many receipts say so.
func (w *Warehouse) Latency(ctx context.Context, channel string, instant time.Time, part uint32) (dispatch.Latency, error) {
	var median int64
	var receipts uint64
	err := w.conn.QueryRow(ctx, query("dispatch_latency"), args{"channel": channel, "instant": second(instant), "part": part}.list()...).Scan(&median, &receipts)
	if err != nil {
		return dispatch.Latency{}, fmt.Errorf("read how long the channel takes: %w", err)
	}
	if receipts == 0 { // a median of nothing is no number
		return dispatch.Latency{}, nil
	}
	return dispatch.Latency{Median: time.Duration(median) * time.Millisecond, Receipts: receipts}, nil
}

// HabitsOf are some customers of a snapshot with their events before an instant, as candidates for a time.
func (w *Warehouse) HabitsOf(ctx context.Context, snapshot string, instant time.Time, keys []uint32) ([]dispatch.Candidate, error) {
	var found []dispatch.Candidate
	err := w.conn.Select(ctx, &found, query("dispatch_habits_of"), args{"snapshot": snapshot, "instant": second(instant), "keys": listOf(keys)}.list()...)
	if err != nil {
		return nil, fmt.Errorf("read when some customers respond: %w", err)
	}
	return found, nil
}
