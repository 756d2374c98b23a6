package activities

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// job is one message of a page.
type job struct {
	slot      dispatch.Slot
	at        time.Time // campaign time at which it leaves
	attempt   uint8
	again     bool // an earlier channel sent it, and nobody heard that it arrived
	recipient dispatch.Recipient
	letter    dispatch.Letter
	fault     error
	claimed   bool // its attempt is recorded
	receipt   dispatch.Receipt
	parts     []partJob // what it carries of other runs
}

const mostAttempts = 200 // the number of an attempt is a byte

// page delivers some slots: it settles what an earlier run left open, records an attempt for each message, and only then
// sends them.
func (w *wave) page(ctx context.Context, slots []dispatch.Slot) error {
	// What a worker has open at once is bounded over all of its shards: its memory by it, and what a kill leaves open.
	if err := w.open.Acquire(ctx, int64(len(slots))); err != nil {
		return err
	}
	defer w.open.Release(int64(len(slots)))
	jobs, err := w.outstanding(ctx, slots)
	if err != nil || len(jobs) == 0 {
		return err
	}
	if w.guard.rests(clock.Wall()) {
		return fmt.Errorf("%w: it took none of the last messages, and is left alone for a while", ErrProviderDown)
	}
	if err := w.channel.Ready(ctx); err != nil {
		w.guard.told(clock.Wall(), dispatch.OutcomeDown)
		return fmt.Errorf("%w: %w", ErrProviderDown, err)
	}
	jobs, refused, err := w.prepare(ctx, jobs)
	if err != nil {
		return err
	}
	leave := w.leave
	if w.window != nil {
		leave = w.leaveInGroups
	}
	down, err := leave(ctx, jobs, refused)
	if recorded := w.record(ctx, jobs); recorded != nil {
		w.dirty = true
		return errors.Join(err, recorded)
	}
	switch {
	case err != nil || len(jobs) == 0:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case down != "":
		return fmt.Errorf("%w: %s", ErrProviderDown, down)
	case !w.lease.holds():
		return ErrLeaseLost
	}
	return nil
}

// outstanding are the messages of a page that are to be sent, after what is open was settled.
func (w *wave) outstanding(ctx context.Context, slots []dispatch.Slot) ([]*job, error) {
	var history map[uint32][]dispatch.Attempt
	if w.begun {
		keys := make([]uint32, len(slots))
		for i, s := range slots {
			keys[i] = s.Customer
		}
		var err error
		if history, err = w.stage.Store.Attempts(ctx, w.in.Run, w.in.Touch, w.in.Shard, keys); err != nil {
			return nil, err
		}
	}
	var open []uint32
	for _, s := range slots {
		if step, _, _ := w.judge(history[s.Customer]); step == dispatch.StepSettle {
			open = append(open, s.Customer)
		}
	}
	if len(open) > 0 {
		settled, err := w.touch.settleEach(ctx, w.lease, history, open, true)
		if err != nil {
			return nil, err
		}
		w.out.Settled += settled
	}
	var jobs []*job
	for _, s := range slots {
		step, state, next := w.judge(history[s.Customer])
		switch {
		case step == dispatch.StepSend && next < mostAttempts:
			jobs = append(jobs, &job{slot: s, at: w.moment(s), attempt: next, again: wentBefore(history[s.Customer], w.touch.name)})
		case w.in.Step > 0:
			w.countOwn(history[s.Customer])
		default: // done, or unknown for good
			if slices.ContainsFunc(history[s.Customer], carried) {
				w.count(campaign.DeliverySuppressed, dispatch.ReasonBundled) // its offer went, or is on its way, in another message
				continue
			}
			w.count(state, reasonOf(history[s.Customer], state))
		}
	}
	return jobs, nil
}

// reasonOf is why a delivery is in its state.
func reasonOf(history []dispatch.Attempt, state campaign.DeliveryState) string {
	for _, a := range history {
		if a.State == state {
			return a.Reason
		}
	}
	return ""
}

// prepare checks every message at the moment it would leave and makes those that may. It returns them, and what became of
// the others.
func (w *wave) prepare(ctx context.Context, jobs []*job) (sendable []*job, refused []dispatch.Event, err error) {
	keys, ats := make([]uint32, len(jobs)), make([]time.Time, len(jobs))
	for i, j := range jobs {
		keys[i], ats[i] = j.slot.Customer, j.at
	}
	recipients, err := w.touch.recipients(ctx, keys, ats)
	if err != nil {
		return nil, nil, err
	}
	for _, j := range jobs {
		j.recipient = recipients[j.slot.Customer]
		j.recipient.Customer = j.slot.Customer
	}
	if err := w.askAgain(ctx, jobs); err != nil {
		return nil, nil, err
	}
	var allowed []*job
	wall := clock.Wall()
	for _, j := range jobs {
		state, reason := w.rules.Refuse(j.recipient, j.at)
		if state == campaign.DeliveryPlanned && w.redeemed[j.slot.Customer] {
			state, reason = campaign.DeliverySuppressed, dispatch.ReasonRedeemed
		}
		if w.chain.Passes(w.in.Step, state, reason) {
			w.out.Passed++
			continue
		}
		if state != campaign.DeliveryPlanned {
			refused = append(refused, w.event(j, 0, state, reason, wall))
			continue
		}
		allowed = append(allowed, j)
	}
	if err := w.load(ctx, allowed); err != nil {
		return nil, nil, err
	}
	if err := w.compose(ctx, allowed); err != nil {
		return nil, nil, err
	}
	sendable = allowed[:0]
	for _, j := range allowed {
		if j.fault != nil {
			refused = append(refused, w.event(j, 0, campaign.DeliverySuppressed, dispatch.FaultReason(j.fault), wall))
			continue
		}
		sendable = append(sendable, j)
	}
	return sendable, refused, nil
}

