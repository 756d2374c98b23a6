package workflows

import (
	"fmt"
	"strings"
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
	Hours      [24]uint64                      `json:"hours"` // planned, in the customers' own zones
	Plan       activities.PreflightOutput      `json:"plan"`
	Dispatch   DispatchProgress                `json:"dispatch"`
	Deliveries map[string]uint64               `json:"deliveries,omitempty"` // by final state, of the touches that are over
	Settlement SettlementResult                `json:"settlement"`
	Effect     *activities.MeasureEffectOutput `json:"effect,omitempty"`
	Failure    string                          `json:"failure,omitempty"`
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
	if next == "" {
		next = r.status.Waits
	}
	if r.status.Paused {
		next = "paused: starter resume " + r.run.Campaign
	}
	workflow.SetCurrentDetails(ctx, r.status.markdown())
	return workflow.UpsertTypedSearchAttributes(ctx,
		CampaignID.ValueSet(r.run.Campaign), CampaignStage.ValueSet(string(r.status.Stage)), CampaignNext.ValueSet(clip(next, 200)),
		CampaignPaused.ValueSet(r.status.Paused), CampaignPeople.ValueSet(int64(r.status.Treated)))
}

// markdown is the story that the Temporal UI shows: stage, reason, next action, then the figures.
func (s *Status) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(fmt.Sprintf(format+"\n\n", args...)) }
	line("### Stage: %s", s.Stage)
	if s.Paused {
		line("**Paused.** Nothing leaves until it is resumed. Next: `starter resume %s`", s.Run.Campaign)
	}
	if s.Waits != "" {
		line("Waits for: %s", s.Waits)
	}
	if s.Next != "" {
		line("Next: %s", s.Next)
	} else {
		line("Next: nothing to press. A step that keeps retrying shows its reason under *Pending Activities*; `docs/runbook.md` has a line for each error type.")
	}
	line("Campaign time %s%s, plan %d", s.Now.Format(shown), rehearsing(s.Rehearsal), s.Run.Plan)
	if s.Treated+s.Control > 0 {
		line("Audience: %d treated, %d control, %d holdout", s.Treated, s.Control, s.Holdout)
	}
	if s.Prices.Out > 0 {
		line("Offers: expected cost %d, exposure %d (minor units)", s.Prices.Cost, s.Prices.Out)
	}
	if s.Plan.Hash != "" {
		line("Plan `%s`", s.Plan.Hash)
		for _, f := range s.Plan.Findings {
			line("- %s%s", map[bool]string{true: "**blocks:** "}[f.Blocks], f.Message)
		}
	}
	if d := s.Dispatch; d.Waves > 0 {
		line("Touch %s: wave %d of %d, %d of %d sent", d.Touch, d.Wave, d.Waves, d.Sent, d.Planned)
	}
	if s.Settlement.Qualified.Reached > 0 {
		line("Settlement: %d reached, %d met the terms, %d paid (%d minor units)",
			s.Settlement.Qualified.Reached, s.Settlement.Qualified.Qualified, s.Settlement.Paid.Paid, s.Settlement.Paid.Amount)
	}
	if s.Effect != nil {
		line("Effect on %s per customer: %.2f [%.2f, %.2f], %s", s.Effect.Metric, s.Effect.Difference, s.Effect.Low, s.Effect.High, s.Effect.Claim)
	}
	if s.Failure != "" {
		line("Failure: %s", s.Failure)
	}
	return b.String()
}

// shown is how instants stand in what people read; they are UTC in the history, and the format says so.
const shown = "2006-01-02 15:04 MST"

func rehearsing(rehearsal bool) string {
	if rehearsal {
		return " (rehearsal)"
	}
	return ""
}

func reasons(plan activities.PreflightOutput) string {
	var all []string
	for _, f := range plan.Findings {
		if f.Blocks {
			all = append(all, f.Message)
		}
	}
	if len(all) == 0 {
		all = plan.Reasons
	}
	return strings.Join(all, "; ")
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}
