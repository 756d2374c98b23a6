package uplift

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/danbi-project/danbi/internal/targeting/forest"
)

// ErrBroken says that what a registry holds is no whole model.
var ErrBroken = errors.New("the model is not whole: fit it again")

const magic = "danbi effect 1\n"

// Encode is the model's form in a registry: its parts one after the other, each with its weight and length. Each forest
// carries its own hash, so that a part that was cut or changed is told from a whole one.
func (m Model) Encode() ([]byte, error) {
	out := append([]byte(magic), byte(len(m.Learner)))
	out = append(out, m.Learner...)
	parts := m.Parts
	if m.Scale != nil {
		parts = append(append([]Part{}, parts...), Part{Forest: m.Scale, Weight: float32(math.Inf(1))})
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(parts)))
	for _, p := range parts {
		one, err := p.Forest.MarshalBinary()
		if err != nil {
			return nil, err
		}
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(p.Weight))
		out = binary.LittleEndian.AppendUint32(out, uint32(len(one)))
		out = append(out, one...)
	}
	return out, nil
}

// Decode reads what Encode wrote; anything else is ErrBroken.
func Decode(data []byte) (Model, error) {
	var m Model
	rest, whole := bytes.CutPrefix(data, []byte(magic))
	take := func(n int) []byte {
		if n < 0 || n > len(rest) {
			whole = false
			n = 0
		}
		one := rest[:n]
		rest = rest[n:]
		return one
	}
	number := func() uint32 {
		if one := take(4); len(one) == 4 {
			return binary.LittleEndian.Uint32(one)
		}
		return 0
	}
	if name := take(1); len(name) == 1 {
		m.Learner = Learner(take(int(name[0])))
	}
	for range number() {
		weight := math.Float32frombits(number())
		one := take(int(number()))
		if !whole {
			break
		}
		f := &forest.Forest{}
		if err := f.UnmarshalBinary(one); err != nil {
			return Model{}, fmt.Errorf("%w: %w", ErrBroken, err)
		}
		if math.IsInf(float64(weight), 1) {
			m.Scale = f
			continue
		}
		m.Parts = append(m.Parts, Part{f, weight})
	}
	if !whole || len(rest) > 0 || len(m.Parts) == 0 {
		return Model{}, fmt.Errorf("%w: it has %d bytes", ErrBroken, len(data))
	}
	return m, nil
}
