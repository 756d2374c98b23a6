package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Named option sets, by the kind of work. Idempotent work is bounded by time, not by attempts: an engine that is down
// for an hour costs an hour, not a campaign. What must not be retried says so in its error (activities/errors.go).

// DeliverHeartbeat is the heartbeat timeout of delivering activities: a page stops sending at half of it.
const DeliverHeartbeat = 10 * time.Second

var patient = &temporal.RetryPolicy{
	InitialInterval:    500 * time.Millisecond,
	BackoffCoefficient: 2,
	MaximumInterval:    10 * time.Second,
}

// query is for short reads and small writes.
func query(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 72 * time.Hour,
		RetryPolicy:            patient,
	})
}

// compute is for a shard's worth of work in the warehouse.
func compute(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    2 * time.Hour,
		ScheduleToCloseTimeout: 72 * time.Hour,
		HeartbeatTimeout:       time.Minute,
		RetryPolicy:            patient,
	})
}

// deliver is for sending, until a wall-clock bound after which the purpose is gone: a message retried into quiet hours
// is a breach. It waits for a cancelled page to end, so that a pause knows what was sent.
func deliver(ctx workflow.Context, within time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    within,
		ScheduleToCloseTimeout: within,
		HeartbeatTimeout:       DeliverHeartbeat,
		WaitForCancellation:    true,
		RetryPolicy:            patient,
	})
}

// post is for the books and for money: short steps, for as long as it takes.
func post(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    time.Hour,
		ScheduleToCloseTimeout: 30 * 24 * time.Hour,
		HeartbeatTimeout:       20 * time.Second,
		WaitForCancellation:    true,
		RetryPolicy:            patient,
	})
}
