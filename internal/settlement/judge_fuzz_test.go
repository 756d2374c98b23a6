package settlement

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// Windows whose edges are where a naive count of days or hours goes wrong: leap days, days of 23 and 25 hours, clocks
// that change at midnight or by half an hour, a day that an island left out.
var edges = []struct {
	zone        string
	year, month int
	day, days   int
}{
	{"Asia/Seoul", 2028, 2, 27, 3}, {"America/New_York", 2026, 3, 7, 3}, {"America/New_York", 2026, 10, 31, 3}, {"America/Havana", 2026, 3, 7, 3},
	{"Australia/Lord_Howe", 2026, 4, 4, 3}, {"Pacific/Apia", 2011, 12, 28, 4}, {"Asia/Kathmandu", 2100, 2, 27, 3}, {"Africa/Cairo", 2026, 4, 23, 3},
}

// FuzzJudge holds the evaluator against a count in numbers without bounds, over windows whose edges are days of a zone:
// it finds the same purchase, spend and reward, or says that amounts could go beyond 64 bits, and only where they could.
func FuzzJudge(f *testing.F) {
	for seed := range uint64(len(edges)) * 4 {
		for _, top := range []int64{1, 999, 1_000_000, math.MaxInt64 / 8, math.MaxInt64 - 1, math.MaxInt64} {
			f.Add(seed, top, seed*7919)
		}
	}
	f.Fuzz(func(t *testing.T, seed uint64, top int64, percent uint64) {
		if top <= 0 {
			t.Skip()
		}
		r := rand.New(rand.NewPCG(seed, uint64(top)))
		edge := edges[seed%uint64(len(edges))]
		zone, err := time.LoadLocation(edge.zone)
		require.NoError(t, err)
		opens := time.Date(edge.year, time.Month(edge.month), edge.day, 0, 0, 0, 0, zone)
		closes := time.Date(edge.year, time.Month(edge.month), edge.day+edge.days, 0, 0, 0, 0, zone)
		amount := func() money.Minor { return money.Minor(top - r.Int64N(min(top, 3))) }
		o := OfferTerms{ID: "x", Threshold: amount(), Reward: money.Minor(1 + r.Int64N(top))}
		o.Percent = campaign.Share(float64(percent%1_000_001) / 1e6)
		terms := Terms{Currency: []string{"KRW", "JPY", "KWD", "USD"}[seed/8%4], Zone: zone, Opens: opens, Closes: closes, Known: closes.AddDate(0, 0, 1), Offers: []OfferTerms{o}}
		var lines []Line
		at := []time.Time{opens.Add(-time.Second), opens, opens.Add(26 * time.Hour), closes.Add(-time.Second), closes}
		for i, when := range at {
			lines = append(lines, Line{At: when, ID: uint64(i + 1), Number: 1, Kind: Purchase, Amount: amount(), Currency: terms.Currency})
		}
		back := r.IntN(len(at))
		lines = append(lines, Line{At: opens.Add(30 * time.Hour), ID: 99, Number: 1, Kind: Refund, Amount: money.Minor(r.Int64N(top)), Currency: terms.Currency, Original: uint64(back + 1)})

		total, met, largest, counted := new(big.Int), 0, new(big.Int), int64(0)
		threshold, spend := big.NewInt(int64(o.Threshold)), new(big.Int)
		for i := 1; i <= 3; i++ { // those within the window
			net := big.NewInt(int64(lines[i].Amount))
			counted++
			if net.Cmp(largest) > 0 {
				largest.Set(net)
			}
			if i == back {
				counted++
				net.Sub(net, big.NewInt(int64(lines[5].Amount)))
				if taken := big.NewInt(int64(lines[5].Amount)); taken.Cmp(largest) > 0 {
					largest.Set(taken)
				}
			}
			if net.Sign() > 0 {
				total.Add(total, net)
			}
			if met == 0 && net.Sign() > 0 && total.Cmp(threshold) >= 0 {
				met = i
				spend.Set(total)
			}
		}
		j, err := Judge(terms, Promise{Offer: "x", Threshold: o.Threshold, Reward: o.Reward, Received: []time.Time{opens}}, lines)
		if new(big.Int).Mul(largest, big.NewInt(counted)).IsInt64() {
			require.NoError(t, err)
		} else {
			require.True(t, errors.Is(err, money.ErrOverflow), "%v", err)
			return
		}
		require.Equal(t, met > 0, j.Receipts[0].Qualified)
		if met == 0 {
			require.Empty(t, j.Earned)
			return
		}
		require.EqualValues(t, met+1, j.Receipts[0].Purchase, "the same purchase meets it")
		require.Zero(t, spend.Cmp(big.NewInt(int64(j.Receipts[0].Spend))))
		due := big.NewInt(int64(o.Reward))
		if o.Percent > 0 {
			part := new(big.Int).Div(new(big.Int).Mul(total, big.NewInt(o.PerMillion())), big.NewInt(1_000_000))
			if part.Cmp(due) < 0 {
				due = part
			}
		}
		if due.Sign() == 0 {
			require.Empty(t, j.Earned)
			return
		}
		require.Len(t, j.Earned, 1)
		require.Zero(t, due.Cmp(big.NewInt(int64(j.Earned[0].Due))))
		for _, language := range []string{"ko", "en"} { // amounts of currencies without minor units, and with three
			require.NotEmpty(t, money.Format(j.Earned[0].Due, terms.Currency, language))
			require.NotEmpty(t, o.Sentence(language, terms.Currency, o.Threshold, o.Reward, ""))
		}
	})
}
