package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
)

// CouponsState is up to which number a pool's codes are given or were set aside. It is carried through continue-as-new.
type CouponsState struct {
	Pool string `json:"pool"`
	Next uint64 `json:"next"`
}

// CouponsID names the workflow that gives a pool's codes out.
func CouponsID(pool string) string { return "coupons/" + pool }

// Coupons gives the codes of a pool to the payouts of all campaigns, one request after the other: a number that was set
// aside for a request is never set aside for another, also when the request failed, so no code is given twice.
func Coupons(ctx workflow.Context, state CouponsState) error {
	giving := workflow.NewMutex(ctx)
	err := Grant.answer(ctx, "Give coupon codes to payouts",
		func(_ workflow.Context, in activities.GrantCouponsInput) error {
			if in.Pool != state.Pool || len(in.Payouts) == 0 || len(in.Payouts) > activities.CouponsAtOnce {
				return fmt.Errorf("a request is for 1 to %d payouts of the pool %s, not %d of %s", activities.CouponsAtOnce, state.Pool, len(in.Payouts), in.Pool)
			}
			return nil
		},
		func(ctx workflow.Context, in activities.GrantCouponsInput) (out activities.GrantCouponsOutput, err error) {
			if err := giving.Lock(ctx); err != nil {
				return out, err
			}
			defer giving.Unlock()
			keeping := workflow.WithTaskQueue(query(ctx), KeeperQueue)
			pool, err := run(keeping, coupons.LookIntoPool, activities.LookIntoPoolInput{Pool: state.Pool}, "how far the pool is used up")
			if err != nil {
				return out, err
			}
			in.From = max(state.Next, pool.Next)
			in.Until = max(min(in.From+uint64(len(in.Payouts)), pool.Size), in.From)
			if in.Until == in.From {
				return out, nil // used up: they wait until more codes are imported
			}
			state.Next = in.Until
			if out, err = run(keeping, coupons.GrantCoupons, in, fmt.Sprintf("codes from %d on for %d payouts of %s", in.From, len(in.Payouts), in.Run.Campaign)); err != nil {
				return out, err
			}
			state.Next = in.From + out.Granted
			workflow.SetCurrentDetails(ctx, fmt.Sprintf("### Coupon codes of `%s`\n\n**Why:** %d of %d codes are given.\n\n**Next:** when it runs out, `starter coupons %s import FILE`.\n", state.Pool, state.Next, pool.Size, state.Pool))
			return out, nil
		})
	if err != nil {
		return err
	}
	if err := workflow.Await(ctx, func() bool {
		return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx)
	}); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, Coupons, state)
}
