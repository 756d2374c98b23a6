package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/token"
	"github.com/danbi-project/danbi/internal/dispatch/webhook"
)

var id = campaign.Run{Campaign: "autumn", Occurrence: 1}.DeliveryID("first", 7)

// desk is a handler with an inbox that the test looks into.
type desk struct {
	mu     sync.Mutex
	got    []dispatch.Feedback
	broken bool
	counts map[string]int
	now    time.Time
	links  *token.Links
	http   http.Handler
}

func (d *desk) Take(_ context.Context, f []dispatch.Feedback) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return errors.New("the engine is away")
	}
	d.got = append(d.got, f...)
	return nil
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{counts: map[string]int{}, now: time.Date(2026, 5, 4, 1, 0, 0, 0, time.UTC)}
	var err error
	d.links, err = token.New("https://danbi.example", []byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	d.http = webhook.New(webhook.Config{
		Inbox: d, Secrets: [][]byte{[]byte("new secret"), []byte("old secret")}, Links: d.links, Now: func() time.Time { return d.now },
		Count: func(endpoint, outcome string) { d.counts[endpoint+" "+outcome]++ },
	})
	return d
}

func (d *desk) do(method, target, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.http.ServeHTTP(w, r)
	return w
}

func (d *desk) post(secret string, at time.Time, body string) int {
	return d.do(http.MethodPost, "/v1/feedback", body, map[string]string{
		webhook.HeaderTime: fmt.Sprint(at.Unix()), webhook.HeaderSignature: "sha256=" + webhook.Sign([]byte(secret), at, []byte(body)),
	}).Code
}

func TestOnlySignedFeedbackIsTakenAndOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := `{"events":[{"channel":"kakao","message_id":"` + id.String() + `@danbi.example","event":"delivered","at":"2026-05-04T00:59:00Z","reason":"to 010-1234-5678 ok"}]}`
	require.Equal(t, http.StatusOK, d.post("new secret", d.now, body))
	require.Equal(t, []dispatch.Feedback{{
		Channel: "kakao", MessageID: id.String() + "@danbi.example", Kind: dispatch.FeedbackDelivered, At: time.Date(2026, 5, 4, 0, 59, 0, 0, time.UTC), Reason: "to (address) ok",
	}}, d.got)
	require.Equal(t, http.StatusConflict, d.post("new secret", d.now, body), "replayed")
	require.Equal(t, http.StatusOK, d.post("old secret", d.now, body), "a secret that is being changed")
	require.Equal(t, http.StatusUnauthorized, d.post("guessed", d.now, body), "forged")
	require.Equal(t, http.StatusUnauthorized, d.post("new secret", d.now.Add(-webhook.Window-time.Second), body), "too old")
	require.Equal(t, http.StatusUnauthorized, d.post("new secret", d.now.Add(webhook.Window+time.Second), body), "from the future")
	require.Equal(t, http.StatusUnauthorized, d.do(http.MethodPost, "/v1/feedback", body, nil).Code, "unsigned")
	at := fmt.Sprint(d.now.Unix())
	signature := webhook.Sign([]byte("new secret"), d.now, []byte(body))
	for name, header := range map[string]map[string]string{
		"another time": {webhook.HeaderTime: at + "0", webhook.HeaderSignature: signature},
		"no time":      {webhook.HeaderSignature: signature},
		"half of it":   {webhook.HeaderTime: at, webhook.HeaderSignature: signature[:32]},
		"no hex":       {webhook.HeaderTime: at, webhook.HeaderSignature: strings.Repeat("z", 64)},
	} {
		require.Equal(t, http.StatusUnauthorized, d.do(http.MethodPost, "/v1/feedback", body, header).Code, name)
	}
	require.Equal(t, http.StatusUnauthorized, d.do(http.MethodPost, "/v1/feedback", strings.Replace(body, "delivered", "bounced", 1),
		map[string]string{webhook.HeaderTime: at, webhook.HeaderSignature: signature}).Code, "another body")
	require.Len(t, d.got, 2)
	require.Equal(t, map[string]int{"feedback taken": 2, "feedback replayed": 1, "feedback forged": 7, "feedback stale": 2}, d.counts)
}

func TestWhatCantBeKeptMayComeAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := `{"events":[{"provider_id":"p","event":"failed"}]}`
	d.broken = true
	require.Equal(t, http.StatusServiceUnavailable, d.post("new secret", d.now, body))
	d.broken = false
	require.Equal(t, http.StatusOK, d.post("new secret", d.now, body), "the same request, for it was not taken")
	require.Equal(t, d.now, d.got[0].At)
}

func TestBodiesThatAreNone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, body := range []string{"", "{", "[]", `{"events":[]}`, `{"events":[{"event":1}]}`, `{"event":"x"}`, `{"events":[{"event":"open","at":"1970-01-01T00:00:00Z"}]}`,
		`{"events":[` + strings.Repeat(`{"event":"open"},`, 5000) + `{"event":"open"}]}`, "\x00\xff"} {
		require.Equal(t, http.StatusBadRequest, d.post("new secret", d.now, body), "%.60q", body)
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, d.post("new secret", d.now, strings.Repeat("x", 5<<20)))
	require.Empty(t, d.got)
}

func path(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	require.NoError(t, err)
	return u.RequestURI()
}

func TestLinksOfMessages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	korean := map[string]string{"Accept-Language": "ko-KR,ko;q=0.9"}
	unsubscribe := path(t, d.links.Unsubscribe(id))

	shown := d.do(http.MethodGet, unsubscribe, "", korean)
	require.Equal(t, http.StatusOK, shown.Code)
	require.Contains(t, shown.Body.String(), "수신거부")
	require.Empty(t, d.got, "a program that looks at links unsubscribes nobody")
	done := d.do(http.MethodPost, unsubscribe, "List-Unsubscribe=One-Click", map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	require.Equal(t, http.StatusOK, done.Code)
	require.Contains(t, done.Body.String(), "You are unsubscribed")
	require.Equal(t, []dispatch.Feedback{{MessageID: id.String(), Kind: dispatch.FeedbackUnsubscribed, At: d.now}}, d.got)

	d.broken = true
	later := d.do(http.MethodPost, unsubscribe, "", korean)
	require.Equal(t, http.StatusServiceUnavailable, later.Code, "it is not said to be done")
	require.Contains(t, later.Body.String(), "다시 눌러")
	require.Equal(t, http.StatusFound, d.do(http.MethodGet, path(t, d.links.Click(id, "https://shop.example/")), "", nil).Code, "a reader goes on all the same")
	d.broken = false

	click := d.do(http.MethodGet, path(t, d.links.Click(id, "https://shop.example/?a=가&b=1")), "", nil)
	require.Equal(t, http.StatusFound, click.Code)
	to, err := url.Parse(click.Header().Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "가", to.Query().Get("a"))
	opened := d.do(http.MethodGet, path(t, d.links.Open(id))+".gif", "", nil)
	require.Equal(t, "image/gif", opened.Header().Get("Content-Type"))
	raw, _ := io.ReadAll(opened.Body)
	require.Equal(t, "GIF89a", string(raw[:6]))
	require.Equal(t, dispatch.FeedbackOpened, d.got[len(d.got)-1].Kind)

	before := len(d.got)
	evil := strings.Replace(path(t, d.links.Click(id, "https://shop.example/")), "shop.example", "evil.example", 1)
	for _, target := range []string{evil, "/c/x?to=https://shop.example/", "/u/" + strings.Repeat("A", 43), "/o/x.gif", "/c/x?to=javascript:alert(1)", strings.Replace(unsubscribe, "/u/", "/o/", 1)} {
		require.Equal(t, http.StatusNotFound, d.do(http.MethodGet, target, "", nil).Code, target)
	}
	require.Equal(t, http.StatusNotFound, d.do(http.MethodPost, "/u/"+strings.Repeat("A", 43), "", nil).Code)
	require.Len(t, d.got, before)
}
