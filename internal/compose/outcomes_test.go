package compose

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
)

func TestOutcomesAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	o := newOutcomes(registry)
	o.observe(activities.DeliverWaveOutput{Planned: 9, Sent: 5, Unknown: 2, Suppressed: map[string]uint64{"cap": 1, "consent": 1}})
	o.observe(activities.DeliverWaveOutput{Sent: 1})
	o.observe(activities.PayDuesOutput{Dues: 3, Paid: 2, Refused: 1})
	o.observe(nil)
	o.observe(activities.CloseTouchOutput{})

	families, err := registry.Gather()
	require.NoError(t, err)
	got := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			got[family.GetName()+" "+m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
	}
	require.Equal(t, map[string]float64{
		"danbi_deliveries_total sent": 6, "danbi_deliveries_total unknown": 2, "danbi_deliveries_total suppressed": 2,
		"danbi_deliveries_total failed": 0, "danbi_deliveries_total bounced": 0, "danbi_deliveries_total expired": 0,
		"danbi_payouts_total paid": 2, "danbi_payouts_total refused": 1, "danbi_payouts_total unknown": 0,
	}, got)
}
