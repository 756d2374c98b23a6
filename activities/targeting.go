package activities

import (
	"context"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// Targeting chooses the audience of a run.
type Targeting struct {
	Store  TargetingStore
	Briefs Briefs
}

// TargetingStore is what targeting reads from and writes to the warehouse.
type TargetingStore interface{}

// FitModel fits the model that ranks the audience, or says which rule stands in for it.
func (t *Targeting) FitModel(ctx context.Context, in FitModelInput) (FitModelOutput, error) {
	return FitModelOutput{}, errUnwritten
}

// ScoreAudience scores everyone of a shard who may be chosen, and counts why the others may not.
func (t *Targeting) ScoreAudience(ctx context.Context, in ScoreAudienceInput) (ScoreAudienceOutput, error) {
	return ScoreAudienceOutput{}, errUnwritten
}

// CutAudience finds where the size of the audience cuts the scores of all shards.
func (t *Targeting) CutAudience(ctx context.Context, in CutAudienceInput) (CutAudienceOutput, error) {
	return CutAudienceOutput{}, errUnwritten
}

// SelectAudience writes a row for every customer of a shard, with arm and reason.
func (t *Targeting) SelectAudience(ctx context.Context, in SelectAudienceInput) (SelectAudienceOutput, error) {
	return SelectAudienceOutput{}, errUnwritten
}

// Model names a fitted model; its parameters are kept in the warehouse.
type Model struct {
	ID   string  `json:"id"`
	Kind string  `json:"kind"` // response, rank, none
	Rows uint64  `json:"rows,omitempty"`
	AUC  float64 `json:"auc,omitempty"`
	Note string  `json:"note,omitempty"` // why it fell back to a rule, say
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
	Bin   int     `json:"bin"`
	Share float64 `json:"share"`
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
}
