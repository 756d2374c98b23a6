package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
	"github.com/danbi-project/danbi/internal/stack/sink"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

var mailRun = campaign.Run{Campaign: "autumn", Occurrence: 1, Plan: 1, Launch: launch}

func mailBrief() briefs {
	b := aBrief()
	b.Spec.Window.Starts, b.Spec.Window.Length = campaign.Moment{Time: launch}, campaign.Duration(28*24*time.Hour)
	b.Spec.Timing = campaign.Timing{From: 10 * 60, Until: 14 * 60, Explore: .05} // few waves, so that tests are quick
	b.Spec.Touches = []campaign.Touch{{
		ID: "first", Channels: []string{"email"}, Spread: campaign.Duration(24 * time.Hour),
		Message: map[string]map[string]campaign.Template{"email": {
			"ko": {
				Subject: "(광고) {{ sender.name }} {{ name }}님, {{ threshold }} 이용하면 {{ reward }} 포인트",
				Text:    "{{ name }}님, {{ deadline }}까지 {{ threshold }} 이상 쓰시면 {{ reward }}을 드립니다.\n{{ sender.name }} {{ sender.contact }}\n무료 수신거부: {{ unsubscribe_url }}\n",
			},
			"en": {Subject: "{{ name }}, spend {{ threshold }}", Text: "Dear {{ name }}, spend {{ threshold }} until {{ deadline }}."},
		}},
	}}
	b.Policy = campaign.Policy{
		Salt: "test", ConsentAge: campaign.Duration(730 * 24 * time.Hour),
		Caps:   []campaign.Cap{{Most: 1, Within: campaign.Duration(24 * time.Hour)}},
		Quiet:  campaign.Quiet{From: 21 * 60, Until: 8 * 60},
		Sender: campaign.Sender{Name: "단비카드", Email: "benefits@danbi.example", Contact: "080-000-0000", Unsubscribe: "https://danbi.example/u/{message}", Label: campaign.Text{"ko": "(광고)"}},
	}
	return b
}

// post is a sink that runs for a test.
type post struct{ smtp, http, smpp string }

