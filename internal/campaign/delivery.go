package campaign

import "fmt"

// DeliveryState is where a message stands. States are ranked: the state of a delivery is the greatest of those recorded
// for it, whatever order they arrive in, so that no clock has to decide. Ranks are those of table delivery_events.
type DeliveryState uint8

// The states by rank.
const (
	DeliveryPlanned    DeliveryState = 10 // has a time and a channel
	DeliveryAttempting DeliveryState = 20 // is being handed over: recorded before the first byte leaves
	DeliveryFailed     DeliveryState = 30 // was refused for now; it may be tried again
	DeliveryUnknown    DeliveryState = 40 // was handed over without an answer: the provider has to be asked
	DeliveryExpired    DeliveryState = 50 // its time went by
	DeliverySuppressed DeliveryState = 60 // consent, a cap or a rule forbade it at the moment of sending
	DeliverySent       DeliveryState = 70 // was accepted by the provider
	DeliveryDelivered  DeliveryState = 80 // arrived
	DeliveryBounced    DeliveryState = 90 // came back
)

var deliveryNames = map[DeliveryState]string{
	DeliveryPlanned: "planned", DeliveryAttempting: "attempting", DeliveryFailed: "failed", DeliveryUnknown: "unknown", DeliveryExpired: "expired",
	DeliverySuppressed: "suppressed", DeliverySent: "sent", DeliveryDelivered: "delivered", DeliveryBounced: "bounced",
}

// String is the state's name in the warehouse.
func (s DeliveryState) String() string { return nameOf(s, deliveryNames) }

// ParseDeliveryState reads a state's name.
func ParseDeliveryState(name string) (DeliveryState, error) { return stateOf(name, deliveryNames) }

// Join is the state of a delivery of which both are known.
func (s DeliveryState) Join(other DeliveryState) DeliveryState { return max(s, other) }

// Final says that no further attempt may be made.
func (s DeliveryState) Final() bool { return s >= DeliveryExpired }

// MayHaveArrived says that the customer may have seen the message, so that its offer is owed whatever happens next.
func (s DeliveryState) MayHaveArrived() bool {
	switch s {
	case DeliveryAttempting, DeliveryUnknown, DeliverySent, DeliveryDelivered:
		return true
	}
	return false
}

// MarshalText writes the name.
func (s DeliveryState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *DeliveryState) UnmarshalText(text []byte) (err error) {
	*s, err = ParseDeliveryState(string(text))
	return err
}

// PayoutState is where a payment stands, ranked like DeliveryState. Ranks are those of table payout_events.
type PayoutState uint8

// The states by rank.
const (
	PayoutRequested PayoutState = 10 // recorded before the provider is asked to pay
	PayoutUnknown   PayoutState = 20 // the provider gave no answer and has to be asked
	PayoutRefused   PayoutState = 30 // the provider will not pay
	PayoutPaid      PayoutState = 40
)

var payoutNames = map[PayoutState]string{PayoutRequested: "requested", PayoutUnknown: "unknown", PayoutRefused: "refused", PayoutPaid: "paid"}

// String is the state's name in the warehouse.
func (s PayoutState) String() string { return nameOf(s, payoutNames) }

// ParsePayoutState reads a state's name.
func ParsePayoutState(name string) (PayoutState, error) { return stateOf(name, payoutNames) }

// Join is the state of a payout of which both are known.
func (s PayoutState) Join(other PayoutState) PayoutState { return max(s, other) }

// Final says that the payout is settled one way or the other.
func (s PayoutState) Final() bool { return s >= PayoutRefused }

// MarshalText writes the name.
func (s PayoutState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *PayoutState) UnmarshalText(text []byte) (err error) {
	*s, err = ParsePayoutState(string(text))
	return err
}

func nameOf[S ~uint8](state S, names map[S]string) string {
	if name, known := names[state]; known {
		return name
	}
	return fmt.Sprintf("state %d", uint8(state))
}

func stateOf[S ~uint8](name string, names map[S]string) (S, error) {
	for state, known := range names {
		if known == name {
			return state, nil
		}
	}
	return 0, fmt.Errorf("%q is not a state; the warehouse was written by another version", name)
}
