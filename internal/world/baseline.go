package world

import "math"

// Kinds of rows in transactions.
const (
	purchased = 1
	refunded  = 2
	cancelled = 3
)

// A purchase as one row of transactions; everything that the warehouse keeps as a word is a number here.
type purchase struct {
	at       int64
	id       uint64
	original uint64
	amount   int64 // won
	kind     int8
	category uint8
	product  uint16
	brand    uint16
	merchant uint16
	channel  uint8
	quantity int32
}

// Where a purchase was made.
const (
	inStore = iota
	onWeb
	inApp
)

var purchaseChannels = []string{"store", "web", "app"}

// Purchase ids are the customer, then the month and number of the purchase, so that they are unique without anybody
// counting; the lowest bit marks what takes a purchase back. The bit above the month marks purchases that an offer caused.
const (
	reactionBit = 1 << 31
	takesBack   = 1
)

func purchaseID(key uint32, month, n int) uint64 {
	return uint64(key)<<32 | uint64(month)<<16 | uint64(n)<<1
}

// spree appends what p would buy in a civil month if nothing reached them: purchases, each followed by what takes it
// back, if anything does. Order in time is not kept.
func (w *World) spree(p *person, number int, out []purchase) []purchase {
	m := &w.calendar.months[number]
	if w.calendar.utc(p.zone, m.first, 0) >= p.ends() {
		return out
	}
	s := newStream(w.seed, p.key, forMonth, uint64(number))
	for n := range s.poisson(p.rate * m.factor) {
		day := m.day(p.week, s.unit())
		at := w.calendar.utc(p.zone, day, p.hour(&s)*3600+s.below(3600))
		b := purchase{at: at, id: purchaseID(p.key, number, n), kind: purchased, quantity: 1}
		w.fill(p, &b, &s)
		b.amount = p.amount(w.catalog.price[b.category], &s)
		back := w.takeBack(&b, w.RefundShare, w.CancellationShare, w.RefundDays, &s)
		if at < w.origin || !w.stays(p, at, b.id) {
			continue
		}
		if out = append(out, b); back.kind != 0 {
			out = append(out, back)
		}
	}
	return out
}

// fill chooses what is bought, and where.
func (w *World) fill(p *person, b *purchase, s *stream) {
	w.fillFrom(p, b, w.category(p, b.at, s), s)
}

func (w *World) fillFrom(p *person, b *purchase, category int, s *stream) {
	brand := category*brandsPerCategory + w.brand(p, category, s)
	w.fillBrand(p, b, brand, s)
}

func (w *World) fillBrand(p *person, b *purchase, brand int, s *stream) {
	category := brand / brandsPerCategory
	b.category, b.brand = uint8(category), uint16(brand)
	b.product = uint16(brand*productsPerBrand + s.below(productsPerBrand))
	place := int(p.region)
	if s.chance(p.online) {
		place = len(regions)
		b.channel = onWeb
		if p.appRate > 0 && s.chance(0.6) {
			b.channel = inApp
		}
	}
	own := newStream(w.seed, p.key, forHome, uint64(category))
	m := own.below(merchantsPerPlace)
	if !s.chance(0.6) {
		m = s.below(merchantsPerPlace)
	}
	b.merchant = uint16(merchantAt(category, place, m))
}

// category draws from the person's own Dirichlet, shifted by the life events that have come.
func (w *World) category(p *person, at int64, s *stream) int {
	days := float64(at-w.origin) / secondsPerDay
	for i, since := range p.eventAt {
		if since < days && s.chance(w.LifeEventShift*math.Min((days-since)/w.LifeEventRamp, 1)) {
			return w.catalog.events[i].draw(s.next())
		}
	}
	u := float32(s.unit())
	for i, upTo := range p.stickUpTo {
		if u < upTo {
			return int(p.stickOf[i])
		}
	}
	return w.market.draw(s.next())
}

// brand draws from the person's own Dirichlet over the brands of a category, by breaking its sticks only as far as needed.
func (w *World) brand(p *person, category int, s *stream) int {
	own := newStream(w.seed, p.key, forBrands, uint64(category))
	u := s.unit()
	for range 6 {
		piece := 1 - math.Exp(math.Log(own.unit())/p.brandS)
		brand := w.brands.draw(own.next())
		if u < piece {
			return brand
		}
		u = (u - piece) / (1 - piece)
	}
	return w.brands.draw(s.next())
}

// amount in won, rounded as prices are.
func (p *person) amount(price float64, s *stream) int64 {
	return roundPrice(math.Exp(p.spend + price + p.market.SpendWithin*s.normal()))
}

func roundPrice(won float64) int64 {
	switch {
	case won < 1_000:
		return max(int64(won/10)*10, 100)
	case won < 10_000:
		return int64(won/50) * 50
	default:
		return int64(won/100) * 100
	}
}

// takeBack draws what takes b back, whose kind is 0 if nothing does.
func (w *World) takeBack(b *purchase, refunds, cancellations, days float64, s *stream) purchase {
	u := s.unit()
	if u >= refunds+cancellations {
		return purchase{}
	}
	back := *b
	back.id, back.original = b.id|takesBack, b.id
	if u < cancellations {
		back.kind = cancelled
		back.at += 300 + int64(s.below(20*3600))
		return back
	}
	back.kind = refunded
	back.at += int64((s.unit()*(days-1) + 1) * secondsPerDay)
	if s.chance(0.2) { // a part only
		back.amount = max(back.amount/2/100*100, 100)
	}
	return back
}

// spreeBetween appends what p would buy in [from, to), with everything that takes any of it back whenever that is.
// Months are civil and zones differ, so a month more is looked at on either side.
func (w *World) spreeBetween(p *person, from, to int64, out []purchase) []purchase {
	start := len(out)
	first, last := w.monthsAround(from, to)
	for m := first; m <= last; m++ {
		out = w.spree(p, m, out)
	}
	kept := start
	for i := start; i < len(out); i++ {
		at := out[i].at
		if out[i].kind != purchased {
			at = out[i-1].at // it goes with its purchase
		}
		if at >= from && at < to {
			out[kept] = out[i]
			kept++
		}
	}
	return out[:kept]
}

func (w *World) monthsAround(from, to int64) (first, last int) {
	first = monthOf(int32((max(from, w.origin) - secondsPerDay) / secondsPerDay))
	last = monthOf(int32((to + secondsPerDay) / secondsPerDay))
	return first, min(last, len(w.calendar.months)-1)
}

// sessions calls visit for each use of the app in [from, to).
func (w *World) sessions(p *person, from, to int64, visit func(at int64, id uint64)) {
	if p.appRate == 0 {
		return
	}
	first, last := w.monthsAround(from, to)
	for number := first; number <= last; number++ {
		m := &w.calendar.months[number]
		s := newStream(w.seed, p.key, forApp, uint64(number))
		for n := range s.poisson(p.appRate * m.factor) {
			day := m.day(1, s.unit())
			at := w.calendar.utc(p.zone, day, p.hour(&s)*3600+s.below(3600))
			if at >= from && at < to && at >= w.origin && w.stays(p, at, purchaseID(p.key, number, n)|takesBack) {
				visit(at, purchaseID(p.key, number, n))
			}
		}
	}
}
