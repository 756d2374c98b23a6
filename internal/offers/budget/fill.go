package budget

import (
	"cmp"
	"math"
	"slices"
)

// Swap is a customer who is given another option than the prices would: what is left of the limits when the prices stand
// is a few customers' worth, and belongs to somebody.
type Swap struct {
	Row    int
	Option int // -1: none
}

// mostMoves is how many changes of one customer's option are looked at: those that lose least at the prices.
const mostMoves = 1 << 14

// filling is explicit choices, with what they use.
type filling struct {
	table  *Table
	limits []Limit
	of     weights
	rates  *rates
	weigh  []float64 // of a unit by which a limit is broken
	choice []uint8   // by row; options: none
	use    []int64
	value  int64
	moves  []move
}

type move struct {
	row    int32
	option int32
	loss   float64 // of worth, at the prices, against the choice that they lead to
}

// fill starts from the choices at prices, mends the limits that they break, and uses up what is left of the others. It says
// whether all limits are kept.
func (t *Table) fill(limits []Limit, prices, units []float64, ask Ask, sums Sums) (*filling, bool) {
	f := &filling{table: t, limits: limits, use: slices.Clone(sums.Use), value: sums.Value,
		rates: newRates(limits, prices, t.classes, t.options, len(t.costs), forValue), of: newWeights(limits, t.classes, t.options)}
	for j := range limits {
		f.weigh = append(f.weigh, max(prices[j], units[j]/100))
	}
	f.gather(ask)
	for range 3 {
		if !f.mend() {
			return f, false
		}
		before := f.value
		f.upgrade()
		if f.value == before {
			break
		}
	}
	return f, true
}

// gather notes every customer's choice, and the changes that lose least.
func (f *filling) gather(ask Ask) {
	t := f.table
	n := t.options
	drawn := t.drawn(ask.Drawn)
	var lower *rates
	if ask.Lower != nil {
		lower = newRates(f.limits, ask.Lower, t.classes, n, len(t.costs), forValue)
	}
	f.choice = make([]uint8, t.Len())
	first := newRates(f.limits, ask.Prices, t.classes, n, len(t.costs), forValue)
	limit := math.Inf(1)
	for i := range t.Len() {
		class, at := int(t.class[i]), i*n
		values := t.values[at : at+n]
		at2 := first
		if lower != nil && t.lucks[i] < ask.Share {
			at2 = lower
		}
		f.choice[i] = uint8(at2.choose(class, values, t.costs, at))
		if drawn[i] {
			continue
		}
		best := f.net(i, int(f.choice[i]))
		for k := range n + 1 {
			if k == int(f.choice[i]) || k < n && values[k] <= Never {
				continue
			}
			if loss := best - f.net(i, k); loss < limit {
				f.moves = append(f.moves, move{row: int32(i), option: int32(k), loss: loss})
			}
		}
		if len(f.moves) > 3*mostMoves {
			f.prune()
			limit = f.moves[len(f.moves)-1].loss
		}
	}
	f.prune()
}

func (f *filling) prune() {
	slices.SortFunc(f.moves, func(a, b move) int {
		return cmp.Or(cmp.Compare(a.loss, b.loss), cmp.Compare(a.row, b.row), cmp.Compare(a.option, b.option))
	})
	f.moves = f.moves[:min(len(f.moves), mostMoves)]
}

func (f *filling) net(i, k int) float64 {
	t := f.table
	if k == t.options {
		return 0
	}
	class, at := int(t.class[i]), i*t.options
	return f.rates.net(class, k, f.rates.weight[class], t.values[at+k], t.costs[0][at+k], f.rates.row[class*t.options+k], t.costs, at)
}

// change is what a move does to value, to what is broken (weighed), and whether it breaks nothing that it adds to.
func (f *filling) change(m move) (value int64, broken float64, fits bool) {
	t, i, from := f.table, int(m.row), int(f.choice[m.row])
	fits = true
	f.differ(i, from, int(m.option), func(j int32, d int64) {
		over := f.use[j] - f.limits[j].Most
		broken += f.weigh[j] * (float64(max(over+d, 0)) - float64(max(over, 0)))
		if d > 0 && over+d > 0 {
			fits = false
		}
	})
	return t.value(i, int(m.option)) - t.value(i, from), broken, fits
}

