package dispatch_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// planInShards does what the workflow does: prices on a sample, demand of each shard, places, and the plan.
func planInShards(config dispatch.PlannerConfig, capacity dispatch.Capacity, all []dispatch.Candidate, shards, part int) []dispatch.Planned {
	config.Prices = map[uint32]float64{}
	planner := dispatch.NewPlanner(config)
	waves := planner.Waves()
	search := dispatch.NewPriceSearch(capacity, waves)
	for i, c := range all {
		if i%part == 0 {
			search.Add(planner, c)
		}
	}
	config.Prices = search.Solve(1 / float64(part))
	cut := func(i int) []dispatch.Candidate { return all[len(all)*i/shards : len(all)*(i+1)/shards] }
	demands := make([]dispatch.Demand, shards)
	for i := range demands {
		p := dispatch.NewPlanner(config)
		for _, c := range cut(i) {
			p.Want(c)
		}
		demands[i] = p.Demand()
	}
	var out []dispatch.Planned
	for i, room := range dispatch.ShareRoom(capacity, waves, demands) {
		config.Room = room
		p := dispatch.NewPlanner(config)
		for _, c := range cut(i) {
			out = append(out, p.Plan(c))
		}
	}
	return out
}

// someone has events around an hour of their own.
func someone(key uint32) dispatch.Candidate {
	hour := 9 + int(campaign.Hash64("x", "own", key)%11)
	n := int(campaign.Hash64("x", "events", key) % 9)
	if campaign.Uniform("x", "early", key) < .5 {
		hour = 10 + hour%2
	}
	events := append(eventsAt(dispatch.EventPurchase, hour, n), mails(hour, n, n/2)...)
	return dispatch.Candidate{Customer: key, Segment: "a", Zone: "Asia/Seoul", Address: true, Events: string(events)}
}

func capacityConfig(t require.TestingT, timing *dispatch.Timing, explore campaign.Share) dispatch.PlannerConfig {
	all, err := dispatch.NewZones("Asia/Seoul")
	require.NoError(t, err)
	opens := time.Date(2026, 8, 31, 15, 0, 0, 0, time.UTC)
	return dispatch.PlannerConfig{
		Run: campaign.Run{Campaign: "c", Occurrence: 1}, Touch: "first", Salt: "s", Zones: all, Timing: timing, Instant: learnedAt, Explore: explore,
		Hours: dispatch.NewHours(campaign.Timing{From: 9 * 60, Until: 20 * 60}, campaign.Quiet{}, "email"),
		From:  opens, Until: opens.Add(24 * time.Hour),
	}
}

// The plan by prices is nearly as good as the best of all assignments, which successive shortest paths find.
func TestPricesComeNearTheBestAssignment(t *testing.T) {
	t.Parallel()
	timing := crowd(t, 1500, func(i int) int { return 9 + i*i%11 })
	for _, perHour := range []int{10, 12, 30} { // 11 hours for 130 people: too few places, just enough, plenty
		config := capacityConfig(t, timing, 0)
		var people []dispatch.Candidate
		for key := range uint32(130) {
			people = append(people, someone(key))
		}
		value := make([][]float64, len(people))
		for i, c := range people {
			value[i] = dispatch.NewPlanner(config).Worths(c)
		}
		first := int(config.From.Unix()/3600) + 9
		capacity := dispatch.NewCapacity(campaign.Timing{PerHour: perHour}, korea)
		best := bestAssignment(value, perHour)
		queue := firstComeFirstServed(value, perHour)
		for _, shards := range []int{1, 4, 16} {
			got, planned := 0., 0
			for i, p := range planInShards(config, capacity, people, shards, 1) {
				if p.Blocked == "" {
					got += value[i][int(p.Wave)-first]
					planned++
				}
			}
			t.Logf("%d an hour, %d shards: %.3f of the best; a queue %.3f", perHour, shards, got/best, queue/best)
			require.Equal(t, min(len(people), 11*perHour), planned, "%d an hour in %d shards: everybody for whom there is a place", perHour, shards)
			require.LessOrEqual(t, got, best+1e-9)
			require.Greater(t, got, .97*best, "%d an hour in %d shards", perHour, shards)
			require.GreaterOrEqual(t, got, queue-.005*best)
		}
	}
}

