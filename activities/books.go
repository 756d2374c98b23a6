package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// Bookkeeper passes a batch to the run's books workflow, the only writer of batch order, and waits for what it booked.
type Bookkeeper interface {
	Book(ctx context.Context, in BookBatchInput) (PostBatchOutput, error)
}

// LedgerStore is the ledger in the warehouse, with the facts that it is made from.
type LedgerStore interface {
	Batches(ctx context.Context, run campaign.Run) ([]ledger.Batch, error)
	HashBatch(ctx context.Context, run campaign.Run, number uint32) (*ledger.Hasher, error)
	PostRows(ctx context.Context, run campaign.Run, number uint32, rows []ledger.Row) error
	RecordBatch(ctx context.Context, run campaign.Run, b ledger.Batch) error
	Verify(ctx context.Context, run campaign.Run, head string) ([]ledger.Finding, error)

	Balances(ctx context.Context, run campaign.Run) (map[ledger.Account]money.Minor, error)
	Balance(ctx context.Context, run campaign.Run, account ledger.Account) (money.Minor, error)
	BookedIDs(ctx context.Context, run campaign.Run, kind ledger.Kind, shard campaign.Shard) (map[campaign.ID]bool, error)
	Reserved(ctx context.Context, run campaign.Run, reservations []campaign.ID) (map[campaign.ID]money.Minor, error)
	DueByOffer(ctx context.Context, run campaign.Run, shard campaign.Shard) (map[string]money.Minor, error)

	Redemptions(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Redemption, error)
	Payouts(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Due, error)
	Clawbacks(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Reversal, error)
	Dues(ctx context.Context, run campaign.Run, shard campaign.Shard) (dues []settlement.Due, booked []bool, err error)
	Breaks(ctx context.Context, run campaign.Run) ([]settlement.Break, error)
	Owed(ctx context.Context, currency string, shard campaign.Shard) (map[uint32]money.Minor, error)
}

// Books keeps a run's ledger.
type Books struct {
	Store  LedgerStore
	Keeper Bookkeeper
	Briefs Briefs
}

var (
	_ = classify(ledger.ErrExposure, "Exposure", true)
	_ = classify(ledger.ErrUnbalanced, "Unbalanced", true)
	_ = classify(ledger.ErrAmount, "Amount", true)
	_ = classify(ledger.ErrDiverged, "BooksDiverged", true)
	_ = classify(money.ErrOverflow, "Overflow", true)
)

// BookBatch asks the run's books workflow to post a batch.
func (a *Books) BookBatch(ctx context.Context, in BookBatchInput) (PostBatchOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.Keeper.Book(ctx, in)
	return out, Classify(err)
}

// PostBatch writes a batch in its order. Only the books workflow runs it.
//
// What a batch holds is fixed by the first of its attempts that writes its postings: a later attempt finds them, and
// hashes what stands instead of asking the warehouse anew, which might know more by then. So every attempt that succeeds
// gives the same head.
func (a *Books) PostBatch(ctx context.Context, in PostBatchInput) (PostBatchOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.post(ctx, in)
	return out, Classify(err)
}

func (a *Books) post(ctx context.Context, in PostBatchInput) (PostBatchOutput, error) {
	run, kind := in.Batch.Run, ledger.Kind(in.Batch.Kind)
	recorded, found, err := a.recorded(ctx, in)
	if err != nil {
		return PostBatchOutput{}, err
	}
	hashed, err := a.Store.HashBatch(ctx, run, in.Number)
	if err != nil {
		return PostBatchOutput{}, err
	}
	if !found && hashed.Postings == 0 {
		transactions, err := a.derive(ctx, in.Batch)
		if err != nil {
			return PostBatchOutput{}, fmt.Errorf("batch %d (%s): %w", in.Number, kind, err)
		}
		if err := a.Store.PostRows(ctx, run, in.Number, ledger.Rows(in.Number, transactions)); err != nil {
			return PostBatchOutput{}, err
		}
		if hashed, err = a.Store.HashBatch(ctx, run, in.Number); err != nil {
			return PostBatchOutput{}, err
		}
	}
	link := ledger.Batch{Number: in.Number, Kind: kind, Postings: hashed.Postings, Previous: in.Previous, At: in.Batch.At}
	if found {
		link.At = recorded.At // what an earlier attempt recorded stands
	}
	link.Head = hashed.Head(link)
	if !found {
		if err := a.Store.RecordBatch(ctx, run, link); err != nil {
			return PostBatchOutput{}, err
		}
		if recorded, found, err = a.recorded(ctx, in); err != nil {
			return PostBatchOutput{}, err
		}
	}
	if !found || recorded.Head != link.Head {
		return PostBatchOutput{}, fmt.Errorf("batch %d (%s) is recorded with another head than its postings give: %w", in.Number, kind, ledger.ErrDiverged)
	}
	return PostBatchOutput{Number: in.Number, Transactions: hashed.Transactions, Postings: hashed.Postings, Amount: hashed.Amount, Head: link.Head}, nil
}

// recorded is the batch as an earlier attempt recorded it.
func (a *Books) recorded(ctx context.Context, in PostBatchInput) (ledger.Batch, bool, error) {
	all, err := a.Store.Batches(ctx, in.Batch.Run)
	if err != nil {
		return ledger.Batch{}, false, err
	}
	at := slices.IndexFunc(all, func(b ledger.Batch) bool { return b.Number == in.Number })
	if at < 0 {
		return ledger.Batch{}, false, nil
	}
	if b := all[at]; b.Kind != ledger.Kind(in.Batch.Kind) || b.Previous != in.Previous {
		return b, true, fmt.Errorf("batch %d is recorded as %s after head %.12s, not as %s after %.12s: %w", in.Number, b.Kind, b.Previous, in.Batch.Kind, in.Previous, ledger.ErrDiverged)
	}
	return all[at], true, nil
}

// CheckBooks gives the trial balance and verifies the chain, row by row, up to the head that the books workflow kept.
func (a *Books) CheckBooks(ctx context.Context, in CheckBooksInput) (CheckBooksOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	balances, err := a.Store.Balances(ctx, in.Run)
	if err != nil {
		return CheckBooksOutput{}, Classify(err)
	}
	findings, err := a.Store.Verify(ctx, in.Run, in.Head)
	if err != nil {
		return CheckBooksOutput{}, Classify(err)
	}
	out := CheckBooksOutput{Accounts: map[string]money.Minor{}, Intact: len(findings) == 0}
	for _, f := range findings {
		out.Findings = append(out.Findings, fmt.Sprintf("batch %d: %s", f.Batch, f.Message))
	}
	for account, balance := range balances {
		out.Accounts[string(account)] = balance
		if out.Sum, err = money.Add(out.Sum, balance); err != nil {
			return CheckBooksOutput{}, Classify(err)
		}
	}
	return out, nil
}
