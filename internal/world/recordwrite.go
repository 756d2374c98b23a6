package world

import (
	"context"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// drop removes from the record what the warehouse holds already.
func (r *record) drop(ctx context.Context, store *warehouse.Warehouse, customers Range) error {
	from, to := time.Unix(r.from, 0), time.Unix(r.to, 0)
	there, err := store.WorldIDs(ctx, warehouse.WorldTransactions, customers.Low, customers.High, from, to)
	if err != nil {
		return err
	}
	r.dropped = r.transactions.rows()
	r.transactions.drop(there)
	r.dropped -= r.transactions.rows()
	if there, err = store.WorldIDs(ctx, warehouse.WorldInteractions, customers.Low, customers.High, from, to); err != nil {
		return err
	}
	r.interactions.drop(there)
	return nil
}

func (t *transactionRows) drop(there map[uint64]struct{}) {
	if len(there) == 0 {
		return
	}
	keep := keeping(t.id, there)
	t.customer, t.at, t.id = keepRows(t.customer, keep), keepRows(t.at, keep), keepRows(t.id, keep)
	t.kind, t.amount, t.product = keepRows(t.kind, keep), keepRows(t.amount, keep), keepRows(t.product, keep)
	t.category, t.brand = keepRows(t.category, keep), keepRows(t.brand, keep)
	t.merchant, t.channel = keepRows(t.merchant, keep), keepRows(t.channel, keep)
	t.original = keepRows(t.original, keep)
}

func (t *interactionRows) drop(there map[uint64]struct{}) {
	if len(there) == 0 {
		return
	}
	keep := keeping(t.id, there)
	t.customer, t.at, t.id = keepRows(t.customer, keep), keepRows(t.at, keep), keepRows(t.id, keep)
	t.occurrence = keepRows(t.occurrence, keep)
	for _, c := range []*words{&t.kind, &t.channel, &t.campaign, &t.touch} {
		c.codes = keepRows(c.codes, keep)
	}
}

// keeping marks the rows whose id is not there yet.
func keeping(ids []uint64, there map[uint64]struct{}) []bool {
	keep := make([]bool, len(ids))
	for i, id := range ids {
		_, known := there[id]
		keep[i] = !known
	}
	return keep
}

func keepRows[T any](rows []T, keep []bool) []T {
	n := 0
	for i, k := range keep {
		if k {
			rows[n] = rows[i]
			n++
		}
	}
	return rows[:n]
}

// insert writes a record that lies within one month. Tokens name the content, so that of two runs that write the same
// at once one is ignored.
func (r *record) insert(ctx context.Context, store *warehouse.Warehouse, customers Range) error {
	token := func(ids []uint64) string {
		h := uint64(len(ids))
		for _, id := range ids {
			h = mix(h ^ id)
		}
		return fmt.Sprintf("world-%d-%d-%d-%d-%d-%016x", r.w.Seed, customers.Low, customers.High, r.from, r.to, h)
	}
	t, i, c := &r.transactions, &r.interactions, &r.consents
	for _, b := range []struct {
		block
		token string
	}{
		{block{table: warehouse.WorldConsents, rows: c.rows(), columns: c.columns()}, token(nil)},
		{block{table: warehouse.WorldInteractions, rows: i.rows(), columns: i.columns()}, token(i.id)},
		{block{table: warehouse.WorldTransactions, rows: t.rows(), columns: t.columns()}, token(t.id)},
	} {
		if b.rows == 0 {
			continue
		}
		if err := store.InsertWorld(ctx, b.table, b.token, b.columns); err != nil {
			return err
		}
	}
	return nil
}
