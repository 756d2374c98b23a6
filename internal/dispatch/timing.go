package dispatch

import (
	"math"
	"time"
)

// Timing is what was learned of when customers respond, to be read by many goroutines.
//
// The expected response to a message that arrives in a cell c of somebody's week, against their own average, is
//
//	r(c) = b(c) + β a(c) u(c)
//
// b is what messages in c brought their senders, per message and within customers, so that neither the hour at which most
// messages went nor the people to whom they went counts as a preference; a is how active people like them are in c,
// against their average; u is how much more active the customer is in c than people like them, in parts of a. u has a
// normal prior whose covariance between cells was estimated from pairs of events of one customer (so weekdays lend to
// weekends, and an hour to the next one, as much as the data say), and its posterior mean is linear in the customer's
// counts: empirical Bayes as in Efron and Morris, with the moments of Bühlmann's credibility. β says how much of the
// response follows activity; it maximises the conditional likelihood of which of their messages customers answered.
type Timing struct {
	all      *rhythm
	segments map[string]*rhythm
	beta     float64
	error    float64          // of beta
	weights  [ways]float64    // how strongly each kind of events follows u
	factors  [][cells]float64 // u = Σ z_j factors_j with independent standard normal z
	rate     float64          // answers per message
	rateSize float64          // messages that the mean rate is worth
	sample   int
}

// rhythm is what a segment's customers have in common.
type rhythm struct {
	shares [ways][cells]float64 // of the events of each kind; each sums to 1
	active [cells]float64       // 1 on average over time
	base   [cells]float64       // responses per message, 1 on average over time
	fixed  int                  // cell of the highest base
}

// Learned says what a Timing rests on, for people.
type Learned struct {
	Customers int     `json:"customers"` // in the sample
	Depends   float64 `json:"depends"`   // beta: the part of the response that follows activity
	Error     float64 `json:"error"`     // its standard error
	Factors   int     `json:"factors"`   // ways in which customers' weeks differ
	Late      float64 `json:"late"`      // how strongly answers at a time of their own choice show when somebody is active
	App       float64 `json:"app"`       // and uses of the app
	Purchases float64 `json:"purchases"` // and purchases; the strongest is 1
}

// Learned is for people to read.
func (t *Timing) Learned() Learned {
	return Learned{
		Customers: t.sample, Depends: t.beta, Error: t.error, Factors: len(t.factors), Late: t.weights[byLate], App: t.weights[byApp], Purchases: t.weights[byBought],
	}
}

// NoTiming is what is believed where nothing was ever observed: all hours are alike.
func NoTiming() *Timing { return NewTimingLearner(time.Unix(0, 0), nil).Learn() }

func (t *Timing) of(segment string) *rhythm {
	if r, ok := t.segments[segment]; ok {
		return r
	}
	return t.all
}

// leastScore keeps an hour possible however rarely somebody was seen in it.
const leastScore = 0.02

// scorer scores customers one after the other; it reuses its memory.
type scorer struct {
	t      *Timing
	reader *habitsReader
	habits Habits
	post   posterior
}

func newScorer(t *Timing, instant time.Time) *scorer {
	return &scorer{t: t, reader: newHabitsReader(instant)}
}

// scored is what is expected of a customer.
type scored struct {
	response [cells]float64 // to a message that arrives in each cell, 1 on the customer's average
	rate     float64        // their chance to respond on average
	own      bool           // something is known of this very customer
	fixed    int            // cell of the best hour of people like them
}

// score is what is expected of a customer with these events.
func (s *scorer) score(segment, events string, zone *time.Location) (out scored) {
	r := s.t.of(segment)
	s.reader.read(&s.habits, events, zone)
	return s.of(r, &s.habits)
}

func (s *scorer) of(r *rhythm, h *Habits) (out scored) {
	t := s.t
	out.response, out.fixed = r.base, r.fixed
	answered := sum(&h.answered)
	out.rate = (answered + t.rateSize*t.rate) / (sum(&h.sent) + t.rateSize)
	if t.beta == 0 || len(t.factors) == 0 || !h.any {
		return out
	}
	out.own = true
	s.post.clear()
	for way := range ways {
		s.post.activity(h.way(way), &r.shares[way], t.weights[way])
	}
	s.post.answers(h, r, t.beta, answered)
	u := s.post.mean(t.factors)
	for c := range cells {
		out.response[c] = max(r.base[c]+t.beta*r.active[c]*u[c], leastScore)
	}
	return out
}

// posterior is the mean of u given counts: with u = F z, expected counts e and what was seen beyond them d = e u + noise of
// variance e, z = (I + F' E F)⁻¹ F' d.
type posterior struct {
	seen, expected [cells]float64
	system         [mostFactors][mostFactors + 1]float64
}

func (p *posterior) clear() { p.seen, p.expected = [cells]float64{}, [cells]float64{} }

func (p *posterior) activity(counts *[cells]float32, shares *[cells]float64, strength float64) {
	total := sum(counts)
	if total == 0 || strength == 0 {
		return
	}
	for c, n := range counts {
		e := total * shares[c]
		p.seen[c] += strength * (float64(n) - e)
		p.expected[c] += strength * strength * e
	}
}

// answers adds which of their messages they answered, against what people like them would have answered of the same ones.
func (p *posterior) answers(h *Habits, r *rhythm, beta, answered float64) {
	if answered == 0 {
		return
	}
	var could float64
	for c, n := range h.sent {
		could += float64(n) * r.base[c]
	}
	if could == 0 {
		return
	}
	for c, n := range h.sent {
		if n == 0 {
			continue
		}
		e := answered * float64(n) * r.base[c] / could
		slope := beta * r.active[c] / r.base[c]
		p.seen[c] += slope * (float64(h.answered[c]) - e)
		p.expected[c] += slope * slope * e
	}
}

func (p *posterior) mean(factors [][cells]float64) (u [cells]float64) {
	k := len(factors)
	for i := range k {
		row := &p.system[i]
		for j := i; j < k; j++ {
			var v float64
			for c, e := range p.expected {
				v += factors[i][c] * e * factors[j][c]
			}
			row[j], p.system[j][i] = v, v
		}
		row[i]++
		row[k] = 0
		for c, d := range p.seen {
			row[k] += factors[i][c] * d
		}
	}
	for i := range k { // positive definite: no pivots needed
		for j := i + 1; j < k; j++ {
			f := p.system[j][i] / p.system[i][i]
			for l := i; l <= k; l++ {
				p.system[j][l] -= f * p.system[i][l]
			}
		}
	}
	var z [mostFactors]float64
	for i := k - 1; i >= 0; i-- {
		v := p.system[i][k]
		for j := i + 1; j < k; j++ {
			v -= p.system[i][j] * z[j]
		}
		z[i] = v / p.system[i][i]
	}
	for i := range k {
		for c := range u {
			u[c] += z[i] * factors[i][c]
		}
	}
	for c := range u {
		u[c] = math.Max(u[c], -1) // nobody is less active than not at all
	}
	return u
}

// Expect is the expected response of somebody with these events to a message at each hour of a workday, against their own
// average: what hours are chosen by, for people to look at.
func (t *Timing) Expect(segment string, zone *time.Location, instant time.Time, events string) (out [24]float64) {
	s := newScorer(t, instant).score(segment, events, zone)
	copy(out[:], s.response[:hoursOfDay])
	return out
}
