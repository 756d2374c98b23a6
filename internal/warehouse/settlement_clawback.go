package warehouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// Rejudge judges a shard again by terms that know more. Who redeemed in good faith before their address was found to be
// dead is judged too.
func (w *Warehouse) Rejudge(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard) ([]settlement.Redemption, error) {
	return w.judge(ctx, run, terms, shard, arrivedOrBounced)
}

// Clawbacks are what was taken back of a shard's dues, in all passes.
func (w *Warehouse) Clawbacks(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Reversal, error) {
	rows, err := w.conn.Query(ctx, query("settlement_clawbacks"), runKey(run, shard).list()...)
	if err != nil {
		return nil, fmt.Errorf("read clawbacks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []settlement.Reversal
	for rows.Next() {
		var c settlement.Reversal
		if err := rows.Scan(&c.Customer, &c.Offer, &c.Round, &c.Pass, (*int64)(&c.Amount), (*int64)(&c.Waived), &c.Currency); err != nil {
			return nil, fmt.Errorf("read clawbacks: %w", err)
		}
		c.Payout = run.PayoutID(c.Customer, c.Offer, c.Round)
		all = append(all, c)
	}
	return all, rows.Err()
}

// RecordClawbacks writes what a pass takes back, as one block of which the first stays.
func (w *Warehouse) RecordClawbacks(ctx context.Context, run campaign.Run, shard campaign.Shard, pass uint16, at time.Time, reversals []settlement.Reversal) error {
	ctx = w.firstWins(ctx, fmt.Sprintf("clawbacks/%s/%d/%d-%d/%d", run.Campaign, run.Occurrence, shard.Low, shard.High, pass))
	return w.writeClawbacks(ctx, run, pass, at, reversals)
}

// LowerClawbacks writes a pass's reversals again with less: of two rows of one reversal the smaller stands.
func (w *Warehouse) LowerClawbacks(ctx context.Context, run campaign.Run, pass uint16, at time.Time, reversals []settlement.Reversal) error {
	return w.writeClawbacks(ctx, run, pass, at, reversals)
}

func (w *Warehouse) writeClawbacks(ctx context.Context, run campaign.Run, pass uint16, at time.Time, reversals []settlement.Reversal) error {
	if len(reversals) == 0 {
		return nil
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO clawbacks (campaign, occurrence, launch, customer_key, offer, round, pass, amount, waived, currency, at)")
	if err != nil {
		return fmt.Errorf("record clawbacks: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, r := range reversals {
		err := batch.Append(run.Campaign, run.Occurrence, run.Launch.UTC(), r.Customer, r.Offer, r.Round, pass, int64(r.Amount), int64(r.Waived), r.Currency, second(at))
		if err != nil {
			return fmt.Errorf("record clawbacks: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("record clawbacks: %w", err)
	}
	return nil
}

// JudgedInTime gives each step of an offer that was found when the run was settled, whether it was paid or not.
func (w *Warehouse) JudgedInTime(ctx context.Context, run campaign.Run, shard campaign.Shard, each func(campaign.ID)) error {
	return w.each(ctx, "settlement_judged", runKey(run, shard), func(rows driver.Rows) error {
		var customer uint32
		var offer string
		var round uint16
		if err := rows.Scan(&customer, &offer, &round); err != nil {
			return err
		}
		each(run.PayoutID(customer, offer, round))
		return nil
	})
}

// Late are those of a shard who would have met the terms, had it been known in time.
func (w *Warehouse) Late(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Redemption, error) {
	rows, err := w.conn.Query(ctx, query("settlement_late"), runKey(run, shard).list()...)
	return redeemed(rows, err)
}

// RecordLate lists redemptions that came too late. Listed twice, they are listed once.
func (w *Warehouse) RecordLate(ctx context.Context, run campaign.Run, late []settlement.Redemption) error {
	if len(late) == 0 {
		return nil
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO late_redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)")
	if err != nil {
		return fmt.Errorf("list late redemptions: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, r := range late {
		err := batch.Append(run.Campaign, run.Occurrence, run.Launch.UTC(), r.Customer, r.Offer, r.Round, r.QualifiedAt, r.Purchase, int64(r.Spend), int64(r.Due), r.Currency)
		if err != nil {
			return fmt.Errorf("list late redemptions: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("list late redemptions: %w", err)
	}
	return nil
}

// Owed is what customers of a shard owe us, by all books of a currency; who owes nothing is not in it.
func (w *Warehouse) Owed(ctx context.Context, currency string, shard campaign.Shard) (map[uint32]money.Minor, error) {
	out := map[uint32]money.Minor{}
	return out, w.each(ctx, "ledger_owed", shardKey(shard).with(args{"currency": currency}), intoAmounts(out))
}

// Pending is what all runs recorded to take back from customers of a shard, in a currency, and have not booked yet.
func (w *Warehouse) Pending(ctx context.Context, currency string, shard campaign.Shard) (map[uint32]money.Minor, error) {
	out := map[uint32]money.Minor{}
	return out, w.each(ctx, "settlement_pending", shardKey(shard).with(args{"currency": currency}), intoAmounts(out))
}

// intoAmounts reads rows of a customer and an amount.
func intoAmounts(out map[uint32]money.Minor) func(driver.Rows) error {
	return func(rows driver.Rows) error {
		var customer uint32
		var amount int64
		err := rows.Scan(&customer, &amount)
		out[customer] = money.Minor(amount)
		return err
	}
}

// nettedDue names a due as a netting does.
type nettedDue struct {
	customer  uint32
	reference string
}

// netted is how much of a shard's dues was set against what their customers owed.
func (w *Warehouse) netted(ctx context.Context, run campaign.Run, currency string, shard campaign.Shard) (map[nettedDue]money.Minor, error) {
	parameters := runKey(campaign.Receivables(currency), shard).with(args{"of": fmt.Sprintf("%s/%d/", run.Campaign, run.Occurrence)})
	rows, err := w.conn.Query(ctx, query("ledger_netted"), parameters.list()...)
	if err != nil {
		return nil, fmt.Errorf("read what was netted: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[nettedDue]money.Minor{}
	for rows.Next() {
		var of nettedDue
		var amount int64
		if err := rows.Scan(&of.customer, &of.reference, &amount); err != nil {
			return nil, fmt.Errorf("read what was netted: %w", err)
		}
		out[of] = money.Minor(amount)
	}
	return out, rows.Err()
}
