package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func TestMillionRows(t *testing.T) {
	const rows = 1_000_000
	conn := stacktest.Empty(t).Conn()
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE many (id UInt64, name String, amount Int64) ENGINE = MergeTree ORDER BY id"))
	began := time.Now()
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO many (id, name, amount)")
	require.NoError(t, err)
	for i := range rows {
		require.NoError(t, batch.Append(uint64(i), fmt.Sprintf("name-%d", i%1000), int64(-i)))
	}
	require.NoError(t, batch.Send())
	t.Logf("in: %s", time.Since(began))

	began = time.Now()
	found, err := conn.Query(t.Context(), "SELECT id, name, amount FROM many ORDER BY id")
	require.NoError(t, err)
	defer func() { _ = found.Close() }()
	n := 0
	for found.Next() {
		var id uint64
		var name string
		var amount int64
		require.NoError(t, found.Scan(&id, &name, &amount))
		if id != uint64(n) || amount != int64(-n) || name != fmt.Sprintf("name-%d", n%1000) {
			t.Fatalf("row %d came back as %d %q %d", n, id, name, amount)
		}
		n++
	}
	require.NoError(t, found.Err())
	require.Equal(t, rows, n)
	t.Logf("out: %s", time.Since(began))
}

func TestErrorBeforeTheFirstRow(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	var n uint64
	requireCode(t, conn.QueryRow(t.Context(), "SELECT 1 FROM absent").Scan(&n), 60)
	requireCode(t, conn.Exec(t.Context(), "SELEC 1"), 62)
	requireCode(t, conn.Exec(t.Context(), "SELECT throwIf(1, 'first')"), 395)
	requireCode(t, conn.Exec(settings(t.Context(), clickhouse.Settings{"max_threadz": 1}), "SELECT 1"), 115)
	// A setting is checked even by statements that would not use it.
	requireCode(t, conn.Exec(settings(t.Context(), clickhouse.Settings{"max_rows_to_read": 10, "max_threads": "two"}), "SELECT 1"), 27)

	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE checked (n Int64, CONSTRAINT positive CHECK n > 0) ENGINE = MergeTree ORDER BY n"))
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO checked")
	require.NoError(t, err)
	require.NoError(t, batch.Append(int64(-1)))
	requireCode(t, batch.Send(), 469)
	_, err = conn.PrepareBatch(t.Context(), "INSERT INTO absent")
	require.ErrorContains(t, err, "absent")
}

func TestErrorInTheMiddleOfTheRows(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	rows, err := conn.Query(t.Context(), "SELECT number, throwIf(number = 3000000, 'boom') FROM numbers(4000000)")
	require.NoError(t, err)
	n := 0
	for rows.Next() {
		n++
	}
	require.NotZero(t, n)
	require.Less(t, n, 3_000_000)
	requireCode(t, rows.Err(), 395)
	require.ErrorContains(t, rows.Err(), "boom")
}

func TestMemoryLimitIsTheClientsError(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	ctx := settings(t.Context(), clickhouse.Settings{"max_memory_usage": 50_000_000})
	requireCode(t, conn.Exec(ctx, "SELECT length(groupArray(number)) FROM numbers(100000000)"), 241)
	// The session ends with the statement, and so does the limit.
	var n uint64
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT length(groupArray(number)) FROM numbers(10000000)").Scan(&n))
}

func TestCancelEndsTheQuery(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	const mark = "cancelled_on_purpose"
	for name, query := range map[string]string{
		"before the first row": "SELECT sum(cityHash64(number)) AS " + mark + " FROM numbers(1000000000000)",
		"insert select":        "INSERT INTO FUNCTION null('n UInt64') SELECT cityHash64(number) AS " + mark + " FROM numbers(1000000000000)",
		"while streaming":      "SELECT number AS " + mark + " FROM numbers(1000000000000)",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				rows, err := conn.Query(ctx, query)
				if err == nil {
					for rows.Next() { //nolint:revive // only the end is of interest
					}
					err = errors.Join(rows.Err(), rows.Close())
				}
				ended <- err
			}()
			require.Eventually(t, func() bool { return running(t, conn, mark) == 1 }, time.Minute, 10*time.Millisecond,
				"the query never ran")
			cancel()
			require.ErrorIs(t, <-ended, context.Canceled)
			require.Eventually(t, func() bool { return running(t, conn, mark) == 0 }, 5*time.Second, 10*time.Millisecond,
				"the engine still computes what nobody waits for")
		})
	}
}

