package world

import "math"

type zone struct {
	name  string
	share float64
	valid bool // an unknown or misspelt zone is data as it comes; such people live by the home zone
}

var zones = []zone{
	{"Asia/Seoul", 960, true},
	{"Asia/Tokyo", 9, true},
	{"America/Los_Angeles", 8, true},
	{"America/New_York", 5, true},
	{"Europe/London", 4, true},
	{"Asia/Singapore", 4, true},
	{"", 5, false},
	{"Asia/Soul", 3, false},
	{"KST", 2, false},
}

var zoneTable, archetypeTable = func() (alias, alias) {
	shares := make([]float64, len(zones))
	for i, z := range zones {
		shares[i] = z.share
	}
	return newAlias(shares), newAlias(archetypeShares)
}()

// archetypeUpTo holds cumulative, archetypeAt plain shares of activity by hour.
var archetypeUpTo, archetypeAt = func() (upTo, at [len(archetypes)][24]float64) {
	for a, weights := range archetypes {
		total, sum := 0.0, 0.0
		for _, w := range weights {
			total += w
		}
		for h, w := range weights {
			sum += w
			at[a][h], upTo[a][h] = w/total, sum/total
		}
	}
	return upTo, at
}()

const sticks = 10

// A person is what is true about one customer and known to nobody else.
type person struct {
	key uint32

	// where and when
	region, zone uint8
	archetype    uint8
	shift        int8  // hours that their rhythm lies after the archetype's
	peak         uint8 // their very own hour
	week         uint8 // class of weekday factors

	// what they buy
	rate      float64 // purchases in an average month
	dies      int64   // instant at which they drop out
	spend     float64 // logarithm of their median purchase, won
	online    float64 // share bought online
	brandS    float64
	stickUpTo [sticks]float32
	stickOf   [sticks]uint8
	eventAt   [3]float64 // days after the world's origin at which a life event comes
	appRate   float64

	// how they respond
	open      float64 // chance to open a message at an indifferent hour
	dependent float64 // share of it that depends on the hour
	effort    float64 // phi
	taste     uint8   // which contents they like
	dog       bool    // contact harms
}

// person draws customer key. Dropout and life events run from the world's origin.
func (w *World) person(key uint32) person {
	s := newStream(w.seed, key, forPerson, 0)
	p := person{key: key}
	p.region = uint8(w.catalog.region.draw(s.next()))
	p.zone = uint8(zoneTable.draw(s.next()))
	p.archetype = uint8(archetypeTable.draw(s.next()))
	p.shift = int8(s.below(5) - 2)
	p.peak = uint8(p.archetypeHour(&s))
	p.week = uint8(s.below(len(weekdays)))

	p.rate = s.gamma(rateShape) * (rateMean / rateShape)
	p.dies = w.origin + int64(s.exponential()*dropoutScale/math.Max(s.gamma(dropoutShape), 1e-6)*secondsPerDay)
	p.spend = math.Log(spendMedian) + spendBetween*s.normal()
	p.online = s.beta(1.2, 2.2)
	p.brandS = brandS * math.Exp(brandSSpread*s.normal())
	for i := range p.eventAt {
		p.eventAt[i] = s.exponential()*365/lifeEventPerYear - 365
	}
	if s.chance(appShare) {
		p.appRate = appMean * s.exponential()
	}

	p.open = s.beta(openShapeA, openShapeB)
	p.dependent = math.Min(math.Max(hourDependence+hourSpread*s.normal(), 0), 0.95)
	p.effort = effortMedian * math.Exp(effortSpread*s.normal())
	p.taste = uint8(s.below(3))
	p.dog = s.chance(dogShare)

	taste := newStream(w.seed, key, forTaste, 0)
	left, sum := 1.0, 0.0
	for i := range sticks {
		piece := left * (1 - math.Exp(math.Log(taste.unit())/categoryConcentration))
		left -= piece
		sum += piece
		p.stickUpTo[i] = float32(sum)
		p.stickOf[i] = uint8(w.catalog.market.draw(taste.next()))
	}
	return p
}

// hour draws one of their active hours.
func (p *person) hour(s *stream) int {
	if s.chance(hourOwn) {
		return (int(p.peak) + s.below(3) + 23) % 24
	}
	return p.archetypeHour(s)
}

// archetypeHour draws an hour of people like them.
func (p *person) archetypeHour(s *stream) int {
	u, h := s.unit(), 0
	upTo := &archetypeUpTo[p.archetype]
	for h < 23 && upTo[h] < u {
		h++
	}
	return (h + int(p.shift) + 24) % 24
}

// activity is how active they are at an hour, against 1 on average.
func (p *person) activity(hour int) float64 {
	at := (1 - hourOwn) * archetypeAt[p.archetype][(hour-int(p.shift)+48)%24]
	if d := (hour - int(p.peak) + 24) % 24; d <= 1 || d == 23 {
		at += hourOwn / 3
	}
	return at * 24
}

// monthly is what they spend in an average month, won, while they are customers.
func (p *person) monthly() float64 {
	return p.rate * math.Exp(p.spend+spendWithin*spendWithin/2)
}

// alive tells whether they still are a customer.
func (p *person) alive(at int64) bool { return at < p.dies }
