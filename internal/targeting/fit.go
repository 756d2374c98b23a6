package targeting

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Why a rule stands in for a model: codes, for people to be told in their language.
const (
	NoteNone       = "model_none"       // the spec wants none
	NoteNoCampaign = "no_past_campaign" // nothing to learn from
	NoteTooFew     = "too_few_rows"
	NoteOneClass   = "one_outcome"      // all responded, or none
	NoteNoTrial    = "no_control_group" // no past campaign had one: what a contact changes can't be learned
	NoteQuick      = "preview"          // the registry has no model yet, and a preview fits none
	NoteNoTrainer  = "no_xgboost"       // the library that trains models is missing
	NoteUnfit      = "no_fit"           // the fit did not converge, or is no better than chance
)

// ErrNoFit says that a model can't be fitted; its text is a note.
var ErrNoFit = errors.New("no model can be fitted")

const (
	fewestRows      = 500
	fewestOfEither  = 25
	ridge           = 1.0 // on standardised inputs: enough to hold weights that the data say nothing of
	mostSteps       = 40
	worstUsefulArea = 0.52
)

// Example is one customer whom a past campaign reached: what was known before it, and whether they responded.
type Example struct {
	Customer  uint32
	Signals   []float32
	Responded bool
}

// Fit fits a logistic regression of response on signals by Newton's method, and says how well it orders customers whom
// it has not seen (the area under the ROC curve over one in five, by held). Examples that allow no model give ErrNoFit.
func Fit(examples []Example, held func(customer uint32) bool) (Model, float64, error) {
	var train, test []Example
	for _, e := range examples {
		if held(e.Customer) {
			test = append(test, e)
		} else {
			train = append(train, e)
		}
	}
	if len(train) < fewestRows {
		return Model{}, 0, noFit(NoteTooFew)
	}
	for _, part := range [][]Example{train, test} {
		responded := 0
		for _, e := range part {
			if e.Responded {
				responded++
			}
		}
		if few := min(responded, len(part)-responded); few < fewestOfEither {
			if responded == 0 || responded == len(part) {
				return Model{}, 0, noFit(NoteOneClass)
			}
			return Model{}, 0, noFit(NoteTooFew)
		}
	}
	m := standardise(train)
	if err := m.newton(train); err != nil {
		return Model{}, 0, err
	}
	area := m.area(test)
	if math.IsNaN(area) || area < worstUsefulArea {
		return Model{}, area, noFit(NoteUnfit)
	}
	return m, area, nil
}

func noFit(note string) error { return fmt.Errorf("%w: %s", ErrNoFit, note) }

// Note is the code in an ErrNoFit.
func Note(err error) string {
	for _, note := range []string{NoteTooFew, NoteOneClass, NoteUnfit, NoteNoCampaign} {
		if err.Error() == noFit(note).Error() {
			return note
		}
	}
	return NoteUnfit
}

func standardise(train []Example) Model {
	w := width()
	m := Model{Kind: KindResponse, Signals: Signals(), Mean: make([]float64, w), Spread: make([]float64, w), Weights: make([]float64, w)}
	x := make([]float64, w)
	squares := make([]float64, w)
	for _, e := range train {
		for i, v := range transform(x, e.Signals) {
			m.Mean[i] += v
			squares[i] += v * v
		}
	}
	n := float64(len(train))
	for i := range x {
		m.Mean[i] /= n
		m.Spread[i] = math.Sqrt(max(squares[i]/n-m.Mean[i]*m.Mean[i], 0))
		if m.Spread[i] < 1e-9 {
			m.Spread[i] = 1 // says nothing: its weight stays zero
		}
	}
	return m
}

// newton maximises the likelihood less the ridge; the last coordinate is the bias, which the ridge leaves alone.
func (m *Model) newton(train []Example) error {
	w := width()
	x := make([]float64, w+1)
	gradient := mat.NewVecDense(w+1, nil)
	step := mat.NewVecDense(w+1, nil)
	for range mostSteps {
		hessian := mat.NewSymDense(w+1, nil)
		gradient.Zero()
		for _, e := range train {
			transform(x[:w], e.Signals)
			for i := range w {
				x[i] = (x[i] - m.Mean[i]) / m.Spread[i]
			}
			x[w] = 1
			logit := m.Bias
			for i, v := range m.Weights {
				logit += v * x[i]
			}
			p := 1 / (1 + math.Exp(-logit))
			miss := -p
			if e.Responded {
				miss = 1 - p
			}
			weight := max(p*(1-p), 1e-9)
			for i := range x {
				gradient.SetVec(i, gradient.AtVec(i)+miss*x[i])
				for j := i; j < len(x); j++ {
					hessian.SetSym(i, j, hessian.At(i, j)+weight*x[i]*x[j])
				}
			}
		}
		for i := range w {
			gradient.SetVec(i, gradient.AtVec(i)-ridge*m.Weights[i])
			hessian.SetSym(i, i, hessian.At(i, i)+ridge)
		}
		var cholesky mat.Cholesky
		if !cholesky.Factorize(hessian) || cholesky.SolveVecTo(step, gradient) != nil {
			return noFit(NoteUnfit)
		}
		// A step that is too long for the curve is shortened: log-odds beyond 4 in one step are no Newton step any more.
		length := mat.Norm(step, 2)
		shorten := min(1, 4/max(length, 1e-12))
		for i := range m.Weights {
			m.Weights[i] += shorten * step.AtVec(i)
		}
		m.Bias += shorten * step.AtVec(w)
		if length < 1e-7 {
			return nil
		}
	}
	return noFit(NoteUnfit)
}

// area is the chance that a customer who responded has a higher score than one who did not; ties count half.
func (m Model) area(test []Example) float64 {
	type scored struct {
		logit     float64
		responded bool
	}
	all := make([]scored, len(test))
	x := make([]float64, width())
	for i, e := range test {
		all[i] = scored{m.logit(transform(x, e.Signals)), e.Responded}
	}
	slices.SortFunc(all, func(a, b scored) int {
		switch {
		case a.logit < b.logit:
			return -1
		case a.logit > b.logit:
			return 1
		}
		return 0
	})
	var ranks, responded float64
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].logit == all[i].logit {
			j++
		}
		for _, s := range all[i:j] {
			if s.responded {
				ranks += float64(i+j+1) / 2
				responded++
			}
		}
		i = j
	}
	others := float64(len(all)) - responded
	return (ranks - responded*(responded+1)/2) / (responded * others)
}
