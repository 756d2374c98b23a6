package activities_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// everybody gives all waves of a plan, delivered one after the other.
func everybody(t *testing.T, d *activities.Dispatch, plan activities.PlanWavesOutput) (total activities.DeliverWaveOutput) {
	t.Helper()
	total.Suppressed = map[string]uint64{}
	for wave := range plan.Waves {
		out, err := call(t.Context(), d.DeliverWave, waveInput(wave))
		require.NoError(t, err)
		total.Planned += out.Planned
		total.Sent += out.Sent
		total.Expired += out.Expired
		total.Failed += out.Failed
		total.Bounced += out.Bounced
		for reason, n := range out.Suppressed {
			total.Suppressed[reason] += n
		}
	}
	return total
}

// What changed between planning and the very second of sending is heeded, and each reason is counted.
func TestChangesSincePlanningAreHeeded(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n = 300
	people(t, w, n)
	d := newDispatch(w, mail.channel(t))
	plan := planAll(t, d)
	soon := launch.Add(-time.Hour)
	after := launch.Add(48 * time.Hour)
	put(t, w, "consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)",
		[]any{uint32(1), "email", "marketing", uint8(0), soon, uint8(0), "link", soon},
		[]any{uint32(2), "email", "marketing", uint8(0), after, uint8(0), "link", soon}, // only later
		[]any{uint32(3), "email", "newsletter", uint8(0), soon, uint8(0), "link", soon}, // another purpose
		[]any{uint32(4), "sms", "marketing", uint8(0), soon, uint8(0), "link", soon},    // another channel
		[]any{uint32(5), "email", "marketing", uint8(1), soon, uint8(0), "link", soon})  // the night only
	put(t, w, "suppressions (customer_key, channel, reason, at, until, recorded_at)",
		[]any{uint32(11), "", "complaint", soon, time.Unix(0, 0), soon},
		[]any{uint32(12), "email", "bounce", soon, launch.Add(72 * time.Hour), soon},
		[]any{uint32(13), "email", "bounce", soon, soon.Add(time.Minute), soon}, // over
		[]any{uint32(14), "sms", "bounce", soon, time.Unix(0, 0), soon})         // another channel
	put(t, w, "contacts (customer_key, channel, address, updated_at)", []any{uint32(21), "email", "", soon})
	put(t, w, "contacts (customer_key, channel, address, updated_at)", []any{uint32(22), "email", "a b@example.invalid", soon})
	put(t, w, "reservations (customer_key, channel, purpose, at, campaign, occurrence, plan, touch, released)",
		reserved(t, w, 31, 1)...)

	out := everybody(t, d, plan)
	require.EqualValues(t, n, out.Planned)
	require.Equal(t, map[string]uint64{
		dispatch.ReasonNoConsent: 1, dispatch.ReasonSuppressed: 2, dispatch.ReasonNoAddress: 1, dispatch.ReasonCapped: 1,
	}, out.Suppressed)
	require.EqualValues(t, 1, out.Bounced, "an address that no mail can have")
	require.EqualValues(t, n-6, out.Sent)
	require.Equal(t, sinkCount{n - 6, n - 6, n - 6, 0}, mail.count(t))

	closed, err := call(t.Context(), d.CloseTouch, activities.CloseTouchInput{Run: mailRun, Touch: "first", Shard: whole, Clock: clock.Rehearse(after, 0)})
	require.NoError(t, err)
	require.Equal(t, map[string]uint64{"sent": n - 6, "suppressed": 5, "bounced": 1}, closed.States)
}

