package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// Book makes the transactions of one run, in its currency, at one instant of campaign time.
type Book struct {
	Run      campaign.Run
	Currency string
	At       time.Time
}

// Approve grants the budget: the most that may ever be out. A new plan of the run is granted anew.
func (b Book) Approve(exposure money.Minor) (Transaction, error) {
	return b.make(Approve, 0, fmt.Sprintf("plan %d", b.Run.Plan), b.planned(Approve, "", campaign.Shard{}),
		move{BudgetGranted, BudgetApproved, exposure})
}

// Reserve sets the most aside that the offers of one tier may cost in one shard: one transaction, not one a customer.
func (b Book) Reserve(shard campaign.Shard, offer string, exposure money.Minor) (Transaction, error) {
	return b.make(Reserve, 0, tier(shard, offer), b.planned(Reserve, offer, shard),
		move{BudgetApproved, BudgetReserved, exposure})
}

// Release gives back what one tier of a shard did not need.
func (b Book) Release(shard campaign.Shard, offer string, rest money.Minor) (Transaction, error) {
	return b.make(Release, 0, tier(shard, offer), b.planned(Release, offer, shard),
		move{BudgetReserved, BudgetReleased, rest})
}

// Due makes us owe a customer the reward: the reservation is used up, and the cost is ours.
func (b Book) Due(customer uint32, offer string, round uint16, reward money.Minor) (Transaction, error) {
	return b.make(Dues, customer, offer, b.personal(Dues, customer, offer, round),
		move{BudgetReserved, BudgetGranted, reward}, move{CustomerPayable, RewardExpense, reward})
}

// Paid books a payout that the provider confirmed.
func (b Book) Paid(customer uint32, offer string, round uint16, reward money.Minor) (Transaction, error) {
	return b.make(Paid, customer, offer, b.personal(Paid, customer, offer, round),
		move{PayoutClearing, CustomerPayable, reward}, move{PayoutPaid, PayoutClearing, reward})
}

// Clawback reverses a reward whose purchases came back: the customer owes it to us.
func (b Book) Clawback(customer uint32, offer string, round uint16, reward money.Minor) (Transaction, error) {
	return b.make(Clawback, customer, offer, b.personal(Clawback, customer, offer, round),
		move{RewardExpense, ClawbackReceivable, reward})
}

// Close gives back what was approved and never reserved.
func (b Book) Close(rest money.Minor) (Transaction, error) {
	return b.make(Close, 0, fmt.Sprintf("plan %d", b.Run.Plan), b.planned(Close, "", campaign.Shard{}),
		move{BudgetApproved, BudgetReleased, rest})
}

// ReserveID is the identity of a tier's reservation, by which its release finds what was set aside.
func (b Book) ReserveID(shard campaign.Shard, offer string) campaign.ID {
	return b.planned(Reserve, offer, shard)
}

// tier names a tier for people. A shard is named by its keys: they say who is in it.
func tier(shard campaign.Shard, offer string) string {
	return fmt.Sprintf("%s, customers %d-%d", offer, shard.Low, shard.High)
}

type move struct {
	from, to Account
	amount   money.Minor
}

func (b Book) make(kind Kind, customer uint32, reference string, id campaign.ID, moves ...move) (Transaction, error) {
	t := Transaction{ID: id, Kind: kind, Customer: customer, Currency: b.Currency, At: b.At.UTC().Truncate(time.Second), Reference: reference}
	for _, m := range moves {
		if m.amount <= 0 {
			return Transaction{}, fmt.Errorf("%s %s of %d: %w", kind, reference, m.amount, ErrAmount)
		}
		t.Legs = append(t.Legs, Leg{m.from, -m.amount}, Leg{m.to, m.amount})
	}
	return t, t.Check()
}

// planned is an identity within a plan: an approval, a shard's tier. A shard is its range of keys.
func (b Book) planned(kind Kind, offer string, shard campaign.Shard) campaign.ID {
	e := b.identity(kind)
	e = binary.BigEndian.AppendUint16(e, b.Run.Plan)
	e = appendText(e, offer)
	e = binary.BigEndian.AppendUint32(e, shard.Low)
	e = binary.BigEndian.AppendUint32(e, shard.High)
	return identify(e)
}

// personal is the identity of what happens to a customer once, whatever the plan.
func (b Book) personal(kind Kind, customer uint32, offer string, round uint16) campaign.ID {
	e := b.identity(kind)
	e = binary.BigEndian.AppendUint32(e, customer)
	e = appendText(e, offer)
	e = binary.BigEndian.AppendUint16(e, round)
	return identify(e)
}

func (b Book) identity(kind Kind) []byte {
	e := make([]byte, 0, 128)
	e = appendText(e, "transaction")
	e = appendText(e, string(kind))
	e = appendText(e, b.Run.Campaign)
	return binary.BigEndian.AppendUint32(e, b.Run.Occurrence)
}

func identify(encoded []byte) campaign.ID {
	sum := sha256.Sum256(encoded)
	return campaign.ID(sum[:16])
}

// appendText puts the length first, so that no two lists of texts are encoded alike.
func appendText(e []byte, text string) []byte {
	e = binary.BigEndian.AppendUint32(e, uint32(len(text)))
	return append(e, text...)
}
