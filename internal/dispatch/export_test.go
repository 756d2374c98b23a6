package dispatch

// Worths is what a message in each of the planner's waves is worth to a customer, before prices.
func (p *Planner) Worths(c Candidate) []float64 {
	p.config.Prices = map[uint32]float64{}
	if _, blocked := p.wish(c); blocked != "" {
		return nil
	}
	return append([]float64(nil), p.net...)
}
