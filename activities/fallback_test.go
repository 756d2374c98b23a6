package activities_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/gateway"
	"github.com/danbi-project/danbi/internal/dispatch/receipts"
	"github.com/danbi-project/danbi/internal/dispatch/smpp"
	"github.com/danbi-project/danbi/internal/stack/sink"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// channels are push by HTTP and text messages by SMPP, both into the sink.
func (p post) channels(t *testing.T) activities.Channels {
	t.Helper()
	push, err := gateway.New(gateway.Config{
		URL: p.http + "/gateway", Headers: map[string]string{"Idempotency-Key": "{{ id }}"}, Body: map[string]any{"id": "{{ id }}", "to": "{{ to }}", "text": "{{ text }}"},
		Outcomes: []gateway.Rule{{Status: "2xx", Path: "code", Is: []string{"0000"}, Outcome: dispatch.OutcomeSent}}, Lookup: &gateway.Lookup{URL: p.http + "/gateway/lookup"},
	})
	require.NoError(t, err)
	texts, err := smpp.New(smpp.Config{
		Addr: p.smpp, SystemID: "danbi", ReferenceTag: sink.ReferenceTag, LookupURL: p.http + "/sms/lookup", Encodings: []smpp.Encoding{{Charset: "ucs2", Coding: 8}},
	}, "sms", nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = texts.Close() })
	return activities.Channels{"push": push, "sms": texts}
}

func (p post) counted(t *testing.T, box string) (c sinkCount) {
	t.Helper()
	response, err := http.Get(p.http + "/" + box + "/count")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.NoError(t, json.NewDecoder(response.Body).Decode(&c))
	return c
}

func (p post) has(t *testing.T, box, id string) bool {
	t.Helper()
	response, err := http.Get(p.http + "/" + box + "/" + id)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode == http.StatusOK
}

