package likeness

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// Pareto/NBD (Schmittlein, Morrison and Colombo 1987): Poisson purchases whose rates are gamma, shape r and scale 1/alpha
// by day, and lifetimes whose rates are gamma, shape s and scale 1/beta days.
type paretoNBD struct{ r, alpha, s, beta float64 }

// fitted are at most so many customers: more take time and change little.
const fitted = 3_000

// seen is what the likelihood needs of a customer: how often, when last, both in days.
type seen struct {
	count float64
	last  float64
}

// fitFrequency maximises the likelihood of counts and last purchases, given that each customer bought at least once, for
// files know no others. Customers are taken to be there from the book's beginning, as the world's are. The dropout's shape
// says little in a year, so a lognormal prior of sigma 1/2 around before's holds it.
func fitFrequency(b *Book, before paretoNBD) paretoNBD {
	var all []seen
	step := max(1, len(b.Customers)/fitted)
	for i := 0; i < len(b.Customers); i += step {
		c := b.Customers[i]
		all = append(all, seen{float64(len(c)), float64(c[len(c)-1].At-b.From) / 86_400})
	}
	span := b.Days()
	cost := func(m paretoNBD) float64 {
		total := float64(len(all)) * math.Log(math.Max(1-math.Exp(m.logLikelihood(seen{}, span)), 1e-12))
		for _, c := range all {
			total -= m.logLikelihood(c, span)
		}
		for _, ratio := range []float64{m.s / before.s, m.beta / before.beta} {
			z := math.Log(ratio) / 0.5
			total += z * z / 2
		}
		return total
	}
	// One parameter after the other, in turns: shape, mean rate, and the dropout's two hardly depend on each other.
	mean := float64(b.Purchases) / float64(len(b.Customers)) / span
	m := paretoNBD{before.r, before.r / mean, before.s, before.beta}
	for range 5 {
		rate := m.r / m.alpha
		m.r = least(0.05, 10, func(r float64) float64 { return cost(paretoNBD{r, r / rate, m.s, m.beta}) })
		rate = least(0.0005, 2, func(rate float64) float64 { return cost(paretoNBD{m.r, m.r / rate, m.s, m.beta}) })
		m.alpha = m.r / rate
		m.s = least(0.1, 5, func(s float64) float64 { return cost(paretoNBD{m.r, m.alpha, s, m.beta}) })
		m.beta = least(50, 50_000, func(beta float64) float64 { return cost(paretoNBD{m.r, m.alpha, m.s, beta}) })
	}
	return m
}

// least is where a function of a positive number is least between two bounds, by golden section on a logarithmic scale.
func least(low, high float64, cost func(float64) float64) float64 {
	const golden = 0.6180339887498949
	a, b := math.Log(low), math.Log(high)
	x, y := b-golden*(b-a), a+golden*(b-a)
	fx, fy := cost(math.Exp(x)), cost(math.Exp(y))
	for range 22 {
		if fx < fy {
			b, y, fy = y, x, fx
			x = b - golden*(b-a)
			fx = cost(math.Exp(x))
		} else {
			a, x, fx = x, y, fy
			y = a + golden*(b-a)
			fy = cost(math.Exp(y))
		}
	}
	return math.Exp((a + b) / 2)
}

// nodes are those of a Gauss-Legendre rule on [0, 1]; what is integrated is smooth.
var nodes, weights = func() (x, w []float64) {
	x, w = make([]float64, 12), make([]float64, 12)
	quad.Legendre{}.FixedLocations(x, w, 0, 1)
	return x, w
}()

// logLikelihood integrates over when the customer dropped out, after the last purchase or not within the time at all; the
// integral over rates is in closed form.
func (m paretoNBD) logLikelihood(c seen, span float64) float64 {
	g1, _ := math.Lgamma(m.r + c.count)
	g2, _ := math.Lgamma(m.r)
	power := m.r + c.count
	// Relative to the value at the last purchase, so that nothing vanishes.
	at := func(t float64) float64 { return math.Exp(power * math.Log((m.alpha+c.last)/(m.alpha+t))) }
	left := 0.0
	for i, x := range nodes {
		t := c.last + x*(span-c.last)
		left += weights[i] * (span - c.last) * m.s / m.beta * math.Pow(1+t/m.beta, -m.s-1) * at(t)
	}
	left += math.Pow(1+span/m.beta, -m.s) * at(span)
	return g1 - g2 + m.r*math.Log(m.alpha) - power*math.Log(m.alpha+c.last) + math.Log(math.Max(left, 1e-300))
}
