package activities

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/learn/learntest"
	"github.com/danbi-project/danbi/internal/targeting/registry"
)

// The worth of a contact goes by the middle rung that earns its reward, and by none where no rung does.
func TestTheWorthOfAContactGoesByAnOfferThatEarns(t *testing.T) {
	rung := func(kind campaign.OfferKind, step, reward int64) (o campaign.Offer) {
		o.Kind, o.Threshold.Step, o.Reward, o.Threshold.RoundTo = kind, money.Minor(step), money.Minor(reward), 10_000
		return o
	}
	spec := campaign.Spec{Budget: campaign.Budget{Margin: .2}, Offers: []campaign.Offer{
		rung(campaign.OfferThreshold, 100_000, 10_000), rung(campaign.OfferThreshold, 50_000, 5_000), rung(campaign.OfferThreshold, 30_000, 2_000),
		rung(campaign.OfferThreshold, 500_000, 100_000), rung(campaign.OfferCoupon, 60_000, 1_000), rung(campaign.OfferThreshold, 40_000, 0),
	}}
	offer, err := offered(spec)
	require.NoError(t, err)
	require.Equal(t, goalOffer{step: 50_000, round: 10_000, reward: 5_000, gain: 5_000}, offer)
	spec.Budget.Margin = .01
	_, err = offered(spec)
	require.ErrorIs(t, err, errNoGoal)
	require.NotEmpty(t, noteOf(err), "a rule stands in")

	// 90,000 in 90 days are 28,000 in 28: with the step 78,000, which is rounded up to 80,000.
	require.False(t, offer.met(79_999, 90_000, 28))
	require.True(t, offer.met(80_000, 90_000, 28))
}

// A treated customer at the goal is worth the margin less the reward, one in control the margin alone, and whoever misses it nothing:
// the difference of means is what a contact gains, the rewards of those who would have come anyway included.
func TestWhoComesAnywayCostsTheReward(t *testing.T) {
	offer := goalOffer{step: 50_000, round: 10_000, reward: 5_000, gain: 5_000}
	l := &learner{length: []float64{28, 28, 28, 28}, trial: targeting.Trial{
		Treated: []bool{true, true, false, false}, Spend: []float32{80_000, 10, 80_000, 10}, Before: []float32{90_000, 90_000, 90_000, 90_000},
	}}
	require.Equal(t, []float32{1, 0, 1, 0}, l.goals(offer).Outcome)
	require.Equal(t, []float32{5_000, 0, 10_000, 0}, l.earned(offer).Outcome)
}

// shallow grows what a test needs.
type shallow struct{}

func (shallow) Train(ctx context.Context, d learn.Data, p learn.Params) (*forest.Forest, error) {
	p.Trees, p.Depth = 10, 2
	return learntest.Trainer{}.Train(ctx, d, p)
}

// A town has customers of three kinds: who spends so much that they are at any goal anyway, whom an offer moves to it, and whom
// nothing moves. The first two features tell them apart.
type town struct {
	TargetingStore
	immovable bool // an offer moves nobody
}

const townspeople = 8_000

func (w town) kind(customer uint32) (anyway, moved bool) {
	r := rand.New(rand.NewPCG(uint64(customer), 11))
	at := r.IntN(4)
	return at == 0, at == 1 && !w.immovable
}

func (w town) bins() [][]uint8 {
	bins := [][]uint8{make([]uint8, townspeople), make([]uint8, townspeople), make([]uint8, townspeople)}
	for i := range townspeople {
		anyway, moved := w.kind(uint32(i))
		r := rand.New(rand.NewPCG(uint64(i), 12))
		for f, yes := range []bool{anyway, moved, false} {
			bins[f][i] = uint8(1 + r.IntN(100))
			if yes {
				bins[f][i] += 100
			}
		}
	}
	return bins
}

// spend is that of 28 days, by somebody who spent 90,000 in the 90 before.
func (w town) spend(customer uint32, treated bool, lot float64) float32 {
	anyway, moved := w.kind(customer)
	if anyway && lot < .8 || moved && treated && lot < .5 || lot < .05 {
		return 90_000
	}
	return float32(20_000 * lot)
}

