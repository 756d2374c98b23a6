package offers

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

var times = campaign.Times{Opens: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Closes: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)}

func ladder(t require.TestingT, rewards ...money.Minor) *Ladder {
	spec := campaign.Spec{Budget: campaign.Budget{Margin: 0.3, Contact: 10}}
	for i, r := range rewards {
		spec.Offers = append(spec.Offers, campaign.Offer{ID: string(rune('a' + i)), Kind: campaign.OfferThreshold, Reward: r,
			Threshold: campaign.Threshold{Step: r * 10, RoundTo: 1000, Stretch: 1}})
	}
	l, err := NewLadder(spec, times)
	require.NoError(t, err)
	return l
}

// anyTable is a table of arbitrary values and costs: the optimiser must not depend on what is plausible.
func anyTable(r *rapid.T, most int) *Table {
	rewards := rapid.SliceOfN(rapid.Int64Range(0, 50_000), 1, 5).Draw(r, "rewards")
	t := &Table{draws: Draws{Salt: "s", Run: campaign.Run{Campaign: "c", Occurrence: 1}}}
	for _, reward := range rewards {
		t.rewards = append(t.rewards, float64(reward))
	}
	alike := rapid.Bool().Draw(r, "alike")
	n := rapid.IntRange(0, most).Draw(r, "customers")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
	first := make([]Option, len(rewards))
	for i := range n {
		options := make([]Option, len(rewards))
		for k := range options {
			options[k] = Option{Feasible: rng.IntN(5) > 0, Value: float32(rng.IntN(20_000) - 5_000), Cost: float32(rng.Int64N(rewards[k] + 1))}
		}
		if i == 0 {
			first = options
		}
		if alike {
			options = first
		}
		t.Add(uint32(i+1), options)
	}
	return t
}

func anyLimits(r *rapid.T) Limits {
	return Limits{
		Expected: money.Minor(rapid.Int64Range(0, 2_000_000).Draw(r, "expected")),
		Exposure: money.Minor(rapid.Int64Range(0, 10_000_000).Draw(r, "exposure")),
		Explore:  rapid.Float64Range(0, 0.3).Draw(r, "explore"),
	}
}

type written struct {
	cost, out, value money.Minor
	offers           []uint64
	none             uint64
}

// assign decides again, customer by customer and shard by shard, as the assignments are written.
func assign(t *Table, p Prices, shards int) written {
	w := written{offers: make([]uint64, len(t.rewards))}
	for s := range shards {
		for i := t.Len() * s / shards; i < t.Len()*(s+1)/shards; i++ {
			values, costs := t.row(i)
			d := p.Decide(t.draws, t.customers[i], values, costs, t.rewards)
			if d.Offer == None {
				w.none++
				continue
			}
			w.cost += money.Minor(costs[d.Offer])
			w.out += money.Minor(t.rewards[d.Offer])
			w.value += money.Minor(values[d.Offer])
			w.offers[d.Offer]++
		}
	}
	return w
}

func TestBudgetIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table, limits := anyTable(r, 300), anyLimits(r)
		s, err := Solve(table, limits)
		if err != nil {
			require.ErrorIs(r, err, ErrNothingAffordable)
		}
		one, many := assign(table, s.Prices, 1), assign(table, s.Prices, 16)
		require.Equal(r, one, many, "shards change nothing")
		require.Equal(r, written{s.Cost, s.Out, s.Value, s.Offers, s.None}, one, "what is written is what was priced")
		require.LessOrEqual(r, one.cost, limits.Expected)
		require.LessOrEqual(r, one.out, limits.Exposure)
		require.LessOrEqual(r, float64(s.Value), s.DualBound+1e-6*math.Abs(s.DualBound)+1)
		again, _ := Solve(table, limits)
		require.Equal(r, s, again)
	})
}

func TestAMoreExpectedBudgetIsNeverWorthLess(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table := anyTable(r, 200)
		small := Limits{Expected: money.Minor(rapid.Int64Range(0, 1_000_000).Draw(r, "small")), Exposure: math.MaxInt64}
		large := small
		large.Expected += money.Minor(rapid.Int64Range(0, 1_000_000).Draw(r, "more"))
		a, _ := Solve(table, small)
		b, _ := Solve(table, large)
		require.LessOrEqual(r, a.Value, b.Value)
	})
}

