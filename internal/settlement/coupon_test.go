package settlement

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCoupons(t *testing.T) {
	b := NewCouponBook()
	b.Open("c", day(1), day(3))
	b.Give("c", "a")
	b.List("c", "x")
	require.Equal(t, Counts, b.Judge(CouponUse{"c", "a", "x", day(1)}))
	require.Equal(t, TooEarly, b.Judge(CouponUse{"c", "a", "x", day(0)}))
	require.Equal(t, TooLate, b.Judge(CouponUse{"c", "a", "x", day(3)}))
	require.Equal(t, NotGiven, b.Judge(CouponUse{"c", "b", "x", day(1)}))
	require.Equal(t, OtherCoupon, b.Judge(CouponUse{"c", "a", "y", day(1)}))
	require.Equal(t, NoCampaign, b.Judge(CouponUse{"d", "a", "x", day(1)}))
}
