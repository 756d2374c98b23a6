package offers

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

func rungOf(t require.TestingT, o campaign.Offer) (*Ladder, *rung) {
	o.ID, o.Threshold.Stretch = "o", 1
	l, err := NewLadder(campaign.Spec{Currency: "KRW", Budget: campaign.Budget{Margin: 0.3, Contact: 10}, Offers: []campaign.Offer{o}, Touches: make([]campaign.Touch, 1)}, times)
	require.NoError(t, err)
	return l, &l.rungs[0]
}

// Rewards by several goals, by tiers and as a share of the spend, against people who look for what pays best themselves.
func TestStepsAgainstSimulation(t *testing.T) {
	f := NewForecast([]int64{50_000, 0, 80_000, 70_000, 0, 60_000, 20_000, 70_000, 90_000, 0, 80_000, 30_000}, 0, 30)
	const n = 150_000
	for name, o := range map[string]campaign.Offer{
		"times":   {Kind: campaign.OfferThreshold, Reward: 4000, Threshold: campaign.Threshold{Fixed: 40_000}, Terms: &campaign.Terms{Times: 3}},
		"tiers":   {Kind: campaign.OfferThreshold, Reward: 3000, Threshold: campaign.Threshold{Fixed: 80_000}, Terms: &campaign.Terms{Tiers: []campaign.TermsTier{{Threshold: 120_000, Reward: 8000}, {Threshold: 200_000, Reward: 20_000}}}},
		"percent": {Kind: campaign.OfferPercentage, Reward: 15_000, Percent: 0.1},
		"points":  {Kind: campaign.OfferPoints, Reward: 12_000, Percent: 0.08, Threshold: campaign.Threshold{Fixed: 70_000}},
	} {
		l, r := rungOf(t, o)
		goal := money.Minor(1)
		if r.asks {
			goal = o.Threshold.Fixed
		}
		got := l.stepsOf(r, f, float64(goal))
		pays := func(s float64) float64 {
			if o.Percent > 0 {
				if s < float64(goal) {
					return 0
				}
				return min(float64(o.Reward), float64(o.Percent)*s)
			}
			earned := 0.0
			for _, step := range r.terms.Steps(goal, o.Reward) {
				if s >= float64(step.Threshold) {
					earned += float64(step.Reward)
				}
			}
			return earned
		}
		var aims []float64
		for _, step := range r.terms.Steps(goal, o.Reward) {
			aims = append(aims, float64(step.Threshold))
		}
		if o.Percent > 0 {
			aims = []float64{float64(o.Reward) / float64(o.Percent)}
			if goal > 1 {
				aims = append(aims, float64(goal))
			}
		}
		rng := rand.New(rand.NewPCG(1, 2))
		var without, anyway, jump, extra, gain float64
		for range n {
			s, phi := 0.0, l.effort[rng.IntN(len(l.effort))]
			if rng.Float64() >= f.Zero {
				s = math.Exp(f.mu + f.sigma*rng.NormFloat64())
			} else {
				phi *= effortIdle
			}
			best, to := 0.0, s
			for _, aim := range aims {
				if w := pays(aim) - pays(s) - phi*(aim-s); aim > s && (w > best || w == best && aim > to) {
					best, to = w, aim
				}
			}
			without += bit(s >= float64(goal))
			anyway += pays(s)
			jump += bit(s < float64(goal) && to >= float64(goal))
			extra += pays(to) - pays(s)
			gain += to - s
		}
		require.InDelta(t, without/n, got.without, 0.004, name)
		require.InEpsilon(t, anyway/n, got.anyway, 0.02, name)
		require.InDelta(t, jump/n, got.jump, 0.012, name)
		require.InEpsilon(t, extra/n, got.extra, 0.05, name)
		require.InEpsilon(t, gain/n, got.gain, 0.05, name)
	}
}

