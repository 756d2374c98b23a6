package offers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/offers/budget"
)

// crowd is customers with their options, and the spec under which they are given offers.
type crowd struct {
	spec      campaign.Spec
	customers []Customer
	options   [][]Option
	draws     Draws
}

func (c *crowd) table(t require.TestingT) *Table {
	table, err := NewTable(NewRules(c.spec), c.draws)
	require.NoError(t, err)
	for i, customer := range c.customers {
		table.Add(customer, c.options[i])
	}
	return table
}

// anyCrowd has arbitrary values and costs: the optimiser must not depend on what is plausible.
func anyCrowd(r *rapid.T, most int) *crowd {
	c := &crowd{draws: Draws{Salt: "s", Run: campaign.Run{Campaign: "c", Occurrence: 1}}}
	rewards := rapid.SliceOfN(rapid.Int64Range(0, 50_000), 1, 5).Draw(r, "rewards")
	for k, reward := range rewards {
		c.spec.Offers = append(c.spec.Offers, campaign.Offer{ID: fmt.Sprintf("o%d", k), Reward: money.Minor(reward)})
	}
	c.spec.Currency = "KRW"
	c.spec.Budget.Expected = money.Minor(rapid.Int64Range(0, 2_000_000).Draw(r, "expected"))
	c.spec.Budget.Exposure = money.Minor(rapid.Int64Range(0, 10_000_000).Draw(r, "exposure"))
	c.spec.Budget.Explore = campaign.Share(rapid.Float64Range(0, 0.3).Draw(r, "explore"))
	alike := rapid.Bool().Draw(r, "alike")
	odd := rapid.Bool().Draw(r, "odd")
	n := rapid.IntRange(0, most).Draw(r, "customers")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
	strange := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -5, 1e11, 0.5}
	for i := range n {
		options := make([]Option, len(rewards))
		for k := range options {
			options[k] = Option{Feasible: rng.IntN(5) > 0, Value: float32(rng.IntN(20_000) - 5_000), Cost: float32(rng.Int64N(rewards[k] + 1)), Reward: money.Minor(rewards[k])}
			if odd && rng.IntN(8) == 0 {
				options[k].Value = strange[rng.IntN(len(strange))]
			}
			if odd && rng.IntN(8) == 0 {
				options[k].Cost = strange[rng.IntN(len(strange))]
			}
		}
		if alike && i > 0 {
			options = c.options[0]
		}
		c.customers, c.options = append(c.customers, Customer{Key: uint32(i + 1)}), append(c.options, options)
	}
	return c
}

// anyParts bounds parts of a crowd.
func anyParts(r *rapid.T, c *crowd) {
	for i := range c.spec.Offers {
		c.spec.Offers[i].Inventory = rapid.IntRange(0, 40).Draw(r, "inventory")
		if rapid.IntRange(0, 5).Draw(r, "wants") == 0 {
			c.spec.Offers[i].Least = rapid.IntRange(0, 5).Draw(r, "least")
		}
	}
	segments, regions, brands := []string{"north", "south"}, []string{"seoul", "busan"}, []string{"oak"}
	subset := func(names []string, what string) (out []string) {
		for _, name := range names {
			if rapid.Bool().Draw(r, what) {
				out = append(out, name)
			}
		}
		return out
	}
	for i := range rapid.IntRange(0, 4).Draw(r, "parts") {
		l := campaign.BudgetLimit{ID: fmt.Sprintf("p%d", i), Segments: subset(segments, "segment"), Regions: subset(regions, "region"), Brands: subset(brands, "brand")}
		switch rapid.IntRange(0, 5).Draw(r, "kind") {
		case 0:
			l.Expected = money.Minor(rapid.Int64Range(1, 500_000).Draw(r, "part expected"))
		case 1:
			l.Exposure = money.Minor(rapid.Int64Range(1, 2_000_000).Draw(r, "part exposure"))
		case 2:
			l.Most = rapid.IntRange(1, 50).Draw(r, "part most")
			l.Offers = []string{c.spec.Offers[0].ID}
		case 3:
			l.Least = rapid.IntRange(1, 10).Draw(r, "part least")
		case 4:
			l.Share = campaign.Share(rapid.Float64Range(0.01, 0.5).Draw(r, "part share"))
		case 5:
			l.Return = rapid.Float64Range(0.01, 2).Draw(r, "part return")
		}
		c.spec.Budget.Limits = append(c.spec.Budget.Limits, l)
	}
	c.spec.Budget.Return = rapid.SampledFrom([]float64{0, 0, 0.3, 1}).Draw(r, "return")
	rules := NewRules(c.spec)
	for i := range c.customers {
		c.customers[i].Segment = uint16(i % (len(rules.Segments) + 1))
		c.customers[i].Region = uint16(i / 3 % (len(rules.Regions) + 1))
		c.customers[i].Brand = uint16(i / 7 % (len(rules.Brands) + 1))
	}
}

