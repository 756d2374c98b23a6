package activities

import (
	"context"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// derive makes the transactions of a batch from what the warehouse knows, without those that are booked already.
func (a *Books) derive(ctx context.Context, in BookBatchInput) ([]ledger.Transaction, error) {
	brief, err := a.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	book := ledger.Book{Run: in.Run, Currency: brief.Spec.Currency, At: in.At}
	var of campaign.Shard // who the transactions are of: customers of the shard, or nobody
	var all []ledger.Transaction
	switch in.Kind {
	case BatchApprove:
		all, err = one(book.Approve(in.Amount))
	case BatchReserve:
		all, err = reservations(book, in)
	case BatchRelease:
		all, err = a.releases(ctx, book, in, brief.Spec.Offers)
	case BatchDues:
		of = in.Shard
		all, err = a.dues(ctx, book, in)
	case BatchPaid:
		of = in.Shard
		all, err = a.paid(ctx, book, in)
	case BatchClawback:
		of = in.Shard
		all, err = a.clawbacks(ctx, book, in)
	case BatchClose:
		all, err = a.rest(ctx, book)
	default:
		err = fmt.Errorf("%q is no kind of batch: %w", in.Kind, ledger.ErrAmount)
	}
	if err != nil || len(all) == 0 {
		return nil, err
	}
	booked, err := a.Store.BookedIDs(ctx, in.Run, ledger.Kind(in.Kind), of)
	if err != nil {
		return nil, err
	}
	var fresh []ledger.Transaction
	for _, t := range all {
		if !booked[t.ID] {
			fresh = append(fresh, t)
		}
	}
	return fresh, a.covered(ctx, in, fresh)
}

// covered says whether the budget has what a batch takes from it: nothing may be reserved that was not approved, and
// nothing become due that was not reserved.
func (a *Books) covered(ctx context.Context, in BookBatchInput, fresh []ledger.Transaction) error {
	from := map[BatchKind]ledger.Account{BatchReserve: ledger.BudgetApproved, BatchDues: ledger.BudgetReserved, BatchRelease: ledger.BudgetReserved}[in.Kind]
	if from == "" || len(fresh) == 0 {
		return nil
	}
	before, err := a.Store.Balance(ctx, in.Run, from)
	if err != nil {
		return err
	}
	rest := before
	for _, t := range fresh {
		for _, leg := range t.Legs {
			if leg.Account != from {
				continue
			}
			if rest, err = money.Add(rest, leg.Amount); err != nil {
				return err
			}
		}
	}
	if rest < 0 {
		return fmt.Errorf("%s has %d, %d too little: %w", from, before, -rest, ledger.ErrExposure)
	}
	return nil
}

func one(t ledger.Transaction, err error) ([]ledger.Transaction, error) {
	return []ledger.Transaction{t}, err
}

func reservations(book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	var all []ledger.Transaction
	for _, tier := range in.Tiers {
		if tier.Exposure == 0 { // an offer that gives nothing
			continue
		}
		t, err := book.Reserve(in.Shard, tier.Offer, tier.Exposure)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// releases give back, by tier, what was reserved and did not become due.
func (a *Books) releases(ctx context.Context, book ledger.Book, in BookBatchInput, offers []campaign.Offer) ([]ledger.Transaction, error) {
	var ids []campaign.ID
	for _, offer := range offers {
		ids = append(ids, book.ReserveID(in.Shard, offer.ID))
	}
	reserved, err := a.Store.Reserved(ctx, in.Run, ids)
	if err != nil {
		return nil, err
	}
	due, err := a.Store.DueByOffer(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	var all []ledger.Transaction
	for i, offer := range offers {
		rest, err := money.Sub(reserved[ids[i]], due[offer.ID])
		switch {
		case err != nil:
			return nil, err
		case rest < 0:
			return nil, fmt.Errorf("offer %s of customers %d-%d: %d became due of %d reserved: %w", offer.ID, in.Shard.Low, in.Shard.High, due[offer.ID], reserved[ids[i]], ledger.ErrExposure)
		case rest == 0:
			continue
		}
		t, err := book.Release(in.Shard, offer.ID, rest)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (a *Books) dues(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	redeemed, err := a.Store.Redemptions(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	all := make([]ledger.Transaction, 0, len(redeemed))
	for _, r := range redeemed {
		t, err := book.Due(r.Customer, r.Offer, r.Round, r.Due)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (a *Books) paid(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	payouts, err := a.Store.Payouts(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	return personal(payouts, book.Paid)
}

func (a *Books) clawbacks(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	reversed, err := a.Store.Clawbacks(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	return personal(reversed, book.Clawback)
}

func personal(dues []settlement.Due, make func(uint32, string, uint16, money.Minor) (ledger.Transaction, error)) ([]ledger.Transaction, error) {
	var all []ledger.Transaction
	for _, d := range dues {
		if d.State != campaign.PayoutPaid {
			continue
		}
		t, err := make(d.Customer, d.Offer, d.Round, d.Amount)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// rest gives back what was approved and not reserved.
func (a *Books) rest(ctx context.Context, book ledger.Book) ([]ledger.Transaction, error) {
	left, err := a.Store.Balance(ctx, book.Run, ledger.BudgetApproved)
	if err != nil || left == 0 {
		return nil, err
	}
	return one(book.Close(left))
}
