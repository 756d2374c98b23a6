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

var zoneTable = func() alias {
	shares := make([]float64, len(zones))
	for i, z := range zones {
		shares[i] = z.share
	}
	return newAlias(shares)
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
	key    uint32
	market *Parameters

	// where and when
	region, zone uint8
	archetype    uint8
	shift        int8  // hours that their rhythm lies after the archetype's
	peak         uint8 // their very own hour
	week         uint8 // class of weekday factors

	// what they buy
	rate float64 // purchases in an average month
	leaving
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
	p := person{key: key, market: &w.Parameters, leaving: leaving{left: never}}
	p.region = uint8(w.catalog.region.draw(s.next()))
	p.zone = uint8(zoneTable.draw(s.next()))
	p.archetype = uint8(w.archetypes.draw(s.next()))
	p.shift = int8(s.below(5) - 2)
	p.peak = uint8(p.archetypeHour(&s))
	p.week = uint8(s.below(len(weekdays)))

	p.rate = s.gamma(w.RateShape) * (w.RateMean / w.RateShape)
	p.dies = w.origin + int64(s.exponential()*w.DropoutScale/math.Max(s.gamma(w.DropoutShape), 1e-6)*secondsPerDay)
	w.leaving(&p)
	p.spend = math.Log(w.SpendMedian) + w.SpendBetween*s.normal()
	p.online = s.beta(1.2, 2.2)
	p.brandS = w.BrandS * math.Exp(w.BrandSSpread*s.normal())
	for i := range p.eventAt {
		p.eventAt[i] = s.exponential()*365/w.LifeEventPerYear - 365
	}
	if s.chance(w.AppShare) {
		p.appRate = w.AppMean * s.exponential()
	}

	p.open = s.beta(w.OpenShapeA, w.OpenShapeB)
	p.dependent = math.Min(math.Max(1-w.TimeInsensitive+w.TimeInsensitiveSpread*s.normal(), 0), 0.95)
	p.effort = w.EffortMedian * math.Exp(w.EffortSpread*s.normal())
	p.taste = uint8(s.below(3))
	p.dog = s.chance(w.DogShare)

	taste := newStream(w.seed, key, forTaste, 0)
	left, sum := 1.0, 0.0
	for i := range sticks {
		piece := left * (1 - math.Exp(math.Log(taste.unit())/w.CategoryConcentration))
		left -= piece
		sum += piece
		p.stickUpTo[i] = float32(sum)
		p.stickOf[i] = uint8(w.market.draw(taste.next()))
	}
	return p
}

// hour draws one of their active hours.
func (p *person) hour(s *stream) int {
	if s.chance(p.market.HourOwn) {
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
	at := (1 - p.market.HourOwn) * archetypeAt[p.archetype][(hour-int(p.shift)+48)%24]
	if d := (hour - int(p.peak) + 24) % 24; d <= 1 || d == 23 {
		at += p.market.HourOwn / 3
	}
	return at * 24
}

// monthly is what they spend in an average month, won, while they are customers.
func (p *person) monthly() float64 {
	return p.rate * math.Exp(p.spend+p.market.SpendWithin*p.market.SpendWithin/2)
}
