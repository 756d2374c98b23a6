package offers

import (
	"math"
	"slices"
)

// control is a customer without an offer, by forecast and what they spent.
type control struct {
	campaign int
	forecast Forecast
	odds     float64 // log-odds of spending nothing, as forecast
	spend    float64
}

// calibrate learns how forecasts err from customers without an offer. Who spent much falls back and who spent little
// catches up, more than their own months show; both are regressions on the forecast. Campaigns have levels of their own,
// because the seasons of two windows differ: one of them says less of the next than its many customers seem to.
func (k *Knowledge) calibrate(rows []Past, campaigns int) {
	var all []control
	for i := range rows {
		r := &rows[i]
		if r.Reward > 0 {
			continue
		}
		if f := NewForecast(r.Customer.Months, int(r.Customer.Tenure), r.Days); f.Zero < 1 && f.Zero > 0 {
			all = append(all, control{r.Campaign, f, math.Log(f.Zero / (1 - f.Zero)), r.Window})
		}
	}
	if len(all) < leastPast {
		return
	}
	k.zeros(all)
	k.levels(all, stretches(rows, campaigns))
}

// stretches are how far above the forecast the goals of each campaign lay, at a few quantiles.
func stretches(rows []Past, campaigns int) [][]float64 {
	each := make([][]float64, campaigns)
	for i := range rows {
		if r := &rows[i]; r.Reward > 0 {
			f := NewForecast(r.Customer.Months, int(r.Customer.Tenure), r.Days)
			each[r.Campaign] = append(each[r.Campaign], max(r.Threshold-f.Mean, f.Mean/10, 1))
		}
	}
	for i, all := range each {
		slices.Sort(all)
		var some []float64
		for j := 1; j <= 9 && len(all) > 0; j += 2 {
			some = append(some, all[len(all)*j/10])
		}
		each[i] = some
	}
	return each
}

// levels fits level, slope and spread to how often goals are passed that lie as far above the forecast as those that were
// set: it is there that the forecast decides, and a lognormal that is right there may be wrong at the other end. Fisher's
// scoring over Bernoulli outcomes, with the priors.
func (k *Knowledge) levels(all []control, stretches [][]float64) {
	var weight, centre float64
	for _, c := range all {
		w := 1 / (c.forecast.sigma * c.forecast.sigma)
		weight, centre = weight+w, centre+w*c.forecast.mu
	}
	k.Centre = centre / weight
	campaigns := len(stretches)
	prior := append(slices.Repeat([]Known{{0, 0.3}}, campaigns), Known{0, k.Slope.Deviation}, Known{0, 0.3}, Known{0, 0.2}, Known{0, 0.2})
	at := make([]float64, len(prior))
	var found []Known
	for range 25 {
		fit := newBayes(prior...)
		for i := range prior { // the scoring step is a regression of what is left, from where we are
			fit.prior[i] = Known{prior[i].Mean - at[i], prior[i].Deviation}
		}
		for i, c := range all {
			if len(stretches[c.campaign]) == 0 {
				continue
			}
			f := c.corrected(k, at)
			stretch := stretches[c.campaign][i%len(stretches[c.campaign])]
			for _, part := range []float64{0.5, 1} {
				x, rest, w := c.score(k, f, at, f.Mean+part*stretch)
				fit.add(x, rest, w/2) // both of one customer: half of each
			}
		}
		fit.yy = fit.n // weights are one over variances already
		found = fit.posterior()
		moved := 0.0
		for j := range at {
			step := max(-0.5, min(0.5, found[j].Mean))
			at[j] += step
			moved += math.Abs(step)
		}
		if moved < 1e-6 {
			break
		}
	}
	var levels []Known
	for i := range campaigns {
		if len(stretches[i]) > 0 {
			levels = append(levels, Known{at[i], found[i].Deviation})
		}
	}
	if len(levels) == 0 || !finite(at[0]) {
		return
	}
	k.Level, k.Season = pool(levels, k.Level, levelPrior)
	k.Slope = Known{1 + at[campaigns], found[campaigns].Deviation}
	k.Spread = Known{math.Exp(at[campaigns+1]), math.Exp(at[campaigns+1]) * found[campaigns+1].Deviation}
	k.SpreadSlope = Known{at[campaigns+2], found[campaigns+2].Deviation}
	k.Curve = Known{at[campaigns+3], found[campaigns+3].Deviation}
}

