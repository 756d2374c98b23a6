package warehouse

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// What one shard's judging may take of the engine's memory; beyond the half it spills.
const (
	judgeMemory int64 = 3 << 30
	judgeSpill  int64 = judgeMemory / 2
)

// compareChains looks for comparisons that follow from others. In a query of many levels that takes the engine longer than
// all else it does to understand the query, and finds nothing (docs/decisions/0011-settlement-levels.md).
const compareChains = "optimize_and_compare_chain"

// FindCandidates judges a shard into a set of its own, and says what the set holds. Another attempt makes another set.
func (w *Warehouse) FindCandidates(ctx context.Context, run campaign.Run, t settlement.Terms, shard campaign.Shard) (settlement.Set, error) {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	set := settlement.Set{Attempt: binary.BigEndian.Uint64(random[:])}
	limited := w.settings(ctx, clickhouse.Settings{"max_memory_usage": judgeMemory, "max_bytes_before_external_group_by": judgeSpill, compareChains: 0})
	all := t.Offers
	for offers := range slices.Chunk(all, mostOffers) {
		t.Offers = offers
		statement := query("settlement_candidates") + "\n" + query("settlement_judge")
		if err := w.conn.Exec(limited, statement, judgeArgs(run, t, shard, arrived, set.Attempt).list()...); err != nil {
			return set, fmt.Errorf("judge who met the terms: %w", overflow(err))
		}
	}
	t.Offers = all
	if err := w.sumSet(ctx, run, &set); err != nil {
		return set, err
	}
	reached := runKey(run, shard).with(args{"plan": run.Plan, "closes": second(t.Closes), "states": arrived, "imported": flag(t.Imported), "offers": offerIDs(t)})
	if err := w.conn.QueryRow(ctx, query("settlement_reached"), reached.list()...).Scan(&set.Reached); err != nil {
		return set, fmt.Errorf("count whom an offer reached: %w", err)
	}
	return set, nil
}

func (w *Warehouse) sumSet(ctx context.Context, run campaign.Run, set *settlement.Set) error {
	parameters := args{"campaign": run.Campaign, "occurrence": run.Occurrence, "attempt": set.Attempt}
	var fits uint8
	if err := w.conn.QueryRow(ctx, query("settlement_set"), parameters.list()...).Scan(&set.Candidates, (*int64)(&set.Due), &set.Checksum, &fits); err != nil {
		return fmt.Errorf("sum the candidates: %w", overflow(err))
	}
	return nil
}

// CutFirstComers finds, for each offer of which there are only so many, where its rewards end: over the sets of all
// shards at once.
func (w *Warehouse) CutFirstComers(ctx context.Context, run campaign.Run, t settlement.Terms, sets []settlement.Set) ([]settlement.Cut, error) {
	attempts := make([]uint64, len(sets))
	for i, set := range sets {
		attempts[i] = set.Attempt
	}
	var cuts []settlement.Cut
	for _, o := range t.Limited() {
		of := args{"campaign": run.Campaign, "occurrence": run.Occurrence, "attempts": attempts, "offer": o.ID, "zone": t.Zone.String()}
		for _, q := range []struct {
			name string
			most int
		}{{"settlement_cut_total", o.FirstCome.Total}, {"settlement_cut_days", o.FirstCome.Day}} {
			if q.most == 0 {
				continue
			}
			err := w.each(ctx, q.name, of.with(args{"most": uint64(q.most), "day": uint64(o.FirstCome.Day)}), func(rows driver.Rows) error {
				c := settlement.Cut{Offer: o.ID}
				err := rows.Scan(&c.Day, &c.At, &c.Purchase, &c.Customer, &c.Round, &c.Refused)
				cuts = append(cuts, c)
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("cut the first comers of offer %s: %w", o.ID, err)
			}
		}
	}
	return cuts, nil
}

// PublishRedemptions makes a shard's set its redemptions, and says how many stand and what is due for them. Running it
// again, or twice at once, leaves the same.
func (w *Warehouse) PublishRedemptions(ctx context.Context, run campaign.Run, t settlement.Terms, shard campaign.Shard, set settlement.Set, cuts []settlement.Cut) (n uint64, due money.Minor, err error) {
	there := settlement.Set{Attempt: set.Attempt, Reached: set.Reached}
	if err := w.sumSet(ctx, run, &there); err != nil {
		return 0, 0, err
	}
	if there != set {
		return 0, 0, fmt.Errorf("attempt %x of shard %s found %d candidates and now has %d: %w", set.Attempt, shard, set.Candidates, there.Candidates, settlement.ErrSetChanged)
	}
	offers, days, ats := []string{}, []string{}, []uint32{}
	purchases, customers, rounds := []uint64{}, []uint32{}, []uint16{}
	for _, c := range cuts {
		offers, days, ats = append(offers, c.Offer), append(days, c.Day), append(ats, uint32(c.At.Unix()))
		purchases, customers, rounds = append(purchases, c.Purchase), append(customers, c.Customer), append(rounds, c.Round)
	}
	key := runKey(run, shard)
	err = w.conn.Exec(ctx, query("settlement_publish"), runKey(run, shard).with(args{
		"attempt": set.Attempt, "zone": t.Zone.String(), "cut_offers": offers, "cut_days": days, "cut_ats": ats,
		"cut_purchases": purchases, "cut_customers": customers, "cut_rounds": rounds,
	}).list()...)
	if err != nil {
		return 0, 0, fmt.Errorf("publish redemptions: %w", err)
	}
	var fits uint8
	if err := w.conn.QueryRow(ctx, query("settlement_published"), key.list()...).Scan(&n, (*int64)(&due), &fits); err != nil {
		return 0, 0, fmt.Errorf("count redemptions: %w", overflow(err))
	}
	return n, due, nil
}
