package world

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// A Touch is one message that reached one customer, with the offer that it carried.
type Touch struct {
	Campaign   string
	Occurrence uint32
	Touch      string
	Channel    string
	At         time.Time // when it arrived; whole seconds count
	Content    string
	Threshold  int64 // won to spend; 0 with a reward: any purchase earns it
	Reward     int64 // won; 0: the message offers nothing
	Terms      *Terms
}

// Terms say which purchases count towards an offer.
type Terms struct {
	Opens, Closes time.Time     // the window in which purchases count
	Within        time.Duration // if set, the window runs so long from the touch's arrival, at most to Closes
	Single        bool          // one purchase must reach the threshold alone
	Categories    []string      // only these count; empty: all
	Brands        []string      // only these count; empty: all
	Excluded      []string      // categories that never count

	past bool // a past campaign of the world itself
	once sync.Once
	rule rule
}

// window is when purchases count for somebody whom the message reached at.
func (t *Terms) window(at int64) (opens, closes int64) {
	opens, closes = t.Opens.Unix(), t.Closes.Unix()
	if t.Within > 0 {
		opens, closes = at, min(closes, at+int64(t.Within/time.Second))
	}
	return opens, closes
}

// A rule is Terms in the catalogue's numbers.
type rule struct {
	all        bool
	categories [len(categories)]bool
	brands     map[uint16]bool // nil: all
}

// counting is which purchases count, worked out once for all customers.
func (t *Terms) counting() *rule {
	t.once.Do(func() {
		t.rule.all = len(t.Categories)+len(t.Brands)+len(t.Excluded) == 0
		for i, c := range categories {
			listed := len(t.Categories) == 0 || slices.Contains(t.Categories, c.id)
			t.rule.categories[i] = listed && !slices.Contains(t.Excluded, c.id)
		}
		if len(t.Brands) == 0 {
			return
		}
		t.rule.brands = map[uint16]bool{}
		for i, b := range theCatalog.brands {
			if slices.Contains(t.Brands, b) {
				t.rule.brands[uint16(i)] = true
			}
		}
	})
	return &t.rule
}

func (r *rule) counts(b *purchase) bool {
	return r.all || r.categories[b.category] && (r.brands == nil || r.brands[b.brand])
}

// A message is a touch with the draws of how its customer took it.
type message struct {
	*Touch
	at       int64
	index    uint64 // counter of its draws
	draws    stream
	chance   float64 // to open it
	opened   int64   // instant; 0: never
	clicked  int64
	left     int64 // instant at which they unsubscribed; 0: they did not
	visits   bool  // a click leads on into the shop
	received int   // messages within the 30 days before
}

// read decides whether and when each touch is opened, and with it how long p stays a customer, which it notes in p. What
// it decides of an instant depends only on what arrived before.
func (w *World) read(p *person, touches []Touch) []message {
	p.kept, p.left = 0, never
	messages := make([]message, len(touches))
	for i := range touches {
		t := &touches[i]
		messages[i] = message{Touch: t, at: t.At.Unix(), index: hashText(t.Campaign, t.Touch) + uint64(t.Occurrence)}
	}
	slices.SortFunc(messages, func(a, b message) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return strings.Compare(a.Campaign+"\x00"+a.Touch.Touch, b.Campaign+"\x00"+b.Touch.Touch)
	})
	for i := range messages {
		m := &messages[i]
		for j := i - 1; j >= 0 && messages[j].at > m.at-30*secondsPerDay; j-- {
			m.received++
		}
		w.open(p, m)
		w.stir(p, m)
	}
	return messages
}

// open draws the response to one message.
func (w *World) open(p *person, m *message) {
	m.draws = newStream(w.seed, p.key, forTouch, m.index)
	s := &m.draws
	_, second := w.calendar.local(p.zone, m.at)
	activity := p.activity(second / 3600)
	m.chance = w.openChance(p, m, activity)
	if s.unit() >= m.chance {
		return
	}
	// Who is not active when it arrives sees it when they next are, often the next day.
	delay := w.OpenDelay * 60
	if s.unit() > activity {
		wait := p.hour(s)*3600 - second
		if wait <= 0 {
			wait += secondsPerDay
		}
		delay = float64(wait) + 900
	}
	m.opened = m.at + 20 + int64(min(delay*expSpread(s, w.OpenDelaySpread), 7*secondsPerDay))
	if s.chance(w.ClickGivenOpen) {
		m.clicked = m.opened + 5 + int64(s.exponential()*40)
		m.visits = s.chance(w.VisitGivenClick)
	}
	if leave := w.unsubscribeChance(p); s.chance(leave) {
		m.left = m.opened + 10 + int64(s.exponential()*60)
	}
}

// openChance is the chance that p opens m, whose arrival finds them so active.
func (w *World) openChance(p *person, m *message, activity float64) float64 {
	chance := p.open * ((1 - p.dependent) + p.dependent*min(activity, 3))
	if m.Channel == "sms" {
		chance *= w.OpenSMS
	}
	if hashText(m.Content)%3 == uint64(p.taste) {
		chance *= w.ContentLiked
	} else {
		chance *= w.ContentOther
	}
	if !p.alive(m.at) {
		chance *= w.ContactLeft
	}
	for range min(m.received, 20) {
		chance *= w.OpenFatigue
	}
	return min(chance, 0.97)
}

func (w *World) unsubscribeChance(p *person) float64 {
	if p.dog {
		return w.DogUnsubscribe
	}
	return w.Unsubscribe
}
