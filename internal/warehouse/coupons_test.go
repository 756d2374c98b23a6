package warehouse_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func codesFile(from, to int) string {
	var text strings.Builder
	text.WriteString("serial,code\n")
	for n := from; n < to; n++ {
		fmt.Fprintf(&text, "%d,CODE-%04d\n", n, n)
	}
	return text.String()
}

func couponPayouts(from, to int) (all []settlement.Payout) {
	for n := from; n < to; n++ {
		all = append(all, settlement.Payout{Key: campaign.ID{byte(n >> 8), byte(n)}, Customer: uint32(n), Amount: money.Minor(5000), Currency: "KRW"})
	}
	return all
}

// Files that overlap are imported by two at once; requests are made by two workers at once, of which one was thought dead.
// Every code is there once and has one payout, and no payout has two.
func TestEachCouponCodeIsGivenOnce(t *testing.T) {
	w := stacktest.Warehouse(t)
	var group sync.WaitGroup
	for i := range 2 {
		group.Go(func() {
			_, _, err := w.ImportCodes(t.Context(), "autumn", "codes.csv", strings.NewReader(codesFile(i*30, 60+i*30)), time.Now(), 6*time.Second)
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	size, next, err := w.CouponPool(t.Context(), "autumn")
	require.NoError(t, err)
	require.EqualValues(t, 90, size)
	require.Zero(t, next)

	run := testRun("coupons")
	grant := func(from uint64, payouts []settlement.Payout) (given uint64) {
		var both [2]uint64
		for i := range both {
			group.Go(func() {
				n, err := w.GrantCodes(t.Context(), run, "autumn", from, min(from+uint64(len(payouts)), size), payouts)
				if err != nil {
					t.Error(err)
				}
				both[i] = n
			})
		}
		group.Wait()
		require.Equal(t, both[0], both[1])
		return both[0]
	}
	require.EqualValues(t, 40, grant(0, couponPayouts(0, 40)))
	require.EqualValues(t, 30, grant(40, couponPayouts(20, 70)), "twenty have one")
	require.EqualValues(t, 20, grant(70, couponPayouts(60, 120)), "then it is used up")
	require.EqualValues(t, 0, grant(90, couponPayouts(0, 120)))
	codes, payouts := map[string]bool{}, map[campaign.ID]bool{}
	require.NoError(t, w.Coupons(t.Context(), run, func(g settlement.CouponGrant) error {
		require.False(t, codes[g.Code], g.Code)
		require.False(t, payouts[g.Payout])
		codes[g.Code], payouts[g.Payout] = true, true
		require.NotContains(t, settlement.MaskCode(g.Code), "CODE")
		return nil
	}))
	require.Len(t, codes, 90)
	added, known, err := w.ImportCodes(t.Context(), "autumn", "more.csv", strings.NewReader(codesFile(80, 100)), time.Now(), 6*time.Second)
	require.NoError(t, err)
	require.EqualValues(t, []uint64{10, 10}, []uint64{added, known})
	_, _, err = w.ImportCodes(t.Context(), "autumn", "bad.csv", strings.NewReader("number\nSECRET\n"), time.Now(), time.Second)
	require.ErrorIs(t, err, warehouse.ErrCodes)
	require.NotContains(t, err.Error(), "SECRET")
}
