package sink

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what the sink counts, in a registry of its own so that many sinks fit in one process.
type metrics struct {
	registry    *prometheus.Registry
	connections prometheus.Counter
	accepted    prometheus.Counter
	texts       prometheus.Counter
	posted      prometheus.Counter
	refused     *prometheus.CounterVec
	lookups     prometheus.Counter
	paid        prometheus.Counter
}

func newMetrics(box *mailbox, till *till) *metrics {
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		connections: prometheus.NewCounter(prometheus.CounterOpts{Name: "danbi_sink_connections_total", Help: "Connections by SMTP and SMPP."}),
		accepted:    prometheus.NewCounter(prometheus.CounterOpts{Name: "danbi_sink_mails_total", Help: "Mails kept since the start."}),
		texts:       prometheus.NewCounter(prometheus.CounterOpts{Name: "danbi_sink_texts_total", Help: "Text messages kept since the start, by part."}),
		posted:      prometheus.NewCounter(prometheus.CounterOpts{Name: "danbi_sink_posted_total", Help: "Messages kept by HTTP since the start."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "danbi_sink_refused_total", Help: "Messages refused, by kind."}, []string{"kind"}),
		lookups: prometheus.NewCounter(prometheus.CounterOpts{Name: "danbi_sink_lookups_total", Help: "Message-IDs asked for."}),
		paid:    prometheus.NewCounter(prometheus.CounterOpts{Name: "danbi_sink_payouts_total", Help: "Payouts made since the start."}),
	}
	m.registry.MustRegister(m.connections, m.accepted, m.texts, m.posted, m.refused, m.lookups, m.paid,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "danbi_sink_messages", Help: "Messages kept, by Message-ID."},
			func() float64 { return float64(box.Count().Messages) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "danbi_sink_payouts", Help: "Payouts kept."},
			func() float64 { return float64(till.Count()) }))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
