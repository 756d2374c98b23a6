package budget

import (
	"math"
	"math/rand/v2"
)

// Settings of a search over a table.
type Settings struct {
	Drawn  float64 // lots below this are drawn
	Sample int     // customers on whom prices are begun; 0: as many as are worth it
	Rounds int     // passes over all customers; 0: as many as it takes
	Swaps  bool    // few customers may be given other options than the prices would
}

// MostSwappable is how many customers are few enough for swaps, and for passes until the last unit is used.
const MostSwappable = 300_000

const (
	sampleSize  = 60_000
	localRounds = 160
	fullRounds  = 24

	restarts      = 8
	restartSpread = 0.15
)

// Solution is a plan with its certificate.
type Solution struct {
	Plan
	Swaps   []Swap
	Bound   float64   // no plan that keeps the limits is worth more
	BoundAt []float64 // the prices whose dual it is
	Gap     float64   // (Bound - value) / Bound
	Passes  int       // over all customers
}

// Solve finds prices at which the choices of a table's customers keep all limits and are worth as much as possible. A wish
// that no plan can grant is an Impossible; limits between which no plan was found, though there may be one, are ErrNoPlan.
func Solve(t *Table, limits []Limit, settings Settings) (Solution, error) {
	if err := t.Alone(limits); err != nil {
		return Solution{}, err
	}
	s := Begin(t, 1, limits, settings)
	s.run(t)
	var out Solution
	if s.Swaps && s.Near != nil && priced(s.Near.Prices) > 1 {
		if plan, swaps, ok := t.finish(limits, s, Ask{Prices: s.Near.Prices, Drawn: s.Drawn}); ok {
			out.Plan, out.Swaps = plan, swaps
		}
		if out.Ask.Prices == nil {
			s.Swaps = false
			s.startPair()
			s.run(t)
		}
	}
	if out.Ask.Prices == nil || s.Best != nil && s.Best.Sums.Value > out.Sums.Value {
		plan, err := s.Plan()
		if err != nil {
			if named := t.conflict(limits, settings.Drawn); named != nil {
				err = named
			}
			return Solution{Bound: s.Bound}, err
		}
		out.Plan, out.Swaps = plan, nil
	}
	out.Bound, out.BoundAt, out.Passes = s.Bound, s.BoundAt, s.Passes
	out.Gap = gap(out.Bound, out.Sums.Value)
	return out, nil
}

func (s *Search) run(t *Table) {
	for {
		ask, more := s.Ask()
		if !more {
			return
		}
		s.Tell(t.Sums(s.Limits, ask))
	}
}

// finish mends and fills the choices at prices by swaps.
func (t *Table) finish(limits []Limit, s *Search, ask Ask) (Plan, []Swap, bool) {
	sums := t.Sums(limits, ask)
	f, ok := t.fill(limits, ask.Prices, s.Units, ask, sums)
	if f.few() {
		// Where a few customers decide, other beginnings may end higher.
		rng := rand.New(rand.NewPCG(1, 1))
		for range restarts {
			other := Ask{Prices: make([]float64, len(limits)), Drawn: ask.Drawn}
			for j, price := range ask.Prices {
				other.Prices[j] = price * math.Exp(restartSpread*rng.NormFloat64())
			}
			if g, kept := t.fill(limits, other.Prices, s.Units, other, t.Sums(limits, other)); kept && (!ok || g.value > f.value) {
				f, ok = g, true
			}
		}
	}
	if !ok {
		return Plan{}, nil, false
	}
	swaps := f.swaps(ask)
	r := newRates(limits, ask.Prices, t.classes, t.options, len(t.costs), forValue)
	for _, swap := range swaps {
		to, at := swap.Option, swap.Row*t.options
		if to == None {
			to = t.options
		}
		from := r.choose(int(t.class[swap.Row]), t.values[at:at+t.options], t.costs, at)
		sums.Options[from]--
		sums.Options[to]++
		sums.Cost += t.cost(swap.Row, to) - t.cost(swap.Row, from)
	}
	sums.Use, sums.Value = f.use, f.value
	return Plan{Ask: ask, Sums: sums}, swaps, true
}

func (t *Table) cost(i, choice int) int64 {
	if choice == t.options {
		return 0
	}
	return int64(t.costs[0][i*t.options+choice])
}

// Begin begins a search over customers of whom the table holds a share, by what it finds on a sample of them.
func Begin(t *Table, share float64, limits []Limit, settings Settings) *Search {
	size := settings.Sample
	if size == 0 {
		size = sampleSize
	}
	b, l := t.begin(limits, share, settings.Drawn, size, forValue)
	rounds, local := settings.Rounds, share == 1 && t.Len() <= MostSwappable
	if rounds == 0 {
		rounds = fullRounds
		if local {
			rounds = localRounds
		}
	}
	s := newSearch(limits, settings.Drawn, b, l.gauge, l.share, rounds)
	if share < 1 {
		s.Lots = farSteps
	}
	s.Local, s.Swaps = local, local && settings.Swaps
	return s
}

// drawn marks the customers whose option is drawn.
func (t *Table) drawn(below float64) []bool {
	out := make([]bool, t.Len())
	for l, lot := range t.lots {
		out[t.lot[l]] = lot.Place < below
	}
	return out
}

// Choices decides for the customers of some rows, as a chooser does that meets them one by one.
func (t *Table) Choices(limits []Limit, s Solution, low, high int, each func(row, option int)) error {
	chooser, err := NewChooser(limits, s.Ask, t.classes, t.options, len(t.costs))
	if err != nil {
		return err
	}
	drawn := map[int]int{}
	for l, lot := range t.lots {
		if lot.Place < s.Ask.Drawn {
			drawn[int(t.lot[l])] = lot.Drawn
		}
	}
	for _, swap := range s.Swaps {
		drawn[swap.Row] = swap.Option
	}
	options := make([]Option, t.options)
	for k := range options {
		options[k].Costs = make([]float32, len(t.costs))
	}
	for i := low; i < high; i++ {
		if option, is := drawn[i]; is {
			each(i, option)
			continue
		}
		for k := range options {
			at := i*t.options + k
			options[k].Possible, options[k].Value = t.values[at] > Never, t.values[at]
			for c := range t.costs {
				options[k].Costs[c] = t.costs[c][at]
			}
		}
		choice, lucky := chooser.Choose(t.class[i], options)
		if t.lucks[i] < s.Ask.Share {
			choice = lucky
		}
		each(i, choice)
	}
	return nil
}
