package warehouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// Every decision about a customer is there once, in the order in which it was made, with its reason; those of another
// plan, and attempts that were only begun, are not.
func TestEveryDecisionIsListedOnce(t *testing.T) {
	w := stacktest.Warehouse(t)
	run := testRun("decided")
	audience := [][]any{
		{run.Campaign, run.Occurrence, uint16(1), run.Launch, uint32(7), "treated", "treated", float32(.5), float32(.9)},
		{run.Campaign, run.Occurrence, uint16(1), run.Launch, uint32(7), "treated", "treated", float32(.5), float32(.9)},
		{run.Campaign, run.Occurrence, uint16(1), run.Launch, uint32(150_000), "left_out", "no_consent", float32(0), float32(0)},
		{run.Campaign, run.Occurrence, uint16(2), run.Launch, uint32(7), "control", "control", float32(.5), float32(.1)},
	}
	put(t, w, "audience (campaign, occurrence, plan, launch, customer_key, arm, reason, score, propensity)", audience...)
	put(t, w, intoAssignments, []any{run.Campaign, run.Occurrence, uint16(1), run.Launch, uint32(7), "gold", int64(300_000), int64(10_000)})
	put(t, w, "planned_deliveries (campaign, occurrence, plan, rebase, launch, touch, customer_key, channel, wave, planned_at, source, blocked, hour_propensity)",
		[]any{run.Campaign, run.Occurrence, uint16(1), uint16(0), run.Launch, "first", uint32(7), "email", uint32(5), opens.Add(9 * time.Hour), "learned", "", float32(.95)},
		[]any{run.Campaign, run.Occurrence, uint16(1), uint16(0), run.Launch, "first", uint32(150_000), "email", uint32(0), opens, "fallback", "no_address", float32(0)})
	put(t, w, intoEvents,
		[]any{run.Campaign, run.Occurrence, run.Launch, "first", uint32(7), "email", uint8(1), "attempting", opens.Add(9 * time.Hour)},
		[]any{run.Campaign, run.Occurrence, run.Launch, "first", uint32(7), "email", uint8(1), "sent", opens.Add(9 * time.Hour)})
	put(t, w, "redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)",
		[]any{run.Campaign, run.Occurrence, run.Launch, uint32(7), "gold", uint16(1), opens.Add(30 * time.Hour), uint64(3), int64(310_000), int64(10_000), "KRW"})
	require.NoError(t, w.SaveDecision(t.Context(), run, campaign.Decision{Key: "approve/1", Action: "approve", Actor: "policy", Subject: "hash"}))

	last, err := w.LastDecided(t.Context(), run)
	require.NoError(t, err)
	require.Equal(t, uint32(150_000), last)
	list := func(step string) (got []string) {
		require.NoError(t, w.Decisions(t.Context(), run, step, 1, last, func(d warehouse.Decided) error {
			got = append(got, d.Step+": "+d.Decided+" ("+d.Reason+")")
			return nil
		}))
		return got
	}
	require.Equal(t, []string{
		"audience: treated (treated)", "offer: gold (best)", "hour: first by email (learned)", "message: first sent ()", "reward: gold met ()",
		"audience: left_out (no_consent)", "hour: first blocked (no_address)",
	}, list(""))
	require.Equal(t, []string{"audience: treated (treated)", "audience: left_out (no_consent)"}, list("audience"))

	var about []warehouse.Decided
	require.NoError(t, w.RunDecisions(t.Context(), run, func(d warehouse.Decided) error { about = append(about, d); return nil }))
	require.Len(t, about, 1)
	require.Equal(t, "approve", about[0].Decided)
	require.Contains(t, about[0].Numbers, "actor=policy subject=hash")
}
