package likeness

import (
	"maps"
	"math"
	"slices"

	"github.com/danbi-project/danbi/internal/world"
)

// A Fit is the parameters of a world like a book.
type Fit struct {
	Parameters world.Parameters
	Scale      float64 // won of the world for one minor unit of the book: prices are rounded to ten won and more
	Fitted     []Fitted
}

// Fitted is one parameter that the book says something of.
type Fitted struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Usual  float64 `json:"default"`
	Method string  `json:"method"`
}

// NotFitted are the parameters that purchases alone say nothing of; they stay as they are.
func (f *Fit) NotFitted() []string {
	var out []string
	for _, row := range world.Table {
		fitted := false
		for _, one := range f.Fitted {
			fitted = fitted || one.Name == row.Name
		}
		if !fitted {
			out = append(out, row.Name)
		}
	}
	return out
}

// Fitting a world's parameters takes what a book shows: how often people buy and until when, what they spend, how much each
// keeps to few categories and brands, and at what hours. It starts from the defaults and never looks at any campaign.
func Fitting(b *Book) *Fit {
	f := &Fit{Parameters: world.DefaultParameters(), Scale: 1}
	p := &f.Parameters
	usual := *p
	m := fitFrequency(b, paretoNBD{p.RateShape, 1, p.DropoutShape, p.DropoutScale})
	p.RateShape, p.RateMean, p.DropoutShape, p.DropoutScale = m.r, m.r/m.alpha*365.25/12, m.s, m.beta
	f.note(usual, "Pareto/NBD by maximum likelihood, given at least one purchase", "rate_shape", "rate_mean", "dropout_shape", "dropout_scale")

	if b.Categories > 1 {
		f.categories(b)
		f.note(usual, "how often two purchases of a customer are of one category", "category_concentration")
		f.note(usual, "concentration of the market's shares (Herfindahl)", "category_skew")
	}
	if f.brands(b) {
		f.note(usual, "how often two purchases of a customer in a category are of one brand", "brand_s")
		f.note(usual, "mean concentration of brands within categories (Herfindahl)", "brand_zipf")
	}
	f.spend(b)
	f.note(usual, "lognormal, one-way variance components", "spend_median", "spend_between", "spend_within")
	f.hours(b)
	f.note(usual, "mixture of the archetypes (EM), and how much of a customer's purchases share an hour", "hour_own", "hour_early", "hour_lunch", "hour_evening", "hour_day", "hour_night", "hour_any")
	if b.Refunds > 0 {
		p.RefundShare = math.Min(float64(b.Refunds)/float64(b.Purchases), 0.5)
		f.note(usual, "refunds and cancellations for each purchase", "refund_share")
	}
	p.Round()
	for i := range f.Fitted {
		f.Fitted[i].Value = p.Get(f.Fitted[i].Name)
	}
	return f
}

func (f *Fit) note(usual world.Parameters, method string, names ...string) {
	for _, name := range names {
		f.Fitted = append(f.Fitted, Fitted{name, f.Parameters.Get(name), usual.Get(name), method})
	}
}

// categories fits how much people differ in what they buy, and how unequal the market's shares are.
func (f *Fit) categories(b *Book) {
	market := map[int]float64{}
	same, pairs := 0.0, 0.0
	for _, c := range b.Customers {
		own := map[int]float64{}
		for _, q := range c {
			market[q.Category]++
			own[q.Category]++
		}
		s, n := repeats(own)
		same, pairs = same+s, pairs+n
	}
	counts := slices.Sorted(maps.Values(market))
	f.Parameters.CategoryConcentration = concentration(same/pairs, herfindahl(counts))
	f.Parameters.CategorySkew = bisect(0.02, 4, herfindahl(counts), func(skew float64) float64 {
		return herfindahl(world.CategoryShares(skew))
	})
}

