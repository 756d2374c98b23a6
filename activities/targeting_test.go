package activities_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/internal/world"
)

// planned is a campaign planned up to its offers, by the activities alone, over a simulated population.
type planned struct {
	store    *warehouse.Warehouse
	brief    campaign.Brief
	run      campaign.Run
	clock    clock.Clock
	snapshot activities.Snapshot
	shards   []campaign.Shard
	model    activities.Model
	funnel   activities.Funnel // of scores
	cut      activities.Cut
}

func exampleBrief(t *testing.T, file string) campaign.Brief {
	t.Helper()
	spec, err := os.ReadFile("../examples/" + file)
	require.NoError(t, err)
	policy, err := os.ReadFile("../examples/policy.yaml")
	require.NoError(t, err)
	var b campaign.Brief
	b.Spec, err = campaign.Load(file, spec, campaign.WithRules(targeting.CheckRule), campaign.WithFeatures(targeting.CheckFeature))
	require.NoError(t, err)
	b.Policy, err = campaign.DecodePolicy("policy.yaml", policy)
	require.NoError(t, err)
	b.Spec, err = b.Policy.Complete(b.Spec)
	require.NoError(t, err)
	return b
}

func plan(t *testing.T, customers uint32, file string, change func(*campaign.Brief)) *planned {
	t.Helper()
	ctx := t.Context()
	p := &planned{store: stacktest.Warehouse(t), brief: exampleBrief(t, file)}
	times, err := p.brief.Spec.Times(time.Time{})
	require.NoError(t, err)
	instant := times.Opens.Add(-24 * time.Hour).In(world.Home)
	until := time.Date(instant.Year(), instant.Month(), instant.Day(), 0, 0, 0, 0, world.Home)
	w, err := world.New(world.Population{Customers: customers, Months: 14, Seed: 7, Until: until, Campaigns: 2})
	require.NoError(t, err)
	_, err = w.Create(ctx, p.store, world.Making{})
	require.NoError(t, err)
	if change != nil {
		change(&p.brief)
	}
	p.run, err = p.brief.Spec.Run(1, 1, times.Opens)
	require.NoError(t, err)
	require.NoError(t, p.store.SaveBrief(ctx, p.run, "rehearsal", p.brief, times))
	p.clock = clock.Rehearse(until, 0)
	return p
}

func (p *planned) extract(t *testing.T, shards int) {
	t.Helper()
	ctx := t.Context()
	f := &activities.Features{Store: p.store, Briefs: p.store}
	out, err := f.PlanSnapshot(ctx, activities.PlanSnapshotInput{Run: p.run, Instant: p.clock.Now, Currency: p.brief.Spec.Currency, Zone: p.brief.Spec.Zone, Shards: shards})
	require.NoError(t, err)
	var customers uint64
	for _, shard := range out.Shards {
		one, err := f.ExtractFeatures(ctx, activities.ExtractFeaturesInput{Snapshot: out.Snapshot, Shard: shard})
		require.NoError(t, err)
		customers += one.Customers
	}
	published, err := f.PublishSnapshot(ctx, activities.PublishSnapshotInput{Snapshot: out.Snapshot, Shards: out.Shards, Customers: customers})
	require.NoError(t, err)
	p.snapshot, p.shards = published.Snapshot, out.Shards
}

func (p *planned) score(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	a := &activities.Targeting{Store: p.store, Briefs: p.store}
	fitted, err := a.FitModel(ctx, activities.FitModelInput{Run: p.run, Snapshot: p.snapshot})
	require.NoError(t, err)
	p.model, p.funnel = fitted.Model, activities.Funnel{}
	var scores [][]uint32
	for _, shard := range p.shards {
		out, err := a.ScoreAudience(ctx, activities.ScoreAudienceInput{Run: p.run, Snapshot: p.snapshot, Model: p.model, Clock: p.clock, Shard: shard})
		require.NoError(t, err)
		scores = append(scores, out.Scores)
		for reason, n := range out.Funnel {
			p.funnel[reason] += n
		}
	}
	cut, err := a.CutAudience(ctx, activities.CutAudienceInput{Run: p.run, Scores: scores})
	require.NoError(t, err)
	p.cut = cut.Cut
}

func (p *planned) choose(t *testing.T) activities.SelectAudienceOutput {
	t.Helper()
	a := &activities.Targeting{Store: p.store, Briefs: p.store}
	all := activities.SelectAudienceOutput{Funnel: activities.Funnel{}}
	for _, shard := range p.shards {
		out, err := a.SelectAudience(t.Context(), activities.SelectAudienceInput{Run: p.run, Snapshot: p.snapshot, Model: p.model, Cut: p.cut, Clock: p.clock, Shard: shard})
		require.NoError(t, err)
		for reason, n := range out.Funnel {
			all.Funnel[reason] += n
		}
		all.Treated, all.Control, all.Holdout = all.Treated+out.Treated, all.Control+out.Control, all.Holdout+out.Holdout
		all.Checksum += out.Checksum
	}
	return all
}

