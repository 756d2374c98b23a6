package dispatch

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// An hour of somebody's week is one of 48 cells: 24 of workdays, then 24 of Saturdays and Sundays.
const (
	cells       = 48
	hoursOfDay  = 24
	workdays    = 5. / 7 // of all time
	halfLife    = 180    // days after which an event counts half
	answerTime  = 72 * time.Hour
	atOnce      = time.Hour // who answers later than that chose the hour by themselves
	mostEvents  = 400       // of one customer: the latest
	secondsADay = 86400
)

// EventKind says what happened to, or was done by, a customer.
type EventKind uint8

// The kinds of events that tell when somebody can be reached.
const (
	EventSent EventKind = iota
	EventAnswer
	EventApp
	EventPurchase
)

// eventCode is an event in the eight bytes in which the warehouse hands it over: the second since 1970, 30 bits of the hash
// of the message (0: of none), and the kind.
type eventCode uint64

func (e eventCode) at() int64       { return int64(e >> 32) }
func (e eventCode) message() uint32 { return uint32(e) >> 2 }
func (e eventCode) kind() EventKind { return EventKind(e & 3) }

// EventBytes appends an event as the warehouse writes it. message is 0 when it belongs to none.
func EventBytes(to []byte, at time.Time, kind EventKind, message uint32) []byte {
	return binary.LittleEndian.AppendUint64(to, uint64(at.Unix())<<32|uint64(message&(1<<30-1))<<2|uint64(kind))
}

// Habits are a customer's decayed events by cell: an event of today counts 1, one of 180 days ago a half.
type Habits struct {
	sent     [cells]float32 // messages, by the cell in which they arrived
	answered [cells]float32 // of these, those that were answered within three days
	late     [cells]float32 // answers an hour or more after the message, by the cell of the answer
	app      [cells]float32
	bought   [cells]float32

	// Sums of squared weights: what of the product of two sums is the product of an event with itself.
	squares                    [ways]float32
	sentSquares, answerSquares float32
	halves                     [2]half
	any                        bool // they did something of their own, so that something is known of them
}

// Sources of habits, from the one that says most of when somebody answers to the one that says least, if nothing is known.
const (
	byLate = iota
	byApp
	byBought
	ways
)

func (h *Habits) way(i int) *[cells]float32 {
	switch i {
	case byLate:
		return &h.late
	case byApp:
		return &h.app
	default:
		return &h.bought
	}
}

// half is what came of one in two messages, so that one half of somebody's answers can be explained by the other.
type half struct {
	sent, answered, late [cells]float32
}

func (h *Habits) note(way, cell int, weight float32) {
	h.way(way)[cell] += weight
	h.squares[way] += weight * weight
}

// habitsReader turns events into habits. It reuses its memory, so it is for one goroutine.
type habitsReader struct {
	instant time.Time
	decay   []float32 // by age in days
	clocks  map[*time.Location]*localClock
	events  []eventCode
	sends   []sending
}

type sending struct {
	at       int64
	message  uint32
	answered bool
}

func newHabitsReader(instant time.Time) *habitsReader {
	r := &habitsReader{instant: instant, decay: make([]float32, 2*365), clocks: map[*time.Location]*localClock{}}
	for day := range r.decay {
		r.decay[day] = float32(math.Exp2(-float64(day) / halfLife))
	}
	return r
}

