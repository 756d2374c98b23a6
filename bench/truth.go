package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/world"
)

// truthBench computes both potential outcomes of everybody: what they do in four weeks with an offer, and without.
type truthBench struct {
	customers int
	seed      uint64
	market    uint64
}

func (b *truthBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 16_000_000, "size of the population")
	f.Uint64Var(&b.seed, "seed", 1, "of the population")
	f.Uint64Var(&b.market, "market", 0, "draw the population's parameters by this seed (0: the defaults)")
}

// truthSum is what a set of customers comes to. The sum over customers of hashes of key and outcomes does not depend on
// who is computed where.
type truthSum struct {
	customers       uint64
	with, without   int64
	earned          int64
	reached, bought uint64
	checksum        uint64
}

func (s *truthSum) add(o truthSum) {
	s.customers += o.customers
	s.with, s.without, s.earned = s.with+o.with, s.without+o.without, s.earned+o.earned
	s.reached, s.bought = s.reached+o.reached, s.bought+o.bought
	s.checksum += o.checksum
}

// truthCase is the message whose effect is asked for.
type truthCase struct {
	w        *world.World
	touch    world.Touch
	from, to time.Time
}

func (b *truthBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers = 1_000_000
	}
	p := world.Population{
		Customers: uint32(b.customers), Months: 12, Seed: b.seed, Campaigns: 2,
		Until: time.Date(2026, 7, 1, 0, 0, 0, 0, world.Home),
	}
	if b.market != 0 {
		p.Parameters = world.DrawParameters(b.market)
	}
	w, err := world.New(p)
	if err != nil {
		return nil, err
	}
	c := truthCase{w: w, from: w.Until, to: w.Until.AddDate(0, 0, 28)}
	c.touch = world.Touch{
		Campaign: "bench", Occurrence: 1, Touch: "first", Channel: "email", At: w.Until.Add(34 * time.Hour), Content: "price",
		Threshold: 100_000, Reward: 10_000, Terms: &world.Terms{Opens: c.from, Closes: c.to},
	}
	say("%d customers in 16 shards", b.customers)
	out := map[string]any{"customers": b.customers}
	section := (*engines)(nil).begin()
	sixteen, err := c.shards(ctx, 16)
	section.end(out)
	if err != nil {
		return nil, err
	}
	out["customers_per_s"] = float64(sixteen.customers) / out["seconds"].(float64)
	say("and in one")
	began := time.Now()
	one, err := c.shards(ctx, 1)
	if err != nil {
		return nil, err
	}
	out["one_shard_seconds"] = time.Since(began).Seconds()
	out["identical"] = one == sixteen
	out["checksum"] = fmt.Sprintf("%016x", sixteen.checksum)
	n := float64(sixteen.customers)
	out["spend_with"], out["spend_without"], out["reward"] = float64(sixteen.with)/n, float64(sixteen.without)/n, float64(sixteen.earned)/n
	out["bought_without"], out["reached"] = float64(sixteen.bought)/n, float64(sixteen.reached)/n
	if one != sixteen {
		return nil, fmt.Errorf("%w: one shard says %+v and sixteen say %+v", errWrong, one, sixteen)
	}
	return out, c.check(ctx)
}

// shards computes everybody in n ranges, as many at once as there are processors.
func (c truthCase) shards(ctx context.Context, n int) (truthSum, error) {
	sums := make([]truthSum, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		low, high := uint64(i)*uint64(c.w.Customers)/uint64(n)+1, uint64(i+1)*uint64(c.w.Customers)/uint64(n)
		group.Go(func() error {
			o := c.w.Oracle()
			for key := uint32(low); key <= uint32(high); key++ {
				if key%4096 == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				o.Meet(key)
				sums[i].note(key, o.Outcome(c.from, c.to), o.Outcome(c.from, c.to, c.touch))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return truthSum{}, err
	}
	total := truthSum{}
	for _, s := range sums {
		total.add(s)
	}
	return total, nil
}

func (s *truthSum) note(key uint32, without, with world.Outcome) {
	s.customers++
	s.without += without.Spend
	s.with += with.Spend
	s.earned += with.Earned
	if with.Earned > 0 {
		s.reached++
	}
	if without.Purchases > 0 {
		s.bought++
	}
	h := uint64(key)
	for _, v := range []int64{
		int64(without.Purchases), without.Spend, without.Returned, int64(with.Purchases), with.Spend, with.Returned, with.Earned,
	} {
		h = (h ^ uint64(v)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	s.checksum += h
}

// check asks again about some customers, each of a world made anew, from last to first.
func (c truthCase) check(ctx context.Context) error {
	step := max(c.w.Customers/500, 1)
	o := c.w.Oracle()
	for key := c.w.Customers; key > step && ctx.Err() == nil; key -= step {
		fresh, err := world.New(c.w.Population)
		if err != nil {
			return err
		}
		o.Meet(key)
		if have, want := o.Outcome(c.from, c.to, c.touch), fresh.Outcome(key, []world.Touch{c.touch}, c.from, c.to); have != want {
			return fmt.Errorf("%w: customer %d comes to %+v, and asked afresh to %+v", errWrong, key, have, want)
		}
		if have, want := o.Outcome(c.from, c.to), fresh.Outcome(key, nil, c.from, c.to); have != want {
			return fmt.Errorf("%w: customer %d without the message comes to %+v, and asked afresh to %+v", errWrong, key, have, want)
		}
	}
	return ctx.Err()
}
