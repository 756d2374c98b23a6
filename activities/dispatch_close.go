package activities

import (
	"context"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// CloseTouch gives every delivery of the touch its final state, and gives back the contacts of those that never left.
func (d *Dispatch) CloseTouch(ctx context.Context, in CloseTouchInput) (CloseTouchOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := d.closeTouch(ctx, in)
	return out, Classify(err)
}

func (d *Dispatch) closeTouch(ctx context.Context, in CloseTouchInput) (out CloseTouchOutput, err error) {
	out.States = map[string]uint64{}
	t, err := d.touch(ctx, in.Run, in.Touch)
	if err != nil {
		return out, err
	}
	slots, err := d.Store.Slots(ctx, in.Run, in.Touch, in.Rebase, 0, in.Shard)
	if err != nil || len(slots) == 0 {
		return out, err
	}
	// Nobody sends any more once the lease over all waves is ours.
	lease, err := t.acquire(ctx, dispatch.Lease{Touch: in.Touch, Rebase: in.Rebase, Low: in.Shard.Low, High: in.Shard.High})
	if err != nil {
		return out, err
	}
	defer func() {
		if returned := lease.stop(ctx, true); err == nil {
			err = returned
		}
	}()
	history, err := d.Store.Attempts(ctx, in.Run, in.Touch, in.Shard, nil)
	if err != nil {
		return out, err
	}
	var never []dispatch.Slot
	for page := range slices.Chunk(slots, 5*d.Settings.page()) {
		silent, err := t.closePage(ctx, in, lease, history, page, out.States)
		if err != nil {
			return out, err
		}
		never = append(never, silent...)
		if !lease.holds() {
			return out, ErrLeaseLost
		}
	}
	return out, t.release(ctx, in.Shard, never)
}

// closePage settles what is open, ends what was not sent, and counts. It gives back those who got nothing.
func (t *touchStage) closePage(ctx context.Context, in CloseTouchInput, lease *sendingLease, history map[uint32][]dispatch.Attempt, page []dispatch.Slot, states map[string]uint64) (never []dispatch.Slot, err error) {
	var open []uint32
	for _, s := range page {
		if step, _, _ := dispatch.Judge(history[s.Customer], 0); step == dispatch.StepSettle {
			open = append(open, s.Customer)
		}
	}
	if len(open) > 0 {
		if _, err := t.settleEach(ctx, lease, history, open, false); err != nil {
			return nil, err
		}
	}
	wall := clock.Wall()
	var events []dispatch.Event
	for _, s := range page {
		step, state, _ := dispatch.Judge(history[s.Customer], 0)
		if step == dispatch.StepSend {
			e := dispatch.Event{
				Customer: s.Customer, Channel: s.Channel, Wave: s.Wave, State: campaign.DeliveryExpired, Reason: dispatch.ReasonNeverSent,
				MessageID: dispatch.MessageID(t.run, t.touch.ID, t.brief.Policy.Sender, s.Customer), At: in.Clock.At(wall), WallAt: wall,
			}
			switch {
			case s.Blocked != "":
				e.State, e.Reason = campaign.DeliverySuppressed, s.Blocked
			case in.Cancelled:
				e.State, e.Reason = campaign.DeliverySuppressed, dispatch.ReasonCancelled
			}
			events, state = append(events, e), e.State
		}
		name := state.String()
		if state.MayHaveArrived() && slices.ContainsFunc(history[s.Customer], carried) {
			name = dispatch.ReasonBundled // it went in another message, which is counted where it was sent
		}
		states[name]++
		if !state.MayHaveArrived() && state != campaign.DeliveryBounced {
			never = append(never, s)
		}
	}
	return never, t.stage.Store.WriteEvents(ctx, t.run, t.touch.ID, events)
}

// release gives back the reservations of those who got nothing, so that other campaigns may have the contact.
func (t *touchStage) release(ctx context.Context, shard campaign.Shard, never []dispatch.Slot) error {
	if len(never) == 0 {
		return nil
	}
	first, last := never[0].At, never[0].At
	silent := make(map[uint32]bool, len(never))
	for _, s := range never {
		silent[s.Customer] = true
		if s.At.Before(first) {
			first = s.At
		}
		last = later(last, s.At)
	}
	var back []dispatch.Reservation
	host := dispatch.HostOf(t.run, t.touch.ID)
	err := t.stage.Store.Reservations(ctx, t.run, shard, nil, first.Add(-time.Hour), last.Add(time.Hour), func(r dispatch.Reservation) error {
		if silent[r.Customer] && r.Campaign == t.run.Campaign && r.Occurrence == t.run.Occurrence && (r.Touch == t.touch.ID || r.Carrier == host) { // a later touch that it would have taken along goes by itself
			r.Released = true
			back = append(back, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for page := range slices.Chunk(back, planRows) {
		if err := t.stage.Store.WriteReservations(ctx, t.purpose, page); err != nil {
			return err
		}
	}
	return nil
}
