package offers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Whoever has a worse offer than neighbours is told why; whoever has the best, or no neighbours, is not.
func TestNeighboursAreComparedWithAReason(t *testing.T) {
	spec := campaign.Spec{Offers: []campaign.Offer{{ID: "small", Reward: 1000}, {ID: "large", Reward: 5000}}, Budget: campaign.Budget{Expected: 1 << 40, Exposure: 1 << 40}}
	l, err := NewLadder(spec, times)
	require.NoError(t, err)
	rules := NewRules(spec)
	d, err := NewDecider(rules, Draws{Salt: "s"}, Prices{Limits: []float64{0.5, 0}})
	require.NoError(t, err)
	n := NewNeighbours(l, d, rules)
	yes := func(value, cost float32) Option { return Option{Feasible: true, Value: value, Cost: cost} }
	no := func(why Reason) Option { return Option{Infeasible: why} }
	add := func(kin uint32, small, large Option, offer string, explored bool) {
		n.Add(Customer{Kin: kin}, []Option{small, large}, Assignment{Offer: offer, Forecast: 100_000, Explored: explored})
	}
	for range 6 {
		add(1, yes(10, 10), yes(1000, 100), "large", false)
	}
	add(1, yes(10, 5), no(ReasonRule), "small", false)
	add(1, yes(10, 5), no(ReasonTooEasy), "small", false)
	add(1, no(ReasonRule), no(ReasonTooFar), NoOffer, false)
	add(1, yes(900, 10), yes(800, 100), "small", false)
	add(1, yes(300, 10), yes(310, 500), "small", false)
	add(1, yes(300, 10), yes(1000, 100), "small", true)
	add(1, yes(300, 10), yes(1000, 100), "small", false)
	add(2, yes(300, 10), yes(1000, 100), "small", false)
	reasons := n.Reasons()
	for _, one := range reasons[:6] {
		require.Empty(t, one)
	}
	require.Equal(t, []string{"rule:large", "too_easy:large", "too_far:large", "worth:large", "budget:large", "lot:large", "luck:large", ""}, reasons[6:])
	var e Expected
	for _, one := range reasons {
		e.Aside(one)
	}
	var both Expected
	both.Add(e)
	both.Add(e)
	require.Equal(t, uint64(2), both.Beside[BesideLuck])
	require.Len(t, both.Beside, len(BesideReasons))
}
