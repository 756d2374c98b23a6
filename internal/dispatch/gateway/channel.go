package gateway

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danbi-project/danbi/internal/circuit"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/inquiry"
	"github.com/danbi-project/danbi/internal/trust"
)

const (
	mostAnswer = 1 << 20                // bytes of an answer that are read
	mostKept   = 200                    // characters of it that are kept
	grace      = 400 * time.Millisecond // for what is under way once ctx is done: a pause holds within a second
)

// Channel sends over HTTP as its configuration says. It is safe for many goroutines.
type Channel struct {
	config  Config
	client  *http.Client
	headers map[string]string // secrets, as read at the start
	signing []byte
	account *account
	lookup  *inquiry.Provider

	mu      sync.Mutex
	breaker circuit.Breaker
}

var _ dispatch.Channel = (*Channel)(nil)

// New makes a channel; it connects at the first Send.
func New(c Config) (*Channel, error) {
	c, err := c.Complete()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = c.Connections, c.Connections
	if c.CAFile != "" {
		if transport.TLSClientConfig, err = trust.TLS("", c.CAFile); err != nil {
			return nil, err
		}
	}
	out := &Channel{config: c, headers: map[string]string{}, client: &http.Client{
		Transport: transport, Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // secrets don't follow
	}}
	for name, secret := range c.Secrets {
		text, err := os.ReadFile(secret.File)
		if err != nil {
			return nil, err
		}
		out.headers[name] = secret.Prefix + strings.TrimSpace(string(text))
	}
	if c.Sign != nil {
		if out.signing, err = os.ReadFile(c.Sign.SecretFile); err != nil {
			return nil, err
		}
		out.signing = bytes.TrimSpace(out.signing)
	}
	if c.Auth != nil {
		if out.account, err = readAccount(c.Auth.ServiceAccountFile); err != nil {
			return nil, err
		}
		out.account.scope, out.account.client = c.Auth.Scope, out.client
	}
	if c.Lookup != nil && !placeholder.MatchString(c.Lookup.URL) {
		out.lookup = inquiry.New(c.Lookup.URL)
	}
	return out, nil
}

// Ready says whether the provider is worth asking: an open circuit is a provider that is down. A token is got here, so
// that an account that was locked costs no attempts.
func (c *Channel) Ready(ctx context.Context) error {
	c.mu.Lock()
	open := c.breaker.Open(clock.Wall())
	c.mu.Unlock()
	if open {
		return errors.New("the provider did not answer lately")
	}
	if c.account != nil {
		_, err := c.account.bearer(ctx, clock.Wall())
		return err
	}
	return nil
}

// Send sends one message. The request ends at the deadline of ctx, whatever of it has left.
func (c *Channel) Send(ctx context.Context, m dispatch.Message) dispatch.Receipt {
	untried := dispatch.Receipt{Outcome: dispatch.OutcomeUntried}
	if over(ctx) {
		return untried
	}
	c.mu.Lock()
	allowed := c.breaker.Allow(clock.Wall())
	c.mu.Unlock()
	if !allowed {
		return dispatch.Receipt{Outcome: dispatch.OutcomeDown, Response: "the provider did not answer lately"}
	}
	status, answer, wrote, err := c.post(ctx, m)
	c.mu.Lock()
	switch {
	case err != nil && ctx.Err() != nil || errors.Is(err, errOurs):
		c.breaker.Forget()
	default:
		c.breaker.Answered(clock.Wall(), err == nil && status < 500)
	}
	c.mu.Unlock()
	switch {
	case errors.Is(err, errOurs):
		return dispatch.Receipt{Outcome: dispatch.OutcomeRefused, Response: short(err.Error())}
	case err != nil && !wrote && over(ctx):
		return untried
	case err != nil && !wrote:
		return dispatch.Receipt{Outcome: dispatch.OutcomeDown, Response: short(withoutURL(err))}
	case err != nil:
		return dispatch.Receipt{Outcome: dispatch.OutcomeUncertain, Response: short(withoutURL(err))}
	}
	return c.read(status, answer, m)
}

// errOurs says that no request can be made of a message.
var errOurs = errors.New("no request can be made of the message")

