package activities

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
)

// Planning registers runs, checks plans before approval and keeps the audit trail.
type Planning struct {
	Store   PlanningStore
	Briefs  Briefs
	Effects EffectStore // what is known of how customers vary, to size the comparison
}

// PlanningStore is where runs and decisions are kept.
type PlanningStore interface {
	// SaveBrief keeps a run's brief. It refuses, with campaign.ErrUsed, an id that has sent under another brief.
	SaveBrief(ctx context.Context, run campaign.Run, kind string, brief campaign.Brief, times campaign.Times) error
	SaveDecision(ctx context.Context, run campaign.Run, decision campaign.Decision) error
	// Knowledge is what was learned of offers, by its version.
	Knowledge(ctx context.Context, id string) (offers.Knowledge, error)
	// CouponPool is how many codes a pool has, and the first number that nobody has yet.
	CouponPool(ctx context.Context, pool string) (size, next uint64, err error)
}

// RegisterCampaignInput is a run with its brief: the only time that a spec passes through an activity.
type RegisterCampaignInput struct {
	Run   campaign.Run   `json:"run"`
	Kind  string         `json:"kind"` // live or rehearsal
	Brief campaign.Brief `json:"brief"`
	Times campaign.Times `json:"times"`
}

// RegisterCampaignOutput is the hash of the brief.
type RegisterCampaignOutput struct {
	Hash string `json:"hash"`
}

// RegisterCampaign keeps the brief in the warehouse, where activities read it by run.
func (p *Planning) RegisterCampaign(ctx context.Context, in RegisterCampaignInput) (RegisterCampaignOutput, error) {
	return RegisterCampaignOutput{Hash: campaign.BriefHash(in.Brief)}, Classify(p.Store.SaveBrief(ctx, in.Run, in.Kind, in.Brief, in.Times))
}

// PreflightInput is what a plan came to, before anybody approves it.
type PreflightInput struct {
	Run         campaign.Run           `json:"run"`
	BriefHash   string                 `json:"brief_hash"`
	Snapshot    Snapshot               `json:"snapshot"`
	Clock       clock.Clock            `json:"clock"`
	Times       campaign.Times         `json:"times"`
	Treated     uint64                 `json:"treated"`
	Control     uint64                 `json:"control"`
	Audience    uint64                 `json:"audience"`    // checksum
	Assignments uint64                 `json:"assignments"` // checksum
	Prices      Prices                 `json:"prices"`
	Waves       map[uint32]uint64      `json:"waves"`
	Blocked     map[string]uint64      `json:"blocked,omitempty"`
	Capped      uint64                 `json:"capped,omitempty"`
	Rendered    []RenderMessagesOutput `json:"rendered"`
	Shards      []campaign.Shard       `json:"shards,omitempty"`
	Expected    []Expected             `json:"expected,omitempty"` // of the shards
	Model       Model                  `json:"model,omitzero"`
	Strata      []Stratum              `json:"strata,omitempty"` // of all shards, one after the other
}

// PreflightOutput is the checklist; a finding that blocks keeps the plan from being approved.
type PreflightOutput struct {
	Hash     string   `json:"hash"` // of the plan: what is approved
	Findings []Fault  `json:"findings,omitempty"`
	Blocks   bool     `json:"blocks,omitempty"`
	Approves bool     `json:"approves,omitempty"` // the policy approves it by itself
	Reasons  []string `json:"reasons,omitempty"`  // why it needs a person
	Outlook  *Outlook `json:"outlook,omitempty"`  // what it is believed to come to

	Messages []Rendering `json:"messages,omitempty"` // what the dry run of every message came to
	Samples  []Sample    `json:"samples,omitempty"`
}

// Preflight checks a plan against the limits and the calendar, and asks the policy whether it needs a person.
func (p *Planning) Preflight(ctx context.Context, in PreflightInput) (PreflightOutput, error) {
	brief, err := p.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return PreflightOutput{}, Classify(err)
	}
	stop := heartbeat(ctx)
	defer stop()
	out := PreflightOutput{Findings: findings(in, brief)}
	sizing, err := p.sizing(ctx, in, brief.Spec)
	if err != nil {
		return PreflightOutput{}, Classify(err)
	}
	out.Findings = append(out.Findings, sizing...)
	short, err := p.coupons(ctx, in, brief.Spec)
	if err != nil {
		return PreflightOutput{}, Classify(err)
	}
	out.Findings = append(out.Findings, short...)
	if out.Outlook, err = p.outlook(ctx, in, brief.Spec); err != nil {
		return PreflightOutput{}, Classify(err)
	}
	out.Messages, out.Samples = rendered(in.Rendered)
	for _, f := range out.Findings {
		out.Blocks = out.Blocks || f.Blocks
	}
	out.Hash = campaign.PlanHash(
		campaign.Part{Name: "brief", Value: in.BriefHash}, campaign.Part{Name: "snapshot", Value: fmt.Sprintf("%s/%d", in.Snapshot.ID, in.Snapshot.Checksum)},
		campaign.Part{Name: "audience", Value: fmt.Sprint(in.Audience)}, campaign.Part{Name: "assignments", Value: fmt.Sprint(in.Assignments)},
		campaign.Part{Name: "run", Value: fmt.Sprintf("%s/%d", in.Run.WorkflowID(), in.Run.Plan)})
	figures := campaign.Figures{
		Currency: brief.Spec.Currency, Expected: in.Prices.Cost, Exposure: in.Prices.Out, Customers: int(in.Treated), Reward: highestReward(brief.Spec),
	}
	approves, reasons := brief.Policy.AutoApproves(figures)
	out.Approves = approves
	for _, reason := range reasons {
		out.Reasons = append(out.Reasons, reason.Error())
	}
	for _, beyond := range brief.Policy.Permits(figures) { // nobody can approve these
		out.Findings, out.Blocks = append(out.Findings, Fault{Kind: "over_policy", Message: beyond.Error(), Blocks: true}), true
	}
	return out, Classify(p.Store.SaveDecision(ctx, in.Run, basisOf(in, brief, out, moment(ctx, in.Clock))))
}

