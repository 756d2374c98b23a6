package workflows

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// errReplan says that the plan must be made again: it was replaced, or it grew too old.
var errReplan = errors.New("the plan is made again")

// prepare makes a plan until one is approved, or the campaign is cancelled.
func (r *campaignRun) prepare(ctx workflow.Context) error {
	for {
		if err := r.untilPlannable(ctx); err != nil {
			return err
		}
		planning, stop := workflow.WithCancel(ctx)
		r.stop = stop
		err := r.plan(planning)
		if err == nil {
			err = r.awaitApproval(planning)
		}
		stop()
		switch {
		case r.cancelled != nil:
			return errCancelled
		case r.replaced != nil, errors.Is(err, errReplan):
			if err := r.dropPlan(ctx); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// untilPlannable waits while a plan would be too old by the time that its window opens.
func (r *campaignRun) untilPlannable(ctx workflow.Context) error {
	age := time.Duration(r.in.Brief.Policy.SnapshotAge)
	from := r.times.Opens.Add(-age)
	if age <= 0 || !from.After(r.now(ctx)) {
		return nil
	}
	err := r.enter(ctx, campaign.StageDraft, fmt.Sprintf("%s: a plan made earlier would be older than the policy allows when the window opens", from.Format(shown)), "")
	if err != nil {
		return err
	}
	if err := waitUntil(ctx, &r.clock, from, func() bool { return r.cancelled != nil || r.replaced != nil }, "until planning can begin"); err != nil {
		return err
	}
	if r.cancelled != nil {
		return errCancelled
	}
	return nil
}

// plan is everything that needs no person: at its end stands a hash that can be approved.
func (r *campaignRun) plan(ctx workflow.Context) error {
	if err := r.register(ctx); err != nil {
		return err
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	if err := r.extract(ctx); err != nil {
		return err
	}
	if err := r.target(ctx); err != nil {
		return err
	}
	if err := r.personalise(ctx); err != nil {
		return err
	}
	return r.planWaves(ctx)
}

func (r *campaignRun) register(ctx workflow.Context) error {
	kind := "live"
	if r.clock.Rehearsal {
		kind = "rehearsal"
	}
	out, err := run(query(ctx), planning.RegisterCampaign, activities.RegisterCampaignInput{Run: r.run, Kind: kind, Brief: r.in.Brief, Times: r.times},
		fmt.Sprintf("plan %d", r.run.Plan))
	r.briefHash = out.Hash
	return err
}

func (r *campaignRun) extract(ctx workflow.Context) error {
	if err := r.enter(ctx, campaign.StageExtracting, "features of every customer, as of the start", ""); err != nil {
		return err
	}
	planned, err := run(compute(ctx), features.PlanSnapshot, activities.PlanSnapshotInput{
		Run: r.run, Instant: r.now(ctx).Truncate(time.Second), Currency: r.in.Brief.Spec.Currency, Zone: r.in.Brief.Spec.Zone, Shards: r.in.Shards,
	}, "cut the customers into shards")
	if err != nil {
		return err
	}
	r.snapshot, r.shards = planned.Snapshot, planned.Shards
	if r.snapshot.Published {
		return nil
	}
	outs, err := overShards(compute(ctx), features.ExtractFeatures, r.shards, func(s campaign.Shard) activities.ExtractFeaturesInput {
		return activities.ExtractFeaturesInput{Snapshot: r.snapshot, Shard: s}
	}, "features")
	if err != nil {
		return err
	}
	publish := activities.PublishSnapshotInput{Snapshot: r.snapshot, Shards: r.shards}
	for _, out := range outs {
		publish.Customers += out.Customers
	}
	published, err := run(compute(ctx), features.PublishSnapshot, publish, fmt.Sprintf("%d customers", publish.Customers))
	if err == nil {
		r.snapshot = published.Snapshot
	}
	return err
}

func (r *campaignRun) target(ctx workflow.Context) error {
	if err := r.enter(ctx, campaign.StageTargeting, fmt.Sprintf("whom it pays to contact, of %d customers", r.snapshot.Customers), ""); err != nil {
		return err
	}
	fitted, err := run(compute(ctx), targeting.FitModel, activities.FitModelInput{Run: r.run, Snapshot: r.snapshot}, "fit the model")
	if err != nil {
		return err
	}
	r.model, r.status.Model = fitted.Model, fitted.Model
	scored, err := overShards(compute(ctx), targeting.ScoreAudience, r.shards, func(s campaign.Shard) activities.ScoreAudienceInput {
		return activities.ScoreAudienceInput{Run: r.run, Snapshot: r.snapshot, Model: r.model, Clock: r.clockNow(ctx), Shard: s}
	}, "score")
	if err != nil {
		return err
	}
	cutting := activities.CutAudienceInput{Run: r.run}
	r.status.Funnel = activities.Funnel{} // as far as it is known: whoever finds that nobody is left asks why
	for _, out := range scored {
		cutting.Scores = append(cutting.Scores, out.Scores)
		addUp(r.status.Funnel, out.Funnel)
	}
	cut, err := run(query(ctx), targeting.CutAudience, cutting, "where the audience ends")
	if err != nil {
		return err
	}
	selected, err := overShards(compute(ctx), targeting.SelectAudience, r.shards, func(s campaign.Shard) activities.SelectAudienceInput {
		return activities.SelectAudienceInput{Run: r.run, Snapshot: r.snapshot, Model: r.model, Cut: cut.Cut, Clock: r.clockNow(ctx), Shard: s}
	}, "select")
	if err != nil {
		return err
	}
	r.strata = nil
	r.status.Funnel, r.status.Treated, r.status.Control, r.status.Holdout, r.checksums.audience = activities.Funnel{}, 0, 0, 0, 0
	for _, out := range selected {
		addUp(r.status.Funnel, out.Funnel)
		r.status.Treated += out.Treated
		r.status.Control += out.Control
		r.status.Holdout += out.Holdout
		r.checksums.audience ^= out.Checksum
		r.strata = append(r.strata, out.Strata...)
	}
	return nil
}

func (r *campaignRun) personalise(ctx workflow.Context) error {
	if err := r.enter(ctx, campaign.StagePersonalise, fmt.Sprintf("an offer for each of %d customers, within the budget", r.status.Treated), ""); err != nil {
		return err
	}
	knowledge := ""
	if learnsOffers(ctx) {
		learned, err := run(compute(ctx), offers.LearnOffers, activities.LearnOffersInput{Run: r.run, Snapshot: r.snapshot, Instant: r.snapshot.Instant}, "what past campaigns teach about offers")
		if err != nil {
			return err
		}
		r.status.Knowledge, knowledge = &learned.Knowledge, learned.Knowledge.ID
	}
	prices, err := r.price(ctx, knowledge)
	if err != nil {
		return err
	}
	r.prices, r.status.Prices = prices, prices
	assigned, err := overShards(compute(ctx), offers.AssignOffers, r.shards, func(s campaign.Shard) activities.AssignOffersInput {
		return activities.AssignOffersInput{Run: r.run, Snapshot: r.snapshot, Prices: r.prices, Shard: s}
	}, "assign offers")
	r.checksums.assignments, r.expected = 0, nil
	for i, out := range assigned {
		if out.Expected != nil {
			r.expected = append(r.expected, *out.Expected)
		}
		r.tiers[i] = out.Tiers
		r.checksums.assignments ^= out.Checksum
	}
	return err
}

// price finds the prices at which the budget is spent: in one step, or for a large audience in rounds, in which prices go
// out to all shards and sums come back.
func (r *campaignRun) price(ctx workflow.Context, knowledge string) (activities.Prices, error) {
	in := activities.PriceOffersInput{Run: r.run, Snapshot: r.snapshot, Shards: r.shards, Knowledge: knowledge}
	together := r.in.Together
	if together == 0 {
		together = activities.PriceTogether
	}
	if r.status.Treated <= together || !pricesByShards(ctx) {
		priced, err := run(compute(ctx), offers.PriceOffers, in, "prices at which the budget is spent")
		return priced.Prices, err
	}
	search, err := run(compute(ctx), offers.BeginPrices, in, "prices on a sample")
	for round := 1; err == nil && !search.Ended; round++ {
		var sums []activities.SumOffersOutput
		sums, err = overShards(compute(ctx), offers.SumOffers, r.shards, func(s campaign.Shard) activities.SumOffersInput {
			return activities.SumOffersInput{Run: r.run, Snapshot: r.snapshot, Knowledge: knowledge, Shard: s, Limits: search.Search.Limits, Ask: search.Ask}
		}, fmt.Sprintf("what the prices of round %d lead to", round))
		if err != nil {
			break
		}
		all := sums[0].Sums
		for _, out := range sums[1:] {
			all.Add(out.Sums)
		}
		search, err = run(query(ctx), offers.StepPrices, activities.StepPricesInput{Run: r.run, Knowledge: knowledge, Search: search.Search, Sums: all}, fmt.Sprintf("prices after round %d", round))
	}
	return search.Prices, err
}

// planWaves plans the first touch's deliveries for an assumed launch, renders every message, and checks the plan.
// Later touches are planned when they are due: who met the terms by then needs no reminder.
func (r *campaignRun) planWaves(ctx workflow.Context) error {
	if err := r.enter(ctx, campaign.StagePlanning, "each customer's hour, a dry run of every message, and the checklist", ""); err != nil {
		return err
	}
	first := r.in.Brief.Spec.Touches[0].ID
	planned, err := r.planTouch(ctx, first, later(r.now(ctx), r.times.Opens))
	if err != nil {
		return err
	}
	rendered, err := overShards(compute(ctx), dispatch.RenderMessages, r.shards, func(s campaign.Shard) activities.RenderMessagesInput {
		return activities.RenderMessagesInput{Run: r.run, Touch: first, Rebase: r.touches[first].Rebase, Shard: s}
	}, "dry run")
	if err != nil {
		return err
	}
	checked, err := run(query(ctx), planning.Preflight, activities.PreflightInput{
		Run: r.run, BriefHash: r.briefHash, Snapshot: r.snapshot, Clock: r.clockNow(ctx), Times: r.times,
		Treated: r.status.Treated, Control: r.status.Control, Audience: r.checksums.audience, Assignments: r.checksums.assignments,
		Prices: r.prices, Waves: planned.waves, Blocked: planned.blocked, Capped: planned.capped, Rendered: rendered, Expected: r.expected, Shards: r.shards, Model: r.model, Strata: r.strata,
	}, "checklist")
	if err != nil {
		return err
	}
	r.status.Plan = checked
	return nil
}

// awaitApproval waits for a person, or for nobody when the policy approves the plan by itself.
func (r *campaignRun) awaitApproval(ctx workflow.Context) error {
	plan := r.status.Plan
	if plan.Approves && !plan.Blocks {
		return r.decide(ctx, campaign.Decision{Key: fmt.Sprintf("approve/%d", r.run.Plan), Action: "approve", Actor: "policy", Subject: plan.Hash})
	}
	next := fmt.Sprintf("`starter approve %s` with plan hash `%.12s…`", r.run.Campaign, plan.Hash)
	waits := "a person's approval: " + reasons(plan)
	if plan.Blocks {
		next, waits = "mend the spec and `starter start --replace`, or `starter cancel`", "a better plan: "+reasons(plan)
	}
	if err := r.enter(ctx, campaign.StageAwaiting, waits, next); err != nil {
		return err
	}
	until := r.snapshot.Instant.Add(time.Duration(r.in.Brief.Policy.SnapshotAge))
	decided := func() bool { return r.approval != nil || r.replaced != nil || r.cancelled != nil }
	if r.clock.Rehearsal || r.in.Brief.Policy.SnapshotAge == 0 { // campaign time stands still while a rehearsal waits for a person
		if err := workflow.Await(ctx, decided); err != nil {
			return err
		}
	} else if in, err := workflow.AwaitWithTimeout(ctx, until.Sub(r.now(ctx)), decided); err != nil {
		return err
	} else if !in {
		if !r.now(ctx).Before(r.times.Closes) {
			return temporal.NewNonRetryableApplicationError("nobody approved the plan before its window closed", "NeverApproved", nil)
		}
		return errReplan
	}
	if r.approval == nil {
		return errReplan
	}
	return r.decide(ctx, campaign.Decision{
		Key: fmt.Sprintf("approve/%d", r.run.Plan), Action: "approve", Actor: r.approval.Approver, Subject: r.approval.PlanHash, Signature: base64.StdEncoding.EncodeToString(r.approval.Signature),
	})
}

// dropPlan releases what the plan reserved, and takes up the brief that replaces it, if there is one.
func (r *campaignRun) dropPlan(ctx workflow.Context) error {
	if err := r.closeTouches(ctx, true); err != nil {
		return err
	}
	if r.replaced != nil {
		r.in.Brief = r.replaced.Brief
		times, err := r.in.Brief.Spec.Times(r.now(ctx))
		if err != nil {
			return temporal.NewNonRetryableApplicationError(err.Error(), "BadSpec", err)
		}
		r.times = times
	}
	r.replaced, r.approval = nil, nil
	r.run.Plan++
	r.run.Launch = r.times.Opens
	r.touches = map[string]touchPlan{}
	r.status.Run, r.status.Times, r.status.Plan = r.run, r.times, activities.PreflightOutput{}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
