package provider

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
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

const (
	defaultTimeout = 10 * time.Second
	mostAnswer     = 64 << 20 // bytes of one answer: a page of the list
	mostKept       = 200      // characters of an answer that are kept in our records
	listPage       = 10_000
)

// Headers of a signed request: an HMAC-SHA256, in hexadecimal, over the time, the method, the path with its query and
// the body, each ended by a newline.
const (
	HeaderTime      = "X-Danbi-Time"
	HeaderSignature = "X-Danbi-Signature"
)

// Client makes payouts. It is safe for use by many goroutines at once.
type Client struct {
	config Config
	http   *http.Client
	now    func() time.Time // for the signature only
}

// New makes a client; it does not connect yet. now gives the wall's time for signatures.
func New(c Config, now func() time.Time) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.URL = strings.TrimRight(c.URL, "/")
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32 // as many as pay at once, so that each keeps its connection
	return &Client{config: c, http: &http.Client{Transport: transport, Timeout: c.Timeout}, now: now}, nil
}

// payout is one payout on the wire.
type payout struct {
	Key       string `json:"key,omitempty"`
	Kind      string `json:"kind,omitempty"` // points or cashback
	Amount    int64  `json:"amount"`         // minor units
	Currency  string `json:"currency"`
	Customer  uint32 `json:"customer_key"`
	Reference string `json:"reference"` // campaign/occurrence
	State     string `json:"state,omitempty"`
}

// Pay asks for a payout. A nil error: it is paid, by this request or an earlier one. Otherwise settlement.ErrRefused (for
// good), ErrUnclear (it may be paid) or ErrUnreachable (nobody was there to pay). The answer is returned for our records.
func (c *Client) Pay(ctx context.Context, p settlement.Payout) (string, error) {
	body, err := json.Marshal(payout{Kind: p.Kind, Amount: int64(p.Amount), Currency: p.Currency, Customer: p.Customer, Reference: p.Reference})
	if err != nil {
		return "", err
	}
	code, answer, err := c.do(ctx, http.MethodPut, "/payouts/"+p.Key.String(), body)
	kept := keep(code, answer)
	switch {
	case err != nil && neverArrived(err):
		return kept, fmt.Errorf("%w: %w", settlement.ErrUnreachable, err)
	case err != nil:
		return kept, fmt.Errorf("%w: %w", settlement.ErrUnclear, err)
	case code == http.StatusOK || code == http.StatusCreated:
		if err := acknowledges(answer, p); err != nil {
			return kept, fmt.Errorf("%w: %w: %s", settlement.ErrUnclear, err, kept)
		}
		return kept, nil
	case code == http.StatusAccepted: // it will be paid: whether it was, only asking tells
		return kept, fmt.Errorf("%w: it answered %s", settlement.ErrUnclear, kept)
	case code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests || code >= 500:
		return kept, fmt.Errorf("%w: it answered %s", settlement.ErrUnclear, kept)
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusNotFound || code == http.StatusMethodNotAllowed:
		// Our set-up is wrong, not this payout: refusing it for good would be unjust.
		return kept, fmt.Errorf("%w: it answered %s; check %s and %s", settlement.ErrUnclear, kept, EnvURL, EnvSecret)
	default:
		return kept, fmt.Errorf("%w: it answered %s", settlement.ErrRefused, kept)
	}
}

// acknowledges says whether an answer confirms this payout. One that names another key or another amount, because it
// was meant for another request or is wrong, confirms nothing: the provider is asked.
func acknowledges(answer []byte, p settlement.Payout) error {
	var got payout
	switch err := json.Unmarshal(answer, &got); {
	case err != nil:
		return errors.New("its answer is not readable")
	case got.State != "" && got.State != "paid":
		return errors.New("it is not paid yet")
	case got.Key != "" && got.Key != p.Key.String():
		return errors.New("it answered for another payout")
	case got.Amount != 0 && got.Amount != int64(p.Amount), got.Currency != "" && got.Currency != p.Currency:
		return errors.New("it answered with another amount")
	}
	return nil
}

