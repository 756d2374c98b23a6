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
	if in.Of != nil {
		return a.deriveShared(ctx, in)
	}
	brief, err := a.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	book := ledger.Book{Run: in.Run, Currency: brief.Spec.Currency, At: in.At, Pass: in.Pass}
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
	case BatchForgo:
		of = in.Shard
		all, err = a.forgone(ctx, book, in)
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
	if in.Kind == BatchDues && in.Pass > 0 {
		if fresh, err = a.reopened(ctx, book, in, fresh); err != nil {
			return nil, err
		}
	}
	return fresh, a.covered(ctx, in.Run, budgetOf[in.Kind], fresh)
}

// budgetOf is the account that a batch takes from, and that must have it: nothing may be reserved that was not approved,
// and nothing become due that was not reserved.
var budgetOf = map[BatchKind]ledger.Account{
	BatchReserve: ledger.BudgetApproved, BatchDues: ledger.BudgetReserved, BatchRelease: ledger.BudgetReserved, BatchDraw: ledger.BudgetApproved,
}

// covered says whether an account has what a batch takes from it.
func (a *Books) covered(ctx context.Context, run campaign.Run, from ledger.Account, fresh []ledger.Transaction) error {
	if from == "" || len(fresh) == 0 {
		return nil
	}
	before, err := a.Store.Balance(ctx, run, from)
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

// releases give back, by tier, what is reserved and did not become due.
func (a *Books) releases(ctx context.Context, book ledger.Book, in BookBatchInput, offers []campaign.Offer) ([]ledger.Transaction, error) {
	rests, err := a.tiers(ctx, book, in, offers)
	if err != nil {
		return nil, err
	}
	var all []ledger.Transaction
	for _, offer := range offers {
		rest := rests[offer.ID]
		switch {
		case rest < 0:
			return nil, fmt.Errorf("offer %s of customers %d-%d: %d more became due than is reserved: %w", offer.ID, in.Shard.Low, in.Shard.High, -rest, ledger.ErrExposure)
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

// tiers is what is in reserve for each offer of a shard: reserved and taken back, less released and due.
func (a *Books) tiers(ctx context.Context, book ledger.Book, in BookBatchInput, offers []campaign.Offer) (map[string]money.Minor, error) {
	of := map[campaign.ID]string{}
	var ids []campaign.ID
	add := func(offer string, id campaign.ID) { of[id], ids = offer, append(ids, id) }
	for _, offer := range offers {
		add(offer.ID, book.ReserveID(in.Shard, offer.ID))
		for pass := range in.Pass { // of this pass nothing is booked
			add(offer.ID, book.ReleaseID(in.Shard, offer.ID, pass))
		}
		for pass := uint16(1); pass <= in.Pass; pass++ {
			add(offer.ID, book.ReopenID(in.Shard, offer.ID, pass))
		}
	}
	moved, err := a.Store.Reserved(ctx, in.Run, ids)
	if err != nil {
		return nil, err
	}
	due, err := a.Store.DueByOffer(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	rests := map[string]money.Minor{}
	for id, amount := range moved {
		if rests[of[id]], err = money.Add(rests[of[id]], amount); err != nil {
			return nil, err
		}
	}
	for _, offer := range offers {
		if rests[offer.ID], err = money.Sub(rests[offer.ID], due[offer.ID]); err != nil {
			return nil, err
		}
	}
	return rests, nil
}

// reopened takes released budget back into reserve for what became due late, so that it is covered as all dues are. What
// was released is the most that there is: more than was approved is never out.
func (a *Books) reopened(ctx context.Context, book ledger.Book, in BookBatchInput, fresh []ledger.Transaction) ([]ledger.Transaction, error) {
	needs, offers := map[string]money.Minor{}, []campaign.Offer{}
	for _, t := range fresh {
		if _, known := needs[t.Reference]; !known {
			offers = append(offers, campaign.Offer{ID: t.Reference})
		}
		for _, leg := range t.Legs {
			if leg.Account == ledger.BudgetReserved {
				needs[t.Reference] -= leg.Amount
			}
		}
	}
	rests, err := a.tiers(ctx, book, in, offers)
	if err != nil {
		return nil, err
	}
	var back []ledger.Transaction
	for _, offer := range offers {
		missing, err := money.Sub(needs[offer.ID], rests[offer.ID])
		if err != nil || missing <= 0 {
			continue
		}
		t, err := book.Reopen(in.Shard, offer.ID, missing)
		if err != nil {
			return nil, err
		}
		back = append(back, t)
	}
	return append(back, fresh...), a.covered(ctx, in.Run, ledger.BudgetReleased, back)
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

// paid are the payouts that the provider confirmed, and what was set against debts.
func (a *Books) paid(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	dues, _, err := a.Store.Dues(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	var all []ledger.Transaction
	for _, d := range dues {
		if d.State == campaign.PayoutPaid {
			t, err := book.Paid(d.Customer, d.Offer, d.Round, d.Rest())
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
		if d.Netted > 0 {
			t, err := book.Netted(d.Customer, d.Offer, d.Round, d.Netted)
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
	}
	return all, nil
}

func (a *Books) clawbacks(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	reversed, err := a.Store.Clawbacks(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	var all []ledger.Transaction
	for _, r := range reversed {
		if r.Amount == 0 { // all of it is below the floor
			continue
		}
		t, err := book.Clawback(r.Customer, r.Offer, r.Round, r.Pass, r.Amount)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// forgone are the refused payouts that a person decided will not be made.
func (a *Books) forgone(ctx context.Context, book ledger.Book, in BookBatchInput) ([]ledger.Transaction, error) {
	breaks, err := a.Store.Breaks(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	decided := map[campaign.ID]bool{}
	for _, b := range breaks {
		decided[b.Payout] = decided[b.Payout] || b.Kind == settlement.Forgone
	}
	dues, _, err := a.Store.Dues(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	var all []ledger.Transaction
	for _, d := range dues {
		if !decided[d.Payout] || d.State != campaign.PayoutRefused {
			continue
		}
		t, err := book.Forgo(d.Customer, d.Offer, d.Round, d.Rest())
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
