package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/compose"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/stack"
)

//go:embed settlement.yaml
var settlementSpec []byte

// settlementBench measures who met the terms and what is booked for it, beside a plain scan of the same columns and
// window in the same run.
type settlementBench struct {
	customers, transactions int
	skipBooks               bool
}

func (b *settlementBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 1_000_000, "with an offer each")
	f.IntVar(&b.transactions, "transactions", 0, "of all of them together, all within the window (0: 12.5 a customer)")
	f.BoolVar(&b.skipBooks, "skip-books", false, "judge only")
}

// settlementRun is what the bench settles.
type settlementRun struct {
	*engines
	brief  campaign.Brief
	run    campaign.Run
	times  campaign.Times
	shards []campaign.Shard
}

// Brief gives the bench's own.
func (r *settlementRun) Brief(context.Context, campaign.Run) (campaign.Brief, error) {
	return r.brief, nil
}

func (b *settlementBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers, b.transactions = 100_000, 0
	}
	if b.transactions == 0 {
		b.transactions = b.customers * 25 / 2
	}
	spec, err := campaign.Load("bench/settlement.yaml", settlementSpec)
	if err != nil {
		return nil, err
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	r := &settlementRun{engines: e, brief: campaign.Brief{Spec: spec}}
	if r.run, err = spec.Run(1, 1, time.Time{}); err != nil {
		return nil, err
	}
	if r.times, err = spec.Times(time.Time{}); err != nil {
		return nil, err
	}
	r.cut(b.customers, b.transactions)
	if err := r.prepare(ctx, b.customers, b.transactions); err != nil {
		return nil, err
	}
	out := map[string]any{"customers": b.customers, "shards": len(r.shards)}
	terms := []string{}
	for _, o := range spec.Offers {
		terms = append(terms, o.ID)
	}
	out["terms"] = terms
	if out["transactions"], err = e.count(ctx, "SELECT count() FROM transactions"); err != nil {
		return nil, err
	}
	if _, _, err := r.scan(ctx); err != nil { // the engine reads the tables once before either is measured
		return nil, err
	}
	scan, scanCPU, err := r.scan(ctx)
	if err != nil {
		return nil, err
	}
	say("judging in %d shards", len(r.shards))
	section := e.begin(stack.PartEngine)
	published, err := r.qualify(ctx)
	if err != nil {
		return nil, err
	}
	judging := map[string]any{}
	section.end(judging)
	if !b.skipBooks {
		if err := r.book(ctx, out); err != nil {
			return nil, err
		}
	}
	section.end(out)
	out["qualify_seconds"], out["qualified"] = judging["seconds"], published.Qualified
	out["qualify_cpu_seconds"] = judging["cpu_seconds"]
	out["scan_seconds"], out["scan_cpu_seconds"] = scan, scanCPU
	out["ratio_to_scan"] = judging["seconds"].(float64) / scan
	out["cpu_ratio_to_scan"] = judging["cpu_seconds"].(float64) / scanCPU // holds on a machine that is shared, too
	return out, r.check(ctx, published)
}

// cut makes ranges of about equal work: customers are alike here.
func (r *settlementRun) cut(customers, transactions int) {
	of := max(4, transactions/3_000_000)
	for i := range of {
		r.shards = append(r.shards, campaign.Shard{Index: i, Of: of, Low: uint32(1 + i*customers/of), High: uint32((i + 1) * customers / of)})
	}
}

// over runs a step for each shard, as many at once as a worker does.
func (r *settlementRun) over(ctx context.Context, step func(context.Context, int, campaign.Shard) error) error {
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(compose.AtOnce)
	for i, shard := range r.shards {
		group.Go(func() error { return step(working, i, shard) })
	}
	return group.Wait()
}

// qualify goes through the activities that the settlement workflow goes through, in its order.
func (r *settlementRun) qualify(ctx context.Context) (all activities.PublishRedemptionsOutput, err error) {
	steps := &activities.Settlement{Store: r.store, Briefs: r}
	sets := make([]settlement.Set, len(r.shards))
	err = r.over(ctx, func(ctx context.Context, i int, shard campaign.Shard) error {
		out, err := steps.QualifyCustomers(ctx, activities.QualifyCustomersInput{Run: r.run, Times: r.times, Shard: shard, Staged: true})
		sets[i] = out.Set
		return err
	})
	if err != nil {
		return all, err
	}
	cut, err := steps.CutFirstComers(ctx, activities.CutFirstComersInput{Run: r.run, Times: r.times, Sets: sets})
	if err != nil {
		return all, err
	}
	outs := make([]activities.PublishRedemptionsOutput, len(r.shards))
	err = r.over(ctx, func(ctx context.Context, i int, shard campaign.Shard) (err error) {
		outs[i], err = steps.PublishRedemptions(ctx, activities.PublishRedemptionsInput{Run: r.run, Times: r.times, Shard: shard, Set: sets[i], Cuts: cut.Cuts})
		return err
	})
	for _, out := range outs {
		all.Qualified, all.Due = all.Qualified+out.Qualified, all.Due+out.Due
	}
	return all, err
}

// book reserves all that may become due, and books the dues, batch by batch as the books workflow does.
func (r *settlementRun) book(ctx context.Context, out map[string]any) error {
	books := &activities.Books{Store: r.store, Briefs: r}
	var began time.Time
	head, number, postings := "", uint32(0), uint64(0)
	post := func(in activities.BookBatchInput) error {
		in.Run, in.At = r.run, r.times.Settles
		number++
		posted, err := books.PostBatch(ctx, activities.PostBatchInput{Batch: in, Number: number, Previous: head})
		head = posted.Head
		postings += posted.Postings
		return err
	}
	if err := post(activities.BookBatchInput{Kind: activities.BatchApprove, Amount: r.brief.Spec.Budget.Exposure}); err != nil {
		return err
	}
	for _, shard := range r.shards {
		var tiers []activities.Tier
		for _, o := range r.brief.Spec.Offers {
			most, err := r.brief.Spec.MaxReward(o)
			if err != nil {
				return err
			}
			exposure, err := money.Times(most, int64(shard.High-shard.Low+1)) // as if everybody had it
			if err != nil {
				return err
			}
			tiers = append(tiers, activities.Tier{Offer: o.ID, Customers: uint64(shard.High - shard.Low + 1), Exposure: exposure})
		}
		if err := post(activities.BookBatchInput{Kind: activities.BatchReserve, Shard: shard, Tiers: tiers}); err != nil {
			return err
		}
	}
	began, postings = time.Now(), 0
	for _, shard := range r.shards {
		if err := post(activities.BookBatchInput{Kind: activities.BatchDues, Shard: shard}); err != nil {
			return err
		}
	}
	out["post_seconds"], out["postings"] = time.Since(began).Seconds(), postings
	balance, err := books.CheckBooks(ctx, activities.CheckBooksInput{Run: r.run, Head: head})
	if err != nil {
		return err
	}
	out["trial_balance"] = balance.Sum
	if balance.Sum != 0 || !balance.Intact {
		return fmt.Errorf("%w: the books sum to %d: %v", errWrong, balance.Sum, balance.Findings)
	}
	return nil
}