type written struct {
	cost, out, value money.Minor
	offers           []uint64
	none             uint64
	choices          []int
}

// assign decides again, customer by customer, as the assignments are written, and checks every limit of the spec by
// counting, without any of the optimiser's own sums.
func assign(t require.TestingT, c *crowd, s Solution) written {
	rules := NewRules(c.spec)
	d, err := NewDecider(rules, c.draws, s.Prices)
	require.NoError(t, err)
	w := written{offers: make([]uint64, len(c.spec.Offers))}
	swapped := map[uint32]int{}
	for _, swap := range s.Swaps {
		swapped[swap.Customer] = swap.Offer
	}
	for i, customer := range c.customers {
		choice := d.Decide(customer, c.options[i]).Offer
		if k, is := swapped[customer.Key]; is {
			choice = k
		}
		w.choices = append(w.choices, choice)
		if choice == None {
			w.none++
			continue
		}
		o := c.options[i][choice]
		require.True(t, o.Feasible)
		w.cost += money.Minor(math.Round(float64(o.Cost)))
		w.out += c.spec.Offers[choice].Reward
		w.value += money.Minor(math.Round(float64(o.Value)))
		w.offers[choice]++
	}
	require.LessOrEqual(t, w.cost, c.spec.Budget.Expected)
	require.LessOrEqual(t, w.out, c.spec.Budget.Exposure)
	if c.spec.Budget.Return > 0 {
		require.GreaterOrEqual(t, float64(w.value), c.spec.Budget.Return*float64(w.cost))
	}
	for k, o := range c.spec.Offers {
		if o.Inventory > 0 {
			require.LessOrEqual(t, int(w.offers[k]), o.Inventory)
		}
		require.GreaterOrEqual(t, int(w.offers[k]), o.Least)
	}
	for _, l := range c.spec.Budget.Limits {
		checkPart(t, c, rules, l, w.choices)
	}
	return w
}

func checkPart(t require.TestingT, c *crowd, rules Rules, l campaign.BudgetLimit, choices []int) {
	in := func(wanted, named []string, place uint16) bool {
		if len(wanted) == 0 {
			return true
		}
		for _, name := range wanted {
			if place > 0 && named[place-1] == name {
				return true
			}
		}
		return false
	}
	var cost, out, value, customers, given int
	for i, customer := range c.customers {
		if !in(l.Segments, rules.Segments, customer.Segment) || !in(l.Regions, rules.Regions, customer.Region) || !in(l.Brands, rules.Brands, customer.Brand) {
			continue
		}
		customers++
		k := choices[i]
		if k == None || len(l.Offers) > 0 && l.Offers[0] != c.spec.Offers[k].ID {
			continue
		}
		given++
		cost += int(math.Round(float64(c.options[i][k].Cost)))
		value += int(math.Round(float64(c.options[i][k].Value)))
		out += int(c.spec.Offers[k].Reward)
	}
	if l.Expected > 0 {
		require.LessOrEqual(t, cost, int(l.Expected))
	}
	if l.Exposure > 0 {
		require.LessOrEqual(t, out, int(l.Exposure))
	}
	if l.Most > 0 {
		require.LessOrEqual(t, given, l.Most)
	}
	require.GreaterOrEqual(t, given, l.Least)
	require.GreaterOrEqual(t, float64(given), float64(l.Share)*float64(customers))
	if l.Return > 0 {
		require.GreaterOrEqual(t, float64(value), l.Return*float64(cost))
	}
}

func TestLimitsAreNeverExceeded(t *testing.T) { rapid.Check(t, limitsHold) }

func FuzzLimits(f *testing.F) { f.Fuzz(rapid.MakeFuzz(limitsHold)) }

// limitsHold: whatever the customers, their options and the limits, none is exceeded, what is written is what was priced,
// and the same comes out again.
func limitsHold(r *rapid.T) {
	c := anyCrowd(r, 300)
	if rapid.Bool().Draw(r, "parts too") {
		anyParts(r, c)
	}
	swaps := rapid.Bool().Draw(r, "swaps")
	s, err := Solve(c.table(r), swaps)
	if err != nil && s.Prices.Limits == nil {
		require.ErrorIs(r, err, ErrInfeasible)
		return
	}
	if err != nil {
		require.ErrorIs(r, err, ErrNothingAffordable)
	}
	w := assign(r, c, s)
	require.Equal(r, written{s.Cost, s.Out, s.Value, s.Offers, s.None, w.choices}, w, "what is written is what was priced")
	require.LessOrEqual(r, float64(s.Value), s.DualBound+1e-6*math.Abs(s.DualBound)+1)
	again, _ := Solve(c.table(r), swaps)
	require.Equal(r, s, again)
}

