package xgboost

import (
	"errors"
	"fmt"
	"math"
)

// Data are the rows to learn from.
type Data struct {
	Bins   [][]uint8 // [feature][row]; 0 is missing
	Label  []float32 // one a row
	Weight []float32 // one a row, 0 or more; nil weighs all alike
}

var (
	// ErrData means that the rows can't be learned from as they are.
	ErrData = errors.New("training rows")
	// ErrOneClass means that all outcomes are the same, so that there is nothing to tell apart.
	ErrOneClass = errors.New("all training rows have the same outcome: there is nothing to learn")
	// ErrConstant means that all features are the same in every row.
	ErrConstant = errors.New("every feature has one value only: there is nothing to learn from")
)

// validate looks at every row and returns the weighted mean of the labels.
func (d Data) validate(objective Objective) (mean float64, err error) {
	rows := len(d.Label)
	switch {
	case len(d.Bins) == 0:
		return 0, fmt.Errorf("%w: there are no features", ErrData)
	case rows == 0:
		return 0, fmt.Errorf("%w: there are none", ErrData)
	case d.Weight != nil && len(d.Weight) != rows:
		return 0, fmt.Errorf("%w: there are %d weights for %d labels", ErrData, len(d.Weight), rows)
	}
	constant := true
	for i, column := range d.Bins {
		if len(column) != rows {
			return 0, fmt.Errorf("%w: feature %d has %d rows for %d labels", ErrData, i, len(column), rows)
		}
		for _, bin := range column {
			if bin != column[0] {
				constant = false
				break
			}
		}
	}
	mean, err = d.mean(objective)
	if err != nil {
		return 0, err
	}
	if constant {
		return 0, ErrConstant
	}
	return mean, nil
}

// mean looks at labels and weights.
func (d Data) mean(objective Objective) (float64, error) {
	var sum, total float64
	least, most := math.Inf(1), math.Inf(-1)
	for i, label := range d.Label {
		weight := 1.0
		if d.Weight != nil {
			weight = float64(d.Weight[i])
		}
		y := float64(label)
		switch {
		case math.IsNaN(y) || math.IsInf(y, 0):
			return 0, fmt.Errorf("%w: the label of row %d is %v, must be a number", ErrData, i, y)
		case math.IsNaN(weight) || math.IsInf(weight, 0) || weight < 0:
			return 0, fmt.Errorf("%w: the weight of row %d is %v, must be 0 or more", ErrData, i, weight)
		case objective == Logistic && y != 0 && y != 1:
			return 0, fmt.Errorf("%w: the label of row %d is %v, must be 0 or 1", ErrData, i, y)
		case (objective == Tweedie || objective == Poisson) && y < 0:
			return 0, fmt.Errorf("%w: the label of row %d is %v, must be 0 or more", ErrData, i, y)
		}
		if weight > 0 {
			least, most = min(least, y), max(most, y)
		}
		sum += weight * y
		total += weight
	}
	if total == 0 {
		return 0, fmt.Errorf("%w: all weights are 0", ErrData)
	}
	if least == most {
		return 0, ErrOneClass
	}
	return sum / total, nil
}

// rowMajor lays the rows out as the library reads them fastest, a block of rows at a time so that both sides stay in
// the cache.
func rowMajor(bins [][]uint8, rows int) []uint8 {
	const block = 256
	width := len(bins)
	out := make([]uint8, rows*width)
	for from := 0; from < rows; from += block {
		to := min(from+block, rows)
		for k, column := range bins {
			at := from*width + k
			for _, bin := range column[from:to] {
				out[at] = bin
				at += width
			}
		}
	}
	return out
}
