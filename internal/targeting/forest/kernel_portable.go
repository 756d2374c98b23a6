package forest

import (
	"encoding/binary"
	"unsafe"
)

// The kernel for 64 rows a tile in plain Go, for machines with neither AVX-512 nor AVX2. Row 8r+i is bit r of byte i of each mask.
// Places in tables and trees come from compile and are not checked again, which is half of its speed.

// exchange swaps the bits of a that m leaves out with the bits of b that it names, s places apart.
func exchange(a, b *uint64, m uint64, s uint) {
	t := (*a>>s ^ *b) & m
	*b ^= t
	*a ^= t << s
}

// turn makes bit b of word r bit r of word b, in every byte.
func turn(w *[8]uint64) {
	for i := 0; i < 8; i += 2 {
		exchange(&w[i], &w[i+1], 0x5555555555555555, 1)
	}
	for i := 0; i < 8; i += 4 {
		exchange(&w[i], &w[i+2], 0x3333333333333333, 2)
		exchange(&w[i+1], &w[i+3], 0x3333333333333333, 2)
	}
	for i := range 4 {
		exchange(&w[i], &w[i+4], 0x0F0F0F0F0F0F0F0F, 4)
	}
}

func tabulatePortable(bins *uint8, table *byte, shift uint8) {
	var planes [8]uint64
	for r, from := 0, (*[64]uint8)(unsafe.Pointer(bins)); r < 8; r++ {
		planes[r] = binary.LittleEndian.Uint64(from[8*r : 8*r+8])
		if shift != 0 { // 1 less in every byte, without a borrow between them
			const top = 0x8080808080808080
			planes[r] = (planes[r] | top - 0x0101010101010101) ^ ^planes[r]&top
		}
	}
	turn(&planes)
	masks := unsafe.Slice((*uint64)(unsafe.Pointer(table)), tableEntries)
	masks[0], masks[16], masks[17] = 0, ^uint64(0), 0
	half(masks[0:16], planes[4], planes[5], planes[6], planes[7])
	half(masks[17:33], planes[0], planes[1], planes[2], planes[3])
}

// half writes the masks "x < 1 … 15" of the four bits p3 … p0 behind the first.
func half(masks []uint64, p0, p1, p2, p3 uint64) {
	low := [4]uint64{0, ^(p0 | p1), ^p1, ^(p0 & p1)}
	high := [5]uint64{0, ^(p2 | p3), ^p3, ^(p2 & p3), ^uint64(0)}
	for v := 1; v < 16; v++ {
		masks[v] = high[v>>2] | high[v>>2+1]&low[v&3]
	}
}

// questions are the masks and one tree's places in them.
type questions struct {
	tables unsafe.Pointer
	tree   *treeCode
}

// answer is the mask of the rows that go left at the node.
func (q questions) answer(node int) uint64 {
	at := &q.tree.ask[node]
	high := unsafe.Add(q.tables, at[0])
	return *(*uint64)(high) | *(*uint64)(unsafe.Add(high, 8))&*(*uint64)(unsafe.Add(q.tables, at[1]))
}

// two to sixteen choose among the answers of that many nodes by the levels above, the nearest level first.
func (q questions) two(node int, b1 uint64) uint64 {
	return choose(b1, q.answer(node), q.answer(node+1))
}

func (q questions) four(node int, b1, b2 uint64) uint64 {
	return choose(b2, q.two(node, b1), q.two(node+2, b1))
}

func (q questions) eight(node int, b1, b2, b3 uint64) uint64 {
	return choose(b3, q.four(node, b1, b2), q.four(node+4, b1, b2))
}

func (q questions) sixteen(node int, b1, b2, b3, b4 uint64) uint64 {
	return choose(b4, q.eight(node, b1, b2, b3), q.eight(node+8, b1, b2, b3))
}

// choose takes the left answer where b says left.
func choose(b, left, right uint64) uint64 { return (left^right)&b ^ right }

func scorePortable(tables *byte, trees *treeCode, count int, leaves *byte, out *float32) {
	scores, leaf := (*[64]float32)(unsafe.Pointer(out)), (*[64]uint8)(unsafe.Pointer(leaves))
	all := unsafe.Slice(trees, count)
	for i := range all {
		q := questions{unsafe.Pointer(tables), &all[i]}
		b := q.descend()
		turn(&b)
		for r := range b {
			binary.LittleEndian.PutUint64(leaf[8*r:8*r+8], b[r])
		}
		for row, place := range leaf {
			scores[row] += q.tree.leaf[place%leavesOf]
		}
	}
}

// descend is which way the rows go at each level.
func (q questions) descend() (b [8]uint64) {
	depth := q.tree.depth
	if depth > 0 {
		b[0] = q.answer(0)
	}
	if depth > 1 {
		b[1] = q.two(1, b[0])
	}
	if depth > 2 {
		b[2] = q.four(3, b[1], b[0])
	}
	if depth > 3 {
		b[3] = q.eight(7, b[2], b[1], b[0])
	}
	if depth > 4 {
		b[4] = q.sixteen(15, b[3], b[2], b[1], b[0])
	}
	if depth > 5 {
		b[5] = choose(b[0], q.sixteen(31, b[4], b[3], b[2], b[1]), q.sixteen(47, b[4], b[3], b[2], b[1]))
	}
	return b
}
