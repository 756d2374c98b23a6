// Package dispatch decides when a message may leave and what it says: send time, quiet hours, frequency caps, waves
// and rendering. It is pure: it knows no clock, no database and no provider, only the port through which they are reached.
package dispatch

import (
	"context"
	"errors"
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

// Message is what a channel sends, complete: Body is the bytes that leave.
type Message struct {
	ID   string // Message-ID without brackets, the same for every attempt
	From string // envelope sender
	To   string // envelope recipient; never logged
	Body []byte
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
	Outcome  Outcome
	Response string // the provider's answer, without the address
}
