package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
)

func TestTheChecklistBlocksWhatMustNotLaunch(t *testing.T) {
	opens := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	brief := campaign.Brief{
		Spec:   campaign.Spec{Audience: campaign.Audience{Control: .1}, Budget: campaign.Budget{Expected: 100, Exposure: 300}},
		Policy: campaign.Policy{SnapshotAge: campaign.Duration(72 * time.Hour), Limits: campaign.Limits{Expected: 100, Exposure: 300}},
	}
	good := PreflightInput{
		Snapshot: Snapshot{Instant: opens.Add(-time.Hour)}, Times: campaign.Times{Opens: opens, Closes: opens.AddDate(0, 0, 28)},
		Treated: 10, Control: 1, Prices: Prices{Cost: 100, Out: 300}, Waves: map[uint32]uint64{1: 10},
	}
	require.Empty(t, findings(good, brief))
	for kind, spoil := range map[string]func(*PreflightInput){
		"nobody_treated":    func(in *PreflightInput) { in.Treated = 0 },
		"nobody_in_control": func(in *PreflightInput) { in.Control = 0 },
		"nothing_planned":   func(in *PreflightInput) { in.Waves = nil },
		"over_expected":     func(in *PreflightInput) { in.Prices.Cost = 101 },
		"over_exposure":     func(in *PreflightInput) { in.Prices.Out = 301 },
		"stale_snapshot":    func(in *PreflightInput) { in.Snapshot.Instant = opens.Add(-73 * time.Hour) },
		"model_drifted":     func(in *PreflightInput) { in.Model.Drifted = []Drifted{{"spend_28d", .25}} },
		"unknown_field": func(in *PreflightInput) {
			in.Rendered = []RenderMessagesOutput{{Faults: []Fault{{Kind: "unknown_field", Blocks: true}}}}
		},
	} {
		in := good
		spoil(&in)
		found := findings(in, brief)
		require.Len(t, found, 1, kind)
		require.Equal(t, kind, found[0].Kind)
		require.True(t, found[0].Blocks, kind)
	}
	tightened := brief // by the policy's owner, after the spec was written
	tightened.Policy.Limits.Expected = 99
	breaches := findings(good, tightened)
	require.Len(t, breaches, 1)
	require.Equal(t, "rule_breach", breaches[0].Kind)
	require.True(t, breaches[0].Blocks)
	in := good
	in.Blocked, in.Capped = map[string]uint64{"no_address": 2}, 3
	for _, f := range findings(in, brief) {
		require.False(t, f.Blocks, "who is left out is told, and does not block")
	}
	require.Len(t, findings(in, brief), 2)
	in = good
	in.Model = Model{Drifted: []Drifted{{"spend_28d", .24}}, Uncompared: true, Ours: []string{"message_days"}}
	for _, f := range findings(in, brief) {
		require.False(t, f.Blocks, f.Kind)
	}
	require.Len(t, findings(in, brief), 3)
}
