package workflows

import (
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// ScheduleInput repeats a campaign by the schedule of its spec. Next is the occurrence to come, from 1.
type ScheduleInput struct {
	Brief  campaign.Brief `json:"brief"`
	Clock  clock.Clock    `json:"clock"`
	After  time.Time      `json:"after,omitzero"` // the firing before; zero: from the start
	Next   uint32         `json:"next,omitempty"`
	Shards int            `json:"shards,omitempty"`

	Population bool `json:"population,omitempty"` // the simulated population lives on
}

// ScheduleID names the workflow that repeats a campaign.
func ScheduleID(id string) string { return "schedule/" + id }

// Schedule starts one Campaign for each firing, numbered from 1, and does not wait for it: occurrences may overlap,
// and each has keys of its own. (A rehearsal's do wait for each other.) It is a workflow, not a Temporal schedule, because an occurrence's number is part of every key.
func Schedule(ctx workflow.Context, in ScheduleInput) error {
	if in.Next == 0 {
		in.Next = 1
		in.After = in.Clock.At(workflow.Now(ctx))
	}
	for !workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
		fires, err := run(query(ctx), planning.NextOccurrence, activities.NextOccurrenceInput{Spec: in.Brief.Spec, After: in.After}, fmt.Sprintf("when occurrence %d is due", in.Next))
		if err != nil || fires.At.IsZero() {
			return err
		}
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("### Occurrence %d of %s\n\nPlanned from %s. Next: nothing to press; terminate this workflow to stop repeating.",
			in.Next, in.Brief.Spec.Campaign, fires.PlanAt.Format(shown)))
		if err := waitUntil(ctx, &in.Clock, fires.PlanAt, func() bool { return false }, fmt.Sprintf("until occurrence %d", in.Next)); err != nil {
			return err
		}
		of := campaign.Run{Campaign: in.Brief.Spec.Campaign, Occurrence: in.Next}
		child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: of.WorkflowID(), ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
			StaticSummary:         fmt.Sprintf("occurrence %d of %s", in.Next, of.Campaign),
		}), Campaign, CampaignInput{Brief: in.Brief, Occurrence: in.Next, Clock: in.Clock, Shards: in.Shards, Population: in.Population, Start: campaign.Moment{Time: fires.At}})
		if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Error("The occurrence did not start", "campaign", of.Campaign, "occurrence", in.Next, "error", err)
		} else if in.Clock.Rehearsal { // one population has one time: the next occurrence begins when this one is over
			_ = child.Get(ctx, nil) // how it ended is its own story
		}
		in.After, in.Next = fires.At, in.Next+1
	}
	return workflow.NewContinueAsNewError(ctx, Schedule, in)
}
