package world

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
)

// lived is everything that a range did in a world without messages.
func lived(w *World, r Range) map[uint32][]purchase {
	out := map[uint32][]purchase{}
	for key := r.Low; key <= r.High; key++ {
		p := w.person(key)
		out[key] = slices.Clone(w.live(&p, nil, w.origin, w.until, nil).purchases)
	}
	return out
}

func TestSameSeedSamePeople(t *testing.T) {
	r := Range{1, 300}
	one, again := small(t, nil), small(t, nil)
	larger := small(t, func(p *Population) { p.Customers = 500_000 })
	other := small(t, func(p *Population) { p.Seed = 8 })
	require.Equal(t, lived(one, r), lived(again, r))
	require.Equal(t, lived(one, r), lived(larger, r), "customer k is the same in a larger population")
	require.NotEqual(t, lived(one, r), lived(other, r))
}

func TestFrequencyIsGammaMixedPoisson(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	counts := make([]float64, 0, 5000)
	for key := uint32(1); key <= 5000; key++ {
		p := w.person(key)
		n := 0.0
		for _, b := range w.spreeBetween(&p, w.origin, w.origin+180*secondsPerDay, nil) {
			if b.kind == purchased {
				n++
			}
		}
		counts = append(counts, n)
	}
	mean, variance := stat.MeanVariance(counts, nil)
	expected := w.RateMean * 180 / daysPerMonth
	require.InEpsilon(t, expected, mean, 0.08, "less a few who drop out")
	// A negative binomial has variance mean + mean²/shape; a Poisson would have variance mean.
	require.InEpsilon(t, mean+mean*mean/w.RateShape, variance, 0.20)
	none := 0
	for _, n := range counts {
		if n == 0 {
			none++
		}
	}
	require.InDelta(t, math.Pow(1+expected/w.RateShape, -w.RateShape), float64(none)/5000, 0.04, "share of customers who bought nothing")
}

func TestBrandsAreZipfAndPeopleLoyal(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	popular := map[uint16]int{}
	same, pairs := 0, 0
	for key, all := range lived(w, Range{1, 2000}) {
		_ = key
		last := map[uint8]uint16{}
		for _, b := range all {
			if b.kind != purchased {
				continue
			}
			require.Equal(t, int(b.category), int(b.brand)/brandsPerCategory)
			require.Equal(t, int(b.brand), int(b.product)/productsPerBrand)
			popular[b.brand%brandsPerCategory]++
			if before, ok := last[b.category]; ok {
				pairs++
				if before == b.brand {
					same++
				}
			}
			last[b.category] = b.brand
		}
	}
	// Popularity falls as one over the rank.
	var x, y []float64
	for rank := range 30 {
		x, y = append(x, math.Log(float64(rank+1))), append(y, math.Log(float64(popular[uint16(rank)])))
	}
	_, slope := stat.LinearRegression(x, y, nil, false)
	require.InDelta(t, -w.BrandZipf, slope, 0.15)
	// Two purchases in a category are of one brand with chance 1/(1+S) or a little more, as Dirichlets have it, and not
	// with the few per cent of people who choose afresh each time.
	repeats := float64(same) / float64(pairs)
	require.InDelta(t, 1/(1+w.BrandS), repeats, 0.08)
}

func TestHoursAreTheirOwn(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	var all [24]float64
	for key := uint32(1); key <= 300; key++ {
		p := w.person(key)
		total := 0.0
		for h := range 24 {
			require.GreaterOrEqual(t, p.activity(h), 0.0)
			total += p.activity(h)
		}
		require.InDelta(t, 24, total, 1e-9)
		// What they do follows what they are: draws by hour match the activity.
		s := newStream(1, key, forPerson, 99)
		var drawn [24]float64
		for range 4000 {
			h := p.hour(&s)
			drawn[h]++
			all[h]++
		}
		for h := range 24 {
			require.InDelta(t, p.activity(h)/24, drawn[h]/4000, 0.04)
		}
	}
	require.Greater(t, all[19], 4*all[3], "few are up at three")
}

