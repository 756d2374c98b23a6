package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/danbi-project/danbi/internal/campaign"
)

// briefs remembers what was read: a plan's brief never changes.
type briefs struct{ byRun sync.Map }

type plan struct {
	campaign   string
	occurrence uint32
	number     uint16
}

func planOf(run campaign.Run) plan { return plan{run.Campaign, run.Occurrence, run.Plan} }

// SaveBrief registers a run; kind is live, rehearsal or past. Saving the same brief again changes nothing. An occurrence
// that has sent under another brief is campaign.ErrUsed, another brief for the same plan campaign.ErrPlanTaken.
func (w *Warehouse) SaveBrief(ctx context.Context, run campaign.Run, kind string, brief campaign.Brief, times campaign.Times) error {
	hash := campaign.BriefHash(brief)
	spec, err := json.Marshal(brief)
	if err != nil {
		return fmt.Errorf("write the brief of %s: %w", run.Campaign, err)
	}
	switch _, known, err := w.loadBrief(ctx, run); {
	case err == nil && known == hash:
		return nil
	case err == nil:
		return fmt.Errorf("%s, occurrence %d, plan %d: %w", run.Campaign, run.Occurrence, run.Plan, campaign.ErrPlanTaken)
	case !errors.Is(err, campaign.ErrNoBrief):
		return err
	}
	var used uint8
	sent := args{"campaign": run.Campaign, "occurrence": run.Occurrence, "hash": hash}
	if err := w.conn.QueryRow(ctx, query("brief_sent"), sent.list()...).Scan(&used); err != nil {
		return fmt.Errorf("ask whether %s has sent: %w", run.Campaign, err)
	}
	if used == 1 {
		return fmt.Errorf("%s, occurrence %d: %w", run.Campaign, run.Occurrence, campaign.ErrUsed)
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO campaigns (campaign, occurrence, plan, kind, launch, ends, currency, spec, hash, at)")
	if err == nil {
		// The window's start stands for the time of registration, so that registering twice writes equal rows.
		err = batch.Append(run.Campaign, run.Occurrence, run.Plan, kind, run.Launch, times.Closes, brief.Spec.Currency, string(spec), hash, run.Launch)
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("register %s: %w", run.Campaign, err)
	}
	return nil
}

// Brief is the spec and policy of a registered run, or campaign.ErrNoBrief.
func (w *Warehouse) Brief(ctx context.Context, run campaign.Run) (campaign.Brief, error) {
	if brief, ok := w.briefs.byRun.Load(planOf(run)); ok {
		return brief.(campaign.Brief), nil
	}
	brief, _, err := w.loadBrief(ctx, run)
	if err == nil {
		w.briefs.byRun.Store(planOf(run), brief)
	}
	return brief, err
}

func (w *Warehouse) loadBrief(ctx context.Context, run campaign.Run) (brief campaign.Brief, hash string, err error) {
	key := args{"campaign": run.Campaign, "occurrence": run.Occurrence, "plan": run.Plan}
	rows, err := w.conn.Query(ctx, query("brief_load"), key.list()...)
	if err != nil {
		return brief, "", fmt.Errorf("read the brief of %s: %w", run.Campaign, err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return brief, "", errors.Join(rows.Err(), fmt.Errorf("%s, occurrence %d, plan %d: %w", run.Campaign, run.Occurrence, run.Plan, campaign.ErrNoBrief))
	}
	var spec string
	if err := rows.Scan(&spec, &hash); err != nil {
		return brief, "", fmt.Errorf("read the brief of %s: %w", run.Campaign, err)
	}
	if err := json.Unmarshal([]byte(spec), &brief); err != nil {
		return brief, "", fmt.Errorf("the brief of %s, occurrence %d is not readable: %w", run.Campaign, run.Occurrence, err)
	}
	return brief, hash, rows.Err()
}
