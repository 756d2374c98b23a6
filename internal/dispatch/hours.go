package dispatch

import (
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones are known on every machine alike

	"github.com/danbi-project/danbi/internal/campaign"
)

// Hours says at which local times a channel may be used.
type Hours struct {
	from, until campaign.Clock
	days        [7]bool // by time.Weekday
	quiet       campaign.Quiet
	exempt      bool
	packs       packs
}

// NewHours combines a spec's timing with the policy's quiet hours.
func NewHours(timing campaign.Timing, quiet campaign.Quiet, channel string) Hours {
	h := Hours{from: timing.From, until: timing.Until, quiet: quiet, exempt: slices.Contains(quiet.Exempt, channel)}
	if h.until == 0 {
		h.from, h.until = 9*60, 20*60
	}
	for day := range h.days {
		name := strings.ToLower(time.Weekday(day).String()[:3])
		h.days[day] = len(timing.Days) == 0 || slices.Contains(timing.Days, name)
	}
	return h
}

// Allow says whether a message may leave at a time, given in the recipient's own zone. night is their separate consent
// to be disturbed in the quiet hours.
func (h Hours) Allow(local time.Time, night bool) bool {
	at := campaign.Clock(local.Hour()*60 + local.Minute())
	if at < h.from || at >= h.until || !h.days[local.Weekday()] {
		return false
	}
	if !h.exempt && !night && h.quiet.From != h.quiet.Until && h.quiet.Has(at) {
		return false
	}
	return h.packs.allow(local, at, night)
}

// Under keeps also to the hours of rule packs.
func (h Hours) Under(rules packs) Hours {
	h.packs = rules
	return h
}

// Zones finds the zone of a customer. It is safe for many goroutines.
type Zones struct {
	fallback *time.Location
	known    sync.Map // name -> *time.Location
}

// NewZones takes the zone of those whose own is missing or unknown: nobody is dropped for it, and the hours of the
// campaign's own zone are kept for them.
func NewZones(fallback string) (*Zones, error) {
	zone, err := campaign.LoadZone(fallback)
	if err != nil {
		return nil, err
	}
	return &Zones{fallback: zone}, nil
}

// Of is the zone of a name.
func (z *Zones) Of(name string) *time.Location {
	if zone, ok := z.known.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := campaign.LoadZone(name)
	if err != nil {
		zone = z.fallback
	}
	z.known.Store(name, zone)
	return zone
}
