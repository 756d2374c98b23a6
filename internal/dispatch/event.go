package dispatch

import (
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Event is a row of delivery_events: something became of an attempt.
type Event struct {
	Customer   uint32
	Channel    string
	Attempt    uint8
	State      campaign.DeliveryState
	Wave       uint32
	MessageID  string
	At         time.Time // campaign time
	WallAt     time.Time
	Reason     string
	Response   string // the provider's word; who holds an attempt that is open
	Template   string // hash
	Parameters string // JSON, without personal data
	SHA256     string // of the bytes
	ProviderID string // the provider's own name of the message; empty where it uses ours
}

// Slot is a planned delivery of a wave.
type Slot struct {
	Customer uint32
	Channel  string
	At       time.Time
	Wave     uint32
	Blocked  string
	Rebase   uint16 // of the plan that it is from
}

// Recipient is what is known of a customer at the moment of sending. Name and Address are personal: they go into the
// message and nowhere else.
type Recipient struct {
	Customer     uint32
	Name         string
	Address      string
	Zone         string
	Language     string
	Offer        string
	Content      string
	Threshold    int64
	Reward       int64
	Consented    bool
	ConsentedAt  time.Time // of the consent in force
	Night        bool
	Withdrawn    bool      // the last word on consent was no
	Objected     bool      // to profiling
	BoughtAt     time.Time // last purchase, where it is asked for
	DoNotContact bool
	Reserved     bool
	Kept         string // why the reservation was taken back: displaced or bundled
}

// Lease is the sole right to send a touch's deliveries of a range of customers for a while. See docs/dispatch.md.
type Lease struct {
	Touch     string
	Rebase    uint16
	Wave      uint32 // 0: all waves
	Low, High uint32
	Owner     string
	Until     time.Time // by the wall clock
	Released  bool
}

// Conflicts says whether two leases may not be held at once. Waves of one plan share no customer; waves of two plans may.
func (l Lease) Conflicts(other Lease) bool {
	if l.Owner == other.Owner || l.High < other.Low || other.High < l.Low || l.Touch != other.Touch {
		return false
	}
	return l.Rebase != other.Rebase || l.Wave == other.Wave || l.Wave == 0 || other.Wave == 0
}

// Reservation is a contact that a campaign was admitted, at a planned time.
type Reservation struct {
	Customer   uint32
	Channel    string
	At         time.Time
	Campaign   string
	Occurrence uint32
	Plan       uint16 // 0: a message of elsewhere, which nobody reserved
	Touch      string
	Released   bool
	Purpose    string
	Priority   uint8
	Why        string    // it was taken back
	Carrier    string    // the Host that carries its part; empty: it is a message of its own
	Launch     time.Time // of the run
}

// Run is the run that reserved the contact.
func (r Reservation) Run() campaign.Run {
	return campaign.Run{Campaign: r.Campaign, Occurrence: r.Occurrence, Plan: r.Plan, Launch: r.Launch}
}

// CandidateQuery asks for those of a shard who are to be given a time for a touch.
type CandidateQuery struct {
	Run      campaign.Run
	Snapshot string
	Touch    string
	Channel  string
	Channels []string // an address for any of them is enough
	Purpose  string   // of the consent
	Opens    time.Time
	Instant  time.Time // events before it count
	Part     uint32    // only one in so many customers; 0: all
	Rebase   uint16
	Shard    campaign.Shard
}

// Latency is how long a channel's messages took to arrive.
type Latency struct {
	Median   time.Duration
	Receipts uint64 // of so many messages
}

const (
	fewReceipts = 50               // are too few to tell
	mostLatency = 10 * time.Minute // a channel that takes longer has no minute to be on time for
)

// Lead is by how much a message has to leave before it is to arrive.
func (l Latency) Lead() time.Duration {
	if l.Receipts < fewReceipts || l.Median < 0 || l.Median > mostLatency {
		return 0
	}
	return l.Median.Round(time.Second)
}

// RecipientQuery asks about customers, each at a moment of its own.
type RecipientQuery struct {
	Run     campaign.Run
	Touch   string
	Channel string
	Purpose string
	Keys    []uint32
	Ats     []time.Time
	Bought  time.Duration // before each moment: how far back purchases are asked for; 0: not at all
}