// Against every assignment there is, on tables small enough to try them all.
func TestNoAssignmentBeatsTheBound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table, limits := anyTable(r, 6), anyLimits(r)
		limits.Explore = 0
		s, _ := Solve(table, limits)
		optimum := exhaustive(table, limits, 0, 0, 0)
		require.LessOrEqual(r, int64(s.Value), optimum)
		require.GreaterOrEqual(r, s.DualBound*(1+1e-9)+1, float64(optimum))
	})
}

func exhaustive(t *Table, l Limits, i int, cost, out int64) int64 {
	if i == t.Len() {
		return 0
	}
	best := exhaustive(t, l, i+1, cost, out)
	values, costs := t.row(i)
	for k, c := range costs {
		next, exposed := cost+int64(c), out+int64(t.rewards[k])
		if c >= 0 && next <= int64(l.Expected) && exposed <= int64(l.Exposure) {
			best = max(best, int64(values[k])+exhaustive(t, l, i+1, next, exposed))
		}
	}
	return best
}

func plausible(t require.TestingT, n int) (*Ladder, *Table) {
	l := ladder(t, 2000, 5000, 10_000)
	table := NewTable(l, Draws{Salt: "s", Run: campaign.Run{Campaign: "c", Occurrence: 1}})
	rng := rand.New(rand.NewPCG(7, 7))
	var options []Option
	for i := range n {
		c := Customer{Key: uint32(i + 1), Tenure: 700, Allowed: []uint8{1, 1, 1}}
		level := math.Exp(rng.NormFloat64()*0.8 + 11)
		for range 12 {
			amount := int64(0)
			if rng.Float64() < 0.8 {
				amount = int64(level * math.Exp(rng.NormFloat64()*0.6))
			}
			c.Months = append(c.Months, amount)
		}
		_, options = l.Options(c, options)
		table.Add(c.Key, options)
	}
	return l, table
}

func TestSolutionIsTightWithManyCustomers(t *testing.T) {
	_, table := plausible(t, 20_000)
	free, err := Solve(table, Limits{Expected: math.MaxInt64, Exposure: math.MaxInt64})
	require.NoError(t, err)
	require.Positive(t, free.Cost)
	for _, limits := range []Limits{
		{Expected: free.Cost / 2, Exposure: math.MaxInt64},
		{Expected: math.MaxInt64, Exposure: free.Out / 2},
		{Expected: free.Cost / 2, Exposure: free.Out / 3},
		{Expected: free.Cost / 2, Exposure: free.Out / 2, Explore: 0.05},
	} {
		s, err := Solve(table, limits)
		require.NoError(t, err)
		gap := (s.DualBound - float64(s.Value)) / s.DualBound
		t.Logf("limits %v: value %d, bound %.0f, gap %.2e, cost %d, out %d", limits, s.Value, s.DualBound, gap, s.Cost, s.Out)
		require.Less(t, gap, 2e-3)
	}
}

func TestManyAlikeCustomersUseUpTheBudget(t *testing.T) {
	table := &Table{draws: Draws{Salt: "s"}, rewards: []float64{1000}}
	for i := range 1000 {
		table.Add(uint32(i+1), []Option{{Feasible: true, Value: 700, Cost: 300}})
	}
	s, err := Solve(table, Limits{Expected: 100_000, Exposure: math.MaxInt64})
	require.NoError(t, err)
	require.EqualValues(t, 333, s.Offers[0], "as many as the budget pays for, though all have the same price")
}

func TestPropensitiesAreTheChancesOfTheChoice(t *testing.T) {
	_, table := plausible(t, 4000)
	limits := Limits{Expected: 1_000_000, Exposure: math.MaxInt64, Explore: 0.2}
	s, err := Solve(table, limits)
	require.NoError(t, err)
	require.Positive(t, s.Prices.Explore)
	explored := 0
	var inverse float64
	for i := range table.Len() {
		values, costs := table.row(i)
		d := s.Prices.Decide(table.draws, table.customers[i], values, costs, table.rewards)
		require.Positive(t, d.Propensity)
		require.LessOrEqual(t, d.Propensity, 1+1e-12)
		if d.Explored {
			explored++
		}
		inverse += 1 / d.Propensity / float64(feasible(costs))
	}
	// Over feasible choices, 1/propensity averages to their number.
	require.InDelta(t, 1, inverse/float64(table.Len()), 0.15)
	require.InDelta(t, s.Prices.Explore, float64(explored)/float64(table.Len()), 0.02)
}

