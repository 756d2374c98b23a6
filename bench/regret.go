package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/world"
)

// regretBench asks what a budget brings that the product gives out, in worlds where every potential outcome is known. The
// product learns from two randomised campaigns that the same people had before; then each policy gives out the same
// expected cost, and is judged by what really changes.
//
// Two oracles stand beside it. One knows every potential outcome of every offer, to the won: whether a customer happens to
// open this message, and what they happen to buy this month. The other knows the people: their chance to open, their
// effort and how they buy, but not the luck of this month; it averages over other months of the same customers.
type regretBench struct {
	seeds, customers, judged, months int
	first                            uint64
}

func (b *regretBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.seeds, "seeds", 5, "worlds, each with a market and people of its own")
	f.Uint64Var(&b.first, "first-seed", 1, "of them: a method is judged by worlds that were not looked at while it was made")
	f.IntVar(&b.customers, "customers", 40_000, "of a world, from whose past campaigns is learned")
	f.IntVar(&b.judged, "judged", 10_000, "of them, who get the new campaign and whose potential outcomes are all computed")
	f.IntVar(&b.months, "months", 6, "months over which the oracle that knows the people averages")
}

func (b *regretBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.seeds, b.customers, b.judged, b.months = 2, 12_000, 2_500, 3
	}
	out := map[string]any{"seeds": b.seeds, "first_seed": b.first, "customers": b.customers, "judged": b.judged}
	shares := map[string][]float64{}
	section := (*engines)(nil).begin()
	for n := range b.seeds {
		seed := b.first + uint64(n)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		w, err := b.live(seed)
		if err != nil {
			return nil, fmt.Errorf("world %d: %w", seed, err)
		}
		found, err := w.judge()
		if err != nil {
			return nil, fmt.Errorf("world %d: %w", seed, err)
		}
		for name, share := range found {
			shares[name] = append(shares[name], share)
		}
		say("world %d: %s", seed, line(found))
	}
	section.end(out)
	for name, all := range shares {
		out[name] = interval(all)
	}
	return out, nil
}

// interval is a mean over worlds with its 95% interval (Student's t).
func interval(all []float64) map[string]float64 {
	mean, deviation := stat.MeanStdDev(all, nil)
	n := float64(len(all))
	half := 0.0
	if n > 1 {
		half = distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975) * deviation / math.Sqrt(n)
	}
	return map[string]float64{"mean": mean, "lo": mean - half, "hi": mean + half}
}

func line(found map[string]float64) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(found)) {
		text += fmt.Sprintf("%s %.3f  ", name, found[name])
	}
	return text
}

// regretWorld is one world at the start of the new campaign. Amounts are won; the first index is the customer.
type regretWorld struct {
	ladder  *offers.Ladder
	spec    campaign.Spec
	keys    []uint32
	known   []offers.Customer
	options [][]offers.Option
	change  [][]float64 // truth: what each offer is worth
	earned  [][]float64 // truth: what it costs in rewards
	usual   [][]float64 // the same two on average over other months
	costs   [][]float64
	fixed   []regretFixed
}

// regretFixed is one offer for all: one goal, one reward.
type regretFixed struct {
	offer          campaign.Offer
	value, cost    []float64 // believed, by customer
	change, earned []float64 // truth
}

