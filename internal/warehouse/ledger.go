package warehouse

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
)

// BookedIDs are the transactions of a kind that are booked for the customers of a shard. What a whole run or a shard's
// tier books is of no customer: ask for the shard of nothing.
func (w *Warehouse) BookedIDs(ctx context.Context, run campaign.Run, kind ledger.Kind, shard campaign.Shard) (map[campaign.ID]bool, error) {
	rows, err := w.conn.Query(ctx, query("ledger_ids"), runKey(run, shard).with(args{"kind": string(kind)}).list()...)
	if err != nil {
		return nil, fmt.Errorf("read which %s are booked: %w", kind, err)
	}
	defer func() { _ = rows.Close() }()
	ids := map[campaign.ID]bool{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read which %s are booked: %w", kind, err)
		}
		id, err := campaign.ParseID(text)
		if err != nil {
			return nil, fmt.Errorf("a transaction of the ledger: %w", err)
		}
		ids[id] = true
	}
	return ids, rows.Err()
}

// forever is after every posting: as far as the column goes.
var forever = time.Unix(math.MaxUint32, 0).UTC()

// Balances are those of all accounts that were ever used.
func (w *Warehouse) Balances(ctx context.Context, run campaign.Run) (map[ledger.Account]money.Minor, error) {
	return w.BalancesAt(ctx, run, forever)
}

// BalancesAt are those of the accounts that were used by an instant of campaign time, that second included.
func (w *Warehouse) BalancesAt(ctx context.Context, run campaign.Run, at time.Time) (map[ledger.Account]money.Minor, error) {
	out := map[ledger.Account]money.Minor{}
	err := w.amounts(ctx, "ledger_balances", runOnly(run).with(args{"account": "", "until": second(at)}), func(account string, amount money.Minor) { out[ledger.Account(account)] = amount })
	return out, err
}

// Balance is that of one account: the others are not read, which counts when there are millions of postings.
func (w *Warehouse) Balance(ctx context.Context, run campaign.Run, account ledger.Account) (balance money.Minor, err error) {
	err = w.amounts(ctx, "ledger_balances", runOnly(run).with(args{"account": string(account), "until": forever}), func(_ string, amount money.Minor) { balance = amount })
	return balance, err
}

// DueByOffer is what became due in a shard, by offer.
func (w *Warehouse) DueByOffer(ctx context.Context, run campaign.Run, shard campaign.Shard) (map[string]money.Minor, error) {
	out := map[string]money.Minor{}
	err := w.amounts(ctx, "ledger_tiers", runKey(run, shard), func(offer string, amount money.Minor) { out[offer] = amount })
	return out, err
}

// Reserved is what the given reservations set aside; those that were never booked are not in it.
func (w *Warehouse) Reserved(ctx context.Context, run campaign.Run, reservations []campaign.ID) (map[campaign.ID]money.Minor, error) {
	names := []string{}
	for _, id := range reservations {
		names = append(names, id.String())
	}
	out := map[campaign.ID]money.Minor{}
	var bad error
	err := w.amounts(ctx, "ledger_reserved", runOnly(run).with(args{"transactions": names}), func(text string, amount money.Minor) {
		id, err := campaign.ParseID(text)
		if err != nil {
			bad = err
		}
		out[id] = amount
	})
	if err == nil {
		err = bad
	}
	return out, err
}

func (w *Warehouse) amounts(ctx context.Context, name string, parameters args, each func(string, money.Minor)) error {
	rows, err := w.conn.Query(ctx, query(name), parameters.list()...)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key string
		var amount int64
		if err := rows.Scan(&key, &amount); err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		each(key, money.Minor(amount))
	}
	return rows.Err()
}

func runOnly(run campaign.Run) args {
	return args{"campaign": run.Campaign, "occurrence": run.Occurrence}
}

// MostPostings is how many one batch may have: a batch is one block, which is in the table whole or not at all.
const MostPostings = 1_000_000

// PostRows writes the postings of a batch. Of two calls for one batch, by a step that was thought dead, the first stays.
func (w *Warehouse) PostRows(ctx context.Context, run campaign.Run, number uint32, rows []ledger.Row) error {
	if len(rows) == 0 {
		return nil
	}
	if len(rows) > MostPostings {
		return fmt.Errorf("batch %d has %d postings, more than the %d that one block holds: cut the run into more shards", number, len(rows), MostPostings)
	}
	ctx = w.firstWins(ctx, fmt.Sprintf("postings/%s/%d/%d", run.Campaign, run.Occurrence, number))
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO postings (campaign, occurrence, launch, batch, transaction, leg, kind, account, customer_key, amount, currency, at, reference)")
	if err != nil {
		return fmt.Errorf("write postings: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, r := range rows {
		err := batch.Append(run.Campaign, run.Occurrence, run.Launch.UTC(), r.Batch, r.Transaction, r.Leg, string(r.Kind), string(r.Account),
			r.Customer, int64(r.Amount), r.Currency, second(r.At), r.Reference)
		if err != nil {
			return fmt.Errorf("write postings: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("write postings: %w", err)
	}
	return nil
}

// RecordBatch writes a link of the chain.
func (w *Warehouse) RecordBatch(ctx context.Context, run campaign.Run, b ledger.Batch) error {
	ctx = w.firstWins(ctx, fmt.Sprintf("batch/%s/%d/%d", run.Campaign, run.Occurrence, b.Number))
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO batches (campaign, occurrence, batch, kind, postings, previous, head, at)")
	if err == nil {
		err = batch.Append(run.Campaign, run.Occurrence, b.Number, string(b.Kind), b.Postings, b.Previous, b.Head, second(b.At))
	}
	if err == nil {
		err = batch.Send()
	}
	if err != nil {
		return fmt.Errorf("record batch %d: %w", b.Number, err)
	}
	return nil
}

// firstWins lets the server drop an insert whose token it has seen, as long as it remembers. The books' rows are read
// back after they are written, so that what stands is what is hashed, whoever wrote it.
func (w *Warehouse) firstWins(ctx context.Context, token string) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplicate": 1, "insert_deduplication_token": token, "max_insert_block_size": math.MaxInt32,
	}))
}