func TestImpossibleWishesAreToldInNumbers(t *testing.T) {
	l := ladder(t, 5000)
	c := Customer{Key: 1, Tenure: 700, Months: []int64{90_000, 60_000, 80_000, 70_000, 90_000, 60_000, 80_000, 70_000, 90_000, 60_000, 80_000, 70_000}}
	_, options := l.Options(c, nil)
	require.True(t, options[0].Feasible, "%+v", options[0])
	table := NewTable(l, Draws{})
	table.Add(1, options)
	_, err := Solve(table, Limits{Expected: 10, Exposure: 1_000_000})
	require.ErrorIs(t, err, ErrNothingAffordable)
	table.values[0] = 100
	_, err = Solve(table, Limits{Expected: 10, Exposure: 1_000_000})
	require.ErrorContains(t, err, "budget.expected is 10")
	_, err = Solve(table, Limits{Expected: 1_000_000, Exposure: 10})
	require.ErrorContains(t, err, "the smallest reward is 5000 and budget.exposure 10")
	table.values[0] = -40
	_, err = Solve(table, Limits{Expected: 1_000_000, Exposure: 1_000_000})
	require.ErrorContains(t, err, "loses 40")
	table.costs[0] = -1
	_, err = Solve(table, Limits{Expected: 1_000_000, Exposure: 1_000_000})
	require.ErrorContains(t, err, "for none of the 1 customers")
}

// The closed forms against a simulation of the same story.
func TestValueAgainstSimulation(t *testing.T) {
	l := ladder(t, 6000)
	c := Customer{Key: 1, Tenure: 700, Months: []int64{50_000, 0, 80_000, 70_000, 0, 60_000, 20_000, 70_000, 90_000, 0, 80_000, 30_000}}
	f, options := l.Options(c, nil)
	o := options[0]
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 400_000
	var mean, without, reach, gain float64
	for range n {
		spend := 0.0
		if rng.Float64() >= f.Zero {
			spend = math.Exp(f.mu + f.sigma*rng.NormFloat64())
		}
		mean += spend
		phi := effort[rng.IntN(len(effort))]
		if spend == 0 {
			phi *= effortIdle
		}
		goal := float64(o.Threshold)
		switch {
		case spend >= goal:
			without++
			reach++
		case phi*(goal-spend) <= float64(o.Reward):
			reach++
			gain += goal - spend
		}
	}
	require.InEpsilon(t, f.Mean, mean/n, 0.01)
	require.InDelta(t, o.Without, without/n, 0.004)
	require.InDelta(t, o.Reach, reach/n, 0.004)
	require.InDelta(t, float64(o.Value), 0.3*gain/n-6000*reach/n-10, 40)
}

func TestThresholds(t *testing.T) {
	step := campaign.Threshold{Step: 200_000, Stretch: 1, RoundTo: 10_000, Min: 50_000, Max: 900_000}
	require.EqualValues(t, 300_000, Threshold(step, 99_999.5))
	require.EqualValues(t, 310_000, Threshold(step, 100_001))
	require.EqualValues(t, 900_000, Threshold(step, 5_000_000))
	require.EqualValues(t, 50_000, Threshold(campaign.Threshold{Min: 50_000, RoundTo: 1000}, 10))
	require.EqualValues(t, 70_000, Threshold(campaign.Threshold{Fixed: 70_000, Step: 5}, 1e9))
	require.EqualValues(t, 1, Threshold(campaign.Threshold{}, 0), "a goal of nothing is none")
}

func TestForecastsStayReasonable(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		months := rapid.SliceOfN(rapid.Int64Range(-1_000_000, 1_000_000_000), 12, 12).Draw(r, "months")
		f := NewForecast(months, rapid.IntRange(0, 4000).Draw(r, "tenure"), rapid.Float64Range(1, 120).Draw(r, "days"))
		require.False(r, math.IsNaN(f.Mean) || math.IsInf(f.Mean, 0))
		require.GreaterOrEqual(r, f.Mean, 0.0)
		last := 1.0
		for _, x := range []float64{1, 1000, 1e6, 1e9, 1e12} {
			p := f.above(x)
			require.LessOrEqual(r, p, last)
			require.GreaterOrEqual(r, p, 0.0)
			last = p
		}
	})
	steady := NewForecast([]int64{100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}, 0, 30)
	require.InDelta(t, 100, steady.Mean, 1)
	grown := NewForecast([]int64{200, 200, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}, 0, 30)
	require.Greater(t, grown.Mean, 110.0, "recent months count more")
	young := NewForecast([]int64{100, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 60, 30)
	require.InDelta(t, 100, young.Mean, 1, "months before joining are no months without purchases")
}
