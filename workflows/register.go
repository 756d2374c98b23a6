package workflows

import "go.temporal.io/sdk/worker"

// TaskQueue is where campaigns and their activities run.
const TaskQueue = "danbi"

// KeeperQueue is where the activities of workflows that keep something in order run: whoever waits for them holds a slot of
// TaskQueue, so that on the same queue as many waiting as there are slots would wait for ever.
const KeeperQueue = "danbi-keepers"

// Register makes the workflows known to a worker, or to a replayer.
func Register(to worker.WorkflowRegistry) {
	to.RegisterWorkflow(Campaign)
	to.RegisterWorkflow(Dispatch)
	to.RegisterWorkflow(Settlement)
	to.RegisterWorkflow(Books)
	to.RegisterWorkflow(Contacts)
	to.RegisterWorkflow(Schedule)
	to.RegisterWorkflow(Throttle)
	to.RegisterWorkflow(Coupons)
}
