package measurement

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Design is what a comparison is sized by, before it begins. Mean and Deviation are of the metric over a window of the
// same length before the campaign; Reduction is the share of variance that the pre-period takes away.
type Design struct {
	Treated    uint64
	Control    uint64
	Mean       float64
	Deviation  float64
	Reduction  float64
	Confidence float64 // of the two-sided interval
	Power      float64 // the chance to see an effect of the size that is looked for
}

// SmallestLift is the smallest difference per customer, and as a share of the mean, that the design finds with its power.
// Infinite without customers in both arms; the share is infinite without a mean.
func (d Design) SmallestLift() (difference, relative float64) {
	if d.Treated == 0 || d.Control == 0 {
		return math.Inf(1), math.Inf(1)
	}
	difference = d.reach() * d.deviation() * math.Sqrt(1/float64(d.Treated)+1/float64(d.Control))
	return difference, over(difference, d.Mean)
}

// Control is how many customers of all the control group needs, the rest being treated, to find a relative lift; false
// when even halves would not do.
func (d Design) ControlFor(all uint64, relative float64) (uint64, bool) {
	wanted := relative * d.Mean
	if all < 2 || wanted <= 0 {
		return 0, false
	}
	// 1/c + 1/(n-c) <= room, whose smaller root in c is the control group.
	unit := wanted / (d.reach() * d.deviation())
	room, n := unit*unit, float64(all)
	under := n*n - 4*n/room
	if under < 0 {
		return 0, false
	}
	c := math.Ceil((n - math.Sqrt(under)) / 2)
	return max(1, uint64(c)), true
}

// DesignOf is a design for customers who vary as these did, whose pre-period explains as much as it did of them.
func DesignOf(s Sums, confidence, power float64) Design {
	d := Design{Mean: s.Mean(), Deviation: s.Deviation(), Confidence: confidence, Power: power}
	if sxx, syy := s.sxx(), s.syy(); sxx > 0 && syy > 0 {
		d.Reduction = s.sxy() * s.sxy() / (sxx * syy)
	}
	return d
}

func (d Design) deviation() float64 { return d.Deviation * math.Sqrt(1-min(max(d.Reduction, 0), 1)) }

// reach is how many standard errors lie between no effect and the smallest that is found.
func (d Design) reach() float64 {
	return distuv.UnitNormal.Quantile(1-(1-d.Confidence)/2) + distuv.UnitNormal.Quantile(d.Power)
}

func over(a, b float64) float64 {
	if b <= 0 {
		return math.Inf(1)
	}
	return a / b
}
