package warehouse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// QualifyCustomers writes the redemptions of a shard and says how many customers an offer reached.
//
// What is due follows from the row's key alone (the reward of the assignment), so that two attempts that see different
// purchases, because some were imported in between, can differ in when and by what it was reached but never in what is
// owed; and the earliest stands. The rows are decided in one query and inserted from here as one block, which is in the
// table whole or not at all: an INSERT SELECT that is killed leaves a part, and one that was thought dead goes on.
// A customer who is there already is left as they are.
func (w *Warehouse) QualifyCustomers(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard) (reached uint64, err error) {
	key := runKey(run, shard)
	judged, err := w.judge(ctx, run, terms, shard, arrived)
	if err != nil {
		return 0, err
	}
	known, err := w.Redemptions(ctx, run, shard)
	if err != nil {
		return 0, err
	}
	there := make(map[campaign.ID]bool, len(known))
	for _, r := range known {
		there[run.PayoutID(r.Customer, r.Offer, r.Round)] = true
	}
	batch, err := w.conn.PrepareBatch(ctx, "INSERT INTO redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)")
	if err != nil {
		return 0, fmt.Errorf("write redemptions: %w", err)
	}
	defer func() { _ = batch.Close() }()
	for _, r := range judged {
		if there[run.PayoutID(r.Customer, r.Offer, r.Round)] {
			continue
		}
		err := batch.Append(run.Campaign, run.Occurrence, run.Launch.UTC(), r.Customer, r.Offer, r.Round, r.QualifiedAt, r.Purchase, int64(r.Spend), int64(r.Due), r.Currency)
		if err != nil {
			return 0, fmt.Errorf("write redemptions: %w", err)
		}
	}
	if batch.Rows() > 0 {
		if err := batch.Send(); err != nil {
			return 0, fmt.Errorf("write redemptions: %w", err)
		}
	}
	parameters := key.with(args{"plan": run.Plan, "closes": second(terms.Closes), "states": arrived, "imported": flag(terms.Imported), "offers": offerIDs(terms)})
	if err := w.conn.QueryRow(ctx, query("settlement_reached"), parameters.list()...).Scan(&reached); err != nil {
		return 0, fmt.Errorf("count whom an offer reached: %w", err)
	}
	return reached, nil
}

// The final states of an attempt after which the customer may have seen the message.
var (
	arrived = mayHaveArrived()
	// Who redeemed in good faith before their address was found to be dead keeps the reward.
	arrivedOrBounced = append(mayHaveArrived(), campaign.DeliveryBounced.String())
)

func mayHaveArrived() (names []string) {
	for _, s := range []campaign.DeliveryState{campaign.DeliveryAttempting, campaign.DeliveryUnknown, campaign.DeliverySent, campaign.DeliveryDelivered} {
		if s.MayHaveArrived() {
			names = append(names, s.String())
		}
	}
	return names
}

// JudgeShard says who of a shard earned what by now, before any cut of first comers. It writes nothing.
func (w *Warehouse) JudgeShard(ctx context.Context, run campaign.Run, t settlement.Terms, shard campaign.Shard) ([]settlement.Redemption, error) {
	return w.judge(ctx, run, t, shard, arrived)
}

// judge says who earned what. The offers are judged in passes of at most 64.
func (w *Warehouse) judge(ctx context.Context, run campaign.Run, t settlement.Terms, shard campaign.Shard, states []string) ([]settlement.Redemption, error) {
	var all []settlement.Redemption
	for offers := range slices.Chunk(t.Offers, mostOffers) {
		t.Offers = offers
		rows, err := w.conn.Query(w.settings(ctx, clickhouse.Settings{compareChains: 0}), query("settlement_judge"), judgeArgs(run, t, shard, states, 0).list()...)
		if err != nil {
			return nil, fmt.Errorf("judge who met the terms: %w", overflow(err))
		}
		for rows.Next() {
			var r settlement.Redemption
			var skipped struct {
				campaign   string
				occurrence uint32
				launch     time.Time
				attempt    uint64
			}
			if err := rows.Scan(&skipped.campaign, &skipped.occurrence, &skipped.launch, &skipped.attempt,
				&r.Customer, &r.Offer, &r.Round, &r.QualifiedAt, &r.Purchase, (*int64)(&r.Spend), (*int64)(&r.Due), &r.Currency); err != nil {
				return nil, errors.Join(fmt.Errorf("judge who met the terms: %w", err), rows.Close())
			}
			all = append(all, r)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("judge who met the terms: %w", overflow(err))
		}
	}
	slices.SortFunc(all, settlement.Redemption.Compare)
	return all, nil
}

func judgeArgs(run campaign.Run, t settlement.Terms, shard campaign.Shard, states []string, attempt uint64) args {
	return runKey(run, shard).with(compiled(t)).with(args{"plan": run.Plan, "launch": run.Launch.UTC().Format(time.DateOnly), "states": states, "attempt": attempt})
}

// overflow knows the exception by which the query says that amounts go beyond 64 bits.
func overflow(err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) && exception.Code == codeThrowIf {
		return errors.Join(money.ErrOverflow, err)
	}
	return err
}

const codeThrowIf = 395

// Redemptions are those of a shard, in order of customer.
func (w *Warehouse) Redemptions(ctx context.Context, run campaign.Run, shard campaign.Shard) ([]settlement.Redemption, error) {
	rows, err := w.conn.Query(ctx, query("settlement_redemptions"), runKey(run, shard).list()...)
	return redeemed(rows, err)
}

// redeemed reads redemptions, of those that count or of those that came too late.
func redeemed(rows driver.Rows, err error) ([]settlement.Redemption, error) {
	if err != nil {
		return nil, fmt.Errorf("read redemptions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []settlement.Redemption
	for rows.Next() {
		var r settlement.Redemption
		if err := rows.Scan(&r.Customer, &r.Offer, &r.Round, &r.QualifiedAt, &r.Purchase, (*int64)(&r.Spend), (*int64)(&r.Due), &r.Currency); err != nil {
			return nil, fmt.Errorf("read redemptions: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// runKey are the parameters that name a run's rows of a shard; a shard of nothing is all customers.
func runKey(run campaign.Run, shard campaign.Shard) args {
	return shardKey(shard).with(args{"campaign": run.Campaign, "occurrence": run.Occurrence})
}

// shardKey are the parameters that name a shard's customers.
func shardKey(shard campaign.Shard) args {
	if shard.Of == 0 {
		shard.Low, shard.High = 0, math.MaxUint32
	}
	return args{"low": shard.Low, "high": shard.High}
}

func (a args) with(more args) args {
	for name, value := range more {
		a[name] = value
	}
	return a
}

// second is an instant as the warehouse keeps it: a DateTime parameter refuses fractions.
func second(at time.Time) time.Time { return at.UTC().Truncate(time.Second) }

func flag(set bool) uint8 {
	if set {
		return 1
	}
	return 0
}
