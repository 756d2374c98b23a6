package activities

import (
	"context"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
)

// deriveShared makes the transactions of a batch in books that campaigns share. Their workflow posts one batch after the
// other, so that of two campaigns which draw at once the second sees what the first has left.
func (a *Books) deriveShared(ctx context.Context, in BookBatchInput) ([]ledger.Transaction, error) {
	book := ledger.Book{Run: in.Run, Currency: in.Of.Currency, At: in.At}
	switch in.Kind {
	case BatchDraw:
		return a.draw(ctx, book, in)
	case BatchReturn:
		return a.giveBack(ctx, book, in)
	case BatchNet:
		return a.nettings(ctx, book, in)
	}
	return nil, fmt.Errorf("%q is no kind of batch in shared books: %w", in.Kind, ledger.ErrAmount)
}

// draw takes what a plan may have out, after the budget was made as large as the plan's policy says.
func (a *Books) draw(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	if done, err := a.moved(ctx, in.Run, book.DrawID(in.Of.Run)); err != nil || done != 0 {
		return nil, err // what a plan drew, it has
	}
	granted, err := a.Store.Balance(ctx, in.Run, ledger.BudgetGranted) // a credit
	if err != nil {
		return nil, err
	}
	by, err := money.Add(in.Of.Limit, granted)
	if err != nil {
		return nil, err
	}
	var all []ledger.Transaction
	if by != 0 {
		t, err := book.Resize(in.Of.Run, by)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	t, err := book.Draw(in.Of.Run, in.Amount)
	if err != nil {
		return nil, err
	}
	all = append(all, t)
	if err := a.covered(ctx, in.Run, ledger.BudgetApproved, all); err != nil {
		return nil, fmt.Errorf("%s, of which %s asks for %d: %w", in.Run.Campaign, in.Of.Run.WorkflowID(), in.Amount, err)
	}
	return all, nil
}

// giveBack returns what a plan drew and that did not become rewards.
func (a *Books) giveBack(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	if done, err := a.moved(ctx, in.Run, book.ReturnID(in.Of.Run)); err != nil || done != 0 {
		return nil, err
	}
	rest, err := a.moved(ctx, in.Run, book.DrawID(in.Of.Run))
	if err != nil {
		return nil, err
	}
	dues, err := a.Store.DueByOffer(ctx, in.Of.Run, campaign.Shard{})
	if err != nil {
		return nil, err
	}
	for _, due := range dues {
		if rest, err = money.Sub(rest, due); err != nil {
			return nil, err
		}
	}
	switch {
	case rest < 0:
		return nil, fmt.Errorf("%s spent %d more of %s than it drew: %w", in.Of.Run.WorkflowID(), -rest, in.Run.Campaign, ledger.ErrExposure)
	case rest == 0:
		return nil, nil
	}
	return one(book.Return(in.Of.Run, rest))
}

// moved is what one transaction put into reserve, or took from it.
func (a *Books) moved(ctx context.Context, run campaign.Run, id campaign.ID) (money.Minor, error) {
	amounts, err := a.Store.Reserved(ctx, run, []campaign.ID{id})
	return amounts[id], err
}
