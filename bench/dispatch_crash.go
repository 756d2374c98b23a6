package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/internal/stack"
)

// dispatchCrashBench sends one touch by the real workflow while everything is killed with SIGKILL, and then holds each
// recipient against the provider's own list.
type dispatchCrashBench struct {
	recipients int
	kills      int
	lookup     bool
	seed       uint64

	e    *engines
	w    *dispatchWorld
	open uint64 // attempts that were open at the kills
	by   map[string]int
	log  []map[string]any
	at   []time.Time // of the kills, by the wall clock
}

func (b *dispatchCrashBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.recipients, "recipients", 200_000, "messages that are sent, but for every twentieth, whose hour is night")
	f.IntVar(&b.kills, "kills", 20, "how often something is killed: worker, engine, Temporal and provider in turn")
	f.BoolVar(&b.lookup, "lookup", true, "the provider can be asked which messages it has")
	f.Uint64Var(&b.seed, "seed", 1, "of the order and moments of the kills")
}

// The most that a kill may leave unknown where the provider can't be asked, and the least share of it that arrived.
const (
	mostUnknown      = 500
	leastUnknownSent = .5
	secondsAKill     = 4 // the provider is slowed so that the run lasts so long for each
	crashAbroad      = 20
)

func (b *dispatchCrashBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.recipients, b.kills = min(b.recipients, 5_000), min(b.kills, 4)
	}
	b.by = map[string]int{}
	if !b.lookup {
		if err := os.Setenv("DANBI_PROVIDER_URL", "none"); err != nil { // reaches the worker
			return nil, err
		}
	}
	var err error
	if b.e, err = bringUp(ctx); err != nil {
		return nil, err
	}
	defer b.e.down()
	say("planting %d recipients", b.recipients)
	if b.w, err = newDispatchWorld(ctx, b.e, dispatchRoutes["smtp"], b.recipients, 4, crashAbroad); err != nil {
		return nil, err
	}
	c, err := b.e.Running().DialTemporal(ctx, func(o *client.Options) { o.Logger = quiet{} })
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := b.slow(ctx, b.delay()); err != nil {
		return nil, err
	}
	usage := b.e.usage(stack.PartWorker, stack.PartEngine, stack.PartTemporal)
	over, done := context.WithCancel(ctx)
	struck := make(chan error, 1)
	go func() { struck <- b.strike(over) }()
	states, err := b.w.send(ctx, c)
	done()
	err = errors.Join(err, <-struck)
	out := map[string]any{"recipients": b.recipients, "lookup": b.lookup, "states": states}
	usage.end(out)
	if err != nil {
		return nil, err
	}
	return out, b.verify(ctx, states, out)
}

// delay is how long the provider has to take for each message, in milliseconds, so that there is time for all kills.
func (b *dispatchCrashBench) delay() int {
	const connections = 16 // of a worker, when nobody says otherwise
	return max(secondsAKill*1000*connections*b.kills/b.recipients, 1)
}

// slow makes the provider take its time. It forgets that when it is killed.
func (b *dispatchCrashBench) slow(ctx context.Context, delay int) error {
	for {
		body := fmt.Appendf(nil, `{"mail": {"delay_ms": %d}}`, delay)
		request, err := http.NewRequestWithContext(ctx, http.MethodPut, b.e.Running().Sink.HTTP+"/faults", bytes.NewReader(body))
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				return fmt.Errorf("the provider does not take its time as it is told: %s", response.Status)
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(50 * time.Millisecond)
	}
}

const openAttempts = `SELECT countIf(top = 'attempting'), count() FROM
	(SELECT max(state) AS top FROM delivery_events WHERE campaign = {campaign:String} GROUP BY touch, customer_key, attempt)`

