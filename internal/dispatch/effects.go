package dispatch

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Delivered is an attempt that feedback may be about, as the warehouse knows it.
type Delivered struct {
	Run      campaign.Run // without its plan
	Touch    string
	Purpose  string // of the consent that it was sent under
	Customer uint32
	Channel  string
	Attempt  uint8
	Wave     uint32
	State    campaign.DeliveryState
	At       time.Time // campaign time
	WallAt   time.Time

	MessageID, ProviderID string
}

// The reasons of messages that came back after they were taken.
const (
	ReasonUndelivered = "undelivered"
	ReasonBadAddress  = "bad_address"
)

// Effects are what one word of feedback changes. What is nil does not change.
type Effects struct {
	Of          Delivered
	Event       *Event
	Interaction *Interaction
	Suppression *Suppression
	Withdrawn   bool      // the consent to the channel and purpose, of the night too
	At          time.Time // campaign time of what happened
}

// Interaction is something that a customer did about a message. ID follows from the feedback: the same again is the same.
type Interaction struct {
	Kind string
	ID   uint64
}

// Suppression is an address that must not be used any more.
type Suppression struct{ Channel, Reason string }

// DeliveryKey is the key of a delivery within its message id; empty when the id is none of ours.
func DeliveryKey(messageID string) string {
	key, _, _ := strings.Cut(strings.ToLower(strings.Trim(strings.TrimSpace(messageID), "<>")), "@")
	if raw, err := hex.DecodeString(key); err != nil || len(raw) != len(campaign.ID{}) {
		return ""
	}
	return key
}

// Match finds the attempt that feedback is about: the one with the provider's id, else the last one by the channel that
// may have left. Receipts come late and in any order, and one of a first channel may come when a second was tried.
func (f Feedback) Match(attempts []Delivered) (Delivered, bool) {
	best := -1
	for i, d := range attempts {
		switch {
		case d.Attempt == 0 || f.Channel != "" && d.Channel != f.Channel:
			continue
		case f.ProviderID != "" && d.ProviderID == f.ProviderID:
			return d, true
		case f.MessageID == "" || DeliveryKey(f.MessageID) != DeliveryKey(d.MessageID):
			continue
		case d.State == campaign.DeliveryFailed && best >= 0: // it never left
			continue
		}
		if best < 0 || d.Attempt > attempts[best].Attempt || attempts[best].State == campaign.DeliveryFailed {
			best = i
		}
	}
	if best < 0 {
		return Delivered{}, false
	}
	return attempts[best], true
}

// Apply says what feedback changes about the delivery it is about. A rank decides what counts when words come in the
// wrong order, so that nothing here depends on what came before.
func (f Feedback) Apply(d Delivered, now time.Time) Effects {
	if d.Purpose == "" {
		d.Purpose = "marketing"
	}
	happened := f.At
	if happened.IsZero() || happened.After(now) {
		happened = now
	}
	e := Effects{Of: d, At: d.At}
	if later := happened.Sub(d.WallAt); later > 0 { // the campaign's clock may not be the wall's
		e.At = d.At.Add(later)
	}
	state, reason := campaign.DeliveryDelivered, ""
	switch f.Kind {
	case FeedbackFailed:
		state, reason = campaign.DeliveryBounced, ReasonUndelivered
	case FeedbackBounced:
		state, reason = campaign.DeliveryBounced, ReasonBadAddress
		e.Interaction = &Interaction{Kind: "bounce"}
		e.Suppression = &Suppression{Channel: d.Channel, Reason: "bounce"}
	case FeedbackOpened, FeedbackClicked:
		e.Interaction = &Interaction{Kind: string(f.Kind)}
	case FeedbackUnsubscribed:
		e.Interaction, e.Withdrawn = &Interaction{Kind: string(f.Kind)}, true
	case FeedbackComplained:
		e.Interaction, e.Withdrawn = &Interaction{Kind: string(f.Kind)}, true
		e.Suppression = &Suppression{Channel: d.Channel, Reason: "complaint"}
	}
	if d.State.Join(state) != d.State {
		e.Event = &Event{
			Customer: d.Customer, Channel: d.Channel, Attempt: d.Attempt, State: state, Wave: d.Wave, MessageID: d.MessageID,
			At: e.At, WallAt: now, Reason: reason, Response: f.Reason, ProviderID: d.ProviderID,
		}
	}
	if e.Interaction != nil {
		e.Interaction.ID = f.number(d)
	}
	return e
}

// number follows from what happened to which message. A customer bounces, unsubscribes and complains once about one;
// opens and clicks are told apart by their second.
func (f Feedback) number(d Delivered) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(DeliveryKey(d.MessageID) + "\x00" + d.Channel + "\x00" + string(f.Kind))) // a hash takes everything
	if f.Kind == FeedbackOpened || f.Kind == FeedbackClicked {
		var at [8]byte
		binary.LittleEndian.PutUint64(at[:], uint64(f.At.Unix()))
		_, _ = h.Write(at[:])
	}
	return h.Sum64()
}

// Valid says what is wrong with feedback, or nothing.
func (f Feedback) Valid() string {
	switch {
	case !slices.Contains(FeedbackKinds, f.Kind):
		return "unknown_kind"
	case f.From != "" && (len(f.From) > 40 || f.Kind != FeedbackUnsubscribed):
		return "not_an_answer"
	case f.From != "":
	case f.MessageID == "" && f.ProviderID == "":
		return "no_message"
	case f.ProviderID == "" && DeliveryKey(f.MessageID) == "":
		return "not_our_message"
	case len(f.MessageID) > 200 || len(f.ProviderID) > 200 || len(f.Channel) > 40:
		return "too_long"
	}
	return ""
}
