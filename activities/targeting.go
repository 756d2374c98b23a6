package activities

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Targeting chooses the audience of a run.
type Targeting struct {
	Store   TargetingStore
	Briefs  Briefs
	Trainer learn.Trainer // of trees; nil: the library is missing, and a stated rule stands in
	Quick   bool          // a preview: nothing is fitted; what the registry has serves, or the stated rule
}

// TargetingStore is what targeting reads from and writes to the warehouse.
type TargetingStore interface {
	TrialStore
	PastCampaigns(ctx context.Context, instant time.Time, most int) ([]targeting.Past, error)
	Examples(ctx context.Context, snapshot features.Snapshot, past targeting.Past, most int) ([]targeting.Example, error)
	SaveModel(ctx context.Context, m targeting.Fitted) error
	Model(ctx context.Context, id string) (targeting.Model, targeting.Metrics, error)
	// Candidates gives every customer of the snapshot in the shard, in the order of their keys.
	Candidates(ctx context.Context, snapshot string, shard campaign.Shard, spec campaign.Spec, terms targeting.Terms, each func(*targeting.Candidate) error) error
	// StoredAudience gives the rows of the shard that are written already, in the order of their keys.
	StoredAudience(ctx context.Context, run campaign.Run, shard campaign.Shard, each func(targeting.Member) error) error
	WriteAudience(ctx context.Context, run campaign.Run, members []targeting.Member) error
}

// Model names a fitted model; its parameters are kept in the warehouse.
type Model struct {
	ID   string  `json:"id"`
	Kind string  `json:"kind"` // response, rank, none, or one of registry.Kinds
	Rows uint64  `json:"rows,omitempty"`
	AUC  float64 `json:"auc,omitempty"`
	Note string  `json:"note,omitempty"` // why it fell back to a rule, say
	// What proved of it on customers held back, per customer: the area between the curve of gained effect and a straight
	// line, with its bounds of 95 %.
	Learner  string  `json:"learner,omitempty"`
	Qini     float64 `json:"qini,omitempty"`
	QiniLow  float64 `json:"qini_low,omitempty"`
	QiniHigh float64 `json:"qini_high,omitempty"`
	// Of a model that was fitted for an earlier snapshot: which of the features that it asks about have drifted since.
	Drifted    []Drifted `json:"drifted,omitempty"`
	Uncompared bool      `json:"uncompared,omitempty"` // that snapshot is gone
	Ours       []string  `json:"ours,omitempty"`       // features that it asks about although what we did last sets them
}

// Drifted is a feature that is not distributed as it was.
type Drifted struct {
	Feature string  `json:"feature"`
	PSI     float64 `json:"psi"`
}

// FitModelInput asks for the model that ranks the audience of a run.
type FitModelInput struct {
	Run      campaign.Run `json:"run"`
	Snapshot Snapshot     `json:"snapshot"`
}

// FitModelOutput is the model, or the stated rule that stands in for it.
type FitModelOutput struct {
	Model Model `json:"model"`
}

// ScoreAudienceInput asks for the scores of one shard.
type ScoreAudienceInput struct {
	Run      campaign.Run   `json:"run"`
	Snapshot Snapshot       `json:"snapshot"`
	Model    Model          `json:"model"`
	Clock    clock.Clock    `json:"clock"` // consents, caps and exclusions are those of this moment
	Shard    campaign.Shard `json:"shard"`
}

// ScoreAudienceOutput is how the eligible customers' scores lie, so that one cut over all shards needs no rows.
type ScoreAudienceOutput struct {
	Scores []uint32 `json:"scores"` // histogram over score bins, lowest first
	Funnel Funnel   `json:"funnel"`
}

// Funnel counts customers by the reason that took them out, and those who stayed.
type Funnel map[string]uint64

// CutAudienceInput asks where the size of the audience cuts the scores.
type CutAudienceInput struct {
	Run    campaign.Run `json:"run"`
	Scores [][]uint32   `json:"scores"` // one histogram a shard
}

// CutAudienceOutput is the global cut: bins above Bin are chosen whole, of Bin itself the given share, by hash.
type CutAudienceOutput struct {
	Cut Cut `json:"cut"`
}

// Cut is where the audience ends.
type Cut struct {
	Bin   int      `json:"bin"`
	Share float64  `json:"share"`
	Take  []uint32 `json:"take,omitempty"` // of Bin, by shard: they add up to the size exactly
	// Deciles are the bins from which on the next tenth of the chosen begins, for a control group by decile.
	Deciles []int `json:"deciles,omitempty"`
}

// SelectAudienceInput asks for the audience rows of one shard.
type SelectAudienceInput struct {
	Run      campaign.Run   `json:"run"`
	Snapshot Snapshot       `json:"snapshot"`
	Model    Model          `json:"model"`
	Cut      Cut            `json:"cut"`
	Clock    clock.Clock    `json:"clock"`
	Shard    campaign.Shard `json:"shard"`
}

// SelectAudienceOutput counts the arms of the shard; the checksum is over the sorted rows.
type SelectAudienceOutput struct {
	Funnel   Funnel `json:"funnel"`
	Treated  uint64 `json:"treated"`
	Control  uint64 `json:"control"`
	Holdout  uint64 `json:"holdout"`
	Checksum uint64 `json:"checksum"`
	// Strata are the arms of each part that the control group is drawn from in proportion; empty where it is not.
	Strata []Stratum `json:"strata,omitempty"`
}

// Stratum counts both arms of a part of the audience.
type Stratum struct {
	Name    string `json:"name"`
	Treated uint64 `json:"treated"`
	Control uint64 `json:"control"`
}
