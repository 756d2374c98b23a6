package dispatch

import (
	"context"
	"time"
)

// FeedbackKind is what a provider, or the recipient, says of a message after it was taken.
type FeedbackKind string

// The kinds of feedback.
const (
	FeedbackDelivered    FeedbackKind = "delivered"
	FeedbackFailed       FeedbackKind = "failed"  // it will not arrive; the address may be good
	FeedbackBounced      FeedbackKind = "bounced" // the address is no good
	FeedbackOpened       FeedbackKind = "open"
	FeedbackClicked      FeedbackKind = "click"
	FeedbackUnsubscribed FeedbackKind = "unsubscribe"
	FeedbackComplained   FeedbackKind = "complaint"
)

// FeedbackKinds are all of them, in the order of a message's life.
var FeedbackKinds = []FeedbackKind{
	FeedbackDelivered, FeedbackFailed, FeedbackBounced, FeedbackOpened, FeedbackClicked, FeedbackUnsubscribed, FeedbackComplained,
}

// Feedback is one such word. It names the message by our id or, where the provider does not tell ours, by its own.
type Feedback struct {
	Channel    string
	MessageID  string
	ProviderID string
	Kind       FeedbackKind
	At         time.Time // by the provider's clock
	Reason     string    // the provider's, without the address
	From       string    // the number that an answer came from, which names no message; it is looked up and never kept
}

// Inbox takes feedback. When Take returns nil it is kept, and a provider may be told so; the same feedback again changes nothing.
type Inbox interface {
	Take(ctx context.Context, feedback []Feedback) error
}
