package dispatch

import (
	"time"
)

type slotKey struct {
	zone  *time.Location
	night bool
}

// slot is a wave with its minutes that are allowed in one zone.
type slot struct {
	wave    uint32
	minutes []minute
}

// minute is one in which a message may arrive.
type minute struct {
	at   time.Time // when it leaves to arrive then
	hour int       // of the customer's day, at its arrival
	cell int
}

// margin is how long before the end of the allowed hours nothing is planned any more, so that a delay of a message
// does not cost it.
const margin = 5 * time.Minute

// pick spreads customers evenly over the minutes; a customer's place does not depend on when the plan is made.
func (s slot) pick(draw uint64) minute {
	return s.minutes[uint64(uint32(draw))*uint64(len(s.minutes))>>32]
}

// allowed are the waves of a zone that have allowed minutes. Each minute is judged by itself, in local time: clock
// changes and zones off by half an hour need no further care. A message leaves the channel's latency before its minute, and
// may do so only when it is allowed then too, within one hour, and not before the touch opens.
func (p *Planner) allowed(key slotKey) []slot {
	if slots, ok := p.slots[key]; ok {
		return slots
	}
	var slots []slot
	latency := p.config.Latency
	from, until := p.config.From.UTC(), p.config.Until.UTC()
	arrival := from.Add(latency)
	if first := arrival.Truncate(time.Minute); first.Before(arrival) {
		arrival = first.Add(time.Minute)
	}
	for at := arrival; !at.Add(time.Minute).After(until); at = at.Add(time.Minute) {
		local := at.In(key.zone)
		// A minute is allowed when its last second is, and when a delay would not carry it out.
		if !p.config.Hours.Allow(local, key.night) || !p.config.Hours.Allow(at.Add(margin).In(key.zone), key.night) {
			continue
		}
		leaves := at.Add(-latency)
		wave := uint32(leaves.Unix() / 3600)
		if latency > 0 {
			last := leaves.Add(time.Minute - time.Second)
			if uint32(last.Unix()/3600) != wave || !p.config.Hours.Allow(leaves.In(key.zone), key.night) || !p.config.Hours.Allow(last.In(key.zone), key.night) {
				continue
			}
		}
		if n := len(slots); n == 0 || slots[n-1].wave != wave {
			slots = append(slots, slot{wave: wave})
		}
		last := &slots[len(slots)-1]
		last.minutes = append(last.minutes, minute{leaves, local.Hour(), cellOf(local)})
	}
	p.slots[key] = slots
	return slots
}
