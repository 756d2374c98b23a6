// Package webhook is how providers and recipients reach back over HTTP: signed feedback of providers, and the links of
// messages, which open, lead on and unsubscribe.
package webhook

import (
	"bytes"
	_ "embed" // page.html
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/token"
)

// Config is what the handler needs.
type Config struct {
	Inbox   dispatch.Inbox
	Secrets [][]byte                       // that sign feedback; more than one while they are changed. None: no feedback is taken
	Links   *token.Links                   // nil: no links are served
	Now     func() time.Time               // the wall's clock
	Count   func(endpoint, outcome string) // may be nil
}

const (
	mostBody   = 4 << 20
	mostEvents = 5000
)

//go:embed page.html
var pageFile string

var page = template.Must(template.New("page").Parse(pageFile))

// New is the handler of all endpoints.
func New(c Config) http.Handler {
	if c.Count == nil {
		c.Count = func(string, string) {}
	}
	h := &handler{Config: c, guard: guard{secrets: c.Secrets, now: c.Now, seen: map[[32]byte]time.Time{}}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/feedback", h.feedback)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, map[string]any{"state": "ready"}) })
	if c.Links != nil {
		mux.HandleFunc("GET /o/{token}", h.open)
		mux.HandleFunc("GET /c/{token}", h.click)
		mux.HandleFunc("GET /u/{token}", h.ask)
		mux.HandleFunc("POST /u/{token}", h.unsubscribe)
	}
	return mux
}

type handler struct {
	Config
	guard guard
}

// event is one word of feedback on the wire.
type event struct {
	Channel    string                `json:"channel"`
	MessageID  string                `json:"message_id"`
	ProviderID string                `json:"provider_id"`
	Event      dispatch.FeedbackKind `json:"event"`
	At         time.Time             `json:"at"`
	Reason     string                `json:"reason"`
}

// feedback takes a provider's words. 200 says that they are kept.
func (h *handler) feedback(w http.ResponseWriter, r *http.Request) {
	refuse := func(code int, outcome string, err error) {
		h.Count("feedback", outcome)
		say(w, code, map[string]any{"error": err.Error()})
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if err != nil {
		refuse(http.StatusRequestEntityTooLarge, "too_large", fmt.Errorf("the body is over %d bytes, or was cut off", mostBody))
		return
	}
	key, err := h.guard.check(r, body)
	switch {
	case errors.Is(err, errReplayed):
		refuse(http.StatusConflict, "replayed", err)
		return
	case errors.Is(err, errStale):
		refuse(http.StatusUnauthorized, "stale", err)
		return
	case err != nil:
		refuse(http.StatusUnauthorized, "forged", err)
		return
	}
	feedback, err := read(body, h.Now())
	if err != nil {
		refuse(http.StatusBadRequest, "unreadable", err)
		return
	}
	if err := h.Inbox.Take(r.Context(), feedback); err != nil {
		w.Header().Set("Retry-After", "5")
		refuse(http.StatusServiceUnavailable, "not_kept", errors.New("it can't be kept now; send it again"))
		return
	}
	h.guard.taken(key)
	h.Count("feedback", "taken")
	say(w, http.StatusOK, map[string]any{"taken": len(feedback)})
}

func read(body []byte, now time.Time) ([]dispatch.Feedback, error) {
	var in struct {
		Events []event `json:"events"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, fmt.Errorf(`the body is not {"events": […]}: %w`, err)
	}
	if len(in.Events) == 0 || len(in.Events) > mostEvents {
		return nil, fmt.Errorf("there are %d events: send 1 to %d at once", len(in.Events), mostEvents)
	}
	out := make([]dispatch.Feedback, len(in.Events))
	for i, e := range in.Events {
		if e.At.IsZero() {
			e.At = now
		}
		if y := e.At.Year(); y < 2000 || y > 2200 {
			return nil, fmt.Errorf("events[%d].at is %s", i, e.At.Format(time.RFC3339))
		}
		out[i] = dispatch.Feedback{
			Channel: e.Channel, MessageID: e.MessageID, ProviderID: e.ProviderID, Kind: e.Event, At: e.At.Truncate(time.Millisecond), Reason: kept(e.Reason),
		}
	}
	return out, nil
}

// kept is a provider's reason as our records have it: one short line without addresses.
func kept(reason string) string {
	words := strings.Fields(strings.ToValidUTF8(reason, "?"))
	for i, word := range words {
		if strings.Contains(word, "@") || digits(word) >= 7 {
			words[i] = "(address)"
		}
	}
	runes := []rune(strings.Join(words, " "))
	return string(runes[:min(len(runes), 200)])
}

func digits(word string) (n int) {
	for _, r := range word {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// link reads the token of a request and tells the inbox. It answers a link that is not ours itself; kept says whether
// what it told is on disk.
func (h *handler) link(w http.ResponseWriter, r *http.Request, kind byte, to string, says dispatch.FeedbackKind) (genuine, kept bool) {
	name := string(kind)
	id, err := h.Links.Read(kind, strings.TrimSuffix(r.PathValue("token"), ".gif"), to)
	if err != nil {
		h.Count(name, "forged")
		h.show(w, r, http.StatusNotFound, "unknown")
		return false, false
	}
	if says == "" {
		return true, true
	}
	err = h.Inbox.Take(r.Context(), []dispatch.Feedback{{MessageID: id.String(), Kind: says, At: h.Now().Truncate(time.Second)}})
	if err != nil {
		h.Count(name, "not_kept")
		return true, false
	}
	h.Count(name, "taken")
	return true, true
}

// pixel is a transparent GIF of one point.
var pixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

func (h *handler) open(w http.ResponseWriter, r *http.Request) {
	if genuine, _ := h.link(w, r, token.Open, "", dispatch.FeedbackOpened); genuine { // nobody waits for our engine to see a picture
		w.Header().Set("Content-Type", "image/gif")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(pixel)
	}
}

func (h *handler) click(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	if u, err := url.Parse(to); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		h.Count("c", "forged")
		h.show(w, r, http.StatusNotFound, "unknown")
		return
	}
	if genuine, _ := h.link(w, r, token.Click, to, dispatch.FeedbackClicked); genuine {
		w.Header().Set("Referrer-Policy", "no-referrer")
		http.Redirect(w, r, to, http.StatusFound)
	}
}

// ask shows the page with the button: programs that look at every link of a mail must not unsubscribe anybody.
func (h *handler) ask(w http.ResponseWriter, r *http.Request) {
	if genuine, _ := h.link(w, r, token.Unsubscribe, "", ""); genuine {
		h.show(w, r, http.StatusOK, "ask")
	}
}

// unsubscribe is the button, and the one click of RFC 8058.
func (h *handler) unsubscribe(w http.ResponseWriter, r *http.Request) {
	switch genuine, kept := h.link(w, r, token.Unsubscribe, "", dispatch.FeedbackUnsubscribed); {
	case kept:
		h.show(w, r, http.StatusOK, "done")
	case genuine: // it must not be said to be done before it is
		w.Header().Set("Retry-After", "30")
		h.show(w, r, http.StatusServiceUnavailable, "later")
	}
}

var texts = map[string]map[string]string{
	"ko": {
		"title": "수신거부", "ask": "이 채널로 보내는 광고 메시지를 더 받지 않으시겠어요?", "button": "수신거부",
		"done": "수신거부되었습니다. 지금부터 이 채널로 광고 메시지를 보내지 않습니다.", "later": "지금은 처리할 수 없습니다. 잠시 뒤에 다시 눌러 주세요.", "unknown": "링크가 올바르지 않습니다. 메시지의 링크를 그대로 열어 주세요.",
	},
	"en": {
		"title": "Unsubscribe", "ask": "Stop receiving advertising messages by this channel?", "button": "Unsubscribe",
		"done": "You are unsubscribed. From now on no advertising messages are sent by this channel.", "later": "This can't be done at the moment. Please press again in a while.", "unknown": "This link is not right. Please open the link of the message as it is.",
	},
}

// show writes the page of a state in the reader's language.
func (h *handler) show(w http.ResponseWriter, r *http.Request, code int, state string) {
	language := "en"
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.Header.Get("Accept-Language"))), "ko") {
		language = "ko"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	w.WriteHeader(code)
	_ = page.Execute(w, map[string]any{
		"Language": language, "Title": texts[language]["title"], "Text": texts[language][state], "Button": texts[language]["button"], "Ask": state == "ask" || state == "later",
	})
}

func say(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
