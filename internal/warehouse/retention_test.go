package warehouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// What need not be kept goes, whole runs at a time, and what sums it up stays. Who is erased has no name any more, and
// counts as before.
func TestWhatNeedNotBeKeptGoes(t *testing.T) {
	w := stacktest.Warehouse(t)
	old, young := testRun("kept-long-enough"), testRun("still-kept")
	into := "campaigns (campaign, occurrence, plan, kind, launch, ends, spec, hash)"
	put(t, w, into, []any{old.Campaign, uint32(1), uint16(1), "live", opens, opens.AddDate(0, 0, 28), "{}", "h"},
		[]any{young.Campaign, uint32(1), uint16(1), "live", opens.AddDate(2, 0, 0), opens.AddDate(2, 1, 0), "{}", "h"})
	for _, run := range []campaign.Run{old, young} {
		put(t, w, "audience (campaign, occurrence, plan, launch, customer_key, arm)", []any{run.Campaign, uint32(1), uint16(1), run.Launch, uint32(7), "treated"}, []any{run.Campaign, uint32(1), uint16(1), run.Launch, uint32(8), "control"})
		put(t, w, intoAssignments, []any{run.Campaign, uint32(1), uint16(1), run.Launch, uint32(7), "gold", int64(300_000), int64(10_000)})
		put(t, w, intoEvents, []any{run.Campaign, uint32(1), run.Launch, "first", uint32(7), "email", uint8(1), "sent", opens})
		require.NoError(t, w.SaveDecision(t.Context(), run, campaign.Decision{Key: "approve/1", Action: "approve", Actor: "policy"}))
		require.NoError(t, w.SaveResults(t.Context(), run, measurement.Study{{Metric: measurement.Spend, Arm: "treated"}: {Customers: 1, Y: 5}}, opens))
		require.NoError(t, w.SaveReport(t.Context(), run, `{"final":true}`, opens))
	}
	listed := func(run campaign.Run) (n int) {
		require.NoError(t, w.Decisions(t.Context(), run, "", 1, 100, func(warehouse.Decided) error { n++; return nil }))
		return n
	}
	due, err := w.KeptBefore(t.Context(), opens.AddDate(2, 0, 0))
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, old.Campaign, due[0].Run.Campaign)
	require.EqualValues(t, 4, due[0].Rows)
	require.Equal(t, 4, listed(old))
	for range 2 {
		require.NoError(t, w.Prune(t.Context(), due[0].Run))
	}
	require.Zero(t, listed(old))
	require.Equal(t, 4, listed(young))
	due, err = w.KeptBefore(t.Context(), opens.AddDate(2, 0, 0))
	require.NoError(t, err)
	require.Empty(t, due)
	study, err := w.Results(t.Context(), old)
	require.NoError(t, err)
	require.Len(t, study, 1, "what was measured stays")
	_, err = w.LatestReport(t.Context(), old.Campaign, 1)
	require.NoError(t, err)
	approved := 0
	require.NoError(t, w.RunDecisions(t.Context(), old, func(warehouse.Decided) error { approved++; return nil }))
	require.Equal(t, 1, approved)

	put(t, w, "identities (customer_key, external_id, name, updated_at)", []any{uint32(7), "C-7", "김하나", time.Now()}, []any{uint32(8), "C-8", "이둘", time.Now()})
	put(t, w, "contacts (customer_key, channel, address, updated_at)", []any{uint32(7), "email", "c7@customers.example.invalid", time.Now()})
	require.NoError(t, w.Erase(t.Context(), 7))
	_, err = w.FindCustomer(t.Context(), "C-7")
	require.ErrorIs(t, err, warehouse.ErrNoCustomer)
	_, err = w.FindCustomer(t.Context(), "C-8")
	require.NoError(t, err)
	require.Equal(t, 4, listed(young), "what is counted is counted as before")
}
