package world

import (
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// A Range is the customers with keys Low to High, both included.
type Range struct{ Low, High uint32 }

func (r Range) size() uint32 { return r.High - r.Low + 1 }

// A piece is a part of a range that has lived up to one instant.
type piece struct {
	Range
	livedTo int64 // 0: never
}

// pieces cuts r such that each piece has lived up to one instant, the latest that any span records for it.
func pieces(spans []warehouse.WorldSpan, r Range) []piece {
	edges := []uint64{uint64(r.Low), uint64(r.High) + 1}
	for _, s := range spans {
		for _, e := range []uint64{uint64(s.Low), uint64(s.High) + 1} {
			if e > uint64(r.Low) && e <= uint64(r.High) && s.High > 0 {
				edges = append(edges, e)
			}
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out []piece
	for i := range len(edges) - 1 {
		p := piece{Range: Range{uint32(edges[i]), uint32(edges[i+1] - 1)}}
		for _, s := range spans {
			if s.High > 0 && s.Low <= p.Low && s.High >= p.High {
				p.livedTo = max(p.livedTo, s.To.Unix())
			}
		}
		if n := len(out); n > 0 && out[n-1].livedTo == p.livedTo {
			out[n-1].High = p.High
		} else {
			out = append(out, p)
		}
	}
	return out
}

// covered tells whether all of r has lived up to an instant.
func covered(spans []warehouse.WorldSpan, r Range, until int64) bool {
	return !slices.ContainsFunc(pieces(spans, r), func(p piece) bool { return p.livedTo < until })
}

// months cuts [from, to) where the months of UTC begin, which is where the tables' partitions do.
func months(from, to int64) [][2]int64 {
	var out [][2]int64
	for from < to {
		t := time.Unix(from, 0).UTC()
		next := min(time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC).Unix(), to)
		out = append(out, [2]int64{from, next})
		from = next
	}
	return out
}
