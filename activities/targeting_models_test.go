package activities_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/learn/learntest"
	"github.com/danbi-project/danbi/internal/targeting/registry"
)

// fewTrees makes tests quick: the way of a model through the activities is the same with few trees. It is never shown what our
// own sending sets for everybody at once.
type fewTrees struct{}

func (fewTrees) Train(ctx context.Context, d learn.Data, p learn.Params) (*forest.Forest, error) {
	for i, f := range features.Builtin {
		if f.Ours && slices.ContainsFunc(d.Bins[i], func(bin uint8) bool { return bin != forest.Missing }) {
			return nil, fmt.Errorf("a model is shown %s", f.Name)
		}
	}
	p.Trees, p.Depth = 8, 2
	return learntest.Trainer{}.Train(ctx, d, p)
}

func typeOf(t *testing.T, err error) string {
	t.Helper()
	var told *temporal.ApplicationError
	require.ErrorAs(t, err, &told)
	return told.Type()
}

// A campaign's model is learned from past randomised campaigns, kept, scores everybody, and says why; a promoted one is
// used instead of a new one; one that is broken or of other features is refused.
func TestModelsOfForestsChooseAnAudience(t *testing.T) {
	ctx := t.Context()
	p := plan(t, 4_500, "card-spend.yaml", func(b *campaign.Brief) {
		b.Spec.Audience.Size, b.Spec.Audience.Model = 500, campaign.ModelUplift
	})
	plantEffect(t, p)
	p.extract(t, 2)
	a := &activities.Targeting{Store: p.store, Briefs: p.store, Trainer: fewTrees{}}
	fit := func(model string, interest campaign.Interest) (activities.Model, error) {
		p.brief.Spec.Audience.Model, p.brief.Spec.Audience.Interest = model, interest
		b := p.brief
		store := &oneBrief{b}
		out, err := (&activities.Targeting{Store: p.store, Briefs: store, Trainer: a.Trainer}).FitModel(ctx, activities.FitModelInput{Run: p.run, Snapshot: p.snapshot})
		return out.Model, err
	}
	var err error
	p.model, err = fit(campaign.ModelUplift, campaign.Interest{})
	require.NoError(t, err)
	require.Equal(t, registry.Uplift, p.model.Kind, "%+v", p.model)
	require.Less(t, p.model.QiniLow, p.model.QiniHigh)
	require.Positive(t, p.model.QiniLow, "what may be luck does not lead")
	again, err := fit(campaign.ModelUplift, campaign.Interest{})
	require.NoError(t, err)
	require.Equal(t, p.model, again, "the same data give the same model")
	require.EqualValues(t, 1, count(t, p.store, "SELECT count() FROM models"), "and one entry")

	var scores [][]uint32
	for _, shard := range p.shards {
		out, err := a.ScoreAudience(ctx, activities.ScoreAudienceInput{Run: p.run, Snapshot: p.snapshot, Model: p.model, Clock: p.clock, Shard: shard})
		require.NoError(t, err)
		scores = append(scores, out.Scores)
	}
	cut, err := a.CutAudience(ctx, activities.CutAudienceInput{Run: p.run, Scores: scores})
	require.NoError(t, err)
	p.cut = cut.Cut
	chosen := p.choose(t)
	require.EqualValues(t, 500, chosen.Treated+chosen.Control)
	require.Equal(t, chosen, p.choose(t), "twice is once")
	require.EqualValues(t, 500, count(t, p.store, `SELECT uniqExact(customer_key) FROM score_reasons WHERE customer_key IN (SELECT customer_key FROM audience WHERE campaign = 'card-spend-autumn' AND arm IN ('treated', 'control'))`), "whoever is chosen has reasons")
	require.Zero(t, count(t, p.store, "SELECT count() FROM score_reasons WHERE length(features) != length(effects) OR length(features) > 5"))
	require.LessOrEqual(t, count(t, p.store, `SELECT count() FROM audience WHERE campaign = 'card-spend-autumn' AND reason = 'not_selected'
		AND score > (SELECT min(score) FROM audience WHERE campaign = 'card-spend-autumn' AND arm IN ('treated', 'control'))`), uint64(2*4_500/targeting.Bins), "the best are chosen: only within the bin of the cut may luck choose")

	for model, kind := range map[string]string{campaign.ModelChurn: registry.Churn, p.model.ID: registry.Uplift} {
		got, err := fit(model, campaign.Interest{})
		require.NoError(t, err, model)
		require.Equal(t, kind, got.Kind, "%s: %+v", model, got)
	}
	got, err := fit(campaign.ModelInterest, campaign.Interest{Campaigns: []string{"past-early-summer"}})
	require.NoError(t, err)
	require.Equal(t, registry.Interest, got.Kind, "%+v", got)
	require.NoError(t, p.store.Conn().Exec(ctx, `INSERT INTO products (product, category, attributes, updated_at) VALUES
		('dark', 'coffee', {'roast': 'dark', 'bean': 'arabica'}, '2026-01-01 00:00:00'), ('tea', 'tea', {'roast': 'none', 'bean': 'arabica'}, '2026-01-01 00:00:00')`))
	require.NoError(t, p.store.Conn().Exec(ctx, "ALTER TABLE transactions UPDATE product = if(customer_key % 4 = 0, 'dark', 'tea') WHERE category = 'planted' SETTINGS mutations_sync = 1"))
	have := map[string]int{}
	for name, seeds := range map[string]targeting.Seeds{
		"named": {Products: []string{"dark"}}, "alike": {Attributes: map[string]string{"category": "coffee", "roast": "dark", "bean": "robusta"}},
		"unlike": {Attributes: map[string]string{"category": "coffee", "roast": "light", "bean": "arabica", "size": "L"}},
	} {
		like, err := p.store.Likeness(ctx, features.Snapshot(p.snapshot), seeds, 10_000)
		require.NoError(t, err)
		for i, has := range like.Bought {
			if has {
				have[name]++
				require.Zero(t, like.Customers[i]%4)
			}
		}
	}
	require.Positive(t, have["named"])
	require.Equal(t, have["named"], have["alike"], "two of three attributes are enough")
	require.Zero(t, have["unlike"], "two of four are not")
	got, err = fit(campaign.ModelInterest, campaign.Interest{Attributes: map[string]string{"category": "coffee", "roast": "dark"}})
	require.NoError(t, err)
	require.Equal(t, registry.Interest, got.Kind, "%+v", got)
	for goal, rivals := range map[campaign.Goal][]string{campaign.GoalSpend: nil, campaign.GoalWinBack: {registry.Churn}} {
		was := p.brief.Spec.Goal
		p.brief.Spec.Goal = goal
		got, err = fit(campaign.ModelAuto, campaign.Interest{})
		p.brief.Spec.Goal = was
		require.NoError(t, err)
		require.True(t, registry.Is(got.Kind), "%+v", got)
		entry, err := p.store.Entry(ctx, got.ID)
		require.NoError(t, err)
		stood, most := map[string]float64{}, math.Inf(-1)
		for _, r := range entry.Card.Rivals {
			stood[r.Kind] = r.Value.Mean
			most = max(most, r.Value.Mean)
		}
		require.NotEmpty(t, stood)
		for _, kind := range rivals {
			require.Contains(t, stood, kind, "%s", goal)
		}
		require.Equal(t, most, stood[got.Kind], "the one that gains most is taken")
	}

	require.NoError(t, p.store.Promote(ctx, registry.Promotion{Kind: registry.Response, Model: p.model.ID, Actor: "kim", Reason: "a test", At: p.snapshot.Instant.Add(-time.Hour)}))
	got, err = fit(campaign.ModelResponse, campaign.Interest{})
	require.NoError(t, err)
	require.Equal(t, p.model.ID, got.ID, "the promoted one is used")

	// A model of an earlier snapshot is compared with this one, by the features that it asks about.
	require.Empty(t, got.Drifted)
	earlier := p.snapshot
	p.clock = clock.Rehearse(p.clock.Now.Add(-60*24*time.Hour), 0)
	p.extract(t, 2)
	got, err = fit(p.model.ID, campaign.Interest{})
	require.NoError(t, err)
	require.False(t, got.Uncompared)
	require.NoError(t, p.store.Conn().Exec(ctx, "ALTER TABLE features UPDATE bins = repeat(char(1), length(bins)) WHERE snapshot = '"+p.snapshot.ID+"' SETTINGS mutations_sync = 1"))
	got, err = fit(p.model.ID, campaign.Interest{})
	require.NoError(t, err)
	require.NotEmpty(t, got.Drifted)
	entry, err := p.store.Entry(ctx, p.model.ID)
	require.NoError(t, err)
	for _, d := range got.Drifted {
		require.Contains(t, entry.Used(), d.Feature)
		require.GreaterOrEqual(t, d.PSI, features.Block, d.Feature)
	}
	require.NoError(t, p.store.Conn().Exec(ctx, "DELETE FROM snapshots WHERE snapshot = '"+earlier.ID+"'"))
	got, err = fit(p.model.ID, campaign.Interest{})
	require.NoError(t, err)
	require.True(t, got.Uncompared)

	_, err = fit("m000000000000", campaign.Interest{})
	require.Equal(t, "NoModel", typeOf(t, err))
	p.snapshot.Catalogue += "x"
	_, err = fit(p.model.ID, campaign.Interest{})
	require.Equal(t, "ModelOfOtherCatalogue", typeOf(t, err))
	require.NoError(t, p.store.Conn().Exec(ctx, "ALTER TABLE models UPDATE parameters = substring(parameters, 1, intDiv(length(parameters), 2)) WHERE 1 SETTINGS mutations_sync = 1"))
	_, err = fit(p.model.ID, campaign.Interest{})
	require.Equal(t, "BrokenModel", typeOf(t, err))
}

