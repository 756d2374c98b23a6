package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// The search attributes of campaigns, so that the list of the Temporal UI can be read and filtered.
var (
	CampaignID     = temporal.NewSearchAttributeKeyKeyword("CampaignId")
	CampaignStage  = temporal.NewSearchAttributeKeyKeyword("CampaignStage")
	CampaignNext   = temporal.NewSearchAttributeKeyKeyword("CampaignNext") // what it waits for, or what to press
	CampaignPaused = temporal.NewSearchAttributeKeyBool("CampaignPaused")
	CampaignPeople = temporal.NewSearchAttributeKeyInt64("CampaignCustomers") // treated
)

// Status is where a run stands: the answer to StatusQuery.
type Status struct {
	Run        campaign.Run                    `json:"run"`
	Title      campaign.Text                   `json:"title"`
	Currency   string                          `json:"currency"`
	Zone       string                          `json:"zone"` // that its times are read in
	Rehearsal  bool                            `json:"rehearsal,omitempty"`
	Stage      campaign.Stage                  `json:"stage"`
	Paused     bool                            `json:"paused,omitempty"`
	Waits      string                          `json:"waits,omitempty"` // for what
	Next       string                          `json:"next,omitempty"`  // what a person can do
	Now        time.Time                       `json:"now"`             // campaign time
	Since      time.Time                       `json:"since"`           // wall time at which the stage began
	Took       map[campaign.Stage]float64      `json:"took,omitempty"`  // wall seconds of the stages that are over
	Times      campaign.Times                  `json:"times"`
	Model      activities.Model                `json:"model"`
	Funnel     activities.Funnel               `json:"funnel,omitempty"`
	Treated    uint64                          `json:"treated"`
	Control    uint64                          `json:"control"`
	Holdout    uint64                          `json:"holdout"`
	Prices     activities.Prices               `json:"prices"`
	Knowledge  *activities.Knowledge           `json:"knowledge,omitempty"` // what offers are valued by
	Hours      [24]uint64                      `json:"hours"`               // planned, in the customers' own zones
	Sources    map[string]uint64               `json:"sources,omitempty"`   // where the planned hours came from: learned, fallback, moved, random
	Plan       activities.PreflightOutput      `json:"plan"`
	Dispatch   DispatchProgress                `json:"dispatch"`
	Deliveries map[string]uint64               `json:"deliveries,omitempty"` // by final state, of the touches that are over
	Settlement SettlementResult                `json:"settlement"`
	Effect     *activities.MeasureEffectOutput `json:"effect,omitempty"`
	Failure    string                          `json:"failure,omitempty"`
	PausedBy   Reason                          `json:"paused_by,omitzero"` // who, and why
}

// enter moves the run to a stage, says so everywhere a reader may look, and waits there while it is paused.
func (r *campaignRun) enter(ctx workflow.Context, stage campaign.Stage, waits, next string) error {
	if now := workflow.Now(ctx); stage != r.status.Stage {
		if r.status.Took == nil {
			r.status.Took = map[campaign.Stage]float64{}
		}
		if !r.status.Since.IsZero() {
			r.status.Took[r.status.Stage] += now.Sub(r.status.Since).Seconds()
		}
		r.status.Stage, r.status.Since = stage, now
	}
	r.status.Waits, r.status.Next = waits, next
	if err := r.show(ctx); err != nil {
		return err
	}
	return r.whilePaused(ctx)
}

// show mirrors the state in search attributes and details: details need a worker to be read, search attributes do not.
func (r *campaignRun) show(ctx workflow.Context) error {
	r.status.Now = later(r.now(ctx), r.status.Dispatch.Now) // in a rehearsal, the touch under way has the clock
	next := r.status.Next
	switch {
	case r.status.Paused:
		next = "paused: starter resume " + r.run.Campaign
	case next == "":
		next = "waits for " + r.status.Waits
	}
	if r.status.Stage.Final() {
		next = "nothing"
	}
	workflow.SetCurrentDetails(ctx, r.status.markdown())
	return workflow.UpsertTypedSearchAttributes(ctx,
		CampaignID.ValueSet(r.run.Campaign), CampaignStage.ValueSet(string(r.status.Stage)), CampaignNext.ValueSet(oneLine(next, 200)),
		CampaignPaused.ValueSet(r.status.Paused), CampaignPeople.ValueSet(int64(r.status.Treated)))
}