// read replaces h by what a customer's events, eight bytes each and in any order, come to. Events at or after the instant
// are left out.
func (r *habitsReader) read(h *Habits, events string, zone *time.Location) {
	*h = Habits{}
	if len(events) < 8 {
		return
	}
	clock, ok := r.clocks[zone]
	if !ok {
		clock = newLocalClock(zone, r.instant)
		r.clocks[zone] = clock
	}
	r.events = r.events[:0]
	for i := 0; i+8 <= len(events); i += 8 {
		r.events = append(r.events, eventCode(binary.LittleEndian.Uint64([]byte(events[i:i+8]))))
	}
	slices.Sort(r.events) // by time; the sums of floats then do not depend on the order in which they came
	if extra := len(r.events) - mostEvents; extra > 0 {
		r.events = r.events[extra:]
	}
	r.sends = r.sends[:0]
	before := eventCode(0)
	for _, e := range r.events {
		age := (r.instant.Unix() - e.at()) / secondsADay
		if e == before || e.at() >= r.instant.Unix() || age >= int64(len(r.decay)) {
			continue
		}
		before = e
		weight, cell := r.decay[age], clock.cell(e.at())
		switch e.kind() {
		case EventSent:
			if !r.known(e.message()) {
				h.sent[cell] += weight
				h.sentSquares += weight * weight
				h.halves[e.message()&1].sent[cell] += weight
				r.sends = append(r.sends, sending{at: e.at(), message: e.message()})
			}
		case EventAnswer:
			h.any = true
			if s := r.answers(e); s == nil {
				h.note(byLate, cell, weight)
			} else if !s.answered {
				s.answered = true
				sent := r.decay[(r.instant.Unix()-s.at)/secondsADay]
				h.answered[clock.cell(s.at)] += sent
				h.answerSquares += sent * sent
				half := &h.halves[e.message()&1]
				half.answered[clock.cell(s.at)] += sent
				if e.at()-s.at >= int64(atOnce/time.Second) {
					h.note(byLate, cell, weight)
					half.late[cell] += weight
				}
			}
		case EventApp:
			h.any = true
			h.note(byApp, cell, weight)
		case EventPurchase:
			h.any = true
			h.note(byBought, cell, weight)
		}
	}
}

// known says whether a message is counted already: past campaigns are in the warehouse twice, as events of deliveries and
// as interactions.
func (r *habitsReader) known(message uint32) bool {
	return message != 0 && slices.ContainsFunc(r.sends, func(s sending) bool { return s.message == message })
}

// answers is the message that an event answers: its own, or none. Messages are few, so the latest are looked at first.
func (r *habitsReader) answers(e eventCode) *sending {
	for i := len(r.sends) - 1; i >= 0; i-- {
		s := &r.sends[i]
		if e.at()-s.at > int64(answerTime/time.Second) {
			return nil
		}
		if s.message == e.message() && s.message != 0 {
			return s
		}
	}
	return nil
}

// localClock tells the hour of the week in one zone without asking the zone's rules for each event.
type localClock struct {
	from    []int64 // the instants from which
	offsets []int64 // the clock differs from UTC by so many seconds
}

// newLocalClock looks a zone up for two years before an instant and a year after it.
func newLocalClock(zone *time.Location, instant time.Time) *localClock {
	c := &localClock{}
	at := instant.Add(-800 * 24 * time.Hour)
	end := instant.Add(400 * 24 * time.Hour)
	for at.Before(end) {
		_, offset := at.In(zone).Zone()
		c.from, c.offsets = append(c.from, at.Unix()), append(c.offsets, int64(offset))
		_, next := at.In(zone).ZoneBounds()
		if next.IsZero() {
			break
		}
		at = next
	}
	return c
}

func (c *localClock) cell(at int64) int {
	i := len(c.from) - 1
	for i > 0 && at < c.from[i] {
		i--
	}
	local := at + c.offsets[i]
	hour := int(local % secondsADay / 3600)
	if day := (local/secondsADay + 4) % 7; day == 0 || day == 6 { // 1970 began on a Thursday; 0 is Sunday
		return hoursOfDay + hour
	}
	return hour
}

// cellOf is the cell of a local time.
func cellOf(local time.Time) int {
	if day := local.Weekday(); day == time.Saturday || day == time.Sunday {
		return hoursOfDay + local.Hour()
	}
	return local.Hour()
}

// share is the part of all time that a cell takes.
func share(cell int) float64 {
	if cell < hoursOfDay {
		return workdays / hoursOfDay
	}
	return (1 - workdays) / hoursOfDay
}

func sum[T float32 | float64](all *[cells]T) (total float64) {
	for _, n := range all {
		total += float64(n)
	}
	return total
}

// largest is the index of the greatest, the first of equals.
func largest[T cmp.Ordered](all []T) int {
	best := 0
	for i := range all {
		if all[i] > all[best] {
			best = i
		}
	}
	return best
}
