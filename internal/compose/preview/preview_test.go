package preview

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/money"
)

func TestBarsHoldEveryCustomer(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		thresholds := rapid.MapOf(rapid.Custom(func(r *rapid.T) money.Minor { return money.Minor(rapid.Int64Range(1, 5_000_000).Draw(r, "threshold")) }), rapid.Uint64Range(1, 1000)).Draw(r, "thresholds")
		var total, held uint64
		for _, n := range thresholds {
			total += n
		}
		all := bars(thresholds)
		require.LessOrEqual(r, len(all), mostBars)
		for i, b := range all {
			held += b.Customers
			require.Less(r, b.From, b.To)
			if i > 0 {
				require.GreaterOrEqual(r, b.From, all[i-1].From)
			}
			var within uint64
			for amount, n := range thresholds {
				if amount >= b.From && amount < b.To {
					within += n
				}
			}
			require.Equal(r, within, b.Customers)
		}
		require.Equal(r, total, held)
	})
}
