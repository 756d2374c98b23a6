package world

import (
	"math"
	"time"
)

// Traits are what is true about one customer and known to nobody.
type Traits struct {
	PurchasesPerMonth float64 // in an average month, while they are customers
	MedianPurchase    float64 // won, at the market's average price
	MonthlySpend      float64 // won, expected in an average month
	BrandS            float64 // of the Dirichlet over a category's brands: the smaller, the more loyal
	Events            [len(lifeEventNames)]LifeEvent

	Fades    time.Time // from here they buy less and less, until
	DropsOut time.Time // here, if nothing changes it
	CanKeep  bool      // an offer that they read in between keeps them for a while
	Dog      bool      // a sleeping dog: contact makes them buy less, and may drive them away

	Effort          float64     // phi of the notch: they jump to T iff phi (T - S0) <= R, when they are not tired of offers
	Open            float64     // chance to open an e-mail at an hour of average activity, before content
	TimeInsensitive float64     // share of it that does not depend on the hour
	Activity        [24]float64 // by hour of their own zone, 1 on average
}

// A LifeEvent changes what somebody buys: by its Ramp's end a share of their purchases has moved to its categories.
type LifeEvent struct {
	Kind string
	At   time.Time // may lie before the world begins or long after it ends
	Ramp time.Duration
}

var lifeEventNames = [...]string{"student's parent", "moved", "new job"}

// Categories are the ids of the market's categories, in the order of Oracle.CategoryShares.
func Categories() []string { return append([]string(nil), theCatalog.categoryWords...) }

// Traits looks into the customer met last.
func (o *Oracle) Traits() Traits {
	p, w := &o.p, o.w
	out := Traits{
		PurchasesPerMonth: p.rate, MedianPurchase: math.Exp(p.spend), MonthlySpend: p.monthly(), BrandS: p.brandS,
		Fades: time.Unix(min(p.fades, farAhead), 0).In(Home), DropsOut: time.Unix(min(p.dies, farAhead), 0).In(Home),
		CanKeep: p.keeps, Dog: p.dog,
		Effort: p.effort, Open: p.open, TimeInsensitive: 1 - p.dependent,
	}
	for i := range out.Events {
		at := w.origin + seconds(min(p.eventAt[i], farAhead/secondsPerDay))
		out.Events[i] = LifeEvent{lifeEventNames[i], time.Unix(at, 0).In(Home), time.Duration(w.LifeEventRamp * 24 * float64(time.Hour))}
	}
	for h := range out.Activity {
		out.Activity[h] = p.activity(h)
	}
	return out
}

// CategoryShares appends to out what share of their purchases goes to each category before any life event: their own
// Dirichlet, that is the sticks that are broken and the market's shares of what is left of the last.
func (o *Oracle) CategoryShares(out []float64) []float64 {
	p, market, before := &o.p, o.w.marketShares, 0.0
	out = append(out[:0], make([]float64, len(market))...)
	for i, upTo := range p.stickUpTo {
		out[p.stickOf[i]] += float64(upTo) - before
		before = float64(upTo)
	}
	for i, s := range market {
		out[i] += (1 - before) * s
	}
	return out
}
