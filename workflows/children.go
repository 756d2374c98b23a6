package workflows

import "go.temporal.io/sdk/workflow"

// childControl is what a campaign tells its children: pause, resume, cancel.
type childControl struct {
	paused    bool
	cancelled bool
	stop      workflow.CancelFunc // of the work under way; nil when there is none
}

func listenToParent(ctx workflow.Context, paused bool) *childControl {
	c := &childControl{paused: paused}
	on := func(signal string, do func()) {
		workflow.Go(ctx, func(ctx workflow.Context) {
			channel := workflow.GetSignalChannel(ctx, signal)
			for {
				channel.Receive(ctx, nil)
				do()
			}
		})
	}
	on(pauseSignal, func() { c.paused = true; c.interrupt() })
	on(resumeSignal, func() { c.paused = false })
	on(cancelSignal, func() { c.cancelled, c.paused = true, false; c.interrupt() })
	return c
}

func (c *childControl) interrupt() {
	if c.stop != nil {
		c.stop()
	}
}

// untilResumed waits while the campaign is paused; a cancelled campaign waits for nothing.
func (c *childControl) untilResumed(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return !c.paused || c.cancelled })
}

// tellChild passes a request on to the child that runs now, if one does. One that is only starting learns it from its input.
func (r *campaignRun) tellChild(ctx workflow.Context, signal string) {
	if r.child != "" {
		_ = workflow.SignalExternalWorkflow(ctx, r.child, "", signal, nil).Get(ctx, nil)
	}
}

// runChild runs a child whose ID is its business identity, so that what is asked of the campaign reaches it.
func runChild[In, Out any](ctx workflow.Context, r *campaignRun, id, summary string, flow func(workflow.Context, In) (Out, error), in In) (Out, error) {
	r.child = id
	defer func() { r.child = "" }()
	options := workflow.ChildWorkflowOptions{
		WorkflowID: id, StaticSummary: summary, WaitForCancellation: true, TypedSearchAttributes: childAttributes(r.run, r.status.Stage),
	}
	var out Out
	err := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), flow, in).Get(ctx, &out)
	return out, err
}
