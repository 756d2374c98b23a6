package budget

import (
	"errors"
	"fmt"
	"math"
)

// Search finds prices for all customers from a beginning on some of them. It asks for sums at prices and is told them, so
// that the customers may be anywhere: in a table, or in shards on many workers. It holds nothing of any customer.
type Search struct {
	Limits []Limit `json:"limits"`
	Drawn  float64 `json:"drawn,omitempty"` // lots below this are drawn
	Rounds int     `json:"rounds"`          // that may still be asked
	Local  bool    `json:"local,omitempty"` // rounds cost little: the last unit of a limit is looked for

	Lots  int  `json:"lots"`            // ranges of luck that are told apart at a time
	Swaps bool `json:"swaps,omitempty"` // few customers may be given other options than the prices would

	Stage  string    `json:"stage"`
	Prices []float64 `json:"prices"`
	Bend   []float64 `json:"bend"`  // how the limits' use falls with the prices, by pair of limits
	Sizes  []float64 `json:"sizes"` // of the limits
	Units  []float64 `json:"units"` // of the prices
	Floor  float64   `json:"floor"` // about what the worst plan is worth

	Last   *point    `json:"last,omitempty"`   // the prices before, for the curvature
	Near   *point    `json:"near,omitempty"`   // the prices at which the limits were missed by least
	Broken *point    `json:"broken,omitempty"` // of those that break a limit
	Width  float64   `json:"width"`            // how far from the limits the two price vectors are looked for, in their sizes
	Over   []float64 `json:"over,omitempty"`   // prices at which the limits are just broken
	Within []float64 `json:"within,omitempty"`
	Fits   bool      `json:"fits,omitempty"` // Within keeps the limits
	From   uint32    `json:"from,omitempty"`
	Prefix []int64   `json:"prefix,omitempty"` // what the luck below From adds
	Fine   bool      `json:"fine,omitempty"`
	Halved int       `json:"halved,omitempty"`
	Slow   int       `json:"slow,omitempty"`

	Bound   float64   `json:"bound"`              // the least dual that was seen
	BoundAt []float64 `json:"bound_at,omitempty"` // its prices
	Passes  int       `json:"passes"`
	Best    *Plan     `json:"best,omitempty"`

	goal *aim // instead of the value
}

type point struct {
	Prices []float64 `json:"prices"`
	Use    []int64   `json:"use"`
	Miss   float64   `json:"miss"` // value that the limits are missed by, at the prices
}

// Plan is prices and what they lead to, exactly.
type Plan struct {
	Ask  Ask  `json:"ask"`
	Sums Sums `json:"sums"`
}

const (
	stagePolish = "polish" // towards the limits
	stagePair   = "pair"   // two price vectors, on either side of the limits
	stageHalve  = "halve"  // closer to each other
	stageLots   = "lots"   // how many customers choose at the lower ones
	stageLast   = "last"   // what that comes to
	stageRaise  = "raise"  // nothing has kept the limits so far
	stageDone   = "done"
)

const (
	enough      = 1e-7 // of the value, missed by the limits: no polishing is worth it
	lotSteps    = 256  // ranges of luck that are told apart at a time
	farSteps    = 32   // the same where sums come from far
	firstWidth  = 2e-6
	mostWidth   = 0.5
	mostHalving = 60
)

// NewSearch is a search over customers of whom a table is a sample: every n-th of customers. Allowed is what the drawn
// leave of the limits.
func newSearch(limits []Limit, drawn float64, b beginning, g gauge, share float64, rounds int) *Search {
	s := &Search{Limits: limits, Drawn: drawn, Rounds: rounds, Lots: lotSteps, Stage: stagePolish, Prices: b.prices, Width: firstWidth, Bound: math.MaxFloat64, Floor: g.floor / share}
	for _, x := range b.bend {
		s.Bend = append(s.Bend, x/share)
	}
	for j := range limits {
		s.Sizes, s.Units = append(s.Sizes, g.use[j]/share), append(s.Units, g.price[j])
	}
	return s
}

func (s *Search) gauge() gauge { return gauge{price: s.Units, use: s.Sizes} }

// Ask is what the search needs to know next; false when it has ended.
func (s *Search) Ask() (Ask, bool) {
	ask, more := s.ask()
	ask.goal = s.goal
	return ask, more
}

