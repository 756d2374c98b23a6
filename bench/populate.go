package main

import (
	"context"
	"embed"
	"fmt"
	"math"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// What benches of the engine alone need of a population is its size and its tails, and neither truth nor truthfulness: the
// engine makes such a one itself, in a fifth of the time in which the simulated world lives.
//
//go:embed populate/*.sql
var population embed.FS

// Customers of one insert: a month of them is a block of about two million rows.
const customersPerInsert = 2_000_000

// perMonth is about how many transactions a customer makes in a month.
const perMonth = 1.05

// monthLength is of 30 days, so that parts of two calendar months at most come from one insert.
const monthLength = 30 * 24 * time.Hour

// The latest months had a campaign each, to about so many customers.
const (
	pastCampaigns = 4
	audienceSize  = 200_000
)

// populate makes customers with transactions over so many months before an instant, unless the stack that stands has a
// population; of that, only what was computed is thrown away where fresh says so.
func (e *engines) populate(ctx context.Context, customers, transactions int, seed uint64, until time.Time, fresh bool) error {
	if standing != "" {
		return e.forgetSnapshots(ctx, fresh)
	}
	months := 12
	if transactions > 0 {
		months = max(1, min(60, int(float64(transactions)/float64(customers)/perMonth+.5)))
	} else {
		transactions = int(float64(customers) * perMonth * float64(months))
	}
	rate := float64(transactions) / float64(customers) / float64(months)
	began := time.Now()
	for low := 1; low <= customers; low += customersPerInsert {
		count := min(customersPerInsert, customers-low+1)
		given := []any{named("low", low), named("count", count), named("seed", seed), named("until", until.UTC()), named("rate", rate), named("part", uint64(max(1, customers/audienceSize)))}
		for _, table := range []string{"customers", "contacts", "consents", "suppressions"} {
			if err := e.fill(ctx, table, given); err != nil {
				return err
			}
		}
		for month := range months {
			from := until.Add(-time.Duration(months-month) * monthLength).UTC()
			monthly := append(given[:len(given):len(given)], named("month", uint32(month)), named("from", from), named("length", uint64(monthLength.Seconds())))
			tables := []string{"transactions", "interactions"}
			if month >= months-pastCampaigns {
				tables = append(tables, "audience")
				if low == 1 {
					tables = append(tables, "campaigns")
				}
			}
			for _, table := range tables {
				if err := e.fill(ctx, table, monthly); err != nil {
					return err
				}
			}
		}
		say("made %d of %d customers in %.0f s", low+count-1, customers, math.Round(time.Since(began).Seconds()))
	}
	return nil
}

func (e *engines) fill(ctx context.Context, table string, given []any) error {
	text, err := population.ReadFile("populate/" + table + ".sql")
	if err != nil {
		return err
	}
	large := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"min_insert_block_size_rows": 1 << 21, "max_insert_threads": 2, "max_memory_usage": 3_000_000_000}))
	if err := e.store.Conn().Exec(large, string(text), given...); err != nil {
		return fmt.Errorf("make %s: %w", table, err)
	}
	return nil
}

func (e *engines) forgetSnapshots(ctx context.Context, all bool) error {
	if !all {
		return nil
	}
	for _, table := range []string{"snapshots", "features", "feature_binnings"} {
		if err := e.store.Conn().Exec(ctx, "TRUNCATE TABLE "+table); err != nil {
			return fmt.Errorf("empty %s: %w", table, err)
		}
	}
	return nil
}