// post makes the request. wrote says that some of it left.
func (c *Channel) post(ctx context.Context, m dispatch.Message) (status int, answer []byte, wrote bool, err error) {
	now := clock.Wall()
	values := valuesOf(m, now)
	body, kind, err := c.config.bytesOf(values)
	if err != nil {
		return 0, nil, false, fmt.Errorf("%w: %w", errOurs, err)
	}
	address := placeholder.ReplaceAllStringFunc(c.config.URL, func(p string) string {
		return url.PathEscape(plain(values[placeholder.FindStringSubmatch(p)[1]]))
	})
	limited, cancel := c.limit(ctx)
	defer cancel()
	var left atomic.Bool
	limited = httptrace.WithClientTrace(limited, &httptrace.ClientTrace{WroteHeaderField: func(string, []string) { left.Store(true) }})
	request, err := http.NewRequestWithContext(limited, c.config.Method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, false, fmt.Errorf("%w: its address can't be one", errOurs)
	}
	request.GetBody = nil // a request that was begun is not begun again behind our back
	request.Header.Set("Content-Type", kind)
	for name, value := range c.config.Headers {
		text := plain(fill(value, values))
		if strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			return 0, nil, false, fmt.Errorf("%w: the header %s would hold a line break or control character", errOurs, name)
		}
		request.Header.Set(name, text)
	}
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	if c.config.Sign != nil {
		at := strconv.FormatInt(now.Unix(), 10)
		mac := hmac.New(sha256.New, c.signing)
		mac.Write([]byte(at + "."))
		mac.Write(body)
		request.Header.Set(c.config.Sign.TimeHeader, at)
		request.Header.Set(c.config.Sign.Header, c.config.Sign.Prefix+hex.EncodeToString(mac.Sum(nil)))
	}
	bearer := ""
	if c.account != nil {
		if bearer, err = c.account.bearer(limited, now); err != nil {
			return 0, nil, false, err
		}
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, nil, left.Load(), err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return 0, nil, true, err
	}
	if c.account != nil && response.StatusCode == http.StatusUnauthorized {
		c.account.forget(bearer)
	}
	return response.StatusCode, answer, true, nil
}

// limit gives a request the deadline of ctx, and a moment to end once ctx is cancelled.
func (c *Channel) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline := clock.Wall().Add(c.config.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	limited, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return limited, func() { stop(); cancel() }
}

// read says what an answer means. One that no rule fits says nothing: what 2xx and 5xx leave open only the provider
// knows; a 4xx has refused.
func (c *Channel) read(status int, answer []byte, m dispatch.Message) dispatch.Receipt {
	var parsed any
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	if decoder.Decode(&parsed) != nil {
		parsed = nil
	}
	receipt := dispatch.Receipt{Outcome: byStatus(status), Response: keep(status, answer, m.To)}
	for _, r := range c.config.Outcomes {
		if r.fits(status, parsed) {
			receipt.Outcome = r.Outcome
			break
		}
	}
	if id, ok := at(parsed, c.config.IDPath); ok && receipt.Outcome == dispatch.OutcomeSent {
		receipt.ProviderID = short(id)
	}
	return receipt
}

func (r Rule) fits(status int, answer any) bool {
	if status < r.from || status > r.to {
		return false
	}
	if r.Path == "" {
		return true
	}
	value, there := at(answer, r.Path)
	return there && (len(r.Is) == 0 || slices.Contains(r.Is, value))
}

func byStatus(status int) dispatch.Outcome {
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusTooEarly:
		return dispatch.OutcomeTemporary
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusMethodNotAllowed,
		status >= 300 && status < 400:
		return dispatch.OutcomeDown // our set-up is wrong, not this message
	case status >= 400 && status < 500:
		return dispatch.OutcomeRefused
	}
	return dispatch.OutcomeUncertain
}

// Lookup asks which messages the provider has. One that takes an id once and can't be asked is told each open message
// again: it is the provider who then sends it once.
func (c *Channel) Lookup(ctx context.Context, ids []string) (map[string]bool, error) {
	switch {
	case c.lookup != nil:
		return c.lookup.Ask(ctx, ids)
	case c.config.Lookup != nil:
		return c.askEach(ctx, ids)
	case c.config.Idempotent:
		return map[string]bool{}, nil
	}
	return nil, dispatch.ErrNotAskable
}

func (c *Channel) askEach(ctx context.Context, ids []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, id := range ids {
		address := placeholder.ReplaceAllString(c.config.Lookup.URL, url.PathEscape(id))
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		for name, value := range c.headers {
			request.Header.Set(name, value)
		}
		response, err := c.client.Do(request)
		if err != nil {
			return nil, errors.New(withoutURL(err))
		}
		_ = response.Body.Close()
		switch {
		case response.StatusCode == http.StatusOK:
			found[id] = true
		case response.StatusCode != http.StatusNotFound:
			return nil, fmt.Errorf("asked for a message, the provider answers %s", response.Status)
		}
	}
	return found, nil
}

// over says whether nothing may be begun any more: the deadline of a lease moves, and its context is not done when it passes.
func over(ctx context.Context) bool {
	d, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !clock.Wall().Before(d)
}

// withoutURL is an error without the address, which may hold a device's token.
func withoutURL(err error) string {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}

// keep is an answer as our records have it: short, on one line, without the address.
func keep(status int, answer []byte, address string) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(answer), "?")), " ")
	if address != "" {
		text = strings.ReplaceAll(text, address, "(address)")
	}
	return short(fmt.Sprintf("%d %s", status, text))
}

func short(text string) string {
	if runes := []rune(text); len(runes) > mostKept {
		return string(runes[:mostKept])
	}
	return text
}
