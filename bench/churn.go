package main

import (
	"cmp"
	"context"
	"flag"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/compose"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/targeting/learn"
	"github.com/danbi-project/danbi/internal/targeting/registry"
	"github.com/danbi-project/danbi/internal/world"
)

// churnBench judges the models of churn by the simulated population: who really drops and when they really leave, and
// what a campaign really gains that goes to whom it keeps, beside one that goes to whoever is at risk.
type churnBench struct {
	customers    int
	seed, market uint64
}

func (b *churnBench) flags(f *flag.FlagSet) {
	f.IntVar(&b.customers, "customers", 100_000, "size of the population")
	f.Uint64Var(&b.seed, "seed", 1, "of the population")
	f.Uint64Var(&b.market, "market", 0, "draw the population's parameters by this seed (0: the defaults)")
}

// A campaign against churn contacts this share of everybody, and is judged over so long.
const (
	churnShare  = .1
	churnDays   = 90
	churnMargin = .2
	churnStep   = 50_000 // won above their own forecast
	churnReward = 5_000
	churnRound  = 10_000
)

func (b *churnBench) run(ctx context.Context, quick bool) (map[string]any, error) {
	if quick {
		b.customers = 15_000
	}
	trainer, err := library(ctx)
	if err != nil {
		return nil, err
	}
	e, err := bringUp(ctx, stack.PartTemporal, stack.PartSink, stack.PartWorker)
	if err != nil {
		return nil, err
	}
	defer e.down()
	until := time.Date(2026, 9, 1, 0, 0, 0, 0, world.Home)
	population := world.Population{Customers: uint32(b.customers), Months: 14, Seed: b.seed, Until: until, Campaigns: 2}
	if b.market != 0 {
		population.Parameters = world.DrawParameters(b.market)
	}
	w, err := world.New(population)
	if err != nil {
		return nil, err
	}
	say("making the world")
	if _, err := w.Create(ctx, e.store, world.Making{}); err != nil {
		return nil, err
	}
	snapshot, err := churnSnapshot(ctx, e, features.Snapshot{Instant: until, Currency: world.Currency, Zone: "Asia/Seoul"})
	if err != nil {
		return nil, err
	}
	out := map[string]any{"customers": b.customers}
	section := e.begin(stack.PartEngine)
	scores := map[string][]float32{}
	for _, kind := range []string{campaign.ModelChurn, campaign.ModelChurnUplift, campaign.ModelWorth, campaign.ModelAuto} {
		say("fitting %s", kind)
		fitted, err := fitForBench(ctx, e, trainer, snapshot, kind)
		if err != nil {
			return nil, err
		}
		if kind == campaign.ModelAuto && registry.Is(fitted.Kind) {
			out["auto_chose"] = fitted.Kind
		} else if fitted.Kind != kind { // too few customers to tell the effect from luck: the campaign would go by this rule
			out[kind+"_rule"], out[kind+"_note"] = fitted.Kind, fitted.Note
			if scores[kind], err = rankAll(ctx, e, snapshot, fitted, b.customers); err != nil {
				return nil, err
			}
			continue
		}
		entry, err := e.store.Entry(ctx, fitted.ID)
		if err != nil {
			return nil, err
		}
		if scores[kind], err = scoreAll(ctx, e, snapshot, entry, b.customers); err != nil {
			return nil, err
		}
		out[kind+"_card"] = entry.Card
	}
	section.end(out)
	say("asking the truth")
	return out, b.judge(ctx, w, until, scores, out)
}

// churnBrief is the campaign that is planned.
func churnBrief(snapshot features.Snapshot, kind string) campaign.Brief {
	return campaign.Brief{Spec: campaign.Spec{
		Campaign: "bench", Goal: campaign.GoalWinBack, Currency: snapshot.Currency, Zone: snapshot.Zone,
		Audience: campaign.Audience{Model: kind, Size: int(churnShare * float64(snapshot.Customers))},
		Offers:   []campaign.Offer{{ID: "more", Kind: campaign.OfferThreshold, Threshold: campaign.Threshold{Step: churnStep, RoundTo: churnRound}, Reward: churnReward}},
		Budget:   campaign.Budget{Margin: churnMargin},
	}}
}

var churnRun = campaign.Run{Campaign: "bench", Occurrence: 1, Plan: 1}

// fitForBench fits a model as a campaign's activity does.
func fitForBench(ctx context.Context, e *engines, trainer learn.Trainer, snapshot features.Snapshot, kind string) (activities.Model, error) {
	fitting := &activities.Targeting{Store: e.store, Briefs: briefOf{churnBrief(snapshot, kind)}, Trainer: trainer}
	fitted, err := fitting.FitModel(ctx, activities.FitModelInput{Run: churnRun, Snapshot: activities.Snapshot(snapshot)})
	return fitted.Model, err
}