// Clients that give up and try again, as activities do whose heartbeats are late on a busy machine, must not fill the
// engine with statements that nobody waits for.
func TestACrowdThatWentAwayIsEnded(t *testing.T) {
	w := stacktest.Empty(t)
	c := w.Config()
	c.MaxConns = 30
	wide, err := warehouse.Open(t.Context(), c)
	require.NoError(t, err)
	defer func() { _ = wide.Close() }()
	const mark, clients = "crowd_that_went_away", 20
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				_ = wide.Conn().Exec(ctx, "INSERT INTO FUNCTION null('n UInt64') SELECT cityHash64(number) AS "+mark+" FROM numbers(1000000000000)")
			})
		}
		require.Eventually(t, func() bool { return running(t, w.Conn(), mark) == clients }, time.Minute, 50*time.Millisecond, "they never ran")
		cancel()
		all.Wait()
		require.Eventually(t, func() bool { return running(t, w.Conn(), mark) == 0 }, 20*time.Second, 50*time.Millisecond,
			"the engine still computes what nobody waits for")
	}
}

func running(t *testing.T, conn driver.Conn, mark string) (n uint64) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(),
		"SELECT count() FROM system.processes WHERE query LIKE {mark:String} AND query NOT LIKE '%system.processes%'",
		clickhouse.Named("mark", "%"+mark+"%")).Scan(&n))
	return n
}

func TestManyAtOnce(t *testing.T) {
	w := stacktest.Empty(t)
	require.NoError(t, w.Conn().Exec(t.Context(), "CREATE TABLE busy (worker UInt32, n UInt32) ENGINE = MergeTree ORDER BY (worker, n)"))
	c := w.Config()
	c.MaxConns = 40
	wide, err := warehouse.Open(t.Context(), c)
	require.NoError(t, err)
	defer func() { _ = wide.Close() }()
	const workers, batches, size = 24, 4, 500
	group, ctx := errgroup.WithContext(t.Context())
	for worker := range workers {
		group.Go(func() error {
			for b := range batches {
				batch, err := wide.Conn().PrepareBatch(ctx, "INSERT INTO busy")
				if err != nil {
					return err
				}
				for i := range size {
					if err := batch.Append(uint32(worker), uint32(b*size+i)); err != nil {
						return err
					}
				}
				if err := batch.Send(); err != nil {
					return err
				}
				var n uint64
				if err := wide.Conn().QueryRow(ctx, "SELECT count() FROM busy WHERE worker = {w:UInt32}", clickhouse.Named("w", uint32(worker))).Scan(&n); err != nil {
					return err
				}
				if n != uint64((b+1)*size) {
					return fmt.Errorf("worker %d reads %d of its own %d rows", worker, n, (b+1)*size)
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

// Readers that ask again while they read must not wait for each other for ever.
func TestNestedReads(t *testing.T) {
	conn := stacktest.Empty(t).Conn()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			rows, err := conn.Query(t.Context(), "SELECT number FROM numbers(3)")
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() {
				var n, same uint64
				if err := rows.Scan(&n); err != nil {
					t.Error(err)
				}
				if err := conn.QueryRow(t.Context(), "SELECT {n:UInt64}", clickhouse.Named("n", n)).Scan(&same); err != nil || same != n {
					t.Errorf("%d came back as %d: %v", n, same, err)
				}
			}
		})
	}
	wait.Wait()
}