// firstComeFirstServed is what a queue comes to: each takes the best hour that is left.
func firstComeFirstServed(value [][]float64, places int) (total float64) {
	used := make([]int, len(value[0]))
	for _, v := range value {
		at := -1
		for h := range used {
			if used[h] < places && (at < 0 || v[h] > v[at]) {
				at = h
			}
		}
		if at >= 0 {
			used[at]++
			total += v[at]
		}
	}
	return total
}

// bestAssignment is the greatest value of giving customers hours of which each has so many places, by successive longest
// paths (Bellman and Ford): each step brings one more customer in, and moves others from hour to hour if that pays.
func bestAssignment(value [][]float64, places int) (total float64) {
	hours := len(value[0])
	at := make([]int, len(value))
	for i := range at {
		at[i] = -1
	}
	used := make([]int, hours)
	for range value {
		// dist[h]: the most that can be had by bringing in one customer and leaving hour h with one too many.
		dist, via, from := make([]float64, hours), make([]int, hours), make([]int, hours)
		for h := range hours {
			dist[h], from[h] = math.Inf(-1), -1
			for i := range value {
				if at[i] < 0 && value[i][h] > dist[h] {
					dist[h], via[h] = value[i][h], i
				}
			}
		}
		for range hours {
			for i := range value {
				for h := range hours {
					if g := at[i]; g >= 0 && h != g {
						if v := dist[g] - value[i][g] + value[i][h]; v > dist[h]+1e-12 {
							dist[h], via[h], from[h] = v, i, g
						}
					}
				}
			}
		}
		end := -1
		for h := range hours {
			if used[h] < places && !math.IsInf(dist[h], -1) && (end < 0 || dist[h] > dist[end]) {
				end = h
			}
		}
		if end < 0 {
			break
		}
		total += dist[end]
		used[end]++
		for h := end; h >= 0; h = from[h] {
			at[via[h]] = h
		}
	}
	return total
}

// Whatever capacities, shards and draws: no hour takes more than it may over all shards, and nobody is left out while an
// hour that is allowed to them has room.
func TestCapacitiesHoldOverAllShards(t *testing.T) {
	t.Parallel()
	timing := crowd(t, 400, func(i int) int { return 9 + i*i%11 })
	rapid.Check(t, func(t *rapid.T) {
		config := capacityConfig(t, timing, campaign.Share(rapid.SampledFrom([]float64{0, .05, .5}).Draw(t, "explore")))
		n := rapid.IntRange(1, 60).Draw(t, "customers")
		spec := campaign.Timing{PerHour: rapid.IntRange(0, 9).Draw(t, "per hour")}
		for range rapid.IntRange(0, 2).Draw(t, "rules") {
			from := rapid.IntRange(0, 20).Draw(t, "from")
			spec.Capacity = append(spec.Capacity, campaign.Capacity{
				From: campaign.Clock(from * 60), Until: campaign.Clock(rapid.IntRange(from+1, 24).Draw(t, "until") * 60), PerHour: rapid.IntRange(0, 12).Draw(t, "at most"),
			})
		}
		capacity := dispatch.NewCapacity(spec, korea)
		var people []dispatch.Candidate
		for key := range uint32(n) {
			people = append(people, someone(key))
		}
		for _, shards := range []int{1, rapid.IntRange(2, 16).Draw(t, "shards")} {
			used, blocked := map[uint32]int{}, 0
			for _, p := range planInShards(config, capacity, people, shards, 1) {
				if p.Blocked != "" {
					require.Equal(t, dispatch.BlockedCapacity, p.Blocked)
					blocked++
					continue
				}
				used[p.Wave]++
			}
			room := 0
			for h := range uint32(11) {
				wave := uint32(config.From.Unix()/3600) + 9 + h
				if most, limited := capacity.Of(wave); limited {
					require.LessOrEqual(t, used[wave], most, "%s", time.Unix(int64(wave)*3600, 0).In(korea))
					room += most - used[wave]
				} else {
					room += n
				}
			}
			if blocked > 0 {
				require.Zero(t, room, "%d without a time in %d shards", blocked, shards)
			}
		}
	})
}

