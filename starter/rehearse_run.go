package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/forecast"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/internal/world"
	"github.com/danbi-project/danbi/workflows"
)

// A rehearsal is one run of a brief on one simulated population, in a stack of its own.
type rehearsal struct {
	*App
	brief campaign.Brief
	o     rehearseOptions
	seed  uint64
}

// run rehearses; what keeps it from its end is part of the outcome, because a plan that fails in a market is news.
func (r rehearsal) run(ctx context.Context) forecast.Outcome {
	began := time.Now()
	out, err := r.alone(ctx)
	if err != nil {
		out.Failed = err.Error()
	}
	out.Seed, out.Seconds = r.seed, time.Since(began).Seconds()
	return out
}

func (r rehearsal) alone(ctx context.Context) (out forecast.Outcome, err error) {
	dir, err := os.MkdirTemp(r.o.folder, "danbi-rehearsal-")
	if err != nil {
		return out, fmt.Errorf("make a folder for a rehearsal: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	lane := *r.App // what happens in a run is not the user's stack, and not the command's result
	lane.Dir, lane.JSON, lane.Out, lane.Err = dir, false, io.Discard, io.Discard
	s, err := lane.Up(ctx, stack.Config{Passing: true})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	store, err := lane.Warehouse(ctx)
	if err != nil {
		return out, err
	}
	defer func() { _ = store.Close() }()
	if err := r.populate(ctx, store); err != nil {
		return out, err
	}
	run := campaign.Run{Campaign: r.brief.Spec.Campaign, Occurrence: 1}
	status, err := r.follow(ctx, lane, run)
	if err != nil {
		return out, err
	}
	document, err := lane.report(ctx, store, run)
	if err != nil {
		return out, err
	}
	return outcomeOf(document, status, float64(r.o.population)/float64(r.o.customers)), nil
}

// populate makes the run's people, of a market that its seed draws.
func (r rehearsal) populate(ctx context.Context, store *warehouse.Warehouse) error {
	if err := warehouse.Migrate(ctx, store); err != nil {
		return err
	}
	begins := r.o.opening.plans.In(world.Home)
	p := world.Population{
		Customers: r.o.customers, Months: worldMonths, Seed: r.seed, Campaigns: worldCampaigns,
		Until: time.Date(begins.Year(), begins.Month(), begins.Day(), 0, 0, 0, 0, world.Home),
	}
	p.Parameters = r.market()
	w, err := world.New(p)
	if err != nil {
		return err
	}
	// In as few pieces as the server takes whole blocks of: each further one is a dozen statements.
	_, err = w.Create(ctx, store, world.Making{Shard: min(r.o.customers, largestPiece)})
	return err
}

// largestPiece of a population still writes its transactions in one block.
const largestPiece = 20_000

// market is what the run's people are like: drawn by its seed, but for what is known.
func (r rehearsal) market() world.Parameters {
	p := world.DefaultParameters()
	if !r.o.usual {
		p = world.DrawParameters(r.seed)
	}
	for _, f := range r.o.fitted {
		p = p.With(f.Name, f.Value)
	}
	return p
}

// follow runs the workflow until it is settled.
func (r rehearsal) follow(ctx context.Context, lane App, run campaign.Run) (workflows.Status, error) {
	c, err := lane.Temporal(ctx)
	if err != nil {
		return workflows.Status{}, err
	}
	defer c.Close()
	// One shard: a population of this size is no work, and each further one is an activity a wave.
	if _, err := lane.start(ctx, c, r.brief, startOptions{
		from: r.o.opening.plans, opens: r.o.opening.opens, population: true, occurrence: 1, shards: 1, actor: "rehearsal",
	}); err != nil {
		return workflows.Status{}, err
	}
	status, err := lane.watch(ctx, c, run, func(s workflows.Status) bool {
		return s.Stage.Final() || s.Stage == campaign.StageSettled || s.Stage == campaign.StageAwaiting || s.Paused
	})
	switch {
	case err != nil:
		return status, err
	case status.Stage == campaign.StageFailed:
		return status, lane.failed(status)
	case status.Paused || status.Stage == campaign.StageAwaiting:
		return status, fmt.Errorf("it is %s and needs a person: %s %s", status.Stage, status.Waits, status.PausedBy.Why)
	}
	return status, nil
}

// outcomeOf reads a run's report, in the size of the real population.
func outcomeOf(d *report.Document, s workflows.Status, times float64) forecast.Outcome {
	came := d.Came()
	out := forecast.Outcome{
		Treated: float64(s.Treated) * times, Control: float64(s.Control) * times,
		Responses: came.Responses * times, Redeemed: came.Redeemed * times, Spend: came.Spend * times, Incremental: came.Incremental * times,
		Cost:     came.Cost * times,
		Expected: float64(d.Budget.Expected) * times, Exposure: float64(d.Budget.Exposure) * times, Out: float64(d.Budget.Out) * times,
		Messages: float64(d.Budget.Messages) * times,
	}
	for h, n := range d.Hours {
		out.Hours[h] = float64(n) * times
	}
	if e := d.Effect; e != nil {
		out.Smallest, out.Lift = e.Smallest, e.Relative
		if e.Claim == "sample_ratio_mismatch" {
			out.Breaches = append(out.Breaches, "sample_ratio")
		}
	}
	out.Breaches = append(out.Breaches, breachesOf(d)...)
	return out
}

// breachesOf names the limits that did not hold.
func breachesOf(d *report.Document) []string {
	var all []string
	for name, broken := range map[string]bool{
		"exposure":       d.Budget.Out > d.Budget.Exposure,
		"books":          d.Ledger.Sum != 0 || !d.Ledger.Intact,
		"reconciliation": len(d.Settlement.Differences) > 0,
	} {
		if broken {
			all = append(all, name)
		}
	}
	for _, t := range d.Deliveries {
		for _, state := range []string{"unknown", "expired", "failed"} {
			if t.States[state] > 0 {
				all = append(all, "deliveries_"+state)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
