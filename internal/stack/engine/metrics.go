package engine

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

type metrics struct {
	registry *prometheus.Registry
	seconds  *prometheus.HistogramVec
	failures *prometheus.CounterVec
	bytes    prometheus.Counter
	killed   prometheus.Counter
}

func newMetrics(running func() float64) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "danbi_engine_statement_seconds", Help: "Wall time of statements by their first keyword.",
			Buckets: prometheus.ExponentialBuckets(0.002, 4, 9),
		}, []string{"kind"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "danbi_engine_statement_failures_total", Help: "Statements that failed, by ClickHouse's code.",
		}, []string{"code"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "danbi_engine_sent_bytes_total", Help: "Bytes of answers."}),
		killed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "danbi_engine_killed_total", Help: "Statements ended because their client went away."}),
	}
	m.registry.MustRegister(m.seconds, m.failures, m.bytes, m.killed,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "danbi_engine_statements_running", Help: "Statements running now."}, running),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// First keywords that get a series of their own; anything else is "other", so
// that no client can make series without end.
var kinds = map[string]bool{
	"hello": true, "refused": true, "unread": true, "select": true, "with": true, "insert": true,
	"create": true, "alter": true, "drop": true, "exchange": true, "optimize": true, "describe": true, "system": true,
}

func kindOf(word string) string {
	if kinds[word] {
		return word
	}
	return "other"
}

func (m *metrics) observe(kind string, err error, took time.Duration, sent int) {
	m.seconds.WithLabelValues(kind).Observe(took.Seconds())
	m.bytes.Add(float64(sent))
	if err != nil {
		code := "gone"
		if !errors.Is(err, errGone) {
			code = strconv.Itoa(asException(err).code)
		}
		m.failures.WithLabelValues(code).Inc()
	}
}

// storeCollector reads the engine's own gauges when it is scraped.
type storeCollector struct {
	open func() (*connection, error)
	desc *prometheus.Desc
}

func newStoreCollector(open func() (*connection, error)) *storeCollector {
	return &storeCollector{open: open, desc: prometheus.NewDesc(
		"danbi_engine_clickhouse_metric", "The engine's own gauges, from system.metrics.", []string{"metric"}, nil)}
}

func (s *storeCollector) Describe(out chan<- *prometheus.Desc) { out <- s.desc }

func (s *storeCollector) Collect(out chan<- prometheus.Metric) {
	conn, err := s.open()
	if err != nil {
		return
	}
	defer conn.close()
	const sql = `SELECT metric, value FROM system.metrics
WHERE metric IN ('Query', 'Merge', 'PartMutation', 'MemoryTracking', 'PartsActive', 'PartsOutdated')`
	var table bytes.Buffer
	_, err = conn.exec(sql, "TabSeparated", nil, func(chunk []byte) error { table.Write(chunk); return nil })
	if err != nil {
		return
	}
	for line := range strings.Lines(table.String()) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if value, err := strconv.ParseFloat(text, 64); err == nil {
			out <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, value, name)
		}
	}
}
