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

func someHourCounts(t *rapid.T, name string) []uint16 {
	return rapid.SliceOfN(rapid.Uint16Range(0, 9), 0, 24).Draw(t, name)
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
		config := dispatch.PlannerConfig{
			Run: aRun(t), Touch: "first", Salt: "s", Hours: dispatch.NewHours(timing, quiet, "sms"), Zones: all,
			From: from, Until: until, Explore: campaign.Share(rapid.Float64Range(0, 1).Draw(t, "explore")), PerHour: rapid.IntRange(0, 3).Draw(t, "per hour"),
		}
		first, second := dispatch.NewPlanner(config), dispatch.NewPlanner(config)
		used := map[uint32]int{}
		for key := range uint32(rapid.IntRange(1, 12).Draw(t, "customers")) {
			c := dispatch.Candidate{
				Customer: key, Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Address: true, Night: rapid.Bool().Draw(t, "night"),
				Responses: someHourCounts(t, "responses"), Purchases: someHourCounts(t, "purchases"),
			}
			p := first.Plan(c)
			require.Equal(t, p, second.Plan(c))
			if p.Blocked != "" {
				if p.Blocked == dispatch.BlockedHours { // then there really is no minute with its margin
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
			local := p.At.In(zone)
			if forbidden(local, timing, quiet, c.Night) {
				t.Fatalf("customer in %q gets a message at %s", c.Zone, local)
			}
			require.False(t, p.At.Before(from), "%s is before %s", p.At, from)
			require.True(t, p.At.Before(until), "%s is not before %s", p.At, until)
			require.EqualValues(t, p.At.Unix()/3600, p.Wave)
			require.Greater(t, p.Propensity, 0.)
			require.LessOrEqual(t, p.Propensity, 1.+1e-9)
			used[p.Wave]++
			require.True(t, config.PerHour == 0 || used[p.Wave] <= config.PerHour)
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

func planning(explore campaign.Share, priors dispatch.Priors) *dispatch.Planner {
	all, _ := dispatch.NewZones("Asia/Seoul")
	opens := time.Date(2026, 8, 31, 15, 0, 0, 0, time.UTC) // midnight in Seoul
	return dispatch.NewPlanner(dispatch.PlannerConfig{
		Run: campaign.Run{Campaign: "c", Occurrence: 1}, Touch: "first", Salt: "s", Zones: all, Priors: priors,
		Hours: dispatch.NewHours(campaign.Timing{From: 9 * 60, Until: 20 * 60}, campaign.Quiet{}, "email"),
		From:  opens, Until: opens.Add(24 * time.Hour), Explore: explore,
	})
}

func hours(at map[int]uint16) []uint16 {
	out := make([]uint16, 24)
	for h, n := range at {
		out[h] = n
	}
	return out
}

func TestOneGetsTheHourAtWhichOneAnswers(t *testing.T) {
	t.Parallel()
	segment := dispatch.HourCounts{Segment: "a"}
	segment.Responses[10], segment.Responses[18] = 900, 300
	priors := dispatch.NewPriors([]dispatch.HourCounts{segment})
	p := planning(0, priors)
	own := p.Plan(dispatch.Candidate{Customer: 1, Segment: "a", Zone: "Asia/Seoul", Address: true, Responses: hours(map[int]uint16{19: 20})})
	require.Equal(t, 19, own.LocalHour)
	require.Equal(t, dispatch.SourceLearned, own.Source)
	require.Equal(t, 1., own.Propensity)
	none := p.Plan(dispatch.Candidate{Customer: 2, Segment: "a", Zone: "Asia/Seoul", Address: true})
	require.Equal(t, 10, none.LocalHour, "without events: the segment's hour")
	require.Equal(t, dispatch.SourceFallback, none.Source)
	bought := p.Plan(dispatch.Candidate{Customer: 3, Segment: "a", Zone: "Asia/Seoul", Address: true, Purchases: hours(map[int]uint16{13: 300})})
	require.Equal(t, 10, bought.LocalHour, "when one buys says little about when one reads")
	night := p.Plan(dispatch.Candidate{Customer: 4, Segment: "a", Zone: "Asia/Seoul", Address: true, Responses: hours(map[int]uint16{23: 50})})
	require.Equal(t, 10, night.LocalHour, "the best of the allowed hours")
	require.Equal(t, dispatch.BlockedAddress, p.Plan(dispatch.Candidate{Customer: 5}).Blocked)
}

// Customers who always answer at one hour of their own make the prior weak; customers who are all alike make it strong.
func TestThePriorIsAsStrongAsCustomersAreAlike(t *testing.T) {
	t.Parallel()
	own, alike := dispatch.HourCounts{Segment: "own"}, dispatch.HourCounts{Segment: "alike"}
	for h := 9; h < 21; h++ {
		own.Responses[h], alike.Responses[h] = 1000, 1000
	}
	own.Responses[10], alike.Responses[10] = 1500, 1500
	own.SamePairs, own.AllPairs = 9000, 10000
	alike.SamePairs, alike.AllPairs = 850, 10000 // no more than chance
	p := planning(0, dispatch.NewPriors([]dispatch.HourCounts{own, alike}))
	few := hours(map[int]uint16{17: 2})
	require.Equal(t, 17, p.Plan(dispatch.Candidate{Customer: 1, Segment: "own", Zone: "Asia/Seoul", Address: true, Responses: few}).LocalHour)
	require.Equal(t, 10, p.Plan(dispatch.Candidate{Customer: 2, Segment: "alike", Zone: "Asia/Seoul", Address: true, Responses: few}).LocalHour)
}

// A share of customers gets an hour by chance, each allowed hour equally, and the logged chance is the real one.
func TestExplorationIsUniformAndLogged(t *testing.T) {
	t.Parallel()
	segment := dispatch.HourCounts{Segment: "a"}
	segment.Responses[10] = 1000
	p := planning(.2, dispatch.NewPriors([]dispatch.HourCounts{segment}))
	const n = 40_000
	random, at, minutes := 0, [24]int{}, [60]int{}
	for key := range uint32(n) {
		plan := p.Plan(dispatch.Candidate{Customer: key, Segment: "a", Zone: "Asia/Seoul", Address: true})
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

func TestAFullHourMovesToTheNextBest(t *testing.T) {
	t.Parallel()
	all, err := dispatch.NewZones("Asia/Seoul")
	require.NoError(t, err)
	segment := dispatch.HourCounts{Segment: "a"}
	segment.Responses[10], segment.Responses[15] = 1000, 500
	opens := time.Date(2026, 8, 31, 15, 0, 0, 0, time.UTC)
	p := dispatch.NewPlanner(dispatch.PlannerConfig{
		Run: campaign.Run{Campaign: "c"}, Salt: "s", Zones: all, Priors: dispatch.NewPriors([]dispatch.HourCounts{segment}), PerHour: 2,
		Hours: dispatch.NewHours(campaign.Timing{From: 9 * 60, Until: 20 * 60}, campaign.Quiet{}, "email"), From: opens, Until: opens.Add(24 * time.Hour),
	})
	var got []int
	moved := 0
	for key := range uint32(4) {
		plan := p.Plan(dispatch.Candidate{Customer: key, Segment: "a", Zone: "Asia/Seoul", Address: true})
		got = append(got, plan.LocalHour)
		if plan.Source == dispatch.SourceMoved {
			moved++
		}
	}
	require.Equal(t, []int{10, 10, 15, 15}, got)
	require.Equal(t, 2, moved)
	for key := uint32(4); key < 22; key++ {
		require.Empty(t, p.Plan(dispatch.Candidate{Customer: key, Segment: "a", Zone: "Asia/Seoul", Address: true}).Blocked)
	}
	require.Equal(t, dispatch.BlockedCapacity, p.Plan(dispatch.Candidate{Customer: 99, Segment: "a", Zone: "Asia/Seoul", Address: true}).Blocked)
}

func TestQuotasAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 64).Draw(t, "of")
		total := rapid.IntRange(of, 100_000).Draw(t, "total")
		sum := 0
		for i := range of {
			sum += dispatch.Quota(total, campaign.Shard{Index: i, Of: of})
		}
		require.Equal(t, total, sum)
	})
}
