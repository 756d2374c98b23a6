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
	Wanted map[uint32]uint64 `json:"wanted"` // by wave
	Unfit  uint64            `json:"unfit"`  // to whom every wave is worth less than its price
}

// want adds what a candidate would choose.
func (d *Demand) want(wave uint32, unfit bool) {
	if unfit {
		d.Unfit++
		return
	}
	if d.Wanted == nil {
		d.Wanted = map[uint32]uint64{}
	}
	d.Wanted[wave]++
}

// Demand adds up what a customer wants, without giving it to them.
func (p *Planner) Demand(c Candidate, to *Demand) {
	w, blocked := p.wish(c)
	if blocked == "" {
		to.want(w.slots[w.wanted].wave, w.unfit && !w.random)
	}
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
	all := total(over)
	for _, wave := range waves {
		if left[wave] == 0 {
			continue
		}
		weights := over
		if all == 0 { // nobody needs it; nothing is lost by giving it out evenly
			weights = ones(len(demands))
		}
		for i, n := range portion(left[wave], weights) {
			places := rooms[i][wave]
			places.Extra += n
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

func ones(n int) []int { return slices.Repeat([]int{1}, n) }
