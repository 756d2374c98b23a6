package activities_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

var errKilled = errors.New("killed")

// doomed is the world of a worker that dies after some messages: nothing that it writes from then on arrives, and the
// bytes it had handed over stay handed over.
type doomed struct {
	activities.DispatchStore
	channel dispatch.Channel
	left    atomic.Int64  // messages until it is cut off
	zombie  bool          // cut off from the engine, it goes on sending
	slow    time.Duration // each message takes so long
	after   atomic.Int64  // sent when it was cut off already
	paused  atomic.Int64  // begun when they should not have been any more
	last    atomic.Int64  // when the last one was begun, unix nanoseconds
}

func (d *doomed) dead() bool { return d.left.Load() <= 0 }

func (d *doomed) WriteEvents(ctx context.Context, run campaign.Run, touch string, events []dispatch.Event) error {
	if d.dead() {
		return errKilled
	}
	return d.DispatchStore.WriteEvents(ctx, run, touch, events)
}

func (d *doomed) WriteLease(ctx context.Context, run campaign.Run, l dispatch.Lease) error {
	if d.dead() {
		return errKilled
	}
	return d.DispatchStore.WriteLease(ctx, run, l)
}

func (d *doomed) Ready(ctx context.Context) error { return d.channel.Ready(ctx) }

func (d *doomed) Send(ctx context.Context, m dispatch.Message) dispatch.Receipt {
	d.last.Store(time.Now().UnixNano())
	if ctx.Err() != nil {
		d.paused.Add(1)
	}
	time.Sleep(d.slow)
	if d.left.Add(-1) < 0 {
		if !d.zombie {
			return dispatch.Receipt{Outcome: dispatch.OutcomeUncertain}
		}
		d.after.Add(1)
	}
	return d.channel.Send(ctx, m)
}

func (d *doomed) Lookup(ctx context.Context, ids []string) (map[string]bool, error) {
	return d.channel.Lookup(ctx, ids)
}

// wave plans n people and gives the wave with most of them.
func aWave(t *testing.T, w *warehouse.Warehouse, n uint32) (wave uint32, planned uint64) {
	t.Helper()
	people(t, w, n)
	plan := planAll(t, newDispatch(w, nil))
	wave = busiest(plan)
	return wave, plan.Waves[wave]
}

func TestAKilledWaveIsFinishedWithoutDoubles(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 2500)
	require.Greater(t, planned, uint64(400))

	d := newDispatch(w, mail.channel(t))
	for kill, after := range []int64{1, 77, 250} {
		killed := &doomed{DispatchStore: w, channel: mail.channel(t)}
		killed.left.Store(after)
		_, err := call(t.Context(), doomedDispatch(w, killed).DeliverWave, waveInput(wave))
		require.Error(t, err, "kill %d", kill)
	}
	before := mail.count(t)
	require.Positive(t, before.Mails)
	require.Less(t, before.Mails, int(planned))

	out, err := call(t.Context(), d.DeliverWave, waveInput(wave))
	require.NoError(t, err)
	require.Equal(t, planned, out.Sent, "%+v", out)
	require.Positive(t, out.Settled, "attempts that were open at the kill were asked for")
	require.Equal(t, sinkCount{int(planned), int(planned), int(planned), 0}, mail.count(t))
	require.Equal(t, map[string]uint64{"sent": planned}, states(t, w))
}

// A worker that lost the engine, and that Temporal gave up, still runs: it has to stop by itself before its successor
// begins. Its messages are slow, so that it is in the middle of a page when its lease ends.
func TestAZombieStopsBeforeItsSuccessorSends(t *testing.T) {
	t.Parallel()
	succeedZombie(t, 1500, 500*time.Millisecond, 500*time.Millisecond, "")
}

// What a zombie handed over in its last moment is accepted when it has stopped already: "absent" may not be concluded
// before the provider has had its time.
func TestAZombiesLastMessagesAreWaitedFor(t *testing.T) {
	t.Parallel()
	succeedZombie(t, 400, 0, 6*time.Second, `{"delay_ms":4000}`)
}