// A coupon and a bundle, against purchases that are drawn one by one.
func TestPurchasesAgainstSimulation(t *testing.T) {
	f := NewForecast([]int64{50_000, 0, 80_000, 70_000, 0, 60_000, 20_000, 70_000, 90_000, 0, 80_000, 30_000}, 0, 30)
	b := basketOf(&Customer{Basket: 20_000}, f, 3)
	mean, idle := f.rate(b)
	require.InDelta(t, f.Zero, idle+(1-idle)*math.Exp(-mean), 0.02, "as many who buy nothing as the forecast has")
	require.InEpsilon(t, f.Mean, (1-idle)*mean*b.mean, 0.02, "and as much spend")
	draw := func(rng *rand.Rand) (all []float64, isIdle bool) {
		if rng.Float64() < idle {
			return nil, true
		}
		for at := rng.ExpFloat64(); at < mean; at += rng.ExpFloat64() {
			all = append(all, math.Exp(b.mu+b.sigma*rng.NormFloat64()))
		}
		return all, false
	}
	const n = 150_000
	t.Run("coupon", func(t *testing.T) {
		l, r := rungOf(t, campaign.Offer{Kind: campaign.OfferCoupon, Reward: 4000, Threshold: campaign.Threshold{Fixed: 40_000}})
		got := l.purchaseOf(r, f, b, 40_000)
		rng := rand.New(rand.NewPCG(1, 2))
		var without, jump, gain float64
		for range n {
			all, isIdle := draw(rng)
			phi, largest := l.effort[rng.IntN(len(l.effort))], 0.0
			if isIdle {
				phi *= effortIdle
			}
			for _, a := range all {
				largest = max(largest, a)
			}
			switch {
			case largest >= 40_000:
				without++
			case phi*(40_000-largest) <= 4000:
				jump++
				gain += 40_000 - largest
			}
		}
		require.InDelta(t, without/n, got.without, 0.004)
		require.InDelta(t, jump/n, got.jump, 0.008)
		require.InEpsilon(t, gain/n, got.gain, 0.05)
		require.InEpsilon(t, 4000*without/n, got.anyway, 0.03)
		require.InEpsilon(t, 4000*jump/n, got.extra, 0.05)
	})
	t.Run("bundle", func(t *testing.T) {
		l, r := rungOf(t, campaign.Offer{Kind: campaign.OfferBundle, Reward: 6000, Terms: &campaign.Terms{Purchases: 4, Times: 2, Categories: []string{"coffee"}}})
		got := l.purchasesOf(r, f, b, 1)
		rng := rand.New(rand.NewPCG(1, 2))
		var without, jump, gain, anyway, extra float64
		for range n {
			all, isIdle := draw(rng)
			phi, made := l.effort[rng.IntN(len(l.effort))], len(all)
			if isIdle {
				phi *= effortIdle
			}
			without += bit(made >= 4)
			anyway += 6000 * float64(min(made/4, 2))
			more := 0
			if made < 8 {
				switch next := 4 - made%4; {
				case phi*4*b.mean <= 6000:
					more = 8 - made
				case phi*float64(next)*b.mean <= 6000:
					more = next
				}
			}
			jump += bit(made < 4 && made+more >= 4)
			gain += float64(more) * b.mean
			extra += 6000 * float64(min((made+more)/4, 2)-min(made/4, 2))
		}
		require.InDelta(t, without/n, got.without, 0.004)
		require.InEpsilon(t, anyway/n, got.anyway, 0.03)
		require.InDelta(t, jump/n, got.jump, 0.004)
		require.InEpsilon(t, gain/n, got.gain, 0.03)
		require.InEpsilon(t, extra/n, got.extra, 0.03)
	})
}

// What counts only in part is spent in part, and more often not at all.
func TestCountedPartOfAForecast(t *testing.T) {
	f := NewForecast([]int64{50_000, 0, 80_000, 70_000, 0, 60_000}, 0, 30)
	require.Equal(t, f, f.counted(1, 1, 5))
	part := f.counted(0.3, 0.5, 5)
	require.InEpsilon(t, 0.15*f.Mean, part.Mean, 1e-9)
	require.Greater(t, part.Zero, f.Zero)
	require.Equal(t, 1.0, f.counted(0, 1, 5).Zero)
	var sum float64
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		if rng.Float64() >= part.Zero {
			sum += math.Exp(part.mu + part.sigma*rng.NormFloat64())
		}
	}
	require.InEpsilon(t, part.Mean, sum/200_000, 0.03)
}

