package dispatch

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Candidate is a customer to be given a time.
type Candidate struct {
	Customer  uint32   `ch:"customer_key"`
	Segment   string   `ch:"segment"`
	Zone      string   `ch:"zone"`
	Address   bool     `ch:"has_address"` // there is one for the channel
	Night     bool     `ch:"night"`       // consents to the quiet hours
	Responses []uint16 `ch:"response_hours"`
	Purchases []uint16 `ch:"purchase_hours"`
}

// Source says where a planned hour came from.
type Source string

// The sources, as the warehouse names them.
const (
	SourceLearned  Source = "learned"  // from the customer's own events
	SourceFallback Source = "fallback" // from those of their segment
	SourceMoved    Source = "moved"    // the better hour was full
	SourceRandom   Source = "random"   // explores
)

// The reasons for which a customer gets no time.
const (
	BlockedAddress  = "no_address"
	BlockedHours    = "no_allowed_hour" // before the touch or the window ends
	BlockedCapacity = "no_capacity"     // every allowed hour is full
)

// Planned is a delivery with its time, or with the reason why it has none.
type Planned struct {
	Customer   uint32
	Wave       uint32 // hours since 1970 UTC; 0 when blocked
	At         time.Time
	LocalHour  int
	Source     Source
	Blocked    string
	Propensity float64 // the chance that this hour was chosen
	Explored   bool    // any allowed hour was drawn for them, whatever became of it
}

// PlannerConfig is what all customers of a shard share.
type PlannerConfig struct {
	Run         campaign.Run
	Touch       string
	Salt        string
	Hours       Hours
	Zones       *Zones
	Priors      Priors
	From, Until time.Time // nothing is planned before From, nor at or after Until
	Explore     campaign.Share
	PerHour     int // of this shard; 0: no limit
}

// Planner gives customers their hour. It counts capacity, so that the order of calls matters: customers come in the
// order of their keys.
type Planner struct {
	config             PlannerConfig
	hour, slot, minute string // names of draws
	used               map[uint32]int
	slots              map[slotKey][]slot
}

type slotKey struct {
	zone  *time.Location
	night bool
}

// slot is a wave with its minutes that are allowed in one zone.
type slot struct {
	wave    uint32
	minutes []minute
}

type minute struct {
	at        time.Time
	localHour int
}

// margin is how long before the end of the allowed hours nothing is planned any more, so that a delay of a message
// does not cost it.
const margin = 5 * time.Minute

// NewPlanner begins a plan.
func NewPlanner(config PlannerConfig) *Planner {
	return &Planner{
		config: config,
		hour:   config.Run.Experiment("hour/" + config.Touch),
		slot:   config.Run.Experiment("slot/" + config.Touch),
		minute: config.Run.Experiment("minute/" + config.Touch),
		used:   map[uint32]int{},
		slots:  map[slotKey][]slot{},
	}
}

// Plan gives one customer a time within the allowed hours of their own zone.
func (p *Planner) Plan(c Candidate) Planned {
	if !c.Address {
		return p.blocked(c, BlockedAddress)
	}
	slots := p.allowed(slotKey{p.config.Zones.Of(c.Zone), c.Night})
	if len(slots) == 0 {
		return p.blocked(c, BlockedHours)
	}
	draw := campaign.Hash64(p.config.Salt, p.minute, c.Customer)
	scores, own := p.config.Priors.scores(c)
	explore := float64(p.config.Explore)
	random := explore > 0 && campaign.Uniform(p.config.Salt, p.hour, c.Customer) < explore

	best := p.best(slots, scores, draw, nil)
	chosen, source := best, SourceFallback
	if own {
		source = SourceLearned
	}
	if random {
		chosen, source = int(campaign.Hash64(p.config.Salt, p.slot, c.Customer)%uint64(len(slots))), SourceRandom
	}
	if p.full(slots[chosen]) {
		source = SourceMoved
		if chosen = p.best(slots, scores, draw, p.full); chosen < 0 {
			none := p.blocked(c, BlockedCapacity)
			none.Explored = random
			return none
		}
	}
	propensity := explore / float64(len(slots))
	if chosen == best || source == SourceMoved {
		propensity += 1 - explore
	}
	s := slots[chosen]
	p.used[s.wave]++
	m := s.pick(draw)
	return Planned{
		Customer: c.Customer, Wave: s.wave, At: m.at.Add(time.Duration(draw>>32%60) * time.Second), LocalHour: m.localHour,
		Source: source, Propensity: propensity, Explored: random,
	}
}

func (p *Planner) blocked(c Candidate, reason string) Planned {
	return Planned{Customer: c.Customer, At: p.config.From, Source: SourceFallback, Blocked: reason}
}

func (p *Planner) full(s slot) bool {
	return p.config.PerHour > 0 && p.used[s.wave] >= p.config.PerHour
}

// best is the slot with the highest score, the earliest of equals; -1 when all are left out.
func (p *Planner) best(slots []slot, scores [24]float64, draw uint64, out func(slot) bool) int {
	best, score := -1, -1.
	for i, s := range slots {
		if out != nil && out(s) {
			continue
		}
		if v := scores[s.pick(draw).localHour]; v > score {
			best, score = i, v
		}
	}
	return best
}

// pick spreads customers evenly over the minutes; a customer's place does not depend on when the plan is made.
func (s slot) pick(draw uint64) minute {
	return s.minutes[uint64(uint32(draw))*uint64(len(s.minutes))>>32]
}

// allowed are the waves of a zone that have allowed minutes. Each minute is judged by itself, in local time: clock
// changes and zones off by half an hour need no further care.
func (p *Planner) allowed(key slotKey) []slot {
	if slots, ok := p.slots[key]; ok {
		return slots
	}
	var slots []slot
	from, until := p.config.From.UTC(), p.config.Until.UTC()
	if first := from.Truncate(time.Minute); first.Before(from) {
		from = first.Add(time.Minute)
	}
	for at := from; !at.Add(time.Minute).After(until); at = at.Add(time.Minute) {
		local := at.In(key.zone)
		// A minute is allowed when its last second is, and when a delay would not carry it out.
		if !p.config.Hours.Allow(local, key.night) || !p.config.Hours.Allow(at.Add(margin).In(key.zone), key.night) {
			continue
		}
		wave := uint32(at.Unix() / 3600)
		if n := len(slots); n == 0 || slots[n-1].wave != wave {
			slots = append(slots, slot{wave: wave})
		}
		last := &slots[len(slots)-1]
		last.minutes = append(last.minutes, minute{at, local.Hour()})
	}
	p.slots[key] = slots
	return slots
}

// Quota is a shard's part of what an hour may take; the parts of all shards add up to it.
func Quota(perHour int, shard campaign.Shard) int {
	if perHour <= 0 || shard.Of <= 1 {
		return perHour
	}
	quota := perHour / shard.Of
	if shard.Index < perHour%shard.Of {
		quota++
	}
	return max(quota, 1)
}
