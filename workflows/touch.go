package workflows

import (
	"slices"
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
	sources map[string]uint64
	capped  uint64
}

// touchToPlan is one touch's deliveries to be planned: rebase numbers the re-planning, so that a delivery that was moved
// keeps its identity, and what has gone does not go again.
type touchToPlan struct {
	run           campaign.Run
	snapshot      activities.Snapshot
	shards        []campaign.Shard
	touch         string
	rebase        uint16
	opens, closes time.Time
	customers     uint64 // about
	limited       bool   // some waves have a capacity
}

// planTouch plans the deliveries of a touch that opens at opens and, unless the spec's spread says when, closes at closes;
// and it reserves the contacts under the caps.
func planTouch(ctx workflow.Context, p touchToPlan) (plannedTouch, error) {
	out := plannedTouch{
		plan:  touchPlan{Waves: map[uint32]map[int]uint64{}, Rebase: p.rebase},
		waves: map[uint32]uint64{}, blocked: map[string]uint64{}, sources: map[string]uint64{},
	}
	ask := activities.PlanWavesInput{Run: p.run, Snapshot: p.snapshot, Touch: p.touch, Opens: p.opens, Closes: p.closes, Rebase: p.rebase}
	rooms, err := shareWaves(ctx, p, &ask)
	if err != nil {
		return out, err
	}
	planned, err := overShards(compute(ctx), dispatch.PlanWaves, p.shards, func(s campaign.Shard) activities.PlanWavesInput {
		in := ask
		in.Shard = s
		if rooms != nil {
			in.Room = rooms[slices.Index(p.shards, s)]
		}
		return in
	}, "plan "+p.touch)
	if err != nil {
		return out, err
	}
	for i, shard := range planned {
		addUp(out.waves, shard.Waves)
		addUp(out.blocked, shard.Blocked)
		addUp(out.sources, shard.Sources)
		for _, wave := range workflow.DeterministicKeys(shard.Waves) {
			if out.plan.Waves[wave] == nil {
				out.plan.Waves[wave] = map[int]uint64{}
			}
			out.plan.Waves[wave][i] = shard.Waves[wave]
		}
		for hour, n := range shard.Hours {
			out.hours[hour] += n
		}
	}
	admitted, err := overShards(compute(ctx), contacts.ReserveContacts, byBucket(p.shards), func(s campaign.Shard) activities.AdmitContactsInput {
		return activities.AdmitContactsInput{Run: p.run, Touch: p.touch, Rebase: p.rebase, Shard: s, Now: p.opens}
	}, "reserve contacts of "+p.touch)
	for _, a := range admitted {
		out.capped += a.Capped
	}
	return out, err
}

// shareWaves shares the places of waves with a capacity out among the shards: prices go out, what everybody wants at them
// comes back, and each shard gets its places. Nothing to share: no rooms.
func shareWaves(ctx workflow.Context, p touchToPlan, ask *activities.PlanWavesInput) ([]activities.WaveRoom, error) {
	if !p.limited || !sharesWaves(ctx) {
		return nil, nil
	}
	priced, err := run(compute(ctx), dispatch.PriceWaves, activities.PriceWavesInput{Plan: *ask, Shards: p.shards, Customers: p.customers}, "what a place in each hour is worth")
	if err != nil || !priced.Limited {
		return nil, err
	}
	ask.Prices = priced.Prices
	wanted, err := overShards(compute(ctx), dispatch.SumWaves, p.shards, func(s campaign.Shard) activities.PlanWavesInput {
		in := *ask
		in.Shard = s
		return in
	}, "who wants which hour at these prices")
	if err != nil {
		return nil, err
	}
	sharing := activities.ShareWavesInput{Plan: *ask}
	for _, w := range wanted {
		sharing.Demands = append(sharing.Demands, w.Demand)
	}
	shared, err := run(compute(ctx), dispatch.ShareWaves, sharing, "each shard's places")
	return shared.Rooms, err
}

// planTouch plans a touch of the run, over again when it was planned before.
func (r *campaignRun) planTouch(ctx workflow.Context, touch string, opens time.Time) (plannedTouch, error) {
	before, again := r.touches[touch]
	if again {
		before.Rebase++
	}
	planned, err := planTouch(ctx, touchToPlan{
		run: r.run, snapshot: r.snapshot, shards: r.shards, touch: touch, rebase: before.Rebase, opens: opens, customers: r.status.Treated, limited: r.limited(),
	})
	if err == nil {
		r.touches[touch], r.status.Hours, r.status.Sources = planned.plan, planned.hours, planned.sources
	}
	return planned, err
}

// limited says whether some hours take only so many messages.
func (r *campaignRun) limited() bool {
	t := r.in.Brief.Spec.Timing
	return t.PerHour > 0 || len(t.Capacity) > 0
}

func spread(touch campaign.Touch) time.Duration {
	if touch.Spread > 0 {
		return time.Duration(touch.Spread)
	}
	return 24 * time.Hour
}
