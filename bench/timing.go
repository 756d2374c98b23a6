package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack"
)

// timingBench plans a touch for everybody by the product's own activities: prices on a sample, what each shard wants at
// them, the shards' places, each customer's hour, and the contacts under the caps. Two shards work at once, as a worker has
// two cores. What it writes is recounted by plain queries.
type timingBench struct {
	customers int
}

func (b *timingBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 16_000_000, "to be planned; each with some fifteen events of two years")
}

// timingOpens is midnight of a Tuesday in Seoul.
var timingOpens = time.Date(2026, 9, 1, 0, 0, 0, 0, time.FixedZone("KST", 9*3600))

// oneBrief is a brief for whatever run is asked about.
type oneBrief struct{ brief campaign.Brief }

func (b oneBrief) Brief(context.Context, campaign.Run) (campaign.Brief, error) { return b.brief, nil }

func (b *timingBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers = 100_000
	}
	brief, err := campaignBrief(b.customers)
	if err != nil {
		return nil, err
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	say("the engine makes %d customers with their events", b.customers)
	if err := b.populate(ctx, e); err != nil {
		return nil, err
	}
	first := brief.Spec.Touches[0]
	// Eleven allowed hours, of which the sixth takes half and the others a ninth of all each: ten in eleven of the places are used.
	brief.Spec.Timing = campaign.Timing{From: 9 * 60, Until: 20 * 60, Explore: .05, PerHour: b.customers / 9, Capacity: []campaign.Capacity{{From: 14 * 60, Until: 15 * 60, PerHour: b.customers / 18}}}
	brief.Policy.Caps = []campaign.Cap{{Most: 1, Within: campaign.Duration(7 * 24 * time.Hour)}}
	stage := &activities.Dispatch{Store: e.store, Briefs: oneBrief{brief}}
	run := campaign.Run{Campaign: brief.Spec.Campaign, Occurrence: 1, Plan: 1, Launch: timingOpens.UTC()}
	ask := activities.PlanWavesInput{Run: run, Snapshot: activities.Snapshot{ID: "bench", Instant: timingOpens, Customers: uint64(b.customers)}, Touch: first.ID, Opens: timingOpens}
	var shards []campaign.Shard
	n := max(16, b.customers/500_000)
	for i := range n {
		shards = append(shards, campaign.Shard{Index: i, Of: n, Low: uint32(b.customers*i/n + 1), High: uint32(b.customers * (i + 1) / n)})
	}
	out := map[string]any{"customers": b.customers, "shards": n}
	section := e.begin(stack.PartEngine)
	if err := b.plan(ctx, stage, ask, shards, out); err != nil {
		return nil, err
	}
	section.end(out)
	out["customers_per_s"] = float64(b.customers) / out["seconds"].(float64)
	return out, b.check(ctx, e, run, brief.Spec.Timing, out)
}

// plan does what the workflow does.
func (b *timingBench) plan(ctx context.Context, stage *activities.Dispatch, ask activities.PlanWavesInput, shards []campaign.Shard, out map[string]any) error {
	seconds := map[string]float64{}
	began := time.Now()
	lap := func(name string) {
		seconds[name], began = time.Since(began).Seconds(), time.Now()
		say("%s: %.1f s", name, seconds[name])
	}
	priced, err := stage.PriceWaves(ctx, activities.PriceWavesInput{Plan: ask, Shards: shards, Customers: uint64(b.customers)})
	if err != nil {
		return err
	}
	lap("price")
	ask.Prices = priced.Prices
	wanted, err := eachShard(ctx, shards, func(ctx context.Context, s campaign.Shard) (activities.SumWavesOutput, error) {
		in := ask
		in.Shard = s
		return stage.SumWaves(ctx, in)
	})
	if err != nil {
		return err
	}
	lap("sum")
	sharing := activities.ShareWavesInput{Plan: ask}
	for _, w := range wanted {
		sharing.Demands = append(sharing.Demands, w.Demand)
	}
	shared, err := stage.ShareWaves(ctx, sharing)
	if err != nil {
		return err
	}
	planned, err := eachShard(ctx, shards, func(ctx context.Context, s campaign.Shard) (activities.PlanWavesOutput, error) {
		in := ask
		in.Shard, in.Room = s, shared.Rooms[s.Index]
		return stage.PlanWaves(ctx, in)
	})
	if err != nil {
		return err
	}
	lap("plan")
	admitted, err := eachShard(ctx, shards, func(ctx context.Context, s campaign.Shard) (activities.AdmitContactsOutput, error) {
		return stage.AdmitContacts(ctx, activities.AdmitContactsInput{Run: ask.Run, Touch: ask.Touch, Shard: s})
	})
	if err != nil {
		return err
	}
	lap("admit")
	var total, blocked, moved, capped uint64
	sources, reasons := map[string]uint64{}, map[string]uint64{}
	for i, p := range planned {
		for _, count := range p.Waves {
			total += count
		}
		for reason, count := range p.Blocked {
			blocked += count
			reasons[reason] += count
		}
		for source, count := range p.Sources {
			sources[source] += count
		}
		capped += admitted[i].Capped
	}
	moved = sources["moved"]
	out["planned"], out["blocked"], out["moved"], out["capped"] = total, blocked, moved, capped
	out["sources"], out["blocked_by_reason"], out["stages"] = sources, reasons, seconds
	out["price_sample"], out["prices"] = priced.Sample, len(priced.Prices)
	return nil
}

// eachShard works on two shards at once.
func eachShard[Out any](ctx context.Context, shards []campaign.Shard, do func(context.Context, campaign.Shard) (Out, error)) ([]Out, error) {
	outs := make([]Out, len(shards))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i, s := range shards {
		group.Go(func() (err error) {
			outs[i], err = do(ctx, s)
			return err
		})
	}
	return outs, group.Wait()
}

