package world

import "slices"

// A record collects what one range of customers did in a time.
type record struct {
	w            *World
	from, to     int64
	transactions transactionRows
	interactions interactionRows
	consents     consentRows
	buffer       []purchase
	dropped      int // transactions that the warehouse held already
}

func (w *World) newRecord(from, to int64) *record {
	return &record{w: w, from: from, to: to, interactions: newInteractionRows(), consents: newConsentRows()}
}

func (r *record) in(at int64) bool { return at >= r.from && at < r.to }

// add lives p through the record's time and writes down what the warehouse gets to know of it.
func (r *record) add(p *person, touches []Touch, consents []consent) {
	l := r.w.live(p, touches, r.from, r.to, r.buffer)
	for i := range l.purchases {
		r.transactions.add(p.key, &l.purchases[i])
	}
	if cap(l.purchases) > cap(r.buffer) {
		r.buffer = l.purchases[:0]
	}
	r.w.sessions(p, r.from, r.to, func(at int64, id uint64) {
		r.interactions.add(p.key, at, "app", "app", "", 0, "", id)
	})
	for i := range l.messages {
		r.message(p, &l.messages[i])
	}
	for i := range consents {
		if c := &consents[i]; c.at < r.to && (c.at >= r.from || r.from == r.w.origin) && !unsubscribed(l.messages, c) {
			r.consents.add(p.key, c)
		}
	}
}

// unsubscribed tells whether c would confirm what its customer withdrew by a message before: nobody asks them then.
func unsubscribed(messages []message, c *consent) bool {
	return c.evidence == reconfirmed && slices.ContainsFunc(messages, func(m message) bool {
		return m.left > 0 && m.left < c.at && m.Channel == c.channel
	})
}

// message writes down how p took m. That it was delivered is known from delivery_events; only past campaigns, whose
// receipts came in as interactions, say it here too.
func (r *record) message(p *person, m *message) {
	note := func(at int64, kind string) {
		if at > 0 && r.in(at) {
			id := uint64(p.key)<<32 | reactionBit | (hashText(kind, m.Campaign, m.Touch.Touch)+uint64(m.Occurrence))&(reactionBit-1)
			r.interactions.add(p.key, at, kind, m.Channel, m.Campaign, m.Occurrence, m.Touch.Touch, id)
		}
	}
	if m.Terms != nil && m.Terms.past {
		note(m.at, "delivered")
	}
	note(m.opened, "open")
	note(m.clicked, "click")
	if m.visits {
		note(m.clicked+30, "visit")
	}
	note(m.left, "unsubscribe")
	if m.left > 0 && r.in(m.left) {
		r.consents.add(p.key, &consent{at: m.left, channel: m.Channel, evidence: "unsubscribe-link"})
	}
}
