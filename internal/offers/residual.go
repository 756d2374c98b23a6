package offers

import (
	"cmp"
	"math"
	"slices"
)

// segmentCount is how many segments customers are cut into by their forecast; fewer where there are fewer customers.
const (
	segmentCount  = 6     // by forecast
	idleCount     = 3     // of each, by the chance to buy nothing
	leastSegment  = 300.0 // customers with an offer
	factorDiffers = 0.25  // how far factors differ before anything is known of it, as a share
)

// segments cuts the examples by forecast, and by the chance to buy nothing: who buys seldom responds otherwise than who
// buys little at a time.
func (k *Knowledge) segments(examples []example) {
	means, zeros := make([]float64, len(examples)), make([]float64, len(examples))
	for i := range examples {
		means[i], zeros[i] = examples[i].forecast.Mean, examples[i].forecast.Zero
	}
	room := max(1, int(float64(len(examples))/leastSegment))
	k.Idles = edges(zeros, min(idleCount, max(1, room/2)))
	k.Edges = edges(means, min(segmentCount, max(1, room/(len(k.Idles)+1))))
	k.Cells = nil
}

// edges cut values into n parts of about as many each.
func edges(values []float64, n int) (out []float64) {
	slices.Sort(values)
	for i := 1; i < n; i++ {
		if edge := values[len(values)*i/n]; len(out) == 0 || edge > out[len(out)-1] {
			out = append(out, edge)
		}
	}
	return out
}

// cellSums are what a cell's response is estimated from.
type cellSums struct {
	customers                 float64
	reached, without, claimed float64
	variance                  float64
}

// residuals adds up, by arm and segment, who reached their goal against what the other fold's parameters say.
func (k *Knowledge) residuals(examples []example, folds [2]response, in func(*example) bool) []cellSums {
	segments := k.segmentCount()
	sums := make([]cellSums, len(armNames)*segments)
	for i := range examples {
		e := &examples[i]
		if !in(e) {
			continue
		}
		s := &sums[armOf(e.past.Reward, e.past.Threshold, e.forecast.Mean)*segments+k.segment(e.forecast)]
		moved := folds[e.fold].moved(e, k.Rate)
		p := min(max(e.without+moved, 1e-6), 1-1e-6)
		s.customers++
		s.without += e.without
		s.claimed += moved
		s.variance += p * (1 - p)
		if e.reached {
			s.reached++
		}
	}
	return sums
}

// shrink pulls each cell's factor towards 1, the more the less it has seen (empirical Bayes: how far factors really
// differ is estimated from all cells together).
func (k *Knowledge) shrink(sums []cellSums) {
	raw := make([]Known, len(sums))
	var each []Known
	for i, s := range sums {
		if raw[i] = (Known{1, math.Inf(1)}); s.claimed > 0.5 {
			raw[i] = Known{(s.reached - s.without) / s.claimed, math.Sqrt(s.variance) / s.claimed}
			each = append(each, raw[i])
		}
	}
	differs := factorDiffers
	common := Known{1, 0}
	if len(each) > 0 {
		common, differs = pool(each, Known{1, 0.05}, factorDiffers/2)
	}
	segments := k.segmentCount()
	k.Cells = make([]Cell, len(sums))
	for i, s := range sums {
		factor := Known{common.Mean, math.Hypot(differs, common.Deviation)}
		if !math.IsInf(raw[i].Deviation, 1) {
			prior, seen := 1/(factor.Deviation*factor.Deviation), 1/(raw[i].Deviation*raw[i].Deviation)
			factor = Known{(prior*factor.Mean + seen*raw[i].Mean) / (prior + seen), math.Sqrt(1 / (prior + seen))}
		}
		factor.Mean = min(max(factor.Mean, 0.2), 5) // beyond that it is another mechanism than effort
		c := Cell{Arm: armNames[i/segments], Segment: i % segments, Customers: uint64(s.customers), Factor: factor}
		if s.customers > 0 {
			c.Reached, c.Without = s.reached/s.customers, s.without/s.customers
			c.Response = Known{factor.Mean * s.claimed / s.customers, factor.Deviation * s.claimed / s.customers}
		}
		k.Cells[i] = c
	}
}

