// Package workflows holds the durable side of a campaign: Campaign reads as the business, top to bottom;
// Dispatch and Settlement are its children; Books, Contacts and Schedule put in order what runs share.
// Histories carry references, counts and checksums; customers' rows never enter them.
package workflows

import (
	"context"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// Nil receivers: only the names of the methods are used here, the worker has the real ones.
var (
	planning    *activities.Planning
	features    *activities.Features
	targeting   *activities.Targeting
	offers      *activities.Offers
	dispatch    *activities.Dispatch
	contacts    *activities.Contacts
	settlement  *activities.Settlement
	books       *activities.Books
	coupons     *activities.Coupons
	measurement *activities.Measurement
	reports     *activities.Reports
	worlds      *activities.World
)

// run calls one activity with its own types, so that a wrong input does not compile. summary is what the Temporal UI shows.
func run[In, Out any](ctx workflow.Context, step func(context.Context, In) (Out, error), in In, summary string) (Out, error) {
	var out Out
	err := start(ctx, step, in, summary).Get(ctx, &out)
	return out, err
}

func start[In, Out any](ctx workflow.Context, step func(context.Context, In) (Out, error), in In, summary string) workflow.Future {
	options := workflow.GetActivityOptions(ctx)
	options.Summary = summary
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), step, in)
}

// overShards calls one activity for each shard, at once, and gives the outputs in the shards' order. The first failure
// that retries cannot mend cancels the others; it is returned when all have ended.
func overShards[In, Out any](ctx workflow.Context, step func(context.Context, In) (Out, error), shards []campaign.Shard, in func(campaign.Shard) In, summary string) ([]Out, error) {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	var failure error
	outs := make([]Out, len(shards))
	selector := workflow.NewSelector(ctx)
	for i, shard := range shards {
		selector.AddFuture(start(ctx, step, in(shard), summary+", shard "+shard.String()), func(f workflow.Future) {
			if err := f.Get(ctx, &outs[i]); err != nil && failure == nil {
				failure = err
				cancel()
			}
		})
	}
	for range shards {
		selector.Select(ctx)
	}
	return outs, failure
}
