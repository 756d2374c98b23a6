package activities

import (
	"context"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// learnedTiming is when customers respond and how long a channel takes, as of a snapshot.
type learnedTiming struct {
	timing *dispatch.Timing
	lead   time.Duration
}

// timing learns from a sample, once for each snapshot and channel.
func (d *Dispatch) timing(ctx context.Context, snapshot Snapshot, instant time.Time, channel string, zones *dispatch.Zones) (learnedTiming, error) {
	d.learning.Lock()
	defer d.learning.Unlock()
	key := snapshot.ID + "/" + channel
	if l, ok := d.timings[key]; ok {
		return l, nil
	}
	part := uint32(max(snapshot.Customers/dispatch.TimingSample, 1))
	learner := dispatch.NewTimingLearner(instant, zones)
	if err := d.Store.TimingHabits(ctx, snapshot.ID, instant, part, learner.Add); err != nil {
		return learnedTiming{}, err
	}
	latency, err := d.Store.Latency(ctx, channel, instant, part)
	if err != nil {
		return learnedTiming{}, err
	}
	l := learnedTiming{learner.Learn(), latency.Lead()}
	if d.timings == nil || len(d.timings) > 8 {
		d.timings = map[string]learnedTiming{}
	}
	d.timings[key] = l
	return l, nil
}

func (t *touchStage) capacity() dispatch.Capacity {
	return dispatch.NewCapacity(t.brief.Spec.Timing, t.rules.Zones.Of(t.brief.Spec.Zone))
}

// planning is what the planner of a shard has in common with all others, and whom it plans for.
func (t *touchStage) planning(ctx context.Context, in PlanWavesInput) (dispatch.PlannerConfig, dispatch.CandidateQuery, error) {
	instant := in.Snapshot.Instant
	if instant.IsZero() {
		instant = in.Opens
	}
	learned, err := t.stage.timing(ctx, in.Snapshot, instant, t.name, t.rules.Zones)
	if err != nil {
		return dispatch.PlannerConfig{}, dispatch.CandidateQuery{}, err
	}
	until := in.Opens.Add(orElse(t.touch.Spread.Std(), 24*time.Hour))
	for _, end := range []time.Time{t.times.Closes, in.Closes} {
		if !end.IsZero() && end.Before(until) {
			until = end
		}
	}
	return dispatch.PlannerConfig{
			Run: in.Run, Touch: in.Touch, Salt: t.brief.Policy.Salt, Hours: t.rules.Hours, Zones: t.rules.Zones, Timing: learned.timing, Instant: instant,
			From: in.Opens, Until: until, Latency: learned.lead, Explore: t.brief.Spec.Timing.Explore,
		}, dispatch.CandidateQuery{
			Run: in.Run, Snapshot: in.Snapshot.ID, Touch: in.Touch, Channel: t.name, Channels: t.touch.Channels, Purpose: t.purpose, Opens: in.Opens, Instant: instant,
			Rebase: in.Rebase, Shard: in.Shard,
		}, nil
}

// PriceWavesInput asks what a place in each wave is worth, for a touch whose waves have limits. Plan is what every shard
// is then asked to plan.
type PriceWavesInput struct {
	Plan      PlanWavesInput   `json:"plan"`
	Shards    []campaign.Shard `json:"shards"`
	Customers uint64           `json:"customers"` // to be planned, about
}

// PriceWavesOutput are the prices. Limited is false when no wave has a limit: then there is nothing to share out.
type PriceWavesOutput struct {
	Limited bool               `json:"limited"`
	Prices  map[uint32]float64 `json:"prices,omitempty"`
	Sample  int                `json:"sample,omitempty"` // customers that they were found on
}

// priceSample is how many customers prices are found on: a wave that takes a twentieth of them is met to 1.4 %.
const priceSample = 100_000

// PriceWaves finds the prices on a sample of all shards.
func (d *Dispatch) PriceWaves(ctx context.Context, in PriceWavesInput) (PriceWavesOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := d.priceWaves(ctx, in)
	return out, Classify(err)
}

func (d *Dispatch) priceWaves(ctx context.Context, in PriceWavesInput) (PriceWavesOutput, error) {
	t, err := d.touch(ctx, in.Plan.Run, in.Plan.Touch)
	if err != nil || !t.capacity().Any() {
		return PriceWavesOutput{}, err
	}
	config, query, err := t.planning(ctx, in.Plan)
	if err != nil {
		return PriceWavesOutput{}, err
	}
	config.Prices = map[uint32]float64{}
	planner := dispatch.NewPlanner(config)
	search := dispatch.NewPriceSearch(t.capacity(), planner.Waves())
	query.Part = uint32(max(in.Customers/priceSample, 1))
	for _, shard := range in.Shards {
		query.Shard = shard
		err := d.Store.TimingCandidates(ctx, query, func(c dispatch.Candidate) error {
			search.Add(planner, c)
			return nil
		})
		if err != nil {
			return PriceWavesOutput{}, err
		}
	}
	return PriceWavesOutput{Limited: true, Sample: search.Customers(), Prices: search.Solve(1 / float64(query.Part))}, nil
}

// SumWavesOutput is what the shard's customers want.
type SumWavesOutput struct {
	Demand dispatch.Demand `json:"demand"`
}

// SumWaves counts what a shard's customers want at the prices, without planning anything.
func (d *Dispatch) SumWaves(ctx context.Context, in PlanWavesInput) (SumWavesOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := d.sumWaves(ctx, in)
	return out, Classify(err)
}

func (d *Dispatch) sumWaves(ctx context.Context, in PlanWavesInput) (out SumWavesOutput, err error) {
	t, err := d.touch(ctx, in.Run, in.Touch)
	if err != nil {
		return out, err
	}
	config, query, err := t.planning(ctx, in)
	if err != nil {
		return out, err
	}
	config.Prices = in.Prices
	if config.Prices == nil {
		config.Prices = map[uint32]float64{}
	}
	planner := dispatch.NewPlanner(config)
	err = d.Store.TimingCandidates(ctx, query, func(c dispatch.Candidate) error {
		planner.Want(c)
		return nil
	})
	out.Demand = planner.Demand()
	return out, err
}

// ShareWavesInput asks for each shard's places.
type ShareWavesInput struct {
	Plan    PlanWavesInput    `json:"plan"`
	Demands []dispatch.Demand `json:"demands"` // in the order of the shards
}

// WaveRoom are a shard's places by wave.
type WaveRoom = dispatch.Room

// ShareWavesOutput are the places, in the same order.
type ShareWavesOutput struct {
	Rooms []WaveRoom `json:"rooms"`
}

// ShareWaves cuts the capacity of each wave into the shards' parts.
func (d *Dispatch) ShareWaves(ctx context.Context, in ShareWavesInput) (ShareWavesOutput, error) {
	t, err := d.touch(ctx, in.Plan.Run, in.Plan.Touch)
	if err != nil {
		return ShareWavesOutput{}, Classify(err)
	}
	config, _, err := t.planning(ctx, in.Plan)
	if err != nil {
		return ShareWavesOutput{}, Classify(err)
	}
	return ShareWavesOutput{Rooms: dispatch.ShareRoom(t.capacity(), dispatch.NewPlanner(config).Waves(), in.Demands)}, nil
}