func (p *planned) assign(t *testing.T) (activities.Prices, activities.AssignOffersOutput, map[string]activities.Tier) {
	t.Helper()
	o := &activities.Offers{Store: p.store, Briefs: p.store}
	priced, err := o.PriceOffers(t.Context(), activities.PriceOffersInput{Run: p.run, Snapshot: p.snapshot, Shards: p.shards})
	require.NoError(t, err)
	var all activities.AssignOffersOutput
	tiers := map[string]activities.Tier{}
	for _, shard := range p.shards {
		out, err := o.AssignOffers(t.Context(), activities.AssignOffersInput{Run: p.run, Snapshot: p.snapshot, Prices: priced.Prices, Shard: shard})
		require.NoError(t, err)
		all.Assigned, all.Cost, all.Value, all.Checksum = all.Assigned+out.Assigned, all.Cost+out.Cost, all.Value+out.Value, all.Checksum+out.Checksum
		for _, tier := range out.Tiers {
			sum := tiers[tier.Offer]
			tiers[tier.Offer] = activities.Tier{Offer: tier.Offer, Customers: sum.Customers + tier.Customers, Exposure: sum.Exposure + tier.Exposure}
		}
	}
	return priced.Prices, all, tiers
}

func count(t *testing.T, w *warehouse.Warehouse, query string) uint64 {
	t.Helper()
	var n uint64
	require.NoError(t, w.Conn().QueryRow(t.Context(), query).Scan(&n))
	return n
}

func TestAnExampleIsPlannedFromFeaturesToOffers(t *testing.T) {
	const customers = 8_000
	p := plan(t, customers, "card-spend.yaml", func(b *campaign.Brief) {
		b.Spec.Audience.Size, b.Spec.Budget.Expected, b.Spec.Budget.Exposure = 900, 400_000, 4_000_000
	})
	p.extract(t, 5)
	require.EqualValues(t, customers, p.snapshot.Customers)
	require.Len(t, p.shards, 5)
	require.EqualValues(t, customers, count(t, p.store, "SELECT count() FROM features"))
	require.Zero(t, count(t, p.store, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE 'features\\_%'"), "staging is gone")

	p.score(t)
	require.Equal(t, "response", p.model.Kind, "%+v", p.model)
	require.Greater(t, p.model.AUC, 0.5)
	var all uint64
	for _, n := range p.funnel {
		all += n
	}
	require.EqualValues(t, customers, all, "everybody is counted once")

	chosen := p.choose(t)
	t.Logf("model %+v\nfunnel %v", p.model, chosen.Funnel)
	require.EqualValues(t, 900, chosen.Treated+chosen.Control, "the size is met exactly")
	require.InDelta(t, 90, chosen.Control, 35)
	require.InDelta(t, float64(customers)*float64(p.brief.Policy.Holdout), float64(chosen.Holdout), 100)
	require.EqualValues(t, customers, count(t, p.store, "SELECT count() FROM audience WHERE campaign = 'card-spend-autumn'"))
	require.EqualValues(t, customers, count(t, p.store, "SELECT uniqExact(customer_key) FROM audience WHERE campaign = 'card-spend-autumn'"))

	prices, assigned, tiers := p.assign(t)
	t.Logf("prices %+v", prices)
	require.Equal(t, chosen.Treated, assigned.Assigned)
	require.Equal(t, prices.Cost, assigned.Cost)
	require.Equal(t, prices.Value, assigned.Value)
	require.LessOrEqual(t, assigned.Cost, p.brief.Spec.Budget.Expected)
	for offer, n := range prices.Offers {
		if offer != "none" {
			require.Equal(t, n, tiers[offer].Customers, offer)
		}
	}
	require.Less(t, prices.Offers["none"], chosen.Treated, "somebody gets something")
	require.EqualValues(t, prices.Out, count(t, p.store, "SELECT sum(toUInt64(reward)) FROM assignments WHERE campaign = 'card-spend-autumn'"))
	require.Zero(t, count(t, p.store, "SELECT count() FROM assignments WHERE campaign = 'card-spend-autumn' AND (propensity <= 0 OR propensity > 1)"))

	// Twice is once.
	p.extract(t, 5)
	require.Equal(t, chosen, p.choose(t))
	_, again, _ := p.assign(t)
	require.Equal(t, assigned, again)
	require.EqualValues(t, customers, count(t, p.store, "SELECT count() FROM audience WHERE campaign = 'card-spend-autumn'"))
	require.Equal(t, chosen.Treated, count(t, p.store, "SELECT count() FROM assignments WHERE campaign = 'card-spend-autumn'"))

	// A part of the rows lost with a killed attempt is written again, alike.
	require.NoError(t, p.store.Conn().Exec(t.Context(), "DELETE FROM audience WHERE campaign = 'card-spend-autumn' AND customer_key % 3 = 0"))
	require.Equal(t, chosen, p.choose(t))
	require.EqualValues(t, customers, count(t, p.store, "SELECT count() FROM audience WHERE campaign = 'card-spend-autumn'"))
}

func TestNobodyEligibleIsToldOnce(t *testing.T) {
	p := plan(t, 300, "card-spend.yaml", func(b *campaign.Brief) { b.Spec.Audience.Rule = `region == "nowhere"` })
	p.extract(t, 0)
	a := &activities.Targeting{Store: p.store, Briefs: p.store}
	_, err := a.CutAudience(t.Context(), activities.CutAudienceInput{Run: p.run, Scores: [][]uint32{make([]uint32, targeting.Bins)}})
	var told *temporal.ApplicationError
	require.ErrorAs(t, err, &told)
	require.Equal(t, "NobodyEligible", told.Type())
	require.True(t, told.NonRetryable())
}

func TestActivitiesOfPlanningRegister(t *testing.T) {
	c, err := client.NewLazyClient(client.Options{})
	require.NoError(t, err)
	defer c.Close()
	w := worker.New(c, "test", worker.Options{})
	w.RegisterActivity(&activities.Features{})
	w.RegisterActivity(&activities.Targeting{})
	w.RegisterActivity(&activities.Offers{})
}
