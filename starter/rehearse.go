package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/forecast"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/internal/world/likeness"
)

// rehearseOptions say how a plan is rehearsed.
type rehearseOptions struct {
	policy     string
	runs       int
	customers  uint32
	population uint64 // that the figures are for
	seed       uint64
	usual      bool // the defaults in place of drawn markets
	atOnce     int
	folder     string // where runs live
	at         string // date from which the next window is looked for
	opening    opening
	like       likeOptions
	fitted     []likeness.Fitted // to the files of like; the rest is drawn
}

func newRehearseCommand(a *App) *cobra.Command {
	var o rehearseOptions
	cmd := &cobra.Command{
		Use:     "rehearse SPEC",
		Short:   "Run a campaign many times on simulated people, and say what it will bring",
		GroupID: groupCampaign,
		Long: `Runs the very workflow of the spec on simulated populations, in compressed time, each run in a small local stack of
its own that is thrown away afterwards: your servers, customers and providers are never touched. Each run draws another
market at random from the ranges of docs/world.md. Together the runs say, with intervals that contain the outcome of one
more such run four times of five, how many will respond, what they will spend, and what it will cost; which limits were
breached; and where the plan is fragile.

The audience and the budget are scaled to the size of a run, and the figures back to the real population.

When a warehouse is running, the forecast is kept there, and starter report shows it beside the outcome.`,
		Example: `  starter rehearse examples/card-spend.yaml --runs 20
  starter rehearse examples/win-back.yaml --runs 9 --customers 10000 --population 2000000 --json
  starter rehearse spring.yaml --like exports --mapping mapping.yaml
  starter rehearse examples/monthly.yaml --at 2026-11-15   # a schedule: its first window from then on`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: yamlFiles,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.rehearseMany(cmd.Context(), args[0], o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.policy, "policy", "", "policy file (default: policy.yaml beside the spec or above it)")
	flags.IntVar(&o.runs, "runs", 20, "how many rehearsals; 9 are the least that an interval of 80 % takes")
	flags.Uint32Var(&o.customers, "customers", 20_000, "simulated customers of each run")
	flags.Uint64Var(&o.population, "population", 0, "customers that the figures are for (default: those of the warehouse, else 100,000)")
	flags.Uint64Var(&o.seed, "seed", 1, "of the first run; each next one has the next")
	flags.BoolVar(&o.usual, "usual-market", false, "the default parameters in every run, in place of drawn ones: narrower, and surer than anybody is")
	flags.IntVar(&o.atOnce, "at-once", min(runtime.NumCPU()+1, 4), "runs at once; each takes about 1 GB of memory, and waits for a part of its time")
	flags.StringVar(&o.at, "at", "", "for a spec with a schedule, or whose window opens when it is started: rehearse the first window from this date (2006-01-02) on (default: from now)")
	flags.StringVar(&o.folder, "folder", "", "where the runs' data lie while they run (default: in memory where there is room, else the system's temporary folder)")
	flags.StringVar(&o.like.data, "like", "", "people like those of the files in this folder, as starter world --like fits them; only the rest is drawn")
	flags.StringVar(&o.like.mapping, "mapping", "", "of --like: how to read them (default: examples/<folder>/import.yaml)")
	_ = cmd.MarkFlagFilename("policy", "yaml", "yml")
	_ = cmd.MarkFlagFilename("mapping", "yaml", "yml")
	_ = cmd.MarkFlagDirname("folder")
	_ = cmd.MarkFlagDirname("like")
	return cmd
}

func (a *App) rehearseMany(ctx context.Context, spec string, o rehearseOptions) error {
	brief, err := a.loadBrief(spec, o.policy)
	if err != nil {
		return err
	}
	switch {
	case o.runs < 1 || o.runs > 1000 || o.customers < 500 || o.atOnce < 1:
		return withExit(ExitUsage, errors.New(a.text("--runs is 1 to 1000, --customers at least 500, --at-once at least 1", "--runs는 1~1000, --customers는 500 이상, --at-once는 1 이상입니다")))
	}
	if o.opening, err = a.nextOpening(brief.Spec, o.at, time.Now()); err != nil {
		return withExit(ExitUsage, err)
	}
	if o.like.data != "" {
		found, _, err := a.compareWith(ctx, o.like, o.seed)
		if err != nil {
			return err
		}
		o.fitted = found.Fitted
	}
	store := a.warehouseIfThere(ctx)
	if store != nil {
		defer func() { _ = store.Close() }()
	}
	if o.population == 0 {
		o.population = a.populationOf(ctx, store)
	}
	small, err := scaled(brief, float64(o.customers)/float64(o.population))
	if err != nil {
		return withExit(ExitInvalid, err)
	}
	if o.folder == "" {
		o.folder = passingFolder(shared, uint64(o.atOnce)*roomOfRun)
	}
	forgetServers()
	began := time.Now()
	outcomes := make([]forecast.Outcome, o.runs)
	bar := a.NewBar(a.text("rehearsals", "리허설"), int64(o.runs))
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(o.atOnce)
	for i := range outcomes {
		group.Go(func() error {
			r := rehearsal{App: a, brief: small, o: o, seed: o.seed + uint64(i)}
			outcomes[i] = r.run(running)
			_ = bar.Add(1)
			return running.Err()
		})
	}
	err = group.Wait()
	_ = bar.Exit()
	if err != nil {
		return err
	}
	f := forecast.Of(outcomes)
	f.Campaign, f.Currency = brief.Spec.Campaign, brief.Spec.Currency
	f.Population, f.Customers = o.population, uint64(o.customers)
	f.Opens = o.opening.opens
	if f.Runs == 0 {
		return fmt.Errorf(a.text("no rehearsal came to its end: %s", "끝까지 간 리허설이 없습니다: %s"), outcomes[0].Failed)
	}
	if store != nil {
		if err := a.keepForecast(ctx, store, f); err != nil {
			return err
		}
	}
	if a.JSON {
		return a.PrintJSON(f)
	}
	a.printForecast(f, brief, time.Since(began))
	return nil
}

// warehouseIfThere is the user's own warehouse, or nil if none is running: a rehearsal needs none.
func (a *App) warehouseIfThere(ctx context.Context) *warehouse.Warehouse {
	store, err := a.Warehouse(ctx)
	if err != nil {
		return nil
	}
	return store
}

// populationOf is how many customers the real campaign chooses from.
func (a *App) populationOf(ctx context.Context, store *warehouse.Warehouse) uint64 {
	if store != nil {
		if holds, err := store.WorldSummary(ctx); err == nil && holds.Customers > 0 {
			return holds.Customers
		}
	}
	return worldCustomers
}

// forgetServers takes all servers and providers of the user's out of the environment: a rehearsal's parts would find them
// there, and write to real people.
func forgetServers() {
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		for _, prefix := range []string{"DANBI_CLICKHOUSE_", "DANBI_SMTP_", "DANBI_PROVIDER_", "DANBI_PAYOUT_", "TEMPORAL_"} {
			if strings.HasPrefix(name, prefix) {
				_ = os.Unsetenv(name)
			}
		}
	}
}

