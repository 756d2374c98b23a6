package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/danbi-project/danbi/internal/measurement/forecast"
)

// rehearseBench asks whether forecasts hold: each of many rehearsals, on a market and people of its own, is in turn the
// campaign that comes true, and others forecast it.
type rehearseBench struct {
	seeds     int
	customers int
	others    int
	first     int
	draws     int
}

func (b *rehearseBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.seeds, "seeds", 50, "rehearsals of each example, each with a market of its own")
	f.IntVar(&b.customers, "customers", 5_000, "of each rehearsal")
	f.IntVar(&b.others, "runs", 20, "rehearsals that a forecast is made of, as a person would make it")
	f.IntVar(&b.first, "first", 1, "seed of the first rehearsal")
	f.IntVar(&b.draws, "draws", 100, "sets of other rehearsals that forecast each one: which of them a person would have drawn is chance")
}

// rehearsed are the examples with a window of their own.
var rehearsed = []string{"card-spend", "win-back", "brand-sale"}

func (b *rehearseBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	examples := rehearsed
	if quick {
		b.seeds, b.customers, examples = 3, 1_000, rehearsed[:1]
	}
	if b.seeds < 2 {
		return nil, fmt.Errorf("--seeds %d: one is the outcome and the others forecast it, so it takes two", b.seeds)
	}
	if b.draws < 1 {
		return nil, fmt.Errorf("--draws %d: at least one set of rehearsals must forecast", b.draws)
	}
	dir, err := os.MkdirTemp("", "danbi-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	starter := filepath.Join(dir, "starter")
	say("building")
	if text, err := exec.CommandContext(ctx, "go", "build", "-o", starter, "./starter").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the starter (run this from the repository's root): %w\n%s", err, text)
	}
	out := map[string]any{"seeds": b.seeds, "customers": b.customers}
	section, before := (*engines)(nil).begin(), children()
	all := map[string]forecast.Forecast{}
	for _, example := range examples {
		say("%s, %d rehearsals", example, b.seeds)
		f, err := b.rehearse(ctx, starter, dir, example)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", example, err)
		}
		all[example] = f
	}
	section.end(out)
	out["cpu_seconds"] = out["cpu_seconds"].(float64) + children() - before
	return out, b.judge(examples, all, out)
}

// rehearse runs the command as a person would.
func (b *rehearseBench) rehearse(ctx context.Context, starter, dir, example string) (f forecast.Forecast, err error) {
	var text bytes.Buffer
	cmd := exec.CommandContext(ctx, starter, "rehearse", filepath.Join("examples", example+".yaml"), "--runs", fmt.Sprint(b.seeds),
		"--customers", fmt.Sprint(b.customers), "--population", fmt.Sprint(b.customers), "--seed", fmt.Sprint(b.first),
		"--dir", filepath.Join(dir, "none"), "--json")
	cmd.Stdout, cmd.Stderr = &text, os.Stderr
	if err := cmd.Run(); err != nil {
		return f, err
	}
	return f, json.Unmarshal(text.Bytes(), &f)
}

// judge lets each rehearsal be the outcome that sets of the others forecast.
func (b *rehearseBench) judge(examples []string, all map[string]forecast.Forecast, out map[string]any) error {
	figures := map[string]func(forecast.Outcome) float64{
		"responses": func(o forecast.Outcome) float64 { return o.Responses },
		"spend":     func(o forecast.Outcome) float64 { return o.Spend },
		"cost":      func(o forecast.Outcome) float64 { return o.Cost },
	}
	coverage, byExample, width := map[string]float64{}, map[string]map[string]float64{}, map[string]float64{}
	neighbours := map[string]float64{}
	trials, failed, promised := 0, 0, 1.0
	var seconds []float64
	breaches := map[string]int{}
	for _, example := range examples {
		var ended []forecast.Outcome
		for _, o := range all[example].Outcomes {
			if o.Failed != "" {
				failed++
				say("%s, seed %d: %s", example, o.Seed, o.Failed)
				continue
			}
			ended = append(ended, o)
			seconds = append(seconds, o.Seconds)
			for _, what := range o.Breaches {
				breaches[what]++
			}
		}
		if len(ended) < 2 {
			return fmt.Errorf("%w: of %d rehearsals of %s %d came to their end", errWrong, b.seeds, example, len(ended))
		}
		byExample[example] = map[string]float64{}
		for name, figure := range figures {
			values := make([]float64, len(ended))
			for i, o := range ended {
				values[i] = figure(o)
			}
			t, err := b.try(values)
			if err != nil {
				return err
			}
			n := float64(len(values))
			byExample[example][name] = t.held
			coverage[name] += t.held * n
			neighbours[name] += t.neighbours * n
			width[name] += t.width * n
			promised = math.Min(promised, t.promised)
		}
		trials += len(ended)
	}
	for name := range figures {
		coverage[name] /= float64(trials)
		neighbours[name] /= float64(trials)
		width[name] /= float64(trials)
	}
	slices.Sort(seconds)
	out["coverage_80"], out["by_example"], out["trials"], out["failed"], out["draws"] = coverage, byExample, trials, failed, b.draws
	out["coverage_80_of_one_set"], out["promised"], out["relative_width"], out["breaches"] = neighbours, promised, width, breaches
	out["seconds_a_rehearsal"] = seconds[len(seconds)/2]
	return nil
}

// tried is how often intervals held, over all outcomes: over sets drawn at random, and over one set for each outcome, that
// of the rehearsals after it in a circle, which depends much on which they happen to be.
type tried struct{ held, neighbours, width, promised float64 }

func (b *rehearseBench) try(values []float64) (t tried, err error) {
	t.promised = 1
	r := rand.New(rand.NewPCG(uint64(b.first), uint64(len(values))))
	for i, outcome := range values {
		others := slices.Concat(values[i+1:], values[:i])
		for draw := range b.draws + 1 {
			if draw > 0 {
				r.Shuffle(len(others), func(x, y int) { others[x], others[y] = others[y], others[x] })
			}
			set := others[:min(len(others), b.others)]
			interval := forecast.Predict(set, forecast.Level)
			if err := recount(set, interval); err != nil {
				return t, err
			}
			t.promised = math.Min(t.promised, interval.Level)
			switch holds := interval.Contains(outcome); {
			case draw > 0:
				t.width += (interval.High - interval.Low) / math.Max(interval.Median, 1)
				if holds {
					t.held++
				}
			case holds:
				t.neighbours++
			}
		}
	}
	n := float64(len(values))
	return tried{t.held / (n * float64(b.draws)), t.neighbours / n, t.width / (n * float64(b.draws)), t.promised}, nil
}

// recount holds an interval against its promise by plain counting: as many values as it leaves out on either side.
func recount(values []float64, i forecast.Interval) error {
	below, above := 0, 0
	for _, v := range values {
		if v < i.Low {
			below++
		}
		if v > i.High {
			above++
		}
	}
	if n := float64(len(values)); float64(below+above+2)/(n+1) > 1-i.Level+1e-9 {
		return fmt.Errorf("%w: an interval that promises %.3f leaves out %d of %.0f values", errWrong, i.Level, below+above, n)
	}
	return nil
}