func TestOneShardPlansAsSixteenDo(t *testing.T) {
	t.Parallel()
	config := capacityConfig(t, crowd(t, 1000, func(i int) int { return 9 + i*i%11 }), .05)
	var people []dispatch.Candidate
	for key := range uint32(20_000) {
		people = append(people, someone(key))
	}
	capacity := dispatch.NewCapacity(campaign.Timing{PerHour: 2_000}, korea)
	one, sixteen := planInShards(config, capacity, people, 1, 5), planInShards(config, capacity, people, 16, 5)
	differ := 0
	used := map[uint32]int{}
	for i := range one {
		require.Empty(t, one[i].Blocked)
		require.Empty(t, sixteen[i].Blocked)
		if one[i].Wave != sixteen[i].Wave {
			differ++
		}
		used[sixteen[i].Wave]++
	}
	t.Logf("%d of %d differ", differ, len(one))
	require.Less(t, float64(differ)/float64(len(one)), .02, fmt.Sprint(used))
}

func TestCapacityRules(t *testing.T) {
	t.Parallel()
	capacity := dispatch.NewCapacity(campaign.Timing{PerHour: 100, Capacity: []campaign.Capacity{
		{From: 12 * 60, Until: 13 * 60, PerHour: 10}, {From: 0, Until: 24 * 60, Days: []string{"sun"}, PerHour: 5}, {From: 9 * 60, Until: 20 * 60, PerHour: 300},
	}}, korea)
	at := func(day, hour int) uint32 {
		return uint32(time.Date(2026, 9, day, hour, 0, 0, 0, korea).Unix() / 3600)
	}
	for wave, want := range map[uint32]int{at(1, 11): 100, at(1, 12): 10, at(1, 13): 100, at(6, 12): 5, at(6, 15): 5} {
		most, limited := capacity.Of(wave)
		require.True(t, limited)
		require.Equal(t, want, most)
	}
	_, limited := dispatch.NewCapacity(campaign.Timing{Capacity: []campaign.Capacity{{From: 0, Until: 60, PerHour: 1}}}, korea).Of(at(1, 5))
	require.False(t, limited)
	require.False(t, dispatch.NewCapacity(campaign.Timing{}, korea).Any())
}

func TestPartsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 64).Draw(t, "of")
		most := rapid.IntRange(1, 100_000).Draw(t, "most")
		capacity := dispatch.NewCapacity(campaign.Timing{PerHour: most}, korea)
		even := 0
		demands := make([]dispatch.Demand, of)
		for i := range of {
			even += dispatch.EvenRoom(capacity, []uint32{7}, campaign.Shard{Index: i, Of: of})[7].Extra
			demands[i] = dispatch.Demand{Wanted: map[uint32]uint64{7: rapid.Uint64Range(0, 5000).Draw(t, "wanted")}, Unfit: rapid.Uint64Range(0, 50).Draw(t, "unfit"), Open: map[uint32]uint64{7: 1}}
		}
		require.Equal(t, most, even)
		sum := 0
		for _, room := range dispatch.ShareRoom(capacity, []uint32{7}, demands) {
			require.GreaterOrEqual(t, room[7].First, 0)
			require.GreaterOrEqual(t, room[7].Extra, 0)
			sum += room[7].First + room[7].Extra
		}
		require.Equal(t, most, sum)
	})
}
