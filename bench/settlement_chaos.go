package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/workflows"
)

// settlementChaosBench settles many campaigns at once, on budgets that they share, by the real workflow on a real worker,
// while worker, engine and provider are killed and the provider misbehaves; then it holds every due against the
// provider's own books.
type settlementChaosBench struct {
	runs  int
	seed  uint64
	kills int

	r       *rand.Rand
	engines *engines
	client  client.Client
	brief   campaign.Brief
	times   campaign.Times
	mu      sync.Mutex
	faults  map[string]any // of the provider, now
	killed  map[string]int
	open    uint64 // payouts that were open at the kills
	refused int    // draws on a shared budget that the others had used up
}

const (
	chaosDues      = 220 // of each run; the aim asks for at least 200
	chaosCustomers = 250
	chaosReward    = 5_000
	chaosPool      = 10 // runs that share a budget: it has enough for so many, and one more asks
	chaosWave      = 20 // runs at once: what one waits for, another works
)

func (b *settlementChaosBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.runs, "runs", 200, "campaigns that are settled, 220 dues each")
	f.Uint64Var(&b.seed, "seed", 1, "of the kills and of the provider's misbehaviour")
	f.IntVar(&b.kills, "kills", 6, "kills for each 10 runs, a third of them the worker, the engine and the provider each")
}

// chaosShards cut the customers of a run.
var chaosShards = []campaign.Shard{
	{Index: 0, Of: 2, Low: 1, High: chaosCustomers / 2}, {Index: 1, Of: 2, Low: chaosCustomers/2 + 1, High: chaosCustomers},
}

func (b *settlementChaosBench) run(ctx context.Context, quick bool) (out map[string]any, err error) {
	if quick {
		b.runs, b.kills = 3, 3
	}
	b.r, b.killed = rand.New(rand.NewPCG(b.seed, 1)), map[string]int{} //nolint:gosec // where faults fall, not security
	if b.brief, err = campaignBrief(chaosCustomers); err != nil {
		return nil, err
	}
	b.times, err = b.brief.Spec.Times(time.Time{})
	if err != nil {
		return nil, err
	}
	if b.engines, err = bringUp(ctx); err != nil {
		return nil, err
	}
	defer b.engines.down()
	if b.client, err = b.engines.Running().DialTemporal(ctx, func(o *client.Options) { o.Logger = quiet{} }); err != nil {
		return nil, err
	}
	defer b.client.Close()
	contenders := b.runs + (b.runs+chaosPool-1)/chaosPool // one more a pool than its budget is for
	say("planting %d campaigns", contenders)
	if err := b.plant(ctx, contenders); err != nil {
		return nil, err
	}

	usage := b.engines.usage(stack.PartWorker, stack.PartEngine, stack.PartTemporal)
	var settled []campaign.Run
	for next := 0; len(settled) < b.runs; {
		size := min(chaosWave, b.runs-len(settled))
		asking := size + (size+chaosPool-1)/chaosPool
		won, err := b.wave(ctx, next, asking)
		if err != nil {
			return nil, err
		}
		settled, next = append(settled, won...), next+asking
		say("%d of %d runs are settled; kills %v", len(settled), b.runs, b.killed)
	}
	out = map[string]any{}
	usage.end(out)
	if err := b.misbehave(ctx, nil); err != nil {
		return nil, err
	}
	return out, b.verify(ctx, settled, out)
}

// wave draws, books, settles and kills; it returns the runs that got their share of a budget.
func (b *settlementChaosBench) wave(ctx context.Context, first, asking int) ([]campaign.Run, error) {
	if err := b.misbehave(ctx, b.trouble()); err != nil {
		return nil, err
	}
	var won []campaign.Run
	var failures []error
	var all sync.WaitGroup
	for i := range asking {
		all.Go(func() {
			run := b.named(first + i)
			got, err := b.settle(ctx, run, poolOf(first, i))
			b.mu.Lock()
			defer b.mu.Unlock()
			switch {
			case err != nil:
				failures = append(failures, fmt.Errorf("%s: %w", run.Campaign, err))
			case got:
				won = append(won, run)
			default:
				b.refused++
			}
		})
	}
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		b.strike(ctx, max(b.kills*asking/chaosPool, 3), over)
	}()
	all.Wait()
	close(over)
	<-done
	return won, errors.Join(failures...)
}

