package xgboost

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"unsafe"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// Booster is a trained model inside the library. Free it after use.
type Booster struct {
	library  *Library
	handle   boosterHandle
	features int
	link     forest.Link
	base     float32
}

// Train learns a forest whose scores are the library's own. It stops between two rounds when ctx ends.
func (l *Library) Train(ctx context.Context, data Data, params Params) (*forest.Forest, error) {
	booster, err := l.Boost(ctx, data, params)
	if err != nil {
		return nil, err
	}
	trained, err := booster.Forest()
	return trained, errors.Join(err, booster.Free())
}

// Boost learns a model and keeps it in the library.
func (l *Library) Boost(ctx context.Context, data Data, params Params) (*Booster, error) {
	if err := params.validate(); err != nil {
		return nil, err
	}
	mean, err := data.validate(params.Objective)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	link, _ := params.Objective.link()
	b := &Booster{library: l, features: len(data.Bins), link: link}
	prior := float32(mean)
	switch link {
	case forest.Logit:
		// The library takes a probability and does this sum in float32; the forest's base must be the same.
		prior = min(max(prior, 1e-6), 1-1e-6)
		b.base = float32(-math.Log(float64(1/prior - 1)))
	case forest.Log:
		b.base = float32(math.Log(float64(prior)))
	default:
		b.base = prior
	}
	threads := params.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return b, l.do(func() error { return b.train(ctx, data, params, prior, threads) })
}

// train runs on the library's thread. On any error nothing of the model is left.
func (b *Booster) train(ctx context.Context, data Data, params Params, prior float32, threads int) (err error) {
	l := b.library
	matrix, err := l.matrix(data, threads)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.check("free the rows", l.calls.matrixFree(matrix))) }()
	if err := l.check("make a model", l.calls.boosterCreate(&matrix, 1, &b.handle)); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			l.calls.boosterFree(b.handle)
			b.handle = 0
		}
	}()
	for _, set := range params.settings(prior, threads) {
		if err := l.check("set "+set[0], l.calls.boosterSet(b.handle, set[0], set[1])); err != nil {
			return err
		}
	}
	for round := range params.Rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.check(fmt.Sprintf("train round %d", round), l.calls.boosterUpdate(b.handle, int32(round), matrix)); err != nil { //nolint:gosec // at most 5000
			return err
		}
	}
	return nil
}

// matrix copies the rows into the library.
func (l *Library) matrix(data Data, threads int) (matrixHandle, error) {
	rows, width := len(data.Label), len(data.Bins)
	cells := rowMajor(data.Bins, rows)
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&cells[0])
	var matrix matrixHandle
	config := fmt.Sprintf(`{"missing":%d,"nthread":%d}`, forest.Missing, threads)
	if err := l.check("read the rows", l.calls.matrixFromDense(denseInterface(unsafe.Pointer(&cells[0]), "|u1", rows, width), config, &matrix)); err != nil {
		return 0, err
	}
	for field, values := range map[string][]float32{"label": data.Label, "weight": data.Weight} {
		if values == nil {
			continue
		}
		pin.Pin(&values[0])
		if err := l.check("read the "+field, l.calls.matrixSetInfo(matrix, field, denseInterface(unsafe.Pointer(&values[0]), "<f4", rows))); err != nil {
			l.calls.matrixFree(matrix)
			return 0, err
		}
	}
	return matrix, nil
}

// Free gives the model's memory back to the library.
func (b *Booster) Free() error {
	return b.library.do(func() error {
		handle := b.handle
		if handle == 0 {
			return nil
		}
		b.handle = 0
		return b.library.check("free a model", b.library.calls.boosterFree(handle))
	})
}
