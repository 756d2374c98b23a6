package settlement

import (
	"cmp"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// Reversal is how much of a due is taken back: Amount is the customer's to give back, Waived is not, because their
// balance would fall below the policy's floor. Together they are what is no longer earned.
type Reversal struct {
	Due
	Amount money.Minor
	Waived money.Minor
	Pass   uint16
}

// Claw is what is known of a range of customers when their dues are judged again.
type Claw struct {
	Settled []Due                   // paid out, or netted, in full; Amount is the whole due
	Earned  []Redemption            // by what is known now
	Taken   []Reversal              // in earlier passes
	Owes    map[uint32]money.Minor  // by customer, in all campaigns of the currency
	Floor   *campaign.ClawbackLimit // nil: no floor
}

// Reverse takes back what is no longer earned: for each customer and offer what was settled, less what is earned by what
// is known now, less what was taken back before, from the last rounds first. A refund after which the terms are still met
// changes nothing, and what is earned more than before is not given by this.
func Reverse(c Claw) []Reversal {
	type promise struct {
		customer uint32
		offer    string
	}
	excess := map[promise]money.Minor{}
	for _, d := range c.Settled {
		excess[promise{d.Customer, d.Offer}] += d.Amount
	}
	for _, r := range c.Earned {
		excess[promise{r.Customer, r.Offer}] -= r.Due
	}
	before := map[campaign.ID]money.Minor{} // taken back of a due, and waived
	for _, t := range c.Taken {
		excess[promise{t.Customer, t.Offer}] -= t.Amount + t.Waived
		before[t.Payout] += t.Amount + t.Waived
	}
	room := map[uint32]money.Minor{}
	settled := slices.Clone(c.Settled)
	slices.SortFunc(settled, func(a, b Due) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Offer, b.Offer), cmp.Compare(b.Round, a.Round))
	})
	var all []Reversal
	for _, d := range settled {
		of := promise{d.Customer, d.Offer}
		part := min(excess[of], d.Amount-before[d.Payout])
		if part <= 0 {
			continue
		}
		excess[of] -= part
		r := Reversal{Due: d, Amount: part}
		if c.Floor != nil {
			left, known := room[d.Customer]
			if !known {
				left = max(-c.Floor.Floor-c.Owes[d.Customer], 0)
			}
			r.Amount = min(part, left)
			r.Waived = part - r.Amount
			room[d.Customer] = left - r.Amount
		}
		all = append(all, r)
	}
	return all
}

// Lower takes less back where customers would owe more than the floor lets them: another campaign took back from them at
// the same moment. owes is what each owes with these reversals in it. Two campaigns that find each other may both take
// less than they might; neither takes too much.
func Lower(taken []Reversal, owes map[uint32]money.Minor, floor campaign.ClawbackLimit) []Reversal {
	over := map[uint32]money.Minor{}
	var all []Reversal
	for _, r := range slices.Backward(taken) {
		left, known := over[r.Customer]
		if !known {
			left = max(owes[r.Customer]+min(floor.Floor, 0), 0)
		}
		part := min(left, r.Amount)
		over[r.Customer] = left - part
		if part > 0 {
			r.Amount, r.Waived = r.Amount-part, r.Waived+part
			all = append(all, r)
		}
	}
	return all
}

// Netting is how much of a due is set against what its customer owes.
type Netting struct {
	Due
	Amount money.Minor
}

// Net sets dues that were not paid yet against what their customers owe, in the order of the dues.
func Net(dues []Due, owes map[uint32]money.Minor) []Netting {
	left := map[uint32]money.Minor{}
	var all []Netting
	for _, d := range dues {
		owed, known := left[d.Customer]
		if !known {
			owed = max(owes[d.Customer], 0)
		}
		amount := min(owed, d.Rest())
		if d.State == 0 && amount > 0 {
			all = append(all, Netting{d, amount})
			owed -= amount
		}
		left[d.Customer] = owed
	}
	return all
}
