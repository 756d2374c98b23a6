package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting"
)

// PastCampaigns are the latest campaigns that were over by an instant, at most so many.
func (w *Warehouse) PastCampaigns(ctx context.Context, instant time.Time, most int) ([]targeting.Past, error) {
	rows, err := w.conn.Query(ctx, query("targeting_past"), args{"instant": instant.UTC().Truncate(time.Second), "most": uint32(most)}.list()...)
	if err != nil {
		return nil, fmt.Errorf("list past campaigns: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []targeting.Past
	for rows.Next() {
		var p targeting.Past
		if err := rows.Scan(&p.Campaign, &p.Occurrence, &p.Launched, &p.Ended); err != nil {
			return nil, fmt.Errorf("list past campaigns: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// Examples are the customers whom a past campaign treated, about most of them, with their features just before its
// launch, and whether they opened or clicked (or bought, where nobody recorded that).
func (w *Warehouse) Examples(ctx context.Context, snapshot features.Snapshot, past targeting.Past, most int) ([]targeting.Example, error) {
	key := args{"campaign": past.Campaign, "occurrence": past.Occurrence}
	var treated uint64
	if err := w.conn.QueryRow(ctx, query("targeting_reached"), key.list()...).Scan(&treated); err != nil {
		return nil, fmt.Errorf("count whom %s treated: %w", past.Campaign, err)
	}
	if treated == 0 {
		return nil, nil
	}
	part := uint32((treated + uint64(most) - 1) / uint64(most))
	key["part"], key["launched"], key["ended"] = part, past.Launched, past.Ended
	responded, err := w.customersOf(ctx, query("targeting_responders"), key)
	if err == nil && len(responded) == 0 {
		responded, err = w.customersOf(ctx, query("targeting_buyers"), key)
	}
	if err != nil {
		return nil, fmt.Errorf("read who responded to %s: %w", past.Campaign, err)
	}
	before := snapshot
	before.ID, before.Instant = "", past.Launched
	given, err := w.extraction(ctx, before, campaign.Shard{Low: 0, High: ^uint32(0)})
	if err != nil {
		return nil, err
	}
	given["cohort"], given["cohort_occurrence"], given["part"] = past.Campaign, past.Occurrence, part
	signals := make([]string, 0, 16)
	for _, name := range targeting.Signals() {
		signals = append(signals, "toFloat32("+name+")")
	}
	rows, err := w.conn.Query(w.settings(ctx, extractSettings()), "SELECT customer_key, ["+strings.Join(signals, ", ")+"] FROM ("+query("features_extract")+")", given.list()...)
	if err != nil {
		return nil, fmt.Errorf("compute features before %s: %w", past.Campaign, err)
	}
	defer func() { _ = rows.Close() }()
	var all []targeting.Example
	for rows.Next() {
		var e targeting.Example
		if err := rows.Scan(&e.Customer, &e.Signals); err != nil {
			return nil, fmt.Errorf("compute features before %s: %w", past.Campaign, err)
		}
		e.Responded = responded[e.Customer]
		all = append(all, e)
	}
	return all, rows.Err()
}

func (w *Warehouse) customersOf(ctx context.Context, statement string, given args) (map[uint32]bool, error) {
	rows, err := w.conn.Query(ctx, statement, given.list()...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := map[uint32]bool{}
	for rows.Next() {
		var customer uint32
		if err := rows.Scan(&customer); err != nil {
			return nil, err
		}
		all[customer] = true
	}
	return all, rows.Err()
}

// SaveModel keeps a fitted model under its id; saving it twice changes nothing that is read.
func (w *Warehouse) SaveModel(ctx context.Context, m targeting.Fitted) error {
	parameters, err := json.Marshal(m.Model)
	if err != nil {
		return fmt.Errorf("write model %s: %w", m.ID, err)
	}
	metrics, err := json.Marshal(m.Metrics)
	if err != nil {
		return fmt.Errorf("write model %s: %w", m.ID, err)
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO models (model, kind, catalogue, trained_on, rows, metrics, parameters, created_at)")
	if err == nil {
		err = batch.Append(m.ID, m.Model.Kind, m.Catalogue, strings.Join(m.TrainedOn, ","), m.Metrics.Rows, string(metrics), string(parameters), m.At)
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("keep model %s: %w", m.ID, err)
	}
	return nil
}

// Model is a model by its id, or targeting.ErrNoModel.
func (w *Warehouse) Model(ctx context.Context, id string) (targeting.Model, targeting.Metrics, error) {
	var model targeting.Model
	var metrics targeting.Metrics
	rows, err := w.conn.Query(ctx, query("targeting_model"), args{"model": id}.list()...)
	if err != nil {
		return model, metrics, fmt.Errorf("read model %s: %w", id, err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return model, metrics, errors.Join(rows.Err(), fmt.Errorf("%s: %w", id, targeting.ErrNoModel))
	}
	var parameters, measured string
	if err := rows.Scan(&parameters, &measured); err != nil {
		return model, metrics, fmt.Errorf("read model %s: %w", id, err)
	}
	if err := errors.Join(json.Unmarshal([]byte(parameters), &model), json.Unmarshal([]byte(measured), &metrics)); err != nil {
		return model, metrics, fmt.Errorf("model %s is not readable: %w", id, err)
	}
	return model, metrics, rows.Err()
}
