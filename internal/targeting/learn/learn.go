// Package learn is what learners of all kinds share: the port through which trees are trained, folds, and measures of how
// well a score orders customers. Features come as bins (see features.Binning): 0 is missing, the rest are in order.
package learn

import (
	"context"
	"errors"
	"fmt"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// Faults of what is learned from.
var (
	// ErrTooFew says that there are not enough rows, or not enough of either outcome or arm, to learn from.
	ErrTooFew = errors.New("there are too few customers to learn from")
	// ErrOneClass says that all customers have the same outcome, or all are in the same arm.
	ErrOneClass = errors.New("all customers have the same outcome, so that nothing can be learned from them")
	// ErrNoFeature says that no feature differs between customers.
	ErrNoFeature = errors.New("no feature differs between customers")
	// ErrNotFinite says that an outcome, weight or propensity is not a number, or infinite.
	ErrNotFinite = errors.New("a value is not a finite number")
)

// Objective is what trees are fitted to.
type Objective string

// Objectives.
const (
	Squared  Objective = "reg:squarederror" // scores are in units of the label
	Logistic Objective = "binary:logistic"  // labels are 0 or 1; scores are log-odds
	Tweedie  Objective = "reg:tweedie"      // labels are amounts, often 0; scores are logarithms of their means
)

// Data is what one forest is fitted to. Bins are by feature, then row. Weight may be nil.
type Data struct {
	Bins   [][]uint8
	Label  []float32
	Weight []float32
}

// Params are how trees are grown.
type Params struct {
	Objective   Objective
	Trees       int
	Depth       int
	Rate        float64
	Subsample   float64 // share of rows a tree sees
	Columns     float64 // share of features a tree sees
	ChildWeight float64 // least sum of hessians in a leaf
	Lambda      float64
	Seed        uint64
}

// Trainer grows trees. It may be used by many at once.
type Trainer interface {
	Train(ctx context.Context, d Data, p Params) (*forest.Forest, error)
}

// Rows is how many rows the bins have.
func Rows(bins [][]uint8) int {
	if len(bins) == 0 {
		return 0
	}
	return len(bins[0])
}

// Varies is an error unless all columns have n rows and at least one differs between them.
func Varies(bins [][]uint8, n int) error {
	varies := false
	for j, column := range bins {
		if len(column) != n {
			return fmt.Errorf("feature %d has %d rows of %d", j, len(column), n)
		}
		for _, v := range column {
			if v != column[0] {
				varies = true
				break
			}
		}
	}
	if !varies {
		return ErrNoFeature
	}
	return nil
}

// Take gives the rows of bins at the given places.
func Take(bins [][]uint8, rows []int) [][]uint8 {
	out := make([][]uint8, len(bins))
	for j, column := range bins {
		out[j] = At(column, rows)
	}
	return out
}

// At gives the values at the given places.
func At[T any](values []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}
