package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// DispatchInput is one touch to send. Done and Counts are carried through continue-as-new.
type DispatchInput struct {
	Run      campaign.Run        `json:"run"`
	Snapshot activities.Snapshot `json:"snapshot"`
	Touch    string              `json:"touch"`
	Plan     touchPlan           `json:"plan"`
	Shards   []campaign.Shard    `json:"shards"`
	Clock    clock.Clock         `json:"clock"`
	Closes   time.Time           `json:"closes"` // nothing leaves after it
	Done     uint32              `json:"done,omitempty"`
	Progress DispatchProgress    `json:"progress"`
	Paused   bool                `json:"paused,omitempty"`
	Limited  bool                `json:"limited,omitempty"` // some hours take only so many messages
	Steps    []ChannelStep       `json:"steps,omitempty"`   // the touch's channels, where there is more than one
	Pending  []PendingStep       `json:"pending,omitempty"` // waves that wait for their next channel
}

// DispatchResult counts the touch's deliveries by final state, and gives the clock back.
type DispatchResult struct {
	Clock  clock.Clock       `json:"clock"`
	States map[string]uint64 `json:"states"`
}

// DispatchProgress is what the campaign shows while a touch is under way.
type DispatchProgress struct {
	Touch      string            `json:"touch"`
	Now        time.Time         `json:"now"`  // campaign time
	Wave       int               `json:"wave"` // from 1
	Waves      int               `json:"waves"`
	Planned    uint64            `json:"planned"`
	Sent       uint64            `json:"sent"`
	Suppressed map[string]uint64 `json:"suppressed,omitempty"`
	Unknown    uint64            `json:"unknown,omitempty"`
	Late       uint64            `json:"late,omitempty"`     // sent more than a minute after their time
	Channels   map[string]uint64 `json:"channels,omitempty"` // sent, by channel, where the touch has more than one
	Trouble    string            `json:"trouble,omitempty"`
}

// The signals between a campaign and its children.
const (
	settledSignal  = "settled again"
	pauseSignal    = "pause"
	resumeSignal   = "resume"
	cancelSignal   = "cancel"
	progressSignal = "progress"
)

// Dispatch sends one touch: it waits for each wave's hour, delivers it shard by shard, and counts.
func Dispatch(ctx workflow.Context, in DispatchInput) (DispatchResult, error) {
	d := &dispatchRun{in: in, control: listenToParent(ctx, in.Paused)}
	d.in.Progress.Touch = in.Touch
	for {
		wave, left := d.next()
		if again, first := d.pending(wave, left); first && !d.control.cancelled {
			if err := d.fallBack(ctx, again); err != nil {
				return DispatchResult{}, err
			}
			continue
		}
		if !left || d.control.cancelled {
			break
		}
		if err := d.waitFor(ctx, wave); err != nil {
			return DispatchResult{}, err
		}
		if err := d.deliver(ctx, wave); err != nil {
			return DispatchResult{}, err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			d.in.Paused = d.control.paused
			return DispatchResult{}, workflow.NewContinueAsNewError(ctx, Dispatch, d.in)
		}
	}
	return d.finish(ctx)
}

type dispatchRun struct {
	in      DispatchInput
	control *childControl
}

// next is the earliest wave that is not done.
func (d *dispatchRun) next() (uint32, bool) {
	waves := workflow.DeterministicKeys(d.in.Plan.Waves)
	d.in.Progress.Waves = len(waves)
	d.in.Progress.Planned = 0
	var next uint32
	for i, wave := range waves {
		for _, shard := range workflow.DeterministicKeys(d.in.Plan.Waves[wave]) {
			d.in.Progress.Planned += d.in.Plan.Waves[wave][shard]
		}
		if wave > d.in.Done && next == 0 {
			next, d.in.Progress.Wave = wave, i+1
		}
	}
	return next, next > 0
}

