package ope

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// crossFit is the expected outcome of each row under each arm, by models that have not seen the row's unit.
func crossFit(rows []Row, arms int) [][]float64 {
	scale := newScale(rows)
	out := make([][]float64, len(rows))
	for fold := range folds {
		all := newMoments(len(rows[0].X))
		each := make([]*moments, arms)
		for a := range each {
			each[a] = newMoments(len(rows[0].X))
		}
		for _, r := range rows {
			if foldOf(r.Unit) != fold {
				x := scale.of(r.X)
				each[r.Arm].add(x, r.Y)
				all.add(x, r.Y)
			}
		}
		// An arm with few rows is pulled towards all of them together.
		common := all.fit(nil)
		models := make([][]float64, arms)
		for a := range models {
			models[a] = each[a].fit(common)
		}
		for i, r := range rows {
			if foldOf(r.Unit) == fold {
				x := scale.of(r.X)
				out[i] = make([]float64, arms)
				for a, model := range models {
					out[i][a] = dot(model, x)
				}
			}
		}
	}
	return out
}

// foldOf spreads units over folds whatever their numbers are (Knuth's multiplicative hash).
func foldOf(unit uint32) int { return int(uint64(unit*2654435761) * folds >> 32) }

// scale brings covariates to mean 0 and deviation 1, so that one ridge is fair to all of them.
type scale struct{ mean, deviation []float64 }

func newScale(rows []Row) scale {
	d, n := len(rows[0].X), float64(len(rows))
	s := scale{make([]float64, d), make([]float64, d)}
	for _, r := range rows {
		for j, x := range r.X {
			s.mean[j] += x / n
		}
	}
	for _, r := range rows {
		for j, x := range r.X {
			s.deviation[j] += (x - s.mean[j]) * (x - s.mean[j]) / n
		}
	}
	for j := range s.deviation {
		s.deviation[j] = math.Sqrt(s.deviation[j])
		if s.deviation[j] <= 1e-12*math.Abs(s.mean[j]) {
			s.deviation[j] = math.Inf(1) // says nothing: becomes zero
		}
	}
	return s
}

// of is the covariates in scale, after a one for the intercept.
func (s scale) of(x []float64) []float64 {
	out := make([]float64, len(x)+1)
	out[0] = 1
	for j, v := range x {
		out[j+1] = (v - s.mean[j]) / s.deviation[j]
	}
	return out
}

// moments are all that a linear regression needs of its rows.
type moments struct {
	n  float64
	xx *mat.SymDense
	xy []float64
}

func newMoments(covariates int) *moments {
	return &moments{xx: mat.NewSymDense(covariates+1, nil), xy: make([]float64, covariates+1)}
}

func (m *moments) add(x []float64, y float64) {
	m.n++
	m.xx.SymRankOne(m.xx, 1, mat.NewVecDense(len(x), x))
	for j, v := range x {
		m.xy[j] += v * y
	}
}

// ridgeRows is how many rows the pull towards the common model counts for.
const ridgeRows = 20.0

// fit is the ridge regression that is pulled towards a model, nil meaning zero. The model of no rows is that model.
func (m *moments) fit(towards []float64) []float64 {
	d := len(m.xy)
	if towards == nil {
		towards = make([]float64, d)
	}
	if m.n == 0 {
		return towards
	}
	a, b := mat.NewSymDense(d, nil), mat.NewVecDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			a.SetSym(i, j, m.xx.At(i, j))
		}
		a.SetSym(i, i, a.At(i, i)+ridgeRows)
		b.SetVec(i, m.xy[i]+ridgeRows*towards[i])
	}
	var solved mat.Cholesky
	var out mat.VecDense
	if !solved.Factorize(a) || solved.SolveVecTo(&out, b) != nil && !finite(out.RawVector().Data...) {
		return towards
	}
	return out.RawVector().Data
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
