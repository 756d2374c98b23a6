package forest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// The bytes of a forest: magic, counts, nodes, and the SHA-256 of all before it, so that a registry entry that was cut,
// or changed, is told from a whole one. Numbers are little-endian.
const (
	magic      = "danbi forest 1\n"
	headerSize = len(magic) + 4 + 1 + 4 + 4
	nodeSize   = 4 + 4 + 2 + 1 + 1 + 4 + 4
)

// MarshalBinary is the forest's form in the registry. Equal forests have equal bytes.
func (f *Forest) MarshalBinary() ([]byte, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	size := headerSize + sha256.Size
	for _, t := range f.Trees {
		size += 4 + nodeSize*len(t)
	}
	out := append(make([]byte, 0, size), magic...)
	little := binary.LittleEndian
	out = little.AppendUint32(out, uint32(f.Features)) //nolint:gosec // validated
	out = append(out, byte(f.Link))
	out = little.AppendUint32(out, math.Float32bits(f.Base))
	out = little.AppendUint32(out, uint32(len(f.Trees))) //nolint:gosec // validated
	for _, t := range f.Trees {
		out = little.AppendUint32(out, uint32(len(t))) //nolint:gosec // validated
		for _, n := range t {
			out = little.AppendUint32(out, uint32(n.Left))  //nolint:gosec // validated
			out = little.AppendUint32(out, uint32(n.Right)) //nolint:gosec // validated
			out = little.AppendUint16(out, n.Feature)
			missing := byte(0)
			if n.MissingRight {
				missing = 1
			}
			out = append(out, n.Cut, missing)
			out = little.AppendUint32(out, math.Float32bits(n.Value))
			out = little.AppendUint32(out, math.Float32bits(n.Cover))
		}
	}
	sum := sha256.Sum256(out)
	return append(out, sum[:]...), nil
}

// UnmarshalBinary reads what MarshalBinary wrote. Bytes that are not whole, or were changed, or say what can't be, give
// ErrBroken and leave f as it was.
func (f *Forest) UnmarshalBinary(data []byte) error {
	if len(data) < headerSize+sha256.Size || !bytes.HasPrefix(data, []byte(magic)) {
		return fmt.Errorf("%w: these %d bytes are not a forest of this version", ErrBroken, len(data))
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(want[:], sum) {
		return fmt.Errorf("%w: its checksum does not fit: it was cut or changed after it was written", ErrBroken)
	}
	little := binary.LittleEndian
	at := body[len(magic):]
	read := Forest{Features: int(little.Uint32(at)), Link: Link(at[4]), Base: math.Float32frombits(little.Uint32(at[5:]))}
	trees := little.Uint32(at[9:])
	at = at[13:]
	if trees > maxTrees {
		return fmt.Errorf("%w: it has %d trees, at most %d are possible", ErrBroken, trees, maxTrees)
	}
	for i := range trees {
		if len(at) < 4 || uint64(little.Uint32(at))*nodeSize > uint64(len(at)-4) {
			return fmt.Errorf("%w: tree %d is longer than what follows", ErrBroken, i)
		}
		t := make(Tree, little.Uint32(at))
		at = at[4:]
		for k := range t {
			t[k] = Node{
				Left: int32(little.Uint32(at)), Right: int32(little.Uint32(at[4:])), //nolint:gosec // Validate looks at both
				Feature: little.Uint16(at[8:]), Cut: at[10], MissingRight: at[11] != 0,
				Value: math.Float32frombits(little.Uint32(at[12:])), Cover: math.Float32frombits(little.Uint32(at[16:])),
			}
			at = at[nodeSize:]
		}
		read.Trees = append(read.Trees, t)
	}
	if len(at) != 0 {
		return fmt.Errorf("%w: %d bytes follow its last tree", ErrBroken, len(at))
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*f = read
	return nil
}