func startSink(t *testing.T) post {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan post, 1), make(chan error, 1)
	dir := t.TempDir()
	go func() {
		done <- sink.Serve(ctx, sink.Config{
			Dir: dir, SMTPListen: "127.0.0.1:0", SMPPListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0",
			Ready: func(at sink.Addresses) { ready <- post{at.SMTP, "http://" + at.HTTP, at.SMPP} },
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return <-ready
}

func (p post) channel(t *testing.T) *smtp.Channel {
	t.Helper()
	c, err := smtp.New(smtp.Config{Addr: p.smtp, TLS: smtp.TLSNone, ProviderURL: p.http, Timeout: 2 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

type sinkCount struct{ Mails, Messages, Recipients, Doubled int }

func (p post) count(t *testing.T) (c sinkCount) {
	t.Helper()
	response, err := http.Get(p.http + "/count")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.NoError(t, json.NewDecoder(response.Body).Decode(&c))
	return c
}

func (p post) raw(t *testing.T, id string) string {
	t.Helper()
	response, err := http.Get(p.http + "/messages/" + id + "?format=raw")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(text))
	return string(text)
}

func (p post) trouble(t *testing.T, mail string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.http+"/faults", bytes.NewBufferString(`{"mail":`+mail+`}`))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// people makes customers 1 to n who may be written to, with an offer each.
func people(t *testing.T, w *warehouse.Warehouse, n uint32) {
	t.Helper()
	var customers, names, contacts, consents, assignments, features [][]any
	hours := make([]uint16, 24)
	before := launch.AddDate(0, -6, 0)
	for c := uint32(1); c <= n; c++ {
		zone, language := "Asia/Seoul", "ko"
		switch c % 10 {
		case 3:
			zone = "Nowhere/Invalid"
		case 7:
			zone, language = "America/New_York", "en"
		}
		responses := make([]uint16, 24)
		responses[9+c%11] = 5
		customers = append(customers, []any{c, zone, language, before})
		names = append(names, []any{c, fmt.Sprint("ext", c), fmt.Sprintf("김%d", c), before})
		contacts = append(contacts, []any{c, "email", fmt.Sprintf("p%d@example.invalid", c), before})
		consents = append(consents, []any{c, "email", "marketing", uint8(0), before, uint8(1), "form", before})
		assignments = append(assignments, []any{mailRun.Campaign, mailRun.Occurrence, mailRun.Plan, mailRun.Launch, c, "reward", int64(300_000), int64(reward)})
		features = append(features, []any{"snap", c, zone, language, hours, responses})
	}
	put(t, w, "customers (customer_key, zone, language, updated_at)", customers...)
	put(t, w, "identities (customer_key, external_id, name, updated_at)", names...)
	put(t, w, "contacts (customer_key, channel, address, updated_at)", contacts...)
	put(t, w, "consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)", consents...)
	put(t, w, "assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)", assignments...)
	put(t, w, "features (snapshot, customer_key, zone, language, purchase_hours, response_hours)", features...)
}

// call runs an activity as a worker does, with a context that the caller may cancel.
func call[In, Out any](ctx context.Context, step func(context.Context, In) (Out, error), in In) (out Out, err error) {
	suite := &testsuite.WorkflowTestSuite{}
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(2 * time.Minute)
	run := func(activityCtx context.Context, in In) (Out, error) {
		activityCtx, cancel := context.WithCancel(activityCtx)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		return step(activityCtx, in)
	}
	env.RegisterActivity(run)
	value, err := env.ExecuteActivity(run, in)
	if err == nil {
		err = value.Get(&out)
	}
	return out, err
}

// planAll plans and admits the first touch of n people.
func planAll(t *testing.T, d *activities.Dispatch) activities.PlanWavesOutput {
	t.Helper()
	plan, err := call(t.Context(), d.PlanWaves, activities.PlanWavesInput{
		Run: mailRun, Snapshot: activities.Snapshot{ID: "snap"}, Touch: "first", Opens: launch, Shard: whole,
	})
	require.NoError(t, err)
	_, err = call(t.Context(), d.AdmitContacts, activities.AdmitContactsInput{Run: mailRun, Touch: "first", Shard: whole})
	require.NoError(t, err)
	return plan
}

func waveInput(wave uint32) activities.DeliverWaveInput {
	return activities.DeliverWaveInput{
		Run: mailRun, Touch: "first", Wave: wave, Shard: whole, Closes: launch.Add(24 * time.Hour),
		Clock: clock.Rehearse(time.Unix(int64(wave)*3600, 0), 0),
	}
}

func busiest(plan activities.PlanWavesOutput) (wave uint32) {
	for w, n := range plan.Waves {
		if n > plan.Waves[wave] || n == plan.Waves[wave] && w < wave {
			wave = w
		}
	}
	return wave
}

// newDispatch is a worker's part whose lease lasts as long as a lease may, so that a busy machine doesn't take it away in
// mid-wave. Who dies without giving it back has a shorter one: its successor waits for its end.
func newDispatch(w *warehouse.Warehouse, channel dispatch.Channel) *activities.Dispatch {
	return &activities.Dispatch{
		Store: w, Briefs: mailBrief(), Channels: activities.Channels{"email": channel},
		Settings: activities.DispatchSettings{Page: 200, Hold: 10 * time.Second, Latency: 500 * time.Millisecond},
	}
}

// doomedDispatch is a worker's part that will be killed.
func doomedDispatch(w *warehouse.Warehouse, d *doomed) *activities.Dispatch {
	victim := newDispatch(w, d)
	victim.Store, victim.Settings.Hold = d, 3*time.Second
	return victim
}

func states(t *testing.T, w *warehouse.Warehouse) map[string]uint64 {
	t.Helper()
	rows, err := w.Conn().Query(t.Context(), `SELECT toString(state), count() FROM (
		SELECT customer_key, max(state) AS state FROM delivery_events GROUP BY customer_key) GROUP BY state`)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	out := map[string]uint64{}
	for rows.Next() {
		var state string
		var n uint64
		require.NoError(t, rows.Scan(&state, &n))
		out[state] = n
	}
	require.NoError(t, rows.Err())
	return out
}

func TestATouchFromPlanToClose(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n = 2000
	people(t, w, n)
	d := newDispatch(w, mail.channel(t))
	plan := planAll(t, d)
	again := planAll(t, d)
	require.Equal(t, plan, again, "planning again plans the same")
	var planned uint64
	for _, c := range plan.Waves {
		planned += c
	}
	require.EqualValues(t, n, planned)
	require.Empty(t, plan.Blocked)
	for hour, c := range plan.Hours {
		require.True(t, c == 0 || hour >= 10 && hour < 14, "%d planned at %d", c, hour)
	}

	dry, err := call(t.Context(), d.RenderMessages, activities.RenderMessagesInput{Run: mailRun, Touch: "first", Shard: whole})
	require.NoError(t, err)
	require.Empty(t, dry.Faults)
	require.EqualValues(t, n, dry.Rendered)
	require.Greater(t, dry.LongestBytes, 500)

	var sent uint64
	for wave, c := range plan.Waves {
		out, err := call(t.Context(), d.DeliverWave, waveInput(wave))
		require.NoError(t, err)
		require.Equal(t, c, out.Planned)
		require.Equal(t, c, out.Sent, "%+v", out)
		sent += out.Sent
		out, err = call(t.Context(), d.DeliverWave, waveInput(wave))
		require.NoError(t, err)
		require.Equal(t, c, out.Sent, "a second run counts what the first sent")
	}
	require.EqualValues(t, n, sent)
	require.Equal(t, sinkCount{n, n, n, 0}, mail.count(t))
	require.Equal(t, map[string]uint64{"sent": n}, states(t, w))

	closed, err := call(t.Context(), d.CloseTouch, activities.CloseTouchInput{Run: mailRun, Touch: "first", Shard: whole, Clock: clock.Rehearse(launch.Add(24*time.Hour), 0)})
	require.NoError(t, err)
	require.Equal(t, map[string]uint64{"sent": n}, closed.States)

	text := mail.raw(t, dispatch.MessageID(mailRun, "first", mailBrief().Policy.Sender, 1))
	require.Contains(t, text, "List-Unsubscribe: <https://danbi.example/u/")
	require.Contains(t, text, "List-Unsubscribe-Post: List-Unsubscribe=One-Click")
	var kept string
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT max(body_sha256) FROM delivery_events WHERE customer_key = 1").Scan(&kept))
	require.Equal(t, sha256Hex(text), kept, "the bytes that were recorded are those that arrived")

	var personal uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT countIf(position(concat(parameters, response, reason), '김') > 0 OR position(concat(parameters, response, reason), '@example') > 0) FROM delivery_events").Scan(&personal))
	require.Zero(t, personal, "neither name nor address is kept")
}
