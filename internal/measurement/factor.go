package measurement

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
)

// Factor is something that a campaign tries in more than one way at once, each customer's way being drawn independently of
// the other factors: a factorial design, in which every customer tells of every factor.
type Factor string

// The factors, and the levels of the first two. The levels of content are the spec's contents.
const (
	FactorOffer   Factor = "offer"   // chosen by the optimiser, or drawn from what was feasible
	FactorTiming  Factor = "timing"  // at the hour that was learned, or at any allowed hour
	FactorContent Factor = "content" // which content

	LevelChosen = "chosen"
	LevelLot    = "lot"
)

// Factors is all of them, in the order in which a report shows them.
var Factors = []Factor{FactorOffer, FactorTiming, FactorContent}

// Combination is the levels that a customer was drawn into; a level is empty where the factor did not reach them, as one
// who was left without an offer has no content.
type Combination struct{ Offer, Timing, Content string }

func (c Combination) level(f Factor) string {
	switch f {
	case FactorOffer:
		return c.Offer
	case FactorTiming:
		return c.Timing
	}
	return c.Content
}

// Weighted are sums over customers of whom each counts w times, for means of those whom a draw with unequal chances might
// have given: w is the inverse of the chance. Y is the metric in the window, X the same before the snapshot.
type Weighted struct {
	Customers        uint64
	W, WW            float64 // Σw, Σw²
	WY, WX           float64 // Σwy, Σwx
	WWY, WWX         float64 // Σw²y, …
	WWYY, WWXX, WWXY float64
}

// Observe adds one customer.
func (s Weighted) Observe(w, y, x float64) Weighted {
	return s.Plus(Weighted{1, w, w * w, w * y, w * x, w * w * y, w * w * x, w * w * y * y, w * w * x * x, w * w * x * y})
}

// Plus adds the sums of other customers.
func (s Weighted) Plus(o Weighted) Weighted {
	return Weighted{s.Customers + o.Customers, s.W + o.W, s.WW + o.WW, s.WY + o.WY, s.WX + o.WX, s.WWY + o.WWY, s.WWX + o.WWX,
		s.WWYY + o.WWYY, s.WWXX + o.WWXX, s.WWXY + o.WWXY}
}

// mean is the Hájek estimate of the mean of Y - theta·X with its variance (linearised; Särndal, Swensson and Wretman,
// Model Assisted Survey Sampling, 1992, ch. 5).
func (s Weighted) mean(theta float64) (mean, variance float64) {
	if s.W <= 0 {
		return 0, math.Inf(1)
	}
	mean = (s.WY - theta*s.WX) / s.W
	squares := s.WWYY - 2*theta*s.WWXY + theta*theta*s.WWXX - 2*mean*(s.WWY-theta*s.WWX) + mean*mean*s.WW
	return mean, max(squares, 0) / (s.W * s.W)
}

// slope is the regression of Y on X within levels.
func slope(levels ...Weighted) float64 {
	xy, xx := 0.0, 0.0
	for _, s := range levels {
		if s.WW > 0 {
			xy, xx = xy+s.WWXY-s.WWX*s.WWY/s.WW, xx+s.WWXX-s.WWX*s.WWX/s.WW
		}
	}
	if xx <= 0 {
		return 0
	}
	return xy / xx
}

// FactorCell is one combination's sums: of everybody once, and of everybody by the inverse of their content's chance.
type FactorCell struct{ Once, Content Weighted }

// Factorial is all that is needed to compare the levels of all factors.
type Factorial map[Combination]FactorCell

// Add takes in the sums of other customers.
func (f Factorial) Add(o Factorial) {
	for combination, cell := range o {
		own := f[combination]
		f[combination] = FactorCell{own.Once.Plus(cell.Once), own.Content.Plus(cell.Content)}
	}
}

