package activities_test

import (
	"context"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

var brandRun = campaign.Run{Campaign: "brand", Occurrence: 1, Plan: 1, Launch: launch}

// twoCampaigns are the briefs of mailRun's campaign and of one more, under one policy.
type twoCampaigns map[string]briefs

func (c twoCampaigns) Brief(ctx context.Context, run campaign.Run) (campaign.Brief, error) {
	return c[run.Campaign].Brief(ctx, run)
}

// second makes the other campaign: everybody's offer is in both.
func second(t *testing.T, w *warehouse.Warehouse, n uint32, change func(*campaign.Policy, *campaign.Spec)) twoCampaigns {
	t.Helper()
	var assignments [][]any
	for c := uint32(1); c <= n; c++ {
		assignments = append(assignments, []any{brandRun.Campaign, brandRun.Occurrence, brandRun.Plan, brandRun.Launch, c, "reward", int64(50_000), int64(reward)})
	}
	put(t, w, "assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)", assignments...)
	both := twoCampaigns{mailRun.Campaign: mailBrief(), brandRun.Campaign: mailBrief()}
	for name, b := range both {
		b.Spec.Campaign = name
		if name == brandRun.Campaign {
			change(&b.Policy, &b.Spec)
			ko := b.Spec.Touches[0].Message["email"]["ko"]
			ko.Text = "{{ name }}님, 브랜드 데이에 {{ threshold }} 쓰시면 {{ reward }}을 더 드립니다.\n{{ sender.name }} {{ sender.contact }}\n무료 수신거부: {{ unsubscribe_url }}\n"
			b.Spec.Touches[0].Message = map[string]map[string]campaign.Template{"email": {"ko": ko, "en": b.Spec.Touches[0].Message["email"]["en"]}}
		} else {
			var unused campaign.Spec
			change(&b.Policy, &unused)
		}
		both[name] = b
	}
	return both
}

func planRun(t *testing.T, d *activities.Dispatch, run campaign.Run) (activities.PlanWavesOutput, activities.AdmitContactsOutput) {
	t.Helper()
	plan, err := call(t.Context(), d.PlanWaves, activities.PlanWavesInput{Run: run, Snapshot: activities.Snapshot{ID: "snap"}, Touch: "first", Opens: launch, Shard: whole})
	require.NoError(t, err)
	admitted, err := call(t.Context(), d.AdmitContacts, activities.AdmitContactsInput{Run: run, Touch: "first", Shard: whole, Now: launch})
	require.NoError(t, err)
	return plan, admitted
}

func deliverRun(t *testing.T, d *activities.Dispatch, run campaign.Run, plan activities.PlanWavesOutput) (sent uint64, suppressed map[string]uint64, states map[string]uint64) {
	t.Helper()
	suppressed = map[string]uint64{}
	for wave := range plan.Waves {
		in := waveInput(wave)
		in.Run = run
		out, err := retried(t.Context(), d.DeliverWave, in)
		require.NoError(t, err)
		sent += out.Sent
		for reason, n := range out.Suppressed {
			suppressed[reason] += n
		}
	}
	closed, err := call(t.Context(), d.CloseTouch, activities.CloseTouchInput{Run: run, Touch: "first", Shard: whole, Clock: clock.Rehearse(launch.Add(48*time.Hour), 0)})
	require.NoError(t, err)
	return sent, suppressed, closed.States
}

// Two campaigns that would write to the same people on one day send them one message each, with both offers in it, and both
// offers are settled.
func TestOffersOfTwoCampaignsGoOutAsOneMessage(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n = 60
	people(t, w, n)
	d := newDispatch(w, mail.channel(t))
	d.Briefs = second(t, w, n, func(p *campaign.Policy, _ *campaign.Spec) {
		p.Bundle = &campaign.Bundle{Within: campaign.Duration(24 * time.Hour), Most: 3}
	})
	// One of them withdrew from nothing but may have no message of the second campaign: no address is common, so consent is.
	put(t, w, "consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)",
		[]any{uint32(5), "email", "marketing", uint8(0), launch.Add(-time.Hour), uint8(0), "link", launch.Add(-time.Hour)})
	first, admitted := planRun(t, d, mailRun)
	require.EqualValues(t, n, admitted.Admitted)
	other, bundled := planRun(t, d, brandRun)
	require.Positive(t, bundled.Bundled)
	require.EqualValues(t, n, bundled.Bundled+bundled.Capped, "whoever's message can't be carried is capped: one a day")

	sent, suppressed, states := deliverRun(t, d, mailRun, first)
	require.EqualValues(t, n-1, sent)
	require.Equal(t, map[string]uint64{dispatch.ReasonNoConsent: 1}, suppressed)
	require.Equal(t, map[string]uint64{"sent": n - 1, "suppressed": 1}, states)
	otherSent, otherSuppressed, otherStates := deliverRun(t, d, brandRun, other)
	require.Zero(t, otherSent)
	require.NotZero(t, otherSuppressed[dispatch.ReasonBundled])
	require.Equal(t, sinkCount{n - 1, n - 1, n - 1, 0}, mail.count(t), "one message each")

	var carriedBy uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT uniqExact(customer_key) FROM delivery_events WHERE campaign = 'brand' AND state = 'sent'").Scan(&carriedBy))
	require.Equal(t, carriedBy, otherStates["bundled"])
	require.GreaterOrEqual(t, carriedBy, bundled.Bundled-1)

	var id string
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT message_id FROM delivery_events WHERE campaign = 'brand' AND state = 'sent' AND customer_key = 2").Scan(&id))
	text := decoded(t, mail.raw(t, id))
	require.Contains(t, text, "300,000원 이상")
	require.Contains(t, text, "브랜드 데이에 50,000원")
	require.Equal(t, 1, strings.Count(text, "무료 수신거부"))
	require.Less(t, strings.Index(text, "브랜드 데이"), strings.Index(text, "무료 수신거부"), "how to opt out stays at the end")

	// The text is made again from what is kept, and is what left.
	kept, err := w.SentMessages(t.Context(), mailRun, 2)
	require.NoError(t, err)
	require.Len(t, kept, 1)
	carriedParts, err := w.Parts(t.Context(), dispatch.HostOf(mailRun, "first"), []uint32{2})
	require.NoError(t, err)
	require.Len(t, carriedParts[2], 1)
	again := func(run campaign.Run) (*dispatch.Composer, dispatch.Recipient) {
		brief, err := d.Briefs.Brief(t.Context(), run)
		require.NoError(t, err)
		composer, err := dispatch.NewComposer(run, brief, "first", "email")
		require.NoError(t, err)
		found, err := w.Recipients(t.Context(), dispatch.RecipientQuery{Run: run, Touch: "first", Channel: "email", Purpose: "marketing", Keys: []uint32{2}, Ats: []time.Time{kept[0].At}})
		require.NoError(t, err)
		r := found[2]
		r.Customer = 2
		return composer, r
	}
	other2, r2 := again(carriedParts[2][0].Run())
	part, _, err := other2.Part(r2, kept[0].At)
	require.NoError(t, err)
	host, r1 := again(mailRun)
	letter, n2, err := host.Bundle(r1, kept[0].At, []dispatch.Part{part})
	require.NoError(t, err)
	require.Equal(t, 1, n2)
	require.Equal(t, kept[0].SHA256, letter.SHA256)

	var spent [][]any
	for c := uint32(1); c <= n; c++ {
		spent = append(spent, []any{c, launch.AddDate(0, 0, 3), uint64(c), uint16(1), "purchase", int64(400_000), "KRW"})
	}
	put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency)", spent...)
	settle := &activities.Settlement{Store: w, Briefs: d.Briefs}
	for run, reached := range map[campaign.Run]uint64{mailRun: n - 1, brandRun: carriedBy} {
		brief, err := d.Briefs.Brief(t.Context(), run)
		require.NoError(t, err)
		times, err := brief.Spec.Times(launch)
		require.NoError(t, err)
		qualified, err := do(t, settle.QualifyCustomers, activities.QualifyCustomersInput{Run: run, Times: times, Shard: whole})
		require.NoError(t, err)
		require.Equal(t, activities.QualifyCustomersOutput{Reached: reached, Qualified: reached, Due: money.Minor(reached) * reward}, qualified, "each offer is paid")
	}
}

