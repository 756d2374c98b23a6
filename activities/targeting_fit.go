package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/registry"
)

// A model learns from the latest campaigns only, and from no more customers than it needs.
const (
	mostPastCampaigns = 4
	mostExamples      = 200_000
)

// FitModel fits the model that ranks the audience, or says which rule stands in for it.
func (t *Targeting) FitModel(ctx context.Context, in FitModelInput) (FitModelOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	brief, err := t.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return FitModelOutput{}, Classify(err)
	}
	entry, note, err := t.learn(ctx, brief, in)
	if err != nil {
		return FitModelOutput{}, Classify(err)
	}
	if entry.ID != "" {
		m := modelOf(entry)
		err := t.drift(ctx, entry, in.Snapshot, &m)
		return FitModelOutput{Model: m}, Classify(err)
	}
	fitted, err := t.fit(ctx, brief, in)
	if err != nil {
		return FitModelOutput{}, Classify(err)
	}
	if err := t.Store.SaveModel(ctx, fitted); err != nil {
		return FitModelOutput{}, Classify(err)
	}
	m := Model{ID: fitted.ID, Kind: fitted.Model.Kind, Rows: fitted.Metrics.Rows, AUC: fitted.Metrics.Area, Note: cmp.Or(fitted.Metrics.Note, note)}
	return FitModelOutput{Model: m}, nil
}

func modelOf(e registry.Entry) Model {
	m := Model{ID: e.ID, Kind: e.Kind, Rows: uint64(e.Card.Rows), AUC: e.Card.Area, Learner: e.Card.Learner, Ours: e.Ours()}
	if j := e.Card.Judged; j != nil {
		m.Qini, m.QiniLow, m.QiniHigh = j.Qini.Mean, j.Qini.Low, j.Qini.High
	}
	return m
}

// fit is the rule that stands in where no forest can be: a plain model of responses, or the order of a feature.
func (t *Targeting) fit(ctx context.Context, brief campaign.Brief, in FitModelInput) (targeting.Fitted, error) {
	out := targeting.Fitted{At: in.Snapshot.Instant, Catalogue: in.Snapshot.Catalogue, Model: standIn(brief.Spec.Audience.Rank)}
	if brief.Spec.Audience.Model == campaign.ModelNone {
		out.Metrics.Note = targeting.NoteNone
		return named(out)
	}
	if t.Quick {
		out.Metrics.Note = targeting.NoteQuick
		return named(out)
	}
	past, err := t.Store.PastCampaigns(ctx, in.Snapshot.Instant, mostPastCampaigns)
	if err != nil {
		return out, err
	}
	var examples []targeting.Example
	for _, p := range past {
		some, err := t.Store.Examples(ctx, features.Snapshot(in.Snapshot), p, mostExamples/len(past))
		if err != nil {
			return out, err
		}
		if len(some) > 0 {
			examples = append(examples, some...)
			out.TrainedOn = append(out.TrainedOn, fmt.Sprintf("%s/%d", p.Campaign, p.Occurrence))
		}
	}
	out.Metrics.Rows = uint64(len(examples))
	if len(examples) == 0 {
		out.Metrics.Note = targeting.NoteNoCampaign
		return named(out)
	}
	// One customer in five is held back to judge the model by, the same ones whenever it is fitted again.
	held := func(customer uint32) bool { return campaign.Uniform(brief.Policy.Salt, "model/held", customer) < 0.2 }
	model, area, err := targeting.Fit(examples, held)
	switch {
	case err == nil:
		out.Model, out.Metrics.Area = model, area
	case errors.Is(err, targeting.ErrNoFit):
		out.Metrics.Note = targeting.Note(err)
	default:
		return out, err
	}
	return named(out)
}

// standIn ranks by the spec's feature, or by who buys often and of late.
func standIn(rank string) targeting.Model {
	if rank == "" {
		rank = targeting.RankRecent
	}
	return targeting.Model{Kind: targeting.KindRank, Rank: rank}
}

// named gives a model the hash of all that it is: fitting the same again gives the same id.
func named(m targeting.Fitted) (targeting.Fitted, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return m, fmt.Errorf("name the model: %w", err)
	}
	sum := sha256.Sum256(data)
	m.ID = "m" + hex.EncodeToString(sum[:6])
	return m, nil
}
