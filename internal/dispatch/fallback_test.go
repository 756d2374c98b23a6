package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

var chain = dispatch.Chain{{Channel: "push", Heard: true}, {Channel: "kakao"}, {Channel: "sms", Heard: true}}

func tried(channel string, n uint8, s campaign.DeliveryState, reason string) dispatch.Attempt {
	return dispatch.Attempt{Channel: channel, Number: n, State: s, Reason: reason, Wave: 7}
}

func TestWhoFallsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		history []dispatch.Attempt
		step    int
		want    dispatch.Step
		state   campaign.DeliveryState
	}{
		"had no address for the first":        {nil, 1, dispatch.StepSend, campaign.DeliveryPlanned},
		"bounced":                             {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryBounced, "")}, 1, dispatch.StepSend, campaign.DeliveryBounced},
		"refused":                             {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryFailed, dispatch.ReasonRefused)}, 1, dispatch.StepSend, campaign.DeliveryFailed},
		"sent, and nobody heard":              {[]dispatch.Attempt{tried("push", 1, campaign.DeliverySent, "")}, 1, dispatch.StepSend, campaign.DeliverySent},
		"delivered":                           {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryDelivered, "")}, 1, dispatch.StepDone, campaign.DeliveryDelivered},
		"sent by one that tells only failure": {[]dispatch.Attempt{tried("kakao", 1, campaign.DeliverySent, "")}, 2, dispatch.StepDone, campaign.DeliverySent},
		"open":                                {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryAttempting, "")}, 1, dispatch.StepSettle, campaign.DeliveryAttempting},
		"unknown":                             {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryUnknown, "")}, 1, dispatch.StepSettle, campaign.DeliveryUnknown},
		"suppressed for all channels":         {[]dispatch.Attempt{tried("push", 0, campaign.DeliverySuppressed, dispatch.ReasonRedeemed)}, 1, dispatch.StepDone, campaign.DeliverySuppressed},
		"not in the first's hours":            {[]dispatch.Attempt{tried("push", 0, campaign.DeliveryExpired, dispatch.ReasonQuiet)}, 1, dispatch.StepSend, campaign.DeliveryExpired},
		"here already":                        {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryBounced, ""), tried("kakao", 2, campaign.DeliverySent, "")}, 1, dispatch.StepDone, campaign.DeliverySent},
		"killed in this step": {[]dispatch.Attempt{tried("push", 1, campaign.DeliverySent, ""), tried("kakao", 2, campaign.DeliveryAttempting, "")}, 1, dispatch.StepSettle,
			campaign.DeliverySent},
		"for now not, in this step": {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryBounced, ""), tried("kakao", 2, campaign.DeliveryFailed, dispatch.ReasonTemporary)}, 1, dispatch.StepSend,
			campaign.DeliveryFailed},
		"further already": {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryBounced, ""), tried("sms", 2, campaign.DeliveryFailed, dispatch.ReasonTemporary)}, 1, dispatch.StepDone,
			campaign.DeliveryFailed},
		"both bounced": {[]dispatch.Attempt{tried("push", 1, campaign.DeliveryBounced, ""), tried("kakao", 2, campaign.DeliveryBounced, "")}, 2, dispatch.StepSend, campaign.DeliveryBounced},
	} {
		step, state, next := chain.Judge(c.history, 7, c.step)
		require.Equal(t, c.want, step, name)
		require.Equal(t, c.state, state, name)
		for _, a := range c.history {
			require.Greater(t, next, a.Number, name)
		}
	}
	require.True(t, chain.Passes(0, campaign.DeliverySuppressed, dispatch.ReasonNoAddress))
	require.False(t, chain.Passes(2, campaign.DeliverySuppressed, dispatch.ReasonNoAddress), "nobody comes after the last")
	require.False(t, chain.Passes(0, campaign.DeliverySuppressed, dispatch.ReasonCapped), "a cap is of the contact")
	require.False(t, chain.Passes(0, campaign.DeliveryExpired, dispatch.ReasonQuiet))
}

// Whatever happened before: nothing is sent while a message may be out, after one arrived, or twice by one channel; and
// a step that was judged to send sends with a number that was never used.
func TestNoTwoChannelsReachOneOnPurpose(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var history []dispatch.Attempt
		states := []campaign.DeliveryState{campaign.DeliveryAttempting, campaign.DeliveryFailed, campaign.DeliveryUnknown, campaign.DeliverySent, campaign.DeliveryDelivered, campaign.DeliveryBounced}
		channel := 0
		for n := range rapid.IntRange(0, 5).Draw(t, "attempts") {
			channel = min(channel+rapid.IntRange(0, 1).Draw(t, "next channel"), 2)
			history = append(history, tried(chain[channel].Channel, uint8(n+1), rapid.SampledFrom(states).Draw(t, "state"), rapid.SampledFrom([]string{"", dispatch.ReasonRefused, dispatch.ReasonTemporary}).Draw(t, "reason")))
		}
		at := rapid.IntRange(0, 2).Draw(t, "step")
		step, _, next := chain.Judge(history, 7, at)
		if step != dispatch.StepSend {
			return
		}
		for i, a := range history {
			require.Less(t, a.Number, next)
			require.NotEqual(t, campaign.DeliveryDelivered, a.State)
			if a.Channel == chain[at].Channel {
				require.NotContains(t, []campaign.DeliveryState{campaign.DeliverySent, campaign.DeliveryAttempting, campaign.DeliveryUnknown}, a.State)
			}
			if i == len(history)-1 {
				require.NotContains(t, []campaign.DeliveryState{campaign.DeliveryAttempting, campaign.DeliveryUnknown}, a.State)
			}
		}
	})
}
