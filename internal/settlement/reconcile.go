package settlement

import (
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// Side is what one side has: payouts and their sum.
type Side struct {
	Payouts uint64
	Amount  money.Minor
}

// Differences is where our record and the provider's disagree, with an example of each.
type Differences struct {
	Ours, Theirs Side
	Missing      Difference // we say paid, they have nothing
	Surplus      Difference // they paid, we do not say so
	Unequal      Difference // both, with another amount or currency
}

// Difference counts payouts of one kind of disagreement.
type Difference struct {
	Payouts  uint64
	Amount   money.Minor // ours less theirs
	Customer uint32      // an example
}

func (d *Difference) add(customer uint32, amount money.Minor) {
	if d.Payouts == 0 {
		d.Customer = customer
	}
	d.Payouts++
	d.Amount += amount
}

// Reconciliation compares payout by payout: ours are given first, then theirs, each in any order.
type Reconciliation struct {
	ours map[campaign.ID]Payout
	out  Differences
}

// NewReconciliation starts with nothing on either side.
func NewReconciliation() *Reconciliation { return &Reconciliation{ours: map[campaign.ID]Payout{}} }

// Ours takes a payout that we hold for paid. One that is given twice counts once.
func (r *Reconciliation) Ours(p Payout) {
	if _, twice := r.ours[p.Key]; twice {
		return
	}
	r.ours[p.Key] = p
	r.out.Ours.Payouts++
	r.out.Ours.Amount += p.Amount
}

// Theirs takes a payout that the provider has; call it after all of ours are given.
func (r *Reconciliation) Theirs(p Payout) {
	r.out.Theirs.Payouts++
	r.out.Theirs.Amount += p.Amount
	ours, known := r.ours[p.Key]
	switch {
	case !known:
		r.out.Surplus.add(p.Customer, -p.Amount)
	case ours.Amount != p.Amount || ours.Currency != p.Currency:
		r.out.Unequal.add(p.Customer, ours.Amount-p.Amount)
	}
	delete(r.ours, p.Key)
}

// Differences ends the comparison: what is left of ours, the provider does not have.
func (r *Reconciliation) Differences() Differences {
	for _, p := range r.ours {
		if r.out.Missing.Payouts == 0 || p.Customer < r.out.Missing.Customer {
			r.out.Missing.Customer = p.Customer
		}
		r.out.Missing.Payouts++
		r.out.Missing.Amount += p.Amount
	}
	clear(r.ours)
	return r.out
}