// reserved are a customer's reservations again, given back.
func reserved(t *testing.T, w *warehouse.Warehouse, customer uint32, released uint8) (rows [][]any) {
	t.Helper()
	var at time.Time
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT min(at) FROM reservations WHERE customer_key = "+itoa(customer)).Scan(&at))
	return [][]any{{customer, "email", "marketing", at, mailRun.Campaign, mailRun.Occurrence, mailRun.Plan, "first", released}}
}

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// A pause that outlasts the allowed hours must not push messages into the night.
func TestResumedTooLateNothingLeaves(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 500)
	in := waveInput(wave)
	in.Clock = clock.Rehearse(launch.Add(14*time.Hour), 0) // 23:00 in Seoul, 10:00 in New York
	out, err := call(t.Context(), newDispatch(w, mail.channel(t)).DeliverWave, in)
	require.NoError(t, err)
	require.Positive(t, out.Expired)
	require.Equal(t, planned, out.Expired+out.Sent)
	require.EqualValues(t, out.Sent, mail.count(t).Mails)

	in = waveInput(wave)
	in.Closes = time.Unix(int64(wave)*3600, 0)
	out, err = call(t.Context(), newDispatch(w, mail.channel(t)).DeliverWave, in)
	require.NoError(t, err)
	require.EqualValues(t, out.Sent, mail.count(t).Mails, "expired stays expired in its wave")
}

func TestAProviderThatIsDownCostsNoAttempts(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 500)
	nowhere, err := smtp.New(smtp.Config{Addr: "127.0.0.1:1", TLS: smtp.TLSNone})
	require.NoError(t, err)
	for range 2 {
		_, err = call(t.Context(), newDispatch(w, nowhere).DeliverWave, waveInput(wave))
		var known *temporal.ApplicationError
		require.True(t, errors.As(err, &known), "%v", err)
		require.Equal(t, "ProviderDown", known.Type())
		require.False(t, known.NonRetryable())
	}
	require.Empty(t, states(t, w))
	out, err := call(t.Context(), newDispatch(w, mail.channel(t)).DeliverWave, waveInput(wave))
	require.NoError(t, err)
	require.Equal(t, planned, out.Sent)
}

func TestCancelledReleasesWhatNeverLeft(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 1000)
	d := newDispatch(w, mail.channel(t))
	_, err := call(t.Context(), d.DeliverWave, waveInput(wave))
	require.NoError(t, err)
	in := activities.CloseTouchInput{Run: mailRun, Touch: "first", Shard: whole, Clock: clock.Rehearse(launch.Add(12*time.Hour), 0), Cancelled: true}
	for range 2 {
		closed, err := call(t.Context(), d.CloseTouch, in)
		require.NoError(t, err)
		require.Equal(t, map[string]uint64{"sent": planned, "suppressed": 1000 - planned}, closed.States)
	}
	var held uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM (SELECT customer_key FROM reservations GROUP BY customer_key, at HAVING max(released) = 0)").Scan(&held))
	require.Equal(t, planned, held, "those who got nothing may be contacted by others")
	// A wave that comes after the end sends nothing.
	for other := wave - 3; other < wave+3; other++ {
		out, err := call(t.Context(), d.DeliverWave, waveInput(other))
		require.NoError(t, err)
		require.Equal(t, out.Planned, out.Sent+out.Suppressed[dispatch.ReasonCancelled])
	}
	require.EqualValues(t, planned, mail.count(t).Mails)
}

