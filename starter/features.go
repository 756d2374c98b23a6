package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/compose"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func newFeaturesCommand(app *App) *cobra.Command {
	cmd := &cobra.Command{
		Use: "features", GroupID: groupData, Short: "What is known of each customer, and how it changes",
		Long: `What is known of each customer at an instant, and from nothing later: what is built in, and features of your
own, each an aggregate that you write in SQL. docs/features.md explains them.`,
		Example: "  starter features list\n  starter features describe recency_to_rhythm\n  starter features define features.yaml\n  starter features drift",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{newFeaturesListCommand(app), newFeaturesDescribeCommand(app), newFeaturesDefineCommand(app), newFeaturesSnapshotCommand(app), newFeaturesDriftCommand(app)} {
		sub.Args = app.arguments(sub.Args)
		cmd.AddCommand(sub)
	}
	return cmd
}

// withStore runs something on the migrated warehouse.
func (a *App) withStore(ctx context.Context, do func(*warehouse.Warehouse) error) error {
	store, err := a.Warehouse(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := warehouse.Migrate(ctx, store); err != nil {
		return err
	}
	return do(store)
}

func newFeaturesListCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "All features, built in and of your own", Args: cobra.NoArgs,
		Example: "  starter features list\n  starter features list --json | jq '.[].name'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.withStore(cmd.Context(), func(store *warehouse.Warehouse) error {
				own, err := store.OwnFeatures(cmd.Context())
				if err != nil {
					return err
				}
				all := features.Catalogue(own)
				if app.JSON {
					return app.PrintJSON(all)
				}
				var rows [][]string
				for _, f := range all {
					rows = append(rows, []string{f.Name, f.Type, f.Window, f.Owner, f.Meaning.In(app.Lang)})
				}
				app.PrintTable([]Column{{Title: app.text("Feature", "특성")}, {Title: app.text("Type", "종류")}, {Title: app.text("Window", "기간")}, {Title: app.text("Owner", "담당")}, {Title: app.text("Meaning", "뜻")}}, rows)
				return nil
			})
		},
	}
}

func newFeaturesDescribeCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use: "describe FEATURE", Short: "One feature: what it means, and the SQL that computes it", Args: cobra.ExactArgs(1),
		Example: "  starter features describe recency_to_rhythm --lang ko",
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.withStore(cmd.Context(), func(store *warehouse.Warehouse) error {
				own, err := store.OwnFeatures(cmd.Context())
				if err != nil {
					return err
				}
				all := features.Catalogue(own)
				i := slices.IndexFunc(all, func(f features.Feature) bool { return f.Name == args[0] })
				if i < 0 {
					names := make([]string, len(all))
					for i, f := range all {
						names[i] = f.Name
					}
					if campaign.Nearest(args[0], names) == "" {
						return withExit(ExitInvalid, fmt.Errorf(app.text("there is no feature %q: `starter features list` shows all", "%q: 없는 특성입니다. 전체는 `starter features list`로 볼 수 있습니다"), args[0]))
					}
					return withExit(ExitInvalid, fmt.Errorf(app.text("there is no feature %q; the nearest is %q (`starter features list` shows all)", "%q: 없는 특성입니다. 가장 비슷한 것은 %q입니다 (전체는 `starter features list`)"), args[0], campaign.Nearest(args[0], names)))
				}
				f := all[i]
				if f.SQL == "" {
					f.SQL = warehouse.FeatureSQL(f.Name)
				}
				if app.JSON {
					return app.PrintJSON(f)
				}
				app.Sayf("%s: %s", f.Name, f.Meaning.In(app.Lang))
				app.Sayf(app.text("type %s, window %s, from %s, owner %s", "종류 %s, 기간 %s, 원본 %s, 담당 %s"), f.Type, f.Window, strings.Join(f.Sources, ", "), f.Owner)
				if f.Sensitive {
					app.Sayf("%s", app.text("sensitive: it may choose customers, and is named in no text to them", "민감: 고객을 고르는 데만 쓰고, 고객에게 보내는 글에는 쓰지 않습니다"))
				}
				app.Sayf("\n%s", f.SQL)
				return nil
			})
		},
	}
}

