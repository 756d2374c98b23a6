package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/registry"
)

// SaveEntry keeps a model under the name that its content gives it. The same entry twice is once; another of that name is
// registry.ErrTaken.
func (w *Warehouse) SaveEntry(ctx context.Context, e *registry.Entry) error {
	row, err := e.Row()
	if err != nil {
		return err
	}
	standing, err := w.row(ctx, row.ID)
	switch {
	case errors.Is(err, targeting.ErrNoModel):
	case err != nil:
		return err
	case standing.Checksum != row.Checksum:
		return fmt.Errorf("%s: %w", row.ID, registry.ErrTaken)
	default:
		return nil
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO models (model, kind, catalogue, trained_on, rows, metrics, parameters, created_at, checksum)")
	if err == nil {
		err = batch.Append(row.ID, row.Kind, row.Catalogue, row.TrainedOn, row.Rows, row.Metrics, row.Parameters, row.At, row.Checksum)
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("keep model %s: %w", row.ID, err)
	}
	return nil
}

// Entry is a model by its name: targeting.ErrNoModel where there is none, registry.ErrBroken where it is not whole.
func (w *Warehouse) Entry(ctx context.Context, id string) (registry.Entry, error) {
	row, err := w.row(ctx, id)
	if err != nil {
		return registry.Entry{}, err
	}
	return row.Read()
}

func (w *Warehouse) row(ctx context.Context, id string) (registry.Row, error) {
	var r registry.Row
	found := false
	err := w.each(ctx, "targeting_entry", args{"model": id}, func(rows driver.Rows) error {
		found = true
		return rows.Scan(&r.ID, &r.Kind, &r.Catalogue, &r.TrainedOn, &r.Metrics, &r.Parameters, &r.Checksum, &r.Rows, &r.At)
	})
	if err != nil {
		return r, fmt.Errorf("read model %s: %w", id, err)
	}
	if !found {
		return r, fmt.Errorf("%s: %w", id, targeting.ErrNoModel)
	}
	return r, nil
}

// Entries are the latest models of a kind ("": of all), without what they are made of.
func (w *Warehouse) Entries(ctx context.Context, kind string, most int) ([]registry.Row, error) {
	var all []registry.Row
	err := w.each(ctx, "targeting_entries", args{"kind": kind, "most": uint32(most)}, func(rows driver.Rows) error {
		var r registry.Row
		defer func() { all = append(all, r) }()
		return rows.Scan(&r.ID, &r.Kind, &r.Catalogue, &r.TrainedOn, &r.Metrics, &r.Rows, &r.At)
	})
	if err != nil {
		return nil, fmt.Errorf("list the models: %w", err)
	}
	return all, nil
}

// Promote makes a model the champion of its kind. Only a whole one is promoted.
func (w *Warehouse) Promote(ctx context.Context, p registry.Promotion) error {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO model_promotions (kind, model, actor, reason, at)")
	if err == nil {
		err = batch.Append(p.Kind, p.Model, p.Actor, p.Reason, p.At)
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("promote model %s: %w", p.Model, err)
	}
	return nil
}

// Promotions are who promoted what, the latest first ("": of all kinds).
func (w *Warehouse) Promotions(ctx context.Context, kind string) ([]registry.Promotion, error) {
	var all []registry.Promotion
	err := w.each(ctx, "targeting_promotions", args{"kind": kind}, func(rows driver.Rows) error {
		var p registry.Promotion
		defer func() { all = append(all, p) }()
		return rows.Scan(&p.Kind, &p.Model, &p.Actor, &p.Reason, &p.At)
	})
	if err != nil {
		return nil, fmt.Errorf("list who was promoted: %w", err)
	}
	return all, nil
}

// Promoted is the champion that somebody promoted by an instant; "" where nobody did.
func (w *Warehouse) Promoted(ctx context.Context, kind string, by time.Time) (string, error) {
	all, err := w.Promotions(ctx, kind)
	for _, p := range all {
		if !p.At.After(by) {
			return p.Model, nil
		}
	}
	return "", err
}

// WriteReasons appends what moved customers' scores.
func (w *Warehouse) WriteReasons(ctx context.Context, run campaign.Run, model string, all []registry.Reasons) error {
	for len(all) > 0 {
		n := min(len(all), insertBlock)
		if err := w.writeReasons(ctx, run, model, all[:n]); err != nil {
			return fmt.Errorf("write %d customers' reasons: %w", n, err)
		}
		all = all[n:]
	}
	return nil
}

func (w *Warehouse) writeReasons(ctx context.Context, run campaign.Run, model string, all []registry.Reasons) (err error) {
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO score_reasons (campaign, occurrence, plan, launch, customer_key, model, score, features, effects, low, high)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, batch.Close()) }()
	n := len(all)
	customers, models, scores := make([]uint32, n), make([]string, n), make([]float32, n)
	names, effects, low, high := make([][]string, n), make([][]float32, n), make([][]float64, n), make([][]float64, n)
	for i, r := range all {
		customers[i], models[i], scores[i] = r.Customer, model, r.Score
		for _, one := range r.All {
			names[i], effects[i] = append(names[i], one.Feature), append(effects[i], one.Effect)
			low[i], high[i] = append(low[i], one.Low), append(high[i], one.High)
		}
	}
	return send(batch, append(newRunColumns(run, n), customers, models, scores, names, effects, low, high)...)
}