// Contrast is one level of a factor against its reference level, or how two such differences add up to more than each alone.
type Contrast struct {
	Name       string // as "timing: chosen", or "offer: chosen × timing: chosen"
	Level      uint64 // customers at the level, or of all four combinations
	Reference  uint64
	Mean       float64 // at the level, as counted; 0 of an interaction
	Against    float64 // at the reference
	Difference float64 // per customer, adjusted for what they did before
	Low, High  float64
	Error      float64
	P          float64 // two-sided
}

// side is one level of one factor.
type side struct {
	factor Factor
	level  string
}

func (s side) String() string { return string(s.factor) + ": " + s.level }

// at is the sums of everybody at all of these levels.
func (f Factorial) at(sides ...side) Weighted {
	var sum Weighted
	for combination, cell := range f {
		all, weighted := true, false
		for _, s := range sides {
			all = all && combination.level(s.factor) == s.level
			weighted = weighted || s.factor == FactorContent
		}
		switch {
		case !all:
		case weighted:
			sum = sum.Plus(cell.Content)
		default:
			sum = sum.Plus(cell.Once)
		}
	}
	return sum
}

// pair is a level that is compared, with its reference.
type pair struct{ level, reference side }

// pairs are the comparisons of a factor. What was chosen is held against the lot, contents against the first of them.
func (f Factorial) pairs(factor Factor) []pair {
	if factor != FactorContent {
		return []pair{{side{factor, LevelChosen}, side{factor, LevelLot}}}
	}
	var contents []string
	for c := range f {
		if c.Content != "" && !slices.Contains(contents, c.Content) {
			contents = append(contents, c.Content)
		}
	}
	slices.Sort(contents)
	var all []pair
	for i := 1; i < len(contents); i++ {
		all = append(all, pair{side{factor, contents[i]}, side{factor, contents[0]}})
	}
	return all
}

// Compare holds the levels of the factors against each other: each factor by itself, the others being what they were
// drawn to be, and each two of them together. A level that nobody has is left out.
func (f Factorial) Compare(factors []Factor, confidence float64) (main, together []Contrast) {
	var all []pair
	for _, factor := range Factors {
		if slices.Contains(factors, factor) {
			all = append(all, f.pairs(factor)...)
		}
	}
	for i, p := range all {
		level, reference := f.at(p.level), f.at(p.reference)
		if level.Customers < 2 || reference.Customers < 2 {
			continue
		}
		theta := slope(level, reference)
		a, va := level.mean(theta)
		b, vb := reference.mean(theta)
		c := contrast(p.level.String(), a-b, va+vb, confidence)
		c.Mean, _ = level.mean(0)
		c.Against, _ = reference.mean(0)
		c.Level, c.Reference = level.Customers, reference.Customers
		main = append(main, c)
		for _, q := range all[i+1:] {
			if q.level.factor == p.level.factor {
				continue
			}
			cells := []Weighted{f.at(p.level, q.level), f.at(p.level, q.reference), f.at(p.reference, q.level), f.at(p.reference, q.reference)}
			if slices.ContainsFunc(cells, func(w Weighted) bool { return w.Customers < 2 }) {
				continue
			}
			theta, sum, variance, n := slope(cells...), 0.0, 0.0, uint64(0)
			for k, cell := range cells {
				m, v := cell.mean(theta)
				sum, variance, n = sum+[]float64{1, -1, -1, 1}[k]*m, variance+v, n+cell.Customers
			}
			both := contrast(strings.Join([]string{p.level.String(), q.level.String()}, " × "), sum, variance, confidence)
			both.Level = n
			together = append(together, both)
		}
	}
	return main, together
}

func contrast(name string, difference, variance, confidence float64) Contrast {
	c := Contrast{Name: name, Difference: difference, Error: math.Sqrt(variance), P: 1}
	half := distuv.UnitNormal.Quantile(1-(1-confidence)/2) * c.Error
	c.Low, c.High = difference-half, difference+half
	if c.Error > 0 {
		c.P = 2 * distuv.UnitNormal.Survival(math.Abs(difference)/c.Error)
	}
	return c
}
