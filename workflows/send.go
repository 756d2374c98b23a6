package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// commit books the approved budget and reserves the exposure of every offer, shard by shard: from here on the books know this run.
func (r *campaignRun) commit(ctx workflow.Context) error {
	if r.cancelled != nil {
		return errCancelled
	}
	r.reserved = true
	now := r.now(ctx)
	approved, err := r.draw(ctx, now)
	if err != nil {
		return err
	}
	if _, err := run(post(ctx), books.BookBatch, activities.BookBatchInput{Run: r.run, Kind: activities.BatchApprove, At: now, Amount: approved}, "approved budget"); err != nil {
		return err
	}
	_, err = overShards(post(ctx), books.BookBatch, r.shards, func(s campaign.Shard) activities.BookBatchInput {
		return activities.BookBatchInput{Run: r.run, Kind: activities.BatchReserve, Shard: s, At: now, Tiers: r.tiers[s.Index]}
	}, "reserve exposure")
	return err
}

// draw is what this run may have out: its own exposure or, of a budget that campaigns share, what its offers need at most,
// as far as the others have left it.
func (r *campaignRun) draw(ctx workflow.Context, now time.Time) (money.Minor, error) {
	budget := r.in.Brief.Spec.Budget
	if budget.Shared == "" {
		return budget.Exposure, nil
	}
	var most money.Minor
	for _, shard := range r.shards {
		for _, tier := range r.tiers[shard.Index] {
			var err error
			if most, err = money.Add(most, tier.Exposure); err != nil {
				return 0, temporal.NewNonRetryableApplicationError(err.Error(), "Overflow", err)
			}
		}
	}
	most = min(most, budget.Exposure)
	if most == 0 {
		return budget.Exposure, nil
	}
	_, err := run(post(ctx), books.BookBatch, r.shared(activities.BatchDraw, now, most), "draw on the budget "+budget.Shared)
	r.drew = err == nil
	return most, err
}

// shared is a batch in the books of the budget that the run draws on.
func (r *campaignRun) shared(kind activities.BatchKind, now time.Time, amount money.Minor) activities.BookBatchInput {
	budget, _ := r.in.Brief.Policy.Budget(r.in.Brief.Spec.Budget.Shared)
	return activities.BookBatchInput{Run: campaign.SharedBudget(budget.Name), Kind: kind, At: now, Amount: amount,
		Of: &activities.DrawnBy{Run: r.run, Currency: budget.Currency, Limit: budget.Exposure}}
}

// send makes the touches in their order, each a child that goes wave by wave.
func (r *campaignRun) send(ctx workflow.Context) error {
	for i, touch := range r.in.Brief.Spec.Touches {
		if r.cancelled != nil {
			break
		}
		opens := r.times.Opens.Add(time.Duration(touch.After))
		if err := r.enter(ctx, campaign.StageDispatching, fmt.Sprintf("touch %s, from %s", touch.ID, r.status.local(opens)), ""); err != nil {
			return err
		}
		if err := waitUntil(ctx, &r.clock, opens, r.isCancelled, "until touch "+touch.ID); err != nil {
			return err
		}
		if r.cancelled != nil {
			break
		}
		if err := r.insist(ctx, func() error { return r.launch(ctx, i, touch, later(opens, r.now(ctx))) }); err != nil {
			return err
		}
		if err := r.live(ctx, r.now(ctx)); err != nil {
			return err
		}
	}
	if r.cancelled != nil {
		return r.enter(ctx, campaign.StageCancelling, "whoever was reached is still settled", "")
	}
	return nil
}

// launch rebases the plan on the true moment, then hands it to the child.
func (r *campaignRun) launch(ctx workflow.Context, index int, touch campaign.Touch, opens time.Time) error {
	if index > 0 || opens.After(r.times.Opens.Add(time.Duration(touch.After))) {
		planned, err := r.planTouch(ctx, touch.ID, opens)
		if err != nil {
			return err
		}
		if len(planned.waves) == 0 && index == 0 {
			return temporal.NewNonRetryableApplicationError(
				fmt.Sprintf("launched at %s, no message has an allowed hour left: the plan's window is over", opens.Format(shown)), "NothingPlanned", nil)
		}
	}
	r.sent = true
	closes := opens.Add(spread(touch))
	if closes.After(r.times.Closes) {
		closes = r.times.Closes
	}
	out, err := runChild(ctx, r, r.run.DispatchID(touch.ID), fmt.Sprintf("touch %s of %s", touch.ID, r.run.Campaign), Dispatch, DispatchInput{
		Run: r.run, Snapshot: r.snapshot, Touch: touch.ID, Plan: r.touches[touch.ID], Shards: r.shards, Clock: r.clock, Closes: closes, Paused: r.status.Paused, Limited: r.limited(),
		Steps: stepsOf(touch),
	})
	if err != nil {
		return err
	}
	r.clock = out.Clock
	if r.status.Deliveries == nil {
		r.status.Deliveries = map[string]uint64{}
	}
	addUp(r.status.Deliveries, out.States)
	return nil
}

// closeTouches ends every planned touch: what never left is released, and counted.
func (r *campaignRun) closeTouches(ctx workflow.Context, cancelled bool) error {
	var failures []error
	for _, touch := range workflow.DeterministicKeys(r.touches) {
		_, err := overShards(compute(ctx), dispatch.CloseTouch, r.shards, func(s campaign.Shard) activities.CloseTouchInput {
			return activities.CloseTouchInput{Run: r.run, Touch: touch, Rebase: r.touches[touch].Rebase, Shard: s, Clock: r.clock, Cancelled: cancelled}
		}, "release "+touch)
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

func (r *campaignRun) isCancelled() bool { return r.cancelled != nil }

func childAttributes(run campaign.Run, stage campaign.Stage) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(CampaignID.ValueSet(run.Campaign), CampaignStage.ValueSet(string(stage)))
}

// addUp adds the counts of more to sums, in a fixed order.
func addUp[K string | uint32](sums, more map[K]uint64) {
	for _, key := range workflow.DeterministicKeys(more) {
		sums[key] += more[key]
	}
}
