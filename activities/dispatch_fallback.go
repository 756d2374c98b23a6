package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// by makes a stage that of another of the touch's channels: its hours, its address, its consent.
func (t *touchStage) by(step int) (err error) {
	if step == 0 {
		return nil
	}
	if step < 0 || step >= len(t.touch.Channels) {
		return fmt.Errorf("%w: %s has no channel %d", ErrUnknownTouch, t.touch.ID, step)
	}
	t.name = t.touch.Channels[step]
	t.rules, err = dispatch.NewRules(t.brief, t.name, t.times.Closes)
	return err
}

// settleEach is settle where messages may be open by several channels: each provider is asked for its own.
func (t *touchStage) settleEach(ctx context.Context, lease *sendingLease, history map[uint32][]dispatch.Attempt, open []uint32, again bool) (settled uint64, err error) {
	by := map[string][]uint32{}
	for _, customer := range open {
		if a := lastOpen(history[customer]); a != nil {
			by[a.Channel] = append(by[a.Channel], customer)
		}
	}
	for _, name := range t.touch.Channels {
		if len(by[name]) == 0 {
			continue
		}
		channel, known := t.stage.Channels[name]
		if !known {
			return settled, fmt.Errorf("%w: %s", ErrNoChannel, name)
		}
		n, err := t.settle(ctx, channel, lease, history, by[name], again)
		if settled += n; err != nil {
			return settled, err
		}
	}
	return settled, nil
}

// admitStep moves the contacts of whom the channel of a step is to try to that channel, where its caps allow it: a touch
// is one contact, whatever it took. Who is kept out keeps the contact that was, which may have arrived.
func (d *Dispatch) admitStep(ctx context.Context, t *touchStage, in AdmitContactsInput) (out AdmitContactsOutput, err error) {
	slots, err := d.Store.Slots(ctx, in.Run, in.Touch, in.Rebase, in.Wave, in.Shard)
	if err != nil || len(slots) == 0 {
		return out, err
	}
	keys := make([]uint32, len(slots))
	for i, s := range slots {
		keys[i] = s.Customer
	}
	history := map[uint32][]dispatch.Attempt{}
	for page := range slices.Chunk(keys, planRows) {
		some, err := d.Store.Attempts(ctx, in.Run, in.Touch, in.Shard, page)
		if err != nil {
			return out, err
		}
		for customer, attempts := range some {
			history[customer] = attempts
		}
	}
	chain := dispatch.NewChain(t.touch)
	others := map[uint32][]dispatch.Reservation{}
	for _, customer := range keys {
		if todo, _, _ := chain.Judge(history[customer], in.Wave, in.Step); todo == dispatch.StepSend {
			others[customer] = nil
		}
	}
	reach := in.At.Sub(in.Run.Launch).Abs() + 24*time.Hour // as far as our own reservations lie
	for _, c := range t.brief.Policy.Caps {
		reach = max(reach, c.Within.Std()+2*dispatch.Slack)
	}
	err = d.Store.Reservations(ctx, in.Run, in.Shard, nil, in.At.Add(-reach), in.At.Add(reach), func(r dispatch.Reservation) error {
		if list, asked := others[r.Customer]; asked {
			others[r.Customer] = append(list, r)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	admitting := dispatch.Admitting{Caps: t.brief.Policy.Caps, Purpose: t.purpose, Priority: t.brief.Spec.Rank()}
	var changes []dispatch.Reservation
	for _, s := range slots {
		if _, asked := others[s.Customer]; !asked {
			continue
		}
		s.Channel, s.At = t.name, in.At.Truncate(time.Second)
		answer := admitting.Admit(t.reservation(s), others[s.Customer])
		if !answer.Admitted {
			out.Capped++
			continue
		}
		out.Admitted++
		changes = append(changes, answer.Changes...)
	}
	for page := range slices.Chunk(changes, planRows) {
		if err := d.Store.WriteReservations(ctx, t.purpose, page); err != nil {
			return out, err
		}
	}
	return out, nil
}

// judge says what is to be done about a delivery in the wave's step.
func (w *wave) judge(history []dispatch.Attempt) (dispatch.Step, campaign.DeliveryState, uint8) {
	return w.chain.Judge(history, w.in.Wave, w.in.Step)
}

// expires is when a provider is to drop a message that it could not deliver: the next channel tries then, and both must
// not arrive. Zero where none does.
func (w *wave) expires() time.Time {
	step := w.in.Step
	if step+1 >= len(w.chain) || !w.chain[step].Heard {
		return time.Time{}
	}
	return clock.Wall().Add(w.touch.touch.Wait(w.touch.name).For.Std())
}

// countOwn books what the channel of a later step has done about a delivery. What an earlier one did is booked already.
func (w *wave) countOwn(history []dispatch.Attempt) {
	var own []dispatch.Attempt
	for _, a := range history {
		if a.Channel == w.touch.name {
			own = append(own, a)
		}
	}
	if len(own) == 0 {
		return
	}
	_, state, _ := dispatch.Judge(own, w.in.Wave)
	w.count(state, reasonOf(own, state))
	if state >= campaign.DeliverySent && state != campaign.DeliveryBounced && wentBefore(history, w.touch.name) {
		w.out.Again++
	}
}

// wentBefore says whether another channel has sent a delivery, which may have arrived.
func wentBefore(history []dispatch.Attempt, channel string) bool {
	return slices.ContainsFunc(history, func(a dispatch.Attempt) bool {
		return a.Channel != channel && (a.State == campaign.DeliverySent || a.State == campaign.DeliveryDelivered)
	})
}
