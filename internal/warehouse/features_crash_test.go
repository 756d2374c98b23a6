package warehouse_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// The engine dies by SIGKILL in the middle of extractions, attempts overlap, and the snapshot is the one that would have
// come out without any of that.
func TestKilledExtractionsLeaveNoRowTooMany(t *testing.T) {
	e := stacktest.Process(t)
	w, err := warehouse.OpenMigrated(t.Context(), e.Config())
	require.NoError(t, err)
	defer func() { _ = w.Close() }()
	const customers = 120_000
	for _, statement := range []string{
		"INSERT INTO customers (customer_key, zone, updated_at) SELECT number + 1, 'Asia/Seoul', '2026-01-01' FROM numbers(120000)",
		`INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency, category, brand)
			SELECT 1 + cityHash64(number) % 120000, toDateTime('2025-04-15 00:00:00', 'UTC') + cityHash64(number, 1) % (365 * 86400), number, 1, 'purchase', 1000 + cityHash64(number, 2) % 50000, 'KRW',
			'category' || toString(cityHash64(number, 3) % 20), 'brand' || toString(cityHash64(number, 4) % 500) FROM numbers(1500000)`,
	} {
		require.NoError(t, w.Conn().Exec(t.Context(), statement))
	}
	want := features.Snapshot{Instant: instant, Currency: "KRW", Zone: "Asia/Seoul"}
	s, shards, err := w.PlanSnapshot(t.Context(), want, 2)
	require.NoError(t, err)

	// Three kills, each while both shards are being extracted, one of them by two attempts at once.
	interrupted := 0
	for kill := range 3 {
		var wait sync.WaitGroup
		var mu sync.Mutex
		for _, shard := range append(shards, shards[0]) {
			wait.Go(func() {
				if _, err := w.ExtractFeatures(t.Context(), s, shard); err != nil {
					mu.Lock()
					interrupted++
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(150+150*kill) * time.Millisecond)
		e.Kill()
		wait.Wait()
		e.Restart(t)
	}
	t.Logf("%d attempts were broken off", interrupted)
	require.Positive(t, interrupted)

	var total uint64
	for _, shard := range append(shards, shards[1]) {
		n, err := w.ExtractFeatures(t.Context(), s, shard)
		require.NoError(t, err)
		total += n
		if shard == shards[1] && total > customers {
			total -= n // the same shard again
		}
	}
	require.EqualValues(t, customers, total)
	published, err := w.PublishSnapshot(t.Context(), s, shards, total)
	require.NoError(t, err)
	var rows, different uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count(), uniqExact(customer_key) FROM features").Scan(&rows, &different))
	require.EqualValues(t, customers, rows)
	require.EqualValues(t, customers, different)

	// An undisturbed extraction of the same gives the same checksum.
	require.NoError(t, w.Conn().Exec(t.Context(), "TRUNCATE TABLE features"))
	require.NoError(t, w.Conn().Exec(t.Context(), "TRUNCATE TABLE snapshots"))
	again, _ := snapshot(t, w, instant, 4)
	require.Equal(t, published.ID, again.ID)
	require.Equal(t, published.Checksum, again.Checksum)
	var left uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE 'features\\_%'").Scan(&left))
	require.Zero(t, left)
}
