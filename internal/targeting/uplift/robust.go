package uplift

// DoublyRobust gives each customer's effect as an outcome of its own: unbiased where the propensities are right, whatever
// mu0 and mu1 (expected outcomes without and with a contact, out of fold) are worth; the better they are, the less noise
// (Robins, Rotnitzky and Zhao, JASA 1994). Its mean over any group of customers estimates the group's mean effect.
func DoublyRobust(s Sample, mu0, mu1 []float32) []float32 {
	out := make([]float32, s.Rows())
	for i, y := range s.Outcome {
		out[i] = mu1[i] - mu0[i]
		if s.Treated[i] {
			out[i] += (y - mu1[i]) / s.Propensity[i]
		} else {
			out[i] -= (y - mu0[i]) / (1 - s.Propensity[i])
		}
	}
	return out
}
