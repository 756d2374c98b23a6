package dispatch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// Zones with clock changes in both hemispheres, by half an hour, at midnight, off by a quarter, skipping a day's hour;
// and names that are no zones.
var zones = []string{
	"Asia/Seoul", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "Asia/Kolkata",
	"Africa/Casablanca", "America/St_Johns", "Pacific/Chatham", "Pacific/Apia", "Asia/Beirut", "America/Havana", "Africa/Cairo", "Antarctica/Troll",
	"", "Local", "Nowhere/Invalid", "../etc/passwd", "KST", "utc+9",
}

func aRun(t *rapid.T) campaign.Run {
	return campaign.Run{Campaign: "c" + rapid.StringMatching(`[a-z]{3}`).Draw(t, "campaign"), Occurrence: 1, Plan: 1}
}

func someHours(t *rapid.T) (campaign.Timing, campaign.Quiet) {
	from := rapid.IntRange(0, 23*60).Draw(t, "from")
	until := rapid.IntRange(from+1, 24*60).Draw(t, "until")
	days := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}), func(d string) string { return d }).Draw(t, "days")
	return campaign.Timing{From: campaign.Clock(from), Until: campaign.Clock(until), Days: days},
		campaign.Quiet{From: campaign.Clock(rapid.IntRange(0, 1439).Draw(t, "quiet from")), Until: campaign.Clock(rapid.IntRange(0, 1439).Draw(t, "quiet until"))}
}

// learnedAt is the instant before which events count in these tests.
var learnedAt = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

var korea = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		panic(err)
	}
	return zone
}()

// eventsAt are n events of a kind at an hour in Seoul, each on a day of its own, one week after the other.
func eventsAt(kind dispatch.EventKind, hour, n int) (out []byte) {
	for i := range n {
		out = dispatch.EventBytes(out, time.Date(2026, 7, 28-7*i, hour, 20, 0, 0, korea), kind, 0)
	}
	return out
}

// mails are n messages that were sent at an hour in Seoul, of which some were answered at once.
func mails(hour, n, answered int) (out []byte) {
	for i := range n {
		at := time.Date(2026, 7, 28-3*i, hour, 10, 0, 0, korea)
		message := uint32(hour*100 + i + 1)
		out = dispatch.EventBytes(out, at, dispatch.EventSent, message)
		if i < answered {
			out = dispatch.EventBytes(out, at.Add(5*time.Minute), dispatch.EventAnswer, message)
		}
	}
	return out
}

func someEvents(t *rapid.T) string {
	var out []byte
	for range rapid.IntRange(0, 12).Draw(t, "events") {
		at := time.Unix(rapid.Int64Range(1719792000, 1800000000).Draw(t, "at"), 0)
		out = dispatch.EventBytes(out, at, dispatch.EventKind(rapid.IntRange(0, 3).Draw(t, "kind")), rapid.Uint32Range(0, 4).Draw(t, "message"))
	}
	return string(out)
}

// forbidden is written again by hand, without the code under test: minutes of the local day.
func forbidden(local time.Time, timing campaign.Timing, quiet campaign.Quiet, night bool) bool {
	minute := local.Hour()*60 + local.Minute()
	if minute < int(timing.From) || minute >= int(timing.Until) {
		return true
	}
	if len(timing.Days) > 0 {
		listed := false
		for _, d := range timing.Days {
			listed = listed || d == map[time.Weekday]string{0: "sun", 1: "mon", 2: "tue", 3: "wed", 4: "thu", 5: "fri", 6: "sat"}[local.Weekday()]
		}
		if !listed {
			return true
		}
	}
	if night || quiet.From == quiet.Until {
		return false
	}
	for m := int(quiet.From); m != int(quiet.Until); m = (m + 1) % 1440 {
		if m == minute {
			return true
		}
	}
	return false
}

