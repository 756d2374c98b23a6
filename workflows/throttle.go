package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
)

// ThrottleState is up to when the messages of a channel are leased. It is carried through continue-as-new.
type ThrottleState struct {
	Channel string    `json:"channel"`
	Until   time.Time `json:"until,omitzero"`
}

// ThrottleID names the workflow that leases a channel's quotas.
func ThrottleID(channel string) string { return "throttle/" + channel }

// Throttle leases what a channel's provider takes a second to the pages of all campaigns, one after the other: a limit
// of the task queue would count pages, not messages. A page that died leaves its quota unused; that is slow, never fast.
func Throttle(ctx workflow.Context, state ThrottleState) error {
	served := 0
	err := Lease.answer(ctx, "Lease a quota of messages",
		func(_ workflow.Context, in activities.LeaseQuotaInput) error {
			if in.Channel != state.Channel || in.Count < 1 || in.PerSecond < 1 || in.Count > in.PerSecond {
				return fmt.Errorf("a lease is for 1 to per_second messages of %s, not %d of %s at %d a second", state.Channel, in.Count, in.Channel, in.PerSecond)
			}
			return nil
		},
		func(ctx workflow.Context, in activities.LeaseQuotaInput) (activities.LeaseQuotaOutput, error) {
			served++
			at := later(workflow.Now(ctx), state.Until)
			state.Until = at.Add(time.Duration(in.Count) * time.Second / time.Duration(in.PerSecond))
			return activities.LeaseQuotaOutput{At: at}, nil
		})
	if err != nil {
		return err
	}
	for {
		before := served
		used, err := workflow.AwaitWithTimeout(ctx, time.Hour, func() bool {
			return served > before && workflow.GetInfo(ctx).GetContinueAsNewSuggested()
		})
		switch {
		case err != nil:
			return err
		case used:
			return workflow.NewContinueAsNewError(ctx, Throttle, state)
		case served == before: // the hour passed and nobody came: the next request starts it again
			return nil
		}
	}
}
