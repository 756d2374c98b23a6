package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/compose"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/world"
)

// featuresBench measures one snapshot of everybody, beside a plain scan of the same columns in the same run.
type featuresBench struct {
	customers, transactions int
	seed                    uint64
}

func (b *featuresBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 1_000_000, "size of the population")
	f.IntVar(&b.transactions, "transactions", 0, "of all of them together, about; the months that they have lived follow from it (0: of 12 months)")
	f.Uint64Var(&b.seed, "seed", 1, "of the population")
}

func (b *featuresBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers, b.transactions = 50_000, 0
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	until := benchUntil
	if err := e.populate(ctx, b.customers, b.transactions, b.seed, until, true); err != nil {
		return nil, err
	}
	customers, err := e.count(ctx, "SELECT uniqExact(customer_key) FROM customers")
	if err != nil {
		return nil, err
	}
	b.customers = int(customers)
	out := map[string]any{"customers": b.customers}
	if out["transactions"], err = e.count(ctx, "SELECT count() FROM transactions"); err != nil {
		return nil, err
	}
	if out["interactions"], err = e.count(ctx, "SELECT count() FROM interactions"); err != nil {
		return nil, err
	}
	want := features.Snapshot{Instant: until, Currency: "KRW", Zone: "Asia/Seoul"}
	_, shards, err := e.store.PlanSnapshot(ctx, want, 0) // the engine reads the tables once before either is measured
	if err != nil {
		return nil, err
	}
	say("scanning in %d shards", len(shards))
	scan, scanCPU, err := scanShards(ctx, e, until, shards)
	if err != nil {
		return nil, err
	}
	say("extracting")
	section := e.begin(stack.PartEngine)
	snapshot, err := compose.TakeSnapshot(ctx, e.store, want, sayProgress)
	section.end(out)
	if err != nil {
		return nil, err
	}
	if err := b.check(ctx, e, snapshot, out); err != nil {
		return nil, err
	}
	seconds := out["seconds"].(float64)
	out["customers_per_s"], out["shards"] = float64(b.customers)/seconds, len(shards)
	out["seconds_per_feature"] = seconds / float64(out["features"].(uint64))
	out["scan_seconds"], out["ratio_to_scan"] = scan, seconds/scan
	out["scan_cpu_seconds"], out["cpu_ratio_to_scan"] = scanCPU, out["cpu_seconds"].(float64)/scanCPU // holds on a machine that is shared, too
	return out, nil
}

// sayProgress tells how far a snapshot is, at every eighth shard.
func sayProgress(done, of int) {
	if done%8 == 0 || done == of {
		say("%d of %d shards", done, of)
	}
}

// benchUntil is up to when the populations of the benches have lived.
var benchUntil = time.Date(2026, 9, 1, 0, 0, 0, 0, world.Home)

// check compares totals over all customers with sums over the source tables, and counts the features.
func (b *featuresBench) check(ctx context.Context, e *engines, snapshot features.Snapshot, out map[string]any) error {
	if snapshot.Customers != uint64(b.customers) {
		return fmt.Errorf("%w: %d customers have features, of %d", errWrong, snapshot.Customers, b.customers)
	}
	for _, c := range []struct{ what, have, want string }{
		{"the sum of spend", "SELECT toUInt64(sum(spend)) FROM features", "SELECT toUInt64(sum(if(kind = 'purchase', amount, -amount))) FROM transactions WHERE currency = 'KRW'"},
		{"the number of purchases", "SELECT sum(purchases) FROM features", "SELECT countIf(kind = 'purchase' AND line = 1) FROM transactions"},
		{"the number of customers who ever bought", "SELECT countIf(recency_days < 65535) FROM features", "SELECT uniqExact(customer_key) FROM transactions WHERE kind = 'purchase'"},
	} {
		have, err := e.count(ctx, c.have)
		if err != nil {
			return err
		}
		want, err := e.count(ctx, c.want)
		if err != nil {
			return err
		}
		if have != want {
			return fmt.Errorf("%w: %s is %d by the features and %d by the transactions", errWrong, c.what, have, want)
		}
	}
	columns, err := e.count(ctx, `SELECT count() FROM system.columns
		WHERE database = currentDatabase() AND table = 'features' AND name NOT IN ('snapshot', 'customer_key', 'own', 'bins')`)
	out["features"] = columns
	return err
}

// The plain scans read the columns that sql/features_extract.sql reads, and do the least with them: one sum by customer.
const (
	scanTransactions = `SELECT count(), sum(s) FROM
		(SELECT customer_key, sum(amount + toUInt32(at) + line + toInt8(kind) + length(currency) + length(category) + length(brand) + length(channel)) AS s
		FROM transactions WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at < {instant:DateTime('UTC')} GROUP BY customer_key)`
	scanInteractions = `SELECT count(), sum(s) FROM
		(SELECT customer_key, sum(toUInt32(at) + id + length(kind) + length(channel) + length(campaign) + occurrence + length(touch)) AS s
		FROM interactions WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at < {instant:DateTime('UTC')} GROUP BY customer_key)`
)

// scanShards runs the plain scans over the snapshot's shards, one after the other: each uses both cores.
func scanShards(ctx context.Context, e *engines, until time.Time, shards []campaign.Shard) (seconds, cpu float64, err error) {
	began, before := time.Now(), e.cpu(stack.PartEngine)
	for _, shard := range shards {
		for _, query := range []string{scanTransactions, scanInteractions} {
			if err := e.store.Conn().Exec(ctx, query, named("low", shard.Low), named("high", shard.High), named("instant", until)); err != nil {
				return 0, 0, fmt.Errorf("the plain scan: %w", err)
			}
		}
	}
	return time.Since(began).Seconds(), e.cpu(stack.PartEngine) - before, nil
}
