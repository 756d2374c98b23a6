package activities

import (
	"context"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// CouponStore is the pools of coupon codes in the warehouse.
type CouponStore interface {
	CouponPool(ctx context.Context, pool string) (size, next uint64, err error)
	GrantCodes(ctx context.Context, run campaign.Run, pool string, from, until uint64, payouts []settlement.Payout) (given uint64, err error)
}

// Coupons gives the codes of a pool out. Only the pool's workflow calls it, so that a code is given once.
type Coupons struct{ Store CouponStore }

// CouponsAtOnce is the most payouts of one request: their keys travel through the history.
const CouponsAtOnce = 1_000

// GrantCouponsInput asks for a code for each payout that has none.
type GrantCouponsInput struct {
	Run     campaign.Run        `json:"run"`
	Pool    string              `json:"pool"`
	Payouts []settlement.Payout `json:"payouts"`
	From    uint64              `json:"from,omitempty"`  // the first number that may be given: the pool's workflow says it
	Until   uint64              `json:"until,omitempty"` // the first that may not
}

// GrantCouponsOutput says how many payouts got a code, and how many the pool had none for.
type GrantCouponsOutput struct {
	Granted uint64 `json:"granted"`
}

// LookIntoPoolInput asks how far a pool is used up.
type LookIntoPoolInput struct {
	Pool string `json:"pool"`
}

// LookIntoPoolOutput is how many codes a pool has, and the first number that nobody has yet.
type LookIntoPoolOutput struct {
	Size uint64 `json:"size"`
	Next uint64 `json:"next"`
}

// LookIntoPool says how far a pool is used up.
func (c *Coupons) LookIntoPool(ctx context.Context, in LookIntoPoolInput) (out LookIntoPoolOutput, err error) {
	out.Size, out.Next, err = c.Store.CouponPool(ctx, in.Pool)
	return out, Classify(err)
}

// GrantCoupons gives numbers of the range to payouts that have none before it. An attempt that was thought dead writes the
// same rows as the one that took its place.
func (c *Coupons) GrantCoupons(ctx context.Context, in GrantCouponsInput) (out GrantCouponsOutput, err error) {
	out.Granted, err = c.Store.GrantCodes(ctx, in.Run, in.Pool, in.From, in.Until, in.Payouts)
	return out, Classify(err)
}

// coupons is the finding that a pool could run out: winners that stand before an empty pool were promised something.
func (p *Planning) coupons(ctx context.Context, in PreflightInput, spec campaign.Spec) ([]Fault, error) {
	if spec.Settlement.Payout != campaign.PayoutCoupon {
		return nil, nil
	}
	size, next, err := p.Store.CouponPool(ctx, spec.Settlement.Coupons)
	if err != nil {
		return nil, err
	}
	winners := mostCoupons(spec, in.Treated)
	left := size - min(next, size)
	if left >= winners {
		return nil, nil
	}
	return []Fault{{Kind: "coupons_short", Customers: winners - left, Blocks: true, Message: fmt.Sprintf(
		"the pool %s has %d codes left, and up to %d may be earned: import %d more with starter coupons %s import FILE, or limit the offers by first_come.total",
		spec.Settlement.Coupons, left, winners, winners-left, spec.Settlement.Coupons)}}, nil
}

// mostCoupons is how many rewards the treated can earn at most: each as many as their offer gives, within its limit.
func mostCoupons(spec campaign.Spec, treated uint64) uint64 {
	var each, limited uint64
	unlimited := false
	for _, o := range spec.Offers {
		if o.Reward == 0 {
			continue
		}
		terms := spec.TermsOf(o)
		rewards := uint64(terms.Rounds() * max(terms.Receipts(), 1))
		each = max(each, rewards)
		if terms.FirstCome.Total == 0 {
			unlimited = true
		}
		limited += min(treated*rewards, uint64(terms.FirstCome.Total))
	}
	if unlimited {
		return treated * each
	}
	return min(limited, treated*each)
}
