package offers

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
)

// trueWays are customers who take offers in a way that is known.
type trueWays struct {
	attention, effort, spread float64
	pull, level               float64
}

// simulate is a randomised campaign among them: a half without an offer, the others with one of four by lot.
func (w trueWays) simulate(seed uint64, campaigns, n int) []Past {
	rng := rand.New(rand.NewPCG(seed, 4))
	var rows []Past
	steps, rewards := []float64{30_000, 60_000, 100_000, 200_000}, []float64{2_000, 6_000, 10_000, 10_000}
	for c := range campaigns {
		for i := range n {
			r := Past{Campaign: c, Customer: Customer{Key: uint32(c*n + i + 1), Tenure: 900}, Chance: 0.5, Days: 30, AfterDays: 60}
			level := math.Exp(rng.NormFloat64()*0.7 + 11)
			for range 12 {
				amount := 0.0
				if rng.Float64() < 0.8 {
					amount = level * math.Exp(rng.NormFloat64()*0.5)
				}
				r.Customer.Months = append(r.Customer.Months, int64(amount))
			}
			f := NewForecast(r.Customer.Months, 900, r.Days)
			spend := 0.0
			if rng.Float64() >= f.Zero {
				spend = math.Exp(f.mu + w.level + f.sigma*rng.NormFloat64())
			}
			after := NewForecast(r.Customer.Months, 900, r.AfterDays)
			if rng.Float64() >= after.Zero {
				r.After = math.Exp(after.mu + w.level + after.sigma*rng.NormFloat64())
			}
			if r.Treated = rng.Float64() < 0.5; r.Treated {
				k := rng.IntN(len(steps))
				r.Threshold, r.Reward = math.Ceil((f.Mean+steps[k])/10_000)*10_000, rewards[k]
				phi := w.effort * math.Exp(w.spread*rng.NormFloat64())
				if spend == 0 {
					phi *= effortIdle
				}
				if gap := r.Threshold - spend; gap > 0 && rng.Float64() < w.attention && phi*gap <= r.Reward {
					spend = r.Threshold
					r.After -= w.pull * gap
				}
			}
			r.Window = spend
			rows = append(rows, r)
		}
	}
	return rows
}

var learnedAt = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func TestLearningFindsHowCustomersTakeOffers(t *testing.T) {
	truth := trueWays{attention: 0.4, effort: 0.08, spread: 0.8, pull: 0.4, level: 0.1}
	k, err := Learn(truth.simulate(1, 2, 12_000), []string{"a/1", "b/1"}, learnedAt)
	require.NoError(t, err)
	within := func(truth float64, known Known) {
		t.Helper()
		require.InDelta(t, truth, known.Mean, 3*known.Deviation)
	}
	within(truth.attention, k.Attention)
	within(math.Log(truth.effort), Known{math.Log(k.Effort.Mean), k.Effort.Deviation / k.Effort.Mean})
	within(truth.level, k.Level)
	within(truth.pull, k.Pull)
	require.InDelta(t, 1, k.Gain.Mean, 0.2, "what effort explains is itself estimated")
	require.Less(t, k.Effort.Deviation/k.Effort.Mean, 0.4, "the campaigns tell more than the prior")
	for _, c := range k.Cells {
		within(1, c.Factor)
		require.Less(t, c.Factor.Deviation, 0.5)
	}
	require.InDelta(t, 1, k.Curse, 0.25)
	again, err := Learn(truth.simulate(1, 2, 12_000), []string{"a/1", "b/1"}, learnedAt)
	require.NoError(t, err)
	require.Equal(t, k, again, "the same rows teach the same")
}

func TestLessIsLearnedFromLess(t *testing.T) {
	truth := trueWays{attention: 0.4, effort: 0.08, spread: 0.8}
	small, err := Learn(truth.simulate(2, 1, 1_000), []string{"a/1"}, learnedAt)
	require.NoError(t, err)
	large, err := Learn(truth.simulate(2, 1, 12_000), []string{"a/1"}, learnedAt)
	require.NoError(t, err)
	require.Less(t, large.Attention.Deviation/large.Attention.Mean, small.Attention.Deviation/small.Attention.Mean)
	require.Less(t, len(small.Cells), len(large.Cells))
	_, err = Learn(truth.simulate(3, 1, 100), []string{"a/1"}, learnedAt)
	require.ErrorIs(t, err, ErrTooLittle)
}

func TestLearningBearsAnything(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 8))
		odd := []float64{math.NaN(), math.Inf(1), -1e12, 0, 1, 1e15}
		any := func() float64 {
			if rng.IntN(4) == 0 {
				return odd[rng.IntN(len(odd))]
			}
			return rng.ExpFloat64() * 1e5
		}
		rows := make([]Past, rapid.IntRange(0, 1500).Draw(r, "rows"))
		for i := range rows {
			rows[i] = Past{Campaign: rng.IntN(3), Customer: Customer{Key: uint32(i), Messages: uint16(rng.IntN(5)), Responses: uint16(rng.IntN(9))},
				Treated: rng.IntN(2) == 0, Threshold: any(), Reward: float64(rng.IntN(3)) * 5000, Chance: rng.Float64(), Days: any(), Window: any(), AfterDays: any(), After: any()}
			for range rng.IntN(13) {
				rows[i].Customer.Months = append(rows[i].Customer.Months, rng.Int64N(1e7)-1e5)
			}
		}
		k, err := Learn(rows, []string{"a", "b", "c"}, learnedAt)
		if err != nil {
			require.ErrorIs(r, err, ErrTooLittle)
		}
		require.NoError(r, k.Check())
	})
}

