package world

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// campaignOf is a campaign whose window is the first four weeks after the world's end.
func termsFrom(w *World) *Terms {
	return &Terms{Opens: time.Unix(w.until, 0), Closes: time.Unix(w.until+28*secondsPerDay, 0)}
}

func touchAt(w *World, terms *Terms, at time.Duration, threshold, reward int64) Touch {
	return Touch{
		Campaign: "c", Occurrence: 1, Touch: "first", Channel: "email", At: time.Unix(w.until, 0).Add(at),
		Content: "price", Threshold: threshold, Reward: reward, Terms: terms,
	}
}

// total is what the customers of a range spend in days [from, to) after the world's end.
func total(w *World, n uint32, from, to int, reach func(key uint32) []Touch) (spend int64) {
	for key := uint32(1); key <= n; key++ {
		o := w.Outcome(key, reach(key), time.Unix(w.until+int64(from)*secondsPerDay, 0), time.Unix(w.until+int64(to)*secondsPerDay, 0))
		spend += o.Spend
	}
	return spend
}

func nothing(uint32) []Touch { return nil }

func TestReachableThresholdsRaiseSpendAndOthersDoNot(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	terms := termsFrom(w)
	const n = 1500
	offer := func(step, reward int64) func(uint32) []Touch {
		return func(key uint32) []Touch {
			usual := w.Outcome(key, nil, terms.Opens, terms.Closes).Spend
			return []Touch{touchAt(w, terms, 12*time.Hour, usual+step, reward)}
		}
	}
	without := total(w, n, 0, 28, nothing)
	near := total(w, n, 0, 28, offer(50_000, 10_000))
	generous := total(w, n, 0, 28, offer(50_000, 20_000))
	far := total(w, n, 0, 28, offer(5_000_000, 5_000))
	require.Greater(t, near, without+without/50)
	require.Greater(t, generous, near, "a larger reward moves more people")
	require.InEpsilon(t, without, far, 0.01, "what is out of reach moves nobody; only sleeping dogs stir")
	require.LessOrEqual(t, far, without)

	// What was pulled forward is missing afterwards, but less than was won.
	lost := total(w, n, 28, 88, nothing) - total(w, n, 28, 88, offer(50_000, 20_000))
	require.Positive(t, lost)
	require.Less(t, lost, generous-without)
}

func TestWhoReachesTheThresholdAnywayChangesNothing(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	terms := termsFrom(w)
	for key := uint32(1); key <= 500; key++ {
		p := w.person(key)
		usual := w.Outcome(key, nil, terms.Opens, terms.Closes)
		if p.dog || usual.Spend < 10_000 {
			continue
		}
		with := w.Outcome(key, []Touch{touchAt(w, terms, time.Hour, usual.Spend, 50_000)}, terms.Opens, terms.Closes)
		require.EqualValues(t, 50_000, with.Earned)
		with.Earned = 0
		require.Equal(t, usual, with)
	}
}

func TestJumpsLandOnTheThreshold(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	terms := termsFrom(w)
	terms.Categories = []string{"coffee", "bakery"}
	jumped := 0
	for key := uint32(1); key <= 800; key++ {
		p := w.person(key)
		if p.dog {
			continue
		}
		touches := []Touch{touchAt(w, terms, 10*time.Hour, 60_000, 30_000)}
		all := w.live(&p, touches, w.until, terms.Closes.Unix(), nil)
		spent, caused := int64(0), false
		for _, b := range all.purchases {
			if b.kind == purchased && terms.counting().counts(&b) {
				spent += b.amount
				caused = caused || b.id&reactionBit != 0
			}
		}
		if !caused {
			continue
		}
		cost := p.effort * 60_000
		require.True(t, spent >= 60_000 || cost > 30_000, "who can afford the effort gets there, customer %d spent %d", key, spent)
		if spent >= 60_000 {
			jumped++
		}
	}
	require.Greater(t, jumped, 40)
}

func TestResponseDependsOnTheHour(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	terms := termsFrom(w)
	own, other, never := 0, 0, 0
	for key := uint32(1); key <= 4000; key++ {
		p := w.person(key)
		best, worst := 0, 0
		for h := range 24 {
			if p.activity(h) > p.activity(best) {
				best = h
			}
			if p.activity(h) < p.activity(worst) {
				worst = h
			}
		}
		opened := func(hour int) bool {
			day, _ := w.calendar.local(p.zone, w.until)
			at := w.calendar.utc(p.zone, day+1, hour*3600+1800)
			m := w.read(&p, []Touch{touchAt(w, terms, time.Duration(at-w.until)*time.Second, 0, 0)})
			return m[0].opened > 0
		}
		if opened(best) {
			own++
		}
		if opened(worst) {
			other++
		}
		if !opened(best) && opened(worst) {
			never++
		}
	}
	require.Greater(t, float64(own), 1.8*float64(other))
	require.Zero(t, never, "the same draw decides at every hour")
}

