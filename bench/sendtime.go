package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/world"
)

// sendtimeBench asks what personal send times are worth: one campaign of four arms by hash, in simulated worlds where the
// chance to respond at every hour is known. All arms get the same message on the same day; a response is an open within a
// fixed window that begins at the day's first second for all of them; whoever was assigned counts.
//
// The product's own learner and planner choose the personal hours, from what the warehouse would know: messages that went
// at the hours of the world's own past campaigns, which of them were answered and when, uses of the app, purchases.
type sendtimeBench struct {
	customers, worlds, messages int
	data                        string
}

func (b *sendtimeBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 400_000, "in all worlds together, for each share of responses that do not depend on the hour")
	f.IntVar(&b.worlds, "worlds", 5, "each with a market of its own, drawn by seed")
	f.IntVar(&b.messages, "messages", 30, "that each customer had in the two years before")
	f.StringVar(&b.data, "data", "", "a folder or file of past e-mails with send-time buckets: judge the same claim on it instead")
}

// insensitive are the shares of responses that do not depend on the hour.
var insensitive = []float64{.37, .64, .82}

// The arms.
const (
	timedPersonal = iota
	timedFixed
	timedUsual
	timedRandom
	timedArms
)

const (
	timedFrom, timedUntil = 9, 20 // the default timing
	usualFirst            = 8     // the world's past campaigns left between 8 and 21, evenly
	usualHours            = 13
	responseWindow        = 72 * time.Hour
)

func (b *sendtimeBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if b.data != "" {
		return b.null()
	}
	if quick {
		b.customers, b.worlds = 60_000, 3
	}
	out := map[string]any{"customers": b.customers, "worlds": b.worlds, "messages": b.messages}
	multiples, learned := map[string]any{}, map[string]any{}
	section := (*engines)(nil).begin()
	for _, share := range insensitive {
		var all []sendtimeResult
		for seed := range b.worlds {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			r, err := b.world(uint64(seed+1), share)
			if err != nil {
				return nil, fmt.Errorf("world %d: %w", seed+1, err)
			}
			say("%.2f of responses do not depend on the hour, world %d: %s", share, seed+1, r)
			all = append(all, r)
		}
		name := fmt.Sprintf("%.2f", share)
		multiples[name] = multiplesOf(all)
		last := all[len(all)-1]
		learned[name] = last.learned
		for _, r := range all {
			if err := r.check(); err != nil {
				return nil, err
			}
		}
	}
	section.end(out)
	out["multiples"], out["learned_in_last_world"] = multiples, learned
	return out, nil
}

// sendtimeResult is one world's campaign.
type sendtimeResult struct {
	assigned, responded [timedArms]float64
	truth               [timedArms]float64 // mean chance if all had been in the arm
	oracle              float64            // and if all had got their truly best allowed hour
	events              float64            // of a customer on average: answers, uses of the app, purchases
	learned             dispatch.Learned
	moved               float64 // share whose personal hour is not the best fixed one
}

func (r sendtimeResult) String() string {
	return fmt.Sprintf("truly %.3f of best fixed (who knows all: %.3f), %.3f of usual, %.3f of random; %.0f events each, %.0f%% moved; learned %+v",
		r.truth[timedPersonal]/r.truth[timedFixed], r.oracle/r.truth[timedFixed], r.truth[timedPersonal]/r.truth[timedUsual], r.truth[timedPersonal]/r.truth[timedRandom], r.events, 100*r.moved, r.learned)
}

// check fails where the arms can't be compared: they must be of the sizes that were asked for.
func (r sendtimeResult) check() error {
	var total, chi float64
	for _, n := range r.assigned {
		total += n
	}
	for _, n := range r.assigned {
		chi += (n - total/timedArms) * (n - total/timedArms) / (total / timedArms)
	}
	if p := (distuv.ChiSquared{K: timedArms - 1}).Survival(chi); p < 1e-6 {
		return fmt.Errorf("%w: the arms have %v customers", errWrong, r.assigned)
	}
	return nil
}

