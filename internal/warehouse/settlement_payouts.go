package warehouse

import (
	"context"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/settlement"
)

// Dues are all dues of a shard, in order of customer, with where their payouts stand; booked says which are in the ledger.
func (w *Warehouse) Dues(ctx context.Context, run campaign.Run, shard campaign.Shard) (dues []settlement.Due, booked []bool, err error) {
	redeemed, err := w.Redemptions(ctx, run, shard)
	if err != nil || len(redeemed) == 0 {
		return nil, nil, err
	}
	payouts, err := w.Payouts(ctx, run, shard)
	if err != nil {
		return nil, nil, err
	}
	stands := make(map[campaign.ID]settlement.Due, len(payouts))
	for _, p := range payouts {
		stands[p.Payout] = p
	}
	ids, err := w.BookedIDs(ctx, run, ledger.Dues, shard)
	if err != nil {
		return nil, nil, err
	}
	netted, err := w.netted(ctx, run, redeemed[0].Currency, shard)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range redeemed {
		due := settlement.Due{Payout: run.PayoutID(r.Customer, r.Offer, r.Round), Customer: r.Customer, Offer: r.Offer, Round: r.Round, Amount: r.Due, Currency: r.Currency}
		due.State, due.Attempt = stands[due.Payout].State, stands[due.Payout].Attempt
		due.Netted = netted[nettedDue{r.Customer, ledger.NetReference(run, r.Offer, r.Round)}]
		transaction, err := ledger.Book{Run: run, Currency: r.Currency}.Due(r.Customer, r.Offer, r.Round, r.Due)
		if err != nil {
			return nil, nil, fmt.Errorf("the due of customer %d: %w", r.Customer, err)
		}
		dues, booked = append(dues, due), append(booked, ids[transaction.ID])
	}
	return dues, booked, nil
}

// Payouts are where those of a shard stand that were ever requested.
func (w *Warehouse) Payouts(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Due, error) {
	rows, err := w.conn.Query(ctx, query("settlement_payouts"), runKey(run, shard).list()...)
	if err != nil {
		return nil, fmt.Errorf("read payouts: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []settlement.Due
	for rows.Next() {
		var p settlement.Due
		if err := rows.Scan(&p.Customer, &p.Offer, &p.Round, (*uint8)(&p.State), &p.Attempt, (*int64)(&p.Amount), &p.Currency); err != nil {
			return nil, fmt.Errorf("read payouts: %w", err)
		}
		p.Payout = run.PayoutID(p.Customer, p.Offer, p.Round)
		all = append(all, p)
	}
	return all, rows.Err()
}

// RecordPayouts adds to the history of payouts, on disk when it returns.
func (w *Warehouse) RecordPayouts(ctx context.Context, run campaign.Run, events []settlement.PayoutEvent) error {
	if len(events) == 0 {
		return nil
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO payout_events (campaign, occurrence, launch, payout, customer_key, offer, round, attempt, state, amount, currency, at, wall_at, reason, response)")
	if err != nil {
		return fmt.Errorf("record payouts: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, e := range events {
		err := batch.Append(run.Campaign, run.Occurrence, run.Launch.UTC(), e.Payout.String(), e.Customer, e.Offer, e.Round, e.Attempt,
			e.State.String(), int64(e.Amount), e.Currency, second(e.At), e.WallAt, e.Reason, e.Response)
		if err != nil {
			return fmt.Errorf("record payouts: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("record payouts: %w", err)
	}
	return nil
}
