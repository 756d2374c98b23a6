package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// heartbeat tells the server once a second that a step which has no pages of its own is alive. The stop it returns ends it.
// Outside of an activity, where a preview calls the same step, there is nobody to tell.
func heartbeat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { close(done) }
}
