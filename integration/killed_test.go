package integration

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/world"
	"github.com/danbi-project/danbi/workflows"
)

// Everything that can be killed is killed while something is open, again and again; at the end every customer of the
// treated audience has exactly one mail, every due one payout, and the books balance.
func TestKilledItFinishes(t *testing.T) {
	if stack.ExternalClickHouse() || stack.ExternalTemporal() {
		t.Skip("the environment names servers that are not ours to kill")
	}
	l := up(t, nil)
	b := brief(t, "card-spend.yaml", func(b *campaign.Brief) {
		b.Spec.Audience.Size, b.Spec.Audience.Rule = 0, "" // everybody; less than half have an offer that pays
		b.Spec.Timing.From, b.Spec.Timing.Until = 10*60, 15*60
		b.Spec.Audience.Exclude = campaign.Exclusion{}
		b.Spec.Audience.Control = .05
		b.Policy.Rates = []campaign.Rate{{Channel: campaign.ChannelEmail, PerSecond: 700}} // so that it lasts long enough to be killed
		b.Spec.Budget.Expected, b.Spec.Budget.Exposure = 1_000_000_000, 2_000_000_000
		b.Policy.Limits.Customers, b.Policy.Limits.Expected, b.Policy.Limits.Exposure = 1_000_000, 1_000_000_000, 2_000_000_000
		limits := b.Policy.Limits
		b.Policy.AutoApprove = &limits
	})
	l.populate(120_000, b)
	run := l.start(b, true, 0)

	l.until(run, 5*time.Minute, "the first wave", func(s workflows.Status) bool { return s.Stage == campaign.StageDispatching && s.Dispatch.Waves > 0 })
	k := &killer{local: l, run: run, killed: map[string]int{}}
	openMails := `SELECT countIf(reached = 'attempting'), count() FROM (SELECT max(state) AS reached FROM delivery_events WHERE campaign = {campaign:String} GROUP BY touch, customer_key, attempt)`
	for range 4 {
		for _, part := range []string{stack.PartWorker, stack.PartEngine, stack.PartTemporal} {
			k.kill(part, "deliveries", openMails, func(s workflows.Status) bool { return s.Stage != campaign.StageDispatching })
		}
	}
	l.until(run, 10*time.Minute, "settling", func(s workflows.Status) bool { return s.Stage == campaign.StageSettling || settled(s) })
	openPayouts := `SELECT countIf(reached = 'requested'), count() FROM (SELECT max(state) AS reached FROM payout_events WHERE campaign = {campaign:String} GROUP BY payout)`
	l.slowPayouts(20 * time.Millisecond)
	k.begun = 0
	for range 2 {
		for _, part := range []string{stack.PartWorker, stack.PartEngine, stack.PartTemporal} {
			k.kill(part, "payouts", openPayouts, settled)
		}
	}
	l.slowPayouts(0)
	l.until(run, 10*time.Minute, "the settled end", settled)
	t.Log(k.String())
	for _, part := range []string{stack.PartWorker, stack.PartEngine, stack.PartTemporal} {
		require.GreaterOrEqual(t, k.killed[part], 5, "kills of the %s while something was open", part)
	}
	l.verifyMail(run, 20_000)
	l.verifyMoney(run, 200)
}

// populate makes the simulated population that a spec's rehearsal starts from.
func (l *local) populate(customers uint32, b campaign.Brief) {
	l.t.Helper()
	l.populateUntil(customers, b.Spec.Window.Starts.Time)
}

func (l *local) populateUntil(customers uint32, until time.Time) {
	l.t.Helper()
	opens := until.In(world.Home)
	w, err := world.New(world.Population{
		Customers: customers, Months: 6, Seed: 7, Campaigns: 2, Until: time.Date(opens.Year(), opens.Month(), opens.Day(), 0, 0, 0, 0, world.Home),
	})
	require.NoError(l.t, err)
	_, err = w.Create(l.t.Context(), l.store, world.Making{})
	require.NoError(l.t, err)
}

// killer kills parts while attempts are open, and remembers how many were.
type killer struct {
	*local
	run    campaign.Run
	killed map[string]int
	begun  uint64 // attempts there were at the last kill: the next one comes when there are new ones
	log    []string
}

// kill waits until something is open, kills the part with SIGKILL, and waits until its successor serves.
func (k *killer) kill(part, what, open string, over func(workflows.Status) bool) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), 3*time.Minute)
	defer cancel()
	var n, begun uint64
	killed, err := k.stack.KillWhen(ctx, part, func(ctx context.Context) bool {
		asking, enough := context.WithTimeout(ctx, 5*time.Second)
		defer enough()
		if err := k.store.Conn().QueryRow(asking, open, k.args()...).Scan(&n, &begun); err == nil && n > 0 && begun != k.begun {
			return true
		}
		if status, err := k.status(k.run); err == nil && over(status) {
			cancel()
		}
		return false
	})
	require.NoError(k.t, err)
	if killed {
		k.killed[part]++
		k.begun = begun
		k.log = append(k.log, fmt.Sprintf("%s with %d open %s", part, n, what))
	}
}

func (k *killer) args() []any { return named(k.run) }

func (k *killer) String() string { return "killed: " + strings.Join(k.log, "; ") }

// slowPayouts makes the provider take its time, so that payouts are open when something dies.
func (l *local) slowPayouts(delay time.Duration) {
	l.t.Helper()
	request, err := http.NewRequestWithContext(l.t.Context(), http.MethodPut, l.stack.Running().Sink.HTTP+"/faults", strings.NewReader(fmt.Sprintf(`{"payouts":{"delay_ms":%d}}`, delay.Milliseconds())))
	require.NoError(l.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(l.t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(l.t, http.StatusOK, response.StatusCode)
}
