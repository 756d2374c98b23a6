package warehouse_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// The card company's example, as the documentation tells of it.
func TestCardExample(t *testing.T) {
	w := stacktest.Warehouse(t)
	s := importExample(t, w, "import/card.yaml", filepath.Join("..", "..", "examples", "import", "data"))
	require.Equal(t, uint64(3), s.NewCustomers)
	require.Equal(t, uint64(5), s.Target("transactions").New)
	require.Equal(t, uint64(1), s.Target("transactions").Already, "A103 is in both files")
	require.Equal(t, uint64(1), s.Target("transactions").Unjoined, "merchant 7009 is in no file")
	require.Empty(t, s.Rejects)
	require.Equal(t, int64(4500+38210+9900), scanOne[int64](t, w, "SELECT sum(if(kind = 'purchase', amount, -amount)) FROM transactions"))
	require.Equal(t, "A102", scanOne[string](t, w, "SELECT p.reference FROM transactions AS c INNER JOIN transactions AS p ON p.id = c.original WHERE c.kind = 'cancellation'"))
	require.Equal(t, "2026-01-02 23:12:45", scanOne[string](t, w, "SELECT toString(at) FROM transactions WHERE reference = 'A100'"), "Seoul is nine hours ahead")
	require.Equal(t, "0001023", scanOne[string](t, w, "SELECT external_id FROM identities WHERE customer_key = 1"), "ids keep their zeros")
	require.Equal(t, uint64(6), scanOne[uint64](t, w, "SELECT count() FROM consents"))
	require.Equal(t, uint64(1), scanOne[uint64](t, w, "SELECT countIf(night = 1) FROM consents"))
	require.Equal(t, "f 1984 2019-03-02", scanOne[string](t, w, "SELECT concat(gender, ' ', toString(birth_year), ' ', toString(joined)) FROM customers WHERE customer_key = 1"))
}