// anyOffer is an offer of any kind, as far-fetched as a spec can have it.
func anyOffer(r *rapid.T) campaign.Offer {
	o := campaign.Offer{
		Kind:   campaign.OfferKind(rapid.SampledFrom(campaign.OfferKinds).Draw(r, "kind")),
		Reward: money.Minor(rapid.SampledFrom([]int64{0, 1, 500, 5000, 100_000, 1 << 40, math.MaxInt64 / 200}).Draw(r, "reward")),
		Valid:  campaign.Duration(rapid.SampledFrom([]time.Duration{0, time.Hour, 240 * time.Hour}).Draw(r, "valid")),
	}
	o.Threshold = campaign.Threshold{
		Fixed: money.Minor(rapid.SampledFrom([]int64{0, 0, 1, 30_000, 1 << 50}).Draw(r, "fixed")), Step: money.Minor(rapid.SampledFrom([]int64{0, 30_000, 1 << 52}).Draw(r, "step")),
		Chance: campaign.Share(rapid.SampledFrom([]float64{0, 0.5, 0.999}).Draw(r, "chance")), Max: money.Minor(rapid.SampledFrom([]int64{0, 10, 1_000_000}).Draw(r, "max")),
	}
	o.Terms = &campaign.Terms{
		Measure: rapid.SampledFrom([]string{campaign.MeasureCumulative, campaign.MeasureSingle}).Draw(r, "measure"), Purchases: rapid.SampledFrom([]int{0, 1, 3, 1000}).Draw(r, "purchases"),
		Percent: campaign.Share(rapid.SampledFrom([]float64{0, 0, 0.05, 1}).Draw(r, "percent")), Times: rapid.SampledFrom([]int{0, 2, 100}).Draw(r, "times"),
		Instances: rapid.IntRange(0, 3).Draw(r, "instances"), Caps: campaign.TermsCaps{Customer: money.Minor(rapid.SampledFrom([]int64{0, 700, 1 << 42}).Draw(r, "cap"))},
	}
	if rapid.Bool().Draw(r, "tiers") && o.Terms.Times == 0 {
		o.Terms.Tiers = []campaign.TermsTier{{Threshold: 2_000_000, Reward: o.Reward + 1}, {Threshold: 3_000_000, Reward: o.Reward + 5000}}
	}
	return o
}

func anyCustomer(r *rapid.T) Customer {
	c := Customer{
		Key: 1, Tenure: uint16(rapid.IntRange(0, 4000).Draw(r, "tenure")), Purchases: uint32(rapid.SampledFrom([]int{0, 1, 40, 100_000}).Draw(r, "purchases of a year")),
		Basket: float32(rapid.SampledFrom([]float64{0, math.NaN(), -5, 1, 20_000, 1e12, math.Inf(1)}).Draw(r, "basket")), Messages: uint16(rapid.IntRange(0, 50).Draw(r, "messages")), Responses: uint16(rapid.IntRange(0, 99).Draw(r, "responses")),
	}
	switch rapid.IntRange(0, 3).Draw(r, "history") {
	case 0: // a single purchase
		c.Months = []int64{0, 0, rapid.Int64Range(1, 1_000_000).Draw(r, "only"), 0, 0, 0}
		c.Purchases = 1
	case 1:
		c.Months = rapid.SliceOfN(rapid.Int64Range(-1_000_000, 1_000_000_000), 0, 12).Draw(r, "months")
	case 2:
		c.Months = rapid.SliceOfN(rapid.Int64(), 12, 12).Draw(r, "any months")
	case 3:
		c.Months = make([]int64, 12)
	}
	if rapid.Bool().Draw(r, "counted") {
		c.Counted = []float32{float32(rapid.SampledFrom([]float64{0, 0.001, 0.5, 1, 7, -1, math.NaN()}).Draw(r, "share"))}
	}
	return c
}

// Whatever the offer and the customer, what is believed of them can be reckoned with, and never costs more than may be owed.
func TestAnyOfferIsValuedHonestly(t *testing.T) { rapid.Check(t, valuedHonestly) }

func FuzzValue(f *testing.F) { f.Fuzz(rapid.MakeFuzz(valuedHonestly)) }

func valuedHonestly(r *rapid.T) {
	o, c := anyOffer(r), anyCustomer(r)
	o.ID, o.Threshold.Stretch = "o", 1
	spec := campaign.Spec{Currency: "KRW", Offers: []campaign.Offer{o}, Touches: make([]campaign.Touch, 2)}
	spec.Budget.Margin = campaign.Share(rapid.SampledFrom([]float64{-0.5, 0, 0.2, 1}).Draw(r, "margin"))
	l, err := NewLadder(spec, times)
	require.NoError(r, err)
	f, options := l.Options(c, nil)
	require.False(r, math.IsNaN(f.Mean))
	require.Len(r, options, 1)
	got := options[0]
	if !got.Feasible {
		return
	}
	for _, x := range []float32{got.Value, got.Cost, got.Gain, got.Reach, got.Without, got.Moved} {
		require.False(r, math.IsNaN(float64(x)) || math.IsInf(float64(x), 0), "%+v", got)
	}
	require.GreaterOrEqual(r, got.Reach, got.Without)
	require.LessOrEqual(r, got.Reach, float32(1))
	require.GreaterOrEqual(r, got.Gain, float32(0))
	most, err := spec.MaxReward(o)
	if err == nil && o.Rewards() {
		require.LessOrEqual(r, float64(got.Cost), float64(most)*(1+1e-6)+2, "more than can be owed is expected: %+v", got)
	}
	if o.Rewards() {
		require.GreaterOrEqual(r, got.Threshold, money.Minor(1))
	}
}
