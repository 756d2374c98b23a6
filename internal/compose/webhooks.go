package compose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/receipts"
	"github.com/danbi-project/danbi/internal/dispatch/token"
	"github.com/danbi-project/danbi/internal/dispatch/webhook"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// The variables that WebhooksFromEnv reads.
const (
	EnvWebhookAddr   = "DANBI_WEBHOOK_ADDR"
	EnvWebhookSecret = "DANBI_WEBHOOK_SECRET_FILE" //nolint:gosec // the name of a variable
	EnvLinksURL      = "DANBI_LINKS_URL"
	EnvLinksKey      = "DANBI_LINKS_KEY_FILE"
)

// Webhooks is how providers and recipients reach back over HTTP.
type Webhooks struct {
	Listen  string       // host:port; empty: not served by this process
	Secrets [][]byte     // that sign feedback; none: no feedback is taken over HTTP
	Links   *token.Links // nil: messages have no links of ours
}

// WebhooksFromEnv reads DANBI_WEBHOOK_* and DANBI_LINKS_*.
func WebhooksFromEnv() (Webhooks, error) {
	out := Webhooks{Listen: os.Getenv(EnvWebhookAddr)}
	var faults []error
	if file := os.Getenv(EnvWebhookSecret); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", EnvWebhookSecret, err))
		}
		for line := range bytes.Lines(text) {
			if secret := bytes.TrimSpace(line); len(secret) >= leastSecret {
				out.Secrets = append(out.Secrets, secret)
			} else if len(secret) > 0 {
				faults = append(faults, fmt.Errorf("%s: a secret has %d characters; %d are the least", EnvWebhookSecret, len(secret), leastSecret))
			}
		}
		if err == nil && len(out.Secrets) == 0 {
			faults = append(faults, fmt.Errorf("%s: %s holds no secret: write one a line", EnvWebhookSecret, file))
		}
	}
	base, file := os.Getenv(EnvLinksURL), os.Getenv(EnvLinksKey)
	switch {
	case base == "" && file == "":
	case base == "" || file == "":
		faults = append(faults, fmt.Errorf("%s and %s belong together: set both, or none", EnvLinksURL, EnvLinksKey))
	default:
		key, err := os.ReadFile(file)
		if err == nil {
			out.Links, err = token.New(base, bytes.TrimSpace(key))
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s, %s: %w", EnvLinksURL, EnvLinksKey, err))
		}
	}
	return out, errors.Join(faults...)
}

const leastSecret = 16

// links is nil where there are none: an interface that holds a nil pointer is not.
func (w Webhooks) links() dispatch.Links {
	if w.Links == nil {
		return nil
	}
	return w.Links
}

// newInbox keeps feedback in the warehouse and counts it.
func newInbox(store *warehouse.Warehouse, registry *prometheus.Registry) *receipts.Inbox {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "danbi_feedback_total", Help: "What providers and recipients said of messages, by kind and what became of it: kept, or why it is in quarantine.",
	}, []string{"kind", "became"})
	registry.MustRegister(total)
	return receipts.New(store, clock.Wall, func(kind dispatch.FeedbackKind, what string, n int) {
		total.WithLabelValues(string(kind), what).Add(float64(n))
	})
}

// serve takes feedback over HTTP until ctx ends. ready is called with the address.
func (w Webhooks) serve(ctx context.Context, inbox dispatch.Inbox, registry *prometheus.Registry, ready func(string)) error {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "danbi_webhook_requests_total", Help: "Requests of providers and recipients, by endpoint and outcome.",
	}, []string{"endpoint", "outcome"})
	registry.MustRegister(total)
	listener, err := net.Listen("tcp", w.Listen)
	if err != nil {
		return fmt.Errorf("listen for webhooks: %w", err)
	}
	server := &http.Server{
		Handler: webhook.New(webhook.Config{
			Inbox: inbox, Secrets: w.Secrets, Links: w.Links, Now: clock.Wall,
			Count: func(endpoint, outcome string) { total.WithLabelValues(endpoint, outcome).Inc() },
		}),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 90 * time.Second, MaxHeaderBytes: 32 << 10,
	}
	go func() {
		<-ctx.Done()
		limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(limited)
	}()
	if ready != nil {
		ready(listener.Addr().String())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// RunWebhooks serves webhooks in a process of their own until ctx ends.
func RunWebhooks(ctx context.Context, store *warehouse.Warehouse, w Webhooks, metrics string, ready func(string)) error {
	registry := NewRegistry()
	inbox := newInbox(store, registry)
	go inbox.Serve(ctx)
	failed := make(chan error, 2)
	if metrics != "" {
		go func() { failed <- ServeMetrics(ctx, metrics, registry) }()
	}
	go func() { failed <- w.serve(ctx, inbox, registry, ready) }()
	return <-failed
}
