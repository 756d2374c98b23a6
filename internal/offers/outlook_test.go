package offers

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a plan comes to over many draws of luck, response and level lies in its range as often as the range says.
func TestOutlooksCoverWhatComes(t *testing.T) {
	known := Prior()
	known.Offered, known.Response, known.Between, known.Season = 1, 0.1, 0.15, 0.05
	known.Level.Deviation = 0.03
	l, err := ladder(t, 3000, 8000).With(known)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(5, 5))
	type person struct {
		f      Forecast
		o      Option
		choice int
	}
	var all []person
	var sum, first, second Expected
	for i := range 3000 {
		c := Customer{Key: uint32(i), Tenure: 900}
		for range 12 {
			c.Months = append(c.Months, int64(math.Exp(rng.NormFloat64()*0.6+11)))
		}
		f, options := l.Options(c, nil)
		choice := rng.IntN(3) - 1
		if choice >= 0 && !options[choice].Feasible {
			choice = None
		}
		p := person{f: f, choice: choice}
		if choice >= 0 {
			p.o = options[choice]
		}
		all = append(all, p)
		l.Expect(&sum, f, options, choice)
		part := &first
		if i%2 == 0 {
			part = &second
		}
		l.Expect(part, f, options, choice)
	}
	first.Add(second)
	require.InEpsilon(t, sum.Cost, first.Cost, 1e-9, "shards add up")
	require.Equal(t, sum.Offered, first.Offered)
	outlook := known.Outlook(sum, 1e6, 4e6)
	require.Less(t, outlook.Cost.P10, outlook.Cost.P50)
	inside, runs := 0, 400
	for range runs {
		response, level := 1+known.ResponseDoubt()*rng.NormFloat64(), math.Hypot(known.Level.Deviation, known.Season)*rng.NormFloat64()
		cost := 0.0
		for _, p := range all {
			if p.choice < 0 {
				continue
			}
			f := p.f
			f.mu += level
			chance := f.above(float64(p.o.Threshold)) + response*float64(p.o.Reach-p.o.Without)
			if rng.Float64() < chance {
				cost += float64(p.o.Reward)
			}
		}
		if cost >= outlook.Cost.P10 && cost <= outlook.Cost.P90 {
			inside++
		}
	}
	require.InDelta(t, 0.8, float64(inside)/float64(runs), 0.07)
	require.NotNil(t, outlook.One)
	require.LessOrEqual(t, outlook.One.Cost, 1e6*(1+1e-9))
	require.LessOrEqual(t, outlook.One.Out, 4e6*(1+1e-9), "one offer for all may not be out for more than the plan may")
	tight := known.Outlook(sum, 1e6, 4e5)
	require.InDelta(t, 4e5, tight.One.Out, 1)
	require.Less(t, tight.One.Value, outlook.One.Value)
	nobody := Prior().Outlook(Expected{}, 0, 0)
	require.Zero(t, nobody.Cost)
	require.Nil(t, nobody.One)
}
