package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/workflows"
)

// dispatchBench sends one touch to many recipients by the real Dispatch workflow and a worker in a process of its own,
// and compares its rate with that of a bare loop into the same provider in the same run.
type dispatchBench struct {
	recipients int
	channel    string
	waves      int
}

func (b *dispatchBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.recipients, "recipients", 200_000, "messages that are sent")
	f.StringVar(&b.channel, "channel", "smtp", "how they are sent: smtp, smpp or http (a push gateway)")
	f.IntVar(&b.waves, "waves", 1, "hours that they are planned for")
}

// errTooSlow says that the machine is too busy for the comparison to mean anything.
var errTooSlow = errors.New("could not measure")

// leastBare is the rate below which a bare loop shows that the machine had other work, on two idle cores.
const leastBare = 30_000

func (b *dispatchBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	route, err := routeOf(b.channel)
	if err != nil {
		return nil, err
	}
	if quick {
		b.recipients = min(b.recipients, 20_000)
	}
	e, err := bringUp(ctx)
	if err != nil {
		return nil, err
	}
	defer e.down()
	say("planting %d recipients", b.recipients)
	w, err := newDispatchWorld(ctx, e, route, b.recipients, b.waves, 0)
	if err != nil {
		return nil, err
	}
	c, err := e.Running().DialTemporal(ctx, func(o *client.Options) { o.Logger = quiet{} })
	if err != nil {
		return nil, err
	}
	defer c.Close()
	out := map[string]any{"recipients": b.recipients, "channel": b.channel, "waves": b.waves, "shards": len(w.shards)}

	sink := e.Running().Sink
	var before, after float64
	if b.channel == "smtp" {
		say("the bare loop")
		if before, err = bareLoop(ctx, sink.SMTP, "before", b.recipients, 1000); err != nil {
			return nil, err
		}
		say("%.0f messages a second; now the workflow", before)
	}
	meter := watchArrivals(ctx, sink.HTTP+"/"+route.shelf+"/count")
	section := e.begin(stack.PartWorker, stack.PartEngine, stack.PartTemporal, stack.PartSink)
	states, err := w.send(ctx, c)
	section.end(out)
	if err != nil {
		return nil, err
	}
	first, last, best := meter.end()
	if b.channel == "smtp" {
		say("sent; the bare loop again")
		if after, err = bareLoop(ctx, sink.SMTP, "after", b.recipients, 1000); err != nil {
			return nil, err
		}
	}
	bare := max(before, after)
	sent := states["sent"] + states["delivered"] // receipts may have come before the end
	out["sent"], out["states"] = sent, states
	out["per_s"] = float64(sent) / out["seconds"].(float64)
	out["sending_seconds"] = last.Sub(first).Seconds()
	out["per_s_sending"] = float64(sent) / max(last.Sub(first).Seconds(), .001)
	out["best_second"] = best
	if bare > 0 {
		out["bare_per_s"], out["bare_runs"], out["bare_connections"] = bare, []float64{before, after}, bareConnections
		out["ratio_to_bare"] = out["per_s"].(float64) / bare
	}
	out["rss_mb"] = out["worker_rss_mb"]
	if err := w.verifySent(ctx, e, out); err != nil {
		return out, err
	}
	if b.channel == "smtp" && bare < leastBare && !quick {
		say("the bare loop reached %.0f/s; below %d the machine was not idle, and the ratio says little", bare, leastBare)
		out["measured"] = false
		return nil, wrong(out, fmt.Errorf("%w: the bare loop reached only %.0f messages a second, %d is the least of two idle cores; the figures are above", errTooSlow, bare, leastBare))
	}
	out["measured"] = true
	return out, nil
}

// send runs the touch to its end: every wave delivered, every delivery's final state counted. A server that was killed
// is asked again.
func (w *dispatchWorld) send(ctx context.Context, c client.Client) (map[string]uint64, error) {
	id := w.run.DispatchID(dispatchTouch)
	if _, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue}, workflows.Dispatch, w.input()); err != nil {
		return nil, err
	}
	for {
		var result workflows.DispatchResult
		err := c.GetWorkflow(ctx, id, "").Get(ctx, &result)
		var failed *temporal.WorkflowExecutionError
		if err == nil || ctx.Err() != nil || errors.As(err, &failed) {
			return result.States, err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// arrivals ask the sink many times a second how much it has.
type arrivals struct {
	stop context.CancelFunc
	done chan struct{}
	at   []time.Time
	has  []uint64
}

func watchArrivals(ctx context.Context, url string) *arrivals {
	ctx, cancel := context.WithCancel(ctx)
	m := &arrivals{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for {
			if n, err := arrivedSoFar(ctx, url); err == nil {
				m.at, m.has = append(m.at, time.Now()), append(m.has, n)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	return m
}

// end gives the first and last moment at which more arrived, and the most that arrived within one second.
func (m *arrivals) end() (first, last time.Time, best float64) {
	m.stop()
	<-m.done
	from := 0
	for i := 1; i < len(m.has); i++ {
		if m.has[i] > m.has[i-1] {
			if first.IsZero() {
				first = m.at[i-1]
			}
			last = m.at[i]
		}
		for m.at[i].Sub(m.at[from]) > time.Second && from < i-1 {
			from++
		}
		// A window of a little more than a second: its rate, not its count, so that a late tick adds nothing.
		if span := m.at[i].Sub(m.at[from]).Seconds(); span >= .9 {
			best = max(best, float64(m.has[i]-m.has[from])/span)
		}
	}
	return first, last, best
}

func arrivedSoFar(ctx context.Context, url string) (uint64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	var count struct{ Mails uint64 }
	return count.Mails, json.NewDecoder(response.Body).Decode(&count)
}