// between is how much the responses of campaigns differ from each other.
func (k *Knowledge) between(examples []example, fit *response, campaigns int) {
	each := make([]cellSums, campaigns)
	for i := range examples {
		e := &examples[i]
		s := &each[e.past.Campaign]
		moved := fit.moved(e, k.Rate)
		p := min(max(e.without+moved, 1e-6), 1-1e-6)
		s.reached, s.without, s.claimed, s.variance = s.reached+bit(e.reached), s.without+e.without, s.claimed+moved, s.variance+p*(1-p)
	}
	var factors []Known
	var variance, claimed float64
	for _, s := range each {
		variance, claimed = variance+s.variance, claimed+s.claimed
		if s.claimed > 5 {
			factors = append(factors, Known{(s.reached - s.without) / s.claimed, math.Sqrt(s.variance) / s.claimed})
		}
	}
	if claimed > 0 {
		k.Response = min(0.5, math.Sqrt(variance)/claimed)
	}
	if len(factors) > 0 {
		_, k.Between = pool(factors, Known{1, 0.5}, betweenPrior)
	}
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// curse measures the winner's curse of choosing by noisy values: the best arm of each customer by what one half of the
// customers taught, priced by what the other half taught, as a share of what it promised.
func (k *Knowledge) curse(examples []example, folds [2]response) {
	halves := [2]*Ladder{}
	for fold := range folds {
		half := *k
		folds[fold].into(&half)
		half.Rate, half.Chosen = k.Rate, Known{1, 0}
		half.shrink(k.residuals(examples, [2]response{folds[fold], folds[fold]}, func(e *example) bool { return e.fold != fold }))
		halves[fold] = &Ladder{days: examples[0].past.Days, margin: curseMargin, known: half, effort: efforts(half.Effort.Mean, half.EffortSpread.Mean)}
	}
	kinds := kindsOf(examples)
	var promised, held float64
	step := max(1, len(examples)/5000)
	for i := 0; i < len(examples); i += step {
		e := &examples[i]
		for fold := range halves {
			best, other := 0.0, 0.0
			for _, o := range kinds {
				value := halves[fold].worth(e, o.stretch, o.reward)
				if value > best {
					best, other = value, halves[1-fold].worth(e, o.stretch, o.reward)
				}
			}
			promised, held = promised+best, held+other
		}
	}
	if k.Curse = 1; promised > 0 {
		k.Curse = min(max(held/promised, 0.2), 1)
	}
}

// kind is a way of asking that past campaigns had.
type kind struct{ stretch, reward float64 }

func kindsOf(examples []example) (kinds []kind) {
	for i := range examples {
		e := &examples[i]
		one := kind{math.Round((e.past.Threshold-e.forecast.Mean)/5e4) * 5e4, e.past.Reward}
		if one.stretch > 0 && !slices.Contains(kinds, one) && len(kinds) < 8 {
			kinds = append(kinds, one)
		}
	}
	return kinds
}

// Chosen responses are believed to be as all are, but for so much, until they have been looked at.
const chosenDiffers = 0.2

// chosen measures whether those who would be chosen respond as the others do. What is chosen is what looks good for its
// cost, so wherever the ways of responding are described wrongly, it is there that the choice goes. Past draws tell: of the
// customers whose lot was the arm that would be chosen for them now, and who would be among the better half by value for
// cost, who reached the goal against who was believed to. Each half of the customers is chosen by what the other taught.
func (k *Knowledge) chosen(examples []example, folds [2]response) {
	kinds := kindsOf(examples)
	type lot struct{ ratio, moved, variance, beyond float64 }
	var lots []lot
	for fold := range folds {
		half := *k
		folds[fold].into(&half)
		half.Rate, half.Chosen = k.Rate, Known{1, 0}
		l := &Ladder{days: examples[0].past.Days, margin: curseMargin, known: half, effort: efforts(half.Effort.Mean, half.EffortSpread.Mean)}
		for i := range examples {
			e := &examples[i]
			if e.fold != fold {
				continue
			}
			own := l.optionOf(e, e.past.Threshold, e.past.Reward)
			if own.Value <= 0 || own.Cost <= 0 {
				continue
			}
			best := 0.0
			for _, o := range kinds {
				best = max(best, l.worth(e, o.stretch, o.reward))
			}
			if float64(own.Value) < 0.9*best {
				continue
			}
			p := min(max(float64(own.Reach), 1e-6), 1-1e-6)
			lots = append(lots, lot{float64(own.Value / own.Cost), p - e.without, p * (1 - p), bit(e.reached) - e.without})
		}
	}
	slices.SortFunc(lots, func(a, b lot) int { return cmp.Compare(b.ratio, a.ratio) })
	var moved, variance, beyond float64
	for _, one := range lots[:len(lots)/2] {
		moved, variance, beyond = moved+one.moved, variance+one.variance, beyond+one.beyond
	}
	k.Chosen = Known{1, chosenDiffers}
	if moved > 5 {
		prior, seen := 1/(chosenDiffers*chosenDiffers), moved*moved/variance
		k.Chosen = Known{min(max((prior+seen*beyond/moved)/(prior+seen), 0.5), 2.5), math.Sqrt(1 / (prior + seen))}
	}
}

// curseMargin is the margin at which the curse is measured: it is a ratio, and hardly depends on it.
const curseMargin = 0.2

// worth is an offer's value for an example's customer.
func (l *Ladder) worth(e *example, stretch, reward float64) float64 {
	goal := math.Ceil((e.forecast.Mean+stretch)/1e4) * 1e4
	return float64(l.optionOf(e, goal, reward).Value)
}

func (l *Ladder) optionOf(e *example, goal, reward float64) Option {
	return l.value(e.forecast, goal, reward, l.known.attention(e.past.Customer.Messages, e.past.Customer.Responses), l.known.segment(e.forecast))
}
