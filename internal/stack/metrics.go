package stack

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var (
	upMetric       = prometheus.NewDesc("danbi_stack_part_up", "1 while the part serves.", []string{"part"}, nil)
	restartsMetric = prometheus.NewDesc("danbi_stack_part_restarts_total", "How often the part crashed and was brought back.", []string{"part"}, nil)
)

// Describe implements prometheus.Collector.
func (s *Stack) Describe(out chan<- *prometheus.Desc) {
	out <- upMetric
	out <- restartsMetric
}

// Collect implements prometheus.Collector.
func (s *Stack) Collect(out chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		p.mu.Lock()
		up, restarts := 0.0, p.restarts
		if p.up {
			up = 1
		}
		p.mu.Unlock()
		out <- prometheus.MustNewConstMetric(upMetric, prometheus.GaugeValue, up, p.name)
		out <- prometheus.MustNewConstMetric(restartsMetric, prometheus.CounterValue, float64(restarts), p.name)
	}
}

func (s *Stack) serveMetrics() error {
	where, err := url.Parse(s.running.Metrics)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", where.Host)
	if err != nil {
		return fmt.Errorf("serve the stack's metrics: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(s, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	s.metrics = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.metrics.Serve(l) }()
	return nil
}