// Find asks whether the provider has paid a payout. One that it has refused for good is settlement.ErrRefused; one that
// it took and has not paid yet is ErrUnclear.
func (c *Client) Find(ctx context.Context, key campaign.ID) (settlement.Payout, bool, error) {
	code, answer, err := c.do(ctx, http.MethodGet, "/payouts/"+key.String(), nil)
	switch {
	case err != nil:
		return settlement.Payout{}, false, fmt.Errorf("%w: %w", settlement.ErrUnreachable, err)
	case code == http.StatusNotFound:
		return settlement.Payout{}, false, nil
	case code != http.StatusOK:
		return settlement.Payout{}, false, fmt.Errorf("%w: asked for %s, it answered %s", settlement.ErrUnclear, key, keep(code, answer))
	}
	var got payout
	if err := json.Unmarshal(answer, &got); err != nil {
		return settlement.Payout{}, false, fmt.Errorf("%w: asked for %s, it answered %s", settlement.ErrUnclear, key, keep(code, answer))
	}
	switch {
	case got.Key != "" && got.Key != key.String():
		return settlement.Payout{}, false, fmt.Errorf("%w: asked for %s, it answered for %s", settlement.ErrUnclear, key, got.Key)
	case got.State == "refused":
		return settlement.Payout{}, false, fmt.Errorf("%w: %s", settlement.ErrRefused, keep(code, answer))
	case got.State != "" && got.State != "paid":
		return settlement.Payout{}, false, fmt.Errorf("%w: %s is %s", settlement.ErrUnclear, key, got.State)
	}
	got.Key = key.String()
	p, err := got.read()
	return p, true, err
}

// List gives all payouts of a run to each, a page at a time, in order of their keys.
func (c *Client) List(ctx context.Context, run campaign.Run, each func(settlement.Payout) error) error {
	reference := fmt.Sprintf("%s/%d", run.Campaign, run.Occurrence)
	after := ""
	for {
		path := "/payouts?" + url.Values{"campaign": {run.Campaign}, "reference": {reference}, "after": {after}, "limit": {strconv.Itoa(listPage)}}.Encode()
		code, answer, err := c.do(ctx, http.MethodGet, path, nil)
		if err != nil {
			return fmt.Errorf("%w: %w", settlement.ErrUnreachable, err)
		}
		var page struct {
			Payouts []payout `json:"payouts"`
			Next    string   `json:"next"`
		}
		if code != http.StatusOK {
			return fmt.Errorf("%w: asked for its payouts, it answered %s", settlement.ErrUnreachable, keep(code, answer))
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			return fmt.Errorf("the provider's list of payouts is not readable: %w", err)
		}
		for _, got := range page.Payouts {
			if got.Reference != reference || got.State != "" && got.State != "paid" {
				continue // the provider may match references by their beginning: 1 is one of 10; what is pending is not paid
			}
			p, err := got.read()
			if err == nil {
				err = each(p)
			}
			if err != nil {
				return err
			}
		}
		if page.Next == "" || page.Next <= after {
			return nil
		}
		after = page.Next
	}
}

func (p payout) read() (settlement.Payout, error) {
	key, err := campaign.ParseID(p.Key)
	if err != nil {
		return settlement.Payout{}, fmt.Errorf("a payout of the provider: %w", err)
	}
	return settlement.Payout{Key: key, Amount: money.Minor(p.Amount), Currency: p.Currency, Customer: p.Customer, Reference: p.Reference, Kind: p.Kind}, nil
}

func (c *Client) do(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.config.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if len(c.config.Secret) > 0 {
		at := strconv.FormatInt(c.now().Unix(), 10)
		request.Header.Set(HeaderTime, at)
		request.Header.Set(HeaderSignature, Sign(c.config.Secret, at, method, request.URL.RequestURI(), body))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	return response.StatusCode, answer, err
}

// Sign is the signature of a request.
func Sign(secret []byte, at, method, path string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	for _, part := range []string{at, method, path, string(body)} {
		mac.Write([]byte(part))
		mac.Write([]byte("\n"))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// neverArrived says that no byte reached the provider: there was no connection.
func neverArrived(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// keep is an answer as our records have it: short, on one line.
func keep(code int, answer []byte) string {
	if code == 0 {
		return ""
	}
	text := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(string(answer), "?")), " "))
	if len(text) > mostKept {
		text = append(text[:mostKept], '…')
	}
	return fmt.Sprintf("%d %s", code, string(text))
}
