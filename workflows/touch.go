package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// touchPlan is the planned deliveries of one touch: by wave, how many of which shard.
type touchPlan struct {
	Waves  map[uint32]map[int]uint64 `json:"waves"`
	Rebase uint16                    `json:"rebase"`
}

// plannedTouch is a touch's plan with its sums over shards.
type plannedTouch struct {
	plan    touchPlan
	waves   map[uint32]uint64
	blocked map[string]uint64
	hours   [24]uint64
	capped  uint64
}

// planTouch plans the deliveries of a touch that opens at opens and, unless the spec's spread says when, closes at closes;
// and it reserves the contacts under the caps. rebase numbers the re-planning: a delivery that was moved keeps its identity, so that what has gone does not go again.
func planTouch(ctx workflow.Context, of campaign.Run, snapshot activities.Snapshot, shards []campaign.Shard, touch string, rebase uint16, opens, closes time.Time) (plannedTouch, error) {
	out := plannedTouch{plan: touchPlan{Waves: map[uint32]map[int]uint64{}, Rebase: rebase}, waves: map[uint32]uint64{}, blocked: map[string]uint64{}}
	planned, err := overShards(compute(ctx), dispatch.PlanWaves, shards, func(s campaign.Shard) activities.PlanWavesInput {
		return activities.PlanWavesInput{Run: of, Snapshot: snapshot, Touch: touch, Opens: opens, Closes: closes, Rebase: rebase, Shard: s}
	}, "plan "+touch)
	if err != nil {
		return out, err
	}
	for i, p := range planned {
		addUp(out.waves, p.Waves)
		addUp(out.blocked, p.Blocked)
		for _, wave := range workflow.DeterministicKeys(p.Waves) {
			if out.plan.Waves[wave] == nil {
				out.plan.Waves[wave] = map[int]uint64{}
			}
			out.plan.Waves[wave][i] = p.Waves[wave]
		}
		for hour, n := range p.Hours {
			out.hours[hour] += n
		}
	}
	admitted, err := overShards(compute(ctx), contacts.ReserveContacts, byBucket(shards), func(s campaign.Shard) activities.AdmitContactsInput {
		return activities.AdmitContactsInput{Run: of, Touch: touch, Rebase: rebase, Shard: s}
	}, "reserve contacts of "+touch)
	for _, a := range admitted {
		out.capped += a.Capped
	}
	return out, err
}

// planTouch plans a touch of the run, over again when it was planned before.
func (r *campaignRun) planTouch(ctx workflow.Context, touch string, opens time.Time) (plannedTouch, error) {
	before, again := r.touches[touch]
	if again {
		before.Rebase++
	}
	planned, err := planTouch(ctx, r.run, r.snapshot, r.shards, touch, before.Rebase, opens, time.Time{})
	if err == nil {
		r.touches[touch], r.status.Hours = planned.plan, planned.hours
	}
	return planned, err
}

func spread(touch campaign.Touch) time.Duration {
	if touch.Spread > 0 {
		return time.Duration(touch.Spread)
	}
	return 24 * time.Hour
}
