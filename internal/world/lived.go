package world

import "time"

// Lived is what one customer comes to in consecutive times, the i-th from edges[i] up to edges[i+1], given all that ever
// reached them apart from the world's own past campaigns, and which of the touches they had opened by the last edge. With
// one touch left out it is the other potential outcome, exactly.
func (w *World) Lived(key uint32, touches []Touch, edges []time.Time) (outcomes []Outcome, opened []bool) {
	outcomes, opened = make([]Outcome, max(0, len(edges)-1)), make([]bool, len(touches))
	if len(outcomes) == 0 {
		return outcomes, opened
	}
	p := w.person(key)
	k := w.known(&p)
	_, all := w.pastParts(&p, &k)
	all = append(all, touches...)
	last := edges[len(edges)-1].Unix()
	life := w.live(&p, all, edges[0].Unix(), last, nil)
	for _, b := range life.purchases {
		i := 0
		for i+1 < len(outcomes) && b.at >= edges[i+1].Unix() {
			i++
		}
		if b.kind != purchased {
			outcomes[i].Returned += b.amount
			continue
		}
		outcomes[i].Purchases++
		outcomes[i].Spend += b.amount
	}
	for i := range life.messages {
		m := &life.messages[i]
		for j := range touches {
			if m.Campaign == touches[j].Campaign && m.Occurrence == touches[j].Occurrence && m.Touch.Touch == touches[j].Touch {
				opened[j] = m.opened > 0 && m.opened < last
			}
		}
	}
	return outcomes, opened
}
