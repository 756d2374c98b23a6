package warehouse_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
)

func TestAttributionCountsWhatFollowedAnOpenOrAClick(t *testing.T) {
	w := stacktest.Warehouse(t)
	run := testRun("attributed")
	r := rand.New(rand.NewPCG(31, 32))
	q := report.Question{Snapshot: "none", Zone: "Asia/Seoul", Currency: "KRW", Opens: opens, Closes: opens.Add(21 * 24 * time.Hour)}
	inside := func(at time.Time) bool { return !at.Before(q.Opens) && at.Before(q.Closes) }
	want := report.Attributed{Within: report.AttributedWithin}
	var interactions, transactions [][]any
	for customer := uint32(1); customer <= 200; customer++ {
		var opened, clicked []time.Time
		for i := range r.IntN(4) {
			at := opens.Add(time.Duration(r.IntN(26*24)-48) * time.Hour)
			kind := []string{"open", "click", "app"}[r.IntN(3)]
			interactions = append(interactions, []any{customer, at, kind, run.Campaign, run.Occurrence, uint64(i)}, []any{customer, at, kind, "another", run.Occurrence, uint64(i)})
			if inside(at) && kind != "app" {
				opened = append(opened, at)
				if kind == "click" {
					clicked = append(clicked, at)
				}
			}
		}
		if len(opened) > 0 {
			want.Opened++
		}
		if len(clicked) > 0 {
			want.Clicked++
		}
		after := func(at time.Time, touches []time.Time) bool {
			for _, touch := range touches {
				if !at.Before(touch) && at.Before(touch.Add(want.Within)) {
					return true
				}
			}
			return false
		}
		seen := map[[2]uint64]bool{}
		for _, l := range history(r, customer) {
			if key := [2]uint64{l.ID, uint64(l.Number)}; seen[key] {
				continue
			} else {
				seen[key] = true
			}
			transactions = append(transactions, transaction(customer, l))
			net := l.Amount
			if l.Kind != settlement.Purchase {
				net = -net
			}
			if !inside(l.At) || l.Currency != q.Currency {
				continue
			}
			if after(l.At, opened) {
				want.AfterOpen += net
			}
			if after(l.At, clicked) {
				want.AfterClick += net
			}
		}
	}
	put(t, w, "interactions (customer_key, at, kind, campaign, occurrence, id)", append(interactions, interactions[:20]...)...) // some were imported twice
	put(t, w, intoTransactions, transactions...)
	f, err := w.ReportFacts(t.Context(), run, q)
	require.NoError(t, err)
	require.NotNil(t, f.Attributed)
	require.Equal(t, want, *f.Attributed)
	require.NotZero(t, want.AfterClick)
	require.Greater(t, want.AfterOpen, want.AfterClick)

	f, err = w.ReportFacts(t.Context(), testRun("nobody-opened"), q)
	require.NoError(t, err)
	require.Nil(t, f.Attributed)
}