func (w town) Dropped(_ context.Context, _ features.Snapshot, from, _ time.Time, _ int) (targeting.Trial, error) {
	var t targeting.Trial
	r := rand.New(rand.NewPCG(uint64(from.Unix()), 13))
	for i := range uint32(townspeople) {
		t.Customers, t.Spend, t.Before = append(t.Customers, i), append(t.Spend, w.spend(i, false, r.Float64())), append(t.Before, 90_000)
	}
	t.Bins = w.bins()
	return t, nil
}

// past is what a learner knows of a town whose last campaign wrote to half of it.
func past(t *testing.T, w town) *learner {
	l := &learner{
		Targeting: Targeting{Store: w, Trainer: shallow{}}, ctx: t.Context(), snapshot: features.Snapshot{Instant: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Customers: townspeople},
		brief: campaign.Brief{Spec: campaign.Spec{
			Goal: campaign.GoalWinBack, Budget: campaign.Budget{Margin: .2}, Audience: campaign.Audience{Size: townspeople / 4},
			Offers: []campaign.Offer{{Kind: campaign.OfferThreshold, Threshold: campaign.Threshold{Step: 50_000, RoundTo: 10_000}, Reward: 5_000}},
		}},
		entry: registry.Entry{Kind: campaign.ModelAuto, Features: []string{"spend", "recency_days", "age"}},
	}
	r := rand.New(rand.NewPCG(1, 14))
	l.trial.Bins = w.bins()
	for i := range uint32(townspeople) {
		treated := r.IntN(2) == 0
		spend := w.spend(i, treated, r.Float64())
		l.trial.Customers, l.trial.Treated, l.trial.Propensity = append(l.trial.Customers, i), append(l.trial.Treated, treated), append(l.trial.Propensity, .5)
		l.trial.Spend, l.trial.Before = append(l.trial.Spend, spend), append(l.trial.Before, 90_000)
		l.trial.Bought, l.trial.Responded = append(l.trial.Bought, spend > 10_000), append(l.trial.Responded, treated && r.IntN(3) == 0)
		l.order, l.length = append(l.order, 1), append(l.length, 28)
	}
	return l
}

// worths are the means of the scores of those who come anyway, of those who are moved, and of the others.
func worths(t *testing.T, w town, l *learner) (anyway, moved, neither float64) {
	score := make([]float32, townspeople)
	require.NoError(t, l.entry.Model.Score(l.trial.Bins, score))
	var sum, n [3]float64
	for i, s := range score {
		anyway, moved := w.kind(uint32(i))
		at := 2
		if anyway {
			at = 0
		} else if moved {
			at = 1
		}
		sum[at], n[at] = sum[at]+float64(s), n[at]+1
	}
	return sum[0] / n[0], sum[1] / max(n[1], 1), sum[2] / n[2]
}

// Nobody is moved, so whom a contact moves can't be learned: whose reward would be given for nothing can all the same.
func TestWhereNobodyIsMovedTheWorthSparesRewards(t *testing.T) {
	w := town{immovable: true}
	l := past(t, w)
	require.NoError(t, l.worth())
	require.Equal(t, "met_anyway", l.entry.Card.Outcome)
	anyway, _, neither := worths(t, w, l)
	require.Less(t, anyway, -1_000.)
	require.Greater(t, neither, anyway+500)
}

func TestAutoContactsWhomAnOfferMovesAndNotWhoComesAnyway(t *testing.T) {
	w := town{}
	l := past(t, w)
	require.NoError(t, l.choose())
	most, stood := math.Inf(-1), map[string]float64{}
	for _, rival := range l.entry.Card.Rivals {
		stood[rival.Kind] = rival.Value.Mean
		most = max(most, rival.Value.Mean)
	}
	require.Contains(t, stood, registry.Churn, "risk stood")
	require.Equal(t, most, stood[l.entry.Kind], "the one that gains most is taken: %v", stood)
	require.Positive(t, stood[registry.Worth])

	require.NoError(t, l.worth())
	// Few trees tell a part of the truth, which is -.81, .425 and -.05 times 5,000: who comes anyway costs the reward, and who is
	// moved earns more than it.
	anyway, moved, neither := worths(t, w, l)
	require.Less(t, anyway, -1_000.)
	require.Greater(t, moved, neither+500)
	require.Greater(t, neither, anyway+500)
}
