package warehouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// WriteEvents records what became of attempts. When it returns nil the rows are on disk; they are in the table all or
// none, and written again they count once.
func (w *Warehouse) WriteEvents(ctx context.Context, run campaign.Run, touch string, events []dispatch.Event) error {
	if len(events) == 0 {
		return nil
	}
	batch, err := w.conn.PrepareBatch(w.certain(ctx), "INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, wave, message_id, at, wall_at, reason, response, template, parameters, body_sha256, provider_id)")
	if err != nil {
		return fmt.Errorf("record deliveries: %w", err)
	}
	defer func() { _ = batch.Close() }()
	n := len(events)
	for i, column := range []any{
		same(run.Campaign, n), same(run.Occurrence, n), same(run.Launch, n), same(touch, n),
		each(events, func(e *dispatch.Event) uint32 { return e.Customer }),
		each(events, func(e *dispatch.Event) string { return e.Channel }),
		each(events, func(e *dispatch.Event) uint8 { return e.Attempt }),
		each(events, func(e *dispatch.Event) string { return e.State.String() }),
		each(events, func(e *dispatch.Event) uint32 { return e.Wave }),
		each(events, func(e *dispatch.Event) string { return e.MessageID }),
		each(events, func(e *dispatch.Event) time.Time { return e.At }),
		each(events, func(e *dispatch.Event) time.Time { return e.WallAt }),
		each(events, func(e *dispatch.Event) string { return e.Reason }),
		each(events, func(e *dispatch.Event) string { return e.Response }),
		each(events, func(e *dispatch.Event) string { return e.Template }),
		each(events, func(e *dispatch.Event) string { return e.Parameters }),
		each(events, func(e *dispatch.Event) string { return e.SHA256 }),
		each(events, func(e *dispatch.Event) string { return e.ProviderID }),
	} {
		if err := batch.Column(i).Append(column); err != nil {
			return fmt.Errorf("record deliveries: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("record deliveries: %w", err)
	}
	return nil
}

// each is one column of some rows, same one that has the same value in all of them. A batch takes columns in half the
// time of rows.
func each[R, V any](rows []R, value func(*R) V) []V {
	out := make([]V, len(rows))
	for i := range rows {
		out[i] = value(&rows[i])
	}
	return out
}

func same[V any](value V, n int) []V { return slices.Repeat([]V{value}, n) }

// WriteLease records a lease, its renewal or its return.
func (w *Warehouse) WriteLease(ctx context.Context, run campaign.Run, l dispatch.Lease) error {
	batch, err := w.conn.PrepareBatch(w.certain(ctx), "INSERT INTO sending_leases (campaign, occurrence, launch, touch, rebase, wave, low, high, owner, until, released)")
	if err != nil {
		return fmt.Errorf("take the lease to send: %w", err)
	}
	defer func() { _ = batch.Close() }()
	if err := batch.Append(run.Campaign, run.Occurrence, run.Launch, l.Touch, l.Rebase, l.Wave, l.Low, l.High, l.Owner, l.Until, flag(l.Released)); err != nil {
		return fmt.Errorf("take the lease to send: %w", err)
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("take the lease to send: %w", err)
	}
	return nil
}

// Leases are all of a touch.
func (w *Warehouse) Leases(ctx context.Context, run campaign.Run, touch string) ([]dispatch.Lease, error) {
	parameters := args{"campaign": run.Campaign, "occurrence": run.Occurrence, "touch": touch}
	rows, err := w.conn.Query(w.latest(ctx), query("dispatch_leases"), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("read who may send: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var leases []dispatch.Lease
	for rows.Next() {
		l := dispatch.Lease{Touch: touch}
		var released uint8
		if err := rows.Scan(&l.Rebase, &l.Wave, &l.Low, &l.High, &l.Owner, &l.Until, &released); err != nil {
			return nil, fmt.Errorf("read who may send: %w", err)
		}
		l.Released = released == 1
		leases = append(leases, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read who may send: %w", err)
	}
	return leases, nil
}

// PlannedBetween is the first and last instant of a shard's plan; zero when nothing is planned.
func (w *Warehouse) PlannedBetween(ctx context.Context, run campaign.Run, touch string, rebase uint16, shard campaign.Shard) (first, last time.Time, err error) {
	parameters := runKey(run, shard).with(args{"plan": run.Plan, "touch": touch, "rebase": rebase})
	var deliveries uint64
	if err := w.conn.QueryRow(w.latest(ctx), query("dispatch_times"), parameters.list()...).Scan(&first, &last, &deliveries); err != nil {
		return first, last, fmt.Errorf("read the times of the plan: %w", err)
	}
	if deliveries == 0 {
		return time.Time{}, time.Time{}, nil
	}
	return first, last, nil
}

// Reservations are what counts against the caps of a shard's customers between two instants, ordered by customer: of some
// of them, or of all when keys is nil.
func (w *Warehouse) Reservations(ctx context.Context, run campaign.Run, shard campaign.Shard, keys []uint32, from, until time.Time, visit func(dispatch.Reservation) error) error {
	parameters := runKey(run, shard).with(args{"from": second(from), "until": second(until), "keys": "[]"})
	if keys != nil {
		parameters["keys"] = listOf(keys)
	}
	rows, err := w.conn.Query(w.latest(ctx), query("dispatch_reservations"), parameters.list()...)
	if err != nil {
		return fmt.Errorf("read the contacts of other campaigns: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r dispatch.Reservation
		if err := rows.Scan(&r.Customer, &r.Campaign, &r.Occurrence, &r.Plan, &r.Touch, &r.Channel, &r.At, &r.Purpose, &r.Priority, &r.Carrier, &r.Launch); err != nil {
			return fmt.Errorf("read the contacts of other campaigns: %w", err)
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the contacts of other campaigns: %w", err)
	}
	return nil
}

// WriteReservations reserves contacts, or gives them back.
func (w *Warehouse) WriteReservations(ctx context.Context, purpose string, reservations []dispatch.Reservation) error {
	if len(reservations) == 0 {
		return nil
	}
	batch, err := w.conn.PrepareBatch(w.certain(ctx), "INSERT INTO reservations (customer_key, channel, purpose, at, campaign, occurrence, plan, touch, released, priority, why, host, launch)")
	if err != nil {
		return fmt.Errorf("reserve contacts: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, r := range reservations {
		err := batch.Append(r.Customer, r.Channel, cmp.Or(r.Purpose, purpose), r.At, r.Campaign, r.Occurrence, r.Plan, r.Touch, flag(r.Released),
			r.Priority, r.Why, r.Carrier, r.Launch)
		if err != nil {
			return fmt.Errorf("reserve contacts: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("reserve contacts: %w", err)
	}
	return nil
}

// Parts are what some customers' messages of a touch carry of other runs, by customer.
func (w *Warehouse) Parts(ctx context.Context, host string, keys []uint32) (map[uint32][]dispatch.Reservation, error) {
	rows, err := w.conn.Query(w.latest(ctx), query("dispatch_parts"), args{"host": host, "keys": listOf(keys)}.list()...)
	if err != nil {
		return nil, fmt.Errorf("read what messages carry: %w", err)
	}
	defer func() { _ = rows.Close() }()
	parts := map[uint32][]dispatch.Reservation{}
	for rows.Next() {
		r := dispatch.Reservation{Carrier: host}
		if err := rows.Scan(&r.Customer, &r.Campaign, &r.Occurrence, &r.Plan, &r.Touch, &r.Channel, &r.At, &r.Purpose, &r.Launch); err != nil {
			return nil, fmt.Errorf("read what messages carry: %w", err)
		}
		parts[r.Customer] = append(parts[r.Customer], r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what messages carry: %w", err)
	}
	return parts, nil
}