// basisOf is the line of the decision log that every decision about a customer of this plan refers to: the versions of all
// that was decided by, and what it was decided on. The rules of messages are part of the policy.
func basisOf(in PreflightInput, brief campaign.Brief, out PreflightOutput, at time.Time) campaign.Decision {
	verdict := "needs_approval"
	switch {
	case out.Blocks:
		verdict = "blocked"
	case out.Approves:
		verdict = "within_policy"
	}
	detail := fmt.Sprintf("%s spec=%s policy=%s snapshot=%s/%d model=%s kind=%s knowledge=%s audience=%d assignments=%d treated=%d control=%d program=%s",
		verdict, brief.Spec.Hash(), brief.Policy.Hash(), in.Snapshot.ID, in.Snapshot.Checksum, cmp.Or(in.Model.ID, "none"), cmp.Or(in.Model.Kind, "none"),
		cmp.Or(in.Prices.Knowledge, "prior"), in.Audience, in.Assignments, in.Treated, in.Control, program())
	return campaign.Decision{Key: fmt.Sprintf("plan/%d/%s", in.Run.Plan, out.Hash), Action: "plan", Actor: "danbi", Subject: out.Hash, Detail: detail, At: at}
}

// program is the commit that this program was built from, where that is known.
var program = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
})

// outlook adds up what the shards expect, by what the plan was valued by.
func (p *Planning) outlook(ctx context.Context, in PreflightInput, spec campaign.Spec) (*Outlook, error) {
	if len(in.Expected) == 0 {
		return nil, nil // planned by an earlier release
	}
	var sum Expected
	for _, e := range in.Expected {
		sum.Add(e)
	}
	known := offers.Prior()
	if in.Prices.Knowledge != "" {
		var err error
		if known, err = p.Store.Knowledge(ctx, in.Prices.Knowledge); err != nil {
			return nil, err
		}
	}
	out := known.Outlook(sum, float64(spec.Budget.Expected), float64(spec.Budget.Exposure))
	return &out, nil
}

// DecisionInput is something that somebody, or the policy, decided about a run.
type DecisionInput struct {
	Run      campaign.Run      `json:"run"`
	Decision campaign.Decision `json:"decision"`
}

// DecisionOutput is empty: a decision is there, or the activity failed.
type DecisionOutput struct{}

// RecordDecision writes a line of the audit trail.
func (p *Planning) RecordDecision(ctx context.Context, in DecisionInput) (DecisionOutput, error) {
	return DecisionOutput{}, Classify(p.Store.SaveDecision(ctx, in.Run, in.Decision))
}

func highestReward(spec campaign.Spec) money.Minor {
	var highest money.Minor
	for _, offer := range spec.Offers {
		most, err := spec.MaxReward(offer)
		if err != nil { // more than any limit allows
			most = math.MaxInt64
		}
		highest = max(highest, most)
	}
	return highest
}

// NextOccurrenceInput asks when a scheduled campaign comes again after an instant.
type NextOccurrenceInput struct {
	Spec  campaign.Spec `json:"spec"`
	After time.Time     `json:"after"`
}

// NextOccurrenceOutput is the next firing, and when its planning starts. A zero At: the schedule is over.
type NextOccurrenceOutput struct {
	At     time.Time `json:"at,omitzero"`
	PlanAt time.Time `json:"plan_at,omitzero"`
}

// NextOccurrence reads the schedule. It is an activity, because time-zone data change and a history must not.
func (p *Planning) NextOccurrence(_ context.Context, in NextOccurrenceInput) (NextOccurrenceOutput, error) {
	at, more, err := in.Spec.NextStart(in.After)
	if err != nil || !more {
		return NextOccurrenceOutput{}, Classify(err)
	}
	return NextOccurrenceOutput{At: at, PlanAt: at.Add(-time.Duration(in.Spec.Schedule.Lead))}, nil
}
