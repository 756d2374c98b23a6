// Package uplift learns from randomised campaigns whose behaviour a contact changes, and judges such models honestly: by
// doubly robust values on customers whom they have not seen. It is pure: trees are grown through the port learn.Trainer.
package uplift

import (
	"fmt"
	"math"

	"github.com/danbi-project/danbi/internal/targeting/learn"
)

// Sample is what a randomised campaign taught: one row a customer.
type Sample struct {
	Bins       [][]uint8 // by feature, then customer
	Treated    []bool
	Outcome    []float32 // 0 or 1, or an amount
	Propensity []float32 // the chance of treatment that the customer had, strictly between 0 and 1
	Order      []int64   // when; later rows calibrate. nil: all at once
}

// Fewest customers of each arm, and with an outcome in each arm: below, noise would choose.
const (
	FewestRows     = 500
	FewestOutcomes = 25
)

// Rows is how many customers there are.
func (s Sample) Rows() int { return len(s.Outcome) }

// Binary is whether the outcome is one of yes and no.
func (s Sample) Binary() bool {
	for _, y := range s.Outcome {
		if y != 0 && y != 1 {
			return false
		}
	}
	return true
}

// Take gives the customers at the given places.
func (s Sample) Take(rows []int) Sample {
	out := Sample{Bins: learn.Take(s.Bins, rows), Treated: learn.At(s.Treated, rows), Outcome: learn.At(s.Outcome, rows), Propensity: learn.At(s.Propensity, rows)}
	if s.Order != nil {
		out.Order = learn.At(s.Order, rows)
	}
	return out
}

// Check says why nothing can be learned from a sample.
func (s Sample) Check() error {
	n := s.Rows()
	if len(s.Treated) != n || len(s.Propensity) != n || s.Order != nil && len(s.Order) != n {
		return fmt.Errorf("the sample has %d outcomes, %d arms and %d propensities: there must be one of each a customer", n, len(s.Treated), len(s.Propensity))
	}
	var rows, outcomes [2]int
	for i, y := range s.Outcome {
		if bad(y) || bad(s.Propensity[i]) {
			return fmt.Errorf("row %d: outcome %v, propensity %v: %w", i, y, s.Propensity[i], learn.ErrNotFinite)
		}
		if s.Propensity[i] <= 0 || s.Propensity[i] >= 1 {
			return fmt.Errorf("row %d: the propensity is %v, but an effect can only be learned where both arms were possible", i, s.Propensity[i])
		}
		arm := s.arm(i)
		rows[arm]++
		if y != 0 {
			outcomes[arm]++
		}
	}
	for arm, name := range []string{"control", "treated"} {
		switch {
		case rows[arm] == 0:
			return fmt.Errorf("nobody is %s: %w", name, learn.ErrOneClass)
		case rows[arm] < FewestRows:
			return fmt.Errorf("%d customers are %s, and %d are needed: %w", rows[arm], name, FewestRows, learn.ErrTooFew)
		}
	}
	for arm, name := range []string{"control", "treated"} {
		switch few := min(outcomes[arm], rows[arm]-outcomes[arm]); {
		case outcomes[0]+outcomes[1] == 0 || s.Binary() && outcomes[0]+outcomes[1] == n:
			return learn.ErrOneClass
		case outcomes[arm] < FewestOutcomes || s.Binary() && few < FewestOutcomes:
			return fmt.Errorf("only %d of the %s customers differ from the others in outcome, and %d are needed: %w", few, name, FewestOutcomes, learn.ErrTooFew)
		}
	}
	return learn.Varies(s.Bins, n)
}

func bad(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }

func (s Sample) arm(i int) int {
	if s.Treated[i] {
		return 1
	}
	return 0
}

// strata keep arms and outcomes in proportion.
func (s Sample) strata() []int {
	out := make([]int, s.Rows())
	for i, y := range s.Outcome {
		out[i] = 2 * s.arm(i)
		if y != 0 {
			out[i]++
		}
	}
	return out
}