// plantEffect lets the younger half of those whom past campaigns treated spend far more for it: few customers then tell an
// effect from luck.
func plantEffect(t *testing.T, p *planned) {
	t.Helper()
	require.NoError(t, p.store.Conn().Exec(t.Context(), `
		INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency, category)
		SELECT customer_key, launch + INTERVAL 3 DAY, cityHash64(customer_key, campaign, 'planted'), 1, 'purchase', 1500000, 'KRW', 'planted'
		FROM (SELECT customer_key, campaign FROM audience WHERE arm = 'treated') AS treated
		INNER JOIN (SELECT campaign, max(campaigns.launch) AS launch FROM campaigns WHERE kind = 'past' GROUP BY campaign) AS past USING (campaign)
		WHERE customer_key IN (SELECT customer_key FROM customers WHERE birth_year >= (SELECT quantile(.5)(birth_year) FROM customers))`))
}

// A champion whose gain on customers held back may be luck does not lead: the rule stands in, and says why.
func TestAChampionByLuckIsRefused(t *testing.T) {
	p := plan(t, 4_500, "card-spend.yaml", func(b *campaign.Brief) {
		b.Spec.Audience.Model, b.Spec.Goal = campaign.ModelUplift, campaign.GoalWinBack // so that the outcome is to buy: its interval has no heavy tail
	})
	require.NoError(t, p.store.Conn().Exec(t.Context(), "ALTER TABLE audience UPDATE arm = if(cityHash64(customer_key, campaign, 'lot') % 2 = 0, 'treated', 'control'), propensity = .5 WHERE arm IN ('treated', 'control') SETTINGS mutations_sync = 1"))
	p.extract(t, 2)
	out, err := (&activities.Targeting{Store: p.store, Briefs: &oneBrief{p.brief}, Trainer: fewTrees{}}).FitModel(t.Context(), activities.FitModelInput{Run: p.run, Snapshot: p.snapshot})
	require.NoError(t, err)
	require.False(t, registry.Is(out.Model.Kind), "%+v", out.Model)
	require.Zero(t, count(t, p.store, "SELECT count() FROM models WHERE kind = 'uplift'"))
	require.EqualValues(t, 1, count(t, p.store, "SELECT count() FROM models WHERE catalogue = '"+p.snapshot.Catalogue+"'"), "a rule says of which features it is, too")
}

