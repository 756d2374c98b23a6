package dispatch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

func TestJoinedTouchesAreSoonByTheSameChannelAndUnconditional(t *testing.T) {
	t.Parallel()
	hours := func(n int) campaign.Duration { return campaign.Duration(time.Duration(n) * time.Hour) }
	spec := campaign.Spec{Touches: []campaign.Touch{
		{ID: "first", Channels: []string{"email"}},
		{ID: "soon", After: hours(3), Channels: []string{"email", "sms"}},
		{ID: "text", After: hours(3), Channels: []string{"sms"}},
		{ID: "reminder", After: hours(4), Channels: []string{"email"}, Only: campaign.OnlyNotRedeemed},
		{ID: "later", After: hours(24), Channels: []string{"email"}},
	}}
	bundle := &campaign.Bundle{Within: hours(24), Most: 3}
	require.Equal(t, []string{"soon"}, dispatch.JoinedTouches(spec, bundle, "first"))
	require.Equal(t, []string{"later"}, dispatch.JoinedTouches(spec, bundle, "soon"))
	require.Empty(t, dispatch.JoinedTouches(spec, nil, "first"))
	require.Empty(t, dispatch.JoinedTouches(spec, bundle, "unknown"))
}

// A message takes along what it has room for, once, and a touch that was taken along stays so when it is planned.
func TestAMessageTakesLaterTouchesAlong(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	a := dispatch.Admitting{Bundle: &campaign.Bundle{Within: campaign.Duration(24 * time.Hour), Most: 2}, Now: now, Purpose: "marketing", Joined: []string{"b", "c"}}
	want := dispatch.Reservation{Customer: 1, Channel: "email", At: now.Add(3 * time.Hour), Campaign: "x", Occurrence: 1, Plan: 1, Touch: "a", Purpose: "marketing"}
	answer := a.Admit(want, nil)
	require.True(t, answer.Admitted)
	require.Len(t, answer.Changes, 2, "itself and one of the two: a message carries two offers")
	part := answer.Changes[1]
	require.Equal(t, "b", part.Touch)
	require.Equal(t, want.Host(), part.Carrier)
	require.Empty(t, a.Admit(want, answer.Changes).Changes, "asked again it stays as it was")

	moved := want
	moved.At = now.Add(5 * time.Hour)
	again := a.Admit(moved, answer.Changes)
	require.True(t, again.Admitted)
	require.Len(t, again.Changes, 2, "the old time goes back, the new one stands; what it carries goes along: %+v", again.Changes)

	b := want
	b.Touch, b.At = "b", now.Add(20*time.Hour)
	taken := dispatch.Admitting{Bundle: a.Bundle, Now: now.Add(15 * time.Hour), Purpose: "marketing"}.Admit(b, answer.Changes)
	require.True(t, taken.Admitted)
	require.True(t, taken.Bundled)
	require.Empty(t, taken.Changes)
}