func (d *dispatchRun) waitFor(ctx workflow.Context, wave uint32) error {
	opens := hourOf(wave)
	d.tell(ctx, fmt.Sprintf("wave %d of %d of touch `%s` is due at %s", d.in.Progress.Wave, d.in.Progress.Waves, d.in.Touch, opens.Format(shown)), "nothing to press")
	return waitUntil(ctx, &d.in.Clock, opens, func() bool { return d.control.cancelled }, fmt.Sprintf("until wave %d of %d", d.in.Progress.Wave, d.in.Progress.Waves))
}

// untilResumed says why it waits, while it is paused.
func (d *dispatchRun) untilResumed(ctx workflow.Context) error {
	if d.control.paused {
		why := orElse(d.in.Progress.Trouble, "the campaign was paused; it says by whom")
		d.tell(ctx, why, fmt.Sprintf("mend the cause if there is one, then `starter resume %s`", d.in.Run.Campaign))
	}
	return d.control.untilResumed(ctx)
}

// deliver sends one wave, over again after each pause: what has gone is known, and does not go twice.
func (d *dispatchRun) deliver(ctx workflow.Context, wave uint32) error {
	for {
		if err := d.untilResumed(ctx); err != nil {
			return err
		}
		now := d.in.Clock.At(workflow.Now(ctx))
		if d.control.cancelled || !now.Before(d.in.Closes) {
			d.in.Done = wave
			return nil
		}
		if now.Sub(hourOf(wave)) >= 2*time.Hour { // a pause outlasted the wave: who is left gets a new hour
			return d.replan(ctx, now)
		}
		d.in.Progress.Trouble = ""
		d.report(ctx)
		counts := d.in.Plan.Waves[wave]
		var shards []campaign.Shard
		var planned uint64
		for _, i := range workflow.DeterministicKeys(counts) {
			shards, planned = append(shards, d.in.Shards[i]), planned+counts[i]
		}
		waveCtx, stop := workflow.WithCancel(ctx)
		d.control.stop = stop
		summary := fmt.Sprintf("wave %d of %d, %d customers", d.in.Progress.Wave, d.in.Progress.Waves, planned)
		d.tell(ctx, fmt.Sprintf("it sends %s, of touch `%s`; a shard that keeps retrying shows its reason under *Pending Activities*", summary, d.in.Touch),
			fmt.Sprintf("nothing to press; `starter pause %s` stops it", d.in.Run.Campaign))
		outs, err := overShards(deliver(waveCtx, d.wallUntilClose(now)), dispatch.DeliverWave, shards, func(s campaign.Shard) activities.DeliverWaveInput {
			return activities.DeliverWaveInput{Run: d.in.Run, Touch: d.in.Touch, Wave: wave, Rebase: d.in.Plan.Rebase, Shard: s, Clock: d.in.Clock, Closes: d.in.Closes}
		}, summary)
		stop()
		d.control.stop = nil
		switch {
		case err == nil:
			d.in.Done = wave
			d.count(outs, 0)
			d.await(ctx, PendingStep{Wave: wave, Rebase: d.in.Plan.Rebase, Shards: workflow.DeterministicKeys(counts), Planned: planned})
			d.report(ctx)
			return nil
		case d.control.paused, d.control.cancelled: // what the stopped pages sent is in the warehouse
		case temporal.IsTimeoutError(err): // the wave's purpose is gone: what has not left expires
			d.in.Done = wave
			return nil
		default:
			d.control.paused, d.in.Progress.Trouble = true, plain(err)
			d.report(ctx)
		}
	}
}

// replan gives whoever has not been reached a new hour. Waves that are over keep their numbers, so that none comes twice.
func (d *dispatchRun) replan(ctx workflow.Context, now time.Time) error {
	planned, err := planTouch(ctx, touchToPlan{
		run: d.in.Run, snapshot: d.in.Snapshot, shards: d.in.Shards, touch: d.in.Touch, rebase: d.in.Plan.Rebase + 1, opens: now, closes: d.in.Closes,
		customers: d.in.Progress.Planned, limited: d.in.Limited,
	})
	if err != nil {
		return err
	}
	d.in.Plan, d.in.Done = planned.plan, 0
	return nil
}