// strike kills the parts in turn, each at a random moment at which attempts are open, until there were enough or the touch
// is over. The moment is drawn once messages leave again after the kill before: drawn earlier, it would often be over by then,
// and the kill fall on the first attempt that is begun.
func (b *dispatchCrashBench) strike(ctx context.Context) error {
	r := rand.New(rand.NewPCG(b.seed, 4)) //nolint:gosec // where kills fall, not security
	parts := []string{stack.PartWorker, stack.PartEngine, stack.PartTemporal, stack.PartSink}
	var before uint64
	for n := range b.kills {
		if n%len(parts) == 0 {
			r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		}
		part := parts[n%len(parts)]
		var open, begun uint64
		ask := func() bool {
			asking, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			return b.e.store.Conn().QueryRow(asking, openAttempts, named("campaign", b.w.run.Campaign)).Scan(&open, &begun) == nil
		}
		for ctx.Err() == nil && (!ask() || begun <= before) {
			time.Sleep(50 * time.Millisecond)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Duration(r.IntN(2000)) * time.Millisecond):
		}
		killed, err := b.e.KillWhen(ctx, part, func(context.Context) bool { return ask() && open > 0 })
		if err != nil || !killed {
			return err
		}
		before = begun
		b.by[part]++
		b.open += open
		b.at = append(b.at, time.Now())
		b.log = append(b.log, map[string]any{"part": part, "open": open, "unknown": 0, "unknown_in_sink": 0})
		say("killed the %s with %d attempts open (%d of %d)", part, open, n+1, b.kills)
		if part == stack.PartSink {
			if err := b.slow(ctx, b.delay()); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
	return b.slow(ctx, 0)
}

// verify counts every recipient by what the sink has and what the warehouse says.
func (b *dispatchCrashBench) verify(ctx context.Context, states map[string]uint64, out map[string]any) error {
	copies, strangers, err := b.w.arrived(ctx, b.e.Running().Sink.HTTP)
	if err != nil {
		return err
	}
	said, err := b.said(ctx)
	if err != nil {
		return err
	}
	var mails, distinct, lost, doubled, forbidden, unknown, unknownThere, wrongly int
	for key := uint32(1); key <= uint32(b.recipients); key++ {
		n, state := int(copies[key]), said[key].state
		mails += n
		if n > 0 {
			distinct++
		}
		if n > 1 {
			doubled++
		}
		if b.w.livesAbroad(key) {
			forbidden += n
			if state != "expired" {
				wrongly++
			}
			continue
		}
		switch {
		case state == "unknown":
			unknown++
			unknownThere += min(n, 1)
			b.blame(said[key].begun, n > 0)
		case n == 0:
			lost++
		case state != "sent":
			wrongly++
		}
	}
	at, err := b.e.count(ctx, `SELECT count() FROM delivery_events WHERE campaign = {campaign:String} AND state = 'sent' AND (toHour(at, 'Asia/Seoul') < 9 OR toHour(at, 'Asia/Seoul') >= 20)`,
		named("campaign", b.w.run.Campaign))
	if err != nil {
		return err
	}
	forbidden += int(at)
	kills := 0
	for _, n := range b.by {
		kills += n
	}
	out["kills"], out["kill_log"], out["open_attempts_at_kills"] = b.by, b.log, b.open
	out["sink_messages"], out["distinct_recipients"], out["lost"], out["doubled"] = mails, distinct, lost, doubled
	out["forbidden_hours"], out["unknown"], out["unknown_in_sink"], out["strangers"], out["wrongly_said"] = forbidden, unknown, unknownThere, strangers, wrongly
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("%w: "+format, append([]any{errWrong}, args...)...))
		}
	}
	fault(lost+doubled+forbidden+strangers+wrongly > 0, "%d lost, %d doubled, %d in forbidden hours, %d nobody's, %d in another state than the sink shows", lost, doubled, forbidden, strangers, wrongly)
	fault(int(states["sent"]) != distinct-unknownThere || int(states["unknown"]) != unknown, "the workflow says %v, the sink has %d and %d are unknown", states, distinct, unknown)
	fault(b.lookup && unknown > 0, "%d are unknown, although the provider can be asked", unknown)
	fault(!b.lookup && unknown > mostUnknown*kills, "%d are unknown after %d kills", unknown, kills)
	fault(!b.lookup && float64(unknownThere) < leastUnknownSent*float64(unknown), "only %d of %d unknown are in the sink", unknownThere, unknown)
	if kills < b.kills {
		faults = append(faults, fmt.Errorf("could not measure: all was sent after %d of %d kills", kills, b.kills))
	}
	out["verified"] = len(faults) == 0
	if len(faults) > 0 {
		return wrong(out, errors.Join(faults...))
	}
	return nil
}

// blame counts a message that is unknown under the first kill after its attempt was recorded.
func (b *dispatchCrashBench) blame(begun time.Time, there bool) {
	i := slices.IndexFunc(b.at, begun.Before)
	if i < 0 {
		return
	}
	b.log[i]["unknown"] = b.log[i]["unknown"].(int) + 1
	if there {
		b.log[i]["unknown_in_sink"] = b.log[i]["unknown_in_sink"].(int) + 1
	}
}

// delivered is what the warehouse says of a customer's delivery: the greatest state of its rows, and when its last attempt
// was recorded.
type delivered struct {
	state string
	begun time.Time
}

func (b *dispatchCrashBench) said(ctx context.Context) (map[uint32]delivered, error) {
	rows, err := b.e.store.Conn().Query(ctx, `SELECT customer_key, toString(max(state)), maxIf(wall_at, state = 'attempting') FROM delivery_events WHERE campaign = {campaign:String} GROUP BY customer_key`,
		named("campaign", b.w.run.Campaign))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	said := make(map[uint32]delivered, b.recipients)
	for rows.Next() {
		var key uint32
		var d delivered
		if err := rows.Scan(&key, &d.state, &d.begun); err != nil {
			return nil, err
		}
		said[key] = d
	}
	return said, rows.Err()
}