// Whatever the zone, the clock change and the moment: nothing is planned at a forbidden local time, before the touch
// opens or after it ends; nobody is dropped for a zone that does not exist; and the same question has the same answer.
func TestNothingIsPlannedAtAForbiddenTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		timing, quiet := someHours(t)
		// Weeks around the clock changes of 2026 in all the zones.
		from := time.Unix(rapid.Int64Range(1767225600, 1798761600).Draw(t, "opens"), 0).UTC()
		until := from.Add(time.Duration(rapid.Int64Range(1, 72*3600).Draw(t, "spread")) * time.Second)
		fallback := rapid.SampledFrom([]string{"Asia/Seoul", "Australia/Lord_Howe", "America/New_York"}).Draw(t, "fallback")
		all, err := dispatch.NewZones(fallback)
		require.NoError(t, err)
		latency := time.Duration(rapid.SampledFrom([]int{0, 0, 1, 40, 300}).Draw(t, "latency")) * time.Second
		config := dispatch.PlannerConfig{
			Run: aRun(t), Touch: "first", Salt: "s", Hours: dispatch.NewHours(timing, quiet, "sms"), Zones: all, Instant: from, Latency: latency,
			From: from, Until: until, Explore: campaign.Share(rapid.Float64Range(0, 1).Draw(t, "explore")),
		}
		places := rapid.IntRange(0, 3).Draw(t, "places")
		if places > 0 {
			config.Room, config.Prices = dispatch.Room{}, map[uint32]float64{}
			for _, wave := range dispatch.NewPlanner(config).Waves() {
				first := rapid.IntRange(0, places).Draw(t, "first")
				config.Room[wave] = dispatch.Places{First: first, Extra: places - first}
				config.Prices[wave] = rapid.Float64Range(0, .5).Draw(t, "price")
			}
		}
		first, second := dispatch.NewPlanner(config), dispatch.NewPlanner(config)
		used := map[uint32]int{}
		for key := range uint32(rapid.IntRange(1, 12).Draw(t, "customers")) {
			c := dispatch.Candidate{
				Customer: key, Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Address: true, Night: rapid.Bool().Draw(t, "night"), Events: someEvents(t),
			}
			p := first.Plan(c)
			require.Equal(t, p, second.Plan(c))
			if p.Blocked != "" {
				if p.Blocked == dispatch.BlockedHours && latency == 0 { // then there really is no minute with its margin
					local := all.Of(c.Zone)
					for at := from.Truncate(time.Minute).Add(time.Minute); at.Add(time.Minute).Before(until); at = at.Add(time.Minute) {
						if !forbidden(at.In(local), timing, quiet, c.Night) && !forbidden(at.Add(5*time.Minute).In(local), timing, quiet, c.Night) {
							t.Fatalf("%s would have been allowed", at.In(local))
						}
					}
				}
				continue
			}
			zone, err := time.LoadLocation(c.Zone)
			if err != nil || c.Zone == "" || c.Zone == "Local" {
				zone, _ = time.LoadLocation(fallback)
			}
			require.Equal(t, latency, p.Lead)
			for _, local := range []time.Time{p.At.In(zone), p.At.Add(p.Lead).In(zone)} {
				if forbidden(local, timing, quiet, c.Night) {
					t.Fatalf("customer in %q gets a message at %s, which leaves at %s", c.Zone, p.At.Add(p.Lead).In(zone), p.At.In(zone))
				}
			}
			require.Equal(t, p.At.Add(p.Lead).In(zone).Hour(), p.LocalHour)
			require.False(t, p.At.Before(from), "%s is before %s", p.At, from)
			require.True(t, p.At.Add(p.Lead).Before(until), "%s is not before %s", p.At, until)
			require.EqualValues(t, p.At.Unix()/3600, p.Wave)
			require.Greater(t, p.Propensity, 0.)
			require.LessOrEqual(t, p.Propensity, 1.+1e-9)
			used[p.Wave]++
			require.True(t, places == 0 || used[p.Wave] <= places)
		}
	})
}

// What is checked at the moment of sending agrees: late, paused or retried, nothing leaves at a forbidden time.
func TestNothingLeavesAtAForbiddenTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		timing, quiet := someHours(t)
		all, err := dispatch.NewZones("Asia/Seoul")
		require.NoError(t, err)
		at := time.Unix(rapid.Int64Range(1767225600, 1798761600).Draw(t, "now"), 0)
		closes := at.Add(time.Duration(rapid.Int64Range(-100, 100).Draw(t, "closes")) * time.Second)
		rules := dispatch.Rules{Hours: dispatch.NewHours(timing, quiet, "sms"), Zones: all, Closes: closes}
		to := dispatch.Recipient{Offer: "x", Consented: true, Reserved: true, Address: "a@b", Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Night: rapid.Bool().Draw(t, "night")}
		state, reason := rules.Refuse(to, at)
		zone := all.Of(to.Zone)
		want := forbidden(at.In(zone), timing, quiet, to.Night) || !at.Before(closes)
		require.Equal(t, want, state == campaign.DeliveryExpired, "%s: %s", at.In(zone), reason)
	})
}