func succeedZombie(t *testing.T, n uint32, slow, latency time.Duration, trouble string) {
	t.Helper()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, n)
	zombie := &doomed{DispatchStore: w, channel: mail.channel(t), zombie: true, slow: slow}
	zombie.left.Store(15)
	victim := doomedDispatch(w, zombie)
	victim.Settings.Senders = 16
	if trouble != "" {
		mail.trouble(t, trouble)
	}
	var group sync.WaitGroup
	group.Go(func() {
		_, err := call(t.Context(), victim.DeliverWave, waveInput(wave))
		require.Error(t, err)
		mail.trouble(t, `{}`) // for what comes; what is there already is as slow as it was
	})
	require.Eventually(t, zombie.dead, time.Minute, 5*time.Millisecond)
	successor := newDispatch(w, mail.channel(t))
	successor.Settings.Latency = latency
	out, err := call(t.Context(), successor.DeliverWave, waveInput(wave))
	require.NoError(t, err)
	group.Wait()
	require.Positive(t, zombie.after.Load(), "the zombie did go on")
	require.Positive(t, out.Settled)
	require.Equal(t, planned, out.Sent, "%+v", out)
	require.Equal(t, sinkCount{int(planned), int(planned), int(planned), 0}, mail.count(t))
}

// retried calls a step as Temporal would: a machine that stalls for seconds loses its lease, stops, and another attempt
// goes on. What must hold in the end is the same.
func retried[In, Out any](ctx context.Context, step func(context.Context, In) (Out, error), in In) (out Out, err error) {
	for range 5 {
		var known *temporal.ApplicationError
		if out, err = call(ctx, step, in); err == nil || !errors.As(err, &known) || known.Type() != "LeaseLost" {
			return out, err
		}
	}
	return out, err
}

func TestRunsAtTheSameTimeSendOnce(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 3000)
	var group sync.WaitGroup
	for range 4 {
		d := newDispatch(w, mail.channel(t))
		group.Go(func() {
			out, err := retried(t.Context(), d.DeliverWave, waveInput(wave))
			if err != nil || out.Sent != planned {
				t.Errorf("%+v %v", out, err)
			}
		})
	}
	group.Wait()
	require.Equal(t, sinkCount{int(planned), int(planned), int(planned), 0}, mail.count(t))
}

// A provider that loses, repeats its answers late or not at all, and refuses at times.
func TestAFlakyProvider(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 1000)
	mail.trouble(t, `{"drop":0.1,"lose":0.1,"temporary":0.1}`)
	time.AfterFunc(3*time.Second, func() { mail.trouble(t, `{}`) })
	out, err := retried(t.Context(), newDispatch(w, mail.channel(t)).DeliverWave, waveInput(wave))
	require.NoError(t, err)
	require.Equal(t, planned, out.Sent, "%+v", out)
	require.Positive(t, out.Settled)
	require.Equal(t, sinkCount{int(planned), int(planned), int(planned), 0}, mail.count(t))
}

func TestAnUnaskableProviderLeavesUnknown(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 1200)
	silent, err := smtp.New(smtp.Config{Addr: mail.smtp, TLS: smtp.TLSNone})
	require.NoError(t, err)
	killed := &doomed{DispatchStore: w, channel: silent}
	killed.left.Store(50)
	_, err = call(t.Context(), doomedDispatch(w, killed).DeliverWave, waveInput(wave))
	require.Error(t, err)
	there := mail.count(t).Mails

	d := newDispatch(w, silent)
	out, err := call(t.Context(), d.DeliverWave, waveInput(wave))
	require.NoError(t, err)
	require.LessOrEqual(t, out.Unknown, uint64(50+2*32), "%+v: what had left of the open page, and what little is claimed ahead", out)
	require.Greater(t, 2*there, int(out.Unknown), "%+v: most of it arrived", out)
	require.Equal(t, planned, out.Sent+out.Unknown)
	require.Equal(t, int(out.Sent)+there, mail.count(t).Mails, "nothing unknown is sent again")

	// Once it can be asked, what is unknown is settled.
	out, err = call(t.Context(), newDispatch(w, mail.channel(t)).DeliverWave, waveInput(wave))
	require.NoError(t, err)
	require.Equal(t, planned, out.Sent, "%+v", out)
	require.Equal(t, sinkCount{int(planned), int(planned), int(planned), 0}, mail.count(t))
}

