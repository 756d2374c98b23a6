package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/danbi-project/danbi/activities"
)

// Whoever asks, and however many at once: no second gives out more than the provider takes.
func TestAThrottleNeverLeasesMoreThanTheRate(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	Register(env)
	var leased []time.Time
	refused := 0
	ask := func(after time.Duration, in activities.LeaseQuotaInput) {
		env.RegisterDelayedCallback(func() {
			env.UpdateWorkflow(string(Lease), fmt.Sprint(len(leased), after, in), &testsuite.TestUpdateCallback{
				OnReject: func(error) { refused++ },
				OnAccept: func() {},
				OnComplete: func(out any, err error) {
					require.NoError(t, err)
					leased = append(leased, out.(activities.LeaseQuotaOutput).At)
				},
			}, in)
		}, after)
	}
	for i := range 6 { // six pages of 50 within a tenth of a second, at 100 a second
		ask(time.Duration(i)*10*time.Millisecond, activities.LeaseQuotaInput{Channel: "email", Count: 50, PerSecond: 100})
	}
	ask(time.Minute, activities.LeaseQuotaInput{Channel: "email", Count: 50, PerSecond: 100})
	ask(time.Minute, activities.LeaseQuotaInput{Channel: "sms", Count: 50, PerSecond: 100})
	ask(time.Minute, activities.LeaseQuotaInput{Channel: "email", Count: 200, PerSecond: 100})
	env.ExecuteWorkflow(Throttle, ThrottleState{Channel: "email"})
	require.NoError(t, env.GetWorkflowError(), "it ends by itself when nobody comes")
	require.Len(t, leased, 7)
	require.Equal(t, 2, refused, "another channel, and more than a second's worth")
	for i := 1; i < 6; i++ {
		require.Equal(t, 500*time.Millisecond, leased[i].Sub(leased[i-1]))
	}
	require.Greater(t, leased[6].Sub(leased[5]), 50*time.Second, "what was not asked for is not saved up")
}
