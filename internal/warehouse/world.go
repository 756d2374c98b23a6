package warehouse

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// worldInsert is sql/world_insert_<table>.sql without its comment, which clickhouse-go does not skip in an INSERT.
func worldInsert(table string) string {
	_, statement, _ := strings.Cut(query("world_insert_"+table), "\n")
	return statement
}

// A WorldTable is a table that the simulated population fills.
type WorldTable string

// The tables of the world, in the order in which they are filled.
const (
	WorldBrands            WorldTable = "brands"
	WorldMerchants         WorldTable = "merchants"
	WorldProducts          WorldTable = "products"
	WorldCampaigns         WorldTable = "campaigns"
	WorldCustomers         WorldTable = "customers"
	WorldIdentities        WorldTable = "identities"
	WorldContacts          WorldTable = "contacts"
	WorldConsents          WorldTable = "consents"
	WorldSuppressions      WorldTable = "suppressions"
	WorldAudience          WorldTable = "audience"
	WorldAssignments       WorldTable = "assignments"
	WorldPlannedDeliveries WorldTable = "planned_deliveries"
	WorldDeliveryEvents    WorldTable = "delivery_events"
	WorldInteractions      WorldTable = "interactions"
	WorldTransactions      WorldTable = "transactions"
)

// worldSources are what an import of real data would fill, too; worldPast what campaigns do.
var (
	worldSources = []WorldTable{
		WorldBrands, WorldMerchants, WorldProducts, WorldCustomers, WorldIdentities, WorldContacts, WorldConsents,
		WorldSuppressions, WorldInteractions, WorldTransactions,
	}
	worldPast = []WorldTable{WorldCampaigns, WorldAudience, WorldAssignments, WorldPlannedDeliveries, WorldDeliveryEvents}
)

// InsertWorld inserts one block of a table. See insertColumns for the token.
func (w *Warehouse) InsertWorld(ctx context.Context, table WorldTable, token string, columns Columns) error {
	if err := w.insertColumns(ctx, worldInsert(string(table)), token, columns); err != nil {
		return fmt.Errorf("write %s: %w", table, err)
	}
	return nil
}

// A WorldSpan says up to when a range of customers has lived. The span with Low and High 0 declares the population.
type WorldSpan struct {
	Seed       uint64
	Customers  uint32
	Months     uint16
	Parameters string
	Low, High  uint32
	From, To   time.Time
}

// DeclareSpan records s; recording it again changes nothing, because readers take the latest instant of a range.
func (w *Warehouse) DeclareSpan(ctx context.Context, s WorldSpan) error {
	batch, err := w.conn.PrepareBatch(ctx, worldInsert("world"))
	if err != nil {
		return fmt.Errorf("write world: %w", err)
	}
	defer func() { _ = batch.Close() }()
	// The row's own instant is the campaign time that it reached: no wall clock decides anything here.
	if err := batch.Append(s.Seed, s.Customers, s.Months, s.Parameters, s.Low, s.High, s.From.UTC(), s.To.UTC(), s.To.UTC()); err != nil {
		return fmt.Errorf("write world: %w", err)
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("write world: %w", err)
	}
	return nil
}

// WorldSpans returns, for every range that touches [low, high], up to when it has lived; the declaration comes first.
func (w *Warehouse) WorldSpans(ctx context.Context, low, high uint32) ([]WorldSpan, error) {
	rows, err := w.conn.Query(ctx, query("world_spans"), args{"low": low, "high": high}.list()...)
	if err != nil {
		return nil, fmt.Errorf("read world: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []WorldSpan
	for rows.Next() {
		var s WorldSpan
		if err := rows.Scan(&s.Seed, &s.Customers, &s.Months, &s.Parameters, &s.Low, &s.High, &s.From, &s.To); err != nil {
			return nil, fmt.Errorf("read world: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
