package activities

import (
	"context"
	"errors"
)

// Bookkeeper passes a batch to the run's books workflow, the only writer of batch order, and waits for what it booked.
type Bookkeeper interface {
	Book(ctx context.Context, in BookBatchInput) (PostBatchOutput, error)
}

// LedgerStore is the ledger in the warehouse.
type LedgerStore interface{}

// Books keeps a run's ledger.
type Books struct {
	Store  LedgerStore
	Keeper Bookkeeper
	Briefs Briefs
}

var errUnwritten = errors.New("this activity is being written")

// BookBatch asks the run's books workflow to post a batch.
func (a *Books) BookBatch(ctx context.Context, in BookBatchInput) (PostBatchOutput, error) {
	return a.Keeper.Book(ctx, in)
}

// PostBatch writes a batch in its order. Only the books workflow runs it.
func (a *Books) PostBatch(ctx context.Context, in PostBatchInput) (PostBatchOutput, error) {
	return PostBatchOutput{}, errUnwritten
}

// CheckBooks gives the trial balance and verifies the chain.
func (a *Books) CheckBooks(ctx context.Context, in CheckBooksInput) (CheckBooksOutput, error) {
	return CheckBooksOutput{}, errUnwritten
}
