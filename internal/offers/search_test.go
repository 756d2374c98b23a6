package offers

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/offers/budget"
)

// Prices go out to shards and sums come back, as JSON, and the result is as good as that of one table.
func TestOneAndSixteenShardsComeToTheSame(t *testing.T) {
	for _, explore := range []campaign.Share{0, 0.05} {
		c := plausible(t, 20_000)
		c.spec.Budget.Explore = explore
		sameByShards(t, c)
	}
}

func sameByShards(t *testing.T, c *crowd) {
	c.spec.Budget = campaign.Budget{Expected: 20_000_000, Exposure: 60_000_000, Explore: c.spec.Budget.Explore, Limits: []campaign.BudgetLimit{
		{ID: "north", Segments: []string{"north"}, Expected: 4_000_000}, {ID: "south", Segments: []string{"south"}, Share: 0.4},
	}}
	c.spec.Offers[1].Inventory = 1500
	for i := range c.customers {
		c.customers[i].Segment = uint16(i % 3)
	}
	rules := NewRules(c.spec)
	one, err := Solve(c.table(t), true)
	require.NoError(t, err)
	t.Logf("at once: value %d, bound %.0f", one.Value, one.DualBound)
	plain, err := Solve(c.table(t), false)
	require.NoError(t, err)
	require.Less(t, (plain.DualBound-float64(plain.Value))/plain.DualBound, 5e-4, "without swaps, too")
	var values []float64
	for _, shards := range []int{1, 16} {
		tables, byClass := make([]*Table, shards), make([]uint64, rules.Classes())
		sample, err := NewTable(rules, c.draws)
		require.NoError(t, err)
		for i := range tables {
			tables[i], err = NewTable(rules, c.draws)
			require.NoError(t, err)
		}
		for i, customer := range c.customers {
			tables[i*shards/len(c.customers)].Add(customer, c.options[i])
			byClass[rules.Class(customer)]++
			if i%4 == 0 {
				sample.Add(customer, c.options[i])
			}
		}
		search := Begin(sample, byClass)
		for {
			text, err := json.Marshal(search)
			require.NoError(t, err)
			search = &budget.Search{}
			require.NoError(t, json.Unmarshal(text, search))
			ask, more := search.Ask()
			if !more {
				break
			}
			var all budget.Sums
			for _, table := range tables {
				all.Add(table.Sums(search.Limits, ask))
			}
			search.Tell(all)
		}
		far, err := Found(search, rules)
		require.NoError(t, err)
		assign(t, c, far)
		gap := (far.DualBound - float64(far.Value)) / far.DualBound
		t.Logf("%d shards: value %d (%d at once), gap %.2g, %d rounds, explored %.4f (%.4f at once)", shards, far.Value, one.Value, gap, search.Passes, far.Prices.Explore, one.Prices.Explore)
		require.Less(t, gap, 1e-3)
		if c.spec.Budget.Explore == 0 { // a sample knows about, not exactly, how many may be explored: those are other problems
			require.InEpsilon(t, float64(one.Value), float64(far.Value), 1e-3)
		}
		values = append(values, float64(far.Value))
	}
	require.InEpsilon(t, values[0], values[1], 1e-3)
}
