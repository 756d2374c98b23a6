package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/internal/world"
)

// The world that people get who ask for none in particular. Its end is a fixed date, so that the same command gives the
// same world tomorrow.
const (
	worldCustomers = 100_000
	worldMonths    = 12
	worldSeed      = 1
	worldUntil     = "2026-07-01"
	worldCampaigns = 2
)

func newWorldCommand(a *App) *cobra.Command {
	var (
		p       world.Population
		until   string
		replace bool
		files   likeOptions
	)
	cmd := &cobra.Command{
		Use:     "world",
		Short:   "Fill the warehouse with a simulated population",
		GroupID: groupData,
		Long: `Makes a population of customers who have bought for some months and have had two campaigns
already, with everything that an import of real data would bring: customers, addresses that reach
nobody, consents, products, transactions, interactions. In a rehearsal they live on and react to what
reaches them.

The same flags give the same people, on any machine, however often: running it again is safe, and
completes what was broken off. Another population takes the place of the first with --replace only.`,
		Example: `  starter world
  starter world --customers 1000000 --seed 7
  starter world --customers 16000000 --months 12 --until 2026-07-01 --json
  starter world --like ../shared/data/completejourney --compare --html likeness.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if p.Until, err = time.ParseInLocation(time.DateOnly, until, world.Home); err != nil {
				return withExit(ExitUsage, fmt.Errorf("--until is %q; write a date as %s", until, worldUntil))
			}
			if _, err := world.New(p); err != nil {
				return withExit(ExitUsage, err)
			}
			if files.data != "" {
				if err := a.like(cmd.Context(), files, &p); err != nil || files.compare {
					return err
				}
			} else if files != (likeOptions{}) {
				return withExit(ExitUsage, errors.New(a.text("--mapping, --html and --compare go with --like DIR", "--mapping, --html, --compare는 --like 폴더와 함께 씁니다")))
			}
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			if err := warehouse.Migrate(cmd.Context(), store); err != nil {
				return err
			}
			summary, err := a.makeWorld(cmd.Context(), store, p, replace)
			if err != nil {
				return err
			}
			return a.printWorld(summary)
		},
	}
	flags := cmd.Flags()
	flags.Uint32Var(&p.Customers, "customers", worldCustomers, "how many customers")
	flags.IntVar(&p.Months, "months", worldMonths, "how many months they have lived")
	flags.Uint64Var(&p.Seed, "seed", worldSeed, "another seed makes other people")
	flags.StringVar(&until, "until", worldUntil, "date up to which they have lived; a rehearsal starts there")
	flags.IntVar(&p.Campaigns, "past-campaigns", worldCampaigns, "campaigns that they have had: 0 to 2")
	flags.StringVar(&files.data, "like", "", "fit what can be fitted to the purchases in the files of this folder")
	flags.StringVar(&files.mapping, "mapping", "", "of --like: how to read them (default: examples/<folder>/import.yaml)")
	flags.StringVar(&files.page, "html", "", "of --like: write the comparison as a page to this file")
	flags.BoolVar(&files.compare, "compare", false, "of --like: only compare, make no world")
	_ = cmd.MarkFlagDirname("like")
	_ = cmd.MarkFlagFilename("mapping", "yaml", "yml")
	flags.BoolVar(&replace, "replace", false, "throw away the world that is there, with all its campaigns")
	return cmd
}

// defaultWorld is what starter world makes without flags.
func defaultWorld() world.Population {
	until, err := time.ParseInLocation(time.DateOnly, worldUntil, world.Home)
	if err != nil {
		panic(err) // a constant
	}
	return world.Population{Customers: worldCustomers, Months: worldMonths, Seed: worldSeed, Until: until, Campaigns: worldCampaigns}
}

// worldSummary is what is printed of a world; its JSON is an interface.
type worldSummary struct {
	Already       bool      `json:"already"`
	Resumed       bool      `json:"resumed"`
	Seed          uint64    `json:"seed"`
	Customers     uint64    `json:"customers"`
	Transactions  uint64    `json:"transactions"`
	Purchases     uint64    `json:"purchases"`
	Interactions  uint64    `json:"interactions"`
	PastCampaigns uint64    `json:"past_campaigns"`
	First         time.Time `json:"first"`
	Last          time.Time `json:"last"`
	LivedTo       time.Time `json:"lived_to"`
	Seconds       float64   `json:"seconds"`
}

// makeWorld fills the warehouse, with a bar that estimates how long it takes.
func (a *App) makeWorld(ctx context.Context, store *warehouse.Warehouse, p world.Population, replace bool) (worldSummary, error) {
	w, err := world.New(p)
	if err != nil {
		return worldSummary{}, err
	}
	began := time.Now()
	bar := a.NewBar(a.text("customers", "고객"), int64(p.Customers))
	made, err := w.Create(ctx, store, world.Making{Replace: replace, Progress: func(n uint32) { _ = bar.Add64(int64(n)) }})
	_ = bar.Exit()
	switch {
	case errors.Is(err, world.ErrOther), errors.Is(err, world.ErrOccupied):
		return worldSummary{}, withExit(ExitRefused, err)
	case err != nil:
		return worldSummary{}, fmt.Errorf("%w (run the same command again: it completes what is missing)", err)
	}
	holds, err := store.WorldSummary(ctx)
	if err != nil {
		return worldSummary{}, err
	}
	livedTo, err := world.LivedTo(ctx, store, world.Range{Low: 1, High: p.Customers})
	if err != nil {
		return worldSummary{}, err
	}
	return worldSummary{
		Already: made.Already, Resumed: made.Resumed, Seed: p.Seed, Customers: holds.Customers, Transactions: holds.Transactions,
		Purchases: holds.Purchases, Interactions: holds.Interactions, PastCampaigns: holds.PastCampaigns,
		First: holds.First.In(world.Home), Last: holds.Last.In(world.Home), LivedTo: livedTo.In(world.Home),
		Seconds: math.Round(time.Since(began).Seconds()*10) / 10,
	}, nil
}

func (a *App) printWorld(s worldSummary) error {
	if a.JSON {
		return a.PrintJSON(s)
	}
	switch {
	case s.Already:
		a.Sayf("%s", a.text("This world is there already; nothing was changed.", "같은 세계가 이미 있습니다. 아무것도 바꾸지 않았습니다."))
	case s.Resumed:
		a.Sayf("%s", a.text("What was broken off is complete now.", "중단되었던 작업을 마저 끝냈습니다."))
	default:
		a.Sayf(a.text("The world is made, in %.1f s.", "세계를 만들었습니다 (%.1f초)."), s.Seconds)
	}
	date := func(t time.Time) string { return t.Format(time.DateOnly) }
	number := func(n uint64) string { return groups(n) }
	a.PrintTable([]Column{{Title: a.text("World", "세계")}, {Title: a.text("seed ", "시드 ") + fmt.Sprint(s.Seed), Right: true}}, [][]string{
		{a.text("Customers", "고객"), number(s.Customers)},
		{a.text("Transactions (purchases, refunds, cancellations)", "거래 (구매·환불·취소)"), number(s.Transactions)},
		{a.text("First to last", "기간"), date(s.First) + " – " + date(s.Last)},
		{a.text("App use and responses", "앱 이용·반응"), number(s.Interactions)},
		{a.text("Past campaigns", "지난 캠페인"), number(s.PastCampaigns)},
		{a.text("Lived up to", "현재 시점"), date(s.LivedTo)},
	})
	return nil
}

// groups writes a number with a comma after each thousand.
func groups(n uint64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
