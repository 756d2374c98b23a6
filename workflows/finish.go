package workflows

import (
	"errors"
	"fmt"
	"math"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// observe waits while the offers run, and until the purchases of their window are known.
func (r *campaignRun) observe(ctx workflow.Context) error {
	if err := r.enter(ctx, r.stageUnlessCancelling(campaign.StageObserving),
		fmt.Sprintf("the offers run until %s; their purchases are known at %s", r.status.local(r.times.Closes), r.status.local(r.times.Settles)), ""); err != nil {
		return err
	}
	if err := waitUntil(ctx, &r.clock, r.times.Settles, func() bool { return false }, "until the window's purchases are known"); err != nil {
		return err
	}
	return r.live(ctx, r.times.Settles)
}

func (r *campaignRun) settle(ctx workflow.Context) error {
	if err := r.enter(ctx, r.stageUnlessCancelling(campaign.StageSettling), "rewards: qualify, post, pay, reconcile, release", ""); err != nil {
		return err
	}
	return r.insist(ctx, func() error {
		out, err := runChild(ctx, r, r.run.SettlementID(), "settlement of "+r.run.Campaign, Settlement, SettlementInput{
			Run: r.run, Times: r.times, Shards: r.shards, Clock: r.clock, Paused: r.status.Paused, Patience: time.Duration(r.in.Brief.Spec.Settlement.Patience),
		})
		if err == nil {
			r.status.Settlement = out
		}
		return err
	})
}

// clawBack is the last steps of the settlement: what no longer holds is reversed, and the books are closed.
func (r *campaignRun) clawBack(ctx workflow.Context, final campaign.Stage) error {
	in := SettlementInput{Run: r.run, Times: r.times, Shards: r.shards, Clock: r.clock, Paused: r.status.Paused, From: StepClawBack, Until: StepClose}
	if r.drew {
		back := r.shared(activities.BatchReturn, r.now(ctx), 0)
		in.Shared, in.Drawn = r.in.Brief.Spec.Budget.Shared, back.Of
	}
	out, err := runChild(ctx, r, r.run.SettlementID(), "clawback of "+r.run.Campaign, Settlement, in)
	if err != nil {
		return err
	}
	r.drew = false
	r.status.Settlement.Books, r.status.Settlement.Head, r.status.Settlement.ClawedBack = out.Books, out.Head, out.ClawedBack
	return r.endBooks(ctx, final)
}

// settledAgain takes what a settlement found that a person asked for, so that the report and the result tell of it.
func (r *campaignRun) settledAgain(ctx workflow.Context) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		channel := workflow.GetSignalChannel(ctx, settledSignal)
		for {
			var out SettlementResult
			channel.Receive(ctx, &out)
			if out.Qualified.Reached == 0 { // it did not judge again
				out.Qualified = r.status.Settlement.Qualified
			}
			if out.Paid.Dues == 0 {
				out.Paid = r.status.Settlement.Paid
			}
			r.status.Settlement = out
		}
	})
}

func (r *campaignRun) measure(ctx workflow.Context) error {
	err := r.insist(ctx, func() error {
		effect, err := run(compute(ctx), measurement.MeasureEffect, activities.MeasureEffectInput{
			Run: r.run, Snapshot: r.snapshot, Times: r.times, Shards: r.shards,
		}, "treated against control")
		if err == nil {
			r.status.Effect = &effect
			err = r.report(ctx, r.stageUnlessCancelling(campaign.StageSettled))
		}
		return err
	})
	if err != nil {
		return err
	}
	r.learn(ctx)
	return r.enter(ctx, r.stageUnlessCancelling(campaign.StageSettled),
		fmt.Sprintf("the clawback window, until %s", r.status.local(r.times.Ends)), fmt.Sprintf("read the report: `starter report %s`", r.run.Campaign))
}

// learn adds what this campaign taught, for the next one to start from. One that fails takes nothing from this campaign:
// the next plan learns again.
func (r *campaignRun) learn(ctx workflow.Context) {
	if !learnsOffers(ctx) {
		return
	}
	_, err := run(compute(ctx), offers.LearnOffers, activities.LearnOffersInput{Run: r.run, Snapshot: r.snapshot, Instant: r.now(ctx).Truncate(time.Second)}, "what this campaign taught about offers")
	if err != nil {
		workflow.GetLogger(ctx).Warn("what the campaign taught about offers was not kept; the next plan learns again", "error", err)
	}
}

// close waits out the clawback window, takes back what no longer holds, and closes the books.
func (r *campaignRun) close(ctx workflow.Context) error {
	if err := waitUntil(ctx, &r.clock, r.times.Ends, func() bool { return false }, "until the clawback window is over"); err != nil {
		return err
	}
	if err := r.live(ctx, r.times.Ends); err != nil {
		return err
	}
	final := campaign.StageClosed
	if r.cancelled != nil {
		final = campaign.StageCancelled
	}
	inSettlement := clawsBackInSettlement(ctx)
	err := r.insist(ctx, func() error {
		if inSettlement {
			return r.clawBack(ctx, final)
		}
		if _, err := overShards(compute(ctx), settlement.ClawBack, r.shards, func(s campaign.Shard) activities.ClawBackInput {
			return activities.ClawBackInput{Run: r.run, Times: r.times, Shard: s}
		}, "what no longer holds"); err != nil {
			return err
		}
		if _, err := bookShards(ctx, r.run, r.shards, activities.BatchClawback, 0, r.now(ctx)); err != nil {
			return err
		}
		return r.closeBooks(ctx, final)
	})
	if err != nil {
		return err
	}
	return r.enter(ctx, final, "", "")
}

