package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
)

// The checklist says what the comparison can see before anybody approves it, and never blocks for it.
func TestThePlanSaysWhatItCanSee(t *testing.T) {
	opens := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	spec := campaign.Spec{Measurement: campaign.Measurement{Metric: campaign.MetricSpend, Confidence: .95}}
	in := PreflightInput{Treated: 245_000, Control: 245_000, Times: campaign.Times{Opens: opens, Closes: opens.AddDate(0, 0, 28)}}
	// Published: with a deviation of 2.5 means, 2% more needs 245,000 in each arm.
	sums := measurement.Sums{Customers: 1000, Y: 1000, YY: 1000 * (1 + 2.5*2.5)}
	study := measurement.Study{{Metric: measurement.Spend, Arm: measurement.Treated}: sums, {Metric: measurement.Spend, Arm: measurement.Control}: sums}
	found := sized(study, measurement.Spend, in, spec)
	require.Len(t, found, 1)
	require.Equal(t, "smallest_lift", found[0].Kind)
	require.Contains(t, found[0].Message, "is 2.0%")
	require.False(t, found[0].Blocks)
	in.Treated, in.Control = 441_000, 49_000
	require.Contains(t, sized(study, measurement.Spend, in, spec)[0].Message, "control needs")
	none := sized(measurement.Study{}, measurement.Spend, in, spec)
	require.Equal(t, "unsized", none[0].Kind)
	require.False(t, none[0].Blocks)
}
