// Package inquiry asks a provider over HTTP which messages it has accepted: POST {"ids": […]}, answered {"found": […]}.
package inquiry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// Provider asks a provider's HTTP interface. An empty url is a provider that can't be asked.
type Provider struct {
	url    string
	client *http.Client
}

// New makes one for the address of its look-up.
func New(url string) *Provider {
	return &Provider{url: url, client: &http.Client{Timeout: 30 * time.Second}}
}

const askedAtOnce = 1000

// Ask says which ids the provider knows; dispatch.ErrNotAskable when it can't be asked.
func (p *Provider) Ask(ctx context.Context, ids []string) (map[string]bool, error) {
	if p.url == "" {
		return nil, dispatch.ErrNotAskable
	}
	found := make(map[string]bool, len(ids))
	for len(ids) > 0 {
		n := min(askedAtOnce, len(ids))
		part, err := p.askSome(ctx, ids[:n])
		if err != nil {
			return nil, err
		}
		for _, id := range part {
			found[id] = true
		}
		ids = ids[n:]
	}
	return found, nil
}

func (p *Provider) askSome(ctx context.Context, ids []string) ([]string, error) {
	body, err := json.Marshal(map[string][]string{"ids": ids})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the provider which messages it has: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask the provider which messages it has: it answers %s", response.Status)
	}
	var out struct {
		Found []string `json:"found"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<20)).Decode(&out); err != nil {
		return nil, fmt.Errorf("read which messages the provider has: %w", err)
	}
	return out.Found, nil
}