func (s *Search) ask() (Ask, bool) {
	switch s.Stage {
	case stagePolish, stageRaise:
		return Ask{Prices: s.Prices, Drawn: s.Drawn}, true
	case stagePair:
		return Ask{Prices: s.Within, Lower: s.Over, Steps: s.Lots, Span: 1 << 32, Drawn: s.Drawn}, true
	case stageHalve:
		return Ask{Prices: s.middle(), Drawn: s.Drawn}, true
	case stageLots:
		ask := Ask{Prices: s.Within, Lower: s.Over, Steps: s.Lots, Span: 1 << 32, Drawn: s.Drawn}
		if s.Fine {
			ask.From, ask.Span = s.From, 1<<32/uint64(s.Lots)
		}
		return ask, true
	case stageLast:
		return Ask{Prices: s.Within, Lower: s.Over, Share: s.From, Drawn: s.Drawn}, true
	}
	return Ask{}, false
}

// Tell takes the sums that were asked for.
func (s *Search) Tell(sums Sums) {
	s.Rounds--
	s.Passes++
	ask, _ := s.Ask()
	s.bound(ask, sums)
	over, fits := s.over(sums.Use)
	if fits && ask.Lower == nil || s.Stage == stageLast {
		s.keep(Plan{Ask: ask, Sums: sums}, fits)
	}
	switch s.Stage {
	case stagePolish:
		s.polish(sums, over, fits)
	case stagePair:
		s.pair(sums, over, fits)
	case stageHalve:
		s.halve(fits)
	case stageLots:
		s.lots(sums)
	case stageLast:
		s.Stage = stageDone
	case stageRaise:
		s.raise(over, fits)
	}
	if s.Rounds <= 0 || s.goal != nil && s.Stage != stagePolish {
		s.Stage = stageDone // of a need the bound alone is asked
	}
}

// over is by how much each limit is broken, and whether none is.
func (s *Search) over(use []int64) ([]float64, bool) {
	over, fits := make([]float64, len(use)), true
	for j, u := range use {
		over[j] = float64(u) - float64(s.Limits[j].Most)
		fits = fits && u <= s.Limits[j].Most
	}
	return over, fits
}

func (s *Search) keep(p Plan, fits bool) {
	if fits && (s.Best == nil || p.Sums.Value > s.Best.Sums.Value) {
		p.Sums.Steps = nil
		s.Best = &p
	}
}

// roundOff is what sums of so many products may be wrong by, and what is lost of each worth by keeping its option in its
// lowest bits: the dual bound is raised by it.
const roundOff = 1e-12

// bound takes the dual at prices that all customers choose at.
func (s *Search) bound(ask Ask, sums Sums) {
	if ask.Lower != nil && ask.Steps == 0 {
		return
	}
	dual, size := sums.Worth+float64(sums.Fixed), math.Abs(sums.Worth)+math.Abs(float64(sums.Fixed))
	for j, price := range ask.Prices {
		if price == 0 {
			continue
		}
		fixed := int64(0)
		if j < len(sums.FixedUse) {
			fixed = sums.FixedUse[j]
		}
		part := price * (float64(s.Limits[j].Most) - float64(fixed))
		dual, size = dual+part, size+math.Abs(part)
	}
	if dual += roundOff * size; dual < s.Bound {
		s.Bound, s.BoundAt = dual, ask.Prices
	}
}

// miss is the value, at the prices, by which limits with a price are not used up, or broken.
func (s *Search) miss(prices, over []float64) (miss float64) {
	for j, o := range over {
		if prices[j] > 0 {
			miss += prices[j] * math.Abs(o)
		} else if o > 0 {
			miss += s.Units[j] * o
		}
	}
	return miss
}

func (s *Search) polish(sums Sums, over []float64, fits bool) {
	here := &point{Prices: s.Prices, Use: sums.Use, Miss: s.miss(s.Prices, over)}
	if s.Last != nil {
		s.learn(*s.Last, *here)
	}
	s.Last = here
	if s.Near == nil || here.Miss < s.Near.Miss/2 {
		s.Slow = 0
	} else {
		s.Slow++
	}
	if s.Near == nil || here.Miss < s.Near.Miss {
		s.Near = here
	}
	s.breaks(here, fits)
	value := max(math.Abs(float64(sums.Value)), 1)
	free := fits
	for _, price := range s.Prices {
		free = free && price == 0
	}
	switch {
	case free: // the limits bind nobody
		s.Stage = stageDone
	case here.Miss <= enough*value || s.Slow >= 3 || s.Rounds <= 5:
		if s.Swaps && priced(s.Near.Prices) > 1 {
			s.Stage = stageDone
		} else {
			s.startPair()
		}
	default:
		if s.Slow > 0 && here != s.Near { // a step too far: halfway back
			next := make([]float64, len(s.Prices))
			for j := range next {
				next[j] = (s.Prices[j] + s.Near.Prices[j]) / 2
			}
			if s.Slow == 2 {
				s.Prices = next
				return
			}
		}
		s.Prices = step(s.Prices, over, s.Bend, s.gauge())
	}
}