// leave claims a page and hands it over.
func (w *wave) leave(ctx context.Context, jobs []*job, refused []dispatch.Event) (down string, err error) {
	if err := w.claim(ctx, jobs, refused); err != nil {
		return "", err
	}
	return w.send(ctx, filled(ctx, w, jobs)), nil
}

// claim records the attempts. Only when these are on disk does it return: from then on whoever comes after a crash knows
// that the messages may be out.
func (w *wave) claim(ctx context.Context, jobs []*job, refused []dispatch.Event) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// What was begun is ended: of a write that is broken off nobody knows whether its rows are there, and nothing else would
	// be known of messages that were never sent.
	ctx = context.WithoutCancel(ctx)
	if err := w.claimParts(ctx, jobs); err != nil {
		return err
	}
	if !w.lease.holds() {
		return ErrLeaseLost
	}
	events, wall := refused, clock.Wall()
	for _, j := range jobs {
		e := w.event(j, j.attempt, campaign.DeliveryAttempting, "", wall)
		e.Template, e.Parameters, e.SHA256, e.Response = j.letter.Template, j.letter.Parameters, j.letter.SHA256, "lease "+w.lease.lease.Owner
		events = append(events, e)
	}
	if err := w.write(ctx, events); err != nil {
		// Whether the rows are there is not known, or when they will be; nothing was sent, and the next run finds out.
		w.dirty = true
		return err
	}
	if !w.lease.holds() {
		// Whoever holds it now may have looked before these rows were there, and used the same numbers: they stay open.
		w.dirty = true
		return ErrLeaseLost
	}
	for _, e := range refused {
		w.count(e.State, e.Reason)
	}
	for _, j := range jobs {
		j.claimed, j.receipt = true, dispatch.Receipt{Outcome: dispatch.OutcomeUntried}
	}
	return nil
}

func (w *wave) event(j *job, attempt uint8, state campaign.DeliveryState, reason string, wall time.Time) dispatch.Event {
	return dispatch.Event{
		Customer: j.slot.Customer, Channel: j.slot.Channel, Attempt: attempt, State: state, Wave: w.in.Wave,
		MessageID: w.composer.MessageID(j.slot.Customer), At: j.at, WallAt: wall, Reason: reason,
	}
}

// compose makes the messages on all processors.
func (w *wave) compose(ctx context.Context, jobs []*job) error {
	group, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for part := range workers {
		group.Go(func() error {
			for i := part; i < len(jobs); i += workers {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				j := jobs[i]
				w.bundle(j)
				if j.fault != nil && !errors.Is(j.fault, dispatch.ErrTemplate) {
					return j.fault
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// record writes what became of the attempts, and goes on trying for a while: what it can't record has to be asked of
// the provider later.
func (w *wave) record(ctx context.Context, jobs []*job) error {
	events := make([]dispatch.Event, 0, len(jobs))
	became := map[*job]dispatch.Event{}
	wall := clock.Wall()
	for _, j := range jobs {
		if !j.claimed {
			continue
		}
		state, reason := campaign.DeliveryFailed, ""
		switch j.receipt.Outcome {
		case dispatch.OutcomeSent:
			state = campaign.DeliverySent
		case dispatch.OutcomeBounced:
			state = campaign.DeliveryBounced
		case dispatch.OutcomeRefused:
			reason = dispatch.ReasonRefused
		case dispatch.OutcomeTemporary:
			reason = dispatch.ReasonTemporary
		case dispatch.OutcomeUncertain:
			continue // it stays open
		default:
			reason = dispatch.ReasonUntried
		}
		e := w.event(j, j.attempt, state, reason, wall)
		e.Response, e.ProviderID = j.receipt.Response, j.receipt.ProviderID
		events = append(events, e)
		if len(j.parts) > 0 {
			became[j] = e
		}
	}
	if err := w.write(context.WithoutCancel(ctx), events); err != nil {
		return err
	}
	err := w.writeParts(context.WithoutCancel(ctx), jobs, func(j *job) (dispatch.Event, bool) {
		e, is := became[j]
		return e, is
	})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		switch j.receipt.Outcome { // none where it was not claimed
		case dispatch.OutcomeSent:
			w.out.Sent++
			if j.again {
				w.out.Again++
			}
		case dispatch.OutcomeBounced:
			w.out.Bounced++
		case dispatch.OutcomeRefused:
			w.out.Failed++
		default:
			w.retry = append(w.retry, j.slot)
		}
		if j.receipt.Outcome == dispatch.OutcomeUncertain {
			w.dirty = true // whoever comes next, if not we ourselves, has to wait before asking
		}
	}
	return nil
}

// write records events, and goes on trying for a while: an engine that was away for a moment must not leave open what it
// knew nothing of. Written again, rows count once.
func (w *wave) write(ctx context.Context, events []dispatch.Event) error {
	return w.writeFor(ctx, w.in.Run, w.in.Touch, events)
}

func (w *wave) writeFor(ctx context.Context, run campaign.Run, touch string, events []dispatch.Event) error {
	ctx, cancel := context.WithTimeout(ctx, w.lease.hold)
	defer cancel()
	for {
		err := w.stage.Store.WriteEvents(ctx, run, touch, events)
		if err == nil {
			return nil
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			return err
		}
	}
}