func TestZonesAndAddresses(t *testing.T) {
	w := small(t, nil)
	zoneOf, languages, emails, sms := map[string]int{}, map[string]int{}, 0, 0
	for key := uint32(1); key <= 4000; key++ {
		p := w.person(key)
		k := w.known(&p)
		zoneOf[zones[p.zone].name]++
		languages[k.language]++
		if k.hasEmail {
			emails++
		}
		if k.hasSMS {
			sms++
		}
		require.NotEmpty(t, k.name())
		require.Less(t, int64(k.joined)*secondsPerDay, w.origin)
		require.True(t, k.birthYear > 1920 && k.birthYear < 2008)
	}
	require.Len(t, slices.Collect(maps.Keys(zoneOf)), len(zones))
	require.Greater(t, zoneOf["Asia/Seoul"], 3700)
	require.InDelta(t, 0.05, float64(languages["en"])/4000, 0.02)
	require.InDelta(t, w.HasEmail, float64(emails)/4000, 0.02)
	require.InDelta(t, w.HasSMS, float64(sms)/4000, 0.02)
}

func TestConsents(t *testing.T) {
	w := small(t, nil)
	agreed, old, withdrawn, night := 0, 0, 0, 0
	for key := uint32(1); key <= 4000; key++ {
		p := w.person(key)
		k := w.known(&p)
		if agreedAt(k.consents, pastChannel, w.until) {
			agreed++
		}
		latest := int64(0)
		for i, c := range k.consents {
			if c.night && c.granted && c.evidence != "reconfirmation" {
				night++
			}
			if !c.granted && c.at < w.until {
				withdrawn++
			}
			if c.channel == "email" && c.granted {
				latest = c.at
			}
			if i > 0 && k.consents[i-1].channel == c.channel && k.consents[i-1].night == c.night {
				require.GreaterOrEqual(t, c.at, k.consents[i-1].at)
			}
		}
		if latest > 0 && latest < w.until-2*365*secondsPerDay {
			old++
		}
	}
	require.InDelta(t, w.ConsentEmail*0.93, float64(agreed)/4000, 0.05)
	require.Greater(t, old, 200, "some consents are older than two years")
	require.Greater(t, withdrawn, 100)
	require.InDelta(t, 4000*w.ConsentNight, float64(night), 60)
}

func TestSomeIsGivenBack(t *testing.T) {
	w := small(t, func(p *Population) { p.Campaigns = 0 })
	byID, back := map[uint64]purchase{}, []purchase{}
	for _, all := range lived(w, Range{1, 2000}) {
		for _, b := range all {
			if _, twice := byID[b.id]; twice || b.amount <= 0 || b.at < w.origin || b.at >= w.until {
				t.Fatalf("ids are unique, amounts positive, instants within the world's time: %+v", b)
			}
			byID[b.id] = b
			if b.kind != purchased {
				back = append(back, b)
			}
		}
	}
	for _, b := range back {
		original, ok := byID[b.original]
		require.True(t, ok, "what is given back was bought")
		require.Greater(t, b.at, original.at)
		require.LessOrEqual(t, b.amount, original.amount)
	}
	require.InDelta(t, w.RefundShare+w.CancellationShare, float64(len(back))/float64(len(byID)), 0.004)
}

func TestPopulationIsChecked(t *testing.T) {
	until := time.Date(2026, 7, 1, 0, 0, 0, 0, Home)
	_, err := New(Population{Customers: 0, Months: 99, Until: until.Add(time.Hour), Campaigns: 9})
	require.ErrorContains(t, err, "1 to 20000000 customers")
	require.ErrorContains(t, err, "1 to 60 months")
	require.ErrorContains(t, err, "past campaigns")
	require.ErrorContains(t, err, "midnight")
	_, err = New(Population{Customers: 1, Months: 1, Until: time.Date(1990, 7, 1, 0, 0, 0, 0, Home)})
	require.ErrorContains(t, err, "1990-07-01")
}
