package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const wave = 7
	try := func(n uint8, s campaign.DeliveryState, reason string) dispatch.Attempt {
		return dispatch.Attempt{Number: n, State: s, Reason: reason, Wave: wave}
	}
	for _, test := range []struct {
		name    string
		history []dispatch.Attempt
		step    dispatch.Step
		state   campaign.DeliveryState
		next    uint8
	}{
		{"nothing yet", nil, dispatch.StepSend, campaign.DeliveryPlanned, 1},
		{"open", []dispatch.Attempt{try(1, campaign.DeliveryAttempting, "")}, dispatch.StepSettle, campaign.DeliveryAttempting, 2},
		{"unknown", []dispatch.Attempt{try(1, campaign.DeliveryUnknown, "")}, dispatch.StepSettle, campaign.DeliveryUnknown, 2},
		{"refused for now", []dispatch.Attempt{try(1, campaign.DeliveryFailed, dispatch.ReasonTemporary)}, dispatch.StepSend, campaign.DeliveryFailed, 2},
		{"refused for good", []dispatch.Attempt{try(1, campaign.DeliveryFailed, dispatch.ReasonRefused)}, dispatch.StepDone, campaign.DeliveryFailed, 2},
		{"open after a failure: the failure's higher rank must not hide it", []dispatch.Attempt{
			try(1, campaign.DeliveryFailed, dispatch.ReasonAbsent), try(2, campaign.DeliveryAttempting, "")}, dispatch.StepSettle, campaign.DeliveryFailed, 3},
		{"sent at the second", []dispatch.Attempt{try(1, campaign.DeliveryUnknown, ""), try(2, campaign.DeliverySent, "")}, dispatch.StepDone, campaign.DeliverySent, 3},
		{"suppressed, but an attempt is out", []dispatch.Attempt{try(0, campaign.DeliverySuppressed, ""), try(1, campaign.DeliveryAttempting, "")}, dispatch.StepSettle, campaign.DeliverySuppressed, 2},
		{"expired here", []dispatch.Attempt{try(0, campaign.DeliveryExpired, "")}, dispatch.StepDone, campaign.DeliveryExpired, 1},
		{"expired in another wave", []dispatch.Attempt{{State: campaign.DeliveryExpired, Wave: 3}}, dispatch.StepSend, campaign.DeliveryExpired, 1},
	} {
		step, state, next := dispatch.Judge(test.history, wave)
		require.Equal(t, test.step, step, test.name)
		require.Equal(t, test.state, state, test.name)
		require.Equal(t, test.next, next, test.name)
	}
}

func TestLeasesConflict(t *testing.T) {
	t.Parallel()
	a := dispatch.Lease{Touch: "first", Wave: 5, Low: 10, High: 19, Owner: "a"}
	with := func(change func(*dispatch.Lease)) dispatch.Lease {
		b := a
		b.Owner = "b"
		change(&b)
		return b
	}
	require.True(t, a.Conflicts(with(func(*dispatch.Lease) {})))
	require.False(t, a.Conflicts(a), "with oneself")
	require.True(t, a.Conflicts(with(func(b *dispatch.Lease) { b.Low, b.High = 19, 30 })))
	require.False(t, a.Conflicts(with(func(b *dispatch.Lease) { b.Low, b.High = 20, 30 })))
	require.False(t, a.Conflicts(with(func(b *dispatch.Lease) { b.Wave = 6 })), "waves of one plan share nobody")
	require.True(t, a.Conflicts(with(func(b *dispatch.Lease) { b.Wave, b.Rebase = 6, 1 })), "re-planned, one may be in both")
	require.True(t, a.Conflicts(with(func(b *dispatch.Lease) { b.Wave = 0 })), "the end of the touch")
	require.False(t, a.Conflicts(with(func(b *dispatch.Lease) { b.Touch = "reminder" })))
}
