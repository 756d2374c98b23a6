package world

import (
	"math"
	"time"
)

// A pastDesign is how one past campaign was randomised, before it is placed in time.
type pastDesign struct {
	id, title  string
	before     float64 // days before the world's end at which it was launched, in a world that is old enough
	selected   float64 // share of those who could be contacted
	treated    float64 // share of the selected
	offers     []pastOffer
	offerShare []float64
	contents   []string
}

type pastOffer struct {
	id     string
	step   int64 // won above one's own spend
	reward int64
}

// The past campaigns drew everything: who, arm, offer, content and hour, independently and with known chances, so that
// effects can be learned from them without bias.
var pastDesigns = []pastDesign{
	{
		id: "past-spring-spend", title: "Spend more than usual", before: 150, selected: 0.40, treated: 0.70,
		offers: []pastOffer{
			{"none", 0, 0}, {"plus-50k", 50_000, 3_000}, {"plus-100k", 100_000, 5_000},
			{"plus-100k-double", 100_000, 10_000}, {"plus-200k", 200_000, 15_000},
		},
		offerShare: []float64{0.20, 0.20, 0.20, 0.20, 0.20},
		contents:   []string{"price", "story", "service"},
	},
	{
		id: "past-early-summer", title: "A step further", before: 75, selected: 0.40, treated: 0.50,
		offers: []pastOffer{
			{"none", 0, 0}, {"plus-30k", 30_000, 2_000}, {"plus-50k", 50_000, 5_000},
			{"plus-100k", 100_000, 10_000}, {"plus-200k", 200_000, 10_000},
		},
		offerShare: []float64{0.15, 0.25, 0.25, 0.20, 0.15},
		contents:   []string{"price", "story", "service"},
	},
}

// Past messages left within three days, at an hour between these, drawn uniformly: none needs a night consent.
const (
	pastDays      = 3
	pastFirstHour = 8
	pastHours     = 13
	pastTouch     = "first"
	pastChannel   = "email"
)

// A pastCampaign is a design at its place in time.
type pastCampaign struct {
	pastDesign
	launch int64
	terms  *Terms
	offer  alias
}

// place finds the design's time: its own days before the end, or less in a world too young for that.
func (w *World) place(d pastDesign) *pastCampaign {
	span := float64(w.until-w.origin) / secondsPerDay
	before := math.Round(min(d.before, span*d.before/250))
	length := math.Max(math.Round(min(28, span/6)), pastDays+1)
	launch := w.until - int64(before)*secondsPerDay
	return &pastCampaign{
		pastDesign: d,
		launch:     launch,
		terms:      &Terms{past: true, Opens: time.Unix(launch, 0).UTC(), Closes: time.Unix(launch+int64(length)*secondsPerDay, 0).UTC()},
		offer:      newAlias(d.offerShare),
	}
}

// Arms as audience stores them.
const (
	leftOut = 0
	treated = 1
	control = 2
)

// Delivery states as delivery_events stores them.
const (
	stateDelivered = 80
	stateBounced   = 90
)

// A pastPart is what became of one customer in one past campaign.
type pastPart struct {
	arm               int8
	reason            string
	propensity        float32 // of the arm
	offer             pastOffer
	content           string
	chance            float32 // of offer and content together
	forecast          int64
	threshold, reward int64
	planned           int64
	delivered         int64
	bounced           bool
}

// part draws p's part in c.
func (w *World) part(p *person, c *pastCampaign, known *known, agreed bool) pastPart {
	s := newStream(w.seed, p.key, forPast, hashText(c.id))
	selected, isTreated := s.chance(c.selected), s.chance(c.treated)
	switch {
	case known.suppressed.reason != "":
		return pastPart{reason: "suppressed", propensity: 1}
	case !agreed:
		return pastPart{reason: "no_consent", propensity: 1}
	case !known.hasEmail:
		return pastPart{reason: "no_address", propensity: 1}
	case !selected:
		return pastPart{reason: "not_selected", propensity: float32(1 - c.selected)}
	case !isTreated:
		return pastPart{arm: control, propensity: float32(c.selected * (1 - c.treated))}
	}
	out := pastPart{arm: treated, propensity: float32(c.selected * c.treated)}
	i := c.offer.draw(s.next())
	out.offer, out.content = c.offers[i], c.contents[s.below(len(c.contents))]
	out.chance = float32(c.offerShare[i] / float64(len(c.contents)))
	before := w.spreeBetween(p, max(c.launch-90*secondsPerDay, w.origin), c.launch, nil)
	out.forecast = c.forecast(before, w.origin)
	if out.offer.reward > 0 {
		out.threshold, out.reward = roundUp(out.forecast+out.offer.step, 10_000), out.offer.reward
	}
	day, _ := w.calendar.local(p.zone, c.launch+secondsPerDay/2)
	second := (pastFirstHour+s.below(pastHours))*3600 + s.below(3600)
	out.planned = w.calendar.utc(p.zone, day+int32(s.below(pastDays)), second)
	for out.planned < c.launch { // east of home the first day begins before the launch
		out.planned += secondsPerDay
	}
	out.delivered = out.planned + 2 + int64(s.exponential()*15)
	out.bounced = s.chance(w.BounceShare)
	return out
}

// forecast is what somebody who bought so before the launch would spend in the window: their own past mean.
func (c *pastCampaign) forecast(before []purchase, origin int64) int64 {
	sum := int64(0)
	for i := range before {
		if before[i].kind == purchased {
			sum += before[i].amount
		}
	}
	days := min(c.launch-origin, 90*secondsPerDay) / secondsPerDay
	window := int64(c.terms.Closes.Sub(c.terms.Opens) / (24 * time.Hour))
	return sum * window / max(days, 1)
}

func roundUp(won, to int64) int64 { return (won + to - 1) / to * to }

// touch is what reached the customer, if it did.
func (c *pastCampaign) touch(part *pastPart) (Touch, bool) {
	if part.arm != treated || part.bounced {
		return Touch{}, false
	}
	return Touch{
		Campaign: c.id, Occurrence: 1, Touch: pastTouch, Channel: pastChannel, At: time.Unix(part.delivered, 0).UTC(),
		Content: part.content, Threshold: part.threshold, Reward: part.reward, Terms: c.terms,
	}, true
}

// agreedAt tells whether the rows' consent for a channel is in force at an instant.
func agreedAt(rows []consent, channel string, at int64) bool {
	agreed, last := false, int64(math.MinInt64)
	for _, c := range rows {
		if c.channel == channel && !c.night && c.at <= at && c.at >= last {
			agreed, last = c.granted, c.at
		}
	}
	return agreed
}

// pastParts draws p's part in every past campaign, in order, and returns the messages that reached them.
func (w *World) pastParts(p *person, known *known) ([]pastPart, []Touch) {
	var parts []pastPart
	var touches []Touch
	for _, c := range w.past {
		agreed := agreedAt(known.consents, pastChannel, c.launch)
		for _, m := range w.read(p, touches) {
			agreed = agreed && (m.left == 0 || m.left > c.launch)
		}
		part := w.part(p, c, known, agreed)
		parts = append(parts, part)
		if t, ok := c.touch(&part); ok {
			touches = append(touches, t)
		}
	}
	return parts, touches
}

// known is what the source tables say about a customer before they do anything.
type known struct {
	surface
	consents   []consent
	suppressed suppression
}

func (w *World) known(p *person) known {
	s := w.surface(p)
	return known{s, w.consents(p, s.joined), w.suppression(p)}
}