// Whatever is known, and whoever asks, an option is a plausible one.
func TestOptionsAreAlwaysSound(t *testing.T) {
	learned, err := Learn(trueWays{attention: 0.3, effort: 0.1, spread: 0.9}.simulate(5, 2, 3_000), []string{"a/1", "b/1"}, learnedAt)
	require.NoError(t, err)
	learned.Weight, learned.Rate = 4, 0.3
	plain := ladder(t, 0, 1, 5_000, 1<<50)
	taught, err := plain.With(learned)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		l := rapid.SampledFrom([]*Ladder{plain, taught}).Draw(r, "ladder")
		c := Customer{Key: 1, Tenure: rapid.Uint16().Draw(r, "tenure"), Messages: rapid.Uint16().Draw(r, "messages"), Responses: rapid.Uint16().Draw(r, "responses"),
			Months: rapid.SliceOfN(rapid.Int64Range(-1<<40, 1<<50), 0, 12).Draw(r, "months"), Allowed: rapid.SliceOfN(rapid.Uint8Range(0, 1), 0, 4).Draw(r, "allowed")}
		f, options := l.Options(c, nil)
		require.Len(r, options, 4)
		require.False(r, math.IsNaN(f.Mean) || math.IsInf(f.Mean, 0))
		for k, o := range options {
			for _, x := range []float32{o.Value, o.Cost, o.Reach, o.Without, o.Gain, o.Deviation} {
				require.False(r, math.IsNaN(float64(x)) || math.IsInf(float64(x), 0), "%+v", o)
			}
			require.GreaterOrEqual(r, o.Reach, float32(0))
			require.LessOrEqual(r, o.Reach, float32(1))
			require.GreaterOrEqual(r, o.Deviation, float32(0))
			if o.Feasible {
				require.LessOrEqual(r, o.Without, float32(mostWithout))
				require.GreaterOrEqual(r, o.Reach, o.Without)
				require.LessOrEqual(r, float64(o.Cost), float64(o.Reward)*(1+1e-6)+1)
				require.GreaterOrEqual(r, o.Cost, float32(0))
				require.True(r, k >= len(c.Allowed) || c.Allowed[k] == 1, "an offer that its rule forbids")
			}
		}
	})
}

func TestWhoBoughtOnceHasAWideForecast(t *testing.T) {
	once := make([]int64, 12)
	once[2] = 90_000
	f := NewForecast(once, 400, 28)
	require.Greater(t, f.Zero, 0.5)
	require.Less(t, f.Mean, 20_000.0)
	l := ladder(t, 5000)
	_, options := l.Options(Customer{Key: 1, Tenure: 400, Months: once}, nil)
	require.Less(t, options[0].Reach, float32(0.5))
	nobody, _ := l.Options(Customer{Key: 1, Months: make([]int64, 12)}, nil)
	require.Zero(t, nobody.Mean)
}

func TestHowOftenSomebodyRespondsCounts(t *testing.T) {
	k := Prior()
	k.Attention, k.Weight, k.Rate = Known{0.3, 0.05}, 4, 0.25
	l, err := ladder(t, 8000).With(k)
	require.NoError(t, err)
	c := Customer{Key: 1, Tenure: 900, Months: []int64{90_000, 60_000, 80_000, 70_000, 90_000, 60_000, 80_000, 70_000, 90_000, 60_000, 80_000, 70_000}}
	reach := func(messages, responses uint16) float32 {
		c.Messages, c.Responses = messages, responses
		_, options := l.Options(c, nil)
		return options[0].Reach - options[0].Without
	}
	require.Less(t, reach(8, 0), reach(0, 0))
	require.Less(t, reach(0, 0), reach(8, 8))
	require.InEpsilon(t, reach(0, 0), reach(4, 1), 1e-5, "as often as others do")
}

func TestKnowledgeThatIsNoneIsRefused(t *testing.T) {
	for _, spoil := range []func(*Knowledge){
		func(k *Knowledge) { k.Pull.Mean = math.NaN() },
		func(k *Knowledge) { k.Effort.Mean = 0 },
		func(k *Knowledge) { k.Attention.Mean = 1.5 },
		func(k *Knowledge) { k.Cells = make([]Cell, 3) },
		func(k *Knowledge) { k.Cells = slices.Repeat([]Cell{{Factor: Known{-1, 0}}}, len(armNames)) },
	} {
		k := Prior()
		spoil(&k)
		_, err := ladder(t, 5000).With(k)
		require.ErrorContains(t, err, "learn again")
	}
}

var sink []Option

