package dispatch

import (
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Chain is the channels of a touch in the order in which they try.
type Chain []Try

// Try is one channel of a chain.
type Try struct {
	Channel string
	Heard   bool // where nobody hears in time that the message arrived, the next one tries; else only where it failed
}

// NewChain is a touch's.
func NewChain(touch campaign.Touch) Chain {
	var c Chain
	for _, channel := range touch.Channels {
		c = append(c, Try{Channel: channel, Heard: touch.Wait(channel).Until == campaign.UntilDelivered})
	}
	return c
}

// passable are the reasons for which one channel can't be used and another may.
var passable = []string{ReasonNoAddress, ReasonNoConsent, ReasonOldConsent, ReasonSuppressed}

// Passes says whether somebody whom a channel may not be used for is left to the next one: nothing is recorded then.
func (c Chain) Passes(step int, state campaign.DeliveryState, reason string) bool {
	return step < len(c)-1 && state == campaign.DeliverySuppressed && slices.Contains(passable, reason)
}

// Judge says what is to be done about a delivery by the channel of a step, when its time has come, as Judge does for a
// touch of one channel. A message that may be out by an earlier channel, and of which nobody knows, is never followed by another.
func (c Chain) Judge(history []Attempt, wave uint32, step int) (Step, campaign.DeliveryState, uint8) {
	todo, state, next := Judge(history, wave)
	if step == 0 || todo == StepSettle {
		return todo, state, next
	}
	var own []Attempt
	var last *Attempt // of the earlier channels
	for i, a := range history {
		at := slices.IndexFunc(c, func(t Try) bool { return t.Channel == a.Channel })
		switch {
		case at > step, a.State == campaign.DeliveryDelivered, a.Number == 0 && a.State == campaign.DeliverySuppressed:
			return StepDone, state, next
		case at == step:
			own = append(own, a)
		case a.Number > 0 && (last == nil || a.Number > last.Number):
			last = &history[i]
		}
	}
	if len(own) > 0 {
		todo, _, _ = Judge(own, wave)
		return todo, state, next
	}
	if last != nil && last.State == campaign.DeliverySent {
		at := slices.IndexFunc(c, func(t Try) bool { return t.Channel == last.Channel })
		if at < 0 || !c[at].Heard {
			return StepDone, state, next
		}
	}
	return StepSend, state, next
}
