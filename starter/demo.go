package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/internal/world"
	"github.com/danbi-project/danbi/workflows"
)

// demoOptions say what the demo runs on, and what it runs.
type demoOptions struct {
	spec, policy string
	customers    uint32
	months       int
	seed         uint64
	mapping      string // import real data instead of a simulated population
	data         string
	from         string
	exit         bool
}

func newDemoCommand(a *App) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Bring everything up and run a campaign to its settled end, in rehearsal time",
		GroupID: groupStack,
		Long: `Brings up the local stack, fills it with a simulated population (or imports real data with --import), and runs a
campaign in rehearsal time: campaign time moves only while the workflow waits, so that two months take minutes. It ends
with the report, and stays up for a look around until Ctrl-C.

With real data the campaign is replayed over history: features from before its start only, settlement against what the
customers really did next. They never saw a message, so the report does not call any difference an effect.`,
		Example: `  starter demo
  starter demo --customers 1000000 --dir /tmp/million
  starter demo --import examples/completejourney/import.yaml --data ../shared/data/completejourney \
    --spec examples/completejourney/campaign.yaml --exit`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.spec, "spec", filepath.Join("examples", "card-spend.yaml"), "campaign to run")
	flags.StringVar(&o.policy, "policy", "", "policy file (default: policy.yaml beside the spec or above it)")
	flags.Uint32Var(&o.customers, "customers", 100_000, "size of the simulated population")
	flags.IntVar(&o.months, "months", 12, "months that the population has lived when the campaign starts")
	flags.Uint64Var(&o.seed, "seed", 1, "of the population: the same seed, the same people")
	flags.StringVar(&o.mapping, "import", "", "import real data with this mapping file, instead of a population")
	_ = cmd.MarkFlagFilename("spec", "yaml", "yml")
	flags.StringVar(&o.data, "data", ".", "folder of the data to import")
	flags.StringVar(&o.from, "from", "", "start of the rehearsal (default: the day the window starts)")
	flags.BoolVar(&o.exit, "exit", false, "stop with the campaign instead of staying up")
	return cmd
}

func (a *App) demo(ctx context.Context, o demoOptions) (err error) {
	brief, err := a.loadBrief(o.spec, o.policy)
	if err != nil {
		return err
	}
	opens := brief.Spec.Window.Starts.Time
	if opens.IsZero() {
		return withExit(ExitUsage, errors.New(a.text("the demo needs a spec with window.starts", "데모에는 window.starts가 있는 스펙이 필요합니다")))
	}
	if o.from == "" {
		zone, err := campaign.LoadZone(brief.Spec.Zone)
		if err != nil {
			return withExit(ExitInvalid, err)
		}
		o.from = opens.In(zone).Format(time.DateOnly)
	}
	way := *a // what is said on the way; with --json the report alone is the result
	if a.JSON {
		way.JSON, way.Out = false, a.Err
	}
	s, err := way.Up(ctx, stack.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	if err := way.printAddresses(s.Running()); err != nil {
		return err
	}
	if err := way.fill(ctx, o, opens); err != nil {
		return err
	}
	run := campaign.Run{Campaign: brief.Spec.Campaign, Occurrence: 1}
	if err := way.rehearse(ctx, run, brief, o); err != nil {
		return err
	}
	if err := a.showReport(ctx, run); err != nil {
		return err
	}
	if err := way.printAddresses(s.Running()); err != nil || o.exit {
		return err
	}
	a.note(a.text("the stack stays up for a look around; Ctrl-C stops it", "둘러보실 수 있게 켜 두었습니다. Ctrl-C로 끝냅니다"))
	<-ctx.Done()
	return nil
}

// fill makes the population, or imports the data. Either does nothing when it is there already.
func (a *App) fill(ctx context.Context, o demoOptions, until time.Time) error {
	store, err := a.Warehouse(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := warehouse.Migrate(ctx, store); err != nil {
		return err
	}
	if o.mapping != "" {
		return a.importData(ctx, store, o.mapping, o.data)
	}
	return a.populate(ctx, store, o, until)
}

// rehearse starts the campaign, or joins one that an earlier demo left running here, and follows it until it is settled.
func (a *App) rehearse(ctx context.Context, run campaign.Run, brief campaign.Brief, o demoOptions) error {
	c, err := a.Temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = a.start(ctx, c, brief, startOptions{rehearse: o.from, population: o.mapping == "", occurrence: 1, actor: defaultActor()})
	switch {
	case err == nil:
	case exitCode(err) == ExitRefused:
		a.note(fmt.Sprintf(a.text("%s has been started in this folder before: following it (an empty --dir starts anew)",
			"%s 캠페인이 이 폴더에서 이미 시작되어 이어서 보여 드립니다 (새로 시작하려면 빈 --dir 폴더를 쓰세요)"), run.Campaign))
	default:
		return err
	}
	status, err := a.watch(ctx, c, run, func(s workflows.Status) bool {
		return s.Stage.Final() || s.Stage == campaign.StageSettled
	})
	switch {
	case err != nil:
		return err
	case status.Stage == campaign.StageFailed:
		return a.failed(status)
	}
	return nil
}

func (a *App) populate(ctx context.Context, store *warehouse.Warehouse, o demoOptions, until time.Time) error {
	local := until.In(world.Home)
	made, err := a.makeWorld(ctx, store, world.Population{
		Customers: o.customers, Months: o.months, Seed: o.seed, Campaigns: worldCampaigns,
		Until: time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, world.Home),
	}, false)
	if err != nil {
		return err
	}
	return a.printWorld(made)
}
