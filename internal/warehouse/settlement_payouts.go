package warehouse

import (
	"context"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/ledger"
	"github.com/danbi-project/danbi/internal/money"
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
	for _, r := range redeemed {
		due := settlement.Due{Payout: run.PayoutID(r.Customer, r.Offer, r.Round), Customer: r.Customer, Offer: r.Offer, Round: r.Round, Amount: r.Due, Currency: r.Currency}
		due.State, due.Attempt = stands[due.Payout].State, stands[due.Payout].Attempt
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

// ClawBack judges the paid redemptions of a shard again, by terms that know more, records those that no longer hold
// and returns all that are recorded.
func (w *Warehouse) ClawBack(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard) (reversed uint64, amount money.Minor, err error) {
	payouts, err := w.Payouts(ctx, run, shard)
	if err != nil {
		return 0, 0, err
	}
	judged, err := w.judge(ctx, run, terms, shard, arrivedOrBounced)
	if err != nil {
		return 0, 0, err
	}
	known, err := w.Clawbacks(ctx, run, shard)
	if err != nil {
		return 0, 0, err
	}
	keep := make(map[campaign.ID]bool, len(judged)+len(known))
	for _, r := range judged {
		keep[run.PayoutID(r.Customer, r.Offer, r.Round)] = true
	}
	for _, c := range known {
		keep[c.Payout] = true
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO clawbacks (campaign, occurrence, launch, customer_key, offer, round, amount, currency, at)")
	if err != nil {
		return 0, 0, fmt.Errorf("record clawbacks: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, p := range payouts {
		if p.State != campaign.PayoutPaid || keep[p.Payout] {
			continue
		}
		known = append(known, p)
		err := batch.Append(run.Campaign, run.Occurrence, run.Launch.UTC(), p.Customer, p.Offer, p.Round, int64(p.Amount), p.Currency, second(terms.Known))
		if err != nil {
			return 0, 0, fmt.Errorf("record clawbacks: %w", err)
		}
	}
	if batch.Rows() > 0 {
		if err := batch.Send(); err != nil {
			return 0, 0, fmt.Errorf("record clawbacks: %w", err)
		}
	}
	for _, c := range known {
		if err := sum(&amount, c.Amount); err != nil {
			return 0, 0, err
		}
	}
	return uint64(len(known)), amount, nil
}

// Clawbacks are the recorded ones of a shard.
func (w *Warehouse) Clawbacks(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Due, error) {
	rows, err := w.conn.Query(ctx, query("settlement_clawbacks"), runKey(run, shard).list()...)
	if err != nil {
		return nil, fmt.Errorf("read clawbacks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []settlement.Due
	for rows.Next() {
		c := settlement.Due{State: campaign.PayoutPaid}
		if err := rows.Scan(&c.Customer, &c.Offer, &c.Round, (*int64)(&c.Amount), &c.Currency); err != nil {
			return nil, fmt.Errorf("read clawbacks: %w", err)
		}
		c.Payout = run.PayoutID(c.Customer, c.Offer, c.Round)
		all = append(all, c)
	}
	return all, rows.Err()
}
