package world

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// storm is a market in which much happens: many fade, many are driven away, many can be kept.
func storm() Parameters {
	p := DefaultParameters()
	p.DropoutShape, p.DropoutScale, p.DeclineShare, p.DeclineDays = 20, 9_000, 1, 200
	p.DogShare, p.DogLeaves, p.KeepShare, p.OpenShapeA, p.ClickGivenOpen, p.Unsubscribe = 0.3, 0.5, 0.5, 5, 0.5, 0.1
	return p
}

func TestAnOracleSaysWhatTheWorldLives(t *testing.T) {
	w := small(t, nil)
	terms := termsFrom(w)
	o := w.Oracle()
	touch := touchAt(w, terms, 30*time.Hour, 100_000, 20_000)
	earned := 0
	for key := uint32(1); key <= 400; key++ {
		o.Meet(key)
		base, with := o.Outcome(terms.Opens, terms.Closes), o.Outcome(terms.Opens, terms.Closes, touch)
		require.Equal(t, w.Outcome(key, nil, terms.Opens, terms.Closes), base)
		require.Equal(t, w.Outcome(key, []Touch{touch}, terms.Opens, terms.Closes), with)
		require.Equal(t, base.Spend, o.Counted(terms, touch.At), "without rules all purchases of the window count")
		require.Equal(t, with.Spend, o.Counted(terms, touch.At, touch))
		require.Equal(t, with.Spend >= touch.Threshold, with.Earned == touch.Reward)
		require.Zero(t, base.Earned)
		again := o.Outcome(terms.Opens, terms.Closes, touch, touch)
		require.LessOrEqual(t, again.Earned, touch.Reward, "the second time that it is promised it is not another one")
		if with.Earned > 0 {
			earned++
		}
	}
	require.Positive(t, earned)
}

func TestResponsesFollowTheirChances(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	o := w.Oracle()
	expected, variance, opened := 0.0, 0.0, 0.0
	for key := uint32(1); key <= 6000; key++ {
		o.Meet(key)
		day, _ := w.calendar.local(o.p.zone, w.until)
		hour := int(key % 24)
		touch := touchAt(w, nil, 0, 0, 0)
		touch.At = time.Unix(w.calendar.utc(o.p.zone, day+1, hour*3600+1800), 0)
		r := o.Responses(touch)[0]
		if o.DropsOut().After(touch.At) {
			require.InDelta(t, o.OpenChances(touch.Channel, touch.Content)[hour], r.Chance, 1e-12)
		} else {
			require.Less(t, r.Chance, o.OpenChances(touch.Channel, touch.Content)[hour])
		}
		expected += r.Chance
		variance += r.Chance * (1 - r.Chance)
		if !r.Opened.IsZero() {
			opened++
			require.True(t, r.Opened.After(touch.At))
		}
	}
	require.InDelta(t, expected, opened, 4*math.Sqrt(variance))
}

func TestTheShareOfTimeInsensitiveResponsesIsAsAsked(t *testing.T) {
	for _, share := range []float64{0.2, 0.45, 0.8} {
		w := small(t, func(p *Population) {
			p.Parameters = DefaultParameters()
			p.TimeInsensitive, p.TimeInsensitiveSpread = share, 0.1
		})
		o := w.Oracle()
		mean := 0.0
		for key := uint32(1); key <= 2000; key++ {
			o.Meet(key)
			mean += o.Traits().TimeInsensitive / 2000
		}
		require.InDelta(t, share, mean, 0.02)
	}
}

func TestOffersKeepSomeAndContactDrivesOthersAway(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns, p.Parameters = 0, storm() })
	terms := termsFrom(w)
	o := w.Oracle()
	kept, driven := 0, 0
	for key := uint32(1); key <= 2000; key++ {
		o.Meet(key)
		touch := touchAt(w, terms, 12*time.Hour, 40_000, 1)
		tr, before, after := o.Traits(), o.DropsOut(), o.DropsOut(touch)
		opened := o.Responses(touch)[0].Opened
		switch {
		case opened.IsZero():
			require.Equal(t, before, after)
		case after.After(before):
			kept++
			require.True(t, tr.CanKeep && !opened.Before(tr.Fades) && opened.Before(before))
		case after.Before(before):
			driven++
			require.True(t, tr.Dog)
			require.Equal(t, opened, after)
		}
		if tr.CanKeep && !tr.Dog && !opened.IsZero() && !opened.Before(tr.Fades) && opened.Before(before) {
			require.True(t, after.After(before))
		}
		silent := touch
		silent.Reward = 0
		require.False(t, o.DropsOut(silent).After(before), "a message without an offer keeps nobody")
	}
	require.Greater(t, kept, 50)
	require.Greater(t, driven, 20)
}

func TestSomeFadeBeforeTheyGo(t *testing.T) {
	w := small(t, func(p *Population) {
		p.Campaigns, p.Parameters = 0, storm()
		p.DeclineShare, p.DeclineDays = 0.5, 80
		p.SeasonDepth = 0
	})
	// Purchases of those who fade, in quarters of the time from where they begin to until they are gone.
	var quarters [4]float64
	full, gradual := 0.0, 0
	for key := uint32(1); key <= 20_000; key++ {
		p := w.person(key)
		length := p.dies - p.fades
		if length == 0 || p.fades-length < w.origin || p.dies > w.until {
			continue
		}
		gradual++
		for _, b := range w.spreeBetween(&p, p.fades-length, p.dies+length, nil) {
			switch {
			case b.kind != purchased:
			case b.at < p.fades:
				full++
			default:
				require.Less(t, b.at, p.dies)
				quarters[(b.at-p.fades)*4/length]++
			}
		}
	}
	require.Greater(t, gradual, 500)
	for i, expected := range []float64{7. / 8, 5. / 8, 3. / 8, 1. / 8} {
		require.InDelta(t, expected, quarters[i]/full*4, 0.1, "quarter %d", i)
	}
}

func TestTraits(t *testing.T) {
	w := small(t, nil)
	o := w.Oracle()
	var shares []float64
	for key := uint32(1); key <= 200; key++ {
		o.Meet(key)
		tr := o.Traits()
		require.False(t, tr.Fades.After(tr.DropsOut))
		require.Positive(t, tr.Effort)
		require.Equal(t, w.person(key).dog, tr.Dog)
		for i, e := range tr.Events {
			require.InDelta(t, o.p.eventAt[i], e.At.Sub(w.From()).Hours()/24, 1)
		}
		shares = o.CategoryShares(shares)
		total := 0.0
		for _, s := range shares {
			total += s
		}
		require.InDelta(t, 1, total, 1e-9)
		require.Len(t, Categories(), len(shares))
		k := w.known(&o.p)
		if k.suppressed.reason == "" {
			require.Equal(t, agreedAt(k.consents, "email", w.until) && k.hasEmail, o.Reachable("email", w.Until))
		}
	}
}

func BenchmarkBothOutcomes(b *testing.B) {
	w := small(b, nil)
	terms := termsFrom(w)
	o := w.Oracle()
	touch := touchAt(w, terms, 30*time.Hour, 100_000, 20_000)
	key := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		key = key%2000 + 1
		o.Meet(key)
		o.Outcome(terms.Opens, terms.Closes)
		o.Outcome(terms.Opens, terms.Closes, touch)
	}
}