// The population: three in a hundred live elsewhere, and who has a week of their own buys, uses the app and answers around
// an hour of it; the others do so whenever. A hundredth had a message of another campaign the day before.
var timingPopulation = []string{
	`INSERT INTO features (snapshot, customer_key, segment, zone)
		SELECT 'bench', number, concat('s', toString(number % 4)), multiIf(number % 100 = 1, 'America/New_York', number % 100 = 2, 'Europe/London', number % 1000 = 3, 'Nowhere', 'Asia/Seoul')
		FROM numbers({low:UInt64}, {count:UInt64})`,
	`INSERT INTO contacts (customer_key, channel, address, updated_at)
		SELECT number, 'email', concat('p', toString(number), '@example.invalid'), {opens:DateTime('UTC')} - 90000 FROM numbers({low:UInt64}, {count:UInt64}) WHERE number % 500 != 0`,
	`INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, threshold, reward)
		SELECT {campaign:String}, 1, 1, toDate({opens:DateTime('UTC')}), number, 'reward', 100000, 5000 FROM numbers({low:UInt64}, {count:UInt64})`,
	`INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency)
		SELECT number, {opens:DateTime('UTC')} - 86400 * toUInt32(1 + cityHash64(number, n) % 360) + 3600 * toUInt32(if(cityHash64(number, n, 1) % 10 < 6, (9 + cityHash64(number, 2) % 12) % 24, cityHash64(number, n, 3) % 24)) + cityHash64(number, n, 4) % 3600,
			cityHash64(number, n, 5), 1, 'purchase', 10000, 'KRW'
		FROM numbers({low:UInt64}, {count:UInt64}) ARRAY JOIN range(cityHash64(number, 6) % 12) AS n`,
	`INSERT INTO interactions (customer_key, at, kind, channel, campaign, occurrence, touch, id)
		SELECT number, at + if(kind = 'open', 300, 0), kind, 'email', concat('past-', toString(n)), 1, 'first', cityHash64(number, n, kind)
		FROM
		(
			SELECT number, n, {opens:DateTime('UTC')} - 86400 * toUInt32(20 + 30 * n) + 3600 * toUInt32(9 + cityHash64(number, n, 7) % 11) AS at,
				arrayJoin(if(cityHash64(number, n, 8) % 100 < if((9 + cityHash64(number, 2) % 12) = (9 + cityHash64(number, n, 7) % 11), 50, 20), ['delivered', 'open'], ['delivered'])) AS kind
			FROM numbers({low:UInt64}, {count:UInt64}) ARRAY JOIN range(6) AS n
		)`,
	`INSERT INTO reservations (customer_key, channel, purpose, at, campaign, occurrence, plan, touch)
		SELECT number, 'email', 'marketing', {opens:DateTime('UTC')} - 80000, 'other', 1, 1, 'first' FROM numbers({low:UInt64}, {count:UInt64}) WHERE number % 100 = 7`,
}

func (b *timingBench) populate(ctx context.Context, e *engines) error {
	const at = 500_000
	brief, err := campaignBrief(b.customers)
	if err != nil {
		return err
	}
	for low := 1; low <= b.customers; low += at {
		for _, insert := range timingPopulation {
			count := min(at, b.customers-low+1)
			if err := e.store.Conn().Exec(ctx, insert, named("low", uint64(low)), named("count", uint64(count)), named("opens", timingOpens), named("campaign", brief.Spec.Campaign)); err != nil {
				return fmt.Errorf("make the population: %w", err)
			}
		}
	}
	return nil
}

// check recounts what was written, and holds it against the capacities.
func (b *timingBench) check(ctx context.Context, e *engines, run campaign.Run, timing campaign.Timing, out map[string]any) error {
	const of = " FROM planned_deliveries WHERE campaign = {campaign:String} AND plan = 1"
	name := named("campaign", run.Campaign)
	for _, c := range []struct {
		what, query string
		want        uint64
	}{
		{"customers", "SELECT uniqExact(customer_key)" + of, uint64(b.customers)},
		{"rows", "SELECT count()" + of, uint64(b.customers)},
		{"planned", "SELECT countIf(blocked = '')" + of, out["planned"].(uint64)},
		{"moved", "SELECT countIf(blocked = '' AND source = 'moved')" + of, out["moved"].(uint64)},
		{"hours that took more than they may", "SELECT count() FROM (SELECT wave, count() AS n" + of + fmt.Sprintf(" AND blocked = '' GROUP BY wave HAVING n > if(toHour(toDateTime(wave * 3600), 'Asia/Seoul') = 14, %d, %d))", timing.Capacity[0].PerHour, timing.PerHour), 0},
		{"in forbidden hours", "SELECT countIf(blocked = '' AND (hour < 9 OR hour >= 20)) FROM (SELECT blocked, multiIf(customer_key % 100 = 1, toHour(planned_at, 'America/New_York'), customer_key % 100 = 2, toHour(planned_at, 'Europe/London'), toHour(planned_at, 'Asia/Seoul')) AS hour" + of + ")", 0},
		{"reserved", "SELECT count() FROM reservations WHERE campaign = {campaign:String} AND released = 0", out["planned"].(uint64) - out["capped"].(uint64)},
	} {
		have, err := e.count(ctx, c.query, name)
		if err != nil {
			return err
		}
		if have != c.want {
			return fmt.Errorf("%w: %s: the table says %d, expected %d", errWrong, c.what, have, c.want)
		}
	}
	return nil
}
