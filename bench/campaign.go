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
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/world"
	"github.com/danbi-project/danbi/workflows"
)

// campaignBench runs a whole campaign in rehearsal, by the real workflow on a real worker, to its closed books.
type campaignBench struct {
	customers int
	seed      uint64
}

func (b *campaignBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 1_000_000, "size of the population; everybody who is eligible is chosen")
	f.Uint64Var(&b.seed, "seed", 1, "of the population")
}

// measured are the parts that a campaign keeps busy, and whose CPU time it is charged with. The sink stands for a
// provider, which is somebody else's machine.
var measured = []string{stack.PartWorker, stack.PartEngine, stack.PartTemporal}

func (b *campaignBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers = 3_000
	}
	brief, err := campaignBrief(b.customers)
	if err != nil {
		return nil, err
	}
	e, err := bringUp(ctx)
	if err != nil {
		return nil, err
	}
	defer e.down()
	opens := brief.Spec.Window.Starts.Time
	if err := e.command(ctx, "world", "--customers", fmt.Sprint(b.customers), "--until", opens.In(world.Home).Format(time.DateOnly), "--seed", fmt.Sprint(b.seed)); err != nil {
		return nil, err
	}
	c, err := e.Running().DialTemporal(ctx, func(o *client.Options) { o.Logger = quiet{} })
	if err != nil {
		return nil, err
	}
	defer c.Close()

	run := campaign.Run{Campaign: brief.Spec.Campaign, Occurrence: 1}
	for _, part := range append(measured, stack.PartSink) {
		e.forget(part)
	}
	samples := e.sample(measured...)
	status, err := follow(ctx, c, run, workflows.CampaignInput{
		Brief: brief, Occurrence: run.Occurrence, Clock: clock.Rehearse(opens, 0), Population: true,
	})
	samples.end()
	if err != nil {
		return nil, err
	}
	out := map[string]any{"customers": b.customers, "treated": status.Treated, "control": status.Control, "holdout": status.Holdout,
		"funnel": status.Funnel, "deliveries": status.Deliveries}
	for _, part := range append(measured, stack.PartSink) {
		out[part+"_rss_mb"] = e.peak(part)
	}
	out["rss_mb"] = out["worker_rss_mb"]
	if err := verify(ctx, e, run, status, out); err != nil {
		return nil, err
	}
	times, err := readTimeline(ctx, c, run, brief.Spec.Touches, b.customers)
	if err != nil {
		return nil, err
	}
	account(times, samples, out)
	return out, nil
}

// follow runs the campaign to its end and says each stage. It fails when the campaign needs a person: nobody is there.
func follow(ctx context.Context, c client.Client, run campaign.Run, in workflows.CampaignInput) (status workflows.Status, err error) {
	_, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: run.WorkflowID(), TaskQueue: workflows.TaskQueue}, workflows.Campaign, in)
	if err != nil {
		return status, err
	}
	var last string
	for {
		asking, cancel := context.WithTimeout(ctx, time.Minute)
		answer, err := c.QueryWorkflow(asking, run.WorkflowID(), "", workflows.StatusQuery)
		cancel()
		if err == nil {
			err = answer.Get(&status)
		}
		switch {
		case ctx.Err() != nil:
			return status, ctx.Err()
		case err != nil: // a busy worker answers late
			say("status: %v", err)
		case status.Stage == campaign.StageClosed:
			return status, nil
		case status.Stage.Final(), status.Stage == campaign.StageAwaiting, status.Paused:
			return status, fmt.Errorf("the campaign is %s and waits for a person: %s %s", status.Stage, status.Waits, status.Failure)
		default:
			line := string(status.Stage)
			if d := status.Dispatch; status.Stage == campaign.StageDispatching {
				line += fmt.Sprintf(", wave %d of %d", d.Wave, d.Waves)
			}
			if line != last {
				say("%s", line)
				last = line
			}
		}
		select {
		case <-ctx.Done():
			return status, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// account splits the run's wall and CPU time by stage, with the population's living taken out and shown as "world".
func account(t *timeline, samples *sampler, out map[string]any) {
	stages, cpu := map[string]float64{}, map[string]map[string]float64{}
	charge := func(stage string, s span, sign float64) {
		if cpu[stage] == nil {
			cpu[stage] = map[string]float64{}
		}
		for part, seconds := range samples.between(s.from, s.to) {
			cpu[stage][part] += sign * seconds
		}
	}
	living := union(t.living)
	var settled float64
	for _, s := range t.stages {
		name := string(s.stage)
		inside := within(living, s.span)
		own := s.seconds() - covered(inside)
		stages[name] += own
		if s.stage != campaign.StageSettled && s.stage != campaign.StageClosed {
			settled += own
		}
		charge(name, s.span, 1)
		for _, l := range inside {
			charge(name, l, -1)
			charge("world", l, 1)
		}
	}
	delete(stages, string(campaign.StageClosed)) // has no length
	delete(cpu, string(campaign.StageClosed))
	stages["world"] = covered(living)
	var total float64
	for stage, parts := range cpu {
		for part, seconds := range parts {
			parts[part] = math.Round(seconds*100) / 100
			if stage != "world" {
				total += seconds
			}
		}
	}
	retries := 0
	for _, n := range t.retried {
		retries += n
	}
	out["seconds"], out["settled_seconds"], out["wall_seconds"] = t.whole.seconds()-covered(living), settled, t.whole.seconds()
	out["cpu_seconds"], out["stages"], out["stages_cpu"] = total, stages, cpu
	out["orchestration_share"] = t.share()
	out["history_events"], out["retries"], out["retried"], out["activities"] = t.events, retries, t.retried, t.activity
}

// quiet drops the SDK's log: what matters is said by the status.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