func TestAMoreExpectedBudgetIsNeverWorthLess(t *testing.T) { rapid.Check(t, moreIsNotLess) }

func FuzzBudget(f *testing.F) { f.Fuzz(rapid.MakeFuzz(moreIsNotLess)) }

func moreIsNotLess(r *rapid.T) {
	c := anyCrowd(r, 200)
	c.spec.Budget.Explore, c.spec.Budget.Exposure = 0, math.MaxInt64/8
	a, _ := Solve(c.table(r), true)
	c.spec.Budget.Expected += money.Minor(rapid.Int64Range(0, 1_000_000).Draw(r, "more"))
	b, _ := Solve(c.table(r), true)
	require.LessOrEqual(r, a.Value, b.Value)
}

// Against every assignment there is, on crowds small enough to try them all.
func TestNoAssignmentBeatsTheBound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := anyCrowd(r, 6)
		c.spec.Budget.Explore = 0
		anyParts(r, c)
		table := c.table(r)
		limits := table.Limits()
		optimum, any := exhaustive(c, limits, 0, make([]int64, len(limits)))
		s, err := Solve(table, true)
		if s.Prices.Limits == nil {
			require.Error(r, err)
			return // found nothing; where there is something, it says only that nothing was found
		}
		require.True(r, any, "a plan for limits that no plan keeps")
		require.LessOrEqual(r, int64(s.Value), optimum)
		require.GreaterOrEqual(r, s.DualBound+1e-9*math.Abs(s.DualBound)+1e-6, float64(optimum))
	})
}

func exhaustive(c *crowd, limits []budget.Limit, i int, use []int64) (best int64, any bool) {
	if i == len(c.customers) {
		for j, l := range limits {
			if use[j] > l.Most {
				return 0, false
			}
		}
		return 0, true
	}
	best, any = exhaustive(c, limits, i+1, use)
	class := int(NewRules(c.spec).Class(c.customers[i]))
	for k, o := range reckoned(c.options[i], nil) {
		if !o.Possible || !o.Reasonable() {
			continue
		}
		value, cost := int64(math.Round(float64(o.Value))), int64(math.Round(float64(o.Costs[0])))
		next := append([]int64(nil), use...)
		for j, l := range limits {
			if len(l.Scope) == 0 || l.Scope[class] {
				next[j] += l.Weight[k].Cost*cost + l.Weight[k].Value*value + l.Weight[k].Unit
			}
		}
		if rest, kept := exhaustive(c, limits, i+1, next); kept && (!any || rest+value > best) {
			best, any = rest+value, true
		}
	}
	return best, any
}

// plausible customers have options that a ladder values.
func plausible(t require.TestingT, n int) *crowd {
	l := ladder(t, 2000, 5000, 10_000)
	c := &crowd{draws: Draws{Salt: "s", Run: campaign.Run{Campaign: "c", Occurrence: 1}}}
	c.spec.Offers, c.spec.Currency = l.offers, "KRW"
	c.spec.Budget.Expected, c.spec.Budget.Exposure = math.MaxInt64/8, math.MaxInt64/8
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range n {
		customer := Customer{Key: uint32(i + 1), Tenure: 700, Allowed: []uint8{1, 1, 1}}
		level := math.Exp(rng.NormFloat64()*0.8 + 11)
		for range 12 {
			amount := int64(0)
			if rng.Float64() < 0.8 {
				amount = int64(level * math.Exp(rng.NormFloat64()*0.6))
			}
			customer.Months = append(customer.Months, amount)
		}
		_, options := l.Options(customer, nil)
		c.customers, c.options = append(c.customers, customer), append(c.options, options)
	}
	return c
}

func TestSolutionIsTightWithManyCustomers(t *testing.T) {
	c := plausible(t, 20_000)
	free, err := Solve(c.table(t), true)
	require.NoError(t, err)
	require.Positive(t, free.Cost)
	none := c.spec.Budget
	for name, with := range map[string]func(b *campaign.Budget){
		"expected": func(b *campaign.Budget) { b.Expected = free.Cost / 2 },
		"exposure": func(b *campaign.Budget) { b.Exposure = free.Out / 2 },
		"both":     func(b *campaign.Budget) { b.Expected, b.Exposure = free.Cost/2, free.Out/3 },
		"explored": func(b *campaign.Budget) { b.Expected, b.Exposure, b.Explore = free.Cost/2, free.Out/2, 0.05 },
		"returns":  func(b *campaign.Budget) { b.Return = 1.2 * float64(free.Value) / float64(free.Cost) },
	} {
		c.spec.Budget = none
		with(&c.spec.Budget)
		for _, swaps := range []bool{false, true} {
			s, err := Solve(c.table(t), swaps)
			require.NoError(t, err)
			assign(t, c, s)
			gap := (s.DualBound - float64(s.Value)) / s.DualBound
			t.Logf("%s: value %d, bound %.0f, gap %.2e, cost %d, out %d, swaps %d", name, s.Value, s.DualBound, gap, s.Cost, s.Out, len(s.Swaps))
			require.Less(t, gap, 1e-3, name)
			if swaps && len(s.Swaps) > 0 {
				require.Less(t, gap, 1e-4, name)
			}
		}
	}
}

