package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// CampaignInput starts one occurrence of a campaign.
type CampaignInput struct {
	Brief      campaign.Brief  `json:"brief"`
	Occurrence uint32          `json:"occurrence"`
	Plan       uint16          `json:"plan,omitempty"` // first version of the plan; default 1
	Clock      clock.Clock     `json:"clock"`
	Shards     int             `json:"shards,omitempty"`     // 0: by the number of customers
	Population bool            `json:"population,omitempty"` // a rehearsal on the simulated population, which lives on
	Start      campaign.Moment `json:"start,omitzero"`       // of a scheduled occurrence
	Together   uint64          `json:"together,omitempty"`   // more treated customers than these are priced by shards; 0: activities.PriceTogether
}

// CampaignResult is how a run ended.
type CampaignResult struct {
	Stage  campaign.Stage                  `json:"stage"`
	Effect *activities.MeasureEffectOutput `json:"effect,omitempty"`
	Head   string                          `json:"head,omitempty"` // of the ledger's chain
}

// Campaign runs one occurrence from snapshot to closed books. Whatever stops it on the way, it leaves the books in order:
// before the first send everything is released, after it whoever was reached is still settled.
func Campaign(ctx workflow.Context, in CampaignInput) (CampaignResult, error) {
	r, ctx, err := begin(ctx, in)
	if err != nil {
		return CampaignResult{}, err
	}
	out, err := r.fromSpecToBooks(ctx)
	// Whoever asked for something gets an answer, and the audit trail its line, before the run is over.
	if waited := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err == nil {
		err = waited
	}
	return out, err
}

func (r *campaignRun) fromSpecToBooks(ctx workflow.Context) (CampaignResult, error) {
	if err := r.prepare(ctx); err != nil { // extract, target, personalise, plan, approve: over again while somebody replaces the plan
		return r.abandon(ctx, err)
	}
	if err := r.commit(ctx); err != nil { // reserve the exposure in the books
		return r.abandon(ctx, err)
	}
	if err := r.send(ctx); err != nil { // each touch, wave by wave
		return r.result(), err
	}
	if r.cancelled != nil && !r.sent {
		return r.abandon(ctx, errCancelled)
	}
	for _, stage := range []func(workflow.Context) error{
		r.observe, // the offers' window, and the lag until its purchases are known
		r.settle,  // qualify, post, pay, reconcile, release
		r.measure, // against control; the report is final
		r.close,   // the clawback window
	} {
		if err := stage(ctx); err != nil {
			return r.result(), err
		}
	}
	return r.result(), nil
}

// campaignRun is the state of one run. Everything in it is small: counts, checksums and references.
type campaignRun struct {
	in     CampaignInput
	run    campaign.Run
	times  campaign.Times
	clock  clock.Clock
	status Status

	briefHash string
	snapshot  activities.Snapshot
	shards    []campaign.Shard
	tiers     map[int][]activities.Tier // by shard
	model     activities.Model
	strata    []activities.Stratum // of the audience, by shard
	prices    activities.Prices
	touches   map[string]touchPlan
	checksums struct{ audience, assignments uint64 }
	expected  []activities.Expected // of the plan's shards

	approval  *campaign.Approval
	replaced  *Replacement
	cancelled *Reason
	ended     time.Time           // when it was cancelled
	stop      workflow.CancelFunc // cancels what runs before the first send
	child     string              // the workflow ID of the child that runs now
	lived     time.Time           // up to where the simulated population has lived
	reserved  bool
	drew      bool // on a budget that campaigns share
	sent      bool
}

// begin installs the handlers. What follows runs on a context that Temporal's own cancel does not break: a cancel, by
// whichever way it comes, is a decision that leaves the books in order.
func begin(ctx workflow.Context, in CampaignInput) (*campaignRun, workflow.Context, error) {
	if in.Plan == 0 {
		in.Plan = 1
	}
	start := in.Clock.At(workflow.Now(ctx))
	if !in.Start.IsZero() {
		start = in.Start.Time
	}
	times, err := in.Brief.Spec.Times(start)
	if err != nil {
		return nil, ctx, temporal.NewNonRetryableApplicationError(err.Error(), "BadSpec", err)
	}
	r := &campaignRun{
		in: in, times: times, clock: in.Clock, lived: in.Clock.Now, stop: func() {},
		run:     campaign.Run{Campaign: in.Brief.Spec.Campaign, Occurrence: in.Occurrence, Plan: in.Plan, Launch: times.Opens},
		touches: map[string]touchPlan{}, tiers: map[int][]activities.Tier{},
	}
	r.status = Status{Run: r.run, Stage: campaign.StageDraft, Title: in.Brief.Spec.Title, Currency: in.Brief.Spec.Currency, Zone: in.Brief.Spec.Zone, Times: times, Now: start, Rehearsal: in.Clock.Rehearsal}
	lasting, _ := workflow.NewDisconnectedContext(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		if ctx.Done().Receive(ctx, nil); errors.Is(ctx.Err(), workflow.ErrCanceled) {
			r.cancel(lasting, Reason{Actor: "temporal", Why: "cancelled from Temporal"})
		}
	})
	r.settledAgain(lasting)
	return r, lasting, r.listen(lasting)
}

func (r *campaignRun) result() CampaignResult {
	return CampaignResult{Stage: r.status.Stage, Effect: r.status.Effect, Head: r.status.Settlement.Head}
}
