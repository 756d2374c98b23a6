package activities

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
)

// codes is a planning store that only knows a pool.
type codes struct {
	PlanningStore
	size, next uint64
}

func (c codes) CouponPool(context.Context, string) (size, next uint64, err error) {
	return c.size, c.next, nil
}

// A plan whose pool could run out is blocked: each of the treated may earn as often as the terms let them, unless the
// offers are limited.
func TestAPlanNeedsACodeForEachPossibleReward(t *testing.T) {
	twice, limited := campaign.Terms{Times: 2}, campaign.Terms{FirstCome: campaign.FirstCome{Total: 30}}
	for _, c := range []struct {
		offers     []campaign.Offer
		size, next uint64
		short      uint64
	}{
		{[]campaign.Offer{{ID: "a", Reward: 5}}, 100, 0, 0},
		{[]campaign.Offer{{ID: "a", Reward: 5}}, 150, 51, 1},
		{[]campaign.Offer{{ID: "a", Reward: 5}, {ID: "b", Reward: 5, Terms: &twice}}, 100, 0, 100},
		{[]campaign.Offer{{ID: "a", Reward: 5, Terms: &limited}, {ID: "none"}}, 31, 1, 0},
		{[]campaign.Offer{{ID: "a", Reward: 5, Terms: &limited}, {ID: "b", Reward: 5}}, 99, 0, 1},
		{[]campaign.Offer{{ID: "a", Reward: 5}}, 3, 9, 100}, // whatever a pool says, it has no fewer than none
	} {
		spec := campaign.Spec{Offers: c.offers, Settlement: campaign.Settlement{Payout: campaign.PayoutCoupon, Coupons: "autumn"}}
		p := &Planning{Store: codes{size: c.size, next: c.next}}
		found, err := p.coupons(t.Context(), PreflightInput{Treated: 100}, spec)
		require.NoError(t, err)
		if c.short == 0 {
			require.Empty(t, found)
			continue
		}
		require.Len(t, found, 1)
		require.True(t, found[0].Blocks)
		require.Equal(t, c.short, found[0].Customers)
		spec.Settlement.Payout = campaign.PayoutPoints
		found, err = p.coupons(t.Context(), PreflightInput{Treated: 100}, spec)
		require.NoError(t, err)
		require.Empty(t, found)
	}
}
