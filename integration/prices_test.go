package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/workflows"
)

// Offers of a large audience are priced in rounds over shards: prices go out, sums come back. The worker is killed between
// rounds, and the plan is as good as the one that a single activity finds in memory, within every limit.
func TestPricesByShardsSurviveAKill(t *testing.T) {
	if stack.ExternalClickHouse() || stack.ExternalTemporal() {
		t.Skip("the environment names servers that are not ours to kill")
	}
	l := up(t, nil)
	b := brief(t, "card-spend.yaml", func(b *campaign.Brief) {
		b.Spec.Audience.Rule, b.Spec.Audience.Model, b.Spec.Audience.Rank = "purchases_90d >= 1", "none", "spend_90d"
		b.Spec.Audience.Size, b.Spec.Audience.Exclude = 0, campaign.Exclusion{}
		b.Spec.Budget.Expected, b.Spec.Budget.Exposure, b.Spec.Budget.Explore = 150_000, 1_500_000, 0
		b.Spec.Budget.Limits = []campaign.BudgetLimit{{ID: "seoul", Regions: []string{"seoul"}, Expected: 30_000}}
		b.Spec.Offers[2].Inventory = 8
	})
	l.populate(8_000, b)
	run := l.begin(workflows.CampaignInput{Brief: b, Clock: clock.Rehearse(b.Spec.Window.Starts.Time, 0), Population: true, Shards: 6, Together: 100})

	summed := func() (n int) {
		for _, event := range l.history(run.WorkflowID()).Events {
			if a := event.GetActivityTaskScheduledEventAttributes(); a.GetActivityType().GetName() == "SumOffers" {
				n++
			}
		}
		return n
	}
	before := l.stack.Restarts(stack.PartWorker)
	for deadline := time.Now().Add(3 * time.Minute); summed() == 0; time.Sleep(20 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "no shard was ever summed")
	}
	atKill := summed()
	require.NoError(t, l.stack.Kill(stack.PartWorker))
	require.NoError(t, l.stack.AwaitUp(t.Context(), stack.PartWorker, before+1))
	status := l.until(run, 5*time.Minute, "a plan", func(s workflows.Status) bool {
		return s.Stage == campaign.StageAwaiting || s.Stage == campaign.StageDispatching
	})

	var in activities.PriceOffersInput
	rounds := map[string]int{}
	for _, event := range l.history(run.WorkflowID()).Events {
		if event.GetEventType() != enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			continue
		}
		a := event.GetActivityTaskScheduledEventAttributes()
		rounds[a.GetActivityType().GetName()]++
		if a.GetActivityType().GetName() == "BeginPrices" {
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(a.GetInput(), &in))
		}
	}
	t.Logf("killed after %d sums; %v", atKill, rounds)
	require.Zero(t, rounds["PriceOffers"])
	require.Greater(t, rounds["SumOffers"], atKill, "the search went on after the kill")
	far := status.Prices
	require.EqualValues(t, far.Cost, l.count(`SELECT sum(toUInt64(expected_cost)) FROM (SELECT expected_cost FROM assignments WHERE campaign = {campaign:String} AND offer != 'none' LIMIT 1 BY customer_key)`, named(run)...), "what was written is what was priced")
	near, err := (&activities.Offers{Store: l.store, Briefs: l.store}).PriceOffers(t.Context(), in)
	require.NoError(t, err)
	once := near.Prices
	t.Logf("by shards: value %d, bound %.0f, cost %d; at once: value %d, bound %.0f", far.Value, far.DualBound, far.Cost, once.Value, once.DualBound)
	require.InEpsilon(t, once.DualBound, far.DualBound, 1e-3)
	// What a few whole customers are worth is what swaps add in memory.
	require.InEpsilon(t, float64(once.Value), float64(far.Value), 0.02)
	for _, limit := range far.Limits {
		require.LessOrEqual(t, limit.Used, limit.Most, limit.Name)
	}
}