// A campaign of higher priority takes contacts that nobody sends yet from one of lower, and never the other way round.
func TestPriorityTakesContactsThatNobodySendsYet(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n = 50
	people(t, w, n)
	d := newDispatch(w, mail.channel(t))
	d.Briefs = second(t, w, n, func(_ *campaign.Policy, s *campaign.Spec) { s.Priority = 8 })
	first, admitted := planRun(t, d, mailRun)
	require.EqualValues(t, n, admitted.Admitted)
	other, above := planRun(t, d, brandRun)
	require.EqualValues(t, n, above.Admitted+above.Capped)
	require.Equal(t, above.Admitted, above.Displaced, "one a day: each takes one")
	require.Greater(t, above.Displaced, above.Capped)
	_, again := planRun(t, d, mailRun)
	require.Zero(t, again.Displaced, "the lower takes nothing back")

	sent, suppressed, _ := deliverRun(t, d, mailRun, first)
	require.EqualValues(t, n-above.Displaced, sent)
	require.Equal(t, map[string]uint64{dispatch.ReasonDisplaced: above.Displaced}, suppressed)
	otherSent, _, _ := deliverRun(t, d, brandRun, other)
	require.Equal(t, above.Admitted, otherSent)
	require.Equal(t, sinkCount{n, n, n, 0}, mail.count(t), "everybody gets one message")
}

// A message that leaves late asks again whether the caps hold, by when others really leave.
func TestLateMessagesAskTheCapsAgain(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n = 20
	people(t, w, n)
	d := newDispatch(w, mail.channel(t))
	plan := planAll(t, d)
	wave := busiest(plan)
	late := time.Unix(int64(wave)*3600, 0).Add(2 * time.Hour)
	var rows [][]any
	for c := uint32(1); c <= n; c++ { // another campaign's, far enough from what was planned, too near to what is late
		rows = append(rows, []any{c, "email", "marketing", late.Add(23 * time.Hour), "elsewhere", uint32(1), uint16(1), "first", uint8(0)})
	}
	put(t, w, "reservations (customer_key, channel, purpose, at, campaign, occurrence, plan, touch, released)", rows...)
	in := waveInput(wave)
	in.Clock = clock.Rehearse(late, 0)
	out, err := retried(t.Context(), d.DeliverWave, in)
	require.NoError(t, err)
	require.Equal(t, out.Planned, out.Suppressed[dispatch.ReasonCapped]+out.Expired)
	require.NotZero(t, out.Suppressed[dispatch.ReasonCapped])
	require.Zero(t, mail.count(t).Mails)
}

// decoded is the text of a mail that has one part.
func decoded(t *testing.T, mail string) string {
	t.Helper()
	head, body, found := strings.Cut(mail, "\r\n\r\n")
	require.True(t, found)
	if strings.Contains(head, "quoted-printable") {
		text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
		require.NoError(t, err)
		return string(text)
	}
	text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.TrimSpace(body), "\r\n", ""))
	require.NoError(t, err)
	return string(text)
}
