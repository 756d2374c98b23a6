package settlement

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

var opens = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

func day(n int) time.Time { return opens.AddDate(0, 0, n) }

func terms() Terms {
	return Terms{Currency: "KRW", Zone: time.UTC, Opens: opens, Closes: day(28), Known: day(29), Offers: []OfferTerms{{ID: "x"}}}
}

// judge gives the verdict of a customer's only receipt.
func judge(t require.TestingT, of Terms, p Promise, lines []Line) Verdict {
	j, err := Judge(of, p, lines)
	require.NoError(t, err)
	require.Len(t, j.Receipts, 1)
	v := j.Receipts[0]
	require.Equal(t, v.Qualified, len(j.Earned) == 1)
	if v.Qualified {
		require.Equal(t, Earned{Round: 1, Receipt: 1, Step: 1, At: v.At, Purchase: v.Purchase, Spend: v.Spend, Due: p.Reward}, j.Earned[0])
	}
	return v
}

func bought(id uint64, at time.Time, amount money.Minor) Line {
	return Line{At: at, ID: id, Number: 1, Kind: Purchase, Amount: amount, Currency: "KRW", Product: "p", Category: "food", Brand: "a"}
}

func returned(original uint64, at time.Time, amount money.Minor) Line {
	return Line{At: at, ID: original + 1000, Number: 1, Kind: Refund, Amount: amount, Currency: "KRW", Original: original}
}

var offer = Promise{Offer: "x", Threshold: 100, Reward: 5, Received: []time.Time{day(2)}}

func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*OfferTerms)
		lines  []Line
		by     uint64 // 0: not met
		spend  money.Minor
	}{
		"one purchase":                {nil, []Line{bought(1, day(3), 100)}, 1, 100},
		"a won short":                 {nil, []Line{bought(1, day(3), 99)}, 0, 99},
		"together":                    {nil, []Line{bought(2, day(5), 60), bought(1, day(3), 60)}, 2, 120},
		"together, but singly":        {func(t *OfferTerms) { t.Measure = campaign.MeasureSingle }, []Line{bought(1, day(3), 60), bought(2, day(5), 60)}, 0, 60},
		"at the very start":           {nil, []Line{bought(1, opens, 100)}, 1, 100},
		"at the very end":             {nil, []Line{bought(1, day(28), 100)}, 0, 0},
		"a second before the end":     {nil, []Line{bought(1, day(28).Add(-time.Second), 100)}, 1, 100},
		"before the message":          {nil, []Line{bought(1, day(1), 100)}, 1, 100},
		"before the message counts":   {func(t *OfferTerms) { t.From = campaign.FromReceipt }, []Line{bought(1, day(1), 100)}, 0, 0},
		"too long after it":           {func(t *OfferTerms) { t.From, t.Within = campaign.FromReceipt, campaign.Duration(48*time.Hour) }, []Line{bought(1, day(4), 100)}, 0, 0},
		"just in time after it":       {func(t *OfferTerms) { t.From, t.Within = campaign.FromReceipt, campaign.Duration(48*time.Hour) }, []Line{bought(1, day(4).Add(-time.Second), 100)}, 1, 100},
		"given back":                  {nil, []Line{bought(1, day(3), 100), returned(1, day(20), 1)}, 0, 99},
		"given back, gross":           {func(t *OfferTerms) { t.Gross = true }, []Line{bought(1, day(3), 100), returned(1, day(20), 1)}, 1, 100},
		"given back after it's known": {nil, []Line{bought(1, day(3), 100), returned(1, day(29), 100)}, 1, 100},
		"more given back than bought": {nil, []Line{bought(1, day(3), 100), returned(1, day(4), 500), bought(2, day(5), 100)}, 2, 100},
		"of another purchase":         {nil, []Line{bought(1, day(3), 100), returned(9, day(4), 100)}, 1, 100},
		"of no purchase":              {nil, []Line{bought(1, day(3), 100), returned(0, day(4), 100)}, 1, 100},
		"refunds of other goods":      {func(t *OfferTerms) { t.Categories = []string{"food"} }, []Line{bought(1, day(3), 100), {At: day(4), ID: 7, Number: 1, Kind: Refund, Amount: 100, Currency: "KRW", Original: 1, Category: "books"}}, 1, 100},
		"other goods":                 {func(t *OfferTerms) { t.Categories = []string{"books"} }, []Line{bought(1, day(3), 100)}, 0, 0},
		"excluded goods":              {func(t *OfferTerms) { t.Excluded = []string{"food"} }, []Line{bought(1, day(3), 100)}, 0, 0},
		"another brand":               {func(t *OfferTerms) { t.Brands = []string{"b"} }, []Line{bought(1, day(3), 100)}, 0, 0},
		"the same row twice":          {nil, []Line{bought(1, day(3), 60), bought(1, day(3), 60)}, 0, 60},
		"two lines of one basket":     {nil, []Line{bought(1, day(3), 60), {At: day(3), ID: 1, Number: 2, Kind: Purchase, Amount: 40, Currency: "KRW"}}, 1, 100},
		"another currency":            {nil, []Line{{At: day(3), ID: 1, Number: 1, Kind: Purchase, Amount: 500, Currency: "USD"}}, 0, 0},
		"nothing":                     {nil, nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			of := terms()
			if c.change != nil {
				c.change(&of.Offers[0])
			}
			v := judge(t, of, offer, c.lines)
			require.Equal(t, c.by, v.Purchase)
			require.Equal(t, c.by > 0, v.Qualified)
			require.Equal(t, c.spend, v.Spend)
			require.Equal(t, !v.Qualified, v.Missing > 0)
		})
	}
}

