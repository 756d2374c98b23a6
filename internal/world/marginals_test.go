package world

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// steady is a market in which nobody leaves and no month differs from another, so that theory can be written down.
func steady(change func(*Parameters)) func(*Population) {
	return func(p *Population) {
		p.Campaigns, p.Parameters = 0, DefaultParameters()
		p.DropoutScale, p.SeasonDepth, p.LifeEventPerYear = 1e9, 0, 1e-9
		if change != nil {
			change(&p.Parameters)
		}
	}
}

func TestCountsAreNegativeBinomial(t *testing.T) {
	w := small(t, steady(nil))
	const people, days = 8000, 240
	const most = 24
	var counts [most + 1]float64
	for key := uint32(1); key <= people; key++ {
		p := w.person(key)
		n := 0
		for _, b := range w.spreeBetween(&p, w.origin, w.origin+days*secondsPerDay, nil) {
			if b.kind == purchased {
				n++
			}
		}
		counts[min(n, most)]++
	}
	// P(n) of the negative binomial by its recursion; months differ by weekdays, which moves the mean by less than a per cent.
	mean, r := w.RateMean*days/daysPerMonth, w.RateShape
	pmf, rest, chi := math.Pow(r/(r+mean), r), 1.0, 0.0
	for n := range most {
		chi += (counts[n] - people*pmf) * (counts[n] - people*pmf) / (people * pmf)
		rest -= pmf
		pmf *= (r + float64(n)) / float64(n+1) * mean / (r + mean)
	}
	chi += (counts[most] - people*rest) * (counts[most] - people*rest) / (people * rest)
	require.Less(t, chi, distuv.ChiSquared{K: most}.Quantile(0.9999))
}

func TestLifetimesAreParetoOfTheSecondKind(t *testing.T) {
	w := small(t, nil)
	const people = 8000
	for _, days := range []float64{90, 365, 1500, 6000} {
		alive := 0.0
		for key := uint32(1); key <= people; key++ {
			if p := w.person(key); p.dies >= w.origin+seconds(days) {
				alive++
			}
		}
		expected := math.Pow(1+days/w.DropoutScale, -w.DropoutShape)
		require.InDelta(t, expected, alive/people, 4*math.Sqrt(expected*(1-expected)/people), "after %v days", days)
	}
}

func TestCategoriesAreDirichlet(t *testing.T) {
	for _, concentration := range []float64{1.5, 3, 5} {
		w := small(t, steady(func(p *Parameters) { p.CategoryConcentration = concentration }))
		o := w.Oracle()
		var first, fifth, own []float64
		for key := uint32(1); key <= 6000; key++ {
			o.Meet(key)
			own = o.CategoryShares(own)
			first, fifth = append(first, own[0]), append(fifth, own[4])
		}
		for i, shares := range [][]float64{first, fifth} {
			mean, variance := stat.MeanVariance(shares, nil)
			m := w.marketShares[[]int{0, 4}[i]]
			require.InDelta(t, m, mean, 4*math.Sqrt(variance/6000))
			require.InEpsilon(t, m*(1-m)/(1+concentration), variance, 0.12, "a Dirichlet's variance at S = %v", concentration)
		}
	}
}

func TestBrandsAreNBDDirichlet(t *testing.T) {
	for _, s := range []float64{0.7, 1.2, 2} {
		w := small(t, steady(func(p *Parameters) { p.BrandS, p.BrandSSpread, p.RateMean = s, 1e-9, 6 }))
		weights := shares(popularity(w.BrandZipf))
		// What each of the large brands of the largest category reaches, given how often people buy the category: the
		// Dirichlet's double jeopardy.
		var reached, expected [5]float64
		same, pairs := 0.0, 0.0
		for key := uint32(1); key <= 1500; key++ {
			p := w.person(key)
			var bought [brandsPerCategory]int
			n, last := 0, -1
			for _, b := range w.spreeBetween(&p, w.origin, w.origin+180*secondsPerDay, nil) {
				if b.kind != purchased || b.category != 0 {
					continue
				}
				brand := int(b.brand) % brandsPerCategory
				bought[brand]++
				n++
				if last >= 0 {
					pairs++
					if last == brand {
						same++
					}
				}
				last = brand
			}
			for i := range reached {
				if bought[i] > 0 {
					reached[i]++
				}
				none := 1.0
				for k := range n {
					none *= (s*(1-weights[i]) + float64(k)) / (s + float64(k))
				}
				expected[i] += 1 - none
			}
		}
		squares := 0.0
		for _, weight := range weights {
			squares += weight * weight
		}
		repeat := (1 + s*squares) / (1 + s)
		require.InDelta(t, repeat, same/pairs, 0.05, "repeat buying at S = %v", s)
		for i := range reached {
			require.InDelta(t, expected[i], reached[i], 4*math.Sqrt(expected[i])+0.05*expected[i], "brand %d at S = %v", i+1, s)
		}
	}
}

