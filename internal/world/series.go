package world

import (
	"slices"
	"time"
)

// Series is what they do in consecutive times, the i-th from edges[i] up to edges[i+1], given all that ever reached them
// apart from past campaigns. What an offer earned is not looked at: see Outcome. The slice is used again when it has room.
func (o *Oracle) Series(into []Outcome, edges []time.Time, touches ...Touch) []Outcome {
	into = slices.Grow(into[:0], max(len(edges)-1, 0))[:max(len(edges)-1, 0)]
	clear(into)
	if len(into) == 0 {
		return into
	}
	first, last := edges[0].Unix(), edges[len(into)].Unix()
	l := o.w.around(&o.p, o.reached(touches), first, last, o.buffer)
	o.keep(l.purchases)
	for i := range l.purchases {
		b := &l.purchases[i]
		if b.at < first || b.at >= last {
			continue
		}
		at, _ := slices.BinarySearchFunc(edges, b.at+1, func(edge time.Time, t int64) int { return int(edge.Unix() - t) })
		period := &into[at-1] // the last edge that is not after it begins its time
		if b.kind != purchased {
			period.Returned += b.amount
			continue
		}
		period.Purchases++
		period.Spend += b.amount
	}
	return into
}
