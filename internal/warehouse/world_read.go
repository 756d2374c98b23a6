package warehouse

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// WorldRows counts the rows of a table for customers [low, high], of one campaign unless campaign is empty.
func (w *Warehouse) WorldRows(ctx context.Context, table WorldTable, campaign string, low, high uint32) (uint64, error) {
	name, a := "world_rows", args{"table": string(table), "low": low, "high": high}
	if campaign != "" {
		name, a["campaign"] = "world_rows_campaign", campaign
	}
	var n uint64
	if err := w.conn.QueryRow(ctx, query(name), a.list()...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count %s: %w", table, err)
	}
	return n, nil
}

// WorldIDs returns the ids that transactions or interactions hold for customers [low, high] in [from, to).
func (w *Warehouse) WorldIDs(ctx context.Context, table WorldTable, low, high uint32, from, to time.Time) (map[uint64]struct{}, error) {
	a := args{"table": string(table), "low": low, "high": high, "from": from.UTC(), "to": to.UTC()}
	rows, err := w.conn.Query(ctx, query("world_ids"), a.list()...)
	if err != nil {
		return nil, fmt.Errorf("read ids of %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }()
	out := map[uint64]struct{}{}
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read ids of %s: %w", table, err)
		}
		out[id] = struct{}{}
	}
	return out, rows.Err()
}

// A WorldTouch is a delivery that reached a customer, with the offer it carried.
type WorldTouch struct {
	Customer          uint32
	Campaign          string
	Occurrence        uint32
	Touch, Channel    string
	At                time.Time
	Content           string
	Threshold, Reward int64
}

// WorldTouches calls visit for each delivery to customers [low, high] that arrived before until, in order of customers.
// Past campaigns, which the world made itself, are left out.
func (w *Warehouse) WorldTouches(ctx context.Context, low, high uint32, until time.Time, visit func(WorldTouch)) error {
	a := args{"low": low, "high": high, "until": until.UTC()}
	rows, err := w.conn.Query(ctx, query("world_touches"), a.list()...)
	if err != nil {
		return fmt.Errorf("read what reached customers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var t WorldTouch
		if err := rows.Scan(&t.Customer, &t.Campaign, &t.Occurrence, &t.Touch, &t.Channel, &t.At, &t.Content, &t.Threshold, &t.Reward); err != nil {
			return fmt.Errorf("read what reached customers: %w", err)
		}
		visit(t)
	}
	return rows.Err()
}

// A WorldRun is a campaign that is not one of the world's past ones: its window, and its brief as JSON.
type WorldRun struct {
	Campaign     string
	Occurrence   uint32
	Launch, Ends time.Time
	Brief        string
}

// WorldRuns returns the runs that may have reached customers, each by its latest plan.
func (w *Warehouse) WorldRuns(ctx context.Context) ([]WorldRun, error) {
	rows, err := w.conn.Query(ctx, query("world_runs"))
	if err != nil {
		return nil, fmt.Errorf("read campaigns: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []WorldRun
	for rows.Next() {
		var r WorldRun
		if err := rows.Scan(&r.Campaign, &r.Occurrence, &r.Launch, &r.Ends, &r.Brief); err != nil {
			return nil, fmt.Errorf("read campaigns: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// A WorldSummary is what the source tables hold.
type WorldSummary struct {
	Customers, Transactions, Purchases, Interactions uint64
	First, Last                                      time.Time // of transactions
	PastCampaigns                                    uint64
	Imports, LiveCampaigns                           uint64 // what a world must not touch
}

// WorldSummary counts what the source tables hold. Customers may count some twice until ClickHouse has merged them.
func (w *Warehouse) WorldSummary(ctx context.Context) (WorldSummary, error) {
	var s WorldSummary
	err := w.conn.QueryRow(ctx, query("world_summary")).Scan(&s.Customers, &s.Transactions, &s.Purchases, &s.First, &s.Last,
		&s.Interactions, &s.PastCampaigns, &s.Imports, &s.LiveCampaigns)
	if err != nil {
		return s, fmt.Errorf("count the world: %w", err)
	}
	return s, nil
}

// worldDependents hold what was made of a world: snapshots of customers who will be others, campaigns that reached them.
var worldDependents = []string{
	"world", "snapshots", "features", "feature_binnings", "redemptions", "late_redemptions", "clawbacks", "payout_breaks", "postings", "batches", "payout_events", "results", "factor_results", "reports",
	"decisions", "reservations", "models", "model_promotions", "score_reasons", "offer_knowledge",
}

// ClearWorld empties every table that a world fills, and all that was made of it, the declaration first: what a crash
// leaves is then a warehouse without a world, which can be cleared again.
func (w *Warehouse) ClearWorld(ctx context.Context) error {
	tables := slices.Clone(worldDependents)
	for _, t := range slices.Concat(worldSources, worldPast) {
		tables = append(tables, string(t))
	}
	for _, t := range tables {
		if err := w.conn.Exec(ctx, w.config.DDL(query("world_clear")), args{"table": t}.list()...); err != nil {
			return fmt.Errorf("empty %s: %w", t, err)
		}
	}
	return nil
}

// RememberBlocks lets the source tables know a block that was inserted before. Only worlds need it: two runs that write
// the same block at once then write it once. Campaign tables are left as they are, since rows that were removed from
// them may come again.
func (w *Warehouse) RememberBlocks(ctx context.Context) error {
	for _, t := range worldSources {
		if err := w.conn.Exec(ctx, w.config.DDL(query("world_remember")), args{"table": string(t)}.list()...); err != nil {
			return fmt.Errorf("let %s remember blocks: %w", t, err)
		}
	}
	return nil
}

// WorldCatalog counts the rows of the tables that belong to no range of customers.
func (w *Warehouse) WorldCatalog(ctx context.Context) (map[WorldTable]uint64, error) {
	var brands, merchants, products, campaigns uint64
	if err := w.conn.QueryRow(ctx, query("world_catalog")).Scan(&brands, &merchants, &products, &campaigns); err != nil {
		return nil, fmt.Errorf("count the catalogue: %w", err)
	}
	return map[WorldTable]uint64{WorldBrands: brands, WorldMerchants: merchants, WorldProducts: products, WorldCampaigns: campaigns}, nil
}
