package dispatch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Slack is how late a message may leave without asking again whether caps hold: reservations stand further apart than caps
// ask by so much, so that messages that leave within it keep them too.
const Slack = time.Minute

// notice is how long before its planned time a contact may still be taken by another campaign, or carry another's part: nobody
// sends it yet, so the two can't cross.
const notice = time.Hour

// Admitting is what one request for contacts is decided by.
type Admitting struct {
	Caps     []campaign.Cap
	Bundle   *campaign.Bundle // nil: messages are never put together
	Now      time.Time        // campaign time; zero: nothing is displaced or bundled
	Closes   time.Time        // the offer is over
	Purpose  string
	Priority uint8
	Joined   []string // later touches of the run that go in the message of this one: see JoinedTouches
}

// JoinedTouches are the later touches of a spec that go in the message of one of its touches, where the policy puts messages
// together: by the same channel, and due so soon after it that they would be bundled if they were of two campaigns. One
// that depends on what the customer has done meanwhile is a message of its own.
func JoinedTouches(spec campaign.Spec, bundle *campaign.Bundle, id string) (joined []string) {
	i := slices.IndexFunc(spec.Touches, func(t campaign.Touch) bool { return t.ID == id })
	if bundle == nil || i < 0 || len(spec.Touches[i].Channels) == 0 {
		return nil
	}
	first := spec.Touches[i]
	for _, t := range spec.Touches[i+1:] {
		if t.Only == "" && len(t.Channels) > 0 && t.Channels[0] == first.Channels[0] && (t.After-first.After).Std().Abs() < bundle.Within.Std() {
			joined = append(joined, t.ID)
		}
	}
	return joined
}

// Admission is the answer about one contact.
type Admission struct {
	Admitted  bool
	Bundled   bool          // its part goes in another message
	Changes   []Reservation // to be written
	Displaced int           // contacts of campaigns of lower priority that are taken back
}

// Host is how a reservation names the message that carries its part.
func (r Reservation) Host() string {
	return HostOf(campaign.Run{Campaign: r.Campaign, Occurrence: r.Occurrence}, r.Touch)
}

// HostOf names a message to somebody by its run and touch.
func HostOf(run campaign.Run, touch string) string {
	return fmt.Sprintf("%s/%d/%s", run.Campaign, run.Occurrence, touch)
}

// Admit decides about one contact of a customer whose other contacts are known. A touch is the same contact in every plan of
// its run: moved, it gives its old time back and counts at the new one; asked again, it stays as it was. Where several
// campaigns would write within the bundle's time, the later one's part goes in the earlier admitted one's message. Where a cap
// is in the way, contacts of lower priority that nobody sends yet are taken back, the lowest and latest first, if that helps.
func (a Admitting) Admit(want Reservation, known []Reservation) Admission {
	var own, others []Reservation
	for _, r := range known {
		if r.Campaign == want.Campaign && r.Occurrence == want.Occurrence && r.Touch == want.Touch {
			own = append(own, r)
		} else {
			others = append(others, r)
		}
	}
	var out Admission
	for _, r := range own {
		if r.Plan == want.Plan && strings.HasPrefix(r.Carrier, HostOf(want.Run(), "")) {
			out.Admitted, out.Bundled = true, true // an earlier touch of the run took it along, whenever it would be due
			return out
		}
	}
	for _, r := range own {
		if r.At.Equal(want.At) && r.Plan == want.Plan && r.Channel == want.Channel {
			out.Admitted, out.Bundled = true, r.Carrier != ""
			continue
		}
		r.Released = true
		out.Changes = append(out.Changes, r)
	}
	if out.Admitted {
		if !out.Bundled {
			out.Changes = append(out.Changes, a.join(want, others)...)
		}
		return out
	}
	if host, there := a.host(want, others); there {
		want.Carrier = host.Host()
		out.Admitted, out.Bundled, out.Changes = true, true, append(out.Changes, want)
		return out
	}
	taken, fits := a.room(want, others)
	if !fits {
		return out
	}
	for _, r := range taken {
		r.Released, r.Why = true, ReasonDisplaced
		out.Changes = append(out.Changes, r)
	}
	out.Admitted, out.Displaced, out.Changes = true, len(taken), append(out.Changes, want)
	out.Changes = append(out.Changes, a.join(want, others)...)
	return out
}

