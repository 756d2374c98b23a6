package main

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/danbi-project/danbi/internal/measurement"
)

// brought is what one way to spend the money won: by a comparison with the control group, as a campaign can be measured,
// and in truth.
type brought struct {
	cost        float64
	seen, truth float64 // net spend of the window that would not have been
	later       float64 // in truth, with the time after the window
}

// loopFigures are one world's.
type loopFigures struct {
	insensitive float64 // share of responses that do not depend on the hour
	fixed       int     // the best fixed hour
	messages    int
	lift        times // spend per person of the treated over control, less 1; of all who were drawn
	reached     float64
	hours       map[string]times
	won         map[string]brought
	atSpend     float64 // what propensity targeting costs until it wins as much
	unreached   bool    // it never does, whoever it writes to
	like        float64 // what one offer for all costs, to as many
}

func (f loopFigures) String() string {
	d, p := f.won["danbi"], f.won["propensity"]
	return fmt.Sprintf("%d messages at a cost of %.0f won %.0f (seen: %.0f); propensity %.0f, one for all %.0f, by lot %.0f, oracle %.0f; responses %.2f of the best fixed hour",
		f.messages, d.cost, d.truth, d.seen, p.truth, f.won["one_size"].truth, f.won["random"].truth, f.won["oracle"].truth, f.hours["best_fixed"].truth)
}

// judge spends what the product truly cost in every other way.
func (l *loop) judge() (f loopFigures, err error) {
	f = loopFigures{insensitive: l.world.TimeInsensitive, hours: map[string]times{}, won: map[string]brought{}}
	if f.fixed, err = l.bestFixedHour(); err != nil {
		return f, err
	}
	if err := errors.Join(l.live(f.fixed), l.hours(f.fixed)); err != nil {
		return f, err
	}
	f.hours["best_fixed"] = l.times(armBest, func(r responses) float64 { return r.best })
	f.hours["usual"] = l.times(armUsual, func(r responses) float64 { return r.usual })
	f.hours["random"] = l.times(armRandom, func(r responses) float64 { return r.random })

	ours := l.danbi()
	money := total(ours.cost)
	without, with := 0.0, 0.0
	for i := range l.members {
		if m := &l.members[i]; m.treated && m.touch != nil {
			f.messages++
			without, with = without+float64(m.none.window), with+float64(m.danbi.window)
		}
	}
	if f.messages == 0 {
		return f, fmt.Errorf("%w: nobody was written to", errWrong)
	}
	f.reached = with/without - 1
	f.won["danbi"], f.lift = l.measure(ours)
	propensity, byLotOrder := l.order(byScore), l.order(byLot)
	most, offer := l.oneOffer(propensity, money)
	f.won["propensity"], _ = l.measure(most)
	oneSize, same := l.oneOffer(byLotOrder, money)
	f.won["one_size"], _ = l.measure(oneSize)
	f.won["random"], _ = l.measure(l.inOrder(byLotOrder, func(m *member) result { return m.lot }, money, math.Inf(1)))
	f.won["oracle"], _ = l.measure(l.oracle(money))

	until := l.inOrder(propensity, func(m *member) result { return m.fixed[offer] }, math.Inf(1), f.won["danbi"].truth)
	f.atSpend, f.unreached = total(until.cost), total(until.change) < f.won["danbi"].truth
	f.like = total(l.inOrder(byLotOrder[:f.messages], func(m *member) result { return m.fixed[same] }, math.Inf(1), math.Inf(1)).cost)
	return f, nil
}

// measure holds a spending against the control group, as the product's report does, and against the truth. The second
// value is the spend per person over control's.
func (l *loop) measure(s spending) (brought, times) {
	var treated, control measurement.Sums
	without := 0.0
	for i := range l.members {
		m := &l.members[i]
		if m.treated {
			treated = treated.Observe(float64(m.none.window)+s.change[i], float64(m.before))
			without += float64(m.none.window)
		} else {
			control = control.Observe(float64(m.none.window), float64(m.before))
		}
	}
	e := measurement.Compare(treated, control, 0.95)
	b := brought{cost: total(s.cost), seen: e.Difference * float64(treated.Customers), truth: total(s.change), later: total(s.later)}
	return b, times{seen: e.Relative, truth: b.truth / without}
}

