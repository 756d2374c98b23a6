package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

// A name that a text message can't carry keeps its customer out, under a reason of its own in the dry run and when the
// message would leave; where the policy has foreign characters replaced, it does not.
func TestAForeignNameHasAReasonOfItsOwn(t *testing.T) {
	t.Parallel()
	w, p := stacktest.Warehouse(t), startSink(t)
	const n = 20
	people(t, w, n)
	before := launch.AddDate(0, -1, 0)
	for c := uint32(1); c <= n; c++ {
		put(t, w, "contacts (customer_key, channel, address, updated_at)", []any{c, "sms", "0101234" + itoa(1000+c), before})
		put(t, w, "consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)", []any{c, "sms", "marketing", uint8(0), before, uint8(1), "form", before})
	}
	put(t, w, "identities (customer_key, external_id, name, updated_at)", []any{uint32(1), "ext1", "김👨‍👩‍👧1", before}, []any{uint32(2), "ext2", "김e\u0301", before}, []any{uint32(4), "ext4", "\u1100\u1175\u11b74", before})
	brief := mailBrief()
	brief.Spec.Touches[0].Channels = []string{"sms"}
	brief.Spec.Touches[0].Message = map[string]map[string]campaign.Template{"sms": {"ko": {Text: "(광고) {{ name }}님, {{ threshold }} 쓰면 {{ reward }}\n무료 수신거부 080-000-0000"}}}
	brief.Policy.Sender.Number = "1588-0000"
	d := newDispatch(w, nil)
	d.Briefs, d.Channels = brief, p.channels(t)
	plan := planAll(t, d)
	dry, err := call(t.Context(), d.RenderMessages, activities.RenderMessagesInput{Run: mailRun, Touch: "first", Shard: whole})
	require.NoError(t, err)
	require.EqualValues(t, n-2, dry.Rendered, "%+v", dry)
	var out uint64
	for _, f := range dry.Faults {
		require.Equal(t, dispatch.ReasonForeign, f.Kind)
		require.False(t, f.Blocks)
		out += f.Customers
	}
	require.EqualValues(t, 2, out)
	sent := everybody(t, d, plan)
	require.EqualValues(t, n-2, sent.Sent, "%+v", sent)
	require.Equal(t, map[string]uint64{dispatch.ReasonForeign: 2}, sent.Suppressed, "letters that only look apart are put together: 4 got it")

	brief.Policy.Texts = &campaign.Texts{Foreign: campaign.ForeignReplace, Instead: "*"}
	d.Briefs = brief
	dry, err = call(t.Context(), d.RenderMessages, activities.RenderMessagesInput{Run: mailRun, Touch: "first", Shard: whole})
	require.NoError(t, err)
	require.Empty(t, dry.Faults)
	require.EqualValues(t, n, dry.Rendered)
}
