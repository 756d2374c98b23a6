package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/stack/install"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/forest"
	"github.com/danbi-project/danbi/internal/targeting/xgboost"
)

// scoreBench measures the scoring of everybody with one trained forest, beside XGBoost's own prediction of the same rows
// in the same run, and the whole stage: bins out of the warehouse, scores into it.
type scoreBench struct {
	customers, features, trees int
	seed                       uint64
}

func (b *scoreBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 16_000_000, "size of the population")
	f.IntVar(&b.features, "features", 40, "bins of a customer")
	f.IntVar(&b.trees, "trees", 100, "of the forest; each asks at most six questions")
	f.Uint64Var(&b.seed, "seed", 1, "of the bins and of the training")
}

// Rows that the forest is trained on, and rows that are walked from node to node to see what a score should be.
const (
	scoreTrained = 200_000
	scoreWalked  = 100_000
	// scoreDifference is the largest difference to XGBoost's own logits that is not wrong.
	scoreDifference = 5e-3
)

func (b *scoreBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers = min(b.customers, 500_000)
	}
	path, err := install.XGBoost(ctx, "", func(sentence string) { say("%s", sentence) })
	if err != nil {
		return nil, err
	}
	library, err := xgboost.Open(path)
	if err != nil {
		return nil, err
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	say("filling in the bins")
	if err := fillBins(ctx, e, b.customers, b.features, b.seed); err != nil {
		return nil, err
	}
	booster, err := b.train(ctx, e, library)
	if err != nil {
		return nil, err
	}
	defer func() { _ = booster.Free() }()
	trained, err := booster.Forest()
	if err != nil {
		return nil, err
	}
	scorer, err := forest.NewScorer(trained)
	if err != nil {
		return nil, err
	}
	out := map[string]any{
		"customers": b.customers, "features": b.features, "trees": len(trained.Trees), "leaves": leavesOf(trained),
		"path": scorer.Path(), "xgboost": library.Version,
	}
	say("scoring beside XGBoost %s", library.Version)
	if err := b.compare(ctx, e, scorer, trained, booster, out); err != nil {
		return nil, err
	}
	say("the whole stage")
	return out, b.stage(ctx, e, scorer, out)
}

func leavesOf(f *forest.Forest) (leaves int) {
	for _, t := range f.Trees {
		leaves += (len(t) + 1) / 2
	}
	return leaves
}

// train learns from the first customers an outcome that depends on a dozen of their bins, two by two.
func (b *scoreBench) train(ctx context.Context, e *engines, library *xgboost.Library) (*xgboost.Booster, error) {
	data := xgboost.Data{Bins: make([][]uint8, b.features)}
	first := campaign.Shard{Low: 1, High: uint32(min(scoreTrained, b.customers))}
	if err := e.store.FeatureBins(ctx, scoreSnapshot, nil, first, func(keys []uint32, bins [][]uint8) error {
		for k := range bins {
			data.Bins[k] = append(data.Bins[k], bins[k]...)
		}
		for i, key := range keys {
			data.Label = append(data.Label, plantedOutcome(bins, i, key, b.seed))
		}
		return nil
	}); err != nil {
		return nil, err
	}
	say("training on %d customers", len(data.Label))
	params := xgboost.Defaults(xgboost.Logistic)
	params.Rounds, params.Seed = b.trees, uint32(b.seed)
	return library.Boost(ctx, data, params)
}

// plantedOutcome is drawn from a probability that depends on the bins.
func plantedOutcome(bins [][]uint8, row int, key uint32, seed uint64) float32 {
	score := -1.0
	for k := 0; k+1 < min(12, len(bins)); k += 2 {
		x, y := float64(bins[k][row])/255, float64(bins[k+1][row])/255
		score += math.Sin(5*x+float64(k))*y + 0.5*x
	}
	if float64(mixed(seed, uint64(key), 1<<20)>>11)/(1<<53) < 1/(1+math.Exp(-score)) {
		return 1
	}
	return 0
}

