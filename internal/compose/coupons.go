package compose

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/workflows"
)

// couponCodes pays by codes of a pool: a payout is paid when it has one.
type couponCodes struct {
	store    *warehouse.Warehouse
	temporal client.Client
}

// Hand asks the pool's workflow for a code for each payout that has none.
func (c couponCodes) Hand(ctx context.Context, run campaign.Run, _ campaign.Shard, payouts []settlement.Payout) error {
	brief, err := c.store.Brief(ctx, run)
	if err != nil {
		return err
	}
	pool := brief.Spec.Settlement.Coupons
	for page := range slices.Chunk(payouts, activities.CouponsAtOnce) {
		_, err := workflows.Grant.AskOrStart(ctx, c.temporal, client.StartWorkflowOptions{
			ID: workflows.CouponsID(pool), TaskQueue: workflows.TaskQueue, StaticSummary: "coupon codes of " + pool,
			WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, workflows.Coupons, workflows.CouponsState{Pool: pool}, rand.Text(), activities.GrantCouponsInput{Run: run, Pool: pool, Payouts: page})
		if err != nil {
			return fmt.Errorf("codes of the pool %s: %w", pool, err)
		}
	}
	return nil
}

// Pay and Find are not how codes are given: Hand and Answers are.
func (c couponCodes) Pay(context.Context, settlement.Payout) (string, error) {
	return "", settlement.ErrUnclear
}

// Find says that a single payout is not asked for.
func (c couponCodes) Find(context.Context, campaign.ID) (settlement.Payout, bool, error) {
	return settlement.Payout{}, false, settlement.ErrUnclear
}

// Waits is why a payout that was handed over is not paid.
func (c couponCodes) Waits() string { return "no_code_left" }

// Answers are the payouts of a run that have a code.
func (c couponCodes) Answers(ctx context.Context, run campaign.Run) (map[campaign.ID]settlement.Answer, error) {
	all := map[campaign.ID]settlement.Answer{}
	return all, c.List(ctx, run, func(p settlement.Payout) error {
		all[p.Key] = settlement.Answer{Payout: p, Paid: true}
		return nil
	})
}

// List gives a run's payouts that have a code. The code itself is not among them.
func (c couponCodes) List(ctx context.Context, run campaign.Run, each func(settlement.Payout) error) error {
	return c.store.Coupons(ctx, run, func(g settlement.CouponGrant) error {
		return each(settlement.Payout{Key: g.Payout, Amount: g.Amount, Currency: g.Currency, Customer: g.Customer})
	})
}