func TestExemptChannelsHaveNoQuietHours(t *testing.T) {
	t.Parallel()
	quiet := campaign.Quiet{From: 21 * 60, Until: 8 * 60, Exempt: []string{"email"}}
	timing := campaign.Timing{From: 0, Until: 24 * 60}
	night := time.Date(2026, 5, 1, 23, 0, 0, 0, time.UTC)
	require.True(t, dispatch.NewHours(timing, quiet, "email").Allow(night, false))
	require.False(t, dispatch.NewHours(timing, quiet, "sms").Allow(night, false))
	require.True(t, dispatch.NewHours(timing, quiet, "sms").Allow(night, true))
	require.False(t, dispatch.NewHours(timing, quiet, "sms").Allow(time.Date(2026, 5, 1, 21, 0, 0, 0, time.UTC), false), "21:00 is quiet")
	require.True(t, dispatch.NewHours(timing, quiet, "sms").Allow(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC), false), "08:00 is not")
}

func planning(explore campaign.Share, timing *dispatch.Timing) *dispatch.Planner {
	all, _ := dispatch.NewZones("Asia/Seoul")
	opens := time.Date(2026, 8, 31, 15, 0, 0, 0, time.UTC) // midnight in Seoul, of a Tuesday
	return dispatch.NewPlanner(dispatch.PlannerConfig{
		Run: campaign.Run{Campaign: "c", Occurrence: 1}, Touch: "first", Salt: "s", Zones: all, Timing: timing, Instant: learnedAt,
		Hours: dispatch.NewHours(campaign.Timing{From: 9 * 60, Until: 20 * 60}, campaign.Quiet{}, "email"),
		From:  opens, Until: opens.Add(24 * time.Hour), Explore: explore,
	})
}

// crowd learns from people of whom each has an hour of their own, at which they answer, use the app and buy; and whose
// messages went at all hours.
func crowd(t *testing.T, n int, hour func(i int) int) *dispatch.Timing {
	t.Helper()
	all, err := dispatch.NewZones("Asia/Seoul")
	require.NoError(t, err)
	learner := dispatch.NewTimingLearner(learnedAt, all)
	for i := range n {
		own := hour(i)
		var events []byte
		for h := 9; h < 20; h++ {
			answered := 0
			if h == own {
				answered = 3
			} else if (h+i)%4 == 0 {
				answered = 1
			}
			events = append(events, mails(h, 4, answered)...)
		}
		events = append(events, eventsAt(dispatch.EventPurchase, own, 8)...)
		events = append(events, eventsAt(dispatch.EventApp, own, 4)...)
		learner.Add("a", "Asia/Seoul", string(events))
	}
	return learner.Learn()
}

func TestOneGetsTheHourAtWhichOneAnswers(t *testing.T) {
	t.Parallel()
	// A third has ten o'clock, the others are spread out.
	p := planning(0, crowd(t, 3000, func(i int) int {
		if i%3 == 0 {
			return 10
		}
		return 9 + i%11
	}))
	ask := func(key uint32, events []byte) dispatch.Planned {
		return p.Plan(dispatch.Candidate{Customer: key, Segment: "a", Zone: "Asia/Seoul", Address: true, Events: string(events)})
	}
	none := ask(2, nil)
	require.Equal(t, 10, none.LocalHour, "without events: the segment's hour")
	require.Equal(t, dispatch.SourceFallback, none.Source)
	require.Equal(t, 1., none.Propensity)
	bought := ask(1, eventsAt(dispatch.EventPurchase, 17, 20))
	require.Equal(t, 17, bought.LocalHour)
	require.Equal(t, dispatch.SourceLearned, bought.Source)
	// Twelve messages at 14 of which seven were answered, twelve at 10 of which one was: not the hour of most messages or of
	// most answers counts, but that of most answers per message.
	require.Equal(t, 14, ask(3, append(mails(14, 12, 7), mails(10, 24, 2)...)).LocalHour)
	many, more := mails(10, 24, 6), mails(14, 4, 4)
	require.Equal(t, 14, ask(4, append(many, more...)).LocalHour, "six answers at 10, but to 24 messages")
	require.Equal(t, 10, ask(5, eventsAt(dispatch.EventPurchase, 23, 5)).LocalHour, "the best of the allowed hours")
	require.Equal(t, dispatch.BlockedAddress, p.Plan(dispatch.Candidate{Customer: 6}).Blocked)
}

