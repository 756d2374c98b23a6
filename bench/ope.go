package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/ope"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/world"
)

// opeBench judges off-policy estimates of a candidate policy against its exact value: the simulated population has all
// potential outcomes. Each seed draws customers from a population with replacement, so that their number is a sample of
// it in the sense of the interval, and logs choices of the product's own optimiser, half of them explored.
type opeBench struct {
	seeds, customers, worlds, population int
}

func (b *opeBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.seeds, "seeds", 200, "how many logs are drawn, over all worlds")
	f.IntVar(&b.customers, "customers", 4_000, "logged choices of a seed")
	f.IntVar(&b.worlds, "worlds", 4, "simulated worlds, by seed")
	f.IntVar(&b.population, "population", 15_000, "customers of a world, from whom a log is drawn")
}

// opeExplore is the share of logged choices that are drawn: large enough that another policy can be told from it at all.
const opeExplore = 0.5

type opeTally struct {
	covered        int
	error, squares float64 // relative to the truth
	wide           float64
}

func (t *opeTally) add(e ope.Estimate, truth float64) {
	if e.Low <= truth && truth <= e.High {
		t.covered++
	}
	t.error += (e.Mean - truth) / truth
	t.squares += (e.Mean - truth) * (e.Mean - truth) / (truth * truth)
	t.wide += (e.High - e.Low) / 2 / truth
}

func (b *opeBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.seeds, b.worlds, b.population, b.customers = 60, 2, 4_000, 2_000
	}
	var snips, dr opeTally
	var effective float64
	out := map[string]any{}
	section := (*engines)(nil).begin()
	for number := range b.worlds {
		w, err := newOPEWorld(uint64(number+1), b.population)
		if err != nil {
			return nil, err
		}
		say("world %d: the candidate policy is worth %.0f won a customer, the logging one %.0f", number+1, w.truth, w.logging)
		for seed := b.seeds * number / b.worlds; seed < b.seeds*(number+1)/b.worlds; seed++ {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			rows, err := w.log(uint64(seed), b.customers)
			if err != nil {
				return nil, err
			}
			found, err := ope.Evaluate(rows, w.arms, 0.95)
			if err != nil {
				return nil, err
			}
			if !found.Supported {
				return nil, fmt.Errorf("%w: a candidate that the log covers is said not to be covered (mean weight %v)", errWrong, found.Weight)
			}
			snips.add(found.SNIPS, w.truth)
			dr.add(found.DR, w.truth)
			effective += found.Effective / float64(b.seeds)
		}
	}
	n := float64(b.seeds)
	section.end(out)
	maps.Copy(out, map[string]any{
		"seeds": b.seeds, "worlds": b.worlds, "customers": b.customers, "population": b.population, "explore": opeExplore,
		"bias_snips": snips.error / n, "bias_dr": dr.error / n, "rmse_snips": math.Sqrt(snips.squares / n), "rmse_dr": math.Sqrt(dr.squares / n),
		// The mean error in its own standard errors: within about two is none.
		"bias_snips_z": snips.error / math.Sqrt(snips.squares), "bias_dr_z": dr.error / math.Sqrt(dr.squares),
		"half_width_snips": snips.wide / n, "half_width_dr": dr.wide / n, "effective_rows": effective,
		"coverage_snips": float64(snips.covered) / n, "coverage_dr": float64(dr.covered) / n,
	})
	// An estimator that is right covers 95% of the truths; so few would have a chance below one in a million.
	if least := 0.95 - 5*math.Sqrt(0.95*0.05/n); float64(dr.covered)/n < least || float64(snips.covered)/n < least {
		return nil, fmt.Errorf("%w: intervals of 95%% cover %d (SNIPS) and %d (DR) of %d truths", errWrong, snips.covered, dr.covered, b.seeds)
	}
	return out, nil
}

// opeWorld is a population with every potential outcome of one campaign.
type opeWorld struct {
	ladder         *offers.Ladder
	arms           int               // none and the offers
	x              [][]float64       // covariates by customer
	options        [][]offers.Option // by customer
	y              [][]float64       // outcome by customer and arm, none first
	prices         *offers.Decider   // the logging policy
	candidate      *offers.Decider   // the candidate policy
	keys           []uint32
	truth, logging float64
}

