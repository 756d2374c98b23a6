package warehouse_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func TestMigrateTwiceAndAtOnce(t *testing.T) {
	w := stacktest.Empty(t)
	var all sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		all.Go(func() { errs[i] = warehouse.Migrate(t.Context(), w) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.NoError(t, warehouse.Migrate(t.Context(), w))

	var numbers, last uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT uniqExact(number), toUInt64(max(number)) FROM migrations").Scan(&numbers, &last))
	require.Equal(t, last, numbers)
	var tables uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name IN ('customers', 'transactions', 'postings', 'world')").Scan(&tables))
	require.Equal(t, uint64(4), tables)
}

func TestAChangedMigrationIsRefused(t *testing.T) {
	w := stacktest.Warehouse(t)
	require.NoError(t, w.Conn().Exec(t.Context(), "TRUNCATE TABLE migrations"))
	require.NoError(t, w.Conn().Exec(t.Context(), "INSERT INTO migrations SELECT 1, '0001_customers.sql', 'another'"))
	err := warehouse.Migrate(t.Context(), w)
	require.ErrorIs(t, err, warehouse.ErrMigrationChanged)
	require.ErrorContains(t, err, "0001_customers.sql")
}

func TestAMissingDatabaseIsMade(t *testing.T) {
	config := stacktest.Database(t)
	config.Database += "_new"
	_, err := warehouse.Open(t.Context(), config)
	require.ErrorContains(t, err, "has no database")
	w, err := warehouse.OpenMigrated(t.Context(), config)
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, w.Conn().Exec(t.Context(), "SELECT count() FROM customers"))
	require.NoError(t, w.Conn().Exec(t.Context(), "DROP DATABASE "+config.Database+" SYNC"))
}