// breaks remembers prices that break a limit: between them and others that keep all lies what is looked for.
func (s *Search) breaks(p *point, fits bool) {
	if !fits && (s.Broken == nil || p.Miss < s.Broken.Miss) {
		s.Broken = p
	}
}

// broken are prices that break a limit; no prices at all where none have been seen to.
func (s *Search) broken() []float64 {
	if s.Broken != nil {
		return s.Broken.Prices
	}
	return make([]float64, len(s.Limits))
}

func priced(prices []float64) (n int) {
	for _, p := range prices {
		if p > 0 {
			n++
		}
	}
	return n
}

// learn corrects the curvature by what a step has shown (the update of Broyden, Fletcher, Goldfarb and Shanno).
func (s *Search) learn(from, to point) {
	n := len(s.Limits)
	moved, fell, by := make([]float64, n), make([]float64, n), make([]float64, n)
	var along, bent float64
	for j := range n {
		moved[j] = to.Prices[j] - from.Prices[j]
		fell[j] = float64(from.Use[j] - to.Use[j])
		along += moved[j] * fell[j]
	}
	for j := range n {
		for l := range n {
			by[j] += s.Bend[j*n+l] * moved[l]
		}
		bent += by[j] * moved[j]
	}
	// Prices that moved too little, or use that rose with its price, tell nothing.
	if !(along > 1e-3*bent && bent > 0) {
		return
	}
	for j := range n {
		for l := range n {
			s.Bend[j*n+l] += fell[j]*fell[l]/along - by[j]*by[l]/bent
		}
	}
}

// startPair sets out for two price vectors on either side of the limits, from the prices that missed them by least.
func (s *Search) startPair() {
	s.Stage = stagePair
	over, _ := s.over(s.Near.Use)
	var worst float64
	for j, o := range over {
		if s.Near.Prices[j] > 0 || o > 0 {
			worst = max(worst, math.Abs(o)/s.Sizes[j])
		}
	}
	s.Width = max(s.Width, min(1.5*worst, mostWidth))
	s.aim(s.Near.Prices, over)
}

// aim puts the pair so far from the limits that one should keep them and the other break them.
func (s *Search) aim(prices, over []float64) {
	less, more := make([]float64, len(over)), make([]float64, len(over))
	for j, o := range over {
		pad := s.Width*s.Sizes[j] + 0.5
		less[j], more[j] = o+pad, o-pad
	}
	s.Within = step(prices, less, s.Bend, s.gauge())
	s.Over = step(prices, more, s.Bend, s.gauge())
}

func (s *Search) pair(sums Sums, over []float64, fits bool) {
	here := &point{Prices: s.Within, Use: sums.Use, Miss: s.miss(s.Within, over)}
	s.breaks(here, fits)
	all := append([]int64(nil), sums.Use...)
	for _, step := range sums.Steps {
		all = plus(all, step[:len(all)])
	}
	beyond, both := s.over(all)
	s.breaks(&point{Prices: s.Over, Use: all, Miss: s.miss(s.Over, beyond)}, both)
	if at, ok := s.fill(sums); ok {
		if s.Fits = fits; s.Local && both {
			// The lower prices break nothing either: from there to what does.
			s.Within, s.Over, s.Fits = s.Over, s.broken(), true
		}
		s.settle(at, sums)
		return
	}
	if here.Miss < s.Near.Miss {
		s.Near = here
	}
	if s.Width *= 4; s.Width > mostWidth || s.Rounds <= 3 && !s.Local {
		s.Stage, s.Prices = stageRaise, s.Within
		s.raise(over, fits)
		return
	}
	near, _ := s.over(s.Near.Use)
	s.aim(s.Near.Prices, near)
}