// brands fits loyalty and popularity within categories of at least five brands; false if there are none.
func (f *Fit) brands(b *Book) bool {
	type cell struct{ customer, category int }
	market := map[int]map[int]float64{} // by category and brand
	own := map[cell]map[int]float64{}
	for i, c := range b.Customers {
		for _, q := range c {
			if market[q.Category] == nil {
				market[q.Category] = map[int]float64{}
			}
			market[q.Category][q.Brand]++
			k := cell{i, q.Category}
			if own[k] == nil {
				own[k] = map[int]float64{}
			}
			own[k][q.Brand]++
		}
	}
	weighted, total := 0.0, 0.0
	for _, brands := range market {
		if len(brands) < 5 {
			continue
		}
		shares := slices.Sorted(maps.Values(brands)) // in order, so that sums are the same every time
		n := 0.0
		for _, k := range shares {
			n += k
		}
		weighted += n * herfindahl(shares)
		total += n
	}
	if total < 1000 {
		return false
	}
	f.Parameters.BrandZipf = bisect(0.1, 3, weighted/total, func(exponent float64) float64 {
		shares := make([]float64, world.BrandsPerCategory)
		for i := range shares {
			shares[i] = math.Pow(float64(i+1), -exponent)
		}
		return herfindahl(shares)
	})
	same, pairs, concentrated := 0.0, 0.0, 0.0
	for k, mine := range own {
		if brands := market[k.category]; len(brands) >= 5 {
			s, n := repeats(mine)
			same, pairs = same+s, pairs+n
			concentrated += n * herfindahl(slices.Sorted(maps.Values(brands)))
		}
	}
	if pairs < 200 {
		return false
	}
	f.Parameters.BrandS = concentration(same/pairs, concentrated/pairs)
	return true
}

// repeats is how many pairs of purchases are of one thing, of how many; each customer counts by their number of purchases.
func repeats(counts map[int]float64) (same, pairs float64) {
	n := 0.0
	for _, k := range counts {
		n += k
		same += k * (k - 1)
	}
	if n < 2 {
		return 0, 0
	}
	return same / n, n - 1
}

// concentration is the S of a Dirichlet whose people repeat themselves so often, in a market where two strangers buy the
// same with chance h: repeats = h + (1 - h) / (1 + S).
func concentration(repeats, h float64) float64 {
	return math.Min(math.Max((1-h)/math.Max(repeats-h, 1e-3)-1, 0.05), 200)
}

// herfindahl is the sum of squared shares: one over the number of things, were they equally large.
func herfindahl(counts []float64) float64 {
	total, squares := 0.0, 0.0
	for _, n := range counts {
		total += n
		squares += n * n
	}
	return squares / (total * total)
}

// bisect is where a rising function has a value, or the bound that comes nearest.
func bisect(low, high, value float64, rising func(float64) float64) float64 {
	for range 40 {
		if middle := (low + high) / 2; rising(middle) < value {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// spend fits amounts. Categories have price levels in the world, whose spread is taken off: of it a share of 1/(1+S) lies
// between customers.
func (f *Fit) spend(b *Book) {
	p := &f.Parameters
	within, free, sum, squares, n := 0.0, 0.0, 0.0, 0.0, 0.0
	repeated := 0.0 // mean of one over the number of purchases
	for _, c := range b.Customers {
		mean := 0.0
		for _, q := range c {
			mean += math.Log(float64(q.Amount)) / float64(len(c))
		}
		for _, q := range c {
			d := math.Log(float64(q.Amount)) - mean
			within += d * d
		}
		free += float64(len(c) - 1)
		sum, squares, n = sum+mean, squares+mean*mean, n+1
		repeated += 1 / float64(len(c))
	}
	within /= math.Max(free, 1)
	between := math.Max(squares/n-sum/n*sum/n-within*repeated/n, 0)
	centre, spread := world.PriceLevels(p.CategorySkew)
	s := p.CategoryConcentration
	for math.Exp(sum/n)*f.Scale < 10_000 {
		f.Scale *= 10
	}
	p.SpendMedian = math.Exp(sum/n-centre) * f.Scale
	p.SpendWithin = math.Sqrt(math.Max(within-spread*s/(1+s), 0.01))
	p.SpendBetween = math.Sqrt(math.Max(between-spread/(1+s), 0.01))
}