// Two campaigns want the same day: one contact within 24 hours is the cap, and a contact of elsewhere counts too.
func TestCapsHoldAcrossCampaigns(t *testing.T) {
	t.Parallel()
	w := stacktest.Warehouse(t)
	const n = 100
	people(t, w, n)
	d := newDispatch(w, nil)
	put(t, w, "interactions (customer_key, at, kind, channel, campaign, occurrence, touch, id)",
		[]any{uint32(1), launch.Add(-time.Hour), "delivered", "email", "elsewhere", uint32(1), "first", uint64(1)},
		[]any{uint32(2), launch.Add(-50 * time.Hour), "delivered", "email", "elsewhere", uint32(1), "first", uint64(2)},
		[]any{uint32(3), launch.Add(-time.Hour), "open", "email", "elsewhere", uint32(1), "first", uint64(3)})
	_, err := call(t.Context(), d.PlanWaves, activities.PlanWavesInput{Run: mailRun, Snapshot: activities.Snapshot{ID: "snap"}, Touch: "first", Opens: launch, Shard: whole})
	require.NoError(t, err)
	admit := activities.AdmitContactsInput{Run: mailRun, Touch: "first", Shard: whole}
	for range 2 { // asked again, the same are admitted
		out, err := call(t.Context(), d.AdmitContacts, admit)
		require.NoError(t, err)
		require.Equal(t, activities.AdmitContactsOutput{Admitted: n - 1, Capped: 1}, out)
	}
	other := mailRun
	other.Campaign = "winter"
	put(t, w, "assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)",
		[]any{other.Campaign, other.Occurrence, other.Plan, other.Launch, uint32(1), "reward", int64(1), int64(1)},
		[]any{other.Campaign, other.Occurrence, other.Plan, other.Launch, uint32(2), "reward", int64(1), int64(1)})
	_, err = call(t.Context(), d.PlanWaves, activities.PlanWavesInput{Run: other, Snapshot: activities.Snapshot{ID: "snap"}, Touch: "first", Opens: launch, Shard: whole})
	require.NoError(t, err)
	admit.Run = other
	out, err := call(t.Context(), d.AdmitContacts, admit)
	require.NoError(t, err)
	require.EqualValues(t, 2, out.Capped)

	// Re-planned two days later, the contact moves: its old time is free again, and it counts once.
	admit.Run, admit.Rebase = mailRun, 1
	_, err = call(t.Context(), d.PlanWaves, activities.PlanWavesInput{Run: mailRun, Snapshot: activities.Snapshot{ID: "snap"}, Touch: "first", Opens: launch.Add(48 * time.Hour), Rebase: 1, Shard: whole})
	require.NoError(t, err)
	out, err = call(t.Context(), d.AdmitContacts, admit)
	require.NoError(t, err)
	require.Equal(t, activities.AdmitContactsOutput{Admitted: n}, out)
	admit.Run, admit.Rebase = other, 0
	out, err = call(t.Context(), d.AdmitContacts, admit)
	require.NoError(t, err)
	require.EqualValues(t, 1, out.Admitted, "customer 2; customer 1 has the contact of elsewhere")
}

func TestADryRunNamesTemplateFaults(t *testing.T) {
	t.Parallel()
	w := stacktest.Warehouse(t)
	people(t, w, 50)
	d := newDispatch(w, nil)
	planAll(t, d)
	b := mailBrief()
	b.Spec.Touches[0].Message["email"]["en"] = campaign.Template{Subject: "{% if reward %}{% endif %}", Text: "x"}
	d.Briefs = b
	out, err := call(t.Context(), d.RenderMessages, activities.RenderMessagesInput{Run: mailRun, Touch: "first", Shard: whole})
	require.NoError(t, err)
	require.Len(t, out.Faults, 1)
	require.True(t, out.Faults[0].Blocks)
	require.EqualValues(t, 5, out.Faults[0].Customers)
	require.EqualValues(t, 45, out.Rendered)
}

// Live, a message leaves at its own minute and not before.
func TestLiveWavesArePaced(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	people(t, w, 3)
	now := clock.Wall()
	run := mailRun
	b := mailBrief()
	b.Spec.Timing, b.Policy.Quiet = campaign.Timing{From: 0, Until: 24 * 60}, campaign.Quiet{}
	b.Spec.Window.Starts = campaign.Moment{Time: now.Add(-time.Hour)}
	run.Launch = b.Spec.Window.Starts.Time
	d := newDispatch(w, mail.channel(t))
	d.Briefs = b
	wave := uint32(now.Unix() / 3600)
	var plan []dispatch.Planned
	for c := uint32(1); c <= 3; c++ {
		plan = append(plan, dispatch.Planned{Customer: c, Wave: wave, At: now.Add(time.Duration(c) * 2 * time.Second).Truncate(time.Second), Source: dispatch.SourceLearned})
	}
	require.NoError(t, w.WritePlan(t.Context(), run, "first", "email", 0, plan))
	_, err := call(t.Context(), d.AdmitContacts, activities.AdmitContactsInput{Run: run, Touch: "first", Shard: whole})
	require.NoError(t, err)
	out, err := call(t.Context(), d.DeliverWave, activities.DeliverWaveInput{Run: run, Touch: "first", Wave: wave, Shard: whole})
	require.NoError(t, err)
	require.EqualValues(t, 3, out.Sent, "%+v", out)
	rows, err := w.Conn().Query(t.Context(), "SELECT customer_key, min(at), min(wall_at) FROM delivery_events WHERE state = 'attempting' GROUP BY customer_key ORDER BY customer_key")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for i := 0; rows.Next(); i++ {
		var c uint32
		var at, wall time.Time
		require.NoError(t, rows.Scan(&c, &at, &wall))
		require.False(t, wall.Before(plan[i].At), "customer %d left at %s, before %s", c, wall, plan[i].At)
		require.Less(t, wall.Sub(plan[i].At), 3*time.Second)
	}
}

