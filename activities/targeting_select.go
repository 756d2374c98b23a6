package activities

import (
	"context"
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/targeting"
)

var (
	_ = classify(targeting.ErrEmptyAudience, "NobodyEligible", true)
	_ = classify(targeting.ErrBadRule, "BadRule", true)
	_ = classify(targeting.ErrOtherSignals, "OtherSignals", true)
	_ = classify(targeting.ErrNoModel, "NoModel", true)
)

// moment is campaign time as one instant for all attempts of an activity: a live clock is read when the activity was
// scheduled, so that a second attempt decides as the first did.
func moment(ctx context.Context, c clock.Clock) time.Time {
	if activity.IsActivity(ctx) {
		return c.At(activity.GetInfo(ctx).ScheduledTime)
	}
	return c.At(clock.Wall())
}

// ScoreAudience scores everyone of a shard who may be chosen, and counts why the others may not.
func (t *Targeting) ScoreAudience(ctx context.Context, in ScoreAudienceInput) (ScoreAudienceOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out := ScoreAudienceOutput{Scores: make([]uint32, targeting.Bins), Funnel: Funnel{}}
	terms, err := t.terms(ctx, in.Run, in.Clock)
	if err != nil {
		return out, Classify(err)
	}
	err = t.judge(ctx, in.Snapshot, in.Model, terms, in.Shard, func(j targeting.Judged, _ *targeting.Candidate) {
		out.Funnel[targeting.Reasons[j.Reason]]++
		if j.Bin >= 0 {
			out.Scores[j.Bin]++
		}
	})
	return out, Classify(err)
}

// CutAudience finds where the size of the audience cuts the scores of all shards.
func (t *Targeting) CutAudience(ctx context.Context, in CutAudienceInput) (CutAudienceOutput, error) {
	brief, err := t.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return CutAudienceOutput{}, Classify(err)
	}
	cut, err := targeting.CutAt(in.Scores, targeting.SizeOf(in.Scores, brief.Spec.Audience.Size, float64(brief.Spec.Audience.Share)))
	return CutAudienceOutput{Cut: Cut(cut)}, Classify(err)
}

// SelectAudience writes a row for every customer of a shard, with arm and reason. Rows that an earlier attempt wrote
// stay as they are, and count as they are.
func (t *Targeting) SelectAudience(ctx context.Context, in SelectAudienceInput) (SelectAudienceOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out := SelectAudienceOutput{Funnel: Funnel{}}
	terms, err := t.terms(ctx, in.Run, in.Clock)
	if err != nil {
		return out, Classify(err)
	}
	var judged []targeting.Judged
	names := map[string]string{}
	err = t.judge(ctx, in.Snapshot, in.Model, terms, in.Shard, func(j targeting.Judged, c *targeting.Candidate) {
		if terms.ControlBy != "" && j.Bin >= 0 {
			name := terms.Stratum(c.Segment, int(j.Bin), targeting.Cut(in.Cut))
			if _, known := names[name]; !known {
				names[name] = name
			}
			j.Stratum = names[name]
		}
		judged = append(judged, j)
	})
	if err != nil {
		return out, Classify(err)
	}
	members := terms.Choose(judged, targeting.Cut(in.Cut), in.Shard.Index)
	missing, err := t.missing(ctx, in.Run, in.Shard, members)
	if err != nil {
		return out, Classify(err)
	}
	if err := t.explain(ctx, in, terms, missing); err != nil { // before the rows that say it is done
		return out, Classify(err)
	}
	if err := t.Store.WriteAudience(ctx, in.Run, missing); err != nil {
		return out, Classify(err)
	}
	sum := targeting.NewChecksum()
	for _, m := range members {
		out.Funnel[m.Reason]++
		switch m.Arm {
		case targeting.ArmTreated:
			out.Treated++
		case targeting.ArmControl:
			out.Control++
		case targeting.ArmHoldout:
			out.Holdout++
		}
		sum.Add(m)
	}
	out.Checksum = sum.Sum()
	if terms.ControlBy != "" {
		out.Strata = strataOf(judged, members)
	}
	return out, nil
}

// strataOf counts the arms by stratum, as they are written; members are of the judged, in their order.
func strataOf(judged []targeting.Judged, members []targeting.Member) []Stratum {
	counts := map[string]*Stratum{}
	for i, m := range members {
		if m.Arm != targeting.ArmTreated && m.Arm != targeting.ArmControl {
			continue
		}
		s := counts[judged[i].Stratum]
		if s == nil {
			s = &Stratum{Name: judged[i].Stratum}
			counts[s.Name] = s
		}
		if m.Arm == targeting.ArmTreated {
			s.Treated++
		} else {
			s.Control++
		}
	}
	var all []Stratum
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, *counts[name])
	}
	return all
}

// missing puts what is stored into members, and returns those that are not stored.
func (t *Targeting) missing(ctx context.Context, run campaign.Run, shard campaign.Shard, members []targeting.Member) ([]targeting.Member, error) {
	stored := make([]bool, len(members))
	count := 0
	err := t.Store.StoredAudience(ctx, run, shard, func(m targeting.Member) error {
		at, found := slices.BinarySearchFunc(members, m.Customer, func(m targeting.Member, customer uint32) int { return compare(m.Customer, customer) })
		if found {
			members[at], stored[at] = m, true
			count++
		}
		return nil
	})
	if err != nil || count == 0 {
		return members, err
	}
	var missing []targeting.Member
	for i, m := range members {
		if !stored[i] {
			missing = append(missing, m)
		}
	}
	return missing, nil
}

func compare(a, b uint32) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (t *Targeting) terms(ctx context.Context, run campaign.Run, c clock.Clock) (targeting.Terms, error) {
	brief, err := t.Briefs.Brief(ctx, run)
	if err != nil {
		return targeting.Terms{}, err
	}
	return targeting.TermsOf(run, brief, moment(ctx, c)), nil
}

// judge gives every customer of the shard with reason and score; Bin is -1 for those who may not be chosen.
func (t *Targeting) judge(ctx context.Context, snapshot Snapshot, m Model, terms targeting.Terms, shard campaign.Shard, each func(targeting.Judged, *targeting.Candidate)) error {
	brief, err := t.Briefs.Brief(ctx, terms.Run)
	if err != nil {
		return err
	}
	score, err := t.scorer(ctx, snapshot, m, shard)
	if err != nil {
		return err
	}
	return t.Store.Candidates(ctx, snapshot.ID, shard, brief.Spec, terms, func(c *targeting.Candidate) error {
		j := targeting.Judged{Customer: c.Customer, Bin: -1}
		reason := terms.Judge(c)
		scored, bin, err := score(c)
		if err != nil {
			return err
		}
		j.Reason, j.Score = targeting.JudgedAs(reason), scored
		if reason == targeting.ReasonEligible {
			j.Bin = int16(bin)
		}
		each(j, c)
		return nil
	})
}