var timedNames = map[int]string{timedFixed: "best_fixed", timedUsual: "usual", timedRandom: "random"}

// multiplesOf are the means over worlds of how many times the responses of another arm the personal one had, with 95 %
// intervals from the trials alone (delta method), beside the truth of the same worlds.
func multiplesOf(all []sendtimeResult) map[string]any {
	out := map[string]any{}
	k := float64(len(all))
	var oracle, events, moved float64
	for arm, name := range timedNames {
		var mean, variance, truth float64
		for _, r := range all {
			p, q := r.responded[timedPersonal]/r.assigned[timedPersonal], r.responded[arm]/r.assigned[arm]
			mean += p / q / k
			truth += r.truth[timedPersonal] / r.truth[arm] / k
			variance += p * p / q / q * ((1-p)/p/r.assigned[timedPersonal] + (1-q)/q/r.assigned[arm]) / k / k
		}
		half := 1.96 * math.Sqrt(variance)
		out[name] = map[string]float64{"mean": mean, "lo": mean - half, "hi": mean + half, "truth": truth}
	}
	for _, r := range all {
		oracle, events, moved = oracle+r.oracle/r.truth[timedFixed]/k, events+r.events/k, moved+r.moved/k
	}
	out["oracle_over_best_fixed"], out["events"], out["moved"] = oracle, events, moved
	return out
}