// A reminder spares those who have met the terms already, by what is known at the moment.
func TestAReminderSparesWhoHasRedeemed(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n = 50
	people(t, w, n)
	d := newDispatch(w, mail.channel(t))
	b := mailBrief()
	b.Policy.Caps = nil
	reminder := b.Spec.Touches[0]
	reminder.ID, reminder.After, reminder.Only = "reminder", campaign.Duration(10*24*time.Hour), campaign.OnlyNotRedeemed
	b.Spec.Touches = append(b.Spec.Touches, reminder)
	d.Briefs = b
	first := everybody(t, d, planAll(t, d))
	require.EqualValues(t, n, first.Sent)
	put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency)",
		[]any{uint32(1), launch.AddDate(0, 0, 3), uint64(1), uint16(1), "purchase", int64(300_000), "KRW"},
		[]any{uint32(2), launch.AddDate(0, 0, 3), uint64(2), uint16(1), "purchase", int64(299_999), "KRW"},
		[]any{uint32(3), launch.AddDate(0, 0, 20), uint64(3), uint16(1), "purchase", int64(900_000), "KRW"}) // in the future
	opens := launch.AddDate(0, 0, 10)
	plan, err := call(t.Context(), d.PlanWaves, activities.PlanWavesInput{Run: mailRun, Snapshot: activities.Snapshot{ID: "snap"}, Touch: "reminder", Opens: opens, Shard: whole})
	require.NoError(t, err)
	_, err = call(t.Context(), d.AdmitContacts, activities.AdmitContactsInput{Run: mailRun, Touch: "reminder", Shard: whole})
	require.NoError(t, err)
	var out activities.DeliverWaveOutput
	var sent, redeemed uint64
	for wave := range plan.Waves {
		in := waveInput(wave)
		in.Touch, in.Closes = "reminder", opens.Add(24*time.Hour)
		out, err = call(t.Context(), d.DeliverWave, in)
		require.NoError(t, err)
		sent, redeemed = sent+out.Sent, redeemed+out.Suppressed[dispatch.ReasonRedeemed]
	}
	require.EqualValues(t, 1, redeemed)
	require.EqualValues(t, n-1, sent)
	require.Equal(t, 2*n-1, mail.count(t).Messages, "a touch is a message of its own")
}

// A provider that takes nothing is left alone: few attempts are lost on it, and once it takes messages all of them leave.
func TestAProviderThatTakesNothingIsLeftAlone(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 500)
	mail.trouble(t, `{"temporary":1}`)
	d := newDispatch(w, mail.channel(t))
	_, err := call(t.Context(), d.DeliverWave, waveInput(wave))
	var known *temporal.ApplicationError
	require.True(t, errors.As(err, &known), "%v", err)
	require.Equal(t, "ProviderDown", known.Type())
	_, err = call(t.Context(), d.DeliverWave, waveInput(wave))
	require.ErrorContains(t, err, "left alone for a while")
	var tried uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM delivery_events WHERE reason = 'temporary'").Scan(&tried))
	require.Less(t, tried, uint64(100), "of %d: those under way when it was noticed are among them", planned)
	require.NotZero(t, tried)

	mail.trouble(t, `{}`)
	time.Sleep(1100 * time.Millisecond) // its rest
	out, err := call(t.Context(), d.DeliverWave, waveInput(wave))
	require.NoError(t, err)
	require.Equal(t, planned, out.Sent)
	require.EqualValues(t, planned, mail.count(t).Mails)
}
