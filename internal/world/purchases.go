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