// scaled is the brief for a population that is smaller or larger by a factor: as many of a hundred are chosen, and as much
// is spent on each. It approves itself, for nobody is there.
func scaled(brief campaign.Brief, factor float64) (campaign.Brief, error) {
	limits, _, known := brief.Policy.For(brief.Spec.Currency)
	if !known {
		return brief, fmt.Errorf("the policy has no limits for %s", brief.Spec.Currency)
	}
	spec := brief.Spec
	if spec.Audience.Size > 0 {
		spec.Audience.Size = max(1, int(math.Round(float64(spec.Audience.Size)*factor)))
	}
	times := func(m money.Minor) money.Minor { return money.Minor(math.Round(float64(m) * factor)) }
	spec.Budget.Expected, spec.Budget.Exposure = times(spec.Budget.Expected), times(spec.Budget.Exposure)
	limits.Expected, limits.Exposure = max(limits.Expected, spec.Budget.Expected), max(limits.Exposure, spec.Budget.Exposure)
	limits.Customers = math.MaxInt32
	policy := brief.Policy
	if policy.Limits.Currency == spec.Currency {
		policy.Limits, policy.AutoApprove = limits, &limits
	} else {
		policy.Currencies = append([]campaign.CurrencyLimits{}, policy.Currencies...)
		for i := range policy.Currencies {
			if c := &policy.Currencies[i]; c.Limits.Currency == spec.Currency {
				c.Limits, c.AutoApprove = limits, &limits
			}
		}
	}
	return campaign.Brief{Spec: spec, Policy: policy}, nil
}
