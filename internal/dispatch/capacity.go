package dispatch

import (
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Capacity is how many messages may leave in an hour, over all shards.
type Capacity struct {
	perHour int
	rules   []campaign.Capacity
	zone    *time.Location
}

// NewCapacity reads a spec's timing; its hours are those of the campaign's own zone, where gateways and call centres are.
func NewCapacity(timing campaign.Timing, zone *time.Location) Capacity {
	return Capacity{perHour: timing.PerHour, rules: timing.Capacity, zone: zone}
}

// Any says whether any hour is limited.
func (c Capacity) Any() bool { return c.perHour > 0 || len(c.rules) > 0 }

// Of is how many messages may leave in a wave: the least of what holds for its first minute.
func (c Capacity) Of(wave uint32) (most int, limited bool) {
	most, limited = c.perHour, c.perHour > 0
	local := time.Unix(int64(wave)*3600, 0).In(c.zone)
	at := campaign.Clock(local.Hour()*60 + local.Minute())
	for _, r := range c.rules {
		if len(r.Days) > 0 && !slices.ContainsFunc(r.Days, func(day string) bool { return campaign.Weekday(day)%7 == int(local.Weekday()) }) {
			continue
		}
		if at >= r.From && at < r.Until && (!limited || r.PerHour < most) {
			most, limited = r.PerHour, true
		}
	}
	return most, limited
}

// Places are a shard's in one wave.
type Places struct {
	First int `json:"first"` // for those who want this wave most
	Extra int `json:"extra"` // for anybody
}

// Room is a shard's places by wave; waves that are not in it have no limit.
type Room map[uint32]Places

// Demand is what a shard's customers want at some prices.
type Demand struct {
	Wanted map[uint32]uint64 `json:"wanted"`          // by wave
	Open   map[uint32]uint64 `json:"open,omitempty"`  // customers who may be planned in a wave
	Unfit  uint64            `json:"unfit,omitempty"` // to whom every wave is worth less than its price
}

// Want counts what a customer would choose, without giving it to them.
func (p *Planner) Want(c Candidate) {
	w, blocked := p.wish(c)
	if blocked != "" {
		return
	}
	p.open[slotKey{p.config.Zones.Of(c.Zone), c.Night}]++
	if w.unfit && !w.random {
		p.demand.Unfit++
		return
	}
	p.demand.Wanted[w.slots[w.wanted].wave]++
}

// Demand is what all whom Want was asked about want.
func (p *Planner) Demand() Demand {
	out := p.demand
	out.Open = map[uint32]uint64{}
	for key, n := range p.open {
		for _, s := range p.slots[key] {
			out.Open[s.wave] += n
		}
	}
	return out
}

// Waves are all in which anybody could be planned.
func (p *Planner) Waves() []uint32 {
	var all []uint32
	for at := p.config.From.Unix() / 3600; at <= p.config.Until.Unix()/3600; at++ {
		all = append(all, uint32(at))
	}
	return all
}

// ShareRoom cuts each wave's capacity into the shards' parts, of which none is lost: first what each shard wants, in
// proportion where that is too much; what is left goes to the shards that have customers left over.
func ShareRoom(capacity Capacity, waves []uint32, demands []Demand) []Room {
	rooms := make([]Room, len(demands))
	left := map[uint32]int{}
	over := make([]int, len(demands)) // customers without a place so far
	for i := range rooms {
		rooms[i] = Room{}
		over[i] = int(demands[i].Unfit)
	}
	wanted := make([]int, len(demands))
	for _, wave := range waves {
		most, limited := capacity.Of(wave)
		if !limited {
			continue
		}
		for i, d := range demands {
			wanted[i] = int(d.Wanted[wave])
		}
		left[wave] = most
		for i, n := range portion(min(most, total(wanted)), wanted) {
			rooms[i][wave] = Places{First: n}
			over[i] += wanted[i] - n
			left[wave] -= n
		}
	}
	// Of each wave's places the same part goes to who has none so far, shard by shard as many as it needs in all; the
	// rest goes round evenly, in case that somebody may not have what is left.
	open := make([][]int, len(waves))
	remaining := 0
	for k, wave := range waves {
		open[k] = make([]int, len(demands))
		for i, d := range demands {
			open[k][i] = min(int(d.Open[wave]), 1)
		}
		if total(open[k]) == 0 {
			left[wave] = 0
		}
		remaining += left[wave]
	}
	need := make([]int, len(demands))
	for k, wave := range waves {
		if left[wave] == 0 {
			continue
		}
		for i := range need {
			need[i] = over[i] * open[k][i]
		}
		part := min(left[wave], (left[wave]*total(over)+remaining-1)/remaining, total(need))
		remaining -= left[wave]
		even := portion(left[wave]-part, open[k])
		for i, n := range portion(part, need) {
			over[i] -= n
			places := rooms[i][wave]
			places.Extra += n + even[i]
			rooms[i][wave] = places
		}
	}
	return rooms
}

// EvenRoom is a shard's part where nobody asked what is wanted: the parts of all shards add up.
func EvenRoom(capacity Capacity, waves []uint32, shard campaign.Shard) Room {
	room := Room{}
	for _, wave := range waves {
		if most, limited := capacity.Of(wave); limited {
			room[wave] = Places{Extra: quota(most, shard)}
		}
	}
	return room
}

func quota(most int, shard campaign.Shard) int {
	if shard.Of <= 1 {
		return most
	}
	part := most / shard.Of
	if shard.Index < most%shard.Of {
		part++
	}
	return part
}

// portion cuts a whole by weights into integers that add up to it: each border between two parts is rounded.
func portion(whole int, weights []int) []int {
	out := make([]int, len(weights))
	of := total(weights)
	if of == 0 {
		return out
	}
	done, upTo := 0, 0
	for i, w := range weights {
		upTo += w
		border := int(int64(whole) * int64(upTo) / int64(of))
		out[i] = border - done
		done = border
	}
	return out
}

func total(all []int) (sum int) {
	for _, n := range all {
		sum += n
	}
	return sum
}

// Part is the capacity in proportion to a sample that is so large a part of all.
func (c Capacity) Part(of float64) Capacity {
	out := Capacity{zone: c.zone, perHour: scaled(c.perHour, of)}
	for _, r := range c.rules {
		r.PerHour = scaled(r.PerHour, of)
		out.rules = append(out.rules, r)
	}
	return out
}

// scaled keeps a limit a limit: none becomes 0, which would be no limit, because its part is small.
func scaled(most int, of float64) int {
	if most <= 0 {
		return most
	}
	return max(1, int(float64(most)*of+.5))
}
