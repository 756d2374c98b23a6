package offers

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Efforts from a fiftieth to twenty times the prior's median, evenly on the logarithm: a distribution over them is a
// weighted sum, so that fitting it needs the notch of each customer only once.
const effortGrid = 24

var effortEdges, effortAt = func() (edges [effortGrid + 1]float64, at [effortGrid]float64) {
	low, high := math.Log(effortMedian/50), math.Log(effortMedian*20)
	for i := range edges {
		edges[i] = low + (high-low)*float64(i)/effortGrid
	}
	for i := range at {
		at[i] = math.Exp((edges[i] + edges[i+1]) / 2)
	}
	return edges, at
}()

// gridWeights is how likely each effort of the grid is; what lies beyond its ends counts at them.
func gridWeights(logMedian, logSpread float64) (w [effortGrid]float64) {
	spread := math.Exp(logSpread)
	last := 1.0
	for g := range w {
		next := 0.0
		if g+1 < effortGrid {
			next = normalAbove((effortEdges[g+1] - logMedian) / spread)
		}
		w[g] = last - next
		last = next
	}
	return w
}

// params are log-odds of attention, log median effort, log spread of effort, and the logarithm of how many times as much
// effort it is to who would not have bought at all.
type params [paramCount]float64

const paramCount = 4

// response is the fitted way in which customers take offers.
type response struct {
	at         params
	covariance [paramCount][paramCount]float64
	weight     float64 // of a customer's own responses
	loss       float64 // minus the log posterior
}

// Weights of the mean against a customer's own messages that are tried; 0: own messages say nothing.
var messageWeights = []float64{0, 1, 2, 4, 8, 16}

// fitResponse finds the most likely parameters given which of the examples reached their goals: each did by chance
// without + attention·jump. The covariance is Laplace's.
func fitResponse(examples []example, k *Knowledge, in func(*example) bool) response {
	var best response
	for n, weight := range messageWeights {
		if weight > 0 && k.Rate == 0 {
			break
		}
		r := response{at: responsePrior, weight: weight}
		if n > 0 {
			r.at = best.at
		}
		var chosen []*example
		var own []float64
		habits := Knowledge{Attention: Known{1, 0}, Weight: weight, Rate: k.Rate}
		for i := range examples {
			if e := &examples[i]; in(e) {
				chosen = append(chosen, e)
				own = append(own, habits.ownAttention(e.past.Customer))
			}
		}
		r.fit(func(at params) float64 { return logLoss(at, chosen, own) })
		if n == 0 || r.loss < best.loss-1 { // a unit of likelihood is not worth explaining
			best = r
		}
	}
	return best
}

// ownAttention is a customer's attention against the mean one.
func (k *Knowledge) ownAttention(c Customer) float64 {
	if k.Weight == 0 || k.Rate == 0 || c.Messages == 0 {
		return 1
	}
	return (k.Weight + float64(min(c.Responses, 2*c.Messages))/k.Rate) / (k.Weight + float64(c.Messages))
}

func logLoss(at params, examples []*example, own []float64) float64 {
	attention, weights := 1/(1+math.Exp(-at[0])), gridWeights(at[1], at[2])
	loss := 0.0
	for i, e := range examples {
		p := e.without + min(attention*own[i], 0.97)*e.moves(at, &weights)
		p = min(max(p, 1e-6), 1-1e-6)
		if e.reached {
			loss -= math.Log(p)
		} else {
			loss -= math.Log1p(-p)
		}
	}
	for j, x := range at {
		z := (x - responsePrior[j]) / responseDoubt[j]
		loss += z * z / 2
	}
	return loss
}

// fit walks down by Newton's steps, held back where they lead up. Derivatives are differences: there are few.
func (r *response) fit(loss func(params) float64) {
	r.loss = loss(r.at)
	for range 40 {
		gradient, curvature := differences(loss, r.at, r.loss)
		step, ok := solveSmall(curvature, gradient)
		if !ok {
			for j := range step {
				step[j] = gradient[j] * responseDoubt[j] * responseDoubt[j]
			}
		}
		better := false
		for range 20 {
			next := r.at
			for j := range next {
				next[j] -= max(-1, min(1, step[j]))
				next[j] = responsePrior[j] + max(-5, min(5, (next[j]-responsePrior[j])/responseDoubt[j]))*responseDoubt[j]
			}
			if l := loss(next); l < r.loss {
				better = r.loss-l > 1e-4
				r.at, r.loss = next, l
				break
			}
			for j := range step {
				step[j] /= 3
			}
		}
		if !better {
			break
		}
	}
	_, curvature := differences(loss, r.at, r.loss)
	r.covariance = inverseSmall(curvature)
}

