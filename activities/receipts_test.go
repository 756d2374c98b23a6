package activities_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/receipts"
	"github.com/danbi-project/danbi/internal/dispatch/token"
	"github.com/danbi-project/danbi/internal/dispatch/webhook"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// reachBack serves webhooks over a warehouse.
func reachBack(t *testing.T, w *warehouse.Warehouse) (*httptest.Server, *token.Links) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	links, err := token.New("http://"+server.Listener.Addr().String(), []byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	server.Config.Handler = webhook.New(webhook.Config{
		Inbox: receipts.New(w, clock.Wall, nil), Secrets: [][]byte{[]byte("a webhook's secret")}, Links: links, Now: clock.Wall,
	})
	server.Start()
	t.Cleanup(server.Close)
	return server, links
}

func feedback(t *testing.T, server *httptest.Server, events ...map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"events": events})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/feedback", bytes.NewReader(body))
	require.NoError(t, err)
	now := time.Now()
	request.Header.Set(webhook.HeaderTime, fmt.Sprint(now.Unix()))
	request.Header.Set(webhook.HeaderSignature, webhook.Sign([]byte("a webhook's secret"), now, body))
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func rowsOf(t *testing.T, w *warehouse.Warehouse, from string) (n uint64) {
	t.Helper()
	require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM "+from).Scan(&n))
	return n
}

var linkOf = regexp.MustCompile(`List-Unsubscribe: <([^>]+)>`)