func BenchmarkOptions(b *testing.B) {
	l := ladder(b, 2000, 4000, 6000, 8000, 10_000, 12_000, 14_000, 16_000, 18_000, 20_000)
	c := Customer{Key: 1, Tenure: 900, Months: []int64{90_000, 60_000, 80_000, 70_000, 90_000, 60_000, 80_000, 70_000, 90_000, 60_000, 80_000, 70_000}}
	for b.Loop() {
		_, sink = l.Options(c, sink)
	}
}

// Of a campaign with several kinds of offers, only goals about all spend with one reward teach how goals are taken.
func TestOnlyPlainGoalsTeach(t *testing.T) {
	spec := campaign.Spec{Offers: []campaign.Offer{
		{ID: "goal", Kind: campaign.OfferThreshold, Reward: 1}, {ID: "back", Kind: campaign.OfferPercentage, Percent: 0.05, Reward: 1}, {ID: "coupon", Kind: campaign.OfferCoupon, Reward: 1},
		{ID: "coffee", Kind: campaign.OfferBundle, Reward: 1, Terms: &campaign.Terms{Purchases: 5, Categories: []string{"coffee"}}}, {ID: "twice", Kind: campaign.OfferThreshold, Reward: 1, Terms: &campaign.Terms{Times: 2}},
		{ID: "soon", Kind: campaign.OfferThreshold, Reward: 1, Valid: campaign.Duration(time.Hour)}, {ID: "news", Kind: campaign.OfferInform},
	}}
	past := PastCampaign{Spec: &spec}
	require.True(t, past.Teaches())
	for id, teaches := range map[string]bool{"goal": true, "news": true, "": true, NoOffer: true, "back": false, "coupon": false, "coffee": false, "twice": false, "soon": false, "gone": false} {
		require.Equal(t, teaches, past.TeachesOffer(id), id)
	}
	spec.Offers = spec.Offers[1:6]
	require.False(t, past.Teaches())
}

// Contents that do better are drawn more often, every one is drawn sometimes, and the chances that are logged are those.
func TestContentsAreDrawnByWhatIsKnown(t *testing.T) {
	contents := []campaign.Content{{ID: "a", Theme: "price"}, {ID: "b", Theme: "story"}, {ID: "c", Category: "coffee"}}
	k := Prior()
	even := k.contentOdds(contents, 0, 0)
	require.InDeltaSlice(t, []float64{1. / 3, 1. / 3, 1. / 3}, even, 1e-9)
	k.Contents = []ContentCell{{Content: "theme=price", Factor: Known{1.3, 0.1}}, {Content: "theme=story", Factor: Known{0.8, 0.1}}, {Content: "category=coffee", Own: true, Factor: Known{1.8, 0.05}}}
	odds := k.contentOdds(contents, 0, 0)
	require.InDelta(t, 1, odds[0]+odds[1]+odds[2], 1e-9)
	require.Greater(t, odds[0], 0.7)
	require.GreaterOrEqual(t, odds[1], contentExplore/3)
	require.Greater(t, k.contentOdds(contents, 0, 3)[2], 0.9, "who buys coffee hears of coffee")
	require.InDeltaSlice(t, even, k.contentOdds(contents, 1, 0), 1e-9, "of other customers nothing is known")

	l, err := NewLadder(campaign.Spec{Contents: contents, Offers: []campaign.Offer{{ID: "news", Kind: campaign.OfferInform}}}, times)
	require.NoError(t, err)
	l, err = l.With(k)
	require.NoError(t, err)
	counts := make([]float64, 3)
	const n = 20_000
	for key := range uint32(n) {
		i, p := l.contentFor(Draws{Salt: "s", Run: campaign.Run{Campaign: "c", Occurrence: 1}}, Customer{Key: key}, Forecast{}, 3)
		require.InDelta(t, odds[i], p, 1e-12)
		counts[i]++
	}
	for i := range counts {
		require.InDelta(t, odds[i], counts[i]/n, 0.01)
	}
}

// What contents did is found in past draws, beside what the offers did.
func TestLearningFindsWhichContentMoves(t *testing.T) {
	truth := trueWays{attention: 0.5, effort: 0.08, spread: 0.8}
	rows := truth.simulate(5, 2, 12_000)
	for i := range rows {
		if r := &rows[i]; r.Treated {
			r.Content = []string{"theme=price", "theme=story"}[i%2]
			if r.Content == "theme=story" && r.Window == r.Threshold && i%3 != 0 { // two in three of those whom it moved stay as they were
				r.Window = r.Threshold * 0.9
			}
		}
	}
	k, err := Learn(rows, []string{"a/1", "b/1"}, learnedAt)
	require.NoError(t, err)
	for _, c := range k.Contents {
		if c.Content == "theme=price" {
			require.Greater(t, c.Factor.Mean, 1.1, "%+v", c)
		} else {
			require.Less(t, c.Factor.Mean, 0.9, "%+v", c)
		}
	}
	require.GreaterOrEqual(t, len(k.Contents), 2)
	require.Greater(t, k.contentOdds([]campaign.Content{{ID: "x", Theme: "price"}, {ID: "y", Theme: "story"}}, 0, 0)[0], 0.9)
}
