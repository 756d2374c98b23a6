package settlement

import (
	"cmp"
	"errors"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// What a provider's answer means for the money.
var (
	// ErrRefused: the provider said no, for good. Asking again with the same key changes nothing.
	ErrRefused = errors.New("the provider refused the payout")
	// ErrUnclear: the payout may have happened. Only the provider knows.
	ErrUnclear = errors.New("the provider may or may not have made the payout")
	// ErrUnreachable: nobody answered at all.
	ErrUnreachable = errors.New("the payout provider can't be reached")
	// ErrNoRoute: the worker has no adapter for the spec's settlement.payout.
	ErrNoRoute = errors.New("no adapter pays by this route")
	// ErrNotBooked: dues are there and none of them is in the ledger. Nothing is paid that is not booked.
	ErrNotBooked = errors.New("the dues are not booked yet")
	// ErrFile: nothing of such a file is believed.
	ErrFile = errors.New("a payout file can't be used")
	// ErrNoFolder: payouts go by files, and the worker was not told where.
	ErrNoFolder = errors.New("payouts by file need a folder that all workers share: set DANBI_PAYOUT_DIR")
)

// Due is what a customer is owed, with where its payout stands.
type Due struct {
	Payout   campaign.ID // idempotency key
	Customer uint32
	Offer    string
	Round    uint16
	Amount   money.Minor
	Netted   money.Minor // of Amount: set against what the customer owed us; the rest is paid out
	Currency string
	Attempt  uint8                // 0: never requested
	State    campaign.PayoutState // 0: never requested
}

// Rest is what is paid out of a due.
func (d Due) Rest() money.Minor { return d.Amount - d.Netted }

// PayoutEvent is one row of a payout's history.
type PayoutEvent struct {
	Due
	At       time.Time // campaign time
	WallAt   time.Time
	Reason   string
	Response string
}

// Payout is what the provider is asked for, and what it says it paid.
type Payout struct {
	Key       campaign.ID
	Amount    money.Minor
	Currency  string
	Customer  uint32
	Reference string // campaign/occurrence
	Kind      string // what is paid out: the route's word, as points or cashback
}

// Answer is what a payer that answers in files said of a payout.
type Answer struct {
	Payout
	Paid bool // false: refused
}

// Redemption says that a customer met an offer's terms.
type Redemption struct {
	Customer    uint32      `json:"customer_key"`
	Offer       string      `json:"offer"`
	Round       uint16      `json:"round"`
	QualifiedAt time.Time   `json:"qualified_at"`
	Purchase    uint64      `json:"purchase"`
	Spend       money.Minor `json:"spend"`
	Due         money.Minor `json:"due"`
	Currency    string      `json:"currency"`
}

// Compare orders redemptions by their key: customer, offer, round.
func (r Redemption) Compare(other Redemption) int {
	return cmp.Or(cmp.Compare(r.Customer, other.Customer), cmp.Compare(r.Offer, other.Offer), cmp.Compare(r.Round, other.Round))
}

// Tally counts dues by where their payouts stand.
type Tally struct {
	Dues       uint64
	Due        money.Minor
	Paid       uint64
	PaidAmount money.Minor
	Refused    uint64
	Unknown    uint64 // requested counts too: nobody knows how it ended
}
