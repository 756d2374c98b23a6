package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/learn/learntest"
	"github.com/danbi-project/danbi/internal/targeting/registry"
)

// fewTrees makes tests quick: the way of a model through the activities is the same with few trees.
type fewTrees struct{}

func (fewTrees) Train(ctx context.Context, d learn.Data, p learn.Params) (*forest.Forest, error) {
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
	require.EqualValues(t, 1, count(t, p.store, "SELECT toUInt64(min(if(arm IN ('treated', 'control'), score, inf)) >= max(if(reason = 'not_selected', score, -inf))) FROM audience WHERE campaign = 'card-spend-autumn'"), "the best are chosen")

	for model, kind := range map[string]string{campaign.ModelChurn: registry.Churn, p.model.ID: registry.Uplift} {
		got, err := fit(model, campaign.Interest{})
		require.NoError(t, err, model)
		require.Equal(t, kind, got.Kind, "%s: %+v", model, got)
	}
	got, err := fit(campaign.ModelInterest, campaign.Interest{Campaigns: []string{"past-early-summer"}})
	require.NoError(t, err)
	require.Equal(t, registry.Interest, got.Kind, "%+v", got)
	got, err = fit(campaign.ModelAuto, campaign.Interest{})
	require.NoError(t, err)
	require.True(t, registry.Is(got.Kind), "%+v", got)
	entry, err := p.store.Entry(ctx, got.ID)
	require.NoError(t, err)
	require.NotEmpty(t, entry.Card.Rivals)

	require.NoError(t, p.store.Promote(ctx, registry.Promotion{Kind: registry.Response, Model: p.model.ID, Actor: "kim", Reason: "a test", At: p.snapshot.Instant.Add(-time.Hour)}))
	got, err = fit(campaign.ModelResponse, campaign.Interest{})
	require.NoError(t, err)
	require.Equal(t, p.model.ID, got.ID, "the promoted one is used")

	_, err = fit("m000000000000", campaign.Interest{})
	require.Equal(t, "NoModel", typeOf(t, err))
	p.snapshot.Catalogue += "x"
	_, err = fit(p.model.ID, campaign.Interest{})
	require.Equal(t, "ModelOfOtherCatalogue", typeOf(t, err))
	require.NoError(t, p.store.Conn().Exec(ctx, "ALTER TABLE models UPDATE parameters = substring(parameters, 1, intDiv(length(parameters), 2)) WHERE 1 SETTINGS mutations_sync = 1"))
	_, err = fit(p.model.ID, campaign.Interest{})
	require.Equal(t, "BrokenModel", typeOf(t, err))
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

// oneBrief is a brief that a test changes as it likes.
type oneBrief struct{ brief campaign.Brief }

func (o *oneBrief) Brief(context.Context, campaign.Run) (campaign.Brief, error) { return o.brief, nil }
