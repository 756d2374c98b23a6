// Package dispatch decides when a message may leave and what it says: send time, quiet hours, frequency caps, waves
// and rendering. It is pure: it knows no clock, no database and no provider, only the port through which they are reached.
package dispatch

import (
	"context"
	"errors"
	"time"
)

// ErrNotAskable says that a provider cannot tell whether it has a message. What a crash left open then stays unknown.
var ErrNotAskable = errors.New("this provider cannot be asked whether it has a message")

// Channel is one way to reach customers. Its methods are safe for many goroutines at once.
type Channel interface {
	// Ready says whether messages can be handed over now. It is asked before deliveries are claimed.
	Ready(ctx context.Context) error
	// Send hands one message to the provider and returns its word. It gives up, without having started, when ctx is done.
	Send(ctx context.Context, m Message) Receipt
	// Lookup says which of the messages the provider has accepted; ErrNotAskable when it can't tell.
	Lookup(ctx context.Context, ids []string) (map[string]bool, error)
}

// Streamer is a Channel that is faster with many messages one after the other than with each by itself.
type Streamer interface {
	// Stream sends what next gives, in that order, until it gives nothing, and tells each message's receipt in the same
	// order. It may ask for a message before it has the receipt of the one before it, and for one more only, and asks for
	// none before it can send it. Once ctx is done it may leave off. Both functions are called by the caller's goroutine.
	Stream(ctx context.Context, next func() (Message, bool), told func(Receipt))
}

// Form is how the text of a message is made up, which decides how a channel hands it over.
type Form string

// The forms of messages.
const (
	FormMail     Form = ""         // Body is a whole mail with its headers
	FormSMS      Form = "sms"      // a text message; what does not fit into one is sent in parts
	FormLMS      Form = "lms"      // a long text message with a title
	FormTemplate Form = "template" // a text whose wording the provider has approved (Kakao's 알림톡), named by Template
	FormBrand    Form = "brand"    // a text under the sender's profile (Kakao's brand message)
	FormPush     Form = "push"     // a notification of an app
	FormEvent    Form = "event"    // for a system of the user's own
)

// Message is what a channel sends, complete. Fields that a form does not know are empty.
type Message struct {
	ID   string // the same for every attempt; of mail the Message-ID without brackets
	From string // envelope sender; the sender's registered number, or the key of its profile
	To   string // envelope recipient; a number, or a device's token; never logged
	Body []byte // what leaves: the bytes of a mail, of any other form the text in UTF-8

	Form        Form
	Title       string    // of LMS, brand and push
	Template    string    // the provider's code of an approved wording
	Link        string    // where a tap leads: https
	Advertising bool      // has to be marked as such to the provider
	Expires     time.Time // by the wall clock: the provider is to drop it then; zero: whenever it likes
}

// Outcome is what became of one attempt.
type Outcome string

// The outcomes of an attempt.
const (
	OutcomeSent      Outcome = "sent"      // accepted
	OutcomeBounced   Outcome = "bounced"   // the address is refused for good
	OutcomeRefused   Outcome = "refused"   // the message is refused for good
	OutcomeTemporary Outcome = "temporary" // not accepted now; a later attempt may succeed
	OutcomeUncertain Outcome = "uncertain" // the connection broke after the last byte: only the provider knows
	OutcomeUntried   Outcome = "untried"   // nothing was sent
	OutcomeDown      Outcome = "down"      // nothing was sent: the provider can't be reached or does not take messages from us
)

// Receipt is the provider's word on one attempt.
type Receipt struct {
	Outcome    Outcome
	Response   string // the provider's answer, without the address
	ProviderID string // the provider's own name of the message, where it does not use ours
}
