package stacktest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/warehouse"
)

func TestMain(m *testing.M) { Main(m) }

func TestDatabasesAreFreshAndMigrated(t *testing.T) {
	first, second := Empty(t), Warehouse(t)
	require.NotEqual(t, first.Database(), second.Database())
	for _, w := range []*warehouse.Warehouse{first, second} {
		var database string
		require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT currentDatabase()").Scan(&database))
		require.Equal(t, w.Database(), database)
	}
	tables := func(w *warehouse.Warehouse) (n uint64) {
		require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase()").Scan(&n))
		return n
	}
	require.Zero(t, tables(first))
	require.NotZero(t, tables(second))
}

func TestDatabaseIsDroppedWhenTheTestPassed(t *testing.T) {
	var name string
	t.Run("inner", func(t *testing.T) { name = Database(t).Database })
	admin, err := shared.open()
	require.NoError(t, err)
	var n uint64
	require.NoError(t, admin.Conn().QueryRow(t.Context(), "SELECT count() FROM system.databases WHERE name = '"+name+"'").Scan(&n))
	require.Zero(t, n)
}

// What was acknowledged is there after SIGKILL, at the same address.
func TestProcessSurvivesKill(t *testing.T) {
	e := Process(t)
	w, err := warehouse.Open(t.Context(), e.Config())
	require.NoError(t, err)
	defer func() { _ = w.Close() }()
	require.NoError(t, w.Conn().Exec(t.Context(), "CREATE TABLE kept (n UInt32) ENGINE = MergeTree ORDER BY n"))
	for round := range 3 {
		require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO kept SELECT number FROM numbers(1000)"))
		pid := e.PID()
		e.Kill()
		require.Error(t, w.Conn().Ping(t.Context()))
		began := time.Now()
		e.Restart(t)
		t.Logf("restarted in %s", time.Since(began))
		require.NotEqual(t, pid, e.PID())
		var n uint64
		require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM kept").Scan(&n))
		require.Equal(t, uint64(round+1)*1000, n)
	}
}

func TestDatabaseNameFits(t *testing.T) {
	c := warehouse.Config{Addr: []string{"localhost:9000"}, Protocol: "native",
		Database: databaseName("TestÜber/a very long name with spaces and / slashes, that goes on and on")}
	require.NoError(t, c.Validate())
}
