package warehouse

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
)

// An INSERT SELECT is not atomic: a killed one leaves blocks behind. So each attempt fills a table of its own; a table
// that holds what it must is moved, by REPLACE PARTITION, into its shard's table; and a table that holds all shards
// replaces the snapshot's partition. Each move is whole and may be made twice, whoever else is still at it.
const (
	stagingPrefix = "features_staging_" // <snapshot>_<shard>of<n>: one shard, verified
	attemptPrefix = "features_attempt_" // <snapshot>_<shard>of<n>_<random>: one attempt at a shard
	wholePrefix   = "features_whole_"   // <snapshot>_<random>: all shards, to be published
)

// Memory of one extraction, in bytes. A quarter of a million customers with twelve purchases a year take about one gigabyte;
// as many at once as a worker runs shards would be more than the engine is given, and no faster: one keeps a core busy.
const (
	extractMemory     = int64(2_500_000_000)
	extractSpill      = int64(1_200_000_000)
	extractionsAtOnce = 3
)

func extractSettings() clickhouse.Settings {
	return clickhouse.Settings{"max_memory_usage": extractMemory, "max_bytes_before_external_group_by": extractSpill}
}

// ExtractFeatures computes one shard's features and puts them into staging, whole or not at all. It returns how many
// customers they are of. A shard that is staged, or a snapshot that is published, is only counted.
func (w *Warehouse) ExtractFeatures(ctx context.Context, of features.Snapshot, shard campaign.Shard) (uint64, error) {
	done, err := w.published(ctx, of)
	if err != nil {
		return 0, err
	}
	if done.Published {
		return w.countFeatures(ctx, "features", of.ID, shard)
	}
	var customers uint64
	if err := w.conn.QueryRow(ctx, query("features_customers"), args{"low": shard.Low, "high": shard.High}.list()...).Scan(&customers); err != nil {
		return 0, fmt.Errorf("count the customers of shard %s: %w", shard, err)
	}
	staging := stagingName(of, shard)
	if err := w.conn.Exec(ctx, w.config.DDL("CREATE TABLE IF NOT EXISTS "+staging+" AS features")); err != nil {
		return 0, fmt.Errorf("make the staging table of shard %s: %w", shard, err)
	}
	if staged, err := w.countFeatures(ctx, staging, of.ID, shard); err != nil || staged == customers {
		return staged, err
	}
	attempt := attemptName(of, shard)
	if err := w.conn.Exec(ctx, w.config.DDL("CREATE TABLE "+attempt+" AS features")); err != nil {
		return 0, fmt.Errorf("make a table for an attempt at shard %s: %w", shard, err)
	}
	defer w.drop(ctx, attempt)
	given, err := w.extraction(ctx, of, shard)
	if err != nil {
		return 0, err
	}
	own, err := w.ownOf(ctx, of.Catalogue)
	if err != nil {
		return 0, err
	}
	maps.Copy(given, ownParams(of, own))
	select {
	case w.extractions <- struct{}{}:
		defer func() { <-w.extractions }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if err := w.conn.Exec(w.settings(ctx, extractSettings()), "INSERT INTO "+attempt+" ("+featureColumns+", own, bins)\n"+binned(own), given.list()...); err != nil {
		return 0, fmt.Errorf("extract the features of shard %s: %w", shard, err)
	}
	written, err := w.countFeatures(ctx, attempt, of.ID, shard)
	if err != nil {
		return 0, err
	}
	if written != customers {
		return 0, fmt.Errorf("shard %s has %d customers and features of %d: %w", shard, customers, written, features.ErrSnapshotIncomplete)
	}
	if err := w.replacePartition(ctx, staging, attempt, of.ID); err != nil {
		return 0, fmt.Errorf("stage shard %s: %w", shard, err)
	}
	return written, nil
}

// PublishSnapshot puts the staged shards in place as a whole, once they add up to customers, and removes the staging
// tables. Published already, it changes nothing.
func (w *Warehouse) PublishSnapshot(ctx context.Context, of features.Snapshot, shards []campaign.Shard, customers uint64) (features.Snapshot, error) {
	done, err := w.published(ctx, of)
	if err != nil {
		return of, err
	}
	if !done.Published {
		if done, err = w.publish(ctx, of, shards, customers); err != nil {
			return of, err
		}
	}
	// A staging table that stays behind is swept later; the snapshot is good without that.
	_, err = w.sweep(ctx, of.ID+"_", farFuture)
	return done, err
}

func (w *Warehouse) publish(ctx context.Context, of features.Snapshot, shards []campaign.Shard, customers uint64) (features.Snapshot, error) {
	whole := wholePrefix + of.ID + "_" + nonce()
	if err := w.conn.Exec(ctx, w.config.DDL("CREATE TABLE "+whole+" AS features")); err != nil {
		return of, fmt.Errorf("make the table that is to be published: %w", err)
	}
	defer w.drop(ctx, whole)
	for _, shard := range shards {
		staging := stagingName(of, shard)
		if err := w.conn.Exec(ctx, "ALTER TABLE "+whole+" ATTACH PARTITION "+quoteText(of.ID)+" FROM "+staging); err != nil {
			if isUnknownTable(err) {
				return of, fmt.Errorf("shard %s is not staged: %w", shard, features.ErrSnapshotIncomplete)
			}
			return of, fmt.Errorf("collect shard %s: %w", shard, err)
		}
	}
	var rows, different, checksum uint64
	given := args{"table": whole, "snapshot": of.ID}
	if err := w.conn.QueryRow(ctx, query("features_checksum"), given.list()...).Scan(&rows, &different, &checksum); err != nil {
		return of, fmt.Errorf("verify the snapshot: %w", err)
	}
	if rows != customers || different != customers {
		return of, fmt.Errorf("%d rows of %d customers are staged, %d were extracted: %w", rows, different, customers, features.ErrSnapshotIncomplete)
	}
	if err := w.replacePartition(ctx, "features", whole, of.ID); err != nil {
		return of, fmt.Errorf("publish the snapshot: %w", err)
	}
	of.Customers, of.Checksum, of.Published = customers, checksum, true
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO snapshots (snapshot, instant, catalogue, currency, customers, checksum, created_at, binning)")
	if err == nil {
		// created_at is the snapshot's instant: publishing twice writes equal rows.
		err = batch.Append(of.ID, of.Instant, of.Catalogue, of.Currency, of.Customers, of.Checksum, of.Instant, of.Binning)
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return of, fmt.Errorf("record the snapshot: %w", err)
	}
	return of, nil
}

// SweepStaging removes what killed extractions left behind: staging tables unchanged since before. It returns how many.
func (w *Warehouse) SweepStaging(ctx context.Context, before time.Time) (int, error) {
	return w.sweep(ctx, "", before)
}

var farFuture = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func (w *Warehouse) sweep(ctx context.Context, snapshot string, before time.Time) (int, error) {
	swept := 0
	for _, prefix := range []string{attemptPrefix, wholePrefix, stagingPrefix} {
		names, err := w.words(ctx, query("features_staging"), args{"prefix": prefix + snapshot, "before": before.UTC().Truncate(time.Second)})
		if err != nil {
			return swept, fmt.Errorf("list the staging tables: %w", err)
		}
		for _, name := range names {
			if err := w.conn.Exec(ctx, w.config.DDL("DROP TABLE IF EXISTS "+name)); err != nil {
				return swept, fmt.Errorf("drop staging table %s: %w", name, err)
			}
			swept++
		}
	}
	return swept, nil
}

// countFeatures counts the customers of a range that a table holds; a row too many is an error.
func (w *Warehouse) countFeatures(ctx context.Context, table, snapshot string, shard campaign.Shard) (uint64, error) {
	var rows, customers uint64
	given := args{"table": table, "snapshot": snapshot, "low": shard.Low, "high": shard.High}
	if err := w.conn.QueryRow(ctx, query("features_count"), given.list()...).Scan(&rows, &customers); err != nil {
		return 0, fmt.Errorf("count the features of shard %s: %w", shard, err)
	}
	if rows != customers {
		return 0, fmt.Errorf("shard %s has %d rows of %d customers: %w", shard, rows, customers, features.ErrSnapshotIncomplete)
	}
	return customers, nil
}

func (w *Warehouse) replacePartition(ctx context.Context, into, from, snapshot string) error {
	return w.conn.Exec(ctx, "ALTER TABLE "+into+" REPLACE PARTITION "+quoteText(snapshot)+" FROM "+from)
}

// drop removes a table that is no longer needed, also when the work was given up; what it fails to remove is swept later.
func (w *Warehouse) drop(ctx context.Context, table string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	_ = w.conn.Exec(ctx, w.config.DDL("DROP TABLE IF EXISTS "+table))
}

func stagingName(of features.Snapshot, shard campaign.Shard) string {
	return fmt.Sprintf("%s%s_%dof%d", stagingPrefix, of.ID, shard.Index, shard.Of)
}

func attemptName(of features.Snapshot, shard campaign.Shard) string {
	return fmt.Sprintf("%s%s_%dof%d_%s", attemptPrefix, of.ID, shard.Index, shard.Of, nonce())
}

// nonce keeps the tables of two attempts apart. It names nothing that lasts.
func nonce() string {
	var b [6]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

const codeUnknownTable = 60

func isUnknownTable(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && exception.Code == codeUnknownTable
}

// quoteText quotes a literal, which can't be a query parameter in ALTER.
func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
