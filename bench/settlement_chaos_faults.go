package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danbi-project/danbi/internal/stack"
)

// trouble is how the provider misbehaves in one wave: shares of requests, drawn by seed. internal/stack/sink says what
// each of them does.
func (b *settlementChaosBench) trouble() map[string]any {
	share := func(most float64) float64 { return most * b.r.Float64() }
	return map[string]any{
		"delay_ms": 2 + b.r.IntN(20), "temporary": share(.1), "lose": share(.05), "drop": share(.1), "broken": share(.1),
		"duplicate": share(.1), "reorder": share(.1), "wrong": share(.1), "late": share(.1), "late_ms": 200 + b.r.IntN(3000), "deaf": share(.1),
		"stall": share(.004), "stall_ms": 11_000, // longer than the client waits: a time-out after acceptance
		"seed": b.r.Uint64() >> 1,
	}
}

// misbehave puts a wave's troubles in force, also after the provider was killed, which forgets them.
func (b *settlementChaosBench) misbehave(ctx context.Context, payouts map[string]any) error {
	b.mu.Lock()
	b.faults = payouts
	b.mu.Unlock()
	body, err := json.Marshal(map[string]any{"payouts": payouts})
	if err != nil {
		return err
	}
	for range 100 {
		var request *http.Request
		if request, err = http.NewRequestWithContext(ctx, http.MethodPut, b.engines.Running().Sink.HTTP+"/faults", bytes.NewReader(body)); err != nil {
			return err
		}
		var response *http.Response
		if response, err = http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			return fmt.Errorf("the provider does not misbehave as it is told: %s", response.Status)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// openPayouts are those that were asked for and have no clear answer, and how many events there are.
const openPayouts = `SELECT countIf(top < 'refused'), sum(n)
FROM (SELECT max(state) AS top, count() AS n FROM payout_events WHERE campaign LIKE 'chaos-%' GROUP BY payout)`

// strike kills parts one after the other, each while payouts are open that were not open at the kill before, until the
// wave is over or there were enough.
func (b *settlementChaosBench) strike(ctx context.Context, kills int, over <-chan struct{}) {
	parts := []string{stack.PartWorker, stack.PartEngine, stack.PartSink}
	b.r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	var before uint64
	for n := 0; n < kills; {
		select {
		case <-over:
			return
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
		asking, cancel := context.WithTimeout(ctx, 5*time.Second)
		var open, events uint64
		err := b.engines.store.Conn().QueryRow(asking, openPayouts).Scan(&open, &events)
		cancel()
		if err != nil || open == 0 || events == before {
			continue
		}
		part := parts[n%len(parts)]
		time.Sleep(time.Duration(b.r.IntN(300)) * time.Millisecond) // anywhere in a page
		restarts := b.engines.Restarts(part)
		if err := b.engines.Kill(part); err != nil {
			continue
		}
		n++
		b.mu.Lock()
		b.killed[part]++
		b.open += open
		faults := b.faults
		b.mu.Unlock()
		before = events
		waiting, cancel := context.WithTimeout(ctx, time.Minute)
		err = b.engines.AwaitUp(waiting, part, restarts+1)
		cancel()
		if err != nil {
			say("%s: %v", part, err)
		}
		if part == stack.PartSink {
			if err := b.misbehave(ctx, faults); err != nil {
				say("%v", err)
			}
		}
	}
}
