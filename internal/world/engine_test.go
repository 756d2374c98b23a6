package world

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// fingerprint is a hash over all rows of a table, whatever their order and parts.
func fingerprint(t *testing.T, store *warehouse.Warehouse, table string) (rows, sum uint64) {
	t.Helper()
	statement := "SELECT count(), groupBitXor(cityHash64(*)) FROM " + table
	require.NoError(t, store.Conn().QueryRow(t.Context(), statement).Scan(&rows, &sum))
	return rows, sum
}

func fingerprints(t *testing.T, store *warehouse.Warehouse) map[string][2]uint64 {
	t.Helper()
	out := map[string][2]uint64{}
	for _, table := range []string{
		"customers", "identities", "contacts", "consents", "suppressions", "products", "merchants", "brands", "transactions",
		"interactions", "campaigns", "audience", "assignments", "planned_deliveries", "delivery_events",
	} {
		rows, sum := fingerprint(t, store, table)
		require.NotZero(t, rows, table)
		out[table] = [2]uint64{rows, sum}
	}
	return out
}

func TestOneAndSixteenShardsMakeTheSameWorld(t *testing.T) {
	t.Parallel()
	w := small(t, func(p *Population) { p.Customers, p.Months = 1_600, 3 })
	one, many := stacktest.Warehouse(t), stacktest.Warehouse(t)
	made, err := w.Create(t.Context(), one, Making{Workers: 1, Shard: 1_600})
	require.NoError(t, err)
	require.Equal(t, Made{Customers: 1_600}, made)
	_, err = w.Create(t.Context(), many, Making{Workers: 4, Shard: 100})
	require.NoError(t, err)
	require.Equal(t, fingerprints(t, one), fingerprints(t, many))
}

func clickhouseNamed(name string, value any) any { return clickhouse.Named(name, value) }
