package world

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/warehouse"
)

var grown = []string{"transactions", "interactions", "consents"}

func grownPrints(t *testing.T, store *warehouse.Warehouse) map[string][2]uint64 {
	t.Helper()
	out := map[string][2]uint64{}
	for _, table := range grown {
		rows, sum := fingerprint(t, store, table)
		out[table] = [2]uint64{rows, sum}
	}
	return out
}

// reach sends every other customer a message with an offer on the second day after the world's end.
func reach(t *testing.T, store *warehouse.Warehouse, w *World) {
	t.Helper()
	at := time.Unix(w.until, 0).UTC()
	for _, statement := range []string{
		`INSERT INTO campaigns SELECT 'summer', 1, 1, 'rehearsal', toDateTime('%[1]s', 'UTC'), toDateTime('%[1]s', 'UTC') + INTERVAL 28 DAY, 'KRW', '{"spec":{"settlement":{"excluded_categories":["fuel"]}}}', '', toDateTime64('%[1]s', 3, 'UTC')`,
		`INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, content, threshold, reward) SELECT 'summer', 1, 1, toDate('%[1]s'), customer_key, 'plus', 'price', 150000, 30000 FROM customers WHERE customer_key %% 2 = 0`,
		`INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at, wall_at) SELECT 'summer', 1, toDate('%[1]s'), 'first', customer_key, 'email', 1, arrayJoin(['attempting', 'sent']), toDateTime64('%[1]s', 3, 'UTC') + INTERVAL 30 HOUR, toDateTime64('%[1]s', 3, 'UTC') FROM customers WHERE customer_key %% 2 = 0`,
		`INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at, wall_at) SELECT 'summer', 1, toDate('%[1]s'), 'first', customer_key, 'email', 1, 'bounced', toDateTime64('%[1]s', 3, 'UTC') + INTERVAL 31 HOUR, toDateTime64('%[1]s', 3, 'UTC') FROM customers WHERE customer_key %% 10 = 0`,
	} {
		require.NoError(t, store.Conn().Exec(t.Context(), fmt.Sprintf(statement, at.Format(time.DateTime))))
	}
}

func TestLivingOnIsTheSameAsHavingLived(t *testing.T) {
	t.Parallel()
	short := small(t, func(p *Population) { p.Customers, p.Campaigns, p.Months = 1_000, 0, 3 })
	long := small(t, func(p *Population) {
		p.Customers, p.Campaigns, p.Months, p.Until = 1_000, 0, 4, p.Until.AddDate(0, 1, 0)
	})
	require.Equal(t, short.From(), long.From())
	grows, whole := stacktest.Warehouse(t), stacktest.Warehouse(t)
	_, err := short.Create(t.Context(), grows, Making{Shard: 400})
	require.NoError(t, err)
	_, err = long.Create(t.Context(), whole, Making{})
	require.NoError(t, err)

	// Ranges and instants other than those in which it was made, and one that went ahead.
	_, err = short.Live(t.Context(), grows, Range{300, 700}, short.Until.AddDate(0, 0, 9), Context{})
	require.NoError(t, err)
	_, err = short.Live(t.Context(), grows, Range{1, 4_000_000}, short.Until.Add(31*time.Hour), Context{})
	require.NoError(t, err)
	done, err := short.Live(t.Context(), grows, Range{1, 1_000}, long.Until, Context{})
	require.NoError(t, err)
	require.EqualValues(t, 1_000, done.Customers)
	require.Equal(t, grownPrints(t, whole), grownPrints(t, grows))

	to, err := LivedTo(t.Context(), grows, Range{1, 1_000})
	require.NoError(t, err)
	require.True(t, to.Equal(long.Until))
}