func (b *regretBench) live(seed uint64) (*regretWorld, error) {
	p, err := newPeople(seed, b.customers, worldEnds)
	if err != nil {
		return nil, err
	}
	brief, err := campaignBrief(b.judged)
	if err != nil {
		return nil, err
	}
	past := []trial{newTrial("past-one", worldEnds.AddDate(0, 0, -240), 28), newTrial("past-two", worldEnds.AddDate(0, 0, -120), 28)}
	touches := make([][]world.Touch, len(p.keys))
	var rows []offers.Past
	for i, t := range past {
		some, err := b.pastCampaign(p, t, i, brief.Spec, touches)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	knowledge, err := offers.Learn(rows, []string{"past-one/1", "past-two/1"}, worldEnds)
	if err != nil {
		return nil, err
	}
	say("world %d: learned from %d customers with an offer and %d without: attention %.2f ± %.2f, effort %.3f ± %.3f, pulled forward %.2f ± %.2f, curse %.2f", seed,
		knowledge.Offered, knowledge.Control, knowledge.Attention.Mean, knowledge.Attention.Deviation, knowledge.Effort.Mean, knowledge.Effort.Deviation,
		knowledge.Pull.Mean, knowledge.Pull.Deviation, knowledge.Curse)
	p.keys = p.keys[:b.judged]
	return b.newCampaign(p, newTrial("new", worldEnds, 28), brief.Spec, knowledge, touches)
}

// pastCampaign offers everything to everybody by lot, as the product explores, to six customers in ten.
func (b *regretBench) pastCampaign(p *people, t trial, number int, spec campaign.Spec, touches [][]world.Touch) ([]offers.Past, error) {
	ladder, err := offers.NewLadder(spec, t.times)
	if err != nil {
		return nil, err
	}
	draws := offers.Draws{Salt: "bench", Run: campaign.Run{Campaign: t.name, Occurrence: 1}}
	rules := offers.NewRules(spec)
	rows := make([]offers.Past, len(p.keys))
	err = p.each(func(i int, key uint32, o *world.Oracle) error {
		c := before(key, o, t.times.Opens, touches[i])
		row := offers.Past{Campaign: number, Customer: c, Chance: 1, Days: 28, AfterDays: 60}
		if campaign.Uniform("bench", t.name+"/control", key) >= 0.4 {
			lot, err := offers.NewDecider(rules, draws, offers.Prices{Limits: []float64{0, 0}, Explore: 1}) // has memory of its own
			if err != nil {
				return err
			}
			a, _ := ladder.Assign(lot, nil, c, nil)
			row.Chance = float64(a.Propensity)
			if a.Offer != offers.NoOffer {
				row.Treated, row.Threshold, row.Reward = true, float64(a.Threshold), float64(a.Reward)
				touches[i] = append(touches[i], t.message(key, int64(a.Threshold), int64(a.Reward)))
			}
		}
		r := t.result(o, touches[i]...)
		row.Window, row.After = float64(r.window), float64(r.later)
		rows[i] = row
		return nil
	})
	return rows, err
}

func (b *regretBench) newCampaign(p *people, t trial, spec campaign.Spec, knowledge offers.Knowledge, touches [][]world.Touch) (*regretWorld, error) {
	plain, err := offers.NewLadder(spec, t.times)
	if err != nil {
		return nil, err
	}
	ladder, err := plain.With(knowledge)
	if err != nil {
		return nil, err
	}
	n := len(p.keys)
	w := &regretWorld{ladder: ladder, spec: spec, keys: p.keys, known: make([]offers.Customer, n), options: make([][]offers.Option, n),
		change: make([][]float64, n), earned: make([][]float64, n), usual: make([][]float64, n), costs: make([][]float64, n)}
	err = p.each(func(i int, key uint32, o *world.Oracle) error {
		w.known[i] = before(key, o, t.times.Opens, touches[i])
		_, w.options[i] = ladder.Options(w.known[i], nil)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := w.oneForAll(t, knowledge); err != nil {
		return nil, err
	}
	margin, contact := float64(spec.Budget.Margin), float64(spec.Budget.Contact)*float64(max(1, len(spec.Touches)))
	err = p.each(func(i int, key uint32, o *world.Oracle) error {
		base := t.result(o, touches[i]...)
		with := func(threshold, reward int64) (change, earned float64) {
			r := t.result(o, append(slices.Clone(touches[i]), t.message(key, threshold, reward))...)
			earned = float64(r.earned - base.earned)
			return margin*float64(r.window+r.later-base.window-base.later) - earned - contact, earned
		}
		for _, option := range w.options[i] {
			change, earned := with(int64(option.Threshold), int64(option.Reward))
			w.change[i], w.earned[i] = append(w.change[i], change), append(w.earned[i], earned)
		}
		for f := range w.fixed {
			fixed := &w.fixed[f]
			fixed.change[i], fixed.earned[i] = with(int64(fixed.offer.Threshold.Fixed), int64(fixed.offer.Reward))
		}
		w.usual[i], w.costs[i] = b.usually(o, key, t, touches[i], w.options[i], margin, contact)
		return nil
	})
	return w, err
}

// usually is what each option is worth to somebody on average: over whether they open the message, whose chance the oracle
// knows, and over what they happen to buy, by months other than the campaign's.
func (b *regretBench) usually(o *world.Oracle, key uint32, t trial, touches []world.Touch, options []offers.Option, margin, contact float64) (value, cost []float64) {
	value, cost = make([]float64, len(options)), make([]float64, len(options))
	for month := range b.months {
		at := newTrial(fmt.Sprintf("%s-%d", t.name, month), t.times.Opens.AddDate(0, 0, 28*(month+1)), 28)
		base := at.result(o, touches...)
		counted := o.Counted(at.terms, at.times.Opens, touches...)
		for k, option := range options {
			message := at.message(key, int64(option.Threshold), int64(option.Reward))
			chance, opened := notice(o, touches, message)
			anyway := 0.0
			if counted >= message.Threshold {
				anyway = float64(message.Reward)
			}
			read, earned := -anyway, anyway
			if chance > 0 {
				r := at.result(o, append(slices.Clone(touches), opened)...)
				earned = float64(r.earned - base.earned)
				read = margin*float64(r.window+r.later-base.window-base.later) - earned
			}
			value[k] += (chance*read - (1-chance)*anyway - contact) / float64(b.months)
			cost[k] += (chance*earned + (1-chance)*anyway) / float64(b.months)
		}
	}
	return value, cost
}

// notice is the chance that a message is opened, and the same message under a name under which it is.
func notice(o *world.Oracle, touches []world.Touch, message world.Touch) (float64, world.Touch) {
	name := message.Touch
	for try := range 200 {
		message.Touch = fmt.Sprintf("%s-%d", name, try)
		r := o.Responses(append(slices.Clone(touches), message)...)
		if last := r[len(r)-1]; !last.Opened.IsZero() {
			return last.Chance, message
		}
	}
	return 0, message
}

// oneForAll prepares, for each reward of the ladder, the one goal that lies its step above the median forecast.
func (w *regretWorld) oneForAll(t trial, knowledge offers.Knowledge) error {
	var forecasts []float64
	for _, c := range w.known {
		f, _ := w.ladder.Options(c, nil)
		forecasts = append(forecasts, f.Mean)
	}
	slices.Sort(forecasts)
	median := forecasts[len(forecasts)/2]
	spec := w.spec
	spec.Offers = nil
	for _, o := range w.spec.Offers {
		goal, err := money.RoundTo(money.Minor(median)+o.Threshold.Step, o.Threshold.RoundTo, money.Up)
		if err != nil {
			return err
		}
		o.Threshold = campaign.Threshold{Fixed: goal, RoundTo: o.Threshold.RoundTo, Stretch: 1}
		spec.Offers = append(spec.Offers, o)
	}
	plain, err := offers.NewLadder(spec, t.times)
	if err != nil {
		return err
	}
	ladder, err := plain.With(knowledge)
	if err != nil {
		return err
	}
	n := len(w.known)
	for _, o := range spec.Offers {
		w.fixed = append(w.fixed, regretFixed{offer: o, value: make([]float64, n), cost: make([]float64, n), change: make([]float64, n), earned: make([]float64, n)})
	}
	for i, c := range w.known {
		_, options := ladder.Options(c, nil)
		for k, o := range options {
			w.fixed[k].value[i], w.fixed[k].cost[i] = float64(o.Value), float64(o.Cost)
		}
	}
	return nil
}
