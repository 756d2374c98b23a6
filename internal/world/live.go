package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/warehouse"
)

var (
	// ErrNoWorld says that the warehouse holds no simulated population: its customers live by themselves.
	ErrNoWorld = errors.New("this warehouse holds no world: make one with starter world")
	// ErrUnfinished says that some customers of the world were never made.
	ErrUnfinished = errors.New("this world is not finished: run the same starter world again")
)

// Open finds the world that the warehouse holds.
func Open(ctx context.Context, store *warehouse.Warehouse) (*World, error) {
	spans, err := store.WorldSpans(ctx, 1, 1)
	if err != nil {
		return nil, err
	}
	if len(spans) == 0 {
		return nil, ErrNoWorld
	}
	p, err := populationOf(spans[0].Seed, spans[0].Customers, spans[0].Months, spans[0].Parameters)
	if err != nil {
		return nil, err
	}
	return New(p)
}

// A Run names one occurrence of a campaign.
type Run struct {
	Campaign   string
	Occurrence uint32
}

// Context is what living on needs to know beside the warehouse. The zero value takes everything from there.
type Context struct {
	Terms map[Run]*Terms // in place of what the campaigns' briefs say
}

// Lived is what Live did.
type Lived struct {
	Customers    uint64 // who had time to live
	Touches      uint64 // messages that had reached them
	Transactions uint64 // rows written
	Interactions uint64 // rows written
	Consents     uint64 // rows written
}

// livingChunk is how many customers live at once. Chunks lie on a grid of keys, whatever range is asked for, so that
// two runs over overlapping ranges write the same blocks.
const livingChunk = 50_000

// Live lets the customers of r live on from where each stands until to: they buy on, and react to what delivery_events
// say reached them before to. All deliveries before to must be recorded by then; one that is recorded later changes only
// what is lived later. Living again, or up to an earlier instant, does nothing.
//
// Twice is once, killed or not, and at once too: rows are a function of their key; those that are there are not written
// again; each block lies in one partition, so it is there whole or not at all; and of two equal blocks that are written
// at the same time the table keeps one. What remains: a block of a run that was given up long ago and that the server
// accepts only after a thousand others, and a run that read fewer deliveries than the one it overlaps with.
func (w *World) Live(ctx context.Context, store *warehouse.Warehouse, r Range, to time.Time, c Context) (Lived, error) {
	var done Lived
	r.High = min(r.High, w.Customers)
	if r.Low < 1 || r.Low > r.High {
		return done, fmt.Errorf("customers %d to %d are no range of the world's %d", r.Low, r.High, w.Customers)
	}
	spans, err := store.WorldSpans(ctx, r.Low, r.High)
	if err != nil {
		return done, err
	}
	if err := w.declaredIn(spans); err != nil {
		return done, err
	}
	terms, err := w.terms(ctx, store, c)
	if err != nil {
		return done, err
	}
	for _, p := range pieces(spans, r) {
		if p.livedTo == 0 {
			return done, fmt.Errorf("customers %d to %d: %w", p.Low, p.High, ErrUnfinished)
		}
		if p.livedTo >= to.Unix() {
			continue
		}
		for low := p.Low; low <= p.High; {
			high := min((low-1)/livingChunk*livingChunk+livingChunk, p.High)
			if err := w.liveChunk(ctx, store, Range{low, high}, p.livedTo, to.Unix(), terms, &done); err != nil {
				return done, fmt.Errorf("customers %d to %d: %w", low, high, err)
			}
			low = high + 1
		}
	}
	return done, nil
}

// declaredIn tells whether the warehouse still holds this world: somebody may have replaced it since it was opened.
func (w *World) declaredIn(spans []warehouse.WorldSpan) error {
	if len(spans) == 0 {
		return ErrNoWorld
	}
	if !w.declaredBy(spans[0]) {
		return fmt.Errorf("%w than the one that was opened (%s)", ErrOther, w.Population)
	}
	return nil
}

