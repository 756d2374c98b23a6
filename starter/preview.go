package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/compose/preview"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func newPreviewCommand(app *App) *cobra.Command {
	var policyFile, asOf, page string
	var exact bool
	command := &cobra.Command{
		Use:     "preview SPEC",
		GroupID: groupCampaign,
		Short:   "Show whom a campaign would choose and what it would offer them, without starting it",
		Long: `Plan a campaign as far as its offers, without starting it: who is left out and why, who is
chosen, each offer's personal thresholds, and the expected cost and the exposure against the
budget. Nothing of a campaign is written; the snapshot of features that it takes is kept, and
a campaign that is started on the same data finds it ready.

Where there are many customers it looks at a sample of 65,536 in seconds, by the latest snapshot of the
last seven days, and multiplies; the rule itself is counted over all. --exact looks at everybody.
No model is fitted: the registry's promoted or latest one ranks, or the stated rule.

Features, consents and caps are those of --as-of: by default today, or the window's start if
that has passed.`,
		Example: `  starter preview examples/card-spend.yaml
  starter preview examples/card-spend.yaml --as-of 2026-08-31 --lang ko
  starter preview my-campaign.yaml --html plan.html
  starter preview my-campaign.yaml --json | jq '.funnel'`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: yamlFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			brief, err := app.loadBrief(args[0], policyFile)
			if err != nil {
				return err
			}
			instant, err := previewInstant(brief.Spec, asOf)
			if err != nil {
				return err
			}
			store, err := app.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			if err := warehouse.Migrate(cmd.Context(), store); err != nil {
				return err
			}
			bar := app.NewBar(app.text("planning", "계획 중"), -1)
			how := preview.How{Exact: exact, Progress: func(done, of int) {
				bar.ChangeMax(of)
				_ = bar.Set(done)
			}}
			if asOf == "" {
				how.Oldest = standIn
			}
			found, err := preview.Make(cmd.Context(), store, brief, instant, how)
			_ = bar.Finish()
			if err != nil {
				return err
			}
			if app.JSON {
				return app.PrintJSON(found)
			}
			if page != "" {
				file, err := os.Create(page)
				if err != nil {
					return fmt.Errorf("write the plan's page: %w", err)
				}
				if err := errors.Join(app.writePlanPage(file, brief.Spec, found), file.Close()); err != nil {
					return fmt.Errorf("write the plan's page: %w", err)
				}
				app.Sayf(app.text("The plan's page is %s.", "계획 페이지: %s"), page)
				return nil
			}
			app.printPreview(brief.Spec, found)
			return nil
		},
	}
	command.Flags().StringVar(&policyFile, "policy", "", "policy file (default: policy.yaml beside the spec or above it)")
	command.Flags().StringVar(&asOf, "as-of", "", "date (2006-01-02) whose features, consents and caps count")
	command.Flags().BoolVar(&exact, "exact", false, "look at every customer and take a new snapshot, which takes minutes where there are millions")
	command.Flags().StringVar(&page, "html", "", "write the plan as a page with pictures to this file")
	_ = command.MarkFlagFilename("policy", "yaml", "yml")
	_ = command.MarkFlagFilename("html", "html")
	return command
}

// standIn is how old a snapshot may be that a quick preview goes by.
const standIn = 7 * 24 * time.Hour

// previewInstant is the date that was asked for, or now, or the window's start if that has passed.
func previewInstant(spec campaign.Spec, asOf string) (time.Time, error) {
	if asOf != "" {
		zone, err := campaign.LoadZone(spec.Zone)
		if err != nil {
			return time.Time{}, withExit(ExitInvalid, err)
		}
		at, err := campaign.ParseMoment(asOf, zone, false)
		if err != nil {
			return time.Time{}, withExit(ExitUsage, fmt.Errorf("--as-of: %w", err))
		}
		return at.Time, nil
	}
	now := clock.Live().At(clock.Wall())
	times, err := spec.Times(now)
	if err != nil {
		return time.Time{}, withExit(ExitInvalid, err)
	}
	if times.Opens.Before(now) {
		return times.Opens, nil
	}
	return now, nil
}
