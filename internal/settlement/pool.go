package settlement

import (
	"errors"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// ErrNoCodes says that a pool of coupon codes has none left.
var ErrNoCodes = errors.New("the pool of coupon codes is used up")

// CouponGrant is a coupon code that a payout has.
type CouponGrant struct {
	Payout   campaign.ID
	Customer uint32
	Amount   money.Minor
	Currency string
	Number   uint64 // in the pool
	Code     string // a secret: whoever has it can spend it
}

// MaskCode leaves of a code what tells it from others in a talk, and is worth nothing.
func MaskCode(code string) string {
	letters := []rune(code)
	if len(letters) < 8 {
		return "****"
	}
	return "****" + string(letters[len(letters)-4:])
}