func (b *settlementChaosBench) named(i int) campaign.Run {
	return campaign.Run{Campaign: fmt.Sprintf("chaos-%04d", i), Occurrence: 1, Plan: 1, Launch: b.times.Opens}
}

// poolOf names the budget of the i-th of a wave: eleven ask for what is enough for ten.
func poolOf(first, i int) string { return fmt.Sprintf("pool-%04d-%d", first, i/(chaosPool+1)) }

// exposure is what a run reserves: its offers at most.
const chaosExposure = money.Minor(chaosCustomers * chaosReward)

// settle takes one run through its books and its settlement; false says that its budget had nothing left.
func (b *settlementChaosBench) settle(ctx context.Context, run campaign.Run, pool string) (bool, error) {
	at := b.times.Opens
	draw := activities.BookBatchInput{Run: campaign.SharedBudget(pool), Kind: activities.BatchDraw, At: at, Amount: chaosExposure,
		Of: &activities.DrawnBy{Run: run, Currency: b.brief.Spec.Currency, Limit: b.limit(pool)}}
	if err := b.book(ctx, draw); err != nil {
		var known *temporal.ApplicationError
		if errors.As(err, &known) && known.Type() == "Exposure" {
			return false, nil
		}
		return false, err
	}
	if err := b.book(ctx, activities.BookBatchInput{Run: run, Kind: activities.BatchApprove, At: at, Amount: chaosExposure}); err != nil {
		return false, err
	}
	for _, shard := range chaosShards {
		customers := uint64(shard.High - shard.Low + 1)
		tiers := []activities.Tier{{Offer: b.brief.Spec.Offers[0].ID, Customers: customers, Exposure: money.Minor(customers) * chaosReward}}
		if err := b.book(ctx, activities.BookBatchInput{Run: run, Kind: activities.BatchReserve, Shard: shard, At: at, Tiers: tiers}); err != nil {
			return false, err
		}
	}
	in := workflows.SettlementInput{Run: run, Times: b.times, Shards: chaosShards, Clock: clock.Rehearse(b.times.Settles, 0)}
	if _, err := b.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: run.SettlementID(), TaskQueue: workflows.TaskQueue}, workflows.Settlement, in); err != nil {
		return false, err
	}
	var result workflows.SettlementResult
	return true, b.client.GetWorkflow(ctx, run.SettlementID(), "").Get(ctx, &result)
}

// limit is the budget of a pool: enough for ten of its eleven, or for all but one where there are fewer.
func (b *settlementChaosBench) limit(pool string) money.Minor {
	b.mu.Lock()
	defer b.mu.Unlock()
	var first, index int
	_, _ = fmt.Sscanf(pool, "pool-%d-%d", &first, &index)
	inPool := min(chaosPool+1, b.asking(first)-index*(chaosPool+1))
	return money.Minor(inPool-1) * chaosExposure
}

// asking is how many runs ask in the wave that begins at first.
func (b *settlementChaosBench) asking(first int) int {
	done := 0
	for next := 0; ; {
		size := min(chaosWave, b.runs-done)
		asking := size + (size+chaosPool-1)/chaosPool
		if next == first {
			return asking
		}
		done, next = done+size, next+asking
	}
}

// book asks the books' workflow, as an activity of the product does, for as long as a server that was killed is away.
func (b *settlementChaosBench) book(ctx context.Context, in activities.BookBatchInput) error {
	var err error
	for range 100 {
		_, err = workflows.Book.AskOrStart(ctx, b.client, client.StartWorkflowOptions{
			ID: in.Run.BooksID(), TaskQueue: workflows.TaskQueue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, workflows.Books, workflows.BooksState{Run: in.Run}, workflows.BatchKey(in), in)
		var known *temporal.ApplicationError
		if err == nil || ctx.Err() != nil || errors.As(err, &known) && known.NonRetryable() {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
	return err
}
