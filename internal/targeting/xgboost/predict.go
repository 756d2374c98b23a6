package xgboost

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// Cell is what a cell of rows may be for the library's own prediction.
type Cell interface{ uint8 | float32 }

// PredictInPlace is the library's own way to score: rows lie one after the other with 0 for missing, are not copied,
// and are scored on all the model's threads. It exists to be held against; forest scores many times as fast.
func PredictInPlace[T Cell](b *Booster, rows []T, out []float32) error {
	if len(rows) == 0 || len(rows) != len(out)*b.features {
		return fmt.Errorf("%w: %d cells are not %d rows of %d features", ErrData, len(rows), len(out), b.features)
	}
	kind := "|u1"
	if unsafe.Sizeof(rows[0]) == 4 {
		kind = "<f4"
	}
	return b.library.do(func() error {
		var pin runtime.Pinner
		defer pin.Unpin()
		pin.Pin(&rows[0])
		var shape *uint64
		var dim uint64
		var scores *float32
		config := fmt.Sprintf(`{"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,"missing":%d,"cache_id":0}`, forest.Missing)
		if err := b.library.check("score", b.library.calls.boosterPredict(b.handle,
			denseInterface(unsafe.Pointer(&rows[0]), kind, len(out), b.features), config, 0, &shape, &dim, &scores)); err != nil {
			return err
		}
		copy(out, unsafe.Slice(scores, len(out)))
		return nil
	})
}

// Contributions is the library's own exact attribution: for each row one number a feature and last the base, in the
// order of rows. It exists to be held against.
func (b *Booster) Contributions(bins [][]uint8) ([]float32, error) {
	if len(bins) != b.features || len(bins[0]) == 0 {
		return nil, fmt.Errorf("%w: %d features of %d", ErrData, len(bins), b.features)
	}
	var out []float32
	err := b.library.do(func() (err error) {
		l := b.library
		matrix, err := l.matrix(Data{Bins: bins, Label: make([]float32, len(bins[0]))}, 1)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, l.check("free the rows", l.calls.matrixFree(matrix))) }()
		var shape *uint64
		var dim uint64
		var values *float32
		const config = `{"type":2,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false}`
		if err := l.check("explain", l.calls.matrixPredict(b.handle, matrix, config, &shape, &dim, &values)); err != nil {
			return err
		}
		out = append(out, unsafe.Slice(values, len(bins[0])*(b.features+1))...)
		return nil
	})
	return out, err
}
