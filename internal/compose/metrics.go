package compose

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/client"
)

// NewRegistry is a Prometheus registry with the process's own figures.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// ServeMetrics serves /metrics on an address until the context ends.
func ServeMetrics(ctx context.Context, listen string, registry *prometheus.Registry) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen for metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// sdkMetrics shows the Temporal SDK's metrics in Prometheus. A metric's label names are those of its first use.
type sdkMetrics struct {
	vectors *vectors
	tags    map[string]string
}

func newSDKMetrics(registry *prometheus.Registry) client.MetricsHandler {
	return sdkMetrics{vectors: &vectors{registry: registry, known: map[string]any{}}}
}

func (m sdkMetrics) WithTags(tags map[string]string) client.MetricsHandler {
	merged := maps.Clone(tags)
	if merged == nil {
		merged = map[string]string{}
	}
	for k, v := range m.tags {
		if _, ok := merged[k]; !ok {
			merged[k] = v
		}
	}
	return sdkMetrics{vectors: m.vectors, tags: merged}
}

func (m sdkMetrics) Counter(name string) client.MetricsCounter {
	v := vector(m.vectors, name, m.tags, func(labels []string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: metricName(name), Help: "Temporal SDK: " + name}, labels)
	})
	return counter{v.With(m.labels())}
}

func (m sdkMetrics) Gauge(name string) client.MetricsGauge {
	v := vector(m.vectors, name, m.tags, func(labels []string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: metricName(name), Help: "Temporal SDK: " + name}, labels)
	})
	return gauge{v.With(m.labels())}
}

func (m sdkMetrics) Timer(name string) client.MetricsTimer {
	v := vector(m.vectors, name, m.tags, func(labels []string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: metricName(name) + "_seconds", Help: "Temporal SDK: " + name, Buckets: prometheus.ExponentialBuckets(.001, 4, 10),
		}, labels)
	})
	return timer{v.With(m.labels())}
}

func (m sdkMetrics) labels() prometheus.Labels {
	labels := prometheus.Labels{}
	for k, v := range m.tags {
		labels[metricName(k)] = v
	}
	return labels
}

// vectors are the metrics by name and label names: one name may come with several sets of labels, told apart by a suffix of their number.
type vectors struct {
	registry *prometheus.Registry
	mu       sync.Mutex
	known    map[string]any
}

func vector[V prometheus.Collector](in *vectors, name string, tags map[string]string, build func(labels []string) V) V {
	labels := make([]string, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		labels = append(labels, metricName(k))
	}
	key := name + "|" + strings.Join(labels, ",")
	in.mu.Lock()
	defer in.mu.Unlock()
	if v, ok := in.known[key].(V); ok {
		return v
	}
	v := build(labels)
	in.known[key] = v
	// A second set of labels for one name is refused by the registry; it still counts, unseen, rather than crash a worker.
	_ = in.registry.Register(v)
	return v
}

func metricName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
}

type counter struct{ prometheus.Counter }

func (c counter) Inc(n int64) { c.Add(float64(n)) }

type gauge struct{ prometheus.Gauge }

func (g gauge) Update(v float64) { g.Set(v) }

type timer struct{ prometheus.Observer }

func (t timer) Record(d time.Duration) { t.Observe(d.Seconds()) }
