package dispatch

import (
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Contact is a reservation, or a message that was sent: what counts against a frequency cap.
type Contact struct {
	Channel string
	At      time.Time
}

// Admits says whether one more contact keeps every cap, whatever was planned before or after it. Windows roll: a cap of
// one within a day is broken by 23:00 and 01:00.
func Admits(caps []campaign.Cap, others []Contact, more Contact) bool {
	for _, c := range caps {
		if c.Channel != "" && c.Channel != more.Channel {
			continue
		}
		if c.Most < 1 {
			return false
		}
		times := []time.Time{more.At}
		for _, o := range others {
			if distance := o.At.Sub(more.At).Abs(); distance < c.Within.Std() && (c.Channel == "" || c.Channel == o.Channel) {
				times = append(times, o.At)
			}
		}
		if crowded(times, c) {
			return false
		}
	}
	return true
}

// crowded says whether some window holds more than the cap allows.
func crowded(times []time.Time, c campaign.Cap) bool {
	slices.SortFunc(times, time.Time.Compare)
	for i := 0; i+c.Most < len(times); i++ {
		if times[i+c.Most].Sub(times[i]) < c.Within.Std() {
			return true
		}
	}
	return false
}