func differences(loss func(params) float64, at params, here float64) (gradient params, curvature [paramCount][paramCount]float64) {
	const h = 0.02
	moved := func(i int, a float64, j int, b float64) float64 {
		x := at
		x[i] += a
		x[j] += b
		return loss(x)
	}
	for i := range at {
		up, down := moved(i, h, i, 0), moved(i, -h, i, 0)
		gradient[i] = (up - down) / (2 * h)
		curvature[i][i] = (up - 2*here + down) / (h * h)
	}
	for i := range at {
		for j := range i {
			c := (moved(i, h, j, h) - moved(i, h, j, -h) - moved(i, -h, j, h) + moved(i, -h, j, -h)) / (4 * h * h)
			curvature[i][j], curvature[j][i] = c, c
		}
	}
	return gradient, curvature
}

func symmetric(m [paramCount][paramCount]float64) *mat.SymDense {
	s := mat.NewSymDense(paramCount, nil)
	for i := range paramCount {
		for j := i; j < paramCount; j++ {
			s.SetSym(i, j, m[i][j])
		}
	}
	return s
}

func solveSmall(m [paramCount][paramCount]float64, b params) (x params, ok bool) {
	var c mat.Cholesky
	if !c.Factorize(symmetric(m)) {
		return x, false
	}
	var out mat.VecDense
	if err := c.SolveVecTo(&out, mat.NewVecDense(paramCount, b[:])); err != nil {
		return x, false
	}
	copy(x[:], out.RawVector().Data)
	return x, true
}

// inverseSmall is the covariance that a curvature means; the prior's own where the data bend the wrong way.
func inverseSmall(m [paramCount][paramCount]float64) (out [paramCount][paramCount]float64) {
	var c mat.Cholesky
	var inverse mat.SymDense
	if !c.Factorize(symmetric(m)) || c.InverseTo(&inverse) != nil {
		for j := range out {
			out[j][j] = responseDoubt[j] * responseDoubt[j]
		}
		return out
	}
	for i := range paramCount {
		for j := range paramCount {
			out[i][j] = inverse.At(i, j)
		}
	}
	return out
}

// moves is the chance that an example, taking notice, goes on to its goal.
func (e *example) moves(at params, weights *[effortGrid]float64) float64 {
	jump := 0.0
	for g, w := range weights {
		jump += w * e.jump[g]
	}
	if e.forecast.Zero > 0 {
		jump += e.forecast.Zero * normalAbove((at[1]+at[3]-e.affordable)/math.Exp(at[2]))
	}
	return jump
}

// into writes the response into the knowledge.
func (r *response) into(k *Knowledge) {
	attention := 1 / (1 + math.Exp(-r.at[0]))
	k.Covariance, k.Weight = r.covariance, r.weight
	k.Attention = Known{attention, attention * (1 - attention) * math.Sqrt(r.covariance[0][0])}
	k.Effort = Known{math.Exp(r.at[1]), math.Exp(r.at[1]) * math.Sqrt(r.covariance[1][1])}
	k.EffortSpread = Known{math.Exp(r.at[2]), math.Exp(r.at[2]) * math.Sqrt(r.covariance[2][2])}
	k.Idle = Known{math.Exp(r.at[3]), math.Exp(r.at[3]) * math.Sqrt(r.covariance[3][3])}
	if r.weight == 0 {
		k.Rate = 0
	}
}

// moved is the chance that an example goes on to its goal because of the offer, by this response.
func (r *response) moved(e *example, rate float64) float64 {
	weights := gridWeights(r.at[1], r.at[2])
	jump := e.moves(r.at, &weights)
	habits := Knowledge{Weight: r.weight, Rate: rate}
	return min(habits.ownAttention(e.past.Customer)/(1+math.Exp(-r.at[0])), 0.97) * jump
}