func (w *World) declaredBy(s warehouse.WorldSpan) bool {
	return s.Seed == w.Seed && s.Customers == w.Customers && int(s.Months) == w.Months && s.Parameters == w.parameters()
}

// liveChunk lives one chunk of customers, month by month, and last writes up to when it has lived.
func (w *World) liveChunk(ctx context.Context, store *warehouse.Warehouse, r Range, from, to int64, terms map[Run]*Terms, done *Lived) error {
	touches, n, err := touchesOf(ctx, store, r, to, terms)
	if err != nil {
		return err
	}
	done.Touches += n
	for _, part := range months(from, to) {
		did := w.newRecord(part[0], part[1])
		for key := r.Low; key <= r.High; key++ {
			p := w.person(key)
			k := w.known(&p)
			_, reached := w.pastParts(&p, &k)
			did.add(&p, append(reached, touches[key]...), k.consents)
		}
		if err := did.drop(ctx, store, r); err != nil {
			return err
		}
		if err := did.insert(ctx, store, r); err != nil {
			return err
		}
		done.Transactions += uint64(did.transactions.rows())
		done.Interactions += uint64(did.interactions.rows())
		done.Consents += uint64(did.consents.rows())
	}
	done.Customers += uint64(r.size())
	return store.DeclareSpan(ctx, w.span(r.Low, r.High, from, to))
}

// touchesOf reads what reached the customers of r, the messages of past campaigns apart.
func touchesOf(ctx context.Context, store *warehouse.Warehouse, r Range, until int64, terms map[Run]*Terms) (map[uint32][]Touch, uint64, error) {
	touches, n := map[uint32][]Touch{}, uint64(0)
	err := store.WorldTouches(ctx, r.Low, r.High, time.Unix(until, 0), func(t warehouse.WorldTouch) {
		n++
		touches[t.Customer] = append(touches[t.Customer], Touch{
			Campaign: t.Campaign, Occurrence: t.Occurrence, Touch: t.Touch, Channel: t.Channel, At: t.At,
			Content: t.Content, Threshold: t.Threshold, Reward: t.Reward, Terms: terms[Run{t.Campaign, t.Occurrence}],
		})
	})
	return touches, n, err
}

// terms are what counts towards the offers of each run: by the context, or else by the run's brief.
func (w *World) terms(ctx context.Context, store *warehouse.Warehouse, c Context) (map[Run]*Terms, error) {
	runs, err := store.WorldRuns(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[Run]*Terms, len(runs))
	for _, r := range runs {
		var brief campaign.Brief
		if r.Brief != "" {
			if err := json.Unmarshal([]byte(r.Brief), &brief); err != nil {
				return nil, fmt.Errorf("the brief of campaign %s can't be read: %w", r.Campaign, err)
			}
		}
		s := brief.Spec.Settlement
		t := &Terms{
			Opens: r.Launch, Closes: r.Ends,
			Single: s.Measure == "single", Categories: s.Categories, Brands: s.Brands, Excluded: s.Excluded,
		}
		if s.From == "receipt" {
			if t.Within = time.Duration(s.Within); t.Within == 0 {
				t.Within = math.MaxInt64 / 4 // from receipt to the window's end
			}
		}
		out[Run{r.Campaign, r.Occurrence}] = t
	}
	for run, t := range c.Terms {
		out[run] = t
	}
	return out, nil
}

// LivedTo is the instant up to which all customers of r have lived: where a rehearsal may start. It is the zero time if
// some were never made.
func LivedTo(ctx context.Context, store *warehouse.Warehouse, r Range) (time.Time, error) {
	spans, err := store.WorldSpans(ctx, r.Low, r.High)
	if err != nil {
		return time.Time{}, err
	}
	to := int64(math.MaxInt64)
	for _, p := range pieces(spans, r) {
		to = min(to, p.livedTo)
	}
	if to == 0 {
		return time.Time{}, nil
	}
	return time.Unix(to, 0).UTC(), nil
}
