package settlement

import "time"

// CouponBook is which coupons count in which campaign, when, and for whom.
type CouponBook struct {
	windows map[string][2]time.Time
	members map[[2]string]bool // campaign, customer
	coupons map[[2]string]bool // campaign, coupon
}

// NewCouponBook is an empty book.
func NewCouponBook() *CouponBook {
	return &CouponBook{windows: map[string][2]time.Time{}, members: map[[2]string]bool{}, coupons: map[[2]string]bool{}}
}

// Open says from when until when (exclusive) a campaign's coupons count.
func (b *CouponBook) Open(campaign string, from, until time.Time) {
	b.windows[campaign] = [2]time.Time{from, until}
}

// Give says that a campaign was sent to a customer.
func (b *CouponBook) Give(campaign, customer string) { b.members[[2]string{campaign, customer}] = true }

// List says that a coupon belongs to a campaign.
func (b *CouponBook) List(campaign, coupon string) { b.coupons[[2]string{campaign, coupon}] = true }

// CouponUse is one redeemed coupon.
type CouponUse struct {
	Campaign, Customer, Coupon string
	At                         time.Time
}

// The reasons for which a redeemed coupon does not count, beside TooEarly and TooLate.
const (
	NoCampaign  Reason = "no_campaign"
	NotGiven    Reason = "not_given"
	OtherCoupon Reason = "other_coupon"
)

// Judge says why a redeemed coupon does not count; Counts if it does.
func (b *CouponBook) Judge(u CouponUse) Reason {
	window, known := b.windows[u.Campaign]
	switch {
	case !known:
		return NoCampaign
	case !b.members[[2]string{u.Campaign, u.Customer}]:
		return NotGiven
	case !b.coupons[[2]string{u.Campaign, u.Coupon}]:
		return OtherCoupon
	case u.At.Before(window[0]):
		return TooEarly
	case !u.At.Before(window[1]):
		return TooLate
	}
	return Counts
}