func TestAFreePurchaseReachesNothing(t *testing.T) {
	free := Promise{Offer: "x", Threshold: 0, Reward: 5, Received: []time.Time{opens}}
	require.False(t, judge(t, terms(), free, []Line{bought(1, day(3), 0)}).Qualified)
	require.True(t, judge(t, terms(), free, []Line{bought(1, day(3), 1)}).Qualified)
}

// However lines are ordered the verdict is the same; another purchase never takes a reward away, another refund never
// gives one.
func TestVerdictsAreMonotonous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) Line {
			id := rapid.Uint64Range(1, 5).Draw(t, "purchase")
			amount := money.Minor(rapid.Int64Range(0, 120).Draw(t, "amount"))
			at := day(rapid.IntRange(-2, 32).Draw(t, "day"))
			if rapid.Bool().Draw(t, "refund") {
				l := returned(id, at, amount)
				l.Number = rapid.Uint16Range(1, 3).Draw(t, "line")
				return l
			}
			l := bought(id, at, amount)
			l.Number = rapid.Uint16Range(1, 3).Draw(t, "line")
			return l
		})
		of := terms()
		o := &of.Offers[0]
		o.Gross = rapid.Bool().Draw(t, "gross")
		if rapid.Bool().Draw(t, "single") {
			o.Measure = campaign.MeasureSingle
		}
		if rapid.Bool().Draw(t, "receipt") {
			o.From = campaign.FromReceipt
		}
		lines := rapid.SliceOfNDistinct(draw, 0, 8, func(l Line) [2]uint64 { return [2]uint64{l.ID, uint64(l.Number)} }).Draw(t, "lines")
		v := judge(t, of, offer, lines)
		if shuffled := judge(t, of, offer, rapid.Permutation(lines).Draw(t, "shuffled")); shuffled.Qualified != v.Qualified || shuffled.Purchase != v.Purchase || shuffled.Spend != v.Spend {
			t.Fatalf("%+v became %+v in another order", v, shuffled)
		}
		if more := judge(t, of, offer, append(lines[:len(lines):len(lines)], bought(77, day(6), 50))); v.Qualified && !more.Qualified {
			t.Fatal("a purchase took the reward away")
		}
		if less := judge(t, of, offer, append(lines[:len(lines):len(lines)], returned(1, day(6), 50))); !v.Qualified && less.Qualified {
			t.Fatal("a refund gave a reward")
		}
		if later := judge(t, of.KnownUntil(day(60)), offer, lines); later.Qualified && !v.Qualified {
			t.Fatal("knowing of later refunds gave a reward")
		}
	})
}