// settle goes on with a pair of which so many steps of luck may choose at the lower prices.
func (s *Search) settle(at int, sums Sums) {
	// Looking for the number of steps takes three rounds more: what is left before brings the pair closer.
	if s.Fits && (s.Local || s.Rounds > 4) {
		s.Stage = stageHalve
		return
	}
	s.pick(at, sums)
}

// fill is how many steps of luck keep the limits and are worth most.
func (s *Search) fill(sums Sums) (at int, ok bool) {
	n := len(s.Limits)
	use := append([]int64(nil), sums.Use...)
	use = plus(use, s.Prefix[:min(len(s.Prefix), n)])
	worth, best := int64(0), int64(math.MinInt64)
	for i := 0; ; i++ {
		_, fits := s.over(use)
		if fits && worth > best {
			at, ok, best = i, true, worth
		}
		if i == len(sums.Steps) {
			return at, ok
		}
		use = plus(use, sums.Steps[i][:n])
		worth += sums.Steps[i][n]
	}
}

// pick takes a number of steps, and looks within the next one, too.
func (s *Search) pick(at int, sums Sums) {
	if s.Fine {
		s.From += uint32(uint64(at) * (1 << 32 / uint64(s.Lots)) / uint64(s.Lots))
		s.Stage = stageLast
		return
	}
	if at == s.Lots { // all of them
		s.Within, s.From, s.Stage = s.Over, 0, stageLast
		return
	}
	s.Prefix = make([]int64, len(s.Limits)+1)
	for _, step := range sums.Steps[:at] {
		s.Prefix = plus(s.Prefix, step)
	}
	s.From, s.Fine, s.Stage = uint32(uint64(at)<<32/uint64(s.Lots)), true, stageLots
	if s.Rounds <= 1 {
		s.Stage = stageLast
	}
}

func (s *Search) lots(sums Sums) {
	at, ok := s.fill(sums)
	if !ok {
		at = 0
	}
	s.pick(at, sums)
}

func (s *Search) middle() []float64 {
	out := make([]float64, len(s.Within))
	for j := range out {
		out[j] = s.Within[j] + (s.Over[j]-s.Within[j])/2
	}
	return out
}

// halve brings the pair together until they lie next to each other.
func (s *Search) halve(fits bool) {
	middle := s.middle()
	same := true
	for j, x := range middle {
		same = same && (x == s.Within[j] || x == s.Over[j])
	}
	if fits {
		s.Within = middle
	} else {
		s.Over = middle
	}
	if s.Halved++; same || s.Halved >= mostHalving || s.Rounds <= 3 {
		s.Stage, s.Fine, s.Prefix, s.From = stageLots, false, nil, 0
	}
}

// raise raises the prices of whatever is broken until nothing is, and then looks between that and where it came from.
func (s *Search) raise(over []float64, fits bool) {
	if fits {
		s.Within, s.Fits, s.Stage = s.Prices, true, stageHalve
		s.Over = s.broken()
		if !s.Local {
			s.Stage, s.Fine, s.Prefix, s.From = stageLots, false, nil, 0
		}
		return
	}
	next := append([]float64(nil), s.Prices...)
	for j, o := range over {
		if o > 0 {
			next[j] = max(4*next[j], s.Units[j])
		}
		if next[j] > 1e18*s.Units[j] || math.IsInf(next[j], 0) {
			s.Stage = stageDone
		}
	}
	s.Prices = next
}

// ErrNoPlan says that no plan was found that keeps all limits.
var ErrNoPlan = errors.New("no plan keeps all limits")

// Plan is the best plan that was found, when the search has ended.
func (s *Search) Plan() (Plan, error) {
	if s.Best == nil {
		if s.Near == nil {
			return Plan{}, ErrNoPlan
		}
		over, _ := s.over(s.Near.Use)
		name, worst := "", 0.0
		for j, o := range over {
			if o/s.Sizes[j] > worst {
				name, worst = s.Limits[j].Name, o/s.Sizes[j]
			}
		}
		return Plan{}, fmt.Errorf("%w: the nearest that was found breaks %s by %.2g of it", ErrNoPlan, name, worst)
	}
	return *s.Best, nil
}

// gap is how much better any plan could be, as a share of the bound.
func gap(bound float64, value int64) float64 {
	if bound == 0 {
		return 0
	}
	return max(0, (bound-float64(value))/math.Abs(bound))
}