func TestTheNextChannelTriesWhomOneDidNotReach(t *testing.T) {
	t.Parallel()
	w, p := stacktest.Warehouse(t), startSink(t)
	const n = 200
	people(t, w, n)
	before := launch.AddDate(0, -6, 0)
	var contacts, consents [][]any
	for c := uint32(1); c <= n; c++ { // who has no push is tried by text message, and the other way round
		if c%4 != 0 {
			contacts = append(contacts, []any{c, "push", "token-" + itoa(c), before})
		}
		if c != 8 {
			contacts = append(contacts, []any{c, "sms", "0101234" + itoa(1000+c), before})
		}
		consents = append(consents, []any{c, "push", "marketing", uint8(0), before, uint8(1), "form", before})
		if c != 12 {
			consents = append(consents, []any{c, "sms", "marketing", uint8(0), before, uint8(1), "form", before})
		}
	}
	put(t, w, "contacts (customer_key, channel, address, updated_at)", contacts...)
	put(t, w, "consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)", consents...)

	brief := mailBrief()
	text := map[string]campaign.Template{
		"ko": {Subject: "(광고) {{ name }}님", Text: "(광고) {{ name }}님, {{ threshold }} 이용하면 {{ reward }}\n무료 수신거부 080-000-0000"},
		"en": {Subject: "{{ name }}", Text: "{{ name }}, spend more"},
	}
	brief.Spec.Touches[0].Channels, brief.Spec.Touches[0].Message = []string{"push", "sms"}, map[string]map[string]campaign.Template{"push": text, "sms": text}
	brief.Spec.Touches[0].Fallback = map[string]campaign.Wait{"push": {For: campaign.Duration(30 * time.Minute)}}
	brief.Policy.Sender.Number = "1588-0000"
	brief.Policy.Caps = []campaign.Cap{{Most: 1, Within: campaign.Duration(24 * time.Hour)}, {Channel: "sms", Most: 1, Within: campaign.Duration(96 * time.Hour)}}

	d := newDispatch(w, nil)
	d.Briefs, d.Channels = brief, p.channels(t)
	plan := planAll(t, d)
	var planned uint64
	for _, some := range plan.Waves {
		planned += some
	}
	require.EqualValues(t, n-1, planned, "an address for either is enough; 8 has none")

	step := func(d *activities.Dispatch, number int) (total activities.DeliverWaveOutput, err error) {
		total.Suppressed = map[string]uint64{}
		for wave := range plan.Waves {
			in := waveInput(wave)
			in.Step = number
			at := time.Unix(int64(wave)*3600, 0).Add(time.Duration(number) * 30 * time.Minute)
			in.Clock = clock.Rehearse(at, 0)
			if number > 0 {
				_, err := call(t.Context(), d.AdmitContacts, activities.AdmitContactsInput{Run: mailRun, Touch: "first", Shard: whole, Wave: wave, Step: number, At: at})
				require.NoError(t, err)
			}
			out, err := call(t.Context(), d.DeliverWave, in)
			if err != nil {
				return total, err
			}
			total.Sent, total.Passed, total.Again = total.Sent+out.Sent, total.Passed+out.Passed, total.Again+out.Again
			for reason, n := range out.Suppressed {
				total.Suppressed[reason] += n
			}
		}
		return total, nil
	}
	first, err := step(d, 0)
	require.NoError(t, err)
	require.EqualValues(t, 150, first.Sent)
	require.EqualValues(t, 49, first.Passed)
	require.Empty(t, first.Suppressed)

	// A quarter is known to have got it, a quarter is known not to have, of a quarter nobody heard.
	inbox, now := receipts.New(w, clock.Wall, nil), time.Now()
	var words []dispatch.Feedback
	for c := uint32(1); c <= n; c++ {
		kind := map[uint32]dispatch.FeedbackKind{1: dispatch.FeedbackDelivered, 2: dispatch.FeedbackFailed}[c%4]
		if kind != "" {
			words = append(words, dispatch.Feedback{Channel: "push", MessageID: mailRun.DeliveryID("first", c).String(), Kind: kind, At: now})
		}
	}
	got, err := inbox.Keep(t.Context(), words)
	require.NoError(t, err)
	require.Equal(t, receipts.Result{Taken: 100}, got)

	// Two had a text message of another campaign within four days.
	for _, c := range []uint32{20, 22} {
		put(t, w, "reservations (customer_key, channel, purpose, at, campaign, occurrence, plan, touch, released)",
			[]any{c, "sms", "marketing", launch.Add(-48 * time.Hour), "other", uint32(1), uint16(1), "first", uint8(0)})
	}

	// A worker is killed in the middle of the second step; another one goes on.
	killed := &doomed{DispatchStore: w, channel: d.Channels["sms"]}
	killed.left.Store(40)
	victim := newDispatch(w, killed)
	victim.Briefs, victim.Channels, victim.Store = brief, activities.Channels{"push": d.Channels["push"], "sms": killed}, killed
	_, err = step(victim, 1)
	require.Error(t, err)
	second, err := step(d, 1)
	require.NoError(t, err)
	const byText = 50 + 50 + 50 - 1 - 1 - 2 // without push, failed, unheard of; but no address, no consent, capped
	require.Equal(t, sinkCount{byText, byText, byText, 0}, p.counted(t, "sms"), "%+v", second)
	for reason, want := range map[string]uint64{dispatch.ReasonNoConsent: 1, dispatch.ReasonCapped: 2} { // by whichever worker
		require.EqualValues(t, want, rowsOf(t, w, "(SELECT DISTINCT customer_key FROM delivery_events WHERE reason = '"+reason+"')"), reason)
	}
	for c := uint32(1); c <= n; c++ {
		id := mailRun.DeliveryID("first", c).String() + "@danbi.example"
		if c%4 == 1 {
			require.False(t, p.has(t, "sms", id), "%d got it already", c)
		}
	}
	require.EqualValues(t, 150, p.counted(t, "gateway").Mails)
	require.EqualValues(t, byText, second.Sent, "what the killed worker sent is counted by who goes on")
	require.EqualValues(t, 50, second.Again, "of these nobody heard")

	again, err := step(d, 1)
	require.NoError(t, err)
	require.Equal(t, byText, p.counted(t, "sms").Mails, "%+v", again)
	require.EqualValues(t, n-1, rowsOf(t, w, "(SELECT customer_key FROM reservations WHERE campaign = 'autumn' GROUP BY customer_key, at, channel HAVING max(released) = 0)"), "one contact for each")
	closed, err := call(t.Context(), d.CloseTouch, activities.CloseTouchInput{Run: mailRun, Touch: "first", Shard: whole, Clock: clock.Rehearse(launch.Add(24*time.Hour), 0)})
	require.NoError(t, err)
	require.Equal(t, map[string]uint64{"delivered": 50, "sent": byText, "bounced": 1, "suppressed": 3}, closed.States)
}
