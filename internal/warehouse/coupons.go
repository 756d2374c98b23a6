package warehouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// CouponPool is how many codes a pool has, and the first number that no payout has.
func (w *Warehouse) CouponPool(ctx context.Context, pool string) (size, next uint64, err error) {
	err = w.each(ctx, "coupons_pool", args{"pool": pool}, func(rows driver.Rows) error { return rows.Scan(&size, &next) })
	return size, next, err
}

// GrantCodes gives the numbers from `from` on, below until, to those payouts that have none below from, in their order. It
// says how many it gave. Run again with the same input it writes the same rows, whoever runs it and however late.
func (w *Warehouse) GrantCodes(ctx context.Context, run campaign.Run, pool string, from, until uint64, payouts []settlement.Payout) (given uint64, err error) {
	keys := make([]string, len(payouts))
	for i, p := range payouts {
		keys[i] = p.Key.String()
	}
	there := map[string]bool{}
	err = w.each(ctx, "coupons_granted", args{"pool": pool, "before": from, "payouts": keys}, func(rows driver.Rows) error {
		var key string
		err := rows.Scan(&key)
		there[key] = true
		return err
	})
	if err != nil {
		return 0, err
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO coupon_grants (pool, number, payout, campaign, occurrence, customer_key, amount, currency)")
	if err != nil {
		return 0, fmt.Errorf("grant coupon codes: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for i, p := range payouts {
		if there[keys[i]] || from+given >= until {
			continue
		}
		there[keys[i]] = true
		if err := batch.Append(pool, from+given, keys[i], run.Campaign, run.Occurrence, p.Customer, int64(p.Amount), p.Currency); err != nil {
			return 0, fmt.Errorf("grant coupon codes: %w", err)
		}
		given++
	}
	if given == 0 {
		return 0, nil
	}
	if err := batch.Send(); err != nil {
		return 0, fmt.Errorf("grant coupon codes: %w", err)
	}
	return given, nil
}

// Coupons are the codes that a run's payouts have, in order of their numbers.
func (w *Warehouse) Coupons(ctx context.Context, run campaign.Run, each func(settlement.CouponGrant) error) error {
	return w.each(ctx, "coupons_run", runOnly(run), func(rows driver.Rows) error {
		var g settlement.CouponGrant
		var key string
		err := rows.Scan(&key, &g.Customer, (*int64)(&g.Amount), &g.Currency, &g.Number, &g.Code)
		if err != nil {
			return err
		}
		if g.Payout, err = campaign.ParseID(key); err != nil {
			return fmt.Errorf("a coupon: %w", err)
		}
		return each(g)
	})
}
