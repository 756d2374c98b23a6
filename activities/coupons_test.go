package activities_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// pool gives codes as the pool's workflow does: one request after the other.
type pool struct {
	mu    sync.Mutex
	store *warehouse.Warehouse
	activities.PayoutProvider
}

func (p *pool) Waits() string { return "no_code_left" }

func (p *pool) Hand(ctx context.Context, run campaign.Run, _ campaign.Shard, payouts []settlement.Payout) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	size, next, err := p.store.CouponPool(ctx, "autumn")
	if err == nil {
		_, err = p.store.GrantCodes(ctx, run, "autumn", next, size, payouts)
	}
	return err
}

func (p *pool) Answers(ctx context.Context, run campaign.Run) (map[campaign.ID]settlement.Answer, error) {
	all := map[campaign.ID]settlement.Answer{}
	return all, p.store.Coupons(ctx, run, func(g settlement.CouponGrant) error {
		all[g.Payout] = settlement.Answer{Paid: true, Payout: settlement.Payout{Key: g.Payout, Amount: g.Amount, Currency: g.Currency}}
		return nil
	})
}

// A pool that runs out leaves the rest in the queue that a person sees, without guessing; more codes pay it.
func TestAPoolThatRunsOut(t *testing.T) {
	const dues = 40
	k, s, _, in := settled(t, dues)
	store := k.books.Store.(*warehouse.Warehouse)
	s.Payouts = activities.PayoutRoutes{campaign.PayoutPoints: &pool{store: store}}
	fill := func(from, to int) {
		text := "code\n"
		for n := from; n < to; n++ {
			text += fmt.Sprintf("SECRET%04d\n", n)
		}
		_, _, err := store.ImportCodes(t.Context(), "autumn", "codes.csv", strings.NewReader(text), time.Now(), time.Second)
		require.NoError(t, err)
	}
	fill(0, 30)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if _, err := do(t, s.PayDues, in); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	out, err := do(t, s.PayDues, in)
	require.NoError(t, err)
	require.Equal(t, activities.PayDuesOutput{Dues: dues, Paid: 30, Amount: moneyOf(30), Unknown: 10}, out)
	fill(0, 40)
	out, err = do(t, s.PayDues, in)
	require.NoError(t, err)
	require.Equal(t, activities.PayDuesOutput{Dues: dues, Paid: dues, Amount: moneyOf(dues)}, out)
	codes := map[string]bool{}
	require.NoError(t, store.Coupons(t.Context(), in.Run, func(g settlement.CouponGrant) error {
		codes[g.Code] = true
		return nil
	}))
	require.Len(t, codes, dues)
}