func TestLivingTwiceOrAtOnceIsLivingOnce(t *testing.T) {
	t.Parallel()
	w := small(t, func(p *Population) { p.Customers, p.Months = 1_500, 3 })
	once, often := stacktest.Warehouse(t), stacktest.Warehouse(t)
	until := w.Until.AddDate(0, 0, 40)
	for _, store := range []*warehouse.Warehouse{once, often} {
		_, err := w.Create(t.Context(), store, Making{})
		require.NoError(t, err)
		reach(t, store, w)
	}
	before := grownPrints(t, once)
	done, err := w.Live(t.Context(), once, Range{1, 1_500}, until, Context{})
	require.NoError(t, err)
	require.EqualValues(t, 600, done.Touches, "bounced messages reach nobody")
	after := grownPrints(t, once)
	require.NotEqual(t, before, after)

	again, err := w.Live(t.Context(), once, Range{1, 1_500}, until, Context{})
	require.NoError(t, err)
	require.Zero(t, again)

	// Several at once, none of which knows of the others.
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			_, err := w.Live(context.Background(), often, Range{1, 1_500}, until, Context{})
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, after, grownPrints(t, often))

	// A watermark that was lost costs time, not truth: what is there is not written again.
	require.NoError(t, often.Conn().Exec(t.Context(), "ALTER TABLE world DELETE WHERE lived_from > {from:DateTime('UTC')} - INTERVAL 1 HOUR SETTINGS mutations_sync = 1", clickhouseNamed("from", w.Until.UTC())))
	redone, err := w.Live(t.Context(), often, Range{1, 1_500}, until, Context{})
	require.NoError(t, err)
	require.EqualValues(t, 1_500, redone.Customers)
	require.Zero(t, redone.Transactions+redone.Interactions)
	transactions, _ := fingerprint(t, often, "transactions")
	require.Equal(t, after["transactions"][0], transactions)

	truth, err := w.Truth(t.Context(), once, Range{1, 1_500}, Run{"summer", 1}, w.Until, w.Until.AddDate(0, 0, 28), Context{})
	require.NoError(t, err)
	require.EqualValues(t, 600, truth.Customers)
	require.Positive(t, truth.Incremental())
	var spend int64
	require.NoError(t, once.Conn().QueryRow(t.Context(), `SELECT sum(amount) FROM transactions WHERE kind = 'purchase' AND customer_key % 2 = 0 AND customer_key % 10 != 0
		AND at >= {from:DateTime('UTC')} AND at < {from:DateTime('UTC')} + INTERVAL 28 DAY`, clickhouseNamed("from", w.Until.UTC())).Scan(&spend))
	require.Equal(t, truth.Spend, spend, "the truth's treated outcome is what the warehouse holds")
}

func TestMadeTwiceAtOnceIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := small(t, func(p *Population) { p.Customers, p.Months = 1_200, 3 })
	calm, crowded := stacktest.Warehouse(t), stacktest.Warehouse(t)
	_, err := w.Create(t.Context(), calm, Making{})
	require.NoError(t, err)
	// The first has declared the world when the others come, as happens when somebody starts it again too soon.
	require.NoError(t, crowded.RememberBlocks(t.Context()))
	require.NoError(t, crowded.DeclareSpan(t.Context(), w.span(0, 0, w.origin, w.origin)))
	var group errgroup.Group
	for range 3 {
		group.Go(func() error {
			_, err := w.Create(context.Background(), crowded, Making{Shard: 300})
			if errors.Is(err, ErrTwice) { // it noticed, and says so
				return nil
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	for _, table := range []string{"customers", "identities", "contacts", "suppressions", "consents", "transactions", "interactions"} {
		rows, sum := fingerprint(t, crowded, table)
		calmRows, calmSum := fingerprint(t, calm, table)
		require.Equal(t, [2]uint64{calmRows, calmSum}, [2]uint64{rows, sum}, table)
	}
}

func TestKilledWhileLivingItCompletes(t *testing.T) {
	t.Parallel()
	w := small(t, func(p *Population) { p.Customers, p.Months = 1_500, 3 })
	until := w.Until.AddDate(0, 3, 0)
	calm := stacktest.Warehouse(t)
	engine := stacktest.Process(t)
	killed, err := warehouse.OpenMigrated(t.Context(), engine.Config())
	require.NoError(t, err)
	defer func() { _ = killed.Close() }()

	// Killed while it is made, by a client that goes away and by an engine that does.
	ctx, cancel := context.WithCancel(t.Context())
	_, err = w.Create(ctx, killed, Making{Workers: 2, Shard: 250, Progress: func(uint32) { cancel() }})
	require.Error(t, err)
	attempt := 0
	for {
		var group errgroup.Group
		group.Go(func() error {
			_, err := w.Create(t.Context(), killed, Making{Workers: 2, Shard: 250})
			return err
		})
		if attempt++; attempt <= 3 {
			time.Sleep(time.Duration(attempt) * 60 * time.Millisecond)
			engine.Kill()
			_ = group.Wait()
			engine.Restart(t)
			continue
		}
		require.NoError(t, group.Wait())
		break
	}
	_, err = w.Create(t.Context(), calm, Making{})
	require.NoError(t, err)
	require.Equal(t, fingerprints(t, calm), fingerprints(t, killed))

	reach(t, calm, w)
	reach(t, killed, w)
	for i := range 3 {
		done := make(chan error, 1)
		go func() {
			_, err := w.Live(t.Context(), killed, Range{1, 1_500}, until, Context{})
			done <- err
		}()
		time.Sleep(time.Duration(10+25*i) * time.Millisecond)
		engine.Kill()
		<-done
		engine.Restart(t)
	}
	_, err = w.Live(t.Context(), killed, Range{1, 1_500}, until, Context{})
	require.NoError(t, err)
	_, err = w.Live(t.Context(), calm, Range{1, 1_500}, until, Context{})
	require.NoError(t, err)
	transactions, sum := fingerprint(t, killed, "transactions")
	calmRows, calmSum := fingerprint(t, calm, "transactions")
	require.Equal(t, [2]uint64{calmRows, calmSum}, [2]uint64{transactions, sum})
}

func TestAnotherWorldIsRefused(t *testing.T) {
	t.Parallel()
	store := stacktest.Warehouse(t)
	_, err := Open(t.Context(), store)
	require.ErrorIs(t, err, ErrNoWorld)
	w := small(t, func(p *Population) { p.Customers, p.Months = 600, 2 })
	_, err = w.Create(t.Context(), store, Making{})
	require.NoError(t, err)
	before := fingerprints(t, store)
	made, err := w.Create(t.Context(), store, Making{})
	require.NoError(t, err)
	require.True(t, made.Already)
	opened, err := Open(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, w.String(), opened.String())

	other := small(t, func(p *Population) { p.Customers, p.Months = 700, 2 })
	_, err = other.Create(t.Context(), store, Making{})
	require.ErrorIs(t, err, ErrOther)
	require.ErrorContains(t, err, "600 customers, 2 months up to 2026-07-01, seed 7")
	require.ErrorContains(t, err, "--replace")
	require.Equal(t, before, fingerprints(t, store), "nothing was changed")
	_, err = other.Create(t.Context(), store, Making{Replace: true})
	require.NoError(t, err)
	_, err = opened.Live(t.Context(), store, Range{1, 100}, w.Until.AddDate(0, 0, 1), Context{})
	require.ErrorIs(t, err, ErrOther, "a world that was replaced since it was opened does not live on")
	n, _ := fingerprint(t, store, "customers")
	require.EqualValues(t, 700, n)
	market := small(t, func(p *Population) { p.Customers, p.Months, p.Parameters = 700, 2, DrawParameters(3) })
	_, err = market.Create(t.Context(), store, Making{})
	require.ErrorIs(t, err, ErrOther, "the same people in another market are others")
	_, err = market.Create(t.Context(), store, Making{Replace: true})
	require.NoError(t, err)
	opened, err = Open(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, market.Population, opened.Population)
	_, err = w.Create(t.Context(), store, Making{Replace: true})
	require.NoError(t, err)
	require.Equal(t, before, fingerprints(t, store))

	require.NoError(t, store.Conn().Exec(t.Context(), "INSERT INTO imports (import, state) VALUES ('mine', 'done')"))
	_, err = other.Create(t.Context(), store, Making{Replace: true})
	require.ErrorIs(t, err, ErrOccupied, "data of one's own are never thrown away")
}
