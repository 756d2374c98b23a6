package measurement

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Claim is what may be said of a difference.
type Claim string

// The claims, in the order in which they are looked for: the first that holds is the one.
const (
	NeverDelivered Claim = "never_delivered"       // nobody saw a message: the difference checks the balance of the arms, it is no effect
	NoControl      Claim = "no_control"            // nothing to compare with
	Mismatch       Claim = "sample_ratio_mismatch" // the arms are not those that were drawn: something lost customers
	Inconclusive   Claim = "inconclusive"          // the interval contains no difference at all
	Proven         Claim = "effect"
)

// LeastRatioProbability is where a sample ratio becomes so unlikely that it is a fault, not chance. The bound is strict
// because it is looked at in every campaign.
const LeastRatioProbability = 0.001

// Judge says what may be claimed. really is whether messages were delivered; ratio is SampleRatio's probability.
func (e Effect) Judge(really bool, ratio float64) Claim {
	switch {
	case !really:
		return NeverDelivered
	case e.Treated.Customers < 2 || e.Control.Customers < 2:
		return NoControl
	case ratio < LeastRatioProbability:
		return Mismatch
	case e.Low <= 0 && e.High >= 0:
		return Inconclusive
	}
	return Proven
}

// SampleRatio is the probability that arms which are drawn with the given share of control lie as far from it as these,
// or farther: by χ² with one degree of freedom, or exactly where an arm is too small for it. 1 when there is nothing to
// compare.
func SampleRatio(treated, control uint64, share float64) float64 {
	n := float64(treated + control)
	if n == 0 || share <= 0 || share >= 1 {
		return 1
	}
	expected := n * share
	if expected < 5 || n-expected < 5 {
		return exactRatio(float64(control), distuv.Binomial{N: n, P: share})
	}
	gap := float64(control) - expected
	chi := gap * gap * (1/expected + 1/(n-expected))
	return 1 - distuv.ChiSquared{K: 1}.CDF(chi)
}

// exactRatio adds up the outcomes that are no likelier than the one that was seen.
func exactRatio(seen float64, b distuv.Binomial) float64 {
	bound := b.Prob(seen) * (1 + 1e-9)
	// Where n is large and an arm tiny, outcomes beyond these have no weight.
	mean, spread := b.Mean(), 12*b.StdDev()+25
	sum := 0.0
	for k := math.Max(0, math.Floor(mean-spread)); k <= math.Min(b.N, mean+spread); k++ {
		if p := b.Prob(k); p <= bound {
			sum += p
		}
	}
	return math.Min(sum, 1)
}
