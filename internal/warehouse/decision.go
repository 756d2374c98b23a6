package warehouse

import (
	"context"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// SaveDecision appends a decision about a run. Rows of one key differ in wall_at at most; readers take the first.
func (w *Warehouse) SaveDecision(ctx context.Context, run campaign.Run, d campaign.Decision) error {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO decisions (campaign, occurrence, plan, decision, action, actor, subject, detail, signature, at, wall_at)")
	if err == nil {
		err = batch.Append(run.Campaign, run.Occurrence, run.Plan, d.Key, d.Action, d.Actor, d.Subject, d.Detail, d.Signature, d.At, clock.Wall())
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("record the decision %s about %s: %w", d.Action, run.Campaign, err)
	}
	return nil
}