// summarise writes means over worlds with 95 % intervals: mean, lo and hi are what experiments by lot would have seen,
// truth what is so.
func summarise(found []loopFigures, out map[string]any) {
	over := func(value func(f loopFigures) times) map[string]float64 {
		var seen, truth []float64
		for _, f := range found {
			v := value(f)
			seen, truth = append(seen, v.seen), append(truth, v.truth)
		}
		row, exact := interval(seen), interval(truth)
		row["truth"], row["truth_lo"], row["truth_hi"] = exact["mean"], exact["lo"], exact["hi"]
		return row
	}
	out["spend_per_person_lift"] = over(func(f loopFigures) times { return f.lift })
	out["spend_per_person_lift_of_the_reached"] = over(func(f loopFigures) times { return times{f.reached, f.reached} })
	out["cost_vs_like_campaign"] = over(func(f loopFigures) times {
		v := f.won["danbi"].cost/f.like - 1
		return times{v, v} // what is paid is known
	})
	hours := map[string]any{}
	for _, name := range []string{"best_fixed", "usual", "random"} {
		hours[name] = over(func(f loopFigures) times { return f.hours[name] })
	}
	out["response_ratio"] = hours
	perCost, withAfter := map[string]any{}, map[string]any{}
	for name := range found[0].won {
		perCost[name] = ratio(found, func(f loopFigures) (seen, truth, by float64) {
			b := f.won[name]
			return b.seen, b.truth, b.cost
		})
		withAfter[name] = ratio(found, func(f loopFigures) (seen, truth, by float64) {
			b := f.won[name]
			return b.later, b.later, b.cost
		})
	}
	out["incremental_per_cost"], out["incremental_per_cost_with_after"] = perCost, withAfter
	out["gain_at_equal_cost"] = gain(found, "propensity")
	out["gain_at_equal_cost_over_one_size"] = gain(found, "one_size")
	out["gain_at_equal_cost_over_random"] = gain(found, "random")
	out["share_of_oracle"] = wonOf(found, "oracle")
	unreached := 0
	for _, f := range found {
		if f.unreached {
			unreached++
		}
	}
	saved := ratio(found, func(f loopFigures) (seen, truth, by float64) {
		return f.atSpend - f.won["danbi"].cost, f.atSpend - f.won["danbi"].cost, f.atSpend
	})
	saved["worlds_in_which_it_never_wins_as_much"] = float64(unreached)
	out["cost_saving_at_equal_spend"] = saved
	by := map[string]any{}
	for _, f := range found {
		row := map[string]any{
			"response_ratio":     map[string]float64{"best_fixed": f.hours["best_fixed"].truth, "usual": f.hours["usual"].truth, "random": f.hours["random"].truth},
			"gain_at_equal_cost": f.won["danbi"].truth/f.won["propensity"].truth - 1, "spend_per_person_lift": f.lift.truth,
			"messages": f.messages, "best_fixed_hour": f.fixed, "cost": f.won["danbi"].cost,
		}
		by[fmt.Sprintf("%.2f", f.insensitive)] = row
	}
	out["by_insensitive_share"] = by
}

func gain(found []loopFigures, over string) map[string]float64 {
	row := wonOf(found, over)
	for key := range row {
		row[key]--
	}
	return row
}

// wonOf is what the product won, of what another way won with the same money.
func wonOf(found []loopFigures, of string) map[string]float64 {
	seen := ratio(found, func(f loopFigures) (num, _, by float64) { return f.won["danbi"].seen, 0, f.won[of].seen })
	truth := ratio(found, func(f loopFigures) (num, _, by float64) { return f.won["danbi"].truth, 0, f.won[of].truth })
	return map[string]float64{"mean": seen["mean"], "lo": seen["lo"], "hi": seen["hi"], "truth": truth["mean"], "truth_lo": truth["lo"], "truth_hi": truth["hi"]}
}

// ratio is a sum over worlds by another sum, with the jackknife's interval over worlds: a mean of ratios would be ruled
// by worlds in which little was to be won.
func ratio(found []loopFigures, of func(f loopFigures) (seen, truth, by float64)) map[string]float64 {
	all := func(leave int, truly bool) float64 {
		num, by := 0.0, 0.0
		for i, f := range found {
			if i == leave {
				continue
			}
			seen, truth, b := of(f)
			if truly {
				seen = truth
			}
			num, by = num+seen, by+b
		}
		if by == 0 {
			return 0
		}
		return num / by
	}
	row := map[string]float64{}
	for prefix, truly := range map[string]bool{"": false, "truth_": true} {
		mean, half := all(-1, truly), 0.0
		if n := float64(len(found)); n > 2 {
			var left []float64
			for i := range found {
				left = append(left, all(i, truly))
			}
			half = distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975) * (n - 1) / math.Sqrt(n) * stat.StdDev(left, nil)
		}
		row[prefix+"mean"], row[prefix+"lo"], row[prefix+"hi"] = mean, mean-half, mean+half
	}
	row["truth"] = row["truth_mean"]
	delete(row, "truth_mean")
	return row
}
