package world

import "time"

// A Purchase is one purchase as the warehouse gets to know it, with the hour that its customer's clock showed.
type Purchase struct {
	At       time.Time
	Hour     int
	Amount   int64 // won
	Category int   // of Categories
	Brand    int   // of all brands
}

// Purchases appends to out what they buy in [from, to), given what reached them; what is given back is in there too.
func (o *Oracle) Purchases(out []Purchase, from, to time.Time, touches ...Touch) []Purchase {
	first, last := from.Unix(), to.Unix()
	l := o.w.around(&o.p, o.reached(touches), first, last, o.buffer)
	o.keep(l.purchases)
	for i := range l.purchases {
		if b := &l.purchases[i]; b.kind == purchased && b.at >= first && b.at < last {
			_, second := o.w.calendar.local(o.p.zone, b.at)
			out = append(out, Purchase{time.Unix(b.at, 0), second / 3600, b.amount, int(b.category), int(b.brand)})
		}
	}
	return out
}

// AppUses appends to out when they use the app in [from, to), given what reached them.
func (o *Oracle) AppUses(out []time.Time, from, to time.Time, touches ...Touch) []time.Time {
	o.w.read(&o.p, o.reached(touches)) // who left uses it no more
	o.w.sessions(&o.p, from.Unix(), to.Unix(), func(at int64, _ uint64) { out = append(out, time.Unix(at, 0)) })
	return out
}

// Zone is the name of their time zone, as the warehouse knows it: some are no zones.
func (o *Oracle) Zone() string { return zones[o.p.zone].name }

// LocalInstant is the instant of a second of a civil day of their own, whose number counts days since 1970.
func (o *Oracle) LocalInstant(day int32, second int) time.Time {
	return time.Unix(o.w.calendar.utc(o.p.zone, day, second), 0)
}