func TestMessagesTire(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	first, tenth := 0, 0
	for key := uint32(1); key <= 3000; key++ {
		p := w.person(key)
		var touches []Touch
		for i := range 10 {
			touch := touchAt(w, nil, time.Duration(i*24+12)*time.Hour, 0, 0)
			touch.Campaign = fmt.Sprint("c", i)
			touches = append(touches, touch)
		}
		m := w.read(&p, touches)
		if m[0].opened > 0 {
			first++
		}
		if m[9].opened > 0 {
			tenth++
		}
	}
	require.Less(t, float64(tenth), 0.6*float64(first))
	require.Positive(t, tenth)
}

// drawTouches draws what might reach one customer within sixty days.
func drawTouches(t *rapid.T, w *World) []Touch {
	touches := []Touch{}
	for i := range rapid.IntRange(0, 5).Draw(t, "touches") {
		terms := termsFrom(w)
		touch := touchAt(w, terms, time.Duration(rapid.IntRange(0, 27*86400).Draw(t, "at"))*time.Second,
			rapid.Int64Range(0, 300_000).Draw(t, "threshold"), rapid.Int64Range(0, 40_000).Draw(t, "reward"))
		touch.Campaign = fmt.Sprint("c", rapid.IntRange(0, 2).Draw(t, "campaign"))
		touch.Touch = fmt.Sprint("t", i)
		touches = append(touches, touch)
	}
	return touches
}

// rows lives customer key in the given pieces, each knowing only what arrived before its end.
func rows(w *World, key uint32, touches []Touch, edges []int64) (purchases []purchase, said map[uint64]uint32) {
	p := w.person(key)
	k := w.known(&p)
	said = map[uint64]uint32{}
	for i := range len(edges) - 1 {
		known := slices.DeleteFunc(slices.Clone(touches), func(t Touch) bool { return t.At.Unix() >= edges[i+1] })
		did := w.newRecord(edges[i], edges[i+1])
		did.add(&p, known, k.consents)
		purchases = append(purchases, w.live(&p, known, edges[i], edges[i+1], nil).purchases...)
		for n, id := range did.interactions.id {
			said[id] = did.interactions.at[n]
		}
	}
	slices.SortFunc(purchases, func(a, b purchase) int { return int(int64(a.id) - int64(b.id)) })
	return purchases, said
}

func TestATimeMayBeLivedInAnyPieces(t *testing.T) {
	calm := small(t, func(p *Population) { p.Campaigns = 0 })
	stormy := small(t, func(p *Population) { p.Campaigns, p.Parameters = 0, storm() })
	rapid.Check(t, func(t *rapid.T) {
		w := calm
		if rapid.Bool().Draw(t, "stormy") {
			w = stormy
		}
		key := rapid.Uint32Range(1, 2000).Draw(t, "key")
		touches := drawTouches(t, w)
		edges := []int64{w.until, w.until + 100*secondsPerDay}
		for range rapid.IntRange(0, 5).Draw(t, "cuts") {
			edges = append(edges, w.until+rapid.Int64Range(1, 100*secondsPerDay-1).Draw(t, "cut"))
		}
		slices.Sort(edges)
		whole, wholeSaid := rows(w, key, touches, []int64{edges[0], edges[len(edges)-1]})
		pieces, piecesSaid := rows(w, key, touches, slices.Compact(edges))
		require.Equal(t, whole, pieces)
		require.Equal(t, wholeSaid, piecesSaid)
		ids := map[uint64]bool{}
		for _, b := range whole {
			require.False(t, ids[b.id], "ids are unique")
			ids[b.id] = true
		}
	})
}

func TestPastCampaignsAreRandomised(t *testing.T) {
	w := small(t, nil)
	type cell struct{ treated, all float64 }
	arms := make([]cell, len(w.past))
	hours, offers, bounced := map[int]int{}, map[string]int{}, 0
	for key := uint32(1); key <= 6000; key++ {
		p := w.person(key)
		k := w.known(&p)
		parts, touches := w.pastParts(&p, &k)
		reached := 0
		for i, part := range parts {
			if part.arm == leftOut {
				require.NotEmpty(t, part.reason)
				continue
			}
			require.True(t, agreedAt(k.consents, pastChannel, w.past[i].launch))
			require.Empty(t, part.reason)
			arms[i].all++
			if part.arm == control {
				continue
			}
			arms[i].treated++
			_, second := w.calendar.local(p.zone, part.planned)
			hours[second/3600]++
			if i == 0 {
				offers[part.offer.id]++
			}
			if part.bounced {
				bounced++
			} else {
				reached++
			}
		}
		require.Len(t, touches, reached)
	}
	for i, c := range w.past {
		require.InDelta(t, c.treated, arms[i].treated/arms[i].all, 0.04)
	}
	require.Len(t, hours, pastHours)
	require.Len(t, offers, len(w.past[0].offers))
	for id, n := range offers {
		require.InDelta(t, 0.2, float64(n)/arms[0].treated, 0.04, id)
	}
	require.Positive(t, bounced)
}