func TestManyAlikeCustomersUseUpTheBudget(t *testing.T) {
	c := &crowd{draws: Draws{Salt: "s"}}
	c.spec.Offers = []campaign.Offer{{ID: "a", Reward: 1000}}
	c.spec.Budget = campaign.Budget{Expected: 100_000, Exposure: math.MaxInt64 / 8}
	for i := range 1000 {
		c.customers, c.options = append(c.customers, Customer{Key: uint32(i + 1)}), append(c.options, []Option{{Feasible: true, Value: 700, Cost: 300}})
	}
	s, err := Solve(c.table(t), false)
	require.NoError(t, err)
	require.EqualValues(t, 333, s.Offers[0], "as many as the budget pays for, though all have the same price")
}

func TestPropensitiesAreTheChancesOfTheChoice(t *testing.T) {
	c := plausible(t, 4000)
	c.spec.Budget.Expected, c.spec.Budget.Explore = 1_000_000, 0.2
	s, err := Solve(c.table(t), false)
	require.NoError(t, err)
	require.Positive(t, s.Prices.Explore)
	d, err := NewDecider(NewRules(c.spec), c.draws, s.Prices)
	require.NoError(t, err)
	explored := 0
	var inverse float64
	for i, customer := range c.customers {
		decision := d.Decide(customer, c.options[i])
		require.Positive(t, decision.Propensity)
		require.LessOrEqual(t, decision.Propensity, 1+1e-12)
		if decision.Explored {
			explored++
		}
		inverse += 1 / decision.Propensity / float64(possibilities(d.options))
	}
	// Over feasible choices, 1/propensity averages to their number.
	require.InDelta(t, 1, inverse/float64(len(c.customers)), 0.15)
	require.InDelta(t, s.Prices.Explore, float64(explored)/float64(len(c.customers)), 0.02)
}

func TestImpossibleWishesAreToldInNumbers(t *testing.T) {
	c := &crowd{}
	c.spec.Offers = []campaign.Offer{{ID: "gold", Reward: 5000}}
	c.spec.Currency = "KRW"
	c.customers = []Customer{{Key: 1}}
	c.options = [][]Option{{{Feasible: true, Value: 100, Cost: 1000}}}
	solve := func(expected, exposure money.Minor) error {
		c.spec.Budget.Expected, c.spec.Budget.Exposure = expected, exposure
		_, err := Solve(c.table(t), true)
		return err
	}
	require.ErrorIs(t, solve(10, 1_000_000), ErrNothingAffordable)
	require.ErrorContains(t, solve(10, 1_000_000), "budget.expected is 10")
	require.ErrorContains(t, solve(1_000_000, 10), "the smallest reward is 5000 and budget.exposure 10")
	c.options[0][0].Value = -40
	require.ErrorContains(t, solve(1_000_000, 1_000_000), "loses 40")
	c.options[0][0].Feasible = false
	require.ErrorContains(t, solve(1_000_000, 1_000_000), "for none of the 1 customers")

	c = plausible(t, 2000)
	for i := range c.customers {
		c.customers[i].Segment = uint16(i % 2)
	}
	c.spec.Budget = campaign.Budget{Expected: 100_000_000, Exposure: 1_000_000_000, Limits: []campaign.BudgetLimit{
		{ID: "north", Segments: []string{"north"}, Expected: 10_000}, {ID: "fair", Segments: []string{"north"}, Share: 0.3},
	}}
	_, err := Solve(c.table(t), true)
	require.ErrorIs(t, err, ErrInfeasible)
	require.ErrorContains(t, err, "north.expected needs")
	require.ErrorContains(t, err, "and ₩10,000 is allowed; it is needed for fair.share")
	t.Log(err)

	c.spec.Budget.Limits, c.spec.Offers[2].Least = c.spec.Budget.Limits[1:], 2500
	_, err = Solve(c.table(t), true)
	require.ErrorContains(t, err, "c.least asks for 2500 customers, and only")
	t.Log(err)
}
