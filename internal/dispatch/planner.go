package dispatch

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Candidate is a customer to be given a time.
type Candidate struct {
	Customer uint32 `ch:"customer_key"`
	Segment  string `ch:"segment"`
	Zone     string `ch:"zone"`
	Address  bool   `ch:"has_address"` // there is one for the channel
	Night    bool   `ch:"night"`       // consents to the quiet hours
	Events   string `ch:"events"`      // eight bytes each, as EventBytes writes them
}

// Source says where a planned hour came from.
type Source string

// The sources, as the warehouse names them.
const (
	SourceLearned  Source = "learned"  // from the customer's own events
	SourceFallback Source = "fallback" // from those of their segment
	SourceMoved    Source = "moved"    // the better hour was full, or worth more to others
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
	Wave       uint32        // hours since 1970 UTC in which it leaves; 0 when blocked
	At         time.Time     // when it leaves
	Lead       time.Duration // it arrives so much later
	LocalHour  int           // of its arrival
	Source     Source
	Blocked    string
	Propensity float64 // the chance that this hour was chosen, given what earlier customers of the shard left
	Explored   bool    // any allowed hour was drawn for them, whatever became of it
}

// PlannerConfig is what all customers of a shard share.
type PlannerConfig struct {
	Run         campaign.Run
	Touch       string
	Salt        string
	Hours       Hours
	Zones       *Zones
	Timing      *Timing   // nil: nothing was learned
	Instant     time.Time // events before it count
	From, Until time.Time // nothing leaves before From, nor arrives at or after Until
	Latency     time.Duration
	Explore     campaign.Share
	Prices      map[uint32]float64 // by wave, in expected responses: what a place in it is worth to others
	Room        Room               // nil: no limits
}

// Planner gives customers their hour. It counts places, so that the order of calls matters: customers come in the order of
// their keys.
type Planner struct {
	config                    PlannerConfig
	hour, slot, minute, taste string // names of draws
	scorer                    *scorer
	room                      Room
	demand                    Demand
	open                      map[slotKey]uint64
	slots                     map[slotKey][]slot
	net                       []float64
	scores                    scored
}

// NewPlanner begins a plan.
func NewPlanner(config PlannerConfig) *Planner {
	if config.Timing == nil {
		config.Timing = NoTiming()
	}
	config.Latency = config.Latency.Truncate(time.Second)
	p := &Planner{
		config: config,
		hour:   config.Run.Experiment("hour/" + config.Touch),
		slot:   config.Run.Experiment("slot/" + config.Touch),
		minute: config.Run.Experiment("minute/" + config.Touch),
		taste:  config.Run.Experiment("taste/" + config.Touch),
		scorer: newScorer(config.Timing, config.Instant),
		slots:  map[slotKey][]slot{},
		open:   map[slotKey]uint64{},
		demand: Demand{Wanted: map[uint32]uint64{}},
	}
	if config.Room != nil {
		p.room = make(Room, len(config.Room))
		for wave, places := range config.Room {
			p.room[wave] = places
		}
	}
	return p
}

// needless: somebody whose own best hour promises no more than this over the best one of people like them is not moved.
const needless = 1.005

// taste is the span of a draw that is added to each hour's expected responses where prices rule, so that people of whom the
// same is known do not all choose the same hour; in parts of the mean response.
const taste = 0.004

// planned at all is worth so many responses more than any hour.
const plannedWorth = 1

// wish is what a customer would choose.
type wish struct {
	slots  []slot
	draw   uint64
	best   int // slot with the most expected responses
	wanted int // the best one at the given prices; the drawn one of those who explore
	greedy int // the best one at the given prices
	random bool
	unfit  bool // at these prices everything is worth more to others
	own    bool
}

