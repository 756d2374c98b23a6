package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// Requests of many campaigns come at once, one of them fails, and the pool runs out and is filled again: no number is
// ever set aside for two of them.
func TestAPoolSetsEachNumberAsideOnce(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	Register(env)
	size, given := uint64(25), map[uint64]string{}
	var c *activities.Coupons
	env.RegisterActivity(&activities.Coupons{})
	env.OnActivity(c.LookIntoPool, mock.Anything, mock.Anything).Return(func(context.Context, activities.LookIntoPoolInput) (activities.LookIntoPoolOutput, error) {
		return activities.LookIntoPoolOutput{Size: size}, nil // the warehouse may lag: the state must do
	})
	env.OnActivity(c.GrantCoupons, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.GrantCouponsInput) (activities.GrantCouponsOutput, error) {
		for n := in.From; n < in.Until; n++ {
			require.Empty(t, given[n], "%d was set aside for %s", n, given[n])
			given[n] = in.Run.Campaign
		}
		if in.Run.Campaign == "run-2" {
			return activities.GrantCouponsOutput{}, temporal.NewNonRetryableApplicationError("it broke", "Broken", errors.New("broken"))
		}
		return activities.GrantCouponsOutput{Granted: in.Until - in.From}, nil
	})
	granted, failed := uint64(0), 0
	ask := func(after time.Duration, i, payouts int) {
		env.RegisterDelayedCallback(func() {
			in := activities.GrantCouponsInput{Run: campaign.Run{Campaign: fmt.Sprintf("run-%d", i)}, Pool: "autumn"}
			in.Payouts = slices.Grow(in.Payouts, payouts)[:payouts]
			env.UpdateWorkflow(string(Grant), fmt.Sprint(i, after), &testsuite.TestUpdateCallback{
				OnAccept: func() {},
				OnReject: func(error) { failed++ },
				OnComplete: func(out any, err error) {
					if err != nil {
						failed++
						return
					}
					granted += out.(activities.GrantCouponsOutput).Granted
				},
			}, in)
		}, after)
	}
	for i := range 5 {
		ask(time.Duration((i+3)%5+1)*time.Millisecond, i, 7) // run-2 first; the last of them finds none
	}
	ask(time.Second, 6, 0)
	env.RegisterDelayedCallback(func() { size = 40 }, 2*time.Second)
	ask(3*time.Second, 7, 7)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	env.ExecuteWorkflow(Coupons, CouponsState{Pool: "autumn"})
	require.Equal(t, 2, failed, "one broke, one asked for nothing")
	require.EqualValues(t, 25-7+7, granted)
	require.Len(t, given, 32)
}
