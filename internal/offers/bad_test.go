package offers

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// steady buys for about so much a month.
func steady(key uint32, amount int64) Customer {
	c := Customer{Key: key, Tenure: 900}
	for i := range int64(12) {
		c.Months = append(c.Months, amount*(80+5*i)/100)
	}
	return c
}

// planOf goes from a spec to a solution for a few steady customers.
func planOf(t *testing.T, change func(*campaign.Spec)) (Solution, [][]Option, error) {
	t.Helper()
	spec := campaign.Spec{Currency: "KRW", Budget: campaign.Budget{Expected: 1_000_000, Exposure: 5_000_000, Margin: 0.4}, Touches: make([]campaign.Touch, 1)}
	for i, reward := range []money.Minor{2000, 6000} {
		spec.Offers = append(spec.Offers, campaign.Offer{ID: string(rune('a' + i)), Kind: campaign.OfferThreshold, Reward: reward, Threshold: campaign.Threshold{Step: 15 * reward, Stretch: 1}})
	}
	change(&spec)
	l, err := NewLadder(spec, times)
	require.NoError(t, err)
	table, err := NewTable(NewRules(spec), Draws{Salt: "s", Run: campaign.Run{Campaign: "c", Occurrence: 1}})
	require.NoError(t, err)
	var all [][]Option
	for key := range uint32(200) {
		_, options := l.Options(steady(key+1, 50_000+1000*int64(key)), nil)
		table.Add(Customer{Key: key + 1}, options)
		all = append(all, options)
	}
	s, err := Solve(table, true)
	return s, all, err
}

func TestBadInputIsRefusedOrHarmless(t *testing.T) {
	none := func(t *testing.T, s Solution, _ [][]Option, err error) {
		require.ErrorIs(t, err, ErrNothingAffordable)
		require.Zero(t, s.Cost)
		t.Log(err)
	}
	for name, c := range map[string]struct {
		change func(*campaign.Spec)
		holds  func(t *testing.T, s Solution, all [][]Option, err error)
	}{
		"as it is": {func(*campaign.Spec) {}, func(t *testing.T, s Solution, _ [][]Option, err error) {
			require.NoError(t, err)
			require.Positive(t, s.Value)
		}},
		"a negative margin":                     {func(s *campaign.Spec) { s.Budget.Margin = -0.3 }, none},
		"a margin of NaN":                       {func(s *campaign.Spec) { s.Budget.Margin = campaign.Share(math.NaN()) }, none},
		"a budget below the cheapest offer":     {func(s *campaign.Spec) { s.Budget.Expected = 1 }, none},
		"an exposure below the smallest reward": {func(s *campaign.Spec) { s.Budget.Exposure = 1999 }, none},
		"rewards of zero": {func(s *campaign.Spec) { s.Offers[0].Reward, s.Offers[1].Reward = 0, 0 }, func(t *testing.T, s Solution, _ [][]Option, _ error) {
			require.Zero(t, s.Cost, "nothing is given")
		}},
		"a huge reward": {func(s *campaign.Spec) {
			s.Offers[1].Reward, s.Offers[1].Threshold = 1<<55, campaign.Threshold{Fixed: 200_000}
		}, func(t *testing.T, s Solution, _ [][]Option, err error) {
			require.NoError(t, err)
			require.Zero(t, s.Offers[1])
			require.Positive(t, s.Offers[0], "the other offer is given all the same")
			require.LessOrEqual(t, s.Out, money.Minor(5_000_000))
		}},
		"a goal that nobody reaches": {func(s *campaign.Spec) {
			s.Offers = s.Offers[:1]
			s.Offers[0].Threshold = campaign.Threshold{Fixed: 1 << 50}
		}, none},
		"a least above a most": {func(s *campaign.Spec) {
			s.Offers[0].Inventory, s.Offers[0].Least = 5, 9
		}, func(t *testing.T, _ Solution, _ [][]Option, err error) {
			require.ErrorIs(t, err, ErrInfeasible)
			require.ErrorContains(t, err, "a.")
		}},
		"a part that is asked for more than it has": {func(s *campaign.Spec) {
			s.Budget.Limits = []campaign.BudgetLimit{{ID: "p", Least: 300}}
		}, func(t *testing.T, _ Solution, _ [][]Option, err error) {
			require.ErrorIs(t, err, ErrInfeasible)
			require.ErrorContains(t, err, "p.least asks for 300 customers")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, all, err := planOf(t, c.change)
			c.holds(t, s, all, err)
		})
	}
}

// Of an offer that nobody may have, nobody gets one, and the rest is as without it.
func TestAnOfferNobodyMayHave(t *testing.T) {
	l := ladder(t, 2000, 6000)
	c := steady(1, 90_000)
	c.Allowed = []uint8{1, 0}
	_, options := l.Options(c, nil)
	require.Equal(t, ReasonRule, options[1].Infeasible)
	require.False(t, options[1].Feasible)
	c.Allowed = nil
	_, free := l.Options(c, nil)
	require.Equal(t, free[0], options[0])
}

func TestACustomerWithOnePurchase(t *testing.T) {
	l := ladder(t, 2000)
	for _, months := range [][]int64{{80_000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 80_000}, {80_000}} {
		f, options := l.Options(Customer{Key: 1, Tenure: 400, Months: months}, nil)
		require.Greater(t, f.Mean, 0.0)
		require.Less(t, f.Mean, 160_000.0)
		require.Greater(t, f.sigma, 0.3, "of one month little is sure")
		require.False(t, math.IsNaN(float64(options[0].Value)))
	}
	f, options := l.Options(Customer{Key: 1, Tenure: 20}, nil)
	require.Zero(t, f.Mean)
	require.False(t, options[0].Feasible && options[0].Value > 0, "nobody is known to come back for it")
}
