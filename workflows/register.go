package workflows

import "go.temporal.io/sdk/worker"

// TaskQueue is where campaigns and their activities run.
const TaskQueue = "danbi"

// Register makes the workflows known to a worker, or to a replayer.
func Register(to worker.WorkflowRegistry) {
	to.RegisterWorkflow(Campaign)
	to.RegisterWorkflow(Dispatch)
	to.RegisterWorkflow(Settlement)
	to.RegisterWorkflow(Books)
	to.RegisterWorkflow(Contacts)
	to.RegisterWorkflow(Schedule)
	to.RegisterWorkflow(Throttle)
}
