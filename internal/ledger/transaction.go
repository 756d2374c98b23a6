package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// What makes a transaction impossible.
var (
	// ErrUnbalanced: the legs do not sum to zero.
	ErrUnbalanced = errors.New("the legs of a transaction do not sum to zero")
	// ErrExposure: more would be out than was approved.
	ErrExposure = errors.New("the approved exposure would be exceeded")
	// ErrAmount: an amount is zero, negative or beyond 64 bits.
	ErrAmount = errors.New("a transaction moves an amount above zero")
	// ErrDiverged: the books in the warehouse and the chain's head disagree.
	ErrDiverged = errors.New("the ledger in the warehouse is not the one that was booked")
)

// Kind is what a transaction books; batches have the same kinds.
type Kind string

// The kinds of transactions.
const (
	Approve  Kind = "approve"
	Reserve  Kind = "reserve"
	Release  Kind = "release"
	Dues     Kind = "dues"
	Paid     Kind = "paid"
	Clawback Kind = "clawback"
	Close    Kind = "close"
	Reopen   Kind = "reopen" // of released budget, for what became due late
	Net      Kind = "net"    // of a due against what its customer owes
	Forgo    Kind = "forgo"  // of a due that will not be paid
	Draw     Kind = "draw"   // from a budget that campaigns share
	Return   Kind = "return" // to it
	Resize   Kind = "resize" // of it, as the policy has it
)

// Transaction moves value between accounts. ID is made from what it books, never from who books it or when.
type Transaction struct {
	ID        campaign.ID
	Kind      Kind
	Customer  uint32 // 0: of no customer
	Currency  string
	At        time.Time // campaign time
	Reference string    // what it books, for people: an offer, a shard's tier
	Legs      []Leg     // in order
}

// Leg is one side of a transaction: into the account when above zero, out of it when below.
type Leg struct {
	Account Account
	Amount  money.Minor
}

// Check says whether the transaction may be booked.
func (t Transaction) Check() error {
	var sum money.Minor
	for _, leg := range t.Legs {
		var err error
		if sum, err = money.Add(sum, leg.Amount); err != nil {
			return fmt.Errorf("%s %s: %w", t.Kind, t.Reference, err)
		}
		if leg.Amount == 0 {
			return fmt.Errorf("%s %s: %w", t.Kind, t.Reference, ErrAmount)
		}
	}
	if len(t.Legs) < 2 || sum != 0 {
		return fmt.Errorf("%s %s sums to %d: %w", t.Kind, t.Reference, sum, ErrUnbalanced)
	}
	return nil
}

// Amount is the sum of the legs above zero.
func (t Transaction) Amount() money.Minor {
	var sum money.Minor
	for _, leg := range t.Legs {
		sum += max(leg.Amount, 0)
	}
	return sum
}
