package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/stack"
)

// punctualityBench sends by the product's own planning and pacing over a channel that is slow, and takes the time between
// the planned second and the arrival. How slow the channel is, the product has to learn from receipts of an earlier
// campaign. Then it does the same over a channel that stalls until after the window's end.
type punctualityBench struct {
	recipients      int
	latency, jitter float64
}

func (b *punctualityBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.recipients, "recipients", 2_000, "of each run; they are spread over two minutes")
	f.Float64Var(&b.latency, "latency-s", 40, "seconds from handing a message over to its arrival")
	f.Float64Var(&b.jitter, "jitter-s", .5, "and so many more or less, evenly")
}

// slowChannel is a provider that takes a message at once and delivers it much later; while it stalls it takes none.
type slowChannel struct {
	latency, jitter      time.Duration
	stallFrom, stallTill time.Time

	mu       sync.Mutex
	accepted map[string]time.Time // by message
	arrives  map[string]time.Time
	twice    int
}

func (c *slowChannel) Ready(context.Context) error { return nil }

func (c *slowChannel) Send(ctx context.Context, m dispatch.Message) dispatch.Receipt {
	for now := clock.Wall(); now.After(c.stallFrom) && now.Before(c.stallTill); now = clock.Wall() {
		// As a connection does that gets no answer: it is given up at the deadline, before the message was handed over.
		if end, ok := ctx.Deadline(); ctx.Err() != nil || ok && !now.Before(end) {
			return dispatch.Receipt{Outcome: dispatch.OutcomeTemporary, Response: "no answer"}
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := clock.Wall()
	if _, known := c.accepted[m.ID]; known {
		c.twice++
	}
	c.accepted[m.ID] = now
	c.arrives[m.ID] = now.Add(c.latency + time.Duration((2*rand.Float64()-1)*float64(c.jitter)))
	return dispatch.Receipt{Outcome: dispatch.OutcomeSent}
}

func (c *slowChannel) Lookup(_ context.Context, ids []string) (map[string]bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string]bool{}
	for _, id := range ids {
		_, found[id] = c.accepted[id]
	}
	return found, nil
}

func (b *punctualityBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.recipients, b.latency = 500, min(b.latency, 3)
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	if err := b.populate(ctx, e); err != nil {
		return nil, err
	}
	out := map[string]any{"recipients": b.recipients, "latency_s": b.latency, "jitter_s": b.jitter}
	spread := 2 * time.Minute
	if quick {
		spread = time.Minute
	}
	section := e.begin(stack.PartEngine)
	var runs [2]punctual // at the same time: each waits most of it
	group, sending := errgroup.WithContext(ctx)
	for i := range runs {
		group.Go(func() (err error) {
			runs[i], err = b.once(sending, e, uint32(i+1), spread, i == 1)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	punctual, stalled := runs[0], runs[1]
	out["p50_ms"], out["p99_ms"], out["late"], out["sent"], out["lead_s"] = punctual.quantile(.5), punctual.quantile(.99), punctual.late, punctual.sent, punctual.lead.Seconds()
	out["most_ms"] = punctual.quantile(1)
	if punctual.outside+punctual.twice > 0 || punctual.sent != b.recipients {
		return nil, fmt.Errorf("%w: of %d messages %d were sent, %d of them outside of the window and %d twice", errWrong, b.recipients, punctual.sent, punctual.outside, punctual.twice)
	}
	section.end(out)
	out["outside_window"] = stalled.outside
	out["stalling"] = map[string]any{"sent": stalled.sent, "outside_window": stalled.outside, "late": stalled.late, "late_recounted": stalled.recounted, "not_sent": b.recipients - stalled.sent}
	if stalled.outside+stalled.twice > 0 || stalled.late != stalled.recounted || punctual.late != punctual.recounted || stalled.sent != stalled.told {
		return nil, fmt.Errorf("%w: over the channel that stalls %d messages left outside of the window, %d twice; %d are called late and %d are; %d are called sent and %d were taken",
			errWrong, stalled.outside, stalled.twice, stalled.late, stalled.recounted, stalled.told, stalled.sent)
	}
	return out, nil
}

// punctual is what one run came to, by the channel's own record.
type punctual struct {
	distances      []float64 // in milliseconds, sorted
	lead           time.Duration
	sent, told     int // by the channel; by the product
	outside, twice int
	late           int // by the product
	recounted      int // by the channel's record against the table
	opens, closes  time.Time
}

func (p punctual) quantile(q float64) float64 {
	if len(p.distances) == 0 {
		return 0
	}
	return p.distances[min(int(q*float64(len(p.distances))), len(p.distances)-1)]
}

const punctualTouch = "first"

func (b *punctualityBench) brief() (campaign.Brief, error) {
	brief, err := campaignBrief(b.recipients)
	if err != nil {
		return brief, err
	}
	brief.Spec.Touches = brief.Spec.Touches[:1]
	brief.Spec.Touches[0].ID = punctualTouch
	brief.Spec.Timing = campaign.Timing{From: 0, Until: 24 * 60}
	brief.Policy.Quiet, brief.Policy.Rates, brief.Policy.Caps = campaign.Quiet{}, nil, nil
	return brief, nil
}

// once plans a run that opens now, and sends it as it falls due.
func (b *punctualityBench) once(ctx context.Context, e *engines, occurrence uint32, spread time.Duration, stall bool) (p punctual, err error) {
	brief, err := b.brief()
	if err != nil {
		return p, err
	}
	latency := time.Duration(b.latency * float64(time.Second))
	p.opens = clock.Wall().Add(5 * time.Second).Truncate(time.Second)
	// The first whole minute in which something can arrive, and the spread after it.
	from := p.opens.Add(latency).Truncate(time.Minute).Add(time.Minute)
	if left := from.Truncate(time.Hour).Add(time.Hour).Sub(from); left < spread { // a wave is an hour: don't measure how two follow each other
		say("waiting %s for the hour to end", left.Round(time.Second))
		time.Sleep(left)
		return b.once(ctx, e, occurrence, spread, stall)
	}
	brief.Spec.Window = campaign.Window{Starts: campaign.Moment{Time: p.opens}, Length: campaign.Duration(28 * 24 * time.Hour)}
	brief.Spec.Touches[0].Spread = campaign.Duration(from.Add(spread).Sub(p.opens))
	p.closes = from.Add(spread - latency)
	channel := &slowChannel{latency: latency, jitter: time.Duration(b.jitter * float64(time.Second)), accepted: map[string]time.Time{}, arrives: map[string]time.Time{}}
	if stall { // first long enough that some are late, then until after the end
		begins := from.Add(-latency).Add(spread / 8)
		channel.stallFrom, channel.stallTill = begins, begins.Add(spread*5/8)
		p.closes = p.closes.Add(-spread / 8) // what is planned after it may not leave
	}
	stage := &activities.Dispatch{
		Store: e.store, Briefs: oneBrief{brief}, Channels: activities.Channels{campaign.ChannelEmail: channel}, Settings: activities.DispatchSettings{Page: 200, Latency: 200 * time.Millisecond},
	}
	run := campaign.Run{Campaign: brief.Spec.Campaign, Occurrence: occurrence, Plan: 1, Launch: p.opens.UTC()}
	if err := e.store.Conn().Exec(ctx, `INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, content, threshold, reward)
		SELECT {campaign:String}, {occurrence:UInt32}, 1, toDate({opens:DateTime('UTC')}), number, {offer:String}, {content:String}, 100000, 5000 FROM numbers(1, {n:UInt64})`,
		named("campaign", run.Campaign), named("occurrence", occurrence), named("opens", p.opens.UTC()), named("n", uint64(b.recipients)), named("offer", brief.Spec.Offers[0].ID), named("content", contentOf(brief.Spec))); err != nil {
		return p, fmt.Errorf("assign the offers: %w", err)
	}
	shard := campaign.Shard{Index: 0, Of: 1, Low: 1, High: uint32(b.recipients)}
	plan, err := stage.PlanWaves(ctx, activities.PlanWavesInput{
		Run: run, Snapshot: activities.Snapshot{ID: fmt.Sprint("bench", occurrence), Instant: p.opens, Customers: uint64(b.recipients)}, Touch: punctualTouch, Opens: p.opens, Shard: shard,
	})
	if err != nil {
		return p, err
	}
	if _, err := stage.AdmitContacts(ctx, activities.AdmitContactsInput{Run: run, Touch: punctualTouch, Shard: shard}); err != nil {
		return p, err
	}
	say("run %d: %d planned, blocked %v; it ends at %s", occurrence, sumOf(plan.Waves), plan.Blocked, p.closes.Format(time.TimeOnly))
	for _, wave := range slices.Sorted(maps.Keys(plan.Waves)) {
		sent, err := stage.DeliverWave(ctx, activities.DeliverWaveInput{Run: run, Touch: punctualTouch, Wave: wave, Shard: shard, Clock: clock.Live(), Closes: p.closes})
		if err != nil {
			return p, err
		}
		p.told += int(sent.Sent)
		p.late += int(sent.Late)
		say("run %d: %d sent, %d late, %d expired, %d failed for now", occurrence, sent.Sent, sent.Late, sent.Expired, sent.Failed)
	}
	return p, b.recount(ctx, e, run, brief, channel, &p)
}

// recount holds the channel's record against the table of planned deliveries.
func (b *punctualityBench) recount(ctx context.Context, e *engines, run campaign.Run, brief campaign.Brief, channel *slowChannel, p *punctual) error {
	rows, err := e.store.Conn().Query(ctx, "SELECT customer_key, planned_at, lead_seconds FROM planned_deliveries WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}",
		named("campaign", run.Campaign), named("occurrence", run.Occurrence))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var customer uint32
		var at time.Time
		var lead uint16
		if err := rows.Scan(&customer, &at, &lead); err != nil {
			return err
		}
		p.lead = time.Duration(lead) * time.Second
		id := dispatch.MessageID(run, punctualTouch, brief.Policy.Sender, customer)
		accepted, sent := channel.accepted[id]
		if !sent {
			continue
		}
		p.sent++
		if accepted.Before(p.opens) || !accepted.Before(p.closes) {
			p.outside++
		}
		if accepted.Sub(at) > time.Minute {
			p.recounted++
		}
		distance := channel.arrives[id].Sub(at.Add(p.lead))
		p.distances = append(p.distances, float64(distance.Abs().Microseconds())/1000)
	}
	p.twice = channel.twice
	slices.Sort(p.distances)
	return rows.Err()
}

// populate makes customers who may be written to, and the receipts of a campaign of three days ago over such a channel.
func (b *punctualityBench) populate(ctx context.Context, e *engines) error {
	brief, err := b.brief()
	if err != nil {
		return err
	}
	for _, insert := range []string{
		`INSERT INTO customers (customer_key, zone, language, joined, updated_at) SELECT number, 'Asia/Seoul', 'ko', toDate({before:DateTime('UTC')}), {before:DateTime('UTC')} FROM numbers(1, {n:UInt64})`,
		`INSERT INTO identities (customer_key, external_id, name, updated_at) SELECT number, concat('m', toString(number)), '김서연', {before:DateTime('UTC')} FROM numbers(1, {n:UInt64})`,
		`INSERT INTO contacts (customer_key, channel, address, updated_at) SELECT number, 'email', concat('p', toString(number), '@example.invalid'), {before:DateTime('UTC')} FROM numbers(1, {n:UInt64})`,
		`INSERT INTO consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at) SELECT number, 'email', {purpose:String}, 0, {before:DateTime('UTC')}, 1, 'bench', {before:DateTime('UTC')} FROM numbers(1, {n:UInt64})`,
		`INSERT INTO features (snapshot, customer_key, segment, zone) SELECT concat('bench', toString(o)), number, 's', 'Asia/Seoul' FROM numbers(1, {n:UInt64}) ARRAY JOIN [1, 2] AS o`,
		`INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, message_id, at, wall_at)
			SELECT 'earlier', 1, toDate({sent:DateTime('UTC')}), 'first', number, 'email', 1, state, concat('e', toString(number)), left, if(state = 'delivered', left + toIntervalMillisecond(toInt64({latency:Float64} + ({jitter:Float64} * (cityHash64(number) % 2001)) / 1000 - {jitter:Float64})), left)
			FROM (SELECT number, toDateTime64({sent:DateTime('UTC')}, 3, 'UTC') + toIntervalMillisecond(number % 600000) AS left FROM numbers(1, {n:UInt64})) ARRAY JOIN ['attempting', 'sent', 'delivered'] AS state`,
	} {
		if err := e.store.Conn().Exec(ctx, insert, named("n", uint64(b.recipients)), named("before", clock.Wall().AddDate(0, -3, 0).UTC().Truncate(time.Second)),
			named("sent", clock.Wall().AddDate(0, 0, -3).UTC().Truncate(time.Second)), named("purpose", brief.Spec.Audience.Purpose),
			named("latency", b.latency*1000), named("jitter", b.jitter*1000)); err != nil {
			return fmt.Errorf("make the population: %w", err)
		}
	}
	return nil
}

func contentOf(spec campaign.Spec) string {
	if len(spec.Contents) == 0 {
		return ""
	}
	return spec.Contents[0].ID
}

func sumOf(counts map[uint32]uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
