package dispatch

import (
	"math"
	"slices"
)

// PriceSearch finds what a place in each wave is worth, on a sample of customers: the prices at which what everybody wants
// fits into the capacities, in the sample's proportion. They are the dual variables of the assignment of customers to waves,
// of which each customer's choice is then the solution: nobody has to wait until others have chosen.
type PriceSearch struct {
	waves    []uint32
	index    map[uint32]int
	capacity []float64 // -1: no limit
	starts   []int
	wave     []uint16
	value    []float32
	explore  []float64 // places that those who explore take
	prices   []float64
	t        []float32
}

// NewPriceSearch begins a search over waves.
func NewPriceSearch(capacity Capacity, waves []uint32) *PriceSearch {
	s := &PriceSearch{waves: waves, index: map[uint32]int{}, capacity: make([]float64, len(waves)), explore: make([]float64, len(waves)), prices: make([]float64, len(waves))}
	for i, w := range waves {
		s.index[w] = i
		s.capacity[i] = -1
		if most, limited := capacity.Of(w); limited {
			s.capacity[i] = float64(most)
		}
	}
	return s
}

// Add takes a customer of the sample. p's prices must not be nil.
func (s *PriceSearch) Add(p *Planner, c Candidate) {
	w, blocked := p.wish(c)
	if blocked != "" {
		return
	}
	if w.random {
		s.explore[s.index[w.slots[w.wanted].wave]]++
		return
	}
	s.starts = append(s.starts, len(s.wave))
	for i, slot := range w.slots {
		s.wave = append(s.wave, uint16(s.index[slot.wave]))
		s.value = append(s.value, float32(p.net[i]+p.config.Prices[slot.wave]))
	}
}

// Customers are how many the sample holds who choose.
func (s *PriceSearch) Customers() int { return len(s.starts) }

const (
	firstSample = 20_000 // customers with whom most of the search is done
	hot         = .3     // in responses: everybody is nearly indifferent
	cold        = 3e-5   // far below the differences between hours
	roundsEach  = 12     // at one temperature
	lastSweeps  = 4
	priceStep   = 1e-7
)

// Solve gives the prices, for a sample that is so large a part of all.
func (s *PriceSearch) Solve(part float64) map[uint32]float64 {
	n := s.Customers()
	s.starts = append(s.starts, len(s.wave))
	s.cool(min(n, firstSample), part)
	s.sweeps(n, part, lastSweeps)
	out := map[uint32]float64{}
	for i, w := range s.waves {
		if s.prices[i] > 0 {
			out[w] = s.prices[i]
		}
	}
	return out
}

// places of a wave are for the first n of the sample, without those of who explores.
func (s *PriceSearch) places(w, n int, part float64) float64 {
	of := float64(n) / float64(max(s.Customers(), 1))
	return max(s.capacity[w]*part-s.explore[w], 0) * of
}

// cool finds prices for customers who choose by chance, the better hour the more often, and lowers the temperature until
// they choose the best: the dual is smooth then, and the step of Sinkhorn, the logarithm of how much too many want a
// wave, leads to its minimum from anywhere. Prices never fall below nothing.
func (s *PriceSearch) cool(n int, part float64) {
	wanted := make([]float64, len(s.waves))
	chances := make([]float64, 0, 128)
	for heat := hot; heat > cold; heat /= 2 {
		for range roundsEach {
			clear(wanted)
			for i := range n {
				from, to := s.starts[i], s.starts[i+1]
				top := -float64(plannedWorth)
				for j := from; j < to; j++ {
					top = max(top, float64(s.value[j])-s.prices[s.wave[j]])
				}
				sum := math.Exp((-plannedWorth - top) / heat)
				chances = chances[:0]
				for j := from; j < to; j++ {
					e := 0.
					if d := (float64(s.value[j]) - s.prices[s.wave[j]] - top) / heat; d > -30 {
						e = math.Exp(d)
					}
					chances = append(chances, e)
					sum += e
				}
				for k, e := range chances {
					wanted[s.wave[from+k]] += e / sum
				}
			}
			for w := range s.waves {
				if s.capacity[w] < 0 || wanted[w] == 0 {
					continue
				}
				step := min(math.Log(wanted[w]/max(s.places(w, n, part), 1e-3)), 10)
				s.prices[w] = max(s.prices[w]+heat*step, 0)
			}
		}
	}
}

// sweeps lowers the dual as it is, without heat, one price after the other: a wave's best price, given the others, is the one at which exactly as
// many customers prefer it as it has places. Customers' draws (taste) keep two prices from being tied to each other.
func (s *PriceSearch) sweeps(n int, part float64, most int) {
	for range most {
		moved := 0.
		for w := range s.waves {
			if s.capacity[w] < 0 {
				continue
			}
			next := s.best(w, n, s.places(w, n, part))
			moved = max(moved, next-s.prices[w], s.prices[w]-next)
			s.prices[w] = next
		}
		if moved < priceStep {
			return
		}
	}
}

// best is the price of a wave at which places customers want it, of the first n.
func (s *PriceSearch) best(w, n int, places float64) float64 {
	s.t = s.t[:0]
	for i := range n {
		own, other := float32(-1), -float32(plannedWorth)
		has := false
		for j := s.starts[i]; j < s.starts[i+1]; j++ {
			if k := int(s.wave[j]); k == w {
				own, has = s.value[j], true
			} else if v := s.value[j] - float32(s.prices[k]); v > other {
				other = v
			}
		}
		if has && own > other {
			s.t = append(s.t, own-other)
		}
	}
	k := max(int(places), 0)
	if len(s.t) <= k {
		return 0
	}
	slices.Sort(s.t)
	at := len(s.t) - 1 - k // the first who has no place
	if at+1 < len(s.t) {
		return float64(s.t[at]+s.t[at+1]) / 2
	}
	return float64(s.t[at]) + 1e-6
}