// compare scores every customer by the fast path, the portable one and XGBoost, a block of customers after the other,
// and counts each one's processor time. Some are walked from node to node as well.
func (b *scoreBench) compare(ctx context.Context, e *engines, scorer *forest.Scorer, trained *forest.Forest, booster *xgboost.Booster, out map[string]any) error {
	runtime.LockOSThread() // so that our time is this thread's
	defer runtime.UnlockOSThread()
	slow := scorer.Portable()
	var ours, portable, theirs time.Duration
	var rows, walked, unequal, wrong int
	var worst float64
	var fast, plain, other []float32
	var cells []float32
	all := campaign.Shard{Low: 1, High: uint32(b.customers)}
	err := e.store.FeatureBins(ctx, scoreSnapshot, nil, all, func(keys []uint32, bins [][]uint8) (err error) {
		n := len(keys)
		fast, plain, other = room(fast, n), room(plain, n), room(other, n)
		cells = room(cells, n*len(bins))
		for k, column := range bins {
			for i, bin := range column {
				cells[i*len(bins)+k] = float32(bin)
			}
		}
		began := cpuTime(syscall.RUSAGE_THREAD)
		err = scorer.Score(bins, [][]float32{fast})
		then := cpuTime(syscall.RUSAGE_THREAD)
		if err == nil {
			err = slow.Score(bins, [][]float32{plain})
		}
		ours, portable = ours+then-began, portable+cpuTime(syscall.RUSAGE_THREAD)-then
		if err != nil {
			return err
		}
		began = cpuTime(syscall.RUSAGE_SELF)
		err = xgboost.PredictInPlace(booster, cells, other)
		theirs += cpuTime(syscall.RUSAGE_SELF) - began
		for i := range fast {
			if math.Float32bits(fast[i]) != math.Float32bits(plain[i]) {
				unequal++
			}
			worst = max(worst, math.Abs(float64(fast[i])-float64(other[i])))
		}
		for i := 0; i < n && walked < scoreWalked; i, walked = i+1, walked+1 {
			if math.Float32bits(fast[i]) != math.Float32bits(walk(trained, bins, i)) {
				wrong++
			}
		}
		rows += n
		return err
	})
	if err != nil {
		return err
	}
	out["rows_per_cpu_s"] = float64(rows) / ours.Seconds()
	out["portable_rows_per_cpu_s"] = float64(rows) / portable.Seconds()
	out["xgboost_rows_per_cpu_s"] = float64(rows) / theirs.Seconds()
	out["ratio"] = theirs.Seconds() / ours.Seconds()
	out["max_logit_diff"], out["portable_equal"] = worst, unequal == 0
	switch {
	case rows != b.customers:
		return fmt.Errorf("%w: %d customers were scored, of %d", errWrong, rows, b.customers)
	case unequal > 0:
		return fmt.Errorf("%w: %d scores differ from the portable path's", errWrong, unequal)
	case wrong > 0:
		return fmt.Errorf("%w: %d of %d scores differ from a walk through the trees", errWrong, wrong, walked)
	case worst > scoreDifference:
		return fmt.Errorf("%w: a logit differs from XGBoost's by %v", errWrong, worst)
	}
	return nil
}

// walk is a score by its definition.
func walk(f *forest.Forest, bins [][]uint8, row int) float32 {
	score := f.Base
	for _, t := range f.Trees {
		node := t[0]
		for !node.Leaf() {
			node = t[node.Goes(bins[node.Feature][row])]
		}
		score += node.Value
	}
	return score
}

func room(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

func cpuTime(of int) time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(of, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// stage reads everybody's bins from the warehouse, scores them and writes the scores back, shard by shard.
func (b *scoreBench) stage(ctx context.Context, e *engines, scorer *forest.Scorer, out map[string]any) error {
	run := campaign.Run{Campaign: scoreSnapshot, Occurrence: 1, Plan: 1}
	const shards = 16
	debug.FreeOSMemory() // of what the comparison needed
	section := e.begin(stack.PartEngine)
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i := range uint64(shards) {
		shard := campaign.Shard{
			Index: int(i), Of: shards, Low: uint32(uint64(b.customers)*i/shards) + 1, High: uint32(uint64(b.customers) * (i + 1) / shards),
		}
		group.Go(func() error {
			var scores []float32
			var members []targeting.Member
			return e.store.FeatureBins(working, scoreSnapshot, nil, shard, func(keys []uint32, bins [][]uint8) error {
				scores, members = room(scores, len(keys)), members[:0]
				if err := scorer.Score(bins, [][]float32{scores}); err != nil {
					return err
				}
				for i, key := range keys {
					members = append(members, targeting.Member{Customer: key, Arm: "left_out", Reason: "score", Score: scores[i]})
				}
				return e.store.WriteAudience(working, run, members)
			})
		})
	}
	err := group.Wait()
	section.end(out)
	if err != nil {
		return err
	}
	out["stage_seconds"], out["stage_customers_per_s"] = out["seconds"], float64(b.customers)/out["seconds"].(float64)
	written, err := e.count(ctx, "SELECT uniqExact(customer_key) FROM audience WHERE campaign = {campaign:String}", named("campaign", run.Campaign))
	if err == nil && written != uint64(b.customers) {
		err = fmt.Errorf("%w: %d customers have scores, of %d", errWrong, written, b.customers)
	}
	return err
}
