package activities

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// PlanWavesInput asks for the planned deliveries of one shard for a touch, for a launch at Opens. Rebase numbers the re-planning.
type PlanWavesInput struct {
	Run      campaign.Run   `json:"run"`
	Snapshot Snapshot       `json:"snapshot"`
	Touch    string         `json:"touch"`
	Opens    time.Time      `json:"opens"`
	Rebase   uint16         `json:"rebase"`
	Shard    campaign.Shard `json:"shard"`
	Closes   time.Time      `json:"closes,omitzero"` // nothing is planned at or after it; zero: the touch's spread after Opens

	Prices map[uint32]float64 `json:"prices,omitempty"` // of a place in each wave, in expected responses
	Room   dispatch.Room      `json:"room,omitempty"`   // the shard's places; none: an even part of the capacity
}

// PlanWavesOutput counts the shard's planned deliveries.
type PlanWavesOutput struct {
	Waves    map[uint32]uint64 `json:"waves"`             // by hour since 1970
	Hours    [24]uint64        `json:"hours"`             // by hour in the customer's own zone
	Sources  map[string]uint64 `json:"sources"`           // learned, fallback, moved, random
	Blocked  map[string]uint64 `json:"blocked,omitempty"` // by reason: no allowed hour before the window ends, no address
	Checksum uint64            `json:"checksum"`
}

// AdmitContactsInput asks for reservations of the shard's planned contacts under the frequency caps. Only the contacts workflow calls it.
type AdmitContactsInput struct {
	Run    campaign.Run   `json:"run"`
	Touch  string         `json:"touch"`
	Rebase uint16         `json:"rebase"`
	Shard  campaign.Shard `json:"shard"`
	// Where an earlier channel did not reach somebody: the wave whose contacts move to the channel of a step, at a time.
	Wave uint32    `json:"wave,omitempty"`
	Step int       `json:"step,omitempty"`
	At   time.Time `json:"at,omitzero"`
	Now  time.Time `json:"now,omitzero"` // campaign time; zero in histories of before messages were bundled and contacts displaced
}

// AdmitContactsOutput counts who was admitted and whom a cap kept out.
type AdmitContactsOutput struct {
	Admitted  uint64 `json:"admitted"`
	Capped    uint64 `json:"capped"`
	Bundled   uint64 `json:"bundled,omitempty"`   // of the admitted: their part goes in another run's message
	Displaced uint64 `json:"displaced,omitempty"` // contacts of lower priority that were taken back
}

// RenderMessagesInput asks for a dry run: every recipient's message of the shard is rendered, none is sent.
type RenderMessagesInput struct {
	Run    campaign.Run   `json:"run"`
	Touch  string         `json:"touch"`
	Rebase uint16         `json:"rebase"`
	Shard  campaign.Shard `json:"shard"`
}

// RenderMessagesOutput is what the dry run found.
type RenderMessagesOutput struct {
	Rendered        uint64  `json:"rendered"`
	Faults          []Fault `json:"faults,omitempty"`
	LongestBytes    int     `json:"longest_bytes"`
	LongestCustomer uint32  `json:"longest_customer"`

	Refused  map[string]uint64 `json:"refused,omitempty"`  // by reason: whom the rules will not let be written to, as far as is known now
	Messages []Rendering       `json:"messages,omitempty"` // of all touches and channels
	Samples  []Sample          `json:"samples,omitempty"`
}

// Rendering is what the messages of one touch, channel and form came to in the dry run. Everybody who gets the first touch is
// rendered for the later ones and for other channels too: who will need them is not known yet.
type Rendering struct {
	Touch             string `json:"touch"`
	Channel           string `json:"channel"`
	Form              string `json:"form"` // what the provider charges it as: email, sms, lms, template, brand, push, event
	Messages          uint64 `json:"messages"`
	Cost              int64  `json:"cost"`            // of all of them, in thousandths of a minor unit
	Extra             int64  `json:"extra,omitempty"` // of it, because they outgrew SMS
	Longest           int    `json:"longest"`         // bytes; characters of template and brand
	LongestCustomer   uint32 `json:"longest_customer"`
	Costliest         int64  `json:"costliest,omitempty"`
	CostliestCustomer uint32 `json:"costliest_customer,omitempty"`
}

// Sample is a message as it would leave, with a name that is nobody's.
type Sample struct {
	Touch    string `json:"touch"`
	Channel  string `json:"channel"`
	Language string `json:"language"`
	Form     string `json:"form"`
	Title    string `json:"title,omitempty"`
	Text     string `json:"text"`
	Size     int    `json:"size"`
}

// Fault is one kind of trouble with an example; it blocks the launch when Blocks.
type Fault struct {
	Kind      string `json:"kind"`
	Message   string `json:"message"`
	Customers uint64 `json:"customers,omitempty"`
	Example   uint32 `json:"example,omitempty"` // a customer_key
	Blocks    bool   `json:"blocks"`
}

// DeliverWaveInput asks for one wave's deliveries of one shard. It may run twice, and at the same time, without a second message.
type DeliverWaveInput struct {
	Run    campaign.Run   `json:"run"`
	Touch  string         `json:"touch"`
	Wave   uint32         `json:"wave"`
	Rebase uint16         `json:"rebase"`
	Shard  campaign.Shard `json:"shard"`
	Clock  clock.Clock    `json:"clock"`
	Closes time.Time      `json:"closes"`         // campaign time after which nothing of this wave may leave
	Step   int            `json:"step,omitempty"` // the channel of the touch that tries: those who an earlier one did not reach
}

// DeliverWaveOutput counts the wave's deliveries of the shard by the state they ended in.
type DeliverWaveOutput struct {
	Planned    uint64            `json:"planned"`
	Sent       uint64            `json:"sent"`
	Failed     uint64            `json:"failed,omitempty"`
	Bounced    uint64            `json:"bounced,omitempty"` // the provider refused the address itself
	Expired    uint64            `json:"expired,omitempty"`
	Unknown    uint64            `json:"unknown,omitempty"`
	Suppressed map[string]uint64 `json:"suppressed,omitempty"` // by reason
	Late       uint64            `json:"late,omitempty"`       // of those sent by this run: more than a minute after their time
	Settled    uint64            `json:"settled,omitempty"`    // open attempts of a crash, settled by asking the provider
	Again      uint64            `json:"again,omitempty"`      // of those sent: an earlier channel had sent them, and nobody heard
	Passed     uint64            `json:"passed,omitempty"`     // left to the touch's next channel: this one has no address or consent
}

// CloseTouchInput ends a touch for one shard: what was planned and never left becomes expired (or suppressed, when the campaign was cancelled).
type CloseTouchInput struct {
	Run       campaign.Run   `json:"run"`
	Touch     string         `json:"touch"`
	Rebase    uint16         `json:"rebase"`
	Shard     campaign.Shard `json:"shard"`
	Clock     clock.Clock    `json:"clock"`
	Cancelled bool           `json:"cancelled,omitempty"`
}

// CloseTouchOutput counts all deliveries of the shard's touch by final state.
type CloseTouchOutput struct {
	States map[string]uint64 `json:"states"`
}