// corrected is a control's forecast at the parameters: levels by campaign, slope, log spread, its slope, curve.
func (c *control) corrected(k *Knowledge, at []float64) Forecast {
	n := len(at) - 4
	one := Knowledge{Offered: 1, Zero: k.Zero, ZeroSlope: k.ZeroSlope, Centre: k.Centre,
		Level: Known{Mean: at[c.campaign]}, Slope: Known{Mean: 1 + at[n]}, Spread: Known{Mean: math.Exp(at[n+1])}, SpreadSlope: Known{Mean: at[n+2]}, Curve: Known{Mean: at[n+3]}}
	return one.forecast(c.forecast)
}

// score is a row of the scoring regression: derivatives of the chance to pass a goal, what was seen less that chance, and
// one over its variance.
func (c *control) score(k *Knowledge, f Forecast, at []float64, goal float64) (x []float64, rest, weight float64) {
	n := len(at) - 4
	u, m := (f.mu-math.Log(goal))/f.sigma, c.forecast.mu-k.Centre
	p := min(max((1-f.Zero)*normalAbove(-u), 1e-5), 1-1e-5)
	d := (1 - f.Zero) * math.Exp(-u*u/2) / math.Sqrt(2*math.Pi)
	x = make([]float64, len(at))
	x[c.campaign], x[n], x[n+1], x[n+2], x[n+3] = d/f.sigma, d*m/f.sigma, -d*u, -d*u*m, d*square(m)/f.sigma
	return x, bit(c.spend >= goal) - p, 1 / (p * (1 - p))
}

// zeros is a logistic regression of spending nothing on its forecast log-odds, by Newton's steps, with the priors.
func (k *Knowledge) zeros(all []control) {
	at, prior := [2]float64{k.Zero.Mean, k.ZeroSlope.Mean}, [2]Known{k.Zero, k.ZeroSlope}
	var information [2][2]float64
	for range 30 {
		var gradient [2]float64
		information = [2][2]float64{}
		for j, p := range prior {
			v := 1 / (p.Deviation * p.Deviation)
			gradient[j], information[j][j] = v*(p.Mean-at[j]), v
		}
		for _, c := range all {
			p := 1 / (1 + math.Exp(-at[0]-at[1]*c.odds))
			e, w := bit(c.spend <= 0)-p, p*(1-p)
			gradient[0], gradient[1] = gradient[0]+e, gradient[1]+e*c.odds
			information[0][0] += w
			information[0][1] += w * c.odds
			information[1][1] += w * c.odds * c.odds
		}
		d := information[0][0]*information[1][1] - information[0][1]*information[0][1]
		step := [2]float64{
			(information[1][1]*gradient[0] - information[0][1]*gradient[1]) / d,
			(information[0][0]*gradient[1] - information[0][1]*gradient[0]) / d,
		}
		for j := range at {
			at[j] += max(-1, min(1, step[j]))
		}
		if math.Abs(step[0])+math.Abs(step[1]) < 1e-9 {
			break
		}
	}
	d := information[0][0]*information[1][1] - information[0][1]*information[0][1]
	if !finite(at[0]) || !finite(at[1]) || !(d > 0) {
		return
	}
	k.Zero, k.ZeroSlope = Known{at[0], math.Sqrt(information[1][1] / d)}, Known{max(at[1], 0.05), math.Sqrt(information[0][0] / d)}
}
