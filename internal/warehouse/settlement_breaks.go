package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// Breaks are those of a run, the latest incident of each, resolved ones too.
func (w *Warehouse) Breaks(ctx context.Context, run campaign.Run) ([]settlement.Break, error) {
	rows, err := w.conn.Query(ctx, query("settlement_breaks"), runOnly(run).list()...)
	if err != nil {
		return nil, fmt.Errorf("read the breaks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []settlement.Break
	for rows.Next() {
		var b settlement.Break
		var payout string
		var over uint8
		if err := rows.Scan(&payout, (*string)(&b.Kind), &b.Incident, &b.Customer, (*int64)(&b.Ours), (*int64)(&b.Theirs), &b.Currency, &b.Opened, &b.Owner, &over, &b.Resolution); err != nil {
			return nil, fmt.Errorf("read the breaks: %w", err)
		}
		if b.Payout, err = campaign.ParseID(payout); err != nil {
			return nil, fmt.Errorf("a break: %w", err)
		}
		b.Resolved = over == 1
		all = append(all, b)
	}
	return all, rows.Err()
}

// RecordBreaks adds what became of breaks; actor is who decided it, empty for the reconciliation.
func (w *Warehouse) RecordBreaks(ctx context.Context, run campaign.Run, actor string, at time.Time, breaks []settlement.Break) error {
	if len(breaks) == 0 {
		return nil
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO payout_breaks (campaign, occurrence, launch, payout, kind, incident, customer_key, ours, theirs, currency, opened, state, owner, resolution, actor, wall_at)")
	if err != nil {
		return fmt.Errorf("record the breaks: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, b := range breaks {
		state := "open"
		if b.Resolved {
			state = "resolved"
		}
		err := batch.Append(run.Campaign, run.Occurrence, run.Launch.UTC(), b.Payout.String(), string(b.Kind), b.Incident, b.Customer,
			int64(b.Ours), int64(b.Theirs), b.Currency, second(b.Opened), state, b.Owner, b.Resolution, actor, at.UTC())
		if err != nil {
			return fmt.Errorf("record the breaks: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("record the breaks: %w", err)
	}
	return nil
}
