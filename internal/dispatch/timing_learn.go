package dispatch

import (
	"math"
	"time"
)

// TimingLearner learns from a sample of customers. Keep it below some 100,000: it holds a kilobyte of each.
type TimingLearner struct {
	zones   *Zones
	reader  *habitsReader
	habits  []Habits
	segment []int
	names   map[string]int
}

// NewTimingLearner begins to learn from events before an instant.
func NewTimingLearner(instant time.Time, zones *Zones) *TimingLearner {
	return &TimingLearner{zones: zones, reader: newHabitsReader(instant), names: map[string]int{}}
}

// Add takes a customer with their events, as EventBytes writes them.
func (l *TimingLearner) Add(segment, zone, events string) {
	n, ok := l.names[segment]
	if !ok {
		n = len(l.names)
		l.names[segment] = n
	}
	var h Habits
	l.reader.read(&h, events, l.zones.Of(zone))
	l.habits, l.segment = append(l.habits, h), append(l.segment, n)
}

// What is believed before anything is seen, and how much of it.
const (
	flatWorth    = 24  // events that lie evenly over the week, for the shares of all
	segmentWorth = 48  // events that lie like those of all, for a segment's own
	pairsWorth   = 300 // pairs of events, for the covariance
	priorSpread  = 1.  // variance of u in one cell
	priorNear    = .6  // its correlation between one hour and the next
	priorWeek    = .8  // and between workdays and weekends
	mostFactors  = 8
	priorBeta    = .35 // of the response follows activity
	betaSpread   = .3
	mostBeta     = 1.5
	priorRate    = .2
	ratePrior    = 20 // messages
	fewAnswers   = 200
)

// priorWeights are how strongly late answers, uses of the app and purchases follow activity until that is known.
var priorWeights = [ways]float64{1, .8, .7}

// Learn estimates everything. With no customers it is the prior.
func (l *TimingLearner) Learn() *Timing {
	t := &Timing{weights: priorWeights, beta: priorBeta, error: betaSpread, segments: map[string]*rhythm{}, sample: len(l.habits)}
	rhythms := l.shares(t)
	t.rate, t.rateSize = l.rates()
	t.weights = l.worth(rhythms)
	l.activity(t, rhythms)
	t.factors = l.factors(t, rhythms)
	l.base(t, rhythms, 0)
	t.beta, t.error = l.depends(t, rhythms)
	for range 2 { // each starts from the other
		l.base(t, rhythms, t.beta)
		t.beta, t.error = l.depends(t, rhythms)
	}
	return t
}

func (l *TimingLearner) shares(t *Timing) []*rhythm {
	t.all = &rhythm{}
	rhythms := make([]*rhythm, len(l.names))
	for name, n := range l.names {
		rhythms[n] = &rhythm{}
		t.segments[name] = rhythms[n]
	}
	for way := range ways {
		var all [cells]float64
		of := make([][cells]float64, len(rhythms))
		for i := range l.habits {
			for c, n := range l.habits[i].way(way) {
				all[c] += float64(n)
				of[l.segment[i]][c] += float64(n)
			}
		}
		var even [cells]float64
		for c := range even {
			even[c] = share(c)
		}
		t.all.shares[way] = mixed(&all, &even, flatWorth)
		for n, r := range rhythms {
			r.shares[way] = mixed(&of[n], &t.all.shares[way], segmentWorth)
		}
	}
	return rhythms
}

// mixed are shares of counts to which worth events that lie like base were added.
func mixed(counts, base *[cells]float64, worth float64) (out [cells]float64) {
	total := sum(counts)
	for c, n := range counts {
		out[c] = (n + worth*base[c]) / (total + worth)
	}
	return out
}