// What a customer has to get is sent again where nobody can tell whether it arrived: twice is better than not at all.
func TestAServiceMessageIsSentAgain(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 500)
	require.NoError(t, w.Conn().Exec(t.Context(), `INSERT INTO consents (customer_key, channel, purpose, night, at, granted)
		SELECT customer_key, channel, 'service', night, at, granted FROM consents`))
	silent, err := smtp.New(smtp.Config{Addr: mail.smtp, TLS: smtp.TLSNone})
	require.NoError(t, err)
	service := func(d *activities.Dispatch) *activities.Dispatch {
		b := campaign.Brief(mailBrief())
		b.Spec.Audience.Purpose = campaign.PurposeService
		d.Briefs = briefs(b)
		return d
	}
	killed := &doomed{DispatchStore: w, channel: silent}
	killed.left.Store(50)
	_, err = call(t.Context(), service(doomedDispatch(w, killed)).DeliverWave, waveInput(wave))
	require.Error(t, err)
	there := mail.count(t).Mails
	require.NotZero(t, there)

	out, err := call(t.Context(), service(newDispatch(w, silent)).DeliverWave, waveInput(wave))
	require.NoError(t, err)
	require.Equal(t, planned, out.Sent, "%+v", out)
	count := mail.count(t)
	require.EqualValues(t, planned, count.Messages, "everybody has it")
	require.Equal(t, there, count.Doubled, "those whose fate nobody knew have it twice, under one Message-ID")
}

func TestTheEngineDiesInTheMiddle(t *testing.T) {
	t.Parallel()
	engine := stacktest.Process(t)
	config := engine.Config()
	w, err := warehouse.Open(t.Context(), config)
	require.NoError(t, err)
	require.NoError(t, warehouse.Migrate(t.Context(), w))
	defer func() { require.NoError(t, w.Close()) }()
	mail := startSink(t)
	wave, planned := aWave(t, w, 2000)

	slow := &doomed{DispatchStore: w, channel: mail.channel(t), slow: 20 * time.Millisecond}
	slow.left.Store(1 << 40)
	d := newDispatch(w, slow)
	var group sync.WaitGroup
	group.Go(func() {
		for range 5 { // as Temporal would
			if _, err := call(t.Context(), d.DeliverWave, waveInput(wave)); err == nil {
				return
			}
			time.Sleep(200 * time.Millisecond)
		}
		t.Error("the wave did not end")
	})
	for range 3 {
		seen := mail.count(t).Mails
		require.Eventually(t, func() bool { return mail.count(t).Mails > seen+20 || mail.count(t).Mails == int(planned) }, time.Minute, 10*time.Millisecond)
		engine.Kill()
		engine.Restart(t)
	}
	group.Wait()
	require.Equal(t, sinkCount{int(planned), int(planned), int(planned), 0}, mail.count(t))
	require.Equal(t, map[string]uint64{"sent": planned}, states(t, w))
}

// A pause stops between two messages: each of the senders may end the one that it has begun, which takes 50 ms here, and
// none begins another. What is recorded after it may take as long as a busy machine needs.
func TestAPauseHoldsWithinASecond(t *testing.T) {
	t.Parallel()
	w, mail := stacktest.Warehouse(t), startSink(t)
	wave, planned := aWave(t, w, 2000)
	slow := &doomed{DispatchStore: w, channel: mail.channel(t), slow: 50 * time.Millisecond}
	slow.left.Store(1 << 40)
	d := newDispatch(w, slow)
	d.Settings.Senders = 4
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var stopped time.Time
	group.Go(func() {
		for mail.count(t).Mails < 50 {
			time.Sleep(10 * time.Millisecond)
		}
		stopped = time.Now()
		cancel()
	})
	_, err := call(ctx, d.DeliverWave, waveInput(wave))
	group.Wait()
	require.Error(t, err)
	require.Less(t, time.Unix(0, slow.last.Load()).Sub(stopped), time.Second, "a message was begun after that")
	require.LessOrEqual(t, slow.paused.Load(), int64(d.Settings.Senders), "each may have been about to begin one")
	require.Less(t, mail.count(t).Mails, int(planned))
	leases, err := w.Leases(t.Context(), mailRun, "first")
	require.NoError(t, err)
	require.NotEmpty(t, leases)
	for _, lease := range leases {
		require.True(t, lease.Released, "who goes on has nothing to wait for")
	}
	out, err := call(t.Context(), newDispatch(w, mail.channel(t)).DeliverWave, waveInput(wave))
	require.NoError(t, err)
	require.Equal(t, planned, out.Sent, "%+v", out)
	require.Zero(t, out.Settled, "a pause leaves nothing open")
	require.Equal(t, sinkCount{int(planned), int(planned), int(planned), 0}, mail.count(t))
}
