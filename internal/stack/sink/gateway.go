package sink

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// post takes a message by HTTP, as gateways for Kakao, push and the like do. Its id is the header Idempotency-Key, or
// the first of id, message_id and messageId in the body; the same id again is the same message, and answered the same.
func (h *handler) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		refuse(w, http.StatusBadRequest, "%v", err)
		return
	}
	t := h.faults.gateway.Load()
	if t.DelayMS > 0 {
		time.Sleep(time.Duration(t.DelayMS) * time.Millisecond)
	}
	id, to := r.Header.Get("Idempotency-Key"), ""
	var fields map[string]any
	if json.Unmarshal(body, &fields) == nil {
		for _, name := range []string{"id", "message_id", "messageId"} {
			if text, ok := fields[name].(string); ok && id == "" {
				id = text
			}
		}
		for _, name := range []string{"to", "phone", "recipient", "token"} {
			if text, ok := fields[name].(string); ok && to == "" {
				to = text
			}
		}
	}
	switch {
	case chance(t.Temporary):
		h.metrics.refused.WithLabelValues("temporary").Inc()
		answer(w, http.StatusTooManyRequests, map[string]string{"code": "9999", "message": "try again later"})
		return
	case chance(t.Permanent):
		h.metrics.refused.WithLabelValues("permanent").Inc()
		answer(w, http.StatusUnprocessableEntity, map[string]string{"code": "3018", "message": "no such recipient"})
		return
	case chance(t.Lose):
		panic(http.ErrAbortHandler)
	case id == "" || strings.ContainsAny(id, "\r\n"):
		answer(w, http.StatusBadRequest, map[string]string{"code": "1000", "message": "a message needs an id"})
		return
	}
	again, err := h.posts.PutOnce(record{ID: trimID(id), To: to, Received: time.Now(), Raw: body})
	if err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"code": "9998", "message": err.Error()})
		return
	}
	if !again {
		h.metrics.posted.Inc()
	}
	switch {
	case chance(t.Drop):
		panic(http.ErrAbortHandler)
	case chance(t.Stall):
		time.Sleep(time.Duration(t.StallMS) * time.Millisecond)
		panic(http.ErrAbortHandler)
	case chance(t.Broken):
		w.WriteHeader(http.StatusInternalServerError)
	case chance(t.Wrong): // taken, and answered with something that says nothing
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>welcome</html>"))
	default:
		answer(w, http.StatusOK, map[string]string{"code": "0000", "id": id, "message": "accepted"})
	}
}