// activity is how active people are in each cell, by all kinds of events together, each with its worth.
func (l *TimingLearner) activity(t *Timing, rhythms []*rhythm) {
	var count [ways]float64
	for i := range l.habits {
		for way := range ways {
			count[way] += t.weights[way] * t.weights[way] * sum(l.habits[i].way(way))
		}
	}
	total := flatWorth + count[byLate] + count[byApp] + count[byBought]
	for _, r := range append(rhythms, t.all) {
		for c := range cells {
			v := flatWorth * share(c)
			for way := range ways {
				v += count[way] * r.shares[way][c]
			}
			r.active[c] = v / total / share(c)
		}
	}
}

// rates is the mean number of answers per message, and how many messages it is worth against a customer's own: the beta
// distribution that has the moments of customers' rates.
func (l *TimingLearner) rates() (rate, worth float64) {
	var sent, answered, both, pairs float64
	for i := range l.habits {
		h := &l.habits[i]
		s, a := sum(&h.sent), sum(&h.answered)
		sent, answered = sent+s, answered+a
		both += a*a - float64(h.answerSquares)
		pairs += s*s - float64(h.sentSquares)
	}
	rate = (answered + priorRate*ratePrior) / (sent + ratePrior)
	if answered < fewAnswers || pairs <= 0 {
		return rate, ratePrior
	}
	variance := both/pairs - rate*rate
	if variance <= 0 {
		return rate, 1000
	}
	return rate, min(max(rate*(1-rate)/variance-1, 1), 1000)
}

// base estimates what messages bring by cell, within customers: of somebody's answers, those in a cell against the
// messages in it. beta tells what to expect of cells in which few messages went: activity, as far as responses follow it.
func (l *TimingLearner) base(t *Timing, rhythms []*rhythm, beta float64) {
	seen, expected := make([][cells]float64, len(rhythms)+1), make([][cells]float64, len(rhythms)+1)
	last := len(rhythms)
	for i := range l.habits {
		h := &l.habits[i]
		sent, answered := sum(&h.sent), sum(&h.answered)
		if answered == 0 || sent == 0 {
			continue
		}
		for c, n := range h.sent {
			for _, s := range [2]int{l.segment[i], last} {
				seen[s][c] += float64(h.answered[c])
				expected[s][c] += answered * float64(n) / sent
			}
		}
	}
	// First the hour, then workdays and weekends apart, then the segment: each starts from what is known before it.
	var prior [cells]float64
	for c := range prior {
		prior[c] = 1 + beta*(t.all.active[c]-1)
	}
	var hourSeen, hourExpected, hourPrior [cells]float64
	for c := range cells {
		h := c % hoursOfDay
		hourSeen[h] += seen[last][c]
		hourExpected[h] += expected[last][c]
		hourPrior[h] += prior[c] * share(c) * hoursOfDay
	}
	hour := credible(&hourSeen, &hourExpected, &hourPrior)
	for c := range prior {
		prior[c] *= hour[c%hoursOfDay] / max(hourPrior[c%hoursOfDay], leastScore)
	}
	t.all.base = credible(&seen[last], &expected[last], &prior)
	for n, r := range rhythms {
		r.base = credible(&seen[n], &expected[n], &t.all.base)
	}
	for _, r := range append(rhythms, t.all) {
		var mean float64
		for c, v := range r.base {
			mean += v * share(c)
		}
		for c := range r.base {
			r.base[c] = max(r.base[c]/mean, leastScore)
		}
		r.fixed = largest(r.base[:])
	}
}

// credible mixes ratios with what was believed of them; how much is said by how far they lie apart beyond chance.
func credible(seen, expected, prior *[cells]float64) (out [cells]float64) {
	var total, beyond float64
	for c, e := range expected {
		if e > 0 {
			ratio := seen[c]/e - prior[c]
			total += e
			beyond += e*ratio*ratio - prior[c]
		}
	}
	worth := float64(fewAnswers)
	if total >= fewAnswers {
		worth = 1e5
		if beyond > 0 {
			worth = min(max(total/beyond, 20), 1e5)
		}
	}
	for c, e := range expected {
		out[c] = (seen[c] + worth*prior[c]) / (e + worth)
	}
	return out
}

