package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// What rule packs say of consent holds at the second of sending: a consent that has to be confirmed, the exception for
// own customers, a withdrawal that ends it, an objection to profiling. Each reason is counted, before launch too.
func TestPacksAreHeededAtTheSecondOfSending(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	const n = 40
	people(t, w, n)
	soon := launch.Add(-time.Hour)
	for c := uint32(1); c <= 10; c++ {
		put(t, w, "transactions (customer_key, at, id, line, kind, amount, currency)", []any{c, launch.AddDate(0, -2, 0), uint64(c), uint16(0), "purchase", int64(1000), "KRW"})
	}
	put(t, w, "consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)",
		[]any{uint32(1), "email", "profiling", uint8(0), soon, uint8(0), "letter", soon},
		[]any{uint32(2), "email", "marketing", uint8(0), soon, uint8(0), "link", soon})
	brief := mailBrief()
	brief.Policy.Rules = &campaign.Rules{OwnCustomers: true, Packs: []campaign.RulePack{{
		ID: "test", Version: 1, Purpose: "marketing", Source: "test", Reconfirm: campaign.Duration(100 * 24 * time.Hour), OwnCustomers: campaign.Duration(183 * 24 * time.Hour), Objection: true,
	}}}
	d := newDispatch(w, mail.channel(t))
	d.Briefs = brief
	plan := planAll(t, d)
	dry, err := call(t.Context(), d.RenderMessages, activities.RenderMessagesInput{Run: mailRun, Touch: "first", Shard: whole})
	require.NoError(t, err)
	expected := map[string]uint64{dispatch.ReasonObjected: 1, dispatch.ReasonNoConsent: 1, dispatch.ReasonOldConsent: n - 10}
	require.Equal(t, expected, dry.Refused)
	require.EqualValues(t, 8, dry.Rendered)
	out := everybody(t, d, plan)
	require.EqualValues(t, n, out.Planned)
	require.Equal(t, expected, out.Suppressed)
	require.EqualValues(t, 8, out.Sent)
}
