package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// Two touches of one run that would come to somebody within the time of a bundle are one message. Whom the first never
// reached gets the second by itself.
func TestTwoTouchesOfOneRunGoOutAsOneMessage(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n, blocked = 40, 6
	people(t, w, n)
	put(t, w, "suppressions (customer_key, channel, reason, at, until, recorded_at)",
		[]any{uint32(blocked), "email", "paused", launch.Add(-time.Hour), launch.Add(15 * time.Hour), launch})
	brief := mailBrief()
	brief.Policy.Bundle = &campaign.Bundle{Within: campaign.Duration(24 * time.Hour), Most: 3}
	again := brief.Spec.Touches[0]
	ko := again.Message["email"]["ko"]
	ko.Text = "{{ name }}님, 매장 안내도 보세요.\n{{ sender.name }} {{ sender.contact }}\n무료 수신거부: {{ unsubscribe_url }}\n"
	again.ID, again.After = "shops", campaign.Duration(20*time.Hour)
	again.Message = map[string]map[string]campaign.Template{"email": {"ko": ko, "en": again.Message["email"]["en"]}}
	brief.Spec.Touches = append(brief.Spec.Touches, again)
	d := newDispatch(w, mail.channel(t))
	d.Briefs = brief

	touch := func(id string, opens time.Time) (admitted activities.AdmitContactsOutput, sent uint64, suppressed, states map[string]uint64) {
		plan, err := call(t.Context(), d.PlanWaves, activities.PlanWavesInput{Run: mailRun, Snapshot: activities.Snapshot{ID: "snap"}, Touch: id, Opens: opens, Shard: whole})
		require.NoError(t, err)
		for range 2 { // an activity may run twice
			admitted, err = call(t.Context(), d.AdmitContacts, activities.AdmitContactsInput{Run: mailRun, Touch: id, Shard: whole, Now: opens})
			require.NoError(t, err)
		}
		suppressed = map[string]uint64{}
		for wave := range plan.Waves {
			in := waveInput(wave)
			in.Touch, in.Closes = id, opens.Add(48*time.Hour)
			out, err := retried(t.Context(), d.DeliverWave, in)
			require.NoError(t, err)
			sent += out.Sent
			for reason, n := range out.Suppressed {
				suppressed[reason] += n
			}
		}
		closed, err := call(t.Context(), d.CloseTouch, activities.CloseTouchInput{Run: mailRun, Touch: id, Shard: whole, Clock: clock.Rehearse(opens.Add(48*time.Hour), 0)})
		require.NoError(t, err)
		return admitted, sent, suppressed, closed.States
	}
	first, sent, suppressed, _ := touch("first", launch)
	require.Zero(t, first.Bundled)
	require.EqualValues(t, n-1, sent)
	require.Equal(t, map[string]uint64{dispatch.ReasonSuppressed: 1}, suppressed)
	require.Equal(t, sinkCount{n - 1, n - 1, n - 1, 0}, mail.count(t))

	second, sent, suppressed, states := touch("shops", launch.Add(again.After.Std()))
	require.EqualValues(t, n-1, second.Bundled, "%+v", second)
	require.EqualValues(t, n, second.Admitted)
	require.EqualValues(t, 1, sent, "whom the first did not reach")
	require.Equal(t, map[string]uint64{dispatch.ReasonBundled: n - 1}, suppressed)
	require.Equal(t, map[string]uint64{"bundled": n - 1, "sent": 1}, states)
	require.Equal(t, sinkCount{n, n, n, 0}, mail.count(t), "one message each")

	text := decoded(t, mail.raw(t, dispatch.MessageID(mailRun, "first", brief.Policy.Sender, 2)))
	require.Contains(t, text, "300,000원 이상")
	require.Contains(t, text, "매장 안내도")
	alone := decoded(t, mail.raw(t, dispatch.MessageID(mailRun, "shops", brief.Policy.Sender, blocked)))
	require.Contains(t, alone, "매장 안내도")
	require.NotContains(t, alone, "300,000원 이상")
}
