package sink

import (
	"bytes"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danbi-project/danbi/internal/settlement/provider"
)

// The reference payout provider: docs/openapi/payout-provider.yaml is what it serves, and /faults makes it misbehave.

// mostSkew is how far a signed request's time may be off.
const mostSkew = 5 * time.Minute

// signed refuses requests without a good signature, where the provider has a secret.
func (h *handler) signed(serve http.HandlerFunc) http.HandlerFunc {
	if len(h.secret) == 0 {
		return serve
	}
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, "%v", err)
			return
		}
		at := r.Header.Get(provider.HeaderTime)
		sent, err := strconv.ParseInt(at, 10, 64)
		if off := time.Since(time.Unix(sent, 0)).Abs(); err != nil || off > mostSkew {
			refuse(w, http.StatusUnauthorized, "%s must be the seconds since 1970, at most %s off", provider.HeaderTime, mostSkew)
			return
		}
		if !hmac.Equal([]byte(r.Header.Get(provider.HeaderSignature)), []byte(provider.Sign(h.secret, at, r.Method, r.URL.RequestURI(), body))) {
			refuse(w, http.StatusUnauthorized, "%s does not sign this request", provider.HeaderSignature)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		serve(w, r)
	}
}

func (h *handler) pay(w http.ResponseWriter, r *http.Request) {
	t, key := h.faults.payouts.Load(), r.PathValue("key")
	request := h.till.Asked(key)
	meets := func(share float64, what string) bool { return t.luck(share, what, key, request) }
	time.Sleep(time.Duration(t.DelayMS) * time.Millisecond)
	switch {
	case meets(t.Temporary, "temporary"):
		refuse(w, http.StatusServiceUnavailable, "try again later")
		return
	case meets(t.Permanent, "permanent"):
		refuse(w, http.StatusUnprocessableEntity, "this account can't be paid")
		return
	case meets(t.Lose, "lose"):
		panic(http.ErrAbortHandler)
	}
	var p payout
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	if err := decoder.Decode(&p); err != nil {
		refuse(w, http.StatusBadRequest, "send amount, currency, customer_key, reference as JSON: %v", err)
		return
	}
	p.Key, p.At, p.Clears = key, time.Now().UTC(), time.Time{}
	if p.Amount <= 0 || p.Currency == "" {
		refuse(w, http.StatusBadRequest, "a payout needs an amount above 0 (minor units) and a currency")
		return
	}
	if meets(t.Late, "late") {
		p.Clears = p.At.Add(time.Duration(t.LateMS) * time.Millisecond)
	}
	out, again, err := h.till.Pay(p)
	switch {
	case errors.Is(err, errConflict):
		refuse(w, http.StatusConflict, "key %s was paid as %d %s to customer %d", out.Key, out.Amount, out.Currency, out.CustomerKey)
		return
	case err != nil:
		refuse(w, http.StatusInsufficientStorage, "%v", err)
		return
	}
	if !again {
		h.metrics.paid.Inc()
	}
	switch {
	case meets(t.Drop, "drop"):
		panic(http.ErrAbortHandler)
	case meets(t.Stall, "stall"):
		time.Sleep(time.Duration(t.StallMS) * time.Millisecond)
		panic(http.ErrAbortHandler)
	case meets(t.Broken, "broken"):
		refuse(w, http.StatusInternalServerError, "something broke after it was taken")
		return
	case meets(t.Duplicate, "duplicate"):
		if before, ok := h.till.Before(key); ok {
			out = before
		}
	case meets(t.Reorder, "reorder"):
		out = h.late.swap(out)
	case meets(t.Wrong, "wrong"):
		out.Amount++
	}
	answer(w, codeOf(out, again), out)
}

func codeOf(p payout, again bool) int {
	switch {
	case p.State == "pending":
		return http.StatusAccepted
	case again:
		return http.StatusOK
	}
	return http.StatusCreated
}

// exchange swaps the answers of requests that are under way: each gets that of the one before it.
type exchange struct {
	mu   sync.Mutex
	last *payout
}

func (e *exchange) swap(p payout) payout {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.last
	e.last = &p
	if before == nil {
		return p
	}
	return *before
}

func (h *handler) payout(w http.ResponseWriter, r *http.Request) {
	if chance(h.faults.payouts.Load().Deaf) {
		refuse(w, http.StatusServiceUnavailable, "ask again later")
		return
	}
	p, ok := h.till.Find(r.PathValue("key"))
	if !ok {
		refuse(w, http.StatusNotFound, "nothing was paid under %s", r.PathValue("key"))
		return
	}
	answer(w, http.StatusOK, p)
}

func (h *handler) payouts(w http.ResponseWriter, r *http.Request) {
	if chance(h.faults.payouts.Load().Deaf) {
		refuse(w, http.StatusServiceUnavailable, "ask again later")
		return
	}
	q := r.URL.Query()
	limit := number(q.Get("limit"), 1000, 100_000)
	answer(w, http.StatusOK, h.till.List(q.Get("campaign"), q.Get("reference"), q.Get("after"), limit))
}
