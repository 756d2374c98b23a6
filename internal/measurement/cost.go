package measurement

import "math"

// PerUnit is what one more unit of the metric cost, with its interval: cost over (difference x treated customers). The
// interval is the effect's turned over; High is infinite where the effect may be nothing at all. ok is false where no
// increase was found, so that a cost per unit has no meaning.
func (e Effect) PerUnit(cost float64) (value, low, high float64, ok bool) {
	n := e.Treated.n()
	if e.Difference <= 0 || e.High <= 0 || n == 0 || cost < 0 {
		return 0, 0, 0, false
	}
	value, low, high = cost/(n*e.Difference), cost/(n*e.High), math.Inf(1)
	if e.Low > 0 {
		high = cost / (n * e.Low)
	}
	return value, low, high, true
}
