package activities

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/semaphore"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/settlement"
)

// DeliverProgress is what the heartbeat of a wave says.
type DeliverProgress struct {
	Planned int64 `json:"planned"`
	Page    int   `json:"page"`
	Sent    int64 `json:"sent"` // by this attempt of the activity
}

// DeliverWave sends one wave's messages of one shard, each once, however often it runs and wherever an earlier run was
// killed. See docs/dispatch.md for why.
func (d *Dispatch) DeliverWave(ctx context.Context, in DeliverWaveInput) (DeliverWaveOutput, error) {
	w := &wave{stage: d, in: in, out: DeliverWaveOutput{Suppressed: map[string]uint64{}}}
	stop := w.beat(ctx)
	defer stop()
	err := w.deliver(ctx)
	return w.out, Classify(err)
}

// wave is one run of DeliverWave.
type wave struct {
	stage    *Dispatch
	in       DeliverWaveInput
	out      DeliverWaveOutput
	touch    *touchStage
	channel  dispatch.Channel
	composer *dispatch.Composer
	chain    dispatch.Chain
	rules    dispatch.Rules
	lease    *sendingLease
	redeemed map[uint32]bool // who needs no reminder
	retry    []dispatch.Slot // sent in vain for now
	dirty    bool            // something was sent whose outcome could not be recorded
	parts    map[string]*partStage
	begun    bool // something became of a delivery of the wave before, so that each page has to ask
	most     int  // deliveries of a page
	open     *semaphore.Weighted
	window   *claimWindow // where the provider can't be asked
	guard    *guard
	planned  atomic.Int64
	pages    atomic.Int64
	sent     atomic.Int64
	late     atomic.Int64
}

// beat heartbeats until stop is called, often enough for a pause to be heard within a second.
func (w *wave) beat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx, DeliverProgress{Planned: w.planned.Load(), Page: int(w.pages.Load()), Sent: w.sent.Load()})
			}
		}
	})
	return func() { close(done); group.Wait() }
}

// Messages that were refused for now are tried again after these pauses; then they wait for the touch to close.
var patience = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second}

func (w *wave) deliver(ctx context.Context) (err error) {
	d, in := w.stage, w.in
	if w.touch, err = d.touch(ctx, in.Run, in.Touch); err != nil {
		return err
	}
	if err = w.touch.by(in.Step); err != nil {
		return err
	}
	w.chain = dispatch.NewChain(w.touch.touch)
	if w.channel, err = w.touch.channel(); err != nil {
		return err
	}
	if w.composer, err = w.touch.composer(); err != nil {
		return err
	}
	w.rules = w.touch.rules
	if !in.Closes.IsZero() && in.Closes.Before(w.rules.Closes) {
		w.rules.Closes = in.Closes
	}
	w.guard = d.guardOf(w.touch.name)
	w.most, w.open, w.window = d.room(ctx, w.channel)
	slots, err := d.Store.Slots(ctx, in.Run, in.Touch, in.Rebase, in.Wave, in.Shard)
	if err != nil || len(slots) == 0 {
		return err
	}
	for i := range slots {
		slots[i].Channel = w.touch.name
	}
	w.out.Planned = uint64(len(slots))
	w.planned.Store(int64(len(slots)))
	if w.touch.touch.Only == campaign.OnlyNotRedeemed {
		terms := settlement.TermsOf(w.touch.brief.Spec, w.touch.times).KnownUntil(in.Clock.At(clock.Wall()))
		if w.redeemed, err = d.Store.Redeemed(ctx, in.Run, terms, in.Shard); err != nil {
			return err
		}
	}
	w.lease, err = w.touch.acquire(ctx, dispatch.Lease{
		Touch: in.Touch, Rebase: in.Rebase, Wave: in.Wave, Low: in.Shard.Low, High: in.Shard.High,
	})
	if err != nil {
		return err
	}
	defer func() {
		if returned := w.lease.stop(ctx, !w.dirty); err == nil {
			err = returned
		}
	}()
	// Nobody else sends or settles these while the lease is ours: what was not begun now is begun by us alone.
	if w.begun, err = d.Store.Begun(ctx, in.Run, in.Touch, in.Rebase, in.Wave, in.Shard); err != nil {
		return err
	}
	for round := 0; ; round++ {
		if err := w.all(ctx, slots); err != nil {
			return err
		}
		if len(w.retry) == 0 || round == len(patience) {
			break
		}
		slots, w.retry = w.retry, nil
		if err := pause(ctx, max(patience[round], d.Settings.latency())); err != nil {
			return err
		}
		w.begun, w.dirty = true, false // whatever was on its way has arrived or never will
	}
	w.out.Failed += uint64(len(w.retry))
	w.out.Late = uint64(w.late.Load())
	return nil
}

// all delivers slots page by page, each when it is due.
func (w *wave) all(ctx context.Context, slots []dispatch.Slot) error {
	for len(slots) > 0 {
		n, err := w.due(ctx, slots)
		if err != nil {
			return err
		}
		if err := w.quota(ctx, n); err != nil {
			return err
		}
		w.pages.Add(1)
		if err := w.page(ctx, slots[:n]); err != nil {
			return err
		}
		slots = slots[n:]
	}
	return nil
}

// due waits for the first slot's time and says how many are due. In a rehearsal the whole wave is: its clock stands
// still while it sends.
func (w *wave) due(ctx context.Context, slots []dispatch.Slot) (int, error) {
	most := min(w.most, len(slots))
	if rate := w.touch.brief.Policy.RateOf(w.touch.name); rate > 0 {
		most = min(most, rate) // a quota is leased by the second
	}
	if w.in.Clock.Rehearsal {
		return most, ctx.Err()
	}
	for {
		now := clock.Wall()
		n := 0
		for n < most && !slots[n].At.After(now) {
			n++
		}
		if n > 0 {
			return n, ctx.Err()
		}
		if err := pause(ctx, min(slots[0].At.Sub(now), time.Second)); err != nil {
			return 0, err
		}
	}
}

// moment is the campaign time at which a slot's message would leave now.
func (w *wave) moment(s dispatch.Slot) time.Time {
	return later(s.At, w.in.Clock.At(clock.Wall()).Truncate(time.Millisecond))
}

// count books a delivery that needs nothing more under the state that it is in.
func (w *wave) count(state campaign.DeliveryState, reason string) {
	switch state {
	case campaign.DeliverySent, campaign.DeliveryDelivered:
		w.out.Sent++
	case campaign.DeliveryBounced:
		w.out.Bounced++
	case campaign.DeliverySuppressed:
		w.out.Suppressed[reason]++
	case campaign.DeliveryExpired:
		w.out.Expired++
	case campaign.DeliveryUnknown, campaign.DeliveryAttempting:
		w.out.Unknown++
	default:
		w.out.Failed++
	}
}
