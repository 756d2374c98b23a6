package offers

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// spend learns from money what reaching goals does not show: how much more is spent than effort explains, how much of it
// is missing afterwards, what missing a goal costs, and what a message does that promises nothing. Spend is noisy, so
// each of them starts from its prior and moves as far as the campaigns are sure.
func (k *Knowledge) spend(rows []Past, examples []example) {
	gain := make(map[*Past]notch, len(examples))
	full := efforts(k.Effort.Mean, k.EffortSpread.Mean)
	for i := range examples {
		e := &examples[i]
		n := e.forecast.notch(e.past.Threshold, e.past.Reward, &full, k.Idle.Mean, e.without)
		factor := k.factor(armOf(e.past.Reward, e.past.Threshold, e.forecast.Mean), k.segment(e.forecast)).Mean
		moved := factor * k.attention(e.past.Customer.Messages, e.past.Customer.Responses)
		gain[e.past] = notch{moved * n.jump, moved * n.gain, moved * n.missed}
	}
	// The forecast is allowed to be wrong, by campaign and by kind of customer: what offers did is what customers with and
	// without one differ in beyond that.
	campaigns := 0
	for i := range rows {
		campaigns = max(campaigns, rows[i].Campaign+1)
	}
	stretch := make([]float64, campaigns) // the farthest that anybody was asked to go
	for i := range examples {
		e := &examples[i]
		stretch[e.past.Campaign] = max(stretch[e.past.Campaign], e.past.Threshold-e.forecast.Mean)
	}
	loose := make([]Known, campaigns+2)
	for j := range loose {
		loose[j] = Known{0, 0.5}
	}
	window := newBayes(append(slices.Clone(loose), k.Gain, k.Inform)...)
	later := newBayes(append(slices.Clone(loose), k.Pull, k.Failing)...)
	x := make([]float64, len(loose)+2)
	for i := range rows {
		r := &rows[i]
		g, offered := gain[r]
		if in := k.residual(r, r.Days, r.Window, stretch[r.Campaign]); in.weight > 0 {
			in.covariates(r, x)
			x[len(x)-2], x[len(x)-1] = g.gain, in.forecast*bit(r.Treated && !offered)
			window.add(x, in.rest, in.weight)
		}
		if then := k.residual(r, r.AfterDays, r.After, 0); then.weight > 0 {
			then.covariates(r, x)
			x[len(x)-2], x[len(x)-1] = -g.gain*math.Min(1, r.AfterDays/afterDays), -g.missed*failingTries*then.forecast
			later.add(x, then.rest, then.weight)
		}
	}
	found := window.posterior()
	k.Gain, k.Inform = found[len(loose)], found[len(loose)+1]
	k.Gain.Mean = min(max(k.Gain.Mean, 0.3), 2)
	found = later.posterior()
	// What is pulled forward is a share of what was gained.
	k.Pull, k.Failing = found[len(loose)], found[len(loose)+1]
	k.Pull = Known{min(max(k.Pull.Mean/k.Gain.Mean, 0), 0.9), k.Pull.Deviation / k.Gain.Mean}
	k.Failing.Mean = min(max(k.Failing.Mean, 0), 0.9)
}

// residual is what somebody spent beyond their forecast. Its weight is one over the forecast's own variance; 0 where there
// is nothing to compare.
type residual struct{ forecast, zero, rest, weight float64 }

// A time so short says nothing of what came after a campaign.
const leastAfter = 7.0

func (k *Knowledge) residual(r *Past, days, spend, stretch float64) residual {
	if days < leastAfter {
		return residual{}
	}
	f := k.forecast(NewForecast(r.Customer.Months, int(r.Customer.Tenure), days))
	v := f.variance()
	if !(v > 0) {
		return residual{}
	}
	// Winsorised far beyond the forecast and what anybody was asked for, so that one large purchase does not decide.
	return residual{f.Mean, f.Zero, min(spend, f.Mean+stretch+5*math.Sqrt(v)) - f.Mean, 1 / v}
}

// covariates are the ways in which the forecast may be wrong: by campaign, for who buys seldom, for who spends much.
func (r residual) covariates(of *Past, x []float64) {
	clear(x)
	x[of.Campaign] = r.forecast
	x[len(x)-4] = r.forecast * r.zero
	x[len(x)-3] = r.forecast * math.Log1p(r.forecast/1e4) / 5
}

// bayes is a linear regression with weights whose coefficients have independent normal priors.
type bayes struct {
	prior []Known
	n, yy float64
	xx    *mat.SymDense
	xy    []float64
}

func newBayes(prior ...Known) *bayes {
	return &bayes{prior: prior, xx: mat.NewSymDense(len(prior), nil), xy: make([]float64, len(prior))}
}

func (b *bayes) add(x []float64, y, w float64) {
	b.n++
	b.yy += w * y * y
	b.xx.SymRankOne(b.xx, w, mat.NewVecDense(len(x), x))
	for j, v := range x {
		b.xy[j] += w * v * y
	}
}

// posterior is each coefficient; the priors where there is too little, or nothing that differs.
func (b *bayes) posterior() []Known {
	if b.n < 30 || !(b.yy > 0) {
		return b.prior
	}
	d, noise := len(b.prior), b.yy/b.n
	a, y := mat.NewSymDense(d, nil), mat.NewVecDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			a.SetSym(i, j, b.xx.At(i, j)/noise)
		}
		v := 1 / (b.prior[i].Deviation * b.prior[i].Deviation)
		a.SetSym(i, i, a.At(i, i)+v)
		y.SetVec(i, b.xy[i]/noise+v*b.prior[i].Mean)
	}
	var c mat.Cholesky
	var inverse mat.SymDense
	var at mat.VecDense
	if !c.Factorize(a) || c.InverseTo(&inverse) != nil || c.SolveVecTo(&at, y) != nil {
		return b.prior
	}
	out := make([]Known, d)
	for j := range out {
		out[j] = Known{at.AtVec(j), math.Sqrt(inverse.At(j, j))}
	}
	return out
}