func TestLifeEventsShiftWhatPeopleBuyWithARamp(t *testing.T) {
	w := small(t, steady(func(p *Parameters) { p.LifeEventPerYear, p.RateMean = 0.06, 6 }))
	came, education := 0.0, w.catalog.events[0]
	kinds := map[int]bool{}
	for r := range uint64(2000) {
		kinds[education.draw(mix(r))] = true
	}
	const people = 20_000
	var bought, moved [3]float64 // before, in the middle of the ramp, after it
	own := 0.0
	o := w.Oracle()
	var theirs []float64
	for key := uint32(1); key <= people; key++ {
		p := w.person(key)
		since := p.eventAt[0]
		if since < 0 {
			came++
		}
		if since < 120 || since > 200 || min(p.eventAt[1], p.eventAt[2]) < 365 {
			continue
		}
		o.Meet(key)
		theirs = o.CategoryShares(theirs)
		for i, share := range theirs {
			if kinds[i] {
				own += share
			}
		}
		at := w.origin + seconds(since)
		for _, b := range w.spreeBetween(&p, w.origin, w.until, nil) {
			stage := 0
			switch days := float64(b.at-at) / secondsPerDay; {
			case b.kind != purchased || days > 0 && days < 30 || days >= 60 && days < w.LifeEventRamp:
				continue
			case days >= w.LifeEventRamp:
				stage = 2
			case days > 0:
				stage = 1
			}
			bought[stage]++
			if kinds[int(b.category)] {
				moved[stage]++
			}
		}
	}
	expected := 1 - math.Exp(-w.LifeEventPerYear)
	require.InDelta(t, expected, came/people, 4*math.Sqrt(expected/people), "a hazard of %v a year", w.LifeEventPerYear)
	before := moved[0] / bought[0]
	for stage, shift := range []float64{0, w.LifeEventShift / 2, w.LifeEventShift} {
		require.InDelta(t, before+shift*(1-before), moved[stage]/bought[stage], 0.05, "stage %d", stage)
	}
	require.Positive(t, own)
}

func TestSpendAndEffortAreLognormal(t *testing.T) {
	w := small(t, steady(func(p *Parameters) { p.RateMean = 6 }))
	var efforts, within []float64
	for key := uint32(1); key <= 6000; key++ {
		p := w.person(key)
		efforts = append(efforts, math.Log(p.effort))
		if key > 300 {
			continue
		}
		for _, b := range w.spreeBetween(&p, w.origin, w.origin+90*secondsPerDay, nil) {
			if b.kind == purchased {
				within = append(within, math.Log(float64(b.amount))-p.spend-w.catalog.price[b.category])
			}
		}
	}
	for name, c := range map[string]struct {
		logs        []float64
		mean, sigma float64
	}{"effort": {efforts, math.Log(w.EffortMedian), w.EffortSpread}, "spend": {within, 0, w.SpendWithin}} {
		mean, deviation := stat.MeanStdDev(c.logs, nil)
		require.InDelta(t, c.mean, mean, 0.04, name)
		require.InEpsilon(t, c.sigma, deviation, 0.04, name)
		slices.Sort(c.logs)
		for _, q := range []float64{0.1, 0.9} {
			require.InDelta(t, distuv.Normal{Mu: c.mean, Sigma: c.sigma}.Quantile(q), stat.Quantile(q, stat.Empirical, c.logs, nil), 0.07, name)
		}
	}
}

func TestWhatWasPulledForwardIsMissingAfterwards(t *testing.T) {
	w := small(t, steady(func(p *Parameters) {
		p.RateMean, p.RateShape, p.FailTry, p.DogShare, p.OpenShapeA, p.OpenShapeB = 10, 5, 0, 0, 8, 2
	}))
	terms := termsFrom(w)
	closes := terms.Closes
	won, lost := 0.0, 0.0
	o := w.Oracle()
	for key := uint32(1); key <= 3000; key++ {
		o.Meet(key)
		usual := o.Outcome(terms.Opens, closes).Spend
		touch := touchAt(w, terms, time.Hour, usual+100_000, 20_000)
		extra := o.Outcome(terms.Opens, closes, touch).Spend - usual
		if extra <= 0 {
			continue
		}
		won += float64(extra)
		after := closes.Add(time.Duration(w.PullDays*24) * time.Hour)
		lost += float64(o.Outcome(closes, after).Spend - o.Outcome(closes, after, touch).Spend)
	}
	require.InDelta(t, w.PullShare, lost/won, 0.04, fmt.Sprintf("of %.0f won", won))
}

// Failing at a goal costs purchases afterwards, and only those: nothing of it comes before the window closes.
func TestFailingAtAGoalCostsLaterPurchases(t *testing.T) {
	w := small(t, steady(func(p *Parameters) {
		p.RateMean, p.FailTry, p.DogShare, p.OpenShapeA, p.OpenShapeB, p.EffortSpread = 8, 1, 0, 50, 1, 0.01
	}))
	terms := termsFrom(w)
	o := w.Oracle()
	without, with := 0.0, 0.0
	for key := uint32(1); key <= 3000; key++ {
		o.Meet(key)
		usual := o.Outcome(terms.Opens, terms.Closes).Spend
		// One and a half times too far for everybody.
		reward := int64(w.EffortMedian * 200_000 / 1.5)
		touch := touchAt(w, terms, time.Hour, usual+200_000, reward)
		if o.Responses(touch)[0].Opened.IsZero() {
			continue
		}
		require.Zero(t, o.Outcome(terms.Opens, terms.Closes, touch).Earned)
		after := terms.Closes.Add(time.Duration(w.FailDays*24) * time.Hour)
		without += float64(o.Outcome(terms.Closes, after).Purchases)
		with += float64(o.Outcome(terms.Closes, after, touch).Purchases)
	}
	require.InDelta(t, w.FailLoss, 1-with/without, 0.02)
}
