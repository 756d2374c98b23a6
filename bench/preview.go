package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/compose"
	"github.com/danbi-project/danbi/internal/compose/preview"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/world"
)

// previewBench measures how long a manager waits for the preview of a campaign whose rule has three parts.
type previewBench struct {
	customers int
	seed      uint64
}

func (b *previewBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 16_000_000, "size of the population")
	f.Uint64Var(&b.seed, "seed", 1, "of the population")
}

const (
	previewRuns = 20
	previewRule = `purchases_90d >= 3 && spend_28d < 300000 && recency_to_rhythm > 1.2`
	// The same, as somebody would ask the table.
	previewNaive = `SELECT count() FROM features WHERE snapshot = {snapshot:String} AND purchases_90d >= 3 AND spend_28d < 300000 AND recency_to_rhythm > 1.2`
)

func (b *previewBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers = 50_000
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	until := benchUntil
	if err := e.populate(ctx, b.customers, 0, b.seed, until, false); err != nil {
		return nil, err
	}
	say("taking the snapshot")
	snapshot, err := compose.TakeSnapshot(ctx, e.store, features.Snapshot{Instant: until, Currency: "KRW", Zone: "Asia/Seoul"}, sayProgress)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"customers": snapshot.Customers, "rule": previewRule}
	say("previewing")
	section := e.begin(stack.PartEngine)
	times := make([]float64, previewRuns)
	var found preview.Preview
	for i := range times {
		began := time.Now()
		if found, err = preview.Make(ctx, e.store, previewBrief(until), until, preview.How{Oldest: 24 * time.Hour}); err != nil {
			return nil, err
		}
		times[i] = float64(time.Since(began).Microseconds()) / 1000
	}
	section.end(out)
	slices.Sort(times)
	out["p50_ms"], out["p99_ms"], out["max_ms"], out["runs"] = times[previewRuns/2], times[previewRuns-1], times[previewRuns-1], previewRuns
	out["sample"], out["treated"], out["ranked_by"] = found.Sample, found.Treated, found.Model.Kind
	return out, b.check(ctx, e, snapshot, found, out)
}

// check recounts whom the rule holds for by a query of its own: the exact count must be equal, and what was estimated
// within five standard errors.
func (b *previewBench) check(ctx context.Context, e *engines, snapshot features.Snapshot, found preview.Preview, out map[string]any) error {
	naive, err := e.count(ctx, previewNaive, named("snapshot", snapshot.ID))
	if err != nil {
		return err
	}
	out["matches"] = naive
	if found.Matches != nil && *found.Matches != naive {
		return fmt.Errorf("%w: the rule holds for %d customers by the preview and for %d by the features", errWrong, *found.Matches, naive)
	}
	var reached, all uint64
	for _, step := range found.Funnel {
		all += step.Customers
		if step.Reason != targeting.ReasonRule && step.Reason != targeting.ReasonHoldout {
			reached += step.Customers
		}
	}
	const notHeldOut = .98
	share, want := float64(reached)/float64(all), float64(naive)/float64(snapshot.Customers)*notHeldOut
	looked := float64(found.Sample)
	if looked == 0 {
		looked = float64(snapshot.Customers)
	}
	if allowed := 5*math.Sqrt(want*(1-want)/looked) + 1e-6; math.Abs(share-want) > allowed {
		return fmt.Errorf("%w: %.4f of the customers pass the rule by the funnel and %.4f by the features, which is more than chance (%.4f)", errWrong, share, want, allowed)
	}
	if math.Abs(float64(all)-float64(snapshot.Customers)) > 20 { // rounded once a reason
		return fmt.Errorf("%w: the funnel counts %d of %d customers", errWrong, all, snapshot.Customers)
	}
	return nil
}

func previewBrief(opens time.Time) campaign.Brief {
	return campaign.Brief{
		Spec: campaign.Spec{
			Campaign: "bench", Currency: "KRW", Zone: "Asia/Seoul", Language: "ko",
			Window:   campaign.Window{Starts: campaign.Moment{Time: opens.In(world.Home)}, Length: campaign.Duration(28 * 24 * time.Hour)},
			Audience: campaign.Audience{Rule: previewRule, Model: campaign.ModelResponse, Control: .1, Purpose: "marketing"},
			Offers: []campaign.Offer{{ID: "small", Kind: campaign.OfferThreshold, Reward: 3000, Threshold: campaign.Threshold{Step: 30_000, Stretch: 1, RoundTo: 10_000, Min: 30_000}},
				{ID: "large", Kind: campaign.OfferThreshold, Reward: 9000, Threshold: campaign.Threshold{Step: 100_000, Stretch: 1, RoundTo: 10_000, Min: 30_000}}},
			Budget:  campaign.Budget{Expected: 500_000_000, Exposure: 5_000_000_000, Margin: .3},
			Touches: []campaign.Touch{{ID: "first", Channels: []string{campaign.ChannelEmail}}},
		},
		Policy: campaign.Policy{Salt: "bench", Holdout: .02, ConsentAge: campaign.Duration(2 * 365 * 24 * time.Hour)},
	}
}