// Who unsubscribes by the link of a message that really arrived, or whose address is no good, gets nothing more of the
// same campaign; and the same feedback again changes nothing.
func TestWhoReachesBackGetsNothingMore(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n = 60
	people(t, w, n)
	server, links := reachBack(t, w)
	brief := mailBrief()
	brief.Policy.Sender.Unsubscribe = ""
	brief.Policy.Caps[0].Most = 5
	brief.Spec.Touches[0].Spread = campaign.Duration(24 * time.Hour)
	reminder := brief.Spec.Touches[0]
	reminder.ID, reminder.After = "reminder", campaign.Duration(48*time.Hour)
	brief.Spec.Touches = append(brief.Spec.Touches, reminder)
	d := newDispatch(w, mail.channel(t))
	d.Briefs, d.Links = brief, links

	var plans []activities.PlanWavesOutput
	for _, touch := range brief.Spec.Touches { // both are planned and reserved before anybody reaches back
		plan, err := call(t.Context(), d.PlanWaves, activities.PlanWavesInput{
			Run: mailRun, Snapshot: activities.Snapshot{ID: "snap"}, Touch: touch.ID, Opens: launch.Add(touch.After.Std()), Shard: whole,
		})
		require.NoError(t, err)
		_, err = call(t.Context(), d.AdmitContacts, activities.AdmitContactsInput{Run: mailRun, Touch: touch.ID, Shard: whole})
		require.NoError(t, err)
		plans = append(plans, plan)
	}
	deliver := func(touch int) (sent uint64, suppressed map[string]uint64) {
		suppressed = map[string]uint64{}
		for wave := range plans[touch].Waves {
			in := waveInput(wave)
			in.Touch, in.Closes = brief.Spec.Touches[touch].ID, launch.Add(96*time.Hour)
			out, err := call(t.Context(), d.DeliverWave, in)
			require.NoError(t, err)
			sent += out.Sent
			for reason, n := range out.Suppressed {
				suppressed[reason] += n
			}
		}
		return sent, suppressed
	}
	sent, _ := deliver(0)
	require.EqualValues(t, n, sent)

	id := func(customer uint32) string { return mailRun.DeliveryID("first", customer).String() + "@danbi.example" }
	link := linkOf.FindStringSubmatch(mail.raw(t, id(1)))
	require.NotNil(t, link)
	require.True(t, strings.HasPrefix(link[1], server.URL+"/u/"), link[1])
	for range 2 { // pressed twice
		response, err := http.PostForm(link[1], url.Values{"List-Unsubscribe": {"One-Click"}})
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
	at := time.Now().UTC()
	bad := map[string]any{"channel": "email", "message_id": id(2), "event": dispatch.FeedbackBounced, "at": at, "reason": "550 no such user"}
	feedback(t, server, bad, bad, map[string]any{"channel": "email", "message_id": id(3), "event": dispatch.FeedbackComplained, "at": at},
		map[string]any{"channel": "email", "message_id": id(4), "event": dispatch.FeedbackDelivered, "at": at},
		map[string]any{"channel": "email", "message_id": id(5), "event": dispatch.FeedbackFailed, "at": at},
		map[string]any{"message_id": mailRun.DeliveryID("first", 9999).String(), "event": dispatch.FeedbackOpened, "at": at},
		map[string]any{"provider_id": "whatever", "event": "eaten"})
	feedback(t, server, bad)

	require.EqualValues(t, 3, rowsOf(t, w, "interactions"), "unsubscribe, bounce, complaint, each once")
	require.EqualValues(t, 2, rowsOf(t, w, "suppressions"))
	require.EqualValues(t, 2*2, rowsOf(t, w, "consents WHERE granted = 0"), "of the day and of the night")
	require.EqualValues(t, 2, rowsOf(t, w, "feedback_quarantine"))
	require.Equal(t, map[string]uint64{"sent": n - 5, "delivered": 3, "bounced": 2}, states(t, w))

	sent, suppressed := deliver(1)
	require.EqualValues(t, n-3, sent, "%v", suppressed)
	require.Equal(t, map[string]uint64{dispatch.ReasonNoConsent: 1, dispatch.ReasonSuppressed: 2}, suppressed)
	require.Equal(t, sinkCount{2*n - 3, 2*n - 3, n, 0}, mail.count(t))
}

// A receipt that names a message by the provider's id may be faster than the record of that id: it waits in quarantine.
func TestAReceiptThatIsTooEarlyIsFoundLater(t *testing.T) {
	t.Parallel()
	w := stacktest.Warehouse(t)
	inbox := receipts.New(w, clock.Wall, nil)
	at := time.Now().UTC().Truncate(time.Millisecond)
	f := dispatch.Feedback{Channel: "sms", ProviderID: "p-77", Kind: dispatch.FeedbackDelivered, At: at}
	out, err := inbox.Keep(t.Context(), []dispatch.Feedback{f, f})
	require.NoError(t, err)
	require.Equal(t, receipts.Result{Unknown: 2}, out)
	found, err := inbox.Again(t.Context(), at.Add(-time.Minute))
	require.NoError(t, err)
	require.Zero(t, found)

	require.NoError(t, w.WriteEvents(t.Context(), mailRun, "first", []dispatch.Event{
		{Customer: 7, Channel: "sms", Attempt: 1, State: campaign.DeliverySent, MessageID: "x@y", ProviderID: "p-77", At: launch, WallAt: at},
	}))
	found, err = inbox.Again(t.Context(), at.Add(-time.Minute))
	require.NoError(t, err)
	require.Equal(t, 1, found)
	require.Equal(t, map[string]uint64{"delivered": 1}, states(t, w))
	found, err = inbox.Again(t.Context(), at.Add(-time.Minute))
	require.NoError(t, err)
	require.Zero(t, found, "it is not looked for any more")
	out, err = inbox.Keep(t.Context(), []dispatch.Feedback{f})
	require.NoError(t, err)
	require.Equal(t, receipts.Result{Again: 1}, out)
}

// Whoever answers a text message that they want no more gets no more, however the message centre writes their number. The
// number itself is kept nowhere.
func TestAnAnswerUnsubscribes(t *testing.T) {
	t.Parallel()
	w := stacktest.Warehouse(t)
	inbox := receipts.New(w, clock.Wall, nil)
	at := time.Now().UTC().Truncate(time.Millisecond)
	before := launch.AddDate(0, -1, 0)
	put(t, w, "contacts (customer_key, channel, address, updated_at)",
		[]any{uint32(7), "sms", "010-1234-5678", before}, []any{uint32(8), "sms", "010-1234-5679", before},
		[]any{uint32(9), "sms", "010-1234-5678", before}, []any{uint32(9), "sms", "", launch}, // erased since
		[]any{uint32(10), "email", "01012345678", before})
	var events []dispatch.Event
	for _, c := range []uint32{7, 8, 9} {
		events = append(events, dispatch.Event{
			Customer: c, Channel: "sms", Attempt: 1, State: campaign.DeliverySent, MessageID: dispatch.MessageID(mailRun, "first", mailBrief().Policy.Sender, c), At: launch, WallAt: at,
		})
	}
	require.NoError(t, w.WriteEvents(t.Context(), mailRun, "first", events))
	answer := func(number string) receipts.Result {
		out, err := inbox.Keep(t.Context(), []dispatch.Feedback{{Channel: "sms", From: number, Kind: dispatch.FeedbackUnsubscribed, At: at}})
		require.NoError(t, err)
		return out
	}
	require.Equal(t, receipts.Result{Taken: 1}, answer("821012345678"))
	require.EqualValues(t, 2, rowsOf(t, w, "consents WHERE customer_key = 7 AND granted = 0 AND channel = 'sms' AND purpose = 'marketing'"), "of the day and of the night")
	require.EqualValues(t, 2, rowsOf(t, w, "consents"))
	require.Equal(t, receipts.Result{Again: 1}, answer("+82 10-1234-5678"))
	require.Equal(t, receipts.Result{Again: 1}, answer("01012345678"))
	for _, stranger := range []string{"821099999999", "91234567", "114", "stop"} {
		require.Equal(t, receipts.Result{Unknown: 1}, answer(stranger), stranger)
	}
	out, err := inbox.Keep(t.Context(), []dispatch.Feedback{{Channel: "sms", From: "01012345679", Kind: dispatch.FeedbackDelivered, At: at}})
	require.NoError(t, err)
	require.Equal(t, receipts.Result{Unknown: 1}, out, "an answer is no receipt")
	require.Zero(t, rowsOf(t, w, "feedback_quarantine WHERE position(concat(message_id, provider_id, reason), '1234') > 0"))
}