// closeBooks gives back what is left of the approved budget, checks the chain and ends the books' workflow.
func (r *campaignRun) closeBooks(ctx workflow.Context, final campaign.Stage) error {
	closed, err := run(post(ctx), books.BookBatch, activities.BookBatchInput{Run: r.run, Kind: activities.BatchClose, At: r.now(ctx)}, "close the budget")
	if err != nil {
		return err
	}
	if r.drew {
		if _, err := run(post(ctx), books.BookBatch, r.shared(activities.BatchReturn, r.now(ctx), 0), "return what is left to the shared budget"); err != nil {
			return err
		}
		r.drew = false
	}
	checked, err := run(post(ctx), books.CheckBooks, activities.CheckBooksInput{Run: r.run, Head: closed.Head}, "trial balance")
	if err != nil {
		return err
	}
	r.status.Settlement.Books, r.status.Settlement.Head = checked, closed.Head
	return r.endBooks(ctx, final)
}

// endBooks writes the last report and ends the books' workflow.
func (r *campaignRun) endBooks(ctx workflow.Context, final campaign.Stage) error {
	if err := r.report(ctx, final); err != nil {
		return err
	}
	_ = workflow.SignalExternalWorkflow(ctx, r.run.BooksID(), "", CloseBooks, nil).Get(ctx, nil) // books that have ended already are closed
	return nil
}

func (r *campaignRun) report(ctx workflow.Context, stage campaign.Stage) error {
	_, err := run(compute(ctx), reports.WriteReport, activities.WriteReportInput{
		Run: r.run, Stage: stage, Snapshot: r.snapshot, Times: r.times, Clock: r.clock, Funnel: r.status.Funnel, Model: r.model, Prices: r.prices,
		Deliveries: r.status.Deliveries, Settled: r.status.Settlement.Qualified, Paid: r.status.Settlement.Paid, Reconciled: r.status.Settlement.Reconciled,
		Books: r.status.Settlement.Books, Head: r.status.Settlement.Head, Effect: r.status.Effect, Final: true, Cancelled: r.ended,
	}, "write the report")
	return err
}

// live lets the simulated population of a rehearsal live on to an instant; a real campaign's customers do that by themselves.
func (r *campaignRun) live(ctx workflow.Context, until time.Time) error {
	if !r.in.Population || !until.After(r.lived) {
		return nil
	}
	_, err := overShards(compute(ctx), worlds.LiveOn, r.shards, func(s campaign.Shard) activities.LiveOnInput {
		return activities.LiveOnInput{Shard: s, From: r.lived, To: until}
	}, "the population lives until "+until.Format("2006-01-02 15:04"))
	if err == nil {
		r.lived = until
	}
	return err
}

// everyone is the range of all customers, before a snapshot cuts them into shards.
var everyone = campaign.Shard{Of: 1, Low: 1, High: math.MaxUint32}

// catchUp lets the population live up to the rehearsal's start, where an earlier one did not take it so far.
func (r *campaignRun) catchUp(ctx workflow.Context) error {
	if !r.in.Population {
		return nil
	}
	now := r.now(ctx)
	_, err := run(compute(ctx), worlds.LiveOn, activities.LiveOnInput{Shard: everyone, From: r.lived, To: now}, "the population lives until "+now.Format(shown))
	r.lived = later(r.lived, now)
	return err
}

// abandon ends a run that never sent: everything is released, and the reason is where a reader looks.
func (r *campaignRun) abandon(ctx workflow.Context, cause error) (CampaignResult, error) {
	stage := campaign.StageFailed
	if r.cancelled != nil {
		stage = campaign.StageCancelled
	} else {
		r.status.Failure = plain(cause)
	}
	release := func() error {
		if err := r.closeTouches(ctx, true); err != nil || !r.reserved {
			return err
		}
		if _, err := bookShards(ctx, r.run, r.shards, activities.BatchRelease, 0, r.now(ctx)); err != nil {
			return err
		}
		return r.closeBooks(ctx, stage)
	}
	if err := errors.Join(r.insist(ctx, release), r.enter(ctx, stage, "", "")); err != nil {
		return r.result(), err
	}
	if r.cancelled != nil {
		return r.result(), nil
	}
	var classified *temporal.ApplicationError
	if errors.As(cause, &classified) {
		return r.result(), temporal.NewNonRetryableApplicationError(classified.Message(), classified.Type(), cause)
	}
	return r.result(), cause
}

func (r *campaignRun) stageUnlessCancelling(stage campaign.Stage) campaign.Stage {
	if r.cancelled != nil {
		return campaign.StageCancelling
	}
	return stage
}
