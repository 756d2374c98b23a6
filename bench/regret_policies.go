package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
)

// judge gives out the same expected cost by each policy, and says what share of the oracles' value it really brings.
func (w *regretWorld) judge() (map[string]float64, error) {
	ask := func(i, k int) offers.Option { return w.options[i][k] }
	free, err := w.solve(math.MaxInt64/4, ask)
	if err != nil {
		return nil, err
	}
	// Half of what could be given out with profit: the budget binds.
	expected := free.Cost / 2
	solved, err := w.solve(expected, ask)
	if err != nil {
		return nil, err
	}
	ours, cost, value, err := w.choose(expected, solved.Prices, ask)
	if err != nil {
		return nil, err
	}
	if cost > float64(expected) || math.Abs(value-float64(solved.Value)) > 1+1e-6*math.Abs(value) {
		return nil, fmt.Errorf("%w: the choices cost %.0f of %d and are worth %.0f, the solver says %d", errWrong, cost, expected, value, solved.Value)
	}
	budget := float64(expected)
	// The oracles may truly spend what our choices truly cost, where that is more than was expected of them.
	truly := max(expected, money.Minor(w.cost(ours)))
	people, err := w.oracle(truly, w.usual, w.costs)
	if err != nil {
		return nil, err
	}
	all, err := w.oracle(truly, w.change, w.earned)
	if err != nil {
		return nil, err
	}
	best, reached := w.brings(all), w.brings(ours)
	if best <= 0 {
		return nil, errors.New("no offer brings anything to anybody in this world")
	}
	out := map[string]float64{
		"share_of_oracle": reached / best, "share_of_oracle_learned_values": float64(solved.Value) / solved.DualBound,
		"one_size": w.oneSize(budget) / best, "random": w.brings(w.random(budget)) / best, "propensity": w.brings(w.propensity(budget)) / best,
		"share_of_believed": reached / float64(solved.Value), "given": w.given(ours), "cost_of_expected": w.cost(ours) / cost,
	}
	out["cost_within"], out["cost_p10"], out["cost_p90"] = w.forecastHolds(ours)
	knowing := w.brings(people)
	out["oracle_of_people"] = knowing / best
	if knowing > 0 {
		for _, name := range []string{"one_size", "random", "propensity"} {
			out[name+"_of_people"] = out[name] * best / knowing
		}
		out["share_of_people"] = reached / knowing
	}
	return out, nil
}

// forecastHolds is 1 where what the rewards truly cost lies within the forecast's p10 to p90, and these as shares of the middle.
func (w *regretWorld) forecastHolds(choices []int) (within, low, high float64) {
	var e offers.Expected
	for i, c := range w.known {
		w.ladder.Expect(&e, w.ladder.Forecast(c), w.options[i], choices[i])
	}
	cost, truly := w.ladder.Known().Outlook(e, 0, 0).Cost, w.cost(choices)
	if truly >= cost.P10 && truly <= cost.P90 {
		within = 1
	}
	return within, cost.P10 / cost.P50, cost.P90 / cost.P50
}

func (w *regretWorld) draws() offers.Draws {
	return offers.Draws{Salt: "bench", Run: campaign.Run{Campaign: "new", Occurrence: 1}}
}

// rules are the spec's with a budget, and no exploration: what the optimiser's choices bring is asked for.
func (w *regretWorld) rules(expected money.Minor) offers.Rules {
	spec := w.spec
	spec.Budget.Expected, spec.Budget.Exposure, spec.Budget.Explore = expected, math.MaxInt64/4, 0
	return offers.NewRules(spec)
}

func (w *regretWorld) solve(expected money.Minor, option func(i, k int) offers.Option) (offers.Solution, error) {
	t, err := offers.NewTable(w.rules(expected), w.draws())
	if err != nil {
		return offers.Solution{}, err
	}
	for i, key := range w.keys {
		t.Add(offers.Customer{Key: key}, w.row(i, option))
	}
	return offers.Solve(t, false)
}

func (w *regretWorld) row(i int, option func(i, k int) offers.Option) []offers.Option {
	options := make([]offers.Option, w.ladder.Len())
	for k := range options {
		options[k] = option(i, k)
	}
	return options
}