// Where there is nothing to learn from, a stated rule stands in.
func TestARuleStandsInForAModel(t *testing.T) {
	p := plan(t, 300, "card-spend.yaml", func(b *campaign.Brief) { b.Spec.Audience.Model = campaign.ModelUplift })
	p.extract(t, 1)
	for note, trainer := range map[string]learn.Trainer{targeting.NoteNoTrainer: nil, targeting.NoteTooFew: fewTrees{}} {
		out, err := (&activities.Targeting{Store: p.store, Briefs: &oneBrief{p.brief}, Trainer: trainer}).FitModel(t.Context(), activities.FitModelInput{Run: p.run, Snapshot: p.snapshot})
		require.NoError(t, err)
		require.Equal(t, targeting.KindRank, out.Model.Kind)
		require.NotEmpty(t, out.Model.Note, note)
	}
}

// Ten customers teach no model of any kind: each says why, and a rule ranks them.
func TestTenCustomersGetARule(t *testing.T) {
	p := plan(t, 10, "card-spend.yaml", nil)
	p.extract(t, 1)
	require.EqualValues(t, 10, p.snapshot.Customers)
	for _, kind := range []string{campaign.ModelUplift, campaign.ModelResponse, campaign.ModelChurn, campaign.ModelChurnUplift, campaign.ModelInterest, campaign.ModelAuto} {
		p.brief.Spec.Audience.Model, p.brief.Spec.Audience.Interest = kind, campaign.Interest{Categories: []string{"coffee"}}
		out, err := (&activities.Targeting{Store: p.store, Briefs: &oneBrief{p.brief}, Trainer: fewTrees{}}).FitModel(t.Context(), activities.FitModelInput{Run: p.run, Snapshot: p.snapshot})
		require.NoError(t, err, kind)
		require.Equal(t, targeting.KindRank, out.Model.Kind, kind)
		require.NotEmpty(t, out.Model.Note, kind)
	}
}

// oneBrief is a brief that a test changes as it likes.
type oneBrief struct{ brief campaign.Brief }

func (o *oneBrief) Brief(context.Context, campaign.Run) (campaign.Brief, error) { return o.brief, nil }
