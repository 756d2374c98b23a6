package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/world"
	"github.com/danbi-project/danbi/workflows"
)

// closedLoopBench asks what a whole campaign by the product brings, beside what others would have brought with the same
// money: in worlds whose people and market are drawn by seed, the product extracts, targets, personalises, plans, sends,
// settles and measures, by its own workflow and from nothing but what a warehouse would hold. Then the world's oracle
// says, of the same customers, what each way of spending the money truly changes.
//
// The others are given every advantage: the best fixed hour of all people, and the one offer that is truly best for them.
type closedLoopBench struct {
	customers int
	seeds     int
	first     uint64
}

func (b *closedLoopBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 200_000, "of each world; everybody who is eligible is in the campaign")
	f.IntVar(&b.seeds, "seeds", 5, "worlds, each with people and a market of its own")
	f.Uint64Var(&b.first, "first", 101, "seed of the first world")
}

func (b *closedLoopBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers, b.seeds = 4_000, 1
	}
	out := map[string]any{"customers": b.customers, "seeds": b.seeds, "first_seed": b.first}
	var found []loopFigures
	var cpu, peak float64
	began := time.Now()
	for i := range b.seeds {
		seed := b.first + uint64(i)
		figures, used, worker, err := b.world(ctx, seed)
		if err != nil {
			return nil, fmt.Errorf("world %d: %w", seed, err)
		}
		cpu, peak = cpu+used, math.Max(peak, worker)
		found = append(found, figures)
		say("world %d: %s", seed, figures)
	}
	out["seconds"], out["cpu_seconds"], out["rss_mb"] = time.Since(began).Seconds(), cpu, peak
	summarise(found, out)
	return out, nil
}

// world runs one campaign in the world of a seed, and judges it.
func (b *closedLoopBench) world(ctx context.Context, seed uint64) (figures loopFigures, cpu, worker float64, err error) {
	brief, err := campaignBrief(b.customers)
	if err != nil {
		return figures, 0, 0, err
	}
	e, err := bringUp(ctx)
	if err != nil {
		return figures, 0, 0, err
	}
	defer e.down()
	opens := brief.Spec.Window.Starts.In(world.Home)
	w, err := world.New(world.Population{
		Customers: uint32(b.customers), Months: 12, Seed: seed, Campaigns: 2, Parameters: world.DrawParameters(seed),
		Until: time.Date(opens.Year(), opens.Month(), opens.Day(), 0, 0, 0, 0, world.Home),
	})
	if err != nil {
		return figures, 0, 0, err
	}
	say("world %d: %d customers; %.0f %% of responses do not depend on the hour", seed, b.customers, 100*w.TimeInsensitive)
	if _, err := w.Create(ctx, e.store, world.Making{}); err != nil {
		return figures, 0, 0, err
	}
	c, err := e.Running().DialTemporal(ctx, func(o *client.Options) { o.Logger = quiet{} })
	if err != nil {
		return figures, 0, 0, err
	}
	defer c.Close()
	run := campaign.Run{Campaign: brief.Spec.Campaign, Occurrence: 1}
	section := e.begin(measured...)
	status, err := follow(ctx, c, run, workflows.CampaignInput{
		Brief: brief, Occurrence: run.Occurrence, Clock: clock.Rehearse(brief.Spec.Window.Starts.Time, 0), Population: true,
	})
	if err != nil {
		return figures, 0, 0, err
	}
	used := map[string]any{}
	section.end(used)
	loop, err := readLoop(ctx, e, w, brief.Spec, run)
	if err != nil {
		return figures, 0, 0, err
	}
	if uint64(loop.treated) != status.Treated || uint64(len(loop.members)-loop.treated) != status.Control {
		return figures, 0, 0, fmt.Errorf("%w: the warehouse has %d treated of %d, the workflow says %d and %d", errWrong, loop.treated, len(loop.members), status.Treated, status.Control)
	}
	figures, err = loop.judge()
	return figures, used["cpu_seconds"].(float64), e.peak("worker"), err
}
