package smtp

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

// provider asks the provider's HTTP interface. An empty url is a provider that can't be asked.
type provider struct {
	url    string
	client *http.Client
}

func newProvider(url string) *provider {
	return &provider{url: url, client: &http.Client{Timeout: 30 * time.Second}}
}

const askedAtOnce = 1000

func (p *provider) ask(ctx context.Context, ids []string) (map[string]bool, error) {
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

func (p *provider) askSome(ctx context.Context, ids []string) ([]string, error) {
	body, err := json.Marshal(map[string][]string{"ids": ids})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/messages/lookup", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the mail provider which messages it has: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask the mail provider which messages it has: it answers %s", response.Status)
	}
	var out struct {
		Found []string `json:"found"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<20)).Decode(&out); err != nil {
		return nil, fmt.Errorf("read which messages the mail provider has: %w", err)
	}
	return out.Found, nil
}