func (b *sendtimeBench) world(seed uint64, share float64) (r sendtimeResult, err error) {
	w, err := world.New(world.Population{
		Customers: uint32(b.customers/b.worlds + 1), Months: 24, Seed: seed, Until: worldEnds, Parameters: world.DrawParameters(seed).With("time_insensitive", share),
	})
	if err != nil {
		return r, err
	}
	p := &people{world: w}
	for key := range uint32(b.customers / b.worlds) {
		p.keys = append(p.keys, key+1)
	}
	events, zone := make([]string, len(p.keys)), make([]string, len(p.keys))
	counts := make([]float64, len(p.keys))
	err = p.each(func(i int, key uint32, o *world.Oracle) error {
		zone[i] = o.Zone()
		events[i], counts[i] = b.history(o, key)
		return nil
	})
	if err != nil {
		return r, err
	}
	zones, err := dispatch.NewZones("Asia/Seoul")
	if err != nil {
		return r, err
	}
	learner := dispatch.NewTimingLearner(worldEnds, zones)
	for i := 0; i < len(p.keys); i += max(len(p.keys)/dispatch.TimingSample, 1) {
		learner.Add("", zone[i], events[i])
	}
	timing := learner.Learn()
	r.learned = timing.Learned()
	run := campaign.Run{Campaign: "sendtime", Occurrence: 1, Plan: 1}
	chosen := make([]int, len(p.keys)) // personal hour
	fixed := make([]int, len(p.keys))
	day := time.Date(2026, 9, 2, 0, 0, 0, 0, world.Home)
	planner := dispatch.NewPlanner(dispatch.PlannerConfig{
		Run: run, Touch: "first", Salt: "bench", Zones: zones, Timing: timing, Instant: worldEnds,
		Hours: dispatch.NewHours(campaign.Timing{From: timedFrom * 60, Until: timedUntil * 60}, campaign.Quiet{}, campaign.ChannelEmail),
		From:  day.Add(-12 * time.Hour), Until: day.Add(36 * time.Hour), // the whole local day wherever they live
	})
	for i, key := range p.keys {
		r.events += counts[i] / float64(len(p.keys))
		c := dispatch.Candidate{Customer: key, Zone: zone[i], Address: true, Events: events[i]}
		chosen[i] = planner.Plan(c).LocalHour
		c.Events = ""
		fixed[i] = planner.Plan(c).LocalHour
		if chosen[i] != fixed[i] {
			r.moved += 1 / float64(len(p.keys))
		}
	}
	type person struct {
		arm       int
		responded bool
		chance    [timedArms]float64
		best      float64
	}
	found := make([]person, len(p.keys))
	err = p.each(func(i int, key uint32, o *world.Oracle) error {
		f := &found[i]
		f.arm = int(campaign.Hash64("bench", "sendtime/arm", key) % timedArms)
		past := b.past(o, key)
		hours := [timedArms]int{chosen[i], fixed[i], usualFirst + int(campaign.Hash64("bench", "sendtime/usual", key)%usualHours), timedFrom + int(campaign.Hash64("bench", "sendtime/random", key)%(timedUntil-timedFrom))}
		number := int32(day.AddDate(0, 0, 0).Unix()/86400) + 1
		respond := func(hour int) (float64, time.Time) {
			at := o.LocalInstant(number, hour*3600+int(campaign.Hash64("bench", "sendtime/second", key)%3600))
			answers := o.Responses(append(past[:len(past):len(past)], world.Touch{
				Campaign: "sendtime", Occurrence: 1, Touch: "first", Channel: campaign.ChannelEmail, At: at, Content: "price",
			})...)
			last := answers[len(answers)-1]
			return last.Chance, last.Opened
		}
		for arm, hour := range hours {
			chance, opened := respond(hour)
			f.chance[arm] = chance
			if arm == f.arm {
				starts := o.LocalInstant(number, 0)
				f.responded = !opened.IsZero() && opened.Before(starts.Add(responseWindow))
			}
		}
		for hour := timedFrom; hour < timedUntil; hour++ {
			chance, _ := respond(hour)
			f.best = max(f.best, chance)
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	n := float64(len(found))
	for _, f := range found {
		r.assigned[f.arm]++
		if f.responded {
			r.responded[f.arm]++
		}
		for arm, chance := range f.chance {
			r.truth[arm] += chance / n
		}
		r.oracle += f.best / n
	}
	if r.responded[timedPersonal] == 0 || r.responded[timedFixed] == 0 {
		return r, errors.New("nobody responded: there are too few customers")
	}
	return r, nil
}

// past are the messages that a customer had in the two years before, at the hours of the world's own past campaigns.
func (b *sendtimeBench) past(o *world.Oracle, key uint32) []world.Touch {
	touches := make([]world.Touch, 0, b.messages+1)
	from := int32(worldEnds.AddDate(-2, 0, 1).Unix() / 86400)
	days := int32(worldEnds.Unix()/86400) - from - 4
	for m := range b.messages {
		draw := campaign.Hash64("bench", fmt.Sprintf("sendtime/past/%d", m), key)
		day := from + days*int32(m)/int32(b.messages) + int32(draw>>40%3)
		second := (usualFirst+int(draw%usualHours))*3600 + int(draw>>20%3600)
		touches = append(touches, world.Touch{
			Campaign: fmt.Sprintf("mail-%d", m), Occurrence: 1, Touch: "first", Channel: campaign.ChannelEmail, At: o.LocalInstant(day, second), Content: "price",
		})
	}
	return touches
}

// history is what the warehouse would know of a customer, and how many events of their own that holds.
func (b *sendtimeBench) history(o *world.Oracle, key uint32) (string, float64) {
	var out []byte
	count := 0.
	touches := b.past(o, key)
	for m, r := range o.Responses(touches...) {
		out = dispatch.EventBytes(out, touches[m].At.Add(2*time.Second), dispatch.EventSent, uint32(m+1))
		if !r.Opened.IsZero() && r.Opened.Before(worldEnds) {
			out = dispatch.EventBytes(out, r.Opened, dispatch.EventAnswer, uint32(m+1))
			count++
		}
		if !r.Clicked.IsZero() && r.Clicked.Before(worldEnds) {
			out = dispatch.EventBytes(out, r.Clicked, dispatch.EventAnswer, uint32(m+1))
		}
	}
	year := worldEnds.AddDate(-1, 0, 0)
	for _, at := range o.AppUses(nil, year, worldEnds, touches...) {
		out = dispatch.EventBytes(out, at, dispatch.EventApp, 0)
		count++
	}
	for _, bought := range o.Purchases(nil, year, worldEnds, touches...) {
		out = dispatch.EventBytes(out, bought.At, dispatch.EventPurchase, 0)
		count++
	}
	return string(out), count
}