// rankAll scores everybody by the rule that stood in for a model.
func rankAll(ctx context.Context, e *engines, snapshot features.Snapshot, m activities.Model, customers int) ([]float32, error) {
	rule, _, err := e.store.Model(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	scorer, err := rule.Scorer()
	if err != nil {
		return nil, err
	}
	brief := churnBrief(snapshot, m.Kind)
	out := make([]float32, customers)
	everybody := campaign.Shard{Low: 0, High: uint32(customers)}
	err = e.store.Candidates(ctx, snapshot.ID, everybody, brief.Spec, targeting.TermsOf(churnRun, brief, snapshot.Instant), func(c *targeting.Candidate) error {
		out[c.Customer-1], _ = scorer.Score(c.Signals)
		return nil
	})
	return out, err
}

type briefOf struct{ brief campaign.Brief }

func (b briefOf) Brief(context.Context, campaign.Run) (campaign.Brief, error) { return b.brief, nil }

// scoreAll scores everybody: by key less one.
func scoreAll(ctx context.Context, e *engines, snapshot features.Snapshot, entry registry.Entry, customers int) ([]float32, error) {
	out := make([]float32, customers)
	everybody := campaign.Shard{Low: 0, High: uint32(customers)}
	err := e.store.FeatureBins(ctx, snapshot.ID, entry.Features, everybody, func(keys []uint32, bins [][]uint8) error {
		block := make([]float32, len(keys))
		if err := entry.Model.Score(bins, block); err != nil {
			return err
		}
		for i, key := range keys {
			out[key-1] = block[i]
		}
		return nil
	})
	return out, err
}

// truthOf is what is true of one customer.
type truthOf struct {
	key       uint32
	active    bool // spent something within 90 days
	dropped   bool // below half of their own forecast in the next 28 days, if nobody contacts them
	left      float64
	reachable bool
	gain      float64 // won, of one contact with an offer, net of reward
	kept      bool    // the contact puts their leaving off
}

func (b *churnBench) judge(ctx context.Context, w *world.World, until time.Time, scores map[string][]float32, out map[string]any) error {
	o := w.Oracle()
	all := make([]truthOf, b.customers)
	for i := range all {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		all[i] = look(o, uint32(i+1), until)
	}
	var risk []float32
	var label []bool
	var leads []float64
	ranked := learn.Descending(scores[campaign.ModelChurn])
	flagged := make([]bool, b.customers)
	for _, i := range ranked[:int(churnShare*float64(b.customers))] {
		flagged[i] = true
	}
	for i, t := range all {
		if !t.active {
			continue
		}
		risk, label = append(risk, scores[campaign.ModelChurn][i]), append(label, t.dropped)
		if flagged[i] && t.left > 0 && t.left <= 180 {
			leads = append(leads, t.left)
		}
	}
	out["auc"], out["judged"] = learn.Area(risk, label), len(label)
	out["lead_days"], out["lead_customers"] = median(leads), len(leads)
	for name, kind := range map[string]string{"value_uplift_targeting": campaign.ModelChurnUplift, "value_risk_targeting": campaign.ModelChurn, "value_worth_targeting": campaign.ModelWorth, "value_auto_targeting": campaign.ModelAuto} {
		out[name], out[name+"_kept"] = worth(all, scores[kind], b.customers)
	}
	oracle := make([]float32, b.customers)
	random := make([]float32, b.customers)
	for i, t := range all {
		oracle[i], random[i] = float32(t.gain), float32(campaign.Uniform("bench", "random", t.key))
	}
	out["value_oracle"], _ = worth(all, oracle, b.customers)
	out["value_random"], _ = worth(all, random, b.customers)
	return nil
}

// worth is the mean gain of a contact, in won, of those with the highest scores among whom a message may be sent to, and
// how many in a thousand of them it keeps.
func worth(all []truthOf, score []float32, customers int) (gain, kept float64) {
	n := 0.0
	for _, i := range learn.Descending(score) {
		if !all[i].reachable {
			continue
		}
		if n >= churnShare*float64(customers) {
			break
		}
		n++
		gain += all[i].gain
		if all[i].kept {
			kept++
		}
	}
	return gain / max(n, 1), 1000 * kept / max(n, 1)
}

// look asks the world about one customer: both potential outcomes share all draws, so the gain is exact.
func look(o *world.Oracle, key uint32, at time.Time) truthOf {
	o.Meet(key)
	before := o.Outcome(at.AddDate(0, 0, -90), at).Spend
	month := o.Outcome(at, at.AddDate(0, 0, 28)).Spend
	forecast := before * 28 / 90
	threshold := (forecast + churnStep + churnRound - 1) / churnRound * churnRound
	touch := world.Touch{
		Campaign: "bench", Occurrence: 1, Touch: "first", Channel: "email", At: at.Add(34 * time.Hour), Content: "price",
		Threshold: threshold, Reward: churnReward, Terms: &world.Terms{Opens: at, Closes: at.AddDate(0, 0, 28)},
	}
	end := at.AddDate(0, 0, churnDays)
	without, with := o.Outcome(at, end), o.Outcome(at, end, touch)
	leaves, leavesThen := o.DropsOut(), o.DropsOut(touch)
	return truthOf{
		key: key, active: before > 0, dropped: float64(month) < .5*float64(forecast), left: leaves.Sub(at).Hours() / 24,
		reachable: o.Reachable("email", at), kept: leavesThen.After(leaves.Add(24 * time.Hour)),
		gain: churnMargin*float64(with.Spend-without.Spend) - float64(with.Earned),
	}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.SortFunc(values, cmp.Compare)
	return values[len(values)/2]
}

// churnSnapshot goes through the entry points that the workflow's activities go through.
func churnSnapshot(ctx context.Context, e *engines, want features.Snapshot) (features.Snapshot, error) {
	snapshot, shards, err := e.store.PlanSnapshot(ctx, want, 0)
	if err != nil {
		return snapshot, err
	}
	counts := make([]uint64, len(shards))
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(compose.AtOnce)
	for i, shard := range shards {
		group.Go(func() (err error) {
			counts[i], err = e.store.ExtractFeatures(working, snapshot, shard)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return snapshot, err
	}
	var total uint64
	for _, n := range counts {
		total += n
	}
	return e.store.PublishSnapshot(ctx, snapshot, shards, total)
}
