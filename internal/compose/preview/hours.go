package preview

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// Hours is when the first touch's messages would arrive, by the hour of each customer's own day, estimated from some of
// the treated.
type Hours struct {
	Sample   int                   `json:"sample"`            // customers that it is estimated from
	At       [24]map[string]uint64 `json:"at"`                // by hour: learned, fallback, moved, random
	Blocked  map[string]uint64     `json:"blocked,omitempty"` // by reason
	Learning dispatch.Learned      `json:"learning"`
}

// hoursSample is how many customers the hours are estimated from: a tenth of them are then known to a percent and a half.
const hoursSample = 2_000

// hours plans the first touch for some of the treated, with the capacities in proportion.
func (p *planner) hours(ctx context.Context, out *Preview) error {
	keys := out.Drawn
	if every := len(keys) / hoursSample; every > 1 {
		var some []uint32
		for i := 0; i < len(keys); i += every {
			some = append(some, keys[i])
		}
		keys = some
	}
	spec := p.memory.brief.Spec
	if len(keys) == 0 || out.Treated == 0 || len(spec.Touches) == 0 {
		return nil
	}
	people, err := p.memory.HabitsOf(ctx, p.snapshot.ID, p.snapshot.Instant, keys)
	if err != nil || len(people) == 0 {
		return err
	}
	zones, err := dispatch.NewZones(spec.Zone)
	if err != nil {
		return err
	}
	learner := dispatch.NewTimingLearner(p.snapshot.Instant, zones)
	for _, c := range people {
		learner.Add(c.Segment, c.Zone, c.Events)
	}
	timing := learner.Learn()
	touch := spec.Touches[0]
	times, err := spec.Times(p.run.Launch)
	if err != nil {
		return err
	}
	opens := times.Opens.Add(touch.After.Std())
	until := opens.Add(touch.Spread.Std())
	if touch.Spread == 0 {
		until = opens.Add(24 * time.Hour)
	}
	config := dispatch.PlannerConfig{
		Run: p.run, Touch: touch.ID, Salt: p.memory.brief.Policy.Salt, Hours: dispatch.NewHours(spec.Timing, p.memory.brief.Policy.Quiet, touch.Channels[0]),
		Zones: zones, Timing: timing, Instant: p.snapshot.Instant, From: opens, Until: until, Explore: spec.Timing.Explore,
	}
	part := float64(len(people)) / float64(out.Treated)
	capacity := dispatch.NewCapacity(spec.Timing, zones.Of(spec.Zone)).Part(part)
	config = shared(config, capacity, people)
	found := Hours{Sample: len(people), Blocked: map[string]uint64{}, Learning: timing.Learned()}
	planner := dispatch.NewPlanner(config)
	for _, c := range people {
		plan := planner.Plan(c)
		if plan.Blocked != "" {
			found.Blocked[plan.Blocked]++
			continue
		}
		if found.At[plan.LocalHour] == nil {
			found.At[plan.LocalHour] = map[string]uint64{}
		}
		found.At[plan.LocalHour][string(plan.Source)]++
	}
	whole := func(counts map[string]uint64) {
		for name, n := range counts {
			counts[name] = uint64(float64(n)/part + .5)
		}
	}
	for _, counts := range found.At {
		whole(counts)
	}
	whole(found.Blocked)
	out.Hours = &found
	return nil
}

// shared prices the hours and shares the places out, where any are limited.
func shared(config dispatch.PlannerConfig, capacity dispatch.Capacity, people []dispatch.Candidate) dispatch.PlannerConfig {
	if !capacity.Any() {
		return config
	}
	config.Prices = map[uint32]float64{}
	planner := dispatch.NewPlanner(config)
	search := dispatch.NewPriceSearch(capacity, planner.Waves())
	for _, c := range people {
		search.Add(planner, c)
	}
	config.Prices = search.Solve(1)
	wanting := dispatch.NewPlanner(config)
	for _, c := range people {
		wanting.Want(c)
	}
	config.Room = dispatch.ShareRoom(capacity, wanting.Waves(), []dispatch.Demand{wanting.Demand()})[0]
	return config
}
