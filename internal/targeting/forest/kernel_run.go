package forest

import (
	"sync"
	"unsafe"
)

// path is one way to compute a program: how many bytes its masks have and its two steps.
type path struct {
	name      string
	maskBytes int
	// tabulate writes the masks of one column into table; a shift of 1 makes Missing the greatest.
	tabulate func(bins *uint8, table *byte, shift uint8)
	// score adds the leaves of the trees, of which there is one at least, to the scores of a tile's rows. Leaves is
	// room for one byte a row.
	score func(tables *byte, trees *treeCode, count int, leaves *byte, out *float32)
}

// portable is the path that every machine can go.
var portable = path{"portable", 8, tabulatePortable, scorePortable}

// paths are those that this machine can go, the fastest first.
var paths = append(fastPaths(), portable)

// kernel is a program on one path. It may be used by several goroutines.
type kernel struct {
	way     path
	program *program
	work    sync.Pool // of *tile
}

// tile is the memory for one tile of rows.
type tile struct {
	tables []byte // aligned to a cache line: each mask is then read at once
	leaves []byte
	bins   []uint8   // of a column that ends within the tile
	out    []float32 // of rows that end within it
}

// newKernel is the kernel for the forests, or nil when a tree is too deep for it.
func newKernel(way path, forests []*Forest) *kernel {
	p := compile(forests, uint32(way.maskBytes)) //nolint:gosec // 32 or 64
	if p == nil {
		return nil
	}
	k := &kernel{way: way, program: p}
	rows := k.rows()
	k.work.New = func() any {
		return &tile{
			tables: aligned(len(p.columns) * tableEntries * way.maskBytes), leaves: aligned(rows),
			bins: aligned(rows), out: make([]float32, rows),
		}
	}
	return k
}

// rows is how many a tile has: one a bit.
func (k *kernel) rows() int { return 8 * k.way.maskBytes }

// score is Scorer.score: bins[feature][row] into out[forest][row], whose lengths fit.
func (k *kernel) score(forests []*Forest, bins [][]uint8, out [][]float32) {
	t, _ := k.work.Get().(*tile)
	defer k.work.Put(t)
	rows, step := len(bins[0]), k.rows()
	for from := 0; from < rows; from += step {
		here := min(step, rows-from)
		for i, c := range k.program.columns {
			column := bins[c.feature][from : from+here]
			if here < step {
				copy(t.bins, column) // what stands behind it is scored too, and thrown away
				column = t.bins
			}
			shift := uint8(0)
			if c.shifted {
				shift = 1
			}
			k.way.tabulate(&column[0], &t.tables[i*tableEntries*k.way.maskBytes], shift)
		}
		for i, trees := range k.program.forests {
			scores := out[i][from : from+here]
			if here < step {
				scores = t.out
			}
			for r := range scores {
				scores[r] = forests[i].Base
			}
			if len(trees) > 0 {
				k.way.score(&t.tables[0], &trees[0], len(trees), &t.leaves[0], &scores[0])
			}
			if here < step {
				copy(out[i][from:], scores[:here])
			}
		}
	}
}

// aligned is memory that begins at a cache line.
func aligned(size int) []byte {
	const line = 64
	memory := make([]byte, size+line)
	skip := -uintptr(unsafe.Pointer(&memory[0])) % line
	return memory[skip : skip+uintptr(size)]
}
