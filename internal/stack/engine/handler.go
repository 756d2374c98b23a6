package engine

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
)

// handler is the HTTP interface over one loaded engine.
type handler struct {
	lib      *library
	args     []string // how to connect: the same for every connection
	token    string
	host     string // displayName() of the hello
	version  string
	slots    chan struct{} // one per statement that may run at once
	patience time.Duration // how long a statement waits for a slot
	killer   *killer
	metrics  *metrics
	log      *zap.Logger
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := newID()
	w.Header().Set("X-ClickHouse-Query-Id", id)
	w.Header().Set("X-ClickHouse-Server-Display-Name", h.host)
	w.Header().Set("X-ClickHouse-Timezone", "UTC")
	answer := &reply{w: w, tag: id[:16]}
	began := time.Now()
	word, done, err := h.answer(r, id, answer)
	answer.end(done, err)
	kind := kindOf(word)
	h.metrics.observe(kind, err, time.Since(began), answer.sent)
	if err != nil {
		// The text may quote values of rows, so only its code is logged.
		h.log.Debug("statement failed", zap.String("id", id), zap.String("kind", kind), zap.Int("code", asException(err).code))
	}
}

func (h *handler) answer(r *http.Request, id string, answer *reply) (kind string, done summary, err error) {
	if !h.authorised(r) {
		return "refused", done, raise(codeAuthentication, "the engine's token is missing or wrong: send it as header X-Danbi-Token or as the password")
	}
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return "refused", done, raise(codeBadArguments, "method %s is not supported; use GET or POST", r.Method)
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return "refused", done, raise(codeNotImplemented, "the embedded engine takes no external tables; insert the rows into a table first")
	}
	s, body, err := readStatement(r)
	if err != nil {
		return "unread", done, err
	}
	var out sink = answer.write
	if r.URL.Query().Get("compress") == "1" {
		out = compressor(answer.write)
	}
	if strings.TrimSpace(s.sql) == helloQuery && s.format == "Native" && r.URL.Query().Has("client_protocol_version") {
		return "hello", done, out(hello(h.host, h.version))
	}
	answer.format = s.format
	kind = strings.ToLower(firstWord(s.sql))
	done, err = h.run(r.Context(), s, body, id, out)
	return kind, done, err
}

// run executes s on a connection of its own, and kills it when ctx ends.
func (h *handler) run(ctx context.Context, s *statement, body io.Reader, id string, out sink) (summary, error) {
	if err := h.acquire(ctx); err != nil {
		return summary{}, err
	}
	defer func() { <-h.slots }()
	conn, err := h.lib.open(h.args)
	if err != nil {
		return summary{}, err
	}
	defer conn.close()
	for _, sql := range s.session(id) {
		if _, err := conn.exec(sql, "Null", nil, nil); err != nil {
			return summary{}, err
		}
	}
	defer h.killer.watch(ctx, id)()
	switch {
	case s.hasBody:
		return conn.insert(s.sql, s.format, s.params, pieces(body))
	case s.streams():
		return conn.stream(s.sql, s.format, s.params, out)
	default:
		return conn.exec(s.sql, s.format, s.params, out)
	}
}

func (h *handler) acquire(ctx context.Context) error {
	timer := time.NewTimer(h.patience)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return raise(codeTooManyQueries, "%d statements have been running for %s; ask for less at once", cap(h.slots), h.patience)
	}
}

func (h *handler) authorised(r *http.Request) bool {
	if h.token == "" {
		return true
	}
	given := []string{r.Header.Get("X-Danbi-Token"), r.Header.Get("X-ClickHouse-Key")}
	if _, password, ok := r.BasicAuth(); ok {
		given = append(given, password)
	}
	for _, g := range given {
		if subtle.ConstantTimeCompare([]byte(g), []byte(h.token)) == 1 {
			return true
		}
	}
	return false
}

func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	return hex.EncodeToString(b[:])
}

// reply holds back the status until the first chunk or the end, because only
// then is it known whether the statement failed.
type reply struct {
	w      http.ResponseWriter
	tag    string
	format string
	begun  bool
	sent   int
}

// errGone is what a statement ends with when nobody reads its answer.
var errGone = errors.New("the client went away")

func (a *reply) write(chunk []byte) error {
	a.begin(http.StatusOK)
	n, err := a.w.Write(chunk)
	a.sent += n
	if err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

func (a *reply) begin(status int) {
	if a.begun {
		return
	}
	a.begun = true
	header := a.w.Header()
	header.Set("X-ClickHouse-Exception-Tag", a.tag)
	if a.format != "" {
		header.Set("X-ClickHouse-Format", a.format)
	}
	switch {
	case status != http.StatusOK || a.format == "" || strings.HasPrefix(a.format, "Tab") || strings.HasPrefix(a.format, "TSV"):
		header.Set("Content-Type", "text/plain; charset=UTF-8")
	case strings.HasPrefix(a.format, "JSON"):
		header.Set("Content-Type", "application/json; charset=UTF-8")
	default:
		header.Set("Content-Type", "application/octet-stream")
	}
	a.w.WriteHeader(status)
}

// end tells how the statement went: by the status if there is still time, else
// by a frame behind what was sent.
func (a *reply) end(done summary, err error) {
	if err == nil {
		if !a.begun {
			a.w.Header().Set("X-ClickHouse-Summary",
				fmt.Sprintf(`{"read_rows":"%d","written_rows":"%d"}`, done.rowsRead, done.rowsWritten))
			a.begin(http.StatusOK)
		}
		return
	}
	if errors.Is(err, errGone) {
		return
	}
	e := asException(err)
	if a.begun {
		n, _ := io.WriteString(a.w, e.frame(a.tag))
		a.sent += n
		return
	}
	a.w.Header().Set("X-ClickHouse-Exception-Code", fmt.Sprint(e.code))
	a.begin(e.status())
	n, _ := io.WriteString(a.w, strings.TrimRight(e.text, "\n")+"\n")
	a.sent += n
}

func asException(err error) *exception {
	var e *exception
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, errGone):
		return raise(codeCancelled, "%v", err)
	}
	return raise(codeUnclassified, "%v", err)
}