// differ names the limits of which a customer's two options use differently, and by how much.
func (f *filling) differ(row, from, to int, each func(j int32, d int64)) {
	t := f.table
	class := int(t.class[row]) * t.options
	if to < t.options {
		for _, j := range f.of[class+to] {
			if d := t.use(f.limits[j], row, to) - t.use(f.limits[j], row, from); d != 0 {
				each(j, d)
			}
		}
	}
	if from < t.options {
		for _, j := range f.of[class+from] {
			if to == t.options || f.limits[j].Weight[to] == (Weight{}) {
				if d := -t.use(f.limits[j], row, from); d != 0 {
					each(j, d)
				}
			}
		}
	}
}

func (f *filling) do(row, option int) {
	t, from := f.table, int(f.choice[row])
	f.differ(row, from, option, func(j int32, d int64) { f.use[j] += d })
	f.value += t.value(row, option) - t.value(row, from)
	f.choice[row] = uint8(option)
}

func (f *filling) broken() bool {
	for j, u := range f.use {
		if u > f.limits[j].Most {
			return true
		}
	}
	return false
}

// mend makes moves that break the limits less, the cheapest for what they mend first, until none is broken.
func (f *filling) mend() bool {
	for _, dear := range []float64{0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, math.Inf(1)} {
		for range 3 {
			if !f.broken() {
				return true
			}
			made := false
			for _, m := range f.moves {
				if int(f.choice[m.row]) == int(m.option) {
					continue
				}
				if _, less, _ := f.change(m); less < 0 {
					if loss := f.net(int(m.row), int(f.choice[m.row])) - f.net(int(m.row), int(m.option)); loss <= dear*-less {
						f.do(int(m.row), int(m.option))
						made = true
						if !f.broken() {
							return true
						}
					}
				}
			}
			if !made {
				break
			}
		}
	}
	return !f.broken()
}

// upgrade makes moves that are worth more and still fit, the least loss at the prices first; then pairs of moves, where
// there are few enough.
func (f *filling) upgrade() {
	for range 4 {
		made := false
		for _, m := range f.moves {
			if int(f.choice[m.row]) == int(m.option) {
				continue
			}
			if value, _, fits := f.change(m); value > 0 && fits {
				f.do(int(m.row), int(m.option))
				made = true
			}
		}
		if !made {
			break
		}
	}
	if f.few() {
		for range 6 {
			if !f.exchange() {
				return
			}
		}
	}
}

// Where there are at most fewMoves, the mostPaired that lose least are tried in pairs.
const fewMoves, mostPaired = 4096, 150

func (f *filling) few() bool { return len(f.moves) <= fewMoves }

// exchange makes pairs of moves that together fit and are worth more.
func (f *filling) exchange() (made bool) {
	near := f.moves[:min(len(f.moves), mostPaired)]
	for _, a := range near {
		from := int(f.choice[a.row])
		if from == int(a.option) {
			continue
		}
		before := f.value
		f.do(int(a.row), int(a.option))
		found := false
		for _, b := range near {
			if b.row == a.row || int(f.choice[b.row]) == int(b.option) {
				continue
			}
			value, _, _ := f.change(b)
			if f.value+value <= before {
				continue
			}
			back := int(f.choice[b.row])
			f.do(int(b.row), int(b.option))
			if !f.broken() {
				found, made = true, true
				break
			}
			f.do(int(b.row), back)
		}
		if !found {
			f.do(int(a.row), from)
		}
	}
	return made
}

// swaps are the customers whose option differs from the prices' choice.
func (f *filling) swaps(ask Ask) []Swap {
	t := f.table
	drawn := t.drawn(ask.Drawn)
	first := newRates(f.limits, ask.Prices, t.classes, t.options, len(t.costs), forValue)
	lower := first
	if ask.Lower != nil {
		lower = newRates(f.limits, ask.Lower, t.classes, t.options, len(t.costs), forValue)
	}
	var out []Swap
	for row := range t.Len() {
		class, at := int(t.class[row]), row*t.options
		r := first
		if t.lucks[row] < ask.Share {
			r = lower
		}
		option := int(f.choice[row])
		if !drawn[row] && r.choose(class, t.values[at:at+t.options], t.costs, at) != option {
			out = append(out, Swap{Row: row, Option: named(option, t.options)})
		}
	}
	return out
}

// None is the choice of no option.
const None = -1
