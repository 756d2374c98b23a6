package campaign

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPlanApprovesItselfOnlyWithinEveryLimit(t *testing.T) {
	most := Limits{Currency: "KRW", Expected: 1000, Exposure: 3000, Reward: 100, Customers: 10}
	policy := Policy{Limits: most, AutoApprove: &most}
	within := Figures{Currency: "KRW", Expected: 1000, Exposure: 3000, Reward: 100, Customers: 10}
	approves, reasons := policy.AutoApproves(within)
	require.True(t, approves)
	require.Empty(t, reasons)
	for field, beyond := range map[string]func(*Figures){
		"expected":  func(f *Figures) { f.Expected++ },
		"exposure":  func(f *Figures) { f.Exposure++ },
		"reward":    func(f *Figures) { f.Reward++ },
		"customers": func(f *Figures) { f.Customers++ },
	} {
		plan := within
		beyond(&plan)
		approves, reasons := policy.AutoApproves(plan)
		require.False(t, approves, field)
		require.NotEmpty(t, reasons)
		for _, reason := range reasons {
			require.Equal(t, field, reason.Field)
			for _, language := range []string{"en", "ko"} {
				require.NotContains(t, reason.In(language), "%!", "a sentence that people can read")
			}
		}
	}
	policy.AutoApprove = nil
	approves, reasons = policy.AutoApproves(within)
	require.False(t, approves)
	require.Contains(t, reasons[0].In("en"), "a person")
	approves, _ = policy.AutoApproves(Figures{Currency: "USD"})
	require.False(t, approves, "no limits, nothing allowed")
}

func TestARateIsOfItsChannel(t *testing.T) {
	policy := Policy{Rates: []Rate{{Channel: ChannelEmail, PerSecond: 20}}}
	require.Equal(t, 20, policy.RateOf(ChannelEmail))
	require.Zero(t, policy.RateOf("sms"))
}
