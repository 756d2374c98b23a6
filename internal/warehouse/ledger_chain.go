package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
)

// HashBatch reads the postings of a batch as they stand and hashes them.
func (w *Warehouse) HashBatch(ctx context.Context, run campaign.Run, number uint32) (*ledger.Hasher, error) {
	h := ledger.NewHasher()
	rows, err := w.conn.Query(ctx, query("ledger_rows"), runOnly(run).with(args{"batch": number}).list()...)
	if err != nil {
		return nil, fmt.Errorf("read batch %d: %w", number, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		r := ledger.Row{Batch: number}
		if err := rows.Scan(&r.Transaction, &r.Leg, (*string)(&r.Kind), (*string)(&r.Account), &r.Customer, (*int64)(&r.Amount), &r.Currency, &r.At, &r.Reference); err != nil {
			return nil, fmt.Errorf("read batch %d: %w", number, err)
		}
		if err := h.Add(r); err != nil {
			return nil, fmt.Errorf("batch %d: %w", number, err)
		}
	}
	return h, rows.Err()
}

// Batches are the recorded links of the chain, in order. Two that differ under one number are both there.
func (w *Warehouse) Batches(ctx context.Context, run campaign.Run) ([]ledger.Batch, error) {
	rows, err := w.conn.Query(ctx, query("ledger_batches"), runOnly(run).list()...)
	if err != nil {
		return nil, fmt.Errorf("read the chain: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []ledger.Batch
	for rows.Next() {
		var b ledger.Batch
		if err := rows.Scan(&b.Number, (*string)(&b.Kind), &b.Postings, &b.Previous, &b.Head, &b.At); err != nil {
			return nil, fmt.Errorf("read the chain: %w", err)
		}
		all = append(all, b)
	}
	return all, rows.Err()
}

// Verify reads the whole ledger of a run and says what is wrong with it. head is the one that is known from elsewhere,
// as from the books workflow; empty, only the chain is checked against itself.
func (w *Warehouse) Verify(ctx context.Context, run campaign.Run, head string) ([]ledger.Finding, error) {
	return w.VerifyAgainst(ctx, run, head, nil)
}

// VerifyAgainst is Verify with the heads of all batches, by number, as they were kept outside of the warehouse.
func (w *Warehouse) VerifyAgainst(ctx context.Context, run campaign.Run, head string, kept map[uint32]string) ([]ledger.Finding, error) {
	batches, err := w.Batches(ctx, run)
	if err != nil {
		return nil, err
	}
	audit := ledger.NewAudit(batches)
	audit.Kept(kept)
	if !run.Launch.IsZero() { // books that campaigns share have none
		audit.Launch(run.Launch.UTC().Format(time.DateOnly))
	}
	err = w.each(ctx, "ledger_counts", runOnly(run), func(rows driver.Rows) error {
		var number uint32
		var postings, transactions uint64
		err := rows.Scan(&number, &postings, &transactions)
		audit.Found(number, postings)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the postings: %w", err)
	}
	err = w.each(ctx, "ledger_launches", runOnly(run), func(rows driver.Rows) error {
		var number uint32
		var launches []string
		err := rows.Scan(&number, &launches)
		audit.Filed(number, launches)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read where the postings are filed: %w", err)
	}
	for _, b := range batches {
		h, err := w.HashBatch(ctx, run, b.Number)
		if err != nil {
			return nil, err
		}
		audit.Hashed(b.Number, h)
	}
	return audit.Findings(head), nil
}

// Postings are those of one customer.
func (w *Warehouse) Postings(ctx context.Context, run campaign.Run, customer uint32) ([]ledger.Row, error) {
	rows, err := w.conn.Query(ctx, query("ledger_customer"), runOnly(run).with(args{"customer": customer}).list()...)
	if err != nil {
		return nil, fmt.Errorf("read the postings of customer %d: %w", customer, err)
	}
	defer func() { _ = rows.Close() }()
	var all []ledger.Row
	for rows.Next() {
		var r ledger.Row
		if err := rows.Scan(&r.Batch, &r.Transaction, &r.Leg, (*string)(&r.Kind), (*string)(&r.Account), &r.Customer, (*int64)(&r.Amount), &r.Currency, &r.At, &r.Reference); err != nil {
			return nil, fmt.Errorf("read the postings of customer %d: %w", customer, err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