// likelihood is the derivative of the conditional log likelihood of which messages of a half a customer answered, by beta,
// and its information.
func likelihood(h *half, r *rhythm, u *[cells]float64, beta float64) (slope, information float64) {
	var could, first, second, answered float64
	for c, n := range h.sent {
		if n == 0 {
			continue
		}
		x := r.active[c] * u[c]
		v := max(r.base[c]+beta*x, leastScore)
		could += float64(n) * v
		first += float64(n) * x
		second += float64(n) * x * x / v
		slope += float64(h.answered[c]) * x / v
		answered += float64(h.answered[c])
	}
	if answered == 0 || could == 0 {
		return 0, 0
	}
	mean := first / could
	return slope - answered*mean, answered * (second/could - mean*mean)
}

// explained is one half of a customer's answers with what the rest of their habits say of their week.
type explained struct {
	half *half
	r    *rhythm
	u    [cells]float64
}

// depends estimates beta by Newton's method.
// Late answers explain only the answers to the other half of the messages: to be answered at all comes before to be
// answered late.
func (l *TimingLearner) depends(t *Timing, rhythms []*rhythm) (beta, deviation float64) {
	var all []explained
	var p posterior
	for i := range l.habits {
		h, r := &l.habits[i], rhythms[l.segment[i]]
		for k := range h.halves {
			if len(t.factors) == 0 || sum(&h.halves[k].answered) == 0 {
				continue
			}
			p.clear()
			for w := range ways {
				counts := h.way(w)
				if w == byLate {
					counts = &h.halves[1-k].late
				}
				p.activity(counts, &r.shares[w], t.weights[w])
			}
			all = append(all, explained{&h.halves[k], r, p.mean(t.factors)})
		}
	}
	const precision = 1 / (betaSpread * betaSpread)
	beta = priorBeta
	information := precision
	for range 12 {
		slope := -precision * (beta - priorBeta)
		information = precision
		for k := range all {
			s, info := likelihood(all[k].half, all[k].r, &all[k].u, beta)
			slope, information = slope+s, information+info
		}
		next := min(max(beta+slope/information, 0), mostBeta)
		if math.Abs(next-beta) < 1e-6 {
			break
		}
		beta = next
	}
	return beta, 1 / math.Sqrt(information)
}

// worth is how strongly each kind of events follows the activity that all kinds share, against the kind that does so most.
// Two kinds of events of one customer go together by the product of their strengths: from the three products of three kinds
// follow the three strengths, whatever else each kind has of its own. What is believed of them counts as some pairs.
func (l *TimingLearner) worth(rhythms []*rhythm) (out [ways]float64) {
	var together, pairs [ways][ways]float64
	var beyond [ways][cells]float64
	for i := range l.habits {
		h, r := &l.habits[i], rhythms[l.segment[i]]
		var totals [ways]float64
		for way := range ways {
			counts := h.way(way)
			if totals[way] = sum(counts); totals[way] == 0 {
				continue
			}
			for c, n := range counts {
				beyond[way][c] = float64(n) - totals[way]*r.shares[way][c]
			}
		}
		for a := range ways {
			for b := a + 1; b < ways; b++ {
				if totals[a] == 0 || totals[b] == 0 {
					continue
				}
				pairs[a][b] += totals[a] * totals[b]
				for c := range cells {
					together[a][b] += beyond[a][c] * beyond[b][c] / math.Sqrt(r.shares[a][c]*r.shares[b][c])
				}
			}
		}
	}
	product := func(a, b int) float64 {
		a, b = min(a, b), max(a, b)
		return max((together[a][b]+pairsWorth*priorSpread*priorWeights[a]*priorWeights[b])/(pairs[a][b]+pairsWorth), 1e-4)
	}
	most := 0.
	for way := range ways {
		a, b := (way+1)%ways, (way+2)%ways
		out[way] = math.Sqrt(product(way, a) * product(way, b) / product(a, b))
		most = max(most, out[way])
	}
	for way := range ways {
		out[way] /= most
	}
	return out
}

// TimingSample is about how many customers are enough to learn from.
const TimingSample = 60_000
