package compose

import (
	"context"
	"crypto/rand"
	"fmt"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/workflows"
)

// bookkeeper asks the books workflow of a run, starting it with the first batch.
type bookkeeper struct{ temporal client.Client }

func (b bookkeeper) Book(ctx context.Context, in activities.BookBatchInput) (activities.PostBatchOutput, error) {
	return workflows.Book.AskOrStart(ctx, b.temporal, client.StartWorkflowOptions{
		ID: in.Run.BooksID(), TaskQueue: workflows.TaskQueue, StaticSummary: "books of " + in.Run.Campaign,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, workflows.Books, workflows.BooksState{Run: in.Run}, workflows.BatchKey(in), in)
}

// contactsKeeper asks the workflow that admits the contacts of a bucket of customers.
type contactsKeeper struct{ temporal client.Client }

func (k contactsKeeper) Admit(ctx context.Context, in activities.AdmitContactsInput) (activities.AdmitContactsOutput, error) {
	bucket := workflows.BucketOf(in.Shard.Low)
	id := fmt.Sprintf("%s/%d/%s/%d/%d-%d", in.Run.WorkflowID(), in.Run.Plan, in.Touch, in.Rebase, in.Shard.Low, in.Shard.High)
	if in.Step > 0 {
		id += fmt.Sprintf("/%d/%d", in.Wave, in.Step)
	}
	return workflows.Admit.AskOrStart(ctx, k.temporal, client.StartWorkflowOptions{
		ID: bucket.ID(), TaskQueue: workflows.TaskQueue, StaticSummary: fmt.Sprintf("contacts of customers from %d", in.Shard.Low),
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, workflows.Contacts, bucket, id, in)
}

// throttle asks the workflow that leases a channel's quotas. Each request is one of its own: a quota is not business identity.
type throttle struct{ temporal client.Client }

func (t throttle) Lease(ctx context.Context, in activities.LeaseQuotaInput) (activities.LeaseQuotaOutput, error) {
	return workflows.Lease.AskOrStart(ctx, t.temporal, client.StartWorkflowOptions{
		ID: workflows.ThrottleID(in.Channel), TaskQueue: workflows.TaskQueue, StaticSummary: "quotas of " + in.Channel,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, workflows.Throttle, workflows.ThrottleState{Channel: in.Channel}, rand.Text(), in)
}
