package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// ChannelStep is one channel of a touch that has several, with how long it has before the next one tries.
type ChannelStep struct {
	Channel string        `json:"channel"`
	Wait    time.Duration `json:"wait"`
}

// PendingStep is a wave whose next channel tries at Due whoever the one before did not reach.
type PendingStep struct {
	Wave    uint32    `json:"wave"`
	Rebase  uint16    `json:"rebase"`
	Step    int       `json:"step"`
	Due     time.Time `json:"due"` // campaign time
	Shards  []int     `json:"shards"`
	Planned uint64    `json:"planned"` // deliveries of the wave
}

// stepsOf are the channels of a touch; none where there is one, which has nothing to fall back on.
func stepsOf(touch campaign.Touch) []ChannelStep {
	if len(touch.Channels) < 2 {
		return nil
	}
	var steps []ChannelStep
	for _, channel := range touch.Channels {
		steps = append(steps, ChannelStep{Channel: channel, Wait: touch.Wait(channel).For.Std()})
	}
	return steps
}

// await puts a wave that was sent by a step's channel down for the next one, if there is one.
func (d *dispatchRun) await(ctx workflow.Context, p PendingStep) {
	if p.Step+1 >= len(d.in.Steps) {
		return
	}
	p.Due = d.in.Clock.At(workflow.Now(ctx)).Add(d.in.Steps[p.Step].Wait)
	p.Step++
	d.in.Pending = append(d.in.Pending, p)
}

// pending is the step that is due first, and whether it comes before the next wave.
func (d *dispatchRun) pending(wave uint32, left bool) (int, bool) {
	first := -1
	for i, p := range d.in.Pending {
		if first < 0 || p.Due.Before(d.in.Pending[first].Due) {
			first = i
		}
	}
	return first, first >= 0 && (!left || !d.in.Pending[first].Due.After(hourOf(wave)))
}

// fallBack lets the next channel try whoever of a wave was not reached. Who that is, and whether consent, caps and hours of
// this channel allow it, is asked now and not when the touch was planned.
func (d *dispatchRun) fallBack(ctx workflow.Context, index int) error {
	p := d.in.Pending[index]
	channel := d.in.Steps[p.Step].Channel
	summary := fmt.Sprintf("%s for whom %s did not reach, of %d customers", channel, d.in.Steps[p.Step-1].Channel, p.Planned)
	d.tell(ctx, fmt.Sprintf("the wave of %s falls back to `%s` at %s", hourOf(p.Wave).Format(shown), channel, p.Due.Format(shown)), "nothing to press")
	if err := waitUntil(ctx, &d.in.Clock, p.Due, func() bool { return d.control.cancelled }, "until "+channel+" tries"); err != nil {
		return err
	}
	for {
		if err := d.untilResumed(ctx); err != nil {
			return err
		}
		now := d.in.Clock.At(workflow.Now(ctx))
		if d.control.cancelled || !now.Before(d.in.Closes) {
			d.forget(index)
			return nil
		}
		d.in.Progress.Trouble = ""
		d.tell(ctx, "it tries "+summary, fmt.Sprintf("nothing to press; `starter pause %s` stops it", d.in.Run.Campaign))
		outs, err := d.byChannel(ctx, p, now, summary)
		switch {
		case err == nil:
			d.count(outs, p.Step)
			d.await(ctx, p)
			d.forget(index)
			d.report(ctx)
			return nil
		case d.control.paused, d.control.cancelled: // what the stopped pages sent is in the warehouse
		case temporal.IsTimeoutError(err):
			d.forget(index)
			return nil
		default:
			d.control.paused, d.in.Progress.Trouble = true, plain(err)
			d.report(ctx)
		}
	}
}

// byChannel moves the contacts of whom it concerns to the channel, as far as its caps allow, and sends.
func (d *dispatchRun) byChannel(ctx workflow.Context, p PendingStep, now time.Time, summary string) ([]activities.DeliverWaveOutput, error) {
	var shards []campaign.Shard
	for _, i := range p.Shards {
		shards = append(shards, d.in.Shards[i])
	}
	waveCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	d.control.stop = stop
	defer func() { d.control.stop = nil }()
	_, err := overShards(compute(waveCtx), contacts.ReserveContacts, byBucket(shards), func(s campaign.Shard) activities.AdmitContactsInput {
		return activities.AdmitContactsInput{Run: d.in.Run, Touch: d.in.Touch, Rebase: p.Rebase, Shard: s, Wave: p.Wave, Step: p.Step, At: now}
	}, "reserve contacts: "+summary)
	if err != nil {
		return nil, err
	}
	return overShards(deliver(waveCtx, d.wallUntilClose(now)), dispatch.DeliverWave, shards, func(s campaign.Shard) activities.DeliverWaveInput {
		return activities.DeliverWaveInput{
			Run: d.in.Run, Touch: d.in.Touch, Wave: p.Wave, Rebase: p.Rebase, Shard: s, Clock: d.in.Clock, Closes: d.in.Closes, Step: p.Step,
		}
	}, summary)
}

// forget takes a step off the list, whatever was put there since.
func (d *dispatchRun) forget(index int) {
	d.in.Pending = append(d.in.Pending[:index:index], d.in.Pending[index+1:]...)
}
