package compose

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/danbi-project/danbi/activities"
)

// outcomes count what became of deliveries and payouts, by the results of the activities that made them. A result that
// was lost on its way to Temporal is made again and counts again: these are for alerts; the books are in the warehouse.
type outcomes struct{ deliveries, payouts *prometheus.CounterVec }

func newOutcomes(registry *prometheus.Registry) outcomes {
	o := outcomes{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "danbi_deliveries_total", Help: "Deliveries by the state in which a wave left them"}, []string{"state"}),
		payouts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "danbi_payouts_total", Help: "Payouts by outcome"}, []string{"outcome"}),
	}
	registry.MustRegister(o.deliveries, o.payouts)
	return o
}

func (o outcomes) observe(result any) {
	switch out := result.(type) {
	case activities.DeliverWaveOutput:
		var suppressed uint64
		for _, n := range out.Suppressed {
			suppressed += n
		}
		for state, n := range map[string]uint64{
			"sent": out.Sent, "failed": out.Failed, "bounced": out.Bounced, "expired": out.Expired, "unknown": out.Unknown, "suppressed": suppressed,
		} {
			o.deliveries.WithLabelValues(state).Add(float64(n))
		}
	case activities.PayDuesOutput:
		for outcome, n := range map[string]uint64{"paid": out.Paid, "refused": out.Refused, "unknown": out.Unknown} {
			o.payouts.WithLabelValues(outcome).Add(float64(n))
		}
	}
}
