package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/engine"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func connect(t *testing.T, e *stacktest.Engine) *warehouse.Warehouse {
	t.Helper()
	w, err := warehouse.Open(t.Context(), e.Config())
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// Every batch that was acknowledged is there after SIGKILL, whole; one that
// was not is there whole or not at all.
func TestKillWhileInserting(t *testing.T) {
	e := stacktest.Process(t)
	w := connect(t, e)
	require.NoError(t, w.Conn().Exec(t.Context(), "CREATE TABLE sent (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY (batch, n)"))
	const size = 20_000
	var acknowledged atomic.Uint32
	next := uint32(0)
	for round := range 3 {
		before := acknowledged.Load()
		failed := make(chan error, 1)
		go func() {
			for ; ; next++ {
				if err := insertBatch(t.Context(), w, next, size); err != nil {
					failed <- err
					return
				}
				acknowledged.Add(1)
			}
		}()
		require.Eventually(t, func() bool { return acknowledged.Load() >= before+3 }, time.Minute, time.Millisecond)
		e.Kill()
		require.Error(t, <-failed)
		next++ // the batch that was under way is never sent again, so its remains show
		e.Restart(t)

		var batches, torn uint64
		require.NoError(t, w.Conn().QueryRow(t.Context(),
			fmt.Sprintf("SELECT count(), countIf(rows != %d) FROM (SELECT batch, count() AS rows FROM sent GROUP BY batch)", size)).Scan(&batches, &torn))
		require.Zero(t, torn, "a batch was stored in part")
		require.GreaterOrEqual(t, batches, uint64(acknowledged.Load()))
		require.LessOrEqual(t, batches, uint64(acknowledged.Load())+uint64(round)+1)
	}
}

func insertBatch(ctx context.Context, w *warehouse.Warehouse, batch, size uint32) error {
	b, err := w.Conn().PrepareBatch(ctx, "INSERT INTO sent")
	if err != nil {
		return err
	}
	for n := range size {
		if err := b.Append(batch, n); err != nil {
			return err
		}
	}
	return b.Send()
}

// A stop waits a little for what runs, then ends it, and never hangs.
func TestStopEndsWhatRuns(t *testing.T) {
	e := stacktest.Process(t)
	w := connect(t, e)
	require.NoError(t, w.Conn().Exec(t.Context(), "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n"))
	long, short := make(chan error, 1), make(chan error, 1)
	go func() {
		long <- w.Conn().Exec(t.Context(), "INSERT INTO t SELECT cityHash64(number) FROM numbers(1000000000000) WHERE cityHash64(number) = 1")
	}()
	go func() { short <- w.Conn().Exec(t.Context(), "INSERT INTO t SELECT sleep(0.8)") }()
	require.Eventually(t, func() bool { return running(t, w.Conn(), "INSERT INTO t SELECT") == 2 }, time.Minute, 5*time.Millisecond)
	began := time.Now()
	e.Stop(t)
	require.Less(t, time.Since(began), 10*time.Second)
	require.Error(t, <-long)
	require.NoError(t, <-short)
	e.Restart(t)
	var n uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM t").Scan(&n))
	require.Equal(t, uint64(1), n)
}

func TestSecondProcessIsRefused(t *testing.T) {
	e := stacktest.Process(t)
	lib := filepath.Join(t.TempDir(), "never-loaded")
	err := engine.Serve(t.Context(), engine.Config{LibPath: lib, DataDir: e.Dir()})
	require.ErrorIs(t, err, engine.ErrInUse)
	require.ErrorContains(t, err, fmt.Sprintf("process %d", e.PID()))

	// A dead holder's lock is no lock.
	e.Kill()
	err = engine.Serve(t.Context(), engine.Config{LibPath: lib, DataDir: e.Dir()})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "library is missing")
}

func TestFullDisk(t *testing.T) {
	e := stacktest.ProcessIn(t, stacktest.Quota(t, 96<<20))
	w := connect(t, e)
	require.NoError(t, w.Conn().Exec(t.Context(), "CREATE TABLE noise (x UInt64) ENGINE = MergeTree ORDER BY tuple()"))
	var err error
	full := 0
	for ; full < 50 && err == nil; full++ {
		err = w.Conn().Exec(t.Context(), "INSERT INTO noise SELECT rand64() FROM numbers(1000000)")
	}
	t.Logf("after %d inserts: %v", full, err)
	requireCode(t, err, 243) // NOT_ENOUGH_SPACE: ClickHouse's own word

	// The engine lives, reads, and writes again when there is space.
	var n uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM noise").Scan(&n))
	require.Equal(t, uint64(full-1)*1_000_000, n, "a refused insert left rows")
	require.NoError(t, w.Conn().Exec(t.Context(), "TRUNCATE TABLE noise SYNC"))
	require.Eventually(t, func() bool {
		return w.Conn().Exec(t.Context(), "INSERT INTO noise SELECT rand64() FROM numbers(1000)") == nil
	}, 10*time.Second, 100*time.Millisecond)
}

func TestConfigFaultsComeTogether(t *testing.T) {
	err := engine.Serve(t.Context(), engine.Config{Listen: "0.0.0.0:8123", MaxMemory: -1})
	for _, want := range []string{"LibPath", "DataDir", "loopback", "negative"} {
		require.ErrorContains(t, err, want)
	}
}
