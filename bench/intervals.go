package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/world"
)

// intervalsBench measures how often the intervals hold the truth, on simulated markets that are drawn by seed: both
// potential outcomes of every customer are known, arms are drawn over and over by the product's hash, and the product's
// comparison judges what one of the two outcomes shows.
type intervalsBench struct{ seeds, customers, draws int }

func (b *intervalsBench) flags(set *flag.FlagSet) {
	set.IntVar(&b.seeds, "seeds", 200, "markets, each with parameters of its own")
	set.IntVar(&b.customers, "customers", 50_000, "customers of each")
	set.IntVar(&b.draws, "draws", 20, "times that the arms of one market are drawn")
}

const (
	controlShare = 0.3  // of the customers
	lostShare    = 0.10 // of 50,000 customers' treated, where a fault in the sample ratio is planted; more of fewer, to be seen as well
	watched      = 28   // days, with a look at the end of each
	lookedAt     = 4    // draws of a market whose every day is looked at: it costs 28 comparisons
)

func (b *intervalsBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.seeds, b.customers = min(b.seeds, 10), min(b.customers, 10_000)
	}
	if b.seeds < 1 || b.customers < 1000 || b.draws < 1 {
		return nil, fmt.Errorf("at least 1 seed, 1000 customers and 1 draw are needed, not %d, %d and %d", b.seeds, b.customers, b.draws)
	}
	began, used := time.Now(), cpuOf(os.Getpid())
	var mu sync.Mutex
	var all tally
	done := 0
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for seed := range b.seeds {
		group.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			m, err := drawMarket(uint64(seed)+1, b.customers)
			if err != nil {
				return err
			}
			t := m.measure(b.draws)
			mu.Lock()
			defer mu.Unlock()
			all.add(t)
			if done++; done%max(b.seeds/10, 1) == 0 {
				say("%d of %d markets", done, b.seeds)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := all.keys()
	out["seeds"], out["customers"], out["draws"] = b.seeds, b.customers, b.draws
	out["seconds"], out["cpu_seconds"], out["rss_mb"] = time.Since(began).Seconds(), cpuOf(os.Getpid())-used, peakOf(os.Getpid())
	if all.ratioMissed > 0 {
		return out, fmt.Errorf("%w: a planted sample-ratio mismatch went unseen %d times of %d", errWrong, all.ratioMissed, all.ratioDrawn)
	}
	return out, nil
}

// market is both potential outcomes of everybody in one drawn market.
type market struct {
	seed                      uint64
	before, bought            []float64 // spend before the window, and whether anything was bought then
	without, with             []float64 // spend in the window, without a message and with one
	withoutBought, withBought []float64 // whether anything was bought in it
	days                      [][]float64
}

// drawMarket lets a market's customers live a month twice: left alone, and with an offer that reaches everybody.
func drawMarket(seed uint64, customers int) (*market, error) {
	until := time.Date(2026, 9, 1, 0, 0, 0, 0, world.Home)
	w, err := world.New(world.Population{Customers: uint32(customers), Months: 12, Seed: seed, Until: until, Parameters: world.DrawParameters(seed)}) //nolint:gosec // a bench's size
	if err != nil {
		return nil, err
	}
	edges := []time.Time{until.AddDate(0, 0, -90)}
	for day := range watched + 1 {
		edges = append(edges, until.AddDate(0, 0, day))
	}
	offer := world.Touch{
		Campaign: "measured", Occurrence: 1, Touch: "first", Channel: "email", At: until.Add(10 * time.Hour), Threshold: 100_000, Reward: 10_000,
		Terms: &world.Terms{Opens: until, Closes: edges[watched+1]},
	}
	m := &market{seed: seed}
	oracle := w.Oracle()
	var series []world.Outcome
	for key := range uint32(customers) { //nolint:gosec // a bench's size
		oracle.Meet(key + 1)
		series = oracle.Series(series, edges)
		days := make([]float64, watched)
		spend, purchases := 0.0, 0
		for i, day := range series[1:] {
			spend += float64(day.Spend - day.Returned)
			purchases += day.Purchases
			days[i] = spend
		}
		m.before = append(m.before, float64(series[0].Spend-series[0].Returned))
		m.bought = append(m.bought, some(series[0].Purchases))
		m.without, m.withoutBought, m.days = append(m.without, spend), append(m.withoutBought, some(purchases)), append(m.days, days)
		given := oracle.Series(series, []time.Time{until, edges[watched+1]}, offer)[0]
		m.with, m.withBought = append(m.with, float64(given.Spend-given.Returned)), append(m.withBought, some(given.Purchases))
		series = series[:0]
	}
	return m, nil
}

func some(n int) float64 {
	if n > 0 {
		return 1
	}
	return 0
}

// truth is the mean effect over all customers of the market.
func truth(with, without []float64) float64 {
	sum := 0.0
	for i := range with {
		sum += with[i] - without[i]
	}
	return sum / float64(len(with))
}

func (m *market) measure(draws int) tally {
	var t tally
	spend, response := truth(m.with, m.without), truth(m.withBought, m.withoutBought)
	control := make([]bool, len(m.with))
	for draw := range draws {
		experiment := fmt.Sprintf("intervals/%d/%d", m.seed, draw)
		for i := range control {
			control[i] = campaign.Uniform("bench", experiment, uint32(i+1)) < controlShare //nolint:gosec // a bench's size
		}
		bySpend := m.compare(control, m.with, m.without, m.before)
		t.spend.count(holds(unadjusted(bySpend), spend))
		t.spendAdjusted.count(holds(bySpend, spend))
		byResponse := m.compare(control, m.withBought, m.withoutBought, m.bought)
		t.response.count(holds(unadjusted(byResponse), response))
		t.responseAdjusted.count(holds(byResponse, response))
		t.variance += 1 - bySpend.Reduction

		none := m.compare(control, m.without, m.without, m.before)
		t.false.count(none.Judge(true, 1) == measurement.Proven)
		noneBought := m.compare(control, m.withoutBought, m.withoutBought, m.bought)
		t.falseResponse.count(noneBought.Judge(true, 1) == measurement.Proven)
		m.ratio(control, &t)
		if draw < lookedAt {
			fixed, sequential := m.look(control)
			t.peeked.count(fixed)
			t.sequential.count(sequential)
		}
	}
	return t
}

// compare shows the comparison what one would see: with for the treated, without for control.
func (m *market) compare(control []bool, with, without, before []float64) measurement.Effect {
	var treated, left measurement.Sums
	for i, c := range control {
		if c {
			left = left.Observe(without[i], before[i])
		} else {
			treated = treated.Observe(with[i], before[i])
		}
	}
	return measurement.Compare(treated, left, confidence)
}

const confidence = 0.95

// unadjusted is the same comparison where nothing is known of before.
func unadjusted(e measurement.Effect) measurement.Effect {
	t, c := e.Treated, e.Control
	t.X, t.XX, t.XY, c.X, c.XX, c.XY = 0, 0, 0, 0, 0, 0
	return measurement.Compare(t, c, confidence)
}

func holds(e measurement.Effect, truth float64) bool { return e.Low <= truth && truth <= e.High }

// ratio looks at the arms as drawn, and at arms one of which lost customers.
func (m *market) ratio(control []bool, t *tally) {
	var treated, left uint64
	for _, c := range control {
		if c {
			left++
		} else {
			treated++
		}
	}
	t.ratioFalse.count(measurement.SampleRatio(treated, left, controlShare) < 0.001)
	t.ratioDrawn++
	kept := treated - uint64(float64(treated)*lostShare*math.Sqrt(50_000/float64(len(control))))
	e := measurement.Effect{Treated: measurement.Sums{Customers: kept}, Control: measurement.Sums{Customers: left}, Low: 1, High: 2}
	if e.Judge(true, measurement.SampleRatio(kept, left, controlShare)) != measurement.Mismatch {
		t.ratioMissed++
	}
}

// look is somebody who looks at the end of every day at a campaign that changes nothing: whether they are misled once by
// the interval that is for one look, and by the one that is for all.
func (m *market) look(control []bool) (fixed, sequential bool) {
	var boundary measurement.Sequential
	for day := range watched {
		var treated, left measurement.Sums
		for i, c := range control {
			if c {
				left = left.Observe(m.days[i][day], m.before[i])
			} else {
				treated = treated.Observe(m.days[i][day], m.before[i])
			}
		}
		if day == 0 {
			boundary = measurement.NewSequential(confidence, measurement.Expected(treated, left, 90, watched))
		}
		e := measurement.Compare(treated, left, confidence)
		fixed = fixed || e.Low > 0 || e.High < 0
		sequential = sequential || math.Abs(e.Difference) > boundary.Half(e.Error*e.Error)
	}
	return fixed, sequential
}

// share counts how often something was so.
type share struct{ n, of int }

func (s *share) count(is bool) {
	s.of++
	if is {
		s.n++
	}
}

func (s share) value() float64 { return float64(s.n) / float64(max(s.of, 1)) }

type tally struct {
	spend, spendAdjusted, response, responseAdjusted share
	false, falseResponse, ratioFalse                 share
	sequential, peeked                               share
	ratioDrawn, ratioMissed                          int
	variance                                         float64
}

func (t *tally) add(o tally) {
	for _, pair := range [][2]*share{
		{&t.spend, &o.spend}, {&t.spendAdjusted, &o.spendAdjusted}, {&t.response, &o.response}, {&t.responseAdjusted, &o.responseAdjusted},
		{&t.false, &o.false}, {&t.falseResponse, &o.falseResponse}, {&t.ratioFalse, &o.ratioFalse}, {&t.sequential, &o.sequential}, {&t.peeked, &o.peeked},
	} {
		pair[0].n += pair[1].n
		pair[0].of += pair[1].of
	}
	t.ratioDrawn += o.ratioDrawn
	t.ratioMissed += o.ratioMissed
	t.variance += o.variance
}

func (t *tally) keys() map[string]any {
	return map[string]any{
		"coverage_spend": t.spend.value(), "coverage_response": t.response.value(),
		"coverage_cuped": t.spendAdjusted.value(), "coverage_cuped_response": t.responseAdjusted.value(),
		"false_positive": t.false.value(), "false_positive_response": t.falseResponse.value(),
		"srm_caught": t.ratioMissed == 0, "srm_false": t.ratioFalse.value(),
		"cuped_variance_ratio": t.variance / float64(max(t.spend.of, 1)),
		"sequential_error":     t.sequential.value(), "peeking_error_of_fixed_interval": t.peeked.value(),
		"comparisons": t.spend.of,
	}
}
