package warehouse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

func TestBriefsAreKeptByPlan(t *testing.T) {
	w := stacktest.Warehouse(t)
	ctx := t.Context()
	launch := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	run := campaign.Run{Campaign: "spring", Occurrence: 1, Plan: 1, Launch: launch}
	times := campaign.Times{Opens: launch, Closes: launch.AddDate(0, 0, 14)}
	brief := campaign.Brief{Spec: campaign.Spec{Campaign: "spring", Currency: "KRW", Title: campaign.Text{"ko": "봄"}}, Policy: campaign.Policy{Salt: "s"}}

	_, err := w.Brief(ctx, run)
	require.ErrorIs(t, err, campaign.ErrNoBrief)
	require.NoError(t, w.SaveBrief(ctx, run, "live", brief, times))
	require.NoError(t, w.SaveBrief(ctx, run, "live", brief, times), "registering twice is registering once")
	read, err := w.Brief(ctx, run)
	require.NoError(t, err)
	require.Equal(t, brief, read)
	var rows uint64
	require.NoError(t, w.Conn().QueryRow(ctx, "SELECT count() FROM campaigns").Scan(&rows))
	require.EqualValues(t, 1, rows)

	other := brief
	other.Spec.Currency = "USD"
	require.ErrorIs(t, w.SaveBrief(ctx, run, "live", other, times), campaign.ErrPlanTaken)
	next := run
	next.Plan = 2
	require.NoError(t, w.SaveBrief(ctx, next, "live", other, times), "before the first send, a new plan may replace the brief")

	require.NoError(t, w.Conn().Exec(ctx, "INSERT INTO delivery_events (campaign, occurrence, touch, customer_key, attempt, state) VALUES ('spring', 1, 'first', 1, 1, 'attempting')"))
	next.Plan = 3
	third := brief
	third.Spec.Currency = "EUR"
	require.ErrorIs(t, w.SaveBrief(ctx, next, "live", third, times), campaign.ErrUsed)
}
