package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

var (
	effectRun = campaign.Run{Campaign: "autumn", Occurrence: 1}
	leftAt    = time.Date(2026, 5, 4, 1, 0, 0, 0, time.UTC)
)

func attempt(channel string, n uint8, state campaign.DeliveryState) dispatch.Delivered {
	return dispatch.Delivered{
		Run: effectRun, Touch: "first", Customer: 7, Channel: channel, Attempt: n, State: state, At: leftAt, WallAt: leftAt.Add(-24 * time.Hour),
		MessageID: effectRun.DeliveryID("first", 7).String() + "@danbi.example", ProviderID: channel + "-id",
	}
}

func TestWhichAttemptFeedbackIsAbout(t *testing.T) {
	t.Parallel()
	all := []dispatch.Delivered{
		attempt("push", 0, campaign.DeliverySuppressed), attempt("push", 1, campaign.DeliverySent), attempt("push", 2, campaign.DeliveryFailed), attempt("sms", 3, campaign.DeliverySent),
	}
	key := effectRun.DeliveryID("first", 7).String()
	for name, c := range map[string]struct {
		f       dispatch.Feedback
		channel string
		n       uint8
	}{
		"by our id and channel":       {dispatch.Feedback{MessageID: key + "@danbi.example", Channel: "push"}, "push", 1},
		"by our id alone: the last":   {dispatch.Feedback{MessageID: "<" + key + ">"}, "sms", 3},
		"by the provider's":           {dispatch.Feedback{ProviderID: "push-id"}, "push", 1},
		"of a channel never used":     {dispatch.Feedback{MessageID: key, Channel: "kakao"}, "", 0},
		"of nobody":                   {dispatch.Feedback{MessageID: effectRun.DeliveryID("first", 8).String()}, "", 0},
		"the provider's id elsewhere": {dispatch.Feedback{ProviderID: "push-id", Channel: "sms"}, "", 0},
	} {
		got, ok := c.f.Match(all)
		require.Equal(t, c.n > 0, ok, name)
		require.Equal(t, c.channel, got.Channel, name)
		require.Equal(t, c.n, got.Attempt, name)
	}
}

func TestWhatFeedbackChanges(t *testing.T) {
	t.Parallel()
	sent, wall := attempt("sms", 1, campaign.DeliverySent), leftAt.Add(-24*time.Hour)
	at := wall.Add(90 * time.Second)
	of := func(kind dispatch.FeedbackKind) dispatch.Effects {
		return dispatch.Feedback{Kind: kind, At: at}.Apply(sent, at.Add(time.Minute))
	}
	require.Equal(t, campaign.DeliveryDelivered, of(dispatch.FeedbackDelivered).Event.State)
	require.Equal(t, leftAt.Add(90*time.Second), of(dispatch.FeedbackDelivered).At, "by the campaign's clock")
	require.Equal(t, dispatch.ReasonUndelivered, of(dispatch.FeedbackFailed).Event.Reason)
	require.Nil(t, of(dispatch.FeedbackFailed).Suppression, "the address may be good")
	bounced := of(dispatch.FeedbackBounced)
	require.Equal(t, campaign.DeliveryBounced, bounced.Event.State)
	require.Equal(t, &dispatch.Suppression{Channel: "sms", Reason: "bounce"}, bounced.Suppression)
	require.False(t, bounced.Withdrawn)
	left := of(dispatch.FeedbackUnsubscribed)
	require.True(t, left.Withdrawn)
	require.Nil(t, left.Suppression)
	require.Equal(t, campaign.DeliveryDelivered, left.Event.State, "who unsubscribes has seen it")
	require.True(t, of(dispatch.FeedbackComplained).Withdrawn)
	require.NotNil(t, of(dispatch.FeedbackComplained).Suppression)
	require.Equal(t, "open", of(dispatch.FeedbackOpened).Interaction.Kind)
	future := dispatch.Feedback{Kind: dispatch.FeedbackOpened, At: at.Add(time.Hour)}.Apply(sent, at)
	require.Equal(t, leftAt.Add(90*time.Second), future.At, "nothing happened in the future")
	require.Nil(t, dispatch.Feedback{Kind: dispatch.FeedbackDelivered}.Apply(attempt("sms", 1, campaign.DeliveryBounced), at).Event, "a rank decides, not the order")
}

// Whatever the order and however often feedback comes, the delivery ends in the same state, with the same interactions.
func TestFeedbackInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := leftAt.Add(time.Hour)
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) dispatch.Feedback {
			return dispatch.Feedback{Kind: rapid.SampledFrom(dispatch.FeedbackKinds).Draw(t, "kind"), At: leftAt.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "second")) * time.Second)}
		}), 1, 8).Draw(t, "feedback")
		end := func(order []dispatch.Feedback) (campaign.DeliveryState, map[uint64]string) {
			d, seen := attempt("sms", 1, campaign.DeliverySent), map[uint64]string{}
			for _, f := range order {
				e := f.Apply(d, now)
				if e.Event != nil {
					d.State = d.State.Join(e.Event.State)
				}
				if e.Interaction != nil {
					seen[e.Interaction.ID] = e.Interaction.Kind
				}
			}
			return d.State, seen
		}
		state, seen := end(all)
		shuffled := rapid.Permutation(append(slices.Clone(all), all...)).Draw(t, "again, in another order")
		again, seenAgain := end(shuffled)
		require.Equal(t, state, again)
		require.Equal(t, seen, seenAgain)
	})
}

func TestFeedbackThatIsNone(t *testing.T) {
	t.Parallel()
	for why, f := range map[string]dispatch.Feedback{
		"unknown_kind":    {MessageID: "x", Kind: "eaten"},
		"no_message":      {Kind: dispatch.FeedbackOpened},
		"not_our_message": {MessageID: "x@y", Kind: dispatch.FeedbackOpened},
		"too_long":        {ProviderID: string(make([]byte, 201)), Kind: dispatch.FeedbackOpened},
		"":                {ProviderID: "x", Kind: dispatch.FeedbackOpened},
	} {
		require.Equal(t, why, f.Valid())
	}
}