func (d *dispatchRun) count(outs []activities.DeliverWaveOutput, step int) {
	if d.in.Progress.Suppressed == nil {
		d.in.Progress.Suppressed = map[string]uint64{}
	}
	for _, out := range outs {
		if len(d.in.Steps) > 0 {
			if d.in.Progress.Channels == nil {
				d.in.Progress.Channels = map[string]uint64{}
			}
			d.in.Progress.Channels[d.in.Steps[step].Channel] += out.Sent
		}
		d.in.Progress.Sent += out.Sent - min(out.Again, out.Sent)
		d.in.Progress.Unknown += out.Unknown
		d.in.Progress.Late += out.Late
		addUp(d.in.Progress.Suppressed, out.Suppressed)
	}
}

// finish counts every delivery of the touch by its final state; what never left expires, or is released when the campaign was cancelled.
func (d *dispatchRun) finish(ctx workflow.Context) (DispatchResult, error) {
	out := DispatchResult{Clock: d.in.Clock, States: map[string]uint64{}}
	d.tell(ctx, fmt.Sprintf("all %d waves of touch `%s` are over; it counts what became of each message", d.in.Progress.Waves, d.in.Touch), "nothing to press")
	closed, err := overShards(compute(ctx), dispatch.CloseTouch, d.in.Shards, func(s campaign.Shard) activities.CloseTouchInput {
		return activities.CloseTouchInput{Run: d.in.Run, Touch: d.in.Touch, Rebase: d.in.Plan.Rebase, Shard: s, Clock: d.in.Clock, Cancelled: d.control.cancelled}
	}, "count "+d.in.Touch)
	for _, c := range closed {
		addUp(out.States, c.States)
	}
	return out, err
}

// tell shows in the Temporal UI where the touch stands, why, and what to press.
func (d *dispatchRun) tell(ctx workflow.Context, why, next string) {
	details := headline(campaign.StageDispatching, d.control.paused)
	p := d.in.Progress
	details += fmt.Sprintf("**Why:** %s\n\n**Next:** %s\n\n- %d of %d messages sent in the waves before%s\n- Campaign: `%s`\n",
		sentence(why), sentence(next), p.Sent, p.Planned, suppressed(p), d.in.Run.WorkflowID())
	if len(p.Channels) > 0 {
		details += "- By channel:"
		for _, step := range d.in.Steps {
			details += fmt.Sprintf(" %s %d", step.Channel, p.Channels[step.Channel])
		}
		details += fmt.Sprintf("; %d waves wait for their next channel\n", len(d.in.Pending))
	}
	workflow.SetCurrentDetails(ctx, details)
}

// hourOf is when a wave's hour begins.
func hourOf(wave uint32) time.Time { return time.Unix(int64(wave)*3600, 0).UTC() }

// wallUntilClose bounds a wave's activities: a Temporal timeout is wall time, a deadline campaign time. A rehearsal's clock stands still while it sends.
func (d *dispatchRun) wallUntilClose(now time.Time) time.Duration {
	if d.in.Clock.Rehearsal {
		return 24 * time.Hour
	}
	return d.in.Closes.Sub(now)
}

// report tells the campaign how far the touch is. A campaign that has ended needs no report.
func (d *dispatchRun) report(ctx workflow.Context) {
	d.in.Progress.Now = d.in.Clock.At(workflow.Now(ctx))
	parent := workflow.GetInfo(ctx).ParentWorkflowExecution
	if parent == nil {
		return
	}
	_ = workflow.SignalExternalWorkflow(ctx, parent.ID, "", progressSignal, d.in.Progress).Get(ctx, nil)
}
