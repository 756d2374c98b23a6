package dispatch

// HourCounts are the events of a segment's customers by hour of their own day, with what the empirical Bayes needs:
// how often two events of one customer fall into the same hour.
type HourCounts struct {
	Segment   string
	Responses [24]uint64
	Purchases [24]uint64
	SamePairs uint64 // sum over customers and hours of n(n-1), of responses
	AllPairs  uint64 // sum over customers of N(N-1), of responses
}

// prior is what is believed of a customer before their own events are seen.
type prior struct {
	hours    [24]float64 // sums to 1
	strength float64     // worth so many events of their own
}

// Priors are the beliefs by segment.
type Priors struct {
	segments map[string]prior
	all      prior
}

const (
	segmentShrinkage = 48   // events of the whole population that a segment's own are mixed with
	purchasesWorth   = 2    // all purchases of a customer together weigh as much as so many responses
	manyPurchases    = 20   // below so many they weigh less
	leastStrength    = 1    // of the prior
	mostStrength     = 1000 //
	defaultStrength  = 12   // where too few customers responded twice to tell
	enoughPairs      = 500  //
)

// NewPriors learns from all segments' counts. What customers did with messages counts; when they bought says little
// about when they read, so it only fills in where nobody was ever written to.
func NewPriors(segments []HourCounts) Priors {
	var all HourCounts
	for _, s := range segments {
		for h := range 24 {
			all.Responses[h] += s.Responses[h]
			all.Purchases[h] += s.Purchases[h]
		}
		all.SamePairs += s.SamePairs
		all.AllPairs += s.AllPairs
	}
	var uniform [24]float64
	for h := range uniform {
		uniform[h] = 1. / 24
	}
	p := Priors{segments: make(map[string]prior, len(segments))}
	bought := mixed(all.Purchases, uniform, 24)
	p.all.hours = mixed(all.Responses, bought, segmentShrinkage)
	p.all.strength = strength(all, p.all.hours, defaultStrength)
	for _, s := range segments {
		own := prior{hours: mixed(s.Responses, p.all.hours, segmentShrinkage)}
		own.strength = strength(s, own.hours, p.all.strength)
		p.segments[s.Segment] = own
	}
	return p
}

// mixed are shares of counts to which weight events that lie like base were added.
func mixed(counts [24]uint64, base [24]float64, weight float64) (out [24]float64) {
	var total float64
	for _, n := range counts {
		total += float64(n)
	}
	for h, n := range counts {
		out[h] = (float64(n) + weight*base[h]) / (total + weight)
	}
	return out
}

// strength is the concentration of the Dirichlet prior by the method of moments: with concentration K, two events of
// one customer share their hour with chance (1 + K q)/(1 + K), where q is the chance for two customers.
func strength(c HourCounts, hours [24]float64, otherwise float64) float64 {
	if c.AllPairs < enoughPairs {
		return otherwise
	}
	var between float64
	for _, p := range hours {
		between += p * p
	}
	within := float64(c.SamePairs) / float64(c.AllPairs)
	if within <= between { // customers are no more like themselves than like each other
		return mostStrength
	}
	return min(max((1-within)/(within-between), leastStrength), mostStrength)
}

func (p Priors) of(segment string) prior {
	if own, ok := p.segments[segment]; ok {
		return own
	}
	if p.all.strength == 0 {
		return NewPriors(nil).all
	}
	return p.all
}

// scores are the expected shares of a customer's responses by hour, and whether events of their own were seen.
func (p Priors) scores(c Candidate) (hours [24]float64, own bool) {
	prior := p.of(c.Segment)
	var responses, purchases float64
	for h := range 24 {
		responses += float64(at(c.Responses, h))
		purchases += float64(at(c.Purchases, h))
	}
	weight := purchasesWorth / max(purchases, manyPurchases)
	total := responses + weight*purchases + prior.strength
	for h := range 24 {
		seen := float64(at(c.Responses, h)) + weight*float64(at(c.Purchases, h))
		hours[h] = (seen + prior.strength*prior.hours[h]) / total
	}
	return hours, responses+purchases > 0
}

func at(counts []uint16, hour int) uint16 {
	if hour < len(counts) {
		return counts[hour]
	}
	return 0
}
