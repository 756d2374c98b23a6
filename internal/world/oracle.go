package world

import (
	"slices"
	"time"
)

// An Outcome is what one customer comes to in a time.
type Outcome struct {
	Purchases int
	Spend     int64 // won, purchases only
	Returned  int64 // won, refunds and cancellations of the time
	Earned    int64 // won, the rewards whose terms they met, each in its whole window; what was given back still counts
}

// An Oracle looks into customers one at a time: what they are like, and what they do if this or that reaches them. It
// reuses its memory, so that millions are a matter of seconds; each goroutine needs its own.
//
// What it says is exact, and the same whenever it is asked: all potential outcomes of a customer share their draws, so a
// difference of two of them is what the message does, to the won. Past campaigns, which the world had anyway, are part
// of all of them.
type Oracle struct {
	w         *World
	p         person
	known     known
	past      []Touch
	touches   []Touch
	buffer    []purchase
	responses []Response
}

// Oracle looks into w, at nobody yet: call Meet.
func (w *World) Oracle() *Oracle { return &Oracle{w: w} }

// Meet turns to customer key.
func (o *Oracle) Meet(key uint32) {
	o.p = o.w.person(key)
	o.known = o.w.known(&o.p)
	_, o.past = o.w.pastParts(&o.p, &o.known)
	o.touches = append(o.touches[:0], o.past...)
}

// reached is the past campaigns' messages and these, in memory that is used again.
func (o *Oracle) reached(touches []Touch) []Touch {
	o.touches = append(o.touches[:len(o.past)], touches...)
	return o.touches
}

// Outcome is what they do in [from, to), given all that ever reached them apart from past campaigns. None: the baseline.
func (o *Oracle) Outcome(from, to time.Time, touches ...Touch) Outcome {
	first, last := from.Unix(), to.Unix()
	l := o.w.around(&o.p, o.reached(touches), first, last, o.buffer)
	o.keep(l.purchases)
	var out Outcome
	for i := range l.purchases {
		switch b := &l.purchases[i]; {
		case b.at < first || b.at >= last:
		case b.kind != purchased:
			out.Returned += b.amount
		default:
			out.Purchases++
			out.Spend += b.amount
		}
	}
	for i := range touches {
		if t := &touches[i]; t.Reward > 0 && t.Terms != nil && !promised(touches[:i], t) {
			if n := counted(l.purchases, t.Terms, t.At); n > 0 && n >= t.Threshold {
				out.Earned += t.Reward
			}
		}
	}
	return out
}

// Counted is what counts towards an offer with these terms that arrives at an instant, in won, given all that reached
// them (the offer itself too, if it did). A threshold is reached by at least so much.
func (o *Oracle) Counted(t *Terms, at time.Time, touches ...Touch) int64 {
	opens, closes := t.window(at.Unix())
	l := o.w.around(&o.p, o.reached(touches), opens, closes, o.buffer)
	o.keep(l.purchases)
	return counted(l.purchases, t, at)
}

func (o *Oracle) keep(used []purchase) {
	if cap(used) > cap(o.buffer) {
		o.buffer = used[:0]
	}
}

// promised tells whether an earlier touch of the same run carried the offer already: it is earned once.
func promised(before []Touch, t *Touch) bool {
	return slices.ContainsFunc(before, func(b Touch) bool {
		return b.Campaign == t.Campaign && b.Occurrence == t.Occurrence && b.Reward > 0
	})
}

func counted(purchases []purchase, t *Terms, at time.Time) int64 {
	opens, closes := t.window(at.Unix())
	rule := t.counting()
	sum, largest := int64(0), int64(0)
	for i := range purchases {
		if b := &purchases[i]; b.kind == purchased && b.at >= opens && b.at < closes && rule.counts(b) {
			sum += b.amount
			largest = max(largest, b.amount)
		}
	}
	if t.Single {
		return largest
	}
	return sum
}

// A Response is how they take one message. An instant that is zero did not come.
type Response struct {
	Chance  float64 // to open it at all, before the draw
	Opened  time.Time
	Clicked time.Time
	Left    time.Time // they withdrew their consent
}

// Responses is how they take each of the touches, in the order given. The slice is used again by the next call.
func (o *Oracle) Responses(touches ...Touch) []Response {
	o.responses = slices.Grow(o.responses[:0], len(touches))[:len(touches)]
	messages := o.w.read(&o.p, o.reached(touches))
	for i := range touches {
		for j := range messages {
			if m := &messages[j]; m.Touch == &o.touches[len(o.past)+i] {
				o.responses[i] = Response{m.chance, instant(m.opened), instant(m.clicked), instant(m.left)}
			}
		}
	}
	return o.responses
}

// OpenChances is the chance that they open such a message, by the hour of their own zone at which it arrives, where no
// other came in the 30 days before and while they are customers.
func (o *Oracle) OpenChances(channel, content string) [24]float64 {
	var out [24]float64
	m := message{Touch: &Touch{Channel: channel, Content: content}, at: o.w.origin}
	p := o.p
	p.kept, p.left, p.dies = 0, never, never
	for h := range out {
		out[h] = o.w.openChance(&p, &m, p.activity(h))
	}
	return out
}

// Reachable tells whether a message by a channel may be sent to them at an instant: they have an address, agreed, and
// are not suppressed. What later messages make them withdraw is not looked at: see Response.Left.
func (o *Oracle) Reachable(channel string, at time.Time) bool {
	s, t := &o.known.suppressed, at.Unix()
	suppressed := s.reason != "" && t >= s.at && (s.until == 0 || t < s.until) && (s.channel == "" || s.channel == channel)
	has := channel == "email" && o.known.hasEmail || channel == "sms" && o.known.hasSMS
	return has && !suppressed && agreedAt(o.known.consents, channel, t)
}

// DropsOut is when they stop being a customer, given what reached them; it may lie before or long after the world's time.
func (o *Oracle) DropsOut(touches ...Touch) time.Time {
	p := o.p
	o.w.read(&p, o.reached(touches))
	return time.Unix(min(p.ends(), farAhead), 0).In(Home)
}

// farAhead stands for instants that a calendar can't write.
const farAhead = 1 << 40

func instant(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(at, 0).In(Home)
}

// Outcome is an Oracle's, for one customer.
func (w *World) Outcome(key uint32, touches []Touch, from, to time.Time) Outcome {
	o := w.Oracle()
	o.Meet(key)
	return o.Outcome(from, to, touches...)
}
