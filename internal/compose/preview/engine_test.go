package preview

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/world"
)

func brief() campaign.Brief {
	starts := time.Date(2026, 7, 1, 0, 0, 0, 0, world.Home)
	rung := func(id string, step, reward money.Minor) campaign.Offer {
		return campaign.Offer{ID: id, Kind: campaign.OfferThreshold, Reward: reward, Threshold: campaign.Threshold{Step: step, Stretch: 1, RoundTo: 10_000, Min: 30_000}}
	}
	return campaign.Brief{
		Spec: campaign.Spec{
			Campaign: "spring", Currency: "KRW", Zone: "Asia/Seoul", Language: "ko",
			Window:   campaign.Window{Starts: campaign.Moment{Time: starts}, Length: campaign.Duration(28 * 24 * time.Hour)},
			Audience: campaign.Audience{Rule: "purchases_90d >= 1", Model: campaign.ModelNone, Rank: "spend_90d", Size: 300, Control: 0.1, Purpose: "marketing"},
			Offers:   []campaign.Offer{rung("small", 30_000, 3000), rung("large", 100_000, 9000)},
			Budget:   campaign.Budget{Expected: 200_000, Exposure: 2_000_000, Margin: 0.3},
			Touches:  []campaign.Touch{{ID: "first", Channels: []string{"email"}}},
		},
		Policy: campaign.Policy{Salt: "s", Holdout: 0.02, ConsentAge: campaign.Duration(2 * 365 * 24 * time.Hour)},
	}
}

func TestAPreviewWritesNothingButTheSnapshot(t *testing.T) {
	w := stacktest.Warehouse(t)
	until := time.Date(2026, 7, 1, 0, 0, 0, 0, world.Home)
	people, err := world.New(world.Population{Customers: 3000, Months: 12, Seed: 3, Until: until})
	require.NoError(t, err)
	_, err = people.Create(t.Context(), w, world.Making{})
	require.NoError(t, err)
	steps := 0
	p, err := Make(t.Context(), w, brief(), until, How{Progress: func(int, int) { steps++ }})
	require.NoError(t, err)
	require.Positive(t, steps)
	require.Empty(t, p.Problem)
	require.EqualValues(t, 3000, p.Customers)
	require.EqualValues(t, 300, p.Treated+p.Control)
	require.Equal(t, "model_none", p.Model.Note)
	require.Equal(t, "no_past_offers", p.Knowledge.Note)
	var counted, given uint64
	for _, step := range p.Funnel {
		counted += step.Customers
		require.NotEmpty(t, step.Examples, step.Reason)
	}
	require.EqualValues(t, 3000, counted)
	for _, r := range p.Offers {
		given += r.Customers
		var drawn uint64
		for _, b := range r.Thresholds {
			drawn += b.Customers
		}
		require.Equal(t, r.Customers, drawn)
	}
	require.Equal(t, p.Treated, given+p.None)
	require.LessOrEqual(t, p.Budget.Cost, p.Budget.Expected)
	for _, table := range []string{"audience", "assignments", "campaigns", "models", "offer_knowledge"} {
		var rows uint64
		require.NoError(t, w.Conn().QueryRow(t.Context(), "SELECT count() FROM "+table+" WHERE 1").Scan(&rows))
		require.Zero(t, rows, table)
	}

	again, err := Make(t.Context(), w, brief(), until, How{})
	require.NoError(t, err)
	require.Equal(t, p, again)

	poor := brief()
	poor.Spec.Budget.Expected = 5
	p, err = Make(t.Context(), w, poor, until, How{})
	require.NoError(t, err)
	require.Contains(t, p.Problem, "budget.expected is 5")
	require.NotEmpty(t, p.Funnel, "what was found before is shown")

	// A sample says the same within its intervals, and counts the rule over all.
	whole, err := Make(t.Context(), w, brief(), until, How{})
	require.NoError(t, err)
	some, err := Make(t.Context(), w, brief(), until, How{Sample: 960, Oldest: time.Hour})
	require.NoError(t, err)
	require.InDelta(t, 960, float64(some.Sample), 1)
	var fit, all uint64
	for _, step := range whole.Funnel {
		if step.Reason != targeting.ReasonRule {
			fit += step.Customers
		}
		for _, estimate := range some.Funnel {
			if estimate.Reason == step.Reason && step.Customers > 30 {
				require.LessOrEqual(t, float64(estimate.Low), 1.15*float64(step.Customers), step.Reason)
				require.GreaterOrEqual(t, float64(estimate.High), .85*float64(step.Customers), step.Reason)
			}
		}
	}
	for _, estimate := range some.Funnel {
		all += estimate.Customers
		require.LessOrEqual(t, estimate.Low, estimate.Customers, estimate.Reason)
		require.GreaterOrEqual(t, estimate.High, estimate.Customers, estimate.Reason)
	}
	require.InDelta(t, 3000, float64(all), 5)
	require.InDelta(t, float64(fit), .98*float64(*some.Matches)+.02*3000, 60)
	require.InDelta(t, 300, float64(some.Treated+some.Control), 15)
	require.Equal(t, NoteNotLearned, some.Knowledge.Note)

	nobody := brief()
	nobody.Spec.Audience.Rule = "age > 200"
	p, err = Make(t.Context(), w, nobody, until, How{})
	require.NoError(t, err)
	require.Contains(t, p.Problem, "nobody may be chosen")
	require.EqualValues(t, 3000-p.Funnel[0].Customers, p.Funnel[1].Customers)
}