// Where hours differ between customers by no more than chance, or where answers do not follow activity, nobody is moved.
func TestWhoIsLikeAllOthersIsNotMoved(t *testing.T) {
	t.Parallel()
	all, err := dispatch.NewZones("Asia/Seoul")
	require.NoError(t, err)
	for name, answers := range map[string]func(h int) int{
		"alike":    func(h int) int { return map[bool]int{true: 2, false: 1}[h == 11] },
		"no hours": func(int) int { return 1 },
	} {
		learner := dispatch.NewTimingLearner(learnedAt, all)
		for i := range uint32(4000) {
			var events []byte
			for h := 9; h < 20; h++ {
				events = append(events, mails(h, 4, answers(h))...)
			}
			if name == "alike" { // they buy when it happens
				for k := range 8 {
					events = append(events, eventsAt(dispatch.EventPurchase, 9+int(campaign.Hash64("x", string(rune('a'+k)), i)%11), k+1)[8*k:]...)
				}
			} else { // each has an hour, but answers whenever
				events = append(events, eventsAt(dispatch.EventPurchase, 9+int(campaign.Hash64("x", "hour", i)%11), 8)...)
			}
			learner.Add("a", "Asia/Seoul", string(events))
		}
		timing := learner.Learn()
		p := planning(0, timing)
		want := p.Plan(dispatch.Candidate{Customer: 1, Segment: "a", Zone: "Asia/Seoul", Address: true}).LocalHour
		if name == "alike" {
			require.Equal(t, 11, want)
		}
		got := p.Plan(dispatch.Candidate{Customer: 2, Segment: "a", Zone: "Asia/Seoul", Address: true, Events: string(eventsAt(dispatch.EventPurchase, 17, 6))})
		require.Equal(t, want, got.LocalHour, "%s: %+v", name, timing.Learned())
	}
}

// A share of customers gets an hour by chance, each allowed hour equally, and the logged chance is the real one.
func TestExplorationIsUniformAndLogged(t *testing.T) {
	t.Parallel()
	p := planning(.2, crowd(t, 1000, func(int) int { return 10 }))
	const n = 40_000
	random, at, minutes := 0, [24]int{}, [60]int{}
	for key := range uint32(n) {
		plan := p.Plan(dispatch.Candidate{Customer: key, Segment: "a", Zone: "Asia/Seoul", Address: true})
		require.Equal(t, plan.Source == dispatch.SourceRandom, plan.Explored)
		if plan.Source == dispatch.SourceRandom {
			random++
			at[plan.LocalHour]++
		}
		want := .2 / 11
		if plan.LocalHour == 10 {
			want += .8
		}
		require.InDelta(t, want, plan.Propensity, 1e-9)
		minutes[plan.At.Minute()]++
	}
	require.InDelta(t, .2*n, random, 4*80)
	for h := 9; h < 20; h++ {
		require.InDelta(t, random/11, at[h], 120, "hour %d", h)
	}
	for m := range 60 {
		require.InDelta(t, n/60, minutes[m], 150, "minute %d: messages are spread over the hour", m)
	}
}

// With some hours full, too, the logged chance is how often the hour is chosen when only the customer's own draws vary,
// and the chances of all hours add up to 1.
func TestTheLoggedChanceIsHowOftenItHappens(t *testing.T) {
	t.Parallel()
	timing := crowd(t, 500, func(int) int { return 10 })
	opens := time.Date(2026, 8, 31, 15, 0, 0, 0, time.UTC)
	hour := func(h int) uint32 { return uint32(opens.Unix()/3600) + uint32(h) }
	for name, room := range map[string]dispatch.Room{
		"none full":       nil,
		"the best full":   {hour(10): {}, hour(13): {}},
		"only the wanted": {hour(9): {First: 5}, hour(10): {}, hour(11): {First: 5}},
	} {
		chance, seen := map[int]float64{}, map[int]int{}
		const n = 8_000
		config := capacityConfig(t, timing, .4)
		config.From, config.Until, config.Room = opens.Add(9*time.Hour), opens.Add(14*time.Hour), room
		for key := range uint32(n) { // the same customer but for their draws: nothing is known of them, and each has a planner to themselves
			got := dispatch.NewPlanner(config).Plan(dispatch.Candidate{Customer: key, Segment: "a", Zone: "Asia/Seoul", Address: true})
			chance[got.LocalHour] = got.Propensity
			seen[got.LocalHour]++
			if places, limited := room[got.Wave]; limited {
				require.Positive(t, places.First+places.Extra, name)
			}
		}
		var sum float64
		for h, p := range chance {
			sum += p
			require.InDelta(t, p, float64(seen[h])/n, 4*.5/89, "%s: hour %d", name, h)
		}
		require.InDelta(t, 1, sum, 1e-9, name)
	}
}