// choose is each customer's choice at prices by the product's decision, and what all of them come to in float64.
func (w *regretWorld) choose(expected money.Minor, p offers.Prices, option func(i, k int) offers.Option) (choices []int, cost, value float64, err error) {
	decider, err := offers.NewDecider(w.rules(expected), w.draws(), p)
	if err != nil {
		return nil, 0, 0, err
	}
	for i, key := range w.keys {
		options := w.row(i, option)
		d := decider.Decide(offers.Customer{Key: key}, options)
		choices = append(choices, d.Offer)
		if d.Offer != offers.None {
			cost, value = cost+float64(options[d.Offer].Cost), value+float64(options[d.Offer].Value)
		}
	}
	return choices, cost, value, nil
}

// oracle is the best choice by values that nobody could know, within the same budget, by the same solver.
func (w *regretWorld) oracle(expected money.Minor, value, cost [][]float64) ([]int, error) {
	option := func(i, k int) offers.Option {
		return offers.Option{Feasible: true, Reward: w.ladder.Offer(k).Reward, Value: float32(math.Round(value[i][k])), Cost: float32(math.Round(max(0, cost[i][k])))}
	}
	solved, err := w.solve(expected, option)
	if err != nil && !errors.Is(err, offers.ErrNothingAffordable) {
		return nil, err
	}
	choices, _, _, err := w.choose(expected, solved.Prices, option)
	return choices, err
}

// brings is the true value of choices.
func (w *regretWorld) brings(choices []int) float64 {
	sum := 0.0
	for i, k := range choices {
		if k != offers.None {
			sum += w.change[i][k]
		}
	}
	return sum
}

func (w *regretWorld) cost(choices []int) float64 {
	sum := 0.0
	for i, k := range choices {
		if k != offers.None {
			sum += w.earned[i][k]
		}
	}
	return sum
}

func (w *regretWorld) given(choices []int) float64 {
	n := 0.0
	for _, k := range choices {
		if k != offers.None {
			n++
		}
	}
	return n / float64(len(choices))
}

// random gives feasible offers by lot to customers in the order of a lot, until the expected cost is used up.
func (w *regretWorld) random(budget float64) []int {
	return w.until(budget, func(a, b int) int { return cmp.Compare(w.lot(a), w.lot(b)) }, func(i int) int {
		var feasible []int
		for k, o := range w.options[i] {
			if o.Feasible {
				feasible = append(feasible, k)
			}
		}
		if len(feasible) == 0 {
			return offers.None
		}
		return feasible[campaign.Hash64("bench", "random offer", w.keys[i])%uint64(len(feasible))]
	})
}

func (w *regretWorld) lot(i int) uint64 { return campaign.Hash64("bench", "lot", w.keys[i]) }

// propensity gives the offer that is worth most on average to whom it is most likely to see redeeming it.
func (w *regretWorld) propensity(budget float64) []int {
	best, most := 0, math.Inf(-1)
	for k := range w.ladder.Len() {
		sum := 0.0
		for i := range w.options {
			sum += float64(w.options[i][k].Value)
		}
		if sum > most {
			best, most = k, sum
		}
	}
	return w.until(budget, func(a, b int) int { return cmp.Compare(w.options[b][best].Reach, w.options[a][best].Reach) }, func(int) int { return best })
}

func (w *regretWorld) until(budget float64, order func(a, b int) int, choose func(i int) int) []int {
	customers, choices := make([]int, len(w.keys)), make([]int, len(w.keys))
	for i := range customers {
		customers[i], choices[i] = i, offers.None
	}
	slices.SortStableFunc(customers, order)
	for _, i := range customers {
		k := choose(i)
		if k == offers.None {
			continue
		}
		if budget -= float64(w.options[i][k].Cost); budget < 0 {
			break
		}
		choices[i] = k
	}
	return choices
}

// oneSize is what the best single goal and reward for all brings, by the learned values, given by lot as far as the budget goes.
func (w *regretWorld) oneSize(budget float64) float64 {
	var best *regretFixed
	most := math.Inf(-1)
	for f := range w.fixed {
		fixed := &w.fixed[f]
		value, cost := 0.0, 0.0
		for i := range fixed.value {
			value, cost = value+fixed.value[i], cost+fixed.cost[i]
		}
		if worth := value * min(1, budget/max(cost, 1)); worth > most {
			best, most = fixed, worth
		}
	}
	order := make([]int, len(w.keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(w.lot(a), w.lot(b)) })
	sum := 0.0
	for _, i := range order {
		if budget -= best.cost[i]; budget < 0 {
			break
		}
		sum += best.change[i]
	}
	return sum
}
