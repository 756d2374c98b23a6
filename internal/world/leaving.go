package world

import "math"

// Leaving is when somebody stops being a customer, and how contact changes that. The first four are drawn with the
// person; the last two follow from what reached them.
type leaving struct {
	dies    int64 // instant at which they drop out, if nothing changes it
	fades   int64 // instant from which they buy less and less until they drop out; dies, if they go at once
	keeps   bool  // an offer that they read while they fade keeps them
	keptFor int64 // seconds beyond dies for which it does

	kept int64 // instant at which they were kept; 0: never
	left int64 // instant at which contact drove them away; math.MaxInt64: never
}

// leaving draws how p leaves. Fading, and who can be kept, have draws of their own: they depend on nothing else, for who
// is at risk is not who can be kept.
func (w *World) leaving(p *person) {
	s := newStream(w.seed, p.key, forLeaving, 0)
	p.fades = p.dies
	if s.chance(w.DeclineShare) {
		p.fades -= seconds(w.DeclineDays * expSpread(&s, 0.4))
	}
	p.keeps = s.chance(w.KeepShare)
	p.keptFor = seconds(w.KeepDays * s.exponential())
}

// ends is the instant at which they drop out, given what reached them.
func (p *leaving) ends() int64 {
	if p.kept > 0 {
		return min(p.dies+p.keptFor, p.left)
	}
	return min(p.dies, p.left)
}

// alive tells whether they still are a customer.
func (p *leaving) alive(at int64) bool { return at < p.ends() }

// stays tells whether p still does at an instant what they would have done as a full customer. Who fades does less and
// less of it; id names the draw.
func (w *World) stays(p *person, at int64, id uint64) bool {
	switch {
	case !p.alive(at):
		return false
	case at < p.fades || p.kept > 0 && at >= p.kept:
		return true
	}
	s := newStream(w.seed, p.key, forFading, id)
	return s.unit()*float64(p.dies-p.fades) < float64(p.dies-at)
}

// stir notes in p what reading m does to their staying.
func (w *World) stir(p *person, m *message) {
	if m.opened == 0 {
		return
	}
	if m.Reward > 0 && p.keeps && m.opened >= p.fades && m.opened < p.dies && (p.kept == 0 || m.opened < p.kept) {
		p.kept = m.opened
	}
	if p.dog {
		s := newStream(w.seed, p.key, forLeaving, m.index)
		if s.chance(w.DogLeaves) {
			p.left = min(p.left, m.opened)
		}
	}
}

// never is later than any instant of a world.
const never = math.MaxInt64
