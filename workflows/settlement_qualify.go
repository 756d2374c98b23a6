package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// qualify judges who met the terms. Each shard finds a set of candidates; this history holds which, one cut over all of
// them decides who was among the first, and only what these sets hold is published. Dues are booked from that alone.
func (s *settlementRun) qualify(ctx workflow.Context) error {
	s.tell(ctx, "it judges who met the terms", "nothing to press")
	staged := publishesSets(ctx)
	outs, err := overShards(compute(ctx), settlement.QualifyCustomers, s.in.Shards, func(shard campaign.Shard) activities.QualifyCustomersInput {
		return activities.QualifyCustomersInput{Run: s.in.Run, Times: s.in.Times, Shard: shard, Staged: staged}
	}, "who met the terms")
	cut := activities.CutFirstComersInput{Run: s.in.Run, Times: s.in.Times}
	for _, q := range outs {
		s.out.Qualified.Reached += q.Reached
		s.out.Qualified.Qualified += q.Qualified
		s.out.Qualified.Due += q.Due
		cut.Sets = append(cut.Sets, q.Set)
	}
	if err != nil || !staged {
		return err
	}
	limits, err := run(compute(ctx), settlement.CutFirstComers, cut, "who was among the first")
	if err != nil {
		return err
	}
	published, err := overShards(compute(ctx), settlement.PublishRedemptions, s.in.Shards, func(shard campaign.Shard) activities.PublishRedemptionsInput {
		return activities.PublishRedemptionsInput{Run: s.in.Run, Times: s.in.Times, Shard: shard, Set: outs[slices.Index(s.in.Shards, shard)].Set, Cuts: limits.Cuts}
	}, "publish who met the terms")
	if err != nil {
		return err
	}
	s.out.Qualified.Qualified, s.out.Qualified.Due = 0, 0
	for _, p := range published {
		s.out.Qualified.Qualified += p.Qualified
		s.out.Qualified.Due += p.Due
	}
	for _, c := range limits.Cuts {
		s.out.Qualified.Refused += c.Refused
	}
	return nil
}