func newFeaturesDefineCommand(app *App) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use: "define FILE", Short: "Put the features of your own in a file in force, in place of those before", Args: cobra.ExactArgs(1), ValidArgsFunction: yamlFiles,
		Long: `Put the features of your own in a file in force: the next snapshot has them, and rules name them as own["name"].
Each is an aggregate over the rows of one source that lie before the snapshot's instant; docs/features.md shows the
form. Every word is checked, and the engine is asked whether it understands it, before anything changes.`,
		Example: "  starter features define features.yaml --check\n  starter features define features.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			own, err := features.ParseOwn(data)
			if err != nil {
				return withExit(ExitInvalid, fmt.Errorf("%s: %w", args[0], err))
			}
			return app.withStore(cmd.Context(), func(store *warehouse.Warehouse) error {
				if err := store.CheckFeatures(cmd.Context(), own); err != nil {
					return withExit(ExitInvalid, fmt.Errorf("%s: %w", args[0], err))
				}
				if !check {
					if err := store.DefineFeatures(cmd.Context(), own, os.Getenv("USER"), clock.Wall()); err != nil {
						return err
					}
				}
				if app.JSON {
					return app.PrintJSON(own)
				}
				said := app.text("Features of your own in the file: %d, all in order. Nothing was changed.", "파일의 특성 %d개에 문제가 없습니다. 바꾼 것은 없습니다.")
				if !check {
					said = app.text("Features of your own in force now: %d. The next snapshot has them.", "이제 직접 정의한 특성 %d개를 씁니다. 다음 스냅샷부터 들어갑니다.")
				}
				app.Sayf(said, len(own))
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "only check the file, and change nothing")
	return cmd
}

func newFeaturesSnapshotCommand(app *App) *cobra.Command {
	var asOf, zone, currency string
	cmd := &cobra.Command{
		Use: "snapshot", Short: "Take the snapshot of an instant, or find it again", Args: cobra.NoArgs,
		Example: "  starter features snapshot\n  starter features snapshot --as-of 2026-08-31 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			instant := clock.Live().At(clock.Wall())
			if asOf != "" {
				in, err := campaign.LoadZone(zone)
				if err != nil {
					return withExit(ExitUsage, fmt.Errorf("--zone: %w", err))
				}
				at, err := campaign.ParseMoment(asOf, in, false)
				if err != nil {
					return withExit(ExitUsage, fmt.Errorf("--as-of: %w", err))
				}
				instant = at.Time
			}
			return app.withStore(cmd.Context(), func(store *warehouse.Warehouse) error {
				bar := app.NewBar(app.text("extracting", "계산 중"), -1)
				began := clock.Wall()
				s, err := compose.TakeSnapshot(cmd.Context(), store, features.Snapshot{Instant: instant, Currency: currency, Zone: zone}, func(done, of int) {
					bar.ChangeMax(of)
					_ = bar.Set(done)
				})
				_ = bar.Finish()
				if err != nil {
					return err
				}
				if app.JSON {
					return app.PrintJSON(map[string]any{"snapshot": s.ID, "instant": s.Instant, "catalogue": s.Catalogue, "binning": s.Binning, "customers": s.Customers, "checksum": fmt.Sprintf("%016x", s.Checksum)})
				}
				app.Sayf(app.text("Snapshot %s: %s customers as of %s, catalogue %s (%s)", "스냅샷 %s: 고객 %s명, 기준 시점 %s, 카탈로그 %s (%s)"), s.ID, groups(s.Customers), s.Instant.Format("2006-01-02 15:04 MST"), s.Catalogue, clock.Wall().Sub(began).Round(time.Second/10))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "date (2006-01-02) before which everything counts (default: now)")
	cmd.Flags().StringVar(&zone, "zone", "Asia/Seoul", "time zone of customers whose own is unknown")
	cmd.Flags().StringVar(&currency, "currency", "KRW", "currency of the amounts")
	return cmd
}
