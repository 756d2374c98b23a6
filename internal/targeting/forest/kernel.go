package forest

// The kernel asks all questions of a tree at once for a tile of rows, one bit a row.
//
// A tile's bins of one feature are turned into eight planes: plane p holds bit p of every row's bin. From the planes
// come, for each half of the bin, the masks "half < v" of all v. The answer to "bin < c" is then one step:
//
//	hi < c_hi  or  (hi < c_hi+1  and  lo < c_lo)
//
// so a question costs the same however many rows the tile has. The answers of one level choose among those of the next
// (a multiplexer), which leaves one bit a level and row; turned back, these bits are the number of the row's leaf, and
// its value is looked up in registers. No branch depends on a customer.

const (
	// tableEntries are the masks of one column: hi < 0 … hi < 16, then lo < 0 … lo < 15.
	tableEntries = 17 + 16
	// nodesOf and leavesOf are those of a complete tree of MaxDepth.
	nodesOf  = 1<<MaxDepth - 1
	leavesOf = 1 << MaxDepth
)

// column is a feature whose masks the forests ask for.
type column struct {
	feature uint16
	// shifted takes 1 from every bin, which makes Missing the greatest: it then goes to the right of every cut.
	shifted bool
}

// treeCode is a tree made complete, as the assembly reads it.
type treeCode struct {
	// ask holds of each node, in order of levels, where its masks stand in the tables, in bytes: the one for the upper
	// half (its successor stands behind it) and the one for the lower.
	ask   [nodesOf][2]uint32
	depth uint32
	_     uint32
	leaf  [leavesOf]float32 // by the answers: bit d is 1 when the way goes left at level d
}

// program is what a Scorer computes.
type program struct {
	maskBytes uint32
	columns   []column
	forests   [][]treeCode
}

// compile turns forests into a program for masks of this many bytes, or nothing when a tree is too deep for it.
func compile(forests []*Forest, maskBytes uint32) *program {
	p := &program{maskBytes: maskBytes}
	var places [][2]uint32 // of each feature, plain and shifted: one more than where its tables begin
	for _, f := range forests {
		for len(places) < f.Features {
			places = append(places, [2]uint32{})
		}
		code := make([]treeCode, len(f.Trees))
		for i, t := range f.Trees {
			if t.Depth() > MaxDepth {
				return nil
			}
			code[i].depth = uint32(t.Depth()) //nolint:gosec // at most MaxDepth
			p.fill(&code[i], t, places, 0, 0, 0, 0)
		}
		p.forests = append(p.forests, code)
	}
	if len(p.columns) == 0 {
		p.columns = []column{{}} // leaves only: they are found by the answers to nothing
	}
	return p
}

// fill writes the part of the tree below a node: at is the node's place in the complete tree and answers the way to it.
func (p *program) fill(code *treeCode, t Tree, places [][2]uint32, node, at int32, depth int, answers uint32) {
	n := t[node]
	if n.Leaf() {
		// Below a leaf all ways lead to it, whatever is asked.
		for rest := uint32(0); rest < leavesOf>>depth; rest++ {
			code.leaf[answers|rest<<depth] = n.Value
		}
		return
	}
	c := column{feature: n.Feature, shifted: n.MissingRight}
	below := uint32(n.Cut) + 1 // left when bin < below
	known := &places[n.Feature][0]
	if c.shifted {
		below--
		known = &places[n.Feature][1]
	}
	if *known == 0 {
		*known = uint32(len(p.columns))*tableEntries + 1 //nolint:gosec // at most twice the features
		p.columns = append(p.columns, c)
	}
	place := *known - 1
	code.ask[at] = [2]uint32{(place + below>>4) * p.maskBytes, (place + 17 + below&15) * p.maskBytes}
	p.fill(code, t, places, n.Left, 2*at+1, depth+1, answers|1<<depth)
	p.fill(code, t, places, n.Right, 2*at+2, depth+1, answers)
}
