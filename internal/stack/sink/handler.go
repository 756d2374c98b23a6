package sink

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// handler answers over HTTP.
type handler struct {
	box     *mailbox
	posts   *mailbox
	till    *till
	faults  *faults
	metrics *metrics
	secret  []byte
	late    exchange
}

// shelves are where messages are kept, by the way they came.
type shelves struct{ mail, texts, posts *mailbox }

func newHandler(boxes shelves, till *till, faults *faults, metrics *metrics, secret []byte) http.Handler {
	box := boxes.mail
	h := &handler{box: box, posts: boxes.posts, till: till, faults: faults, metrics: metrics, secret: secret}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/messages", http.StatusFound) })
	mux.HandleFunc("GET /messages", h.messages)
	for name, box := range map[string]*mailbox{"messages": boxes.mail, "sms": boxes.texts, "gateway": boxes.posts} {
		mux.HandleFunc("POST /"+name+"/lookup", h.lookup(box))
		mux.HandleFunc("GET /"+name+"/ids", h.ids(box))
		mux.HandleFunc("GET /"+name+"/count", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, box.Count()) })
		if name != "messages" {
			mux.HandleFunc("GET /"+name+"/{id}", h.raw(box))
		}
	}
	mux.HandleFunc("POST /gateway", h.post)
	mux.HandleFunc("GET /messages/{id}", h.message)
	mux.HandleFunc("GET /count", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, box.Count()) })
	mux.HandleFunc("GET /stats", h.stats)
	mux.HandleFunc("PUT /payouts/{key}", h.signed(h.pay))
	mux.HandleFunc("GET /payouts/{key}", h.signed(h.payout))
	mux.HandleFunc("GET /payouts", h.signed(h.payouts))
	mux.HandleFunc("GET /faults", h.showFaults)
	mux.HandleFunc("PUT /faults", h.setFaults)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"state": "ready"})
	})
	mux.Handle("GET /metrics", metrics.handler())
	return mux
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, code int, format string, args ...any) {
	answer(w, code, map[string]string{"error": fmt.Sprintf(format, args...)})
}

// summary is what is told of a message without its text. The address is masked: what can be asked by anybody on the
// machine should not list people.
type summary struct {
	ID        string    `json:"id"`
	Received  time.Time `json:"received"`
	Copies    uint32    `json:"copies"`
	Recipient string    `json:"recipient"`
	Bytes     int       `json:"bytes"`
	Subject   string    `json:"subject,omitempty"`
}

// mask keeps the first letter and the domain: a***@example.com.
func mask(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" {
		return "***"
	}
	return string([]rune(local)[:1]) + "***@" + domain
}

func (h *handler) message(w http.ResponseWriter, r *http.Request) {
	id := trimID(r.PathValue("id"))
	e, ok := h.box.Find(id)
	if !ok {
		refuse(w, http.StatusNotFound, "there is no message %s", id)
		return
	}
	mail, err := h.box.Read(e.place)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "%v", err)
		return
	}
	switch {
	case r.URL.Query().Get("format") == "raw":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(mail.Raw)
	case wantsPage(r):
		h.mailPage(w, mail, e)
	default:
		answer(w, http.StatusOK, summarise(mail, e))
	}
}

func summarise(mail record, e entry) summary {
	return summary{
		ID: mail.ID, Received: time.Unix(0, e.first).UTC(), Copies: e.copies, Recipient: mask(mail.To), Bytes: len(mail.Raw),
	}
}

// lookup answers for many messages at once: which of the ids are there. The ids that are not there are left out.
func (h *handler) lookup(box *mailbox) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			IDs []string `json:"ids"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<20)).Decode(&in); err != nil {
			refuse(w, http.StatusBadRequest, `send {"ids": ["…"]}: %v`, err)
			return
		}
		found := make([]string, 0, len(in.IDs))
		for _, id := range in.IDs {
			if _, ok := box.Find(trimID(id)); ok {
				found = append(found, id)
			}
		}
		h.metrics.lookups.Add(float64(len(in.IDs)))
		answer(w, http.StatusOK, map[string][]string{"found": found})
	}
}

// raw gives a message as it came.
func (h *handler) raw(box *mailbox) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e, ok := box.Find(r.PathValue("id"))
		if !ok {
			refuse(w, http.StatusNotFound, "there is no message %s", r.PathValue("id"))
			return
		}
		message, err := box.Read(e.place)
		if err != nil {
			refuse(w, http.StatusInternalServerError, "%v", err)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(message.Raw)
	}
}

// ids streams every message's ID, one a line, copies included, so that a test can compare sets.
func (h *handler) ids(box *mailbox) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		out := bufio.NewWriter(w)
		defer func() { _ = out.Flush() }()
		if err := box.Each(func(mail record) error {
			_, err := fmt.Fprintln(out, mail.ID)
			return err
		}); err != nil {
			panic(http.ErrAbortHandler) // a list that ends early must not look whole
		}
	}
}

func (h *handler) stats(w http.ResponseWriter, _ *http.Request) {
	totals := h.till.List("", "", "", 0)
	answer(w, http.StatusOK, map[string]any{
		"mail":    h.box.Count(),
		"payouts": map[string]any{"count": totals.Count, "amounts": totals.Amounts},
	})
}

func number(text string, otherwise, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return otherwise
	}
	return min(n, most)
}

type troubles struct {
	Mail    trouble `json:"mail"`
	Payouts trouble `json:"payouts"`
	SMS     trouble `json:"sms"`
	Gateway trouble `json:"gateway"`
}

func (h *handler) showFaults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, troubles{*h.faults.mail.Load(), *h.faults.payouts.Load(), *h.faults.sms.Load(), *h.faults.gateway.Load()})
}

// setFaults puts troubles in force; what the request leaves out is set to none.
func (h *handler) setFaults(w http.ResponseWriter, r *http.Request) {
	var in troubles
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "%v", err)
		return
	}
	if err := errors.Join(in.Mail.validate(), in.Payouts.validate(), in.SMS.validate(), in.Gateway.validate()); err != nil {
		refuse(w, http.StatusBadRequest, "%v", err)
		return
	}
	h.faults.mail.Store(&in.Mail)
	h.faults.payouts.Store(&in.Payouts)
	h.faults.sms.Store(&in.SMS)
	h.faults.gateway.Store(&in.Gateway)
	answer(w, http.StatusOK, in)
}
