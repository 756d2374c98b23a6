package world

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/warehouse"
)

var (
	// ErrOther says that the warehouse holds another world, which only Replace throws away.
	ErrOther = errors.New("this warehouse holds another world")
	// ErrOccupied says that the warehouse holds real data or live campaigns, which no world may replace.
	ErrOccupied = errors.New("this warehouse holds more than a world")
	// ErrTwice says that rows were written by two runs at once.
	ErrTwice = errors.New("this world was made by two runs at once: make it anew with --replace")
)

// Making says how a world is written. The zero value is what people want.
type Making struct {
	Replace  bool                   // throw another world away, and all that was made of it
	Workers  int                    // shards at once; 0: one more than there are processors
	Shard    uint32                 // customers at once; 0: as many as make one block of transactions
	Progress func(customers uint32) // called, by many goroutines, as customers are done
}

// Made is what Create did.
type Made struct {
	Already   bool // nothing: the world was there
	Resumed   bool // a run that was broken off was completed
	Customers uint32
}

// blockRows is how many transactions one insert may hold such that the server takes it as one block.
const blockRows = 800_000

// Create fills the warehouse with the world. A world that is there is left as it is; one that a killed run left
// unfinished is completed; another one is ErrOther unless Replace.
func (w *World) Create(ctx context.Context, store *warehouse.Warehouse, m Making) (Made, error) {
	spans, err := store.WorldSpans(ctx, 1, math.MaxUint32)
	if err != nil {
		return Made{}, err
	}
	made, err := w.prepare(ctx, store, &spans, m.Replace)
	if err != nil || made.Already {
		return made, err
	}
	if !made.Resumed {
		if err := store.RememberBlocks(ctx); err != nil {
			return made, err
		}
		if err := store.DeclareSpan(ctx, w.span(0, 0, w.origin, w.origin)); err != nil {
			return made, err
		}
	}
	if err := w.createCatalog(ctx, store); err != nil {
		return made, err
	}
	if m.Shard == 0 {
		m.Shard = w.shardSize()
	}
	if m.Workers == 0 {
		m.Workers = runtime.GOMAXPROCS(0) + 1
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(m.Workers)
	for low := uint32(1); low <= w.Customers; low += m.Shard {
		r := Range{low, min(low+m.Shard-1, w.Customers)}
		if covered(spans, r, w.until) {
			made.Customers += r.size()
			continue
		}
		group.Go(func() error {
			if err := w.createRange(ctx, store, r, made.Resumed); err != nil {
				return fmt.Errorf("customers %d to %d: %w", r.Low, r.High, err)
			}
			if m.Progress != nil {
				m.Progress(r.size())
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return made, err
	}
	made.Customers = w.Customers
	return made, nil
}

// prepare looks at what the warehouse holds and clears it if it may.
func (w *World) prepare(ctx context.Context, store *warehouse.Warehouse, spans *[]warehouse.WorldSpan, replace bool) (Made, error) {
	declared := len(*spans) > 0
	if declared {
		s := (*spans)[0]
		same := w.declaredBy(s)
		switch {
		case same && !replace:
			if covered(*spans, Range{1, w.Customers}, w.until) {
				return Made{Already: true, Customers: w.Customers}, nil
			}
			return Made{Resumed: true}, nil
		case !same && !replace:
			there := fmt.Sprintf("%d customers, %d months, seed %d, %s", s.Customers, s.Months, s.Seed, s.Parameters)
			if p, err := populationOf(s.Seed, s.Customers, s.Months, s.Parameters); err == nil {
				there = p.String()
			}
			return Made{}, fmt.Errorf("%w (%s): use --replace to throw it and its campaigns away, or another database", ErrOther, there)
		}
	}
	holds, err := store.WorldSummary(ctx)
	if err != nil {
		return Made{}, err
	}
	switch {
	case holds.Imports > 0:
		return Made{}, fmt.Errorf("%w: %d imports of your own data. Use another database for the world", ErrOccupied, holds.Imports)
	case holds.LiveCampaigns > 0:
		return Made{}, fmt.Errorf("%w: %d live campaigns. Use another database for the world", ErrOccupied, holds.LiveCampaigns)
	case !declared && holds.Customers+holds.Transactions > 0 && !replace:
		return Made{}, fmt.Errorf("%w: %d customers that no world made. Use another database, or --replace if they may go", ErrOccupied, holds.Customers)
	case replace:
		*spans = nil
		return Made{}, store.ClearWorld(ctx)
	}
	return Made{}, nil
}

// shardSize depends on the population alone, so that a run that was broken off is completed in the same pieces.
func (w *World) shardSize() uint32 {
	one := float64(blockRows) / (1.3 * w.RateMean * float64(w.Months))
	return uint32(max(min(one, 60_000, math.Ceil(float64(w.Customers)/16)), 500))
}

func (w *World) span(low, high uint32, from, to int64) warehouse.WorldSpan {
	return warehouse.WorldSpan{
		Seed: w.Seed, Customers: w.Customers, Months: uint16(w.Months), Parameters: w.parameters(),
		Low: low, High: high, From: time.Unix(from, 0), To: time.Unix(to, 0),
	}
}

// createRange writes one range of customers, and last that it is there. After a crash what is there already is not
// written again: blocks are there whole or not at all, apart from those that lie in several months, which are looked
// through row by row.
func (w *World) createRange(ctx context.Context, store *warehouse.Warehouse, r Range, resumed bool) error {
	blocks, did := w.generate(r)
	for _, b := range blocks {
		if err := w.insertOnce(ctx, store, b, r, resumed); err != nil {
			return err
		}
	}
	if resumed {
		if err := did.drop(ctx, store, r); err != nil {
			return err
		}
	}
	expected := uint64(did.transactions.rows() + did.dropped)
	for _, b := range []block{
		{table: warehouse.WorldInteractions, rows: did.interactions.rows(), columns: did.interactions.columns()},
		{table: warehouse.WorldTransactions, rows: did.transactions.rows(), columns: did.transactions.columns()},
	} {
		if b.rows == 0 {
			continue
		}
		if err := store.InsertWorld(ctx, b.table, w.token(r), b.columns); err != nil {
			return err
		}
	}
	for table, rows := range map[warehouse.WorldTable]uint64{warehouse.WorldTransactions: expected, warehouse.WorldCustomers: uint64(r.size())} {
		switch n, err := store.WorldRows(ctx, table, "", r.Low, r.High); {
		case err != nil:
			return err
		case n != rows:
			return fmt.Errorf("%s has %d rows where %d belong: %w", table, n, rows, ErrTwice)
		}
	}
	return store.DeclareSpan(ctx, w.span(r.Low, r.High, w.origin, w.until))
}

// insertOnce inserts a block unless a run that was broken off has.
func (w *World) insertOnce(ctx context.Context, store *warehouse.Warehouse, b block, r Range, resumed bool) error {
	if b.rows == 0 {
		return nil
	}
	if resumed {
		switch n, err := store.WorldRows(ctx, b.table, b.campaign, r.Low, r.High); {
		case err != nil:
			return err
		case n == uint64(b.rows):
			return nil
		case n > 0:
			return fmt.Errorf("%s has %d rows where %d belong: %w", b.table, n, b.rows, ErrTwice)
		}
	}
	return store.InsertWorld(ctx, b.table, w.token(r), b.columns)
}

// token names a range's making. The server adds the month, so that of a month that two runs write at once one is kept;
// a month that is there whole is not written by the second, which has looked.
func (w *World) token(r Range) string {
	return fmt.Sprintf("world-%d-%d-%d-%016x-%d-%d", w.Seed, w.Customers, w.Months, hashText(w.parameters()), r.Low, r.High)
}

// generate lives a range of customers from the world's origin to its end.
func (w *World) generate(r Range) ([]block, *record) {
	people := newCustomerRows(w.until)
	past := make([]pastRows, len(w.past))
	for i, c := range w.past {
		past[i] = newPastRows(c)
	}
	did := w.newRecord(w.origin, w.until)
	for key := r.Low; key <= r.High; key++ {
		p := w.person(key)
		k := w.known(&p)
		people.add(&p, &k)
		parts, touches := w.pastParts(&p, &k)
		for i := range parts {
			past[i].add(w, &p, &parts[i])
		}
		did.add(&p, touches, k.consents)
	}
	blocks := people.blocks()
	for i := range past {
		blocks = append(blocks, past[i].blocks()...)
	}
	blocks = append(blocks, block{table: warehouse.WorldConsents, rows: did.consents.rows(), columns: did.consents.columns()})
	return blocks, did
}
