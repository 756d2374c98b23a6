package workflows

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// Update is the name of a request to a workflow, with the types of its argument and answer.
type Update[In, Out any] string

// The requests that a campaign answers. Each has a validator, so that a wrong one never enters the history.
const (
	Approve Update[campaign.Approval, Ack] = "approve"
	Pause   Update[Reason, Ack]            = "pause"
	Resume  Update[Reason, Ack]            = "resume"
	Cancel  Update[Reason, Ack]            = "cancel"
	Replace Update[Replacement, Ack]       = "replace"
)

// The requests to the workflows that put in order what runs share.
const (
	Book  Update[activities.BookBatchInput, activities.PostBatchOutput]         = "book"
	Admit Update[activities.AdmitContactsInput, activities.AdmitContactsOutput] = "admit"
	Lease Update[activities.LeaseQuotaInput, activities.LeaseQuotaOutput]       = "lease"
	Grant Update[activities.GrantCouponsInput, activities.GrantCouponsOutput]   = "grant"
)

// StatusQuery asks a campaign where it stands; it answers a Status.
const StatusQuery = "status"

// Reason is who asked, and why: it goes to the audit trail.
type Reason struct {
	Actor string `json:"actor"`
	Why   string `json:"why,omitempty"`
}

// Replacement is a new brief for a run that has not sent yet; it becomes the next version of the plan.
type Replacement struct {
	Actor string         `json:"actor"`
	Brief campaign.Brief `json:"brief"`
}

// Ack is the answer to a request: where the campaign stands after it.
type Ack struct {
	Stage  campaign.Stage `json:"stage"`
	Paused bool           `json:"paused,omitempty"`
}

// Ask sends the request and waits for its answer.
func (u Update[In, Out]) Ask(ctx context.Context, c client.Client, workflowID string, in In) (Out, error) {
	var out Out
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateName: string(u), Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return out, err
	}
	return out, handle.Get(ctx, &out)
}

// AskOrStart sends the request under an ID that makes it one request however often it is sent, starting the workflow if it does not run.
func (u Update[In, Out]) AskOrStart(ctx context.Context, c client.Client, options client.StartWorkflowOptions, flow, arg any, updateID string, in In) (Out, error) {
	var out Out
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.NewWithStartWorkflowOperation(options, flow, arg),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: updateID, UpdateName: string(u), Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return out, err
	}
	return out, handle.Get(ctx, &out)
}

// answer installs the handler of a request with its validator.
func (u Update[In, Out]) answer(ctx workflow.Context, describe string, allow func(workflow.Context, In) error, do func(workflow.Context, In) (Out, error)) error {
	err := workflow.SetUpdateHandlerWithOptions(ctx, string(u), do, workflow.UpdateHandlerOptions{
		Description: describe,
		Validator:   allow,
	})
	if err != nil {
		return fmt.Errorf("install the handler of %s: %w", u, err)
	}
	return nil
}
