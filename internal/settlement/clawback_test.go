package settlement

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

var autumn = campaign.Run{Campaign: "autumn", Occurrence: 1}

func dueOf(customer uint32, offer string, round uint16, amount money.Minor) Due {
	return Due{Payout: autumn.PayoutID(customer, offer, round), Customer: customer, Offer: offer, Round: round, Amount: amount, Currency: "KRW", State: campaign.PayoutPaid}
}

func TestWhatIsNoLongerEarnedIsReversed(t *testing.T) {
	settled := []Due{dueOf(1, "x", 1, 5000), dueOf(2, "x", 1, 5000), dueOf(3, "x", 1, 10_000), dueOf(4, "x", 1, 3000), dueOf(4, "x", 2, 3000)}
	earned := []Redemption{
		{Customer: 2, Offer: "x", Round: 1, Due: 5000}, // a partial refund that still meets the condition
		{Customer: 3, Offer: "x", Round: 1, Due: 4000}, // a lower tier
		{Customer: 4, Offer: "x", Round: 1, Due: 3000}, // one of two
		{Customer: 5, Offer: "x", Round: 1, Due: 3000}, // earned now, and never settled
	}
	got := Reverse(Claw{Settled: settled, Earned: earned})
	require.Equal(t, []Reversal{{Due: settled[0], Amount: 5000}, {Due: settled[2], Amount: 6000}, {Due: settled[4], Amount: 3000}}, got)
	require.Empty(t, Reverse(Claw{Settled: settled, Earned: earned, Taken: got}), "again, nothing is left to take")

	floored := Reverse(Claw{Settled: settled, Earned: earned, Owes: map[uint32]money.Minor{1: 3000}, Floor: &campaign.ClawbackLimit{Floor: -7000}})
	require.Equal(t, money.Minor(4000), floored[0].Amount)
	require.Equal(t, money.Minor(1000), floored[0].Waived, "the balance of customer 1 is at the floor")
	require.Equal(t, money.Minor(6000), floored[1].Amount)
}

// For all histories: never more than was settled, never below the floor, all that is unearned is reversed or waived, and
// taking it back in two passes is taking it back in one.
func TestReversals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.Custom(func(t *rapid.T) money.Minor { return money.Minor(rapid.Int64Range(1, 9000).Draw(t, "amount")) })
		var c Claw
		settled, earned := map[uint32]money.Minor{}, map[uint32]money.Minor{}
		c.Owes = map[uint32]money.Minor{}
		for customer := range uint32(4) {
			for round := uint16(1); round <= 3; round++ {
				if rapid.Bool().Draw(t, "settled") {
					d := dueOf(customer, "x", round, amounts.Draw(t, "due"))
					c.Settled, settled[customer] = append(c.Settled, d), settled[customer]+d.Amount
				}
				if rapid.Bool().Draw(t, "earned") {
					r := Redemption{Customer: customer, Offer: "x", Round: round, Due: amounts.Draw(t, "earns")}
					c.Earned, earned[customer] = append(c.Earned, r), earned[customer]+r.Due
				}
			}
			c.Owes[customer] = money.Minor(rapid.Int64Range(0, 20_000).Draw(t, "owes"))
		}
		if rapid.Bool().Draw(t, "floored") {
			c.Floor = &campaign.ClawbackLimit{Floor: -money.Minor(rapid.Int64Range(0, 20_000).Draw(t, "floor"))}
		}
		taken, waived := map[uint32]money.Minor{}, map[uint32]money.Minor{}
		got := Reverse(c)
		for _, r := range got {
			if r.Amount < 0 || r.Waived < 0 || r.Amount+r.Waived > r.Due.Amount {
				t.Fatalf("%+v", r)
			}
			taken[r.Customer] += r.Amount
			waived[r.Customer] += r.Waived
		}
		for customer := range uint32(4) {
			if want := max(settled[customer]-earned[customer], 0); taken[customer]+waived[customer] != want {
				t.Fatalf("customer %d: %d taken and %d waived of %d", customer, taken[customer], waived[customer], want)
			}
			if c.Floor != nil && taken[customer] > 0 && c.Owes[customer]+taken[customer] > -c.Floor.Floor {
				t.Fatalf("customer %d falls below the floor", customer)
			}
			if c.Floor == nil && waived[customer] > 0 {
				t.Fatalf("customer %d is forgiven without a floor", customer)
			}
		}
		c.Taken = got
		if again := Reverse(c); len(again) > 0 {
			t.Fatalf("again: %+v", again)
		}
	})
}

func TestDuesAreNetted(t *testing.T) {
	open := func(customer uint32, amount money.Minor) Due {
		d := dueOf(customer, "x", 1, amount)
		d.State = 0
		return d
	}
	paid := dueOf(1, "y", 1, 4000)
	got := Net([]Due{paid, open(1, 5000), open(2, 5000), open(3, 5000)}, map[uint32]money.Minor{1: 3000, 3: 9000, 4: 100})
	require.Equal(t, []Netting{{open(1, 5000), 3000}, {open(3, 5000), 5000}}, got)
	partly := open(3, 5000)
	partly.Netted = 5000
	require.Empty(t, Net([]Due{partly}, map[uint32]money.Minor{3: 4000}), "what was netted is not netted again")
}

// Lowered, nobody owes more than the floor lets them by these reversals, nothing is lowered without need, and what is not
// taken is waived.
func TestLoweredReversalsKeepTheFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor := campaign.ClawbackLimit{Floor: -money.Minor(rapid.Int64Range(0, 10_000).Draw(t, "floor"))}
		owes, of, amounts := map[uint32]money.Minor{}, map[uint32]money.Minor{}, map[campaign.ID]Reversal{}
		var taken []Reversal
		for i := range rapid.IntRange(0, 8).Draw(t, "reversals") {
			r := Reversal{Amount: money.Minor(rapid.Int64Range(1, 6000).Draw(t, "amount"))}
			r.Customer, r.Payout = rapid.Uint32Range(1, 3).Draw(t, "customer"), campaign.ID{byte(i)}
			taken, of[r.Customer], amounts[r.Payout] = append(taken, r), of[r.Customer]+r.Amount, r
		}
		for customer, own := range of {
			owes[customer] = own + money.Minor(rapid.Int64Range(-5000, 15_000).Draw(t, "others"))
		}
		cut := map[uint32]money.Minor{}
		for _, r := range Lower(taken, owes, floor) {
			before := amounts[r.Payout]
			require.Equal(t, before.Amount+before.Waived, r.Amount+r.Waived)
			require.Less(t, r.Amount, before.Amount)
			require.GreaterOrEqual(t, r.Amount, money.Minor(0))
			cut[r.Customer] += before.Amount - r.Amount
		}
		for customer, own := range of {
			require.Equal(t, min(max(owes[customer]+floor.Floor, 0), own), cut[customer])
		}
	})
}
