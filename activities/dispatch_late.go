package activities

import (
	"context"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// askAgain asks once more whether the caps hold for messages that leave well after the time that was reserved, and moves their
// reservations. It writes before it reads: of two late messages to one customer, at least one sees the other and gives way.
func (w *wave) askAgain(ctx context.Context, jobs []*job) error {
	caps := w.touch.brief.Policy.Caps
	var behind []*job
	if len(caps) > 0 {
		for _, j := range jobs {
			if j.recipient.Reserved && j.at.Sub(j.slot.At) > dispatch.Slack {
				behind = append(behind, j)
			}
		}
	}
	if len(behind) == 0 {
		return nil
	}
	reach := dispatch.Slack
	keys := make([]uint32, len(behind))
	first, last := behind[0].at, behind[0].at
	low, high := behind[0].slot.Customer, behind[0].slot.Customer
	var moved []dispatch.Reservation
	for i, j := range behind {
		keys[i] = j.slot.Customer
		low, high = min(low, keys[i]), max(high, keys[i])
		if j.at.Before(first) {
			first = j.at
		}
		last = later(last, j.at)
		slot := j.slot
		slot.At = j.at
		moved = append(moved, w.touch.reservation(slot))
	}
	if err := w.stage.Store.WriteReservations(ctx, w.touch.purpose, moved); err != nil {
		return err
	}
	for _, c := range caps {
		reach = max(reach, c.Within.Std()+2*dispatch.Slack)
	}
	others := map[uint32][]dispatch.Reservation{}
	err := w.stage.Store.Reservations(ctx, w.in.Run, campaign.Shard{Low: low, High: high}, keys, first.Add(-reach), last.Add(reach), func(r dispatch.Reservation) error {
		if r.Campaign != w.in.Run.Campaign || r.Occurrence != w.in.Run.Occurrence || r.Touch != w.in.Touch {
			others[r.Customer] = append(others[r.Customer], r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var back []dispatch.Reservation
	for i, j := range behind {
		if !dispatch.Keeps(caps, dispatch.Contact{Channel: j.slot.Channel, At: j.at}, others[j.slot.Customer]) {
			j.recipient.Reserved = false
			moved[i].Released = true
			back = append(back, moved[i])
		}
	}
	return w.stage.Store.WriteReservations(ctx, w.touch.purpose, back)
}
