// Package planted makes randomised campaigns whose effect on every customer is known: what uplift learners are judged by.
// It knows no learner. Assignment is random, independent of everything; the effect is carried by other causes than the
// baseline, so that whoever would respond anyway is not whom it pays to contact.
package planted

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Kind is what the outcome is.
type Kind int

// Outcomes.
const (
	Binary Kind = iota
	Spend       // zero for many, with a heavy tail for the others
)

// Design says how a campaign was randomised.
type Design struct {
	Kind    Kind
	Treated float64 // share of customers
	Rows    int
	Seed    uint64
}

// Campaign is a randomised campaign with its truth.
type Campaign struct {
	X       [][]float32 // by feature, then customer
	Treated []bool
	Outcome []float32
	Effect  []float32 // the true expected difference that treatment makes, given the features
}

// shapes are how a driver acts: straight, from a level on, up and down again, saturating.
var shapes = []func(z float64) float64{
	func(z float64) float64 { return z },
	func(z float64) float64 {
		if z > .3 {
			return 1
		}
		return -1
	},
	func(z float64) float64 { return 1.5 * math.Exp(-z*z/2) },
	func(z float64) float64 { return math.Tanh(1.5 * z) },
}

// A surface is a function of the customer's latent features, with mean 0 and standard deviation 1 over the population.
type surface struct {
	drivers []int
	weight  []float64
	shape   []int
	pairs   [][2]int
	product []float64
}

func newSurface(r *rand.Rand, drivers []int) surface {
	s := surface{drivers: drivers}
	for range drivers {
		sign := float64(2*r.IntN(2) - 1)
		s.weight = append(s.weight, sign*(.4+.8*r.Float64()))
		s.shape = append(s.shape, r.IntN(len(shapes)))
	}
	for range interactions {
		i := r.IntN(len(drivers))
		j := (i + 1 + r.IntN(len(drivers)-1)) % len(drivers)
		s.pairs = append(s.pairs, [2]int{drivers[i], drivers[j]})
		s.product = append(s.product, .3+.5*r.Float64())
	}
	return s
}

func (s surface) at(z []float64) float64 {
	sum := 0.0
	for i, d := range s.drivers {
		sum += s.weight[i] * shapes[s.shape[i]](z[d])
	}
	for i, p := range s.pairs {
		sum += s.product[i] * math.Tanh(z[p[0]]) * math.Tanh(z[p[1]]) * 2
	}
	return sum
}

func standardise(v []float64) {
	var sum, squares float64
	for _, x := range v {
		sum += x
		squares += x * x
	}
	mean := sum / float64(len(v))
	deviation := math.Sqrt(squares/float64(len(v)) - mean*mean)
	for i := range v {
		v[i] = (v[i] - mean) / deviation
	}
}

// align turns h, standardised, so that it correlates with g by rho.
func align(h, g []float64, rho float64) {
	dot := 0.0
	for i := range h {
		dot += h[i] * g[i]
	}
	dot /= float64(len(h))
	for i := range h {
		h[i] -= dot * g[i]
	}
	standardise(h)
	for i := range h {
		h[i] = rho*g[i] + math.Sqrt(1-rho*rho)*h[i]
	}
}

func (s span) draw(r *rand.Rand) float64 { return s.low + (s.high-s.low)*r.Float64() }

