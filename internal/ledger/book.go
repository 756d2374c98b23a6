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
	Pass     uint16 // 0: the run's own settlement; n: the n-th time that it is settled again
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
	return b.make(Release, 0, tier(shard, offer), b.ReleaseID(shard, offer, b.Pass),
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

// Clawback reverses what of a due is no longer earned: the customer owes it to us. It is linked to the due by customer,
// offer and round, which are its identity with the pass that found it.
func (b Book) Clawback(customer uint32, offer string, round, pass uint16, amount money.Minor) (Transaction, error) {
	kind := Clawback
	if pass > 0 {
		kind = Kind(fmt.Sprintf("%s %d", Clawback, pass))
	}
	reverses := fmt.Sprintf("%s, reverses %s", offer, b.personal(Dues, customer, offer, round))
	return b.make(Clawback, customer, reverses, b.personal(kind, customer, offer, round),
		move{RewardExpense, ClawbackReceivable, amount})
}

// Reopen takes released budget of a tier back into reserve, for what became due after it was released.
func (b Book) Reopen(shard campaign.Shard, offer string, missing money.Minor) (Transaction, error) {
	return b.make(Reopen, 0, tier(shard, offer), b.ReopenID(shard, offer, b.Pass),
		move{BudgetReleased, BudgetReserved, missing})
}

// Net sets a part of a due against what its customer owes. It stands in the books of receivables, which are one chain
// over all campaigns of a currency, so that what is owed is set against one due only; the campaign's own books take the
// other half with Netted.
func (b Book) Net(of campaign.Run, customer uint32, offer string, round uint16, amount money.Minor) (Transaction, error) {
	due := Book{Run: of}
	return b.make(Net, customer, NetReference(of, offer, round), due.personal(Net, customer, offer, round),
		move{ClawbackReceivable, NettingClearing, amount})
}

// NetReference is what a netting transaction names: the due of the customer that it was set against.
func NetReference(of campaign.Run, offer string, round uint16) string {
	return fmt.Sprintf("%s/%d/%s/%d", of.Campaign, of.Occurrence, offer, round)
}

// Netted closes the part of a due that was set against what its customer owed.
func (b Book) Netted(customer uint32, offer string, round uint16, amount money.Minor) (Transaction, error) {
	return b.make(Paid, customer, offer, b.personal("netted", customer, offer, round),
		move{NettingClearing, CustomerPayable, amount})
}

// Forgo takes back a due that will not be paid: a person decided so. The budget gets it back.
func (b Book) Forgo(customer uint32, offer string, round uint16, amount money.Minor) (Transaction, error) {
	return b.make(Forgo, customer, offer, b.personal(Forgo, customer, offer, round),
		move{BudgetGranted, BudgetReleased, amount}, move{RewardExpense, CustomerPayable, amount})
}

// Resize makes a shared budget as large as the policy says: by more, or by less.
func (b Book) Resize(of campaign.Run, by money.Minor) (Transaction, error) {
	from, to, what := BudgetGranted, BudgetApproved, "more"
	if by < 0 {
		from, to, by, what = BudgetApproved, BudgetGranted, -by, "less"
	}
	return b.make(Resize, 0, what+" with "+of.WorkflowID(), b.shared(Resize, of), move{from, to, by})
}

// Draw takes from a shared budget what a plan may have out.
func (b Book) Draw(of campaign.Run, amount money.Minor) (Transaction, error) {
	return b.make(Draw, 0, of.WorkflowID(), b.shared(Draw, of), move{BudgetApproved, BudgetReserved, amount})
}

// Return gives back to a shared budget what a plan drew and did not spend.
func (b Book) Return(of campaign.Run, amount money.Minor) (Transaction, error) {
	return b.make(Return, 0, of.WorkflowID(), b.shared(Return, of), move{BudgetReserved, BudgetApproved, amount})
}

// DrawID is the identity of what a plan drew.
func (b Book) DrawID(of campaign.Run) campaign.ID { return b.shared(Draw, of) }

// ReturnID is the identity of what a plan gave back.
func (b Book) ReturnID(of campaign.Run) campaign.ID { return b.shared(Return, of) }

// ReleaseID is the identity of a tier's release in one pass of its settlement.
func (b Book) ReleaseID(shard campaign.Shard, offer string, pass uint16) campaign.ID {
	return b.passed(Release, offer, shard, pass)
}

// ReopenID is the identity of what a pass took back into reserve.
func (b Book) ReopenID(shard campaign.Shard, offer string, pass uint16) campaign.ID {
	return b.passed(Reopen, offer, shard, pass)
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

// passed is planned in one pass of the settlement; the first pass is no part of it.
func (b Book) passed(kind Kind, offer string, shard campaign.Shard, pass uint16) campaign.ID {
	if pass == 0 {
		return b.planned(kind, offer, shard)
	}
	return b.planned(Kind(fmt.Sprintf("%s %d", kind, pass)), offer, shard)
}

// shared is an identity in a shared budget's books: of a plan that draws on it.
func (b Book) shared(kind Kind, of campaign.Run) campaign.ID {
	e := b.identity(kind)
	e = appendText(e, of.Campaign)
	e = binary.BigEndian.AppendUint32(e, of.Occurrence)
	return identify(binary.BigEndian.AppendUint16(e, of.Plan))
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
