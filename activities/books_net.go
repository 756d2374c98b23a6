package activities

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/settlement"
)

// NetDuesInput asks to set a shard's new dues against what their customers owe from earlier campaigns.
type NetDuesInput struct {
	Run   campaign.Run   `json:"run"`
	Shard campaign.Shard `json:"shard"`
	Pass  uint16         `json:"pass,omitempty"`
	At    time.Time      `json:"at"` // campaign time
}

// NetDuesOutput says in which batch of the receivables it stands; 0: nobody owed anything.
type NetDuesOutput struct {
	Batch        uint32 `json:"batch,omitempty"`
	Transactions uint64 `json:"transactions,omitempty"`
}

// NetDues sets dues against debts, in the books of receivables: one chain over all campaigns of a currency, whose workflow
// posts one batch after the other, so that a debt is set against one due only.
func (a *Books) NetDues(ctx context.Context, in NetDuesInput) (NetDuesOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	brief, err := a.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return NetDuesOutput{}, Classify(err)
	}
	currency := brief.Spec.Currency
	owed, err := a.Store.Owed(ctx, currency, in.Shard)
	if err != nil || len(owed) == 0 {
		return NetDuesOutput{}, Classify(err)
	}
	out, err := a.Keeper.Book(ctx, BookBatchInput{Run: campaign.Receivables(currency), Kind: BatchNet, Shard: in.Shard, At: in.At, Pass: in.Pass,
		Of: &DrawnBy{Run: in.Run, Currency: currency}})
	return NetDuesOutput{Batch: out.Number, Transactions: out.Transactions}, Classify(err)
}

// nettings sets the dues that were never asked for against what their customers owe now.
func (a *Books) nettings(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	owed, err := a.Store.Owed(ctx, in.Of.Currency, in.Shard)
	if err != nil {
		return nil, err
	}
	dues, booked, err := a.Store.Dues(ctx, in.Of.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	var open []settlement.Due
	for i, d := range dues {
		if booked[i] {
			open = append(open, d)
		}
	}
	var all []ledger.Transaction
	for _, n := range settlement.Net(open, owed) {
		t, err := book.Net(in.Of.Run, n.Customer, n.Offer, n.Round, n.Amount)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}