func newOPEWorld(seed uint64, population int) (*opeWorld, error) {
	p, err := newPeople(seed, population, worldEnds)
	if err != nil {
		return nil, err
	}
	brief, err := campaignBrief(population)
	if err != nil {
		return nil, err
	}
	t := newTrial("bench", worldEnds, 28)
	ladder, err := offers.NewLadder(brief.Spec, t.times)
	if err != nil {
		return nil, err
	}
	w := &opeWorld{ladder: ladder, arms: ladder.Len() + 1, keys: p.keys,
		x: make([][]float64, population), y: make([][]float64, population), options: make([][]offers.Option, population)}
	margin := float64(brief.Spec.Budget.Margin)
	err = p.each(func(i int, key uint32, o *world.Oracle) error {
		c := before(key, o, worldEnds, nil)
		forecast, all := ladder.Options(c, nil)
		w.options[i] = all
		w.x[i] = []float64{math.Log1p(max(0, forecast.Mean)), forecast.Zero, math.Log1p(max(0, float64(c.Months[0]))), math.Sqrt(max(0, forecast.Mean))}
		w.y[i] = make([]float64, w.arms)
		for k := -1; k < ladder.Len(); k++ {
			var touches []world.Touch
			if k >= 0 {
				if !all[k].Feasible {
					continue
				}
				touches = append(touches, t.message(key, int64(all[k].Threshold), int64(all[k].Reward)))
			}
			w.y[i][k+1] = t.result(o, touches...).worth(margin)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	brief.Spec.Budget.Expected, brief.Spec.Budget.Explore = brief.Spec.Budget.Expected/2, 0
	rules, draws := offers.NewRules(brief.Spec), offers.Draws{Salt: "price", Run: campaign.Run{Campaign: "bench", Occurrence: 1}}
	table, err := offers.NewTable(rules, draws)
	if err != nil {
		return nil, err
	}
	for i, all := range w.options {
		table.Add(offers.Customer{Key: p.keys[i]}, all)
	}
	solved, err := offers.Solve(table, false)
	if err != nil {
		return nil, err
	}
	solved.Prices.Explore = opeExplore
	if w.prices, err = offers.NewDecider(rules, draws, solved.Prices); err != nil {
		return nil, err
	}
	if w.candidate, err = offers.NewDecider(rules, draws, offers.Prices{Limits: []float64{0.2, 0}}); err != nil {
		return nil, err
	}
	for i := range w.y {
		for a, p := range w.target(i) {
			w.truth += p * w.y[i][a] / float64(population)
		}
		choice, _ := w.choose(offers.Draws{Salt: "mean"}, i)
		w.logging += w.y[i][choice] / float64(population)
	}
	return w, nil
}

// choose is the logging policy's arm, none being 0, by the product's own decision.
func (w *opeWorld) choose(d offers.Draws, i int) (arm int, chance float64) {
	decision := w.prices.With(d).Decide(offers.Customer{Key: w.keys[i]}, w.options[i])
	return decision.Offer + 1, decision.Propensity
}

// target is the candidate policy: the best offer when cost counts for a fifth more than it is, and for one customer in five
// a feasible one at random.
func (w *opeWorld) target(i int) []float64 {
	out := make([]float64, w.arms)
	decision := w.candidate.Decide(offers.Customer{Key: w.keys[i]}, w.options[i])
	feasible := 1
	for _, o := range w.options[i] {
		if o.Feasible {
			feasible++
		}
	}
	const lot = 0.2
	out[0] = lot / float64(feasible)
	for k, o := range w.options[i] {
		if o.Feasible {
			out[k+1] = lot / float64(feasible)
		}
	}
	out[decision.Offer+1] += 1 - lot
	return out
}

// log draws customers with replacement and logs a choice for each. Every draw is a customer of its own.
func (w *opeWorld) log(seed uint64, n int) ([]ope.Row, error) {
	rng := rand.New(rand.NewPCG(seed, 77))
	rows := make([]ope.Row, n)
	for j := range rows {
		i := rng.IntN(len(w.keys))
		arm, chance := w.choose(offers.Draws{Salt: fmt.Sprintf("%d/%d", seed, j), Run: campaign.Run{Campaign: "bench", Occurrence: 1}}, i)
		rows[j] = ope.Row{Unit: uint32(j), X: w.x[i], Arm: arm, Logged: chance, Y: w.y[i][arm], Target: w.target(i)}
		if chance <= 0 {
			return nil, fmt.Errorf("%w: a choice was logged with chance %v", errWrong, chance)
		}
	}
	return rows, nil
}