// Make draws a campaign; the same design gives the same campaign.
func Make(d Design) Campaign {
	r := rand.New(rand.NewPCG(d.Seed, 0x706c616e746564))
	order := r.Perm(Features)
	base := newSurface(r, order[:baselineDrivers])
	effect := newSurface(r, append(slices.Clone(order[:sharedDrivers]), order[baselineDrivers:baselineDrivers+effectDrivers-sharedDrivers]...))
	level := newSurface(r, order[sharedDrivers:baselineDrivers])
	loadings := make([][factors]float64, Features)
	for j := range loadings {
		k := r.IntN(factors)
		loadings[j][k] = ranges.loading.draw(r)
	}
	// All parameters are drawn whatever the kind, so that a seed means the same in every cell.
	p := drawn{
		base: ranges.base.draw(r), lift: ranges.lift.draw(r), effectSpread: ranges.effectSpread.draw(r), alignment: ranges.alignment.draw(r),
		baseSpread: ranges.baseSpread.draw(r), active: ranges.active.draw(r), logSpread: ranges.logSpread.draw(r), spendLift: ranges.spendLift.draw(r),
		spendEffectSpread: ranges.spendEffectSpread.draw(r), level: ranges.levelSpan.draw(r),
	}
	c := Campaign{X: make([][]float32, Features), Treated: make([]bool, d.Rows), Outcome: make([]float32, d.Rows), Effect: make([]float32, d.Rows)}
	for j := range c.X {
		c.X[j] = make([]float32, d.Rows)
	}
	g, h, l := make([]float64, d.Rows), make([]float64, d.Rows), make([]float64, d.Rows)
	z := make([]float64, Features)
	for i := range d.Rows {
		var common [factors]float64
		for k := range common {
			common[k] = r.NormFloat64()
		}
		for j := range z {
			own := 1.0
			z[j] = 0
			for k, w := range loadings[j] {
				z[j] += w * common[k]
				own -= w * w
			}
			z[j] += math.Sqrt(own) * r.NormFloat64()
			c.X[j][i] = observed(j, z[j])
		}
		g[i], h[i], l[i] = base.at(z), effect.at(z), level.at(z)
		c.Treated[i] = r.Float64() < d.Treated
	}
	standardise(g)
	standardise(h)
	standardise(l)
	align(h, g, p.alignment)
	if d.Kind == Spend {
		c.spend(r, p, g, h, l)
	} else {
		c.respond(r, p, g, h)
	}
	return c
}

type drawn struct {
	base, lift, effectSpread, alignment, baseSpread        float64
	active, logSpread, spendLift, spendEffectSpread, level float64
}

// observed is what a data base keeps of a latent cause: an amount, a count, a share, or a yes. Counts and answers keep a
// part of it only, as they do.
func observed(feature int, z float64) float32 {
	switch feature % 5 {
	case 0, 1:
		return float32(math.Exp(9 + z)) // an amount
	case 2:
		return float32(math.Floor(math.Exp(1.2 + z))) // a count
	case 3:
		return float32(1 / (1 + math.Exp(-1.5*z))) // a share
	}
	return float32(math.Floor(math.Min(math.Max(2.5+1.3*z, 0), 5))) // a class in order
}

// logit finds the constant for which mean probability over g is p.
func logit(p, spread float64, g []float64) float64 {
	low, high := -12.0, 12.0
	for range 60 {
		mid := (low + high) / 2
		sum := 0.0
		for _, v := range g {
			sum += sigmoid(mid + spread*v)
		}
		if sum/float64(len(g)) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func (c *Campaign) respond(r *rand.Rand, p drawn, g, h []float64) {
	constant := logit(p.base, p.baseSpread, g)
	mean := p.base * p.lift
	for i := range g {
		p0 := sigmoid(constant + p.baseSpread*g[i])
		p1 := min(max(p0+mean*(1+p.effectSpread*h[i]), .002), .998)
		c.Effect[i] = float32(p1 - p0)
		q := p0
		if c.Treated[i] {
			q = p1
		}
		if r.Float64() < q {
			c.Outcome[i] = 1
		}
	}
}

// spend: an offer brings some to spend who would not have, and makes those who would spend more by a factor, half of the
// effect each; what is left after both are held within their limits is the effect that counts.
func (c *Campaign) spend(r *rand.Rand, p drawn, g, h, l []float64) {
	const unit = 50_000 // won, the median spend of whoever spends
	constant := logit(p.active, p.baseSpread, g)
	tail := math.Exp(p.logSpread * p.logSpread / 2)
	for i := range g {
		p0 := sigmoid(constant + p.baseSpread*g[i])
		scale := unit * math.Exp(p.level*l[i])
		relative := p.spendLift * (1 + p.spendEffectSpread*h[i])
		p1 := min(max(p0*(1+relative/2), .01), .99)
		factor := min(max(1+relative/2, .3), 3)
		c.Effect[i] = float32(scale * tail * (p1*factor - p0))
		q := p0
		if c.Treated[i] {
			q, scale = p1, scale*factor
		}
		if r.Float64() < q {
			c.Outcome[i] = float32(math.Round(scale * math.Exp(p.logSpread*r.NormFloat64())))
		}
	}
}