// join reserves what a message takes along of the run's later touches, and of no more than a message may carry.
func (a Admitting) join(want Reservation, others []Reservation) (parts []Reservation) {
	if a.Bundle == nil || a.Now.IsZero() {
		return nil
	}
	room := max(a.Bundle.Most, 2) - 1
	standing := map[string]bool{}
	for _, r := range others {
		if r.Carrier == want.Host() {
			room--
		}
		if r.Campaign == want.Campaign && r.Occurrence == want.Occurrence {
			standing[r.Touch] = true
		}
	}
	for _, touch := range a.Joined {
		if len(parts) < room && !standing[touch] {
			part := want
			part.Touch, part.Carrier = touch, want.Host()
			parts = append(parts, part)
		}
	}
	return parts
}

// host is the message in which the part may go: of another run, by the same channel for the same purpose, near in time, not yet
// sent, not itself carried, while the offer is open, and with room for one more.
func (a Admitting) host(want Reservation, others []Reservation) (best Reservation, there bool) {
	carries := func(r Reservation) bool { return r.Carrier == want.Host() } // planned anew, it takes its parts along
	if a.Bundle == nil || a.Now.IsZero() || slices.ContainsFunc(others, carries) {
		return best, false
	}
	carried := map[string]int{}
	for _, r := range others {
		if r.Carrier != "" {
			carried[r.Carrier]++
		}
	}
	for _, r := range others {
		switch {
		case r.Plan == 0 || r.Carrier != "" || r.Channel != want.Channel || r.Purpose != a.Purpose,
			r.Campaign == want.Campaign && r.Occurrence == want.Occurrence,
			r.At.Sub(want.At).Abs() >= a.Bundle.Within.Std(),
			r.At.Before(a.Now.Add(notice)) || !a.Closes.IsZero() && !r.At.Before(a.Closes),
			1+carried[r.Host()] >= max(a.Bundle.Most, 2):
			continue
		}
		if !there || r.At.Sub(want.At).Abs() < best.At.Sub(want.At).Abs() {
			best, there = r, true
		}
	}
	return best, there
}

// room says whether a contact keeps the caps, and which others have to be taken back for it.
func (a Admitting) room(want Reservation, others []Reservation) (taken []Reservation, fits bool) {
	contact := Contact{Channel: want.Channel, At: want.At}
	caps := slackened(a.Caps)
	if Admits(caps, contactsOf(others), contact) {
		return nil, true
	}
	if a.Now.IsZero() {
		return nil, false
	}
	hosts := map[string]bool{}
	for _, r := range others {
		hosts[r.Carrier] = true
	}
	lower := slices.DeleteFunc(slices.Clone(others), func(r Reservation) bool {
		return r.Plan == 0 || r.Carrier != "" || hosts[r.Host()] || r.Priority >= a.Priority || r.At.Before(a.Now.Add(notice))
	})
	slices.SortStableFunc(lower, func(x, y Reservation) int {
		return cmp.Or(cmp.Compare(x.Priority, y.Priority), y.At.Compare(x.At), cmp.Compare(x.Host(), y.Host()))
	})
	without := func(out []Reservation) []Reservation {
		return slices.DeleteFunc(slices.Clone(others), func(r Reservation) bool { return slices.Contains(out, r) })
	}
	for i, r := range lower {
		taken = append(taken, r)
		if !Admits(caps, contactsOf(without(taken)), contact) {
			continue
		}
		for j := i - 1; j >= 0; j-- { // whoever need not have gone stays
			if fewer := slices.Delete(slices.Clone(taken), j, j+1); Admits(caps, contactsOf(without(fewer)), contact) {
				taken = fewer
			}
		}
		return taken, true
	}
	return nil, false
}

// Keeps says whether a message that leaves late keeps the caps, by what stands of other messages then.
func Keeps(caps []campaign.Cap, leaves Contact, others []Reservation) bool {
	return Admits(slackened(caps), contactsOf(others), leaves)
}

// contactsOf are the messages that reservations stand for: a part that another message carries is none of its own, and a
// reservation and the receipt of its message are one.
func contactsOf(reservations []Reservation) []Contact {
	contacts := make([]Contact, 0, len(reservations))
	for _, r := range reservations {
		receipt := r.Plan == 0 && slices.ContainsFunc(reservations, func(o Reservation) bool { return o.Plan > 0 && o.Host() == r.Host() })
		if r.Carrier == "" && !receipt {
			contacts = append(contacts, Contact{Channel: r.Channel, At: r.At})
		}
	}
	return contacts
}

func slackened(caps []campaign.Cap) []campaign.Cap {
	wider := slices.Clone(caps)
	for i := range wider {
		wider[i].Within += campaign.Duration(Slack)
	}
	return wider
}
