package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/workflows"
)

// startOptions are how a campaign is started.
type startOptions struct {
	policy     string
	rehearse   string    // campaign date to rehearse from; empty: live
	from       time.Time // the same as an instant; zero: by rehearse
	opens      time.Time // start one occurrence whose window opens then, as the spec's schedule would; zero: by the spec
	speed      float64   // of the rehearsal's clock
	population bool      // the simulated population lives on
	occurrence uint32
	shards     int
	replace    bool
	actor      string
}

func newStartCommand(a *App) *cobra.Command {
	var o startOptions
	cmd := &cobra.Command{
		Use:     "start SPEC",
		Short:   "Start a campaign: it plans, then waits for approval unless the policy approves it",
		GroupID: groupCampaign,
		Long: `Starts the campaign of a spec as one durable workflow, campaign/<id>/<occurrence>. It extracts features, chooses the
audience, makes the offers, plans every message and checks the plan; then it waits for a person's approval, unless
the policy approves a plan of its size. With a schedule in the spec, each firing becomes an occurrence of its own.`,
		Example: `  starter start examples/card-spend.yaml
  starter start examples/card-spend.yaml --rehearse 2026-09-01 --population   # on the simulated population
  starter start spring.yaml --replace                                         # a better plan before the first send`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: yamlFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			brief, err := a.loadBrief(args[0], o.policy)
			if err != nil {
				return err
			}
			c, err := a.Temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			id, err := a.start(cmd.Context(), c, brief, o)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(map[string]string{"campaign": brief.Spec.Campaign, "workflow": id})
			}
			if o.replace {
				a.Sayf(a.text("%s makes a new plan. Follow it with `starter status %s --watch`.", "%s 계획을 새로 세웁니다. `starter status %s --watch`로 지켜보세요."), id, brief.Spec.Campaign)
			} else {
				a.Sayf(a.text("Started %s. Follow it with `starter status %s --watch`.", "%s 시작했습니다. `starter status %s --watch`로 지켜보세요."), id, brief.Spec.Campaign)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.policy, "policy", "", "policy file (default: policy.yaml beside the spec or above it)")
	flags.StringVar(&o.rehearse, "rehearse", "", "rehearse from this date (2006-01-02): campaign time moves only while the workflow waits")
	flags.Float64Var(&o.speed, "speed", 0, "of a rehearsal: campaign seconds for each second of waiting; 0 waits not at all")
	flags.BoolVar(&o.population, "population", false, "of a rehearsal: the simulated population reacts and lives on")
	flags.Uint32Var(&o.occurrence, "occurrence", 1, "occurrence to start, where the spec has no schedule")
	flags.IntVar(&o.shards, "shards", 0, "ranges of customers to work on at once (0: by their number)")
	flags.BoolVar(&o.replace, "replace", false, "replace the plan of a campaign that has not sent yet")
	flags.StringVar(&o.actor, "as", defaultActor(), "who asks, for the audit trail")
	_ = cmd.MarkFlagFilename("policy", "yaml", "yml")
	return cmd
}

// start starts the campaign, or replaces its plan, and returns the workflow's ID.
func (a *App) start(ctx context.Context, c client.Client, brief campaign.Brief, o startOptions) (string, error) {
	campaignClock := clock.Live()
	if !o.from.IsZero() {
		campaignClock = clock.Rehearse(o.from, o.speed)
	} else if o.rehearse != "" {
		zone, err := campaign.LoadZone(brief.Spec.Zone)
		if err != nil {
			return "", withExit(ExitInvalid, err)
		}
		from, err := campaign.ParseMoment(o.rehearse, zone, false)
		if err != nil {
			return "", withExit(ExitUsage, fmt.Errorf("--rehearse: %w", err))
		}
		campaignClock = clock.Rehearse(from.Time, o.speed)
	} else if o.population {
		return "", withExit(ExitUsage, errors.New(a.text("--population needs --rehearse DATE: real customers do not live faster", "--population은 --rehearse 날짜와 함께 씁니다. 실제 고객의 시간은 빨라지지 않습니다")))
	}
	run := campaign.Run{Campaign: brief.Spec.Campaign, Occurrence: max(o.occurrence, 1)}
	if o.replace {
		_, err := workflows.Replace.Ask(ctx, c, run.WorkflowID(), workflows.Replacement{Actor: o.actor, Brief: brief})
		return run.WorkflowID(), a.refusal(ctx, c, run, err)
	}
	options := client.StartWorkflowOptions{
		ID: run.WorkflowID(), TaskQueue: workflows.TaskQueue,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            brief.Spec.Title.In("en"),
	}
	var err error
	if brief.Spec.Schedule != nil && o.opens.IsZero() {
		options.ID = workflows.ScheduleID(brief.Spec.Campaign)
		_, err = c.ExecuteWorkflow(ctx, options, workflows.Schedule, workflows.ScheduleInput{Brief: brief, Clock: campaignClock, Shards: o.shards, Population: o.population})
	} else {
		_, err = c.ExecuteWorkflow(ctx, options, workflows.Campaign, workflows.CampaignInput{
			Brief: brief, Occurrence: run.Occurrence, Clock: campaignClock, Shards: o.shards, Population: o.population, Start: campaign.Moment{Time: o.opens},
		})
	}
	return options.ID, a.explain(err, run)
}