// wish fills p.net, the worth of each slot at the prices, too.
func (p *Planner) wish(c Candidate) (w wish, blocked string) {
	if !c.Address {
		return w, BlockedAddress
	}
	zone := p.config.Zones.Of(c.Zone)
	w.slots = p.allowed(slotKey{zone, c.Night})
	if len(w.slots) == 0 {
		return w, BlockedHours
	}
	w.draw = campaign.Hash64(p.config.Salt, p.minute, c.Customer)
	p.scores = p.scorer.score(c.Segment, c.Events, zone)
	w.own = p.scores.own
	base := &p.config.Timing.of(c.Segment).base
	p.net = p.net[:0]
	fixed := 0
	var most, fixedBase float64
	for i, s := range w.slots {
		cell := s.pick(w.draw).cell
		v := p.scores.response[cell]
		if v > most {
			most, w.best = v, i
		}
		if b := base[cell]; b > fixedBase {
			fixedBase, fixed = b, i
		}
		p.net = append(p.net, v)
	}
	if w.best != fixed && p.net[w.best] < p.net[fixed]*needless {
		w.best = fixed
	}
	w.greedy = w.best
	if p.config.Prices != nil {
		p.net[w.best] = most // so that draws alone move nobody, and what is needless stays so
		for i, s := range w.slots {
			p.net[i] = p.worth(c.Customer, p.net[i], s.wave) - p.config.Prices[s.wave]
		}
		p.net[w.best] += taste * p.config.Timing.rate
		w.greedy = largest(p.net)
		w.unfit = p.net[w.greedy] < -plannedWorth
	}
	w.wanted = w.greedy
	explore := float64(p.config.Explore)
	if explore > 0 && campaign.Uniform(p.config.Salt, p.hour, c.Customer) < explore {
		w.random, w.wanted = true, int(campaign.Hash64(p.config.Salt, p.slot, c.Customer)%uint64(len(w.slots)))
	}
	return w, ""
}

// worth is what a message to a customer in a wave brings, in responses: theirs on average, times the hour's.
func (p *Planner) worth(customer uint32, response float64, wave uint32) float64 {
	own := campaign.Hash64(p.config.Salt, p.taste, customer) ^ uint64(wave)*0x9e3779b97f4a7c15
	own = (own ^ own>>31) * 0xbf58476d1ce4e5b9
	own = (own ^ own>>29) * 0x94d049bb133111eb
	return p.scores.rate*response + taste*p.config.Timing.rate*float64(own>>11)/(1<<53)
}

// Plan gives one customer a time within the allowed hours of their own zone.
func (p *Planner) Plan(c Candidate) Planned {
	w, blocked := p.wish(c)
	if blocked != "" {
		return p.blocked(c, blocked)
	}
	greedy := p.settle(&w)
	chosen, source := greedy, SourceFallback
	if w.own {
		source = SourceLearned
	}
	if chosen != w.best {
		source = SourceMoved
	}
	if w.random {
		if p.free(w.slots[w.wanted].wave, true) {
			chosen, source = w.wanted, SourceRandom
		} else {
			source = SourceMoved
		}
	}
	if chosen < 0 {
		none := p.blocked(c, BlockedCapacity)
		none.Explored = w.random
		return none
	}
	propensity := p.chance(&w, greedy, chosen)
	s := w.slots[chosen]
	p.take(s.wave, chosen == w.wanted && !w.unfit || w.random)
	m := s.pick(w.draw)
	return Planned{
		Customer: c.Customer, Wave: s.wave, At: m.at.Add(time.Duration(w.draw>>32%60) * time.Second), Lead: p.config.Latency, LocalHour: m.hour,
		Source: source, Propensity: propensity, Explored: w.random,
	}
}

// settle is where a customer goes who does not explore: to the slot that they want, else to the best one that has places
// which nobody is expected to want; -1: nowhere.
func (p *Planner) settle(w *wish) int {
	if p.free(w.slots[w.greedy].wave, !w.unfit) {
		return w.greedy
	}
	best := -1
	for i, s := range w.slots {
		if p.free(s.wave, false) && (best < 0 || p.net[i] > p.net[best]) {
			best = i
		}
	}
	return best
}

// chance is the probability of a slot over the draws of this customer alone: whoever draws a full one goes where they would
// go without.
func (p *Planner) chance(w *wish, greedy, chosen int) float64 {
	explore := float64(p.config.Explore)
	each := explore / float64(len(w.slots))
	var out float64
	if chosen == greedy {
		out = 1 - explore
		if p.room != nil {
			for _, s := range w.slots {
				if !p.free(s.wave, true) {
					out += each
				}
			}
		}
	}
	if p.free(w.slots[chosen].wave, true) {
		out += each
	}
	return out
}

func (p *Planner) blocked(c Candidate, reason string) Planned {
	return Planned{Customer: c.Customer, At: p.config.From, Source: SourceFallback, Blocked: reason}
}

func (p *Planner) free(wave uint32, wanted bool) bool {
	places, limited := p.room[wave]
	return !limited || places.Extra > 0 || wanted && places.First > 0
}

func (p *Planner) take(wave uint32, wanted bool) {
	places, limited := p.room[wave]
	switch {
	case !limited:
		return
	case wanted && places.First > 0, places.Extra == 0:
		places.First--
	default:
		places.Extra--
	}
	p.room[wave] = places
}
