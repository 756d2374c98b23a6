package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/forecast"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/warehouse"
)

func newReportCommand(a *App) *cobra.Command {
	var occurrence uint32
	var page string
	cmd := &cobra.Command{
		Use: "report CAMPAIGN", Short: "What a campaign brought: who, what, paid, and the effect", GroupID: groupCampaign, Args: cobra.ExactArgs(1),
		Long: `What a campaign brought: whom it chose and left out, what it offered, when it sent, what was earned and paid,
whether the books balance, and what it changed against the control group, if that may be claimed at all.

The report is written when the campaign is settled, and again when its clawback window is over.`,
		Example: "  starter report card-spend-autumn\n  starter report card-spend-autumn --html report.html --lang en",
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.Warehouse(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }()
			run, err := a.latestRun(cmd.Context(), store, args[0], occurrence)
			if err != nil {
				return err
			}
			document, err := a.report(cmd.Context(), store, run)
			if err != nil {
				return err
			}
			if page != "" {
				if err := writePage(page, document, a.Lang); err != nil {
					return err
				}
				a.note(a.text("wrote "+page, page+"에 썼습니다"))
				if !a.JSON {
					return nil
				}
			}
			return a.printReport(document)
		},
	}
	cmd.Flags().Uint32Var(&occurrence, "occurrence", 0, "which occurrence (default: the last one)")
	cmd.Flags().StringVar(&page, "html", "", "write it as a page to this file")
	_ = cmd.MarkFlagFilename("html", "html")
	return cmd
}

// showReport prints a run's last report.
func (a *App) showReport(ctx context.Context, run campaign.Run) error {
	store, err := a.Warehouse(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	document, err := a.report(ctx, store, run)
	if err != nil {
		return err
	}
	return a.printReport(document)
}

func (a *App) printReport(d *report.Document) error {
	if a.JSON {
		return a.PrintJSON(d)
	}
	return d.Text(a.Out, a.Lang)
}

func (a *App) report(ctx context.Context, store *warehouse.Warehouse, run campaign.Run) (*report.Document, error) {
	text, err := store.LatestReport(ctx, run.Campaign, run.Occurrence)
	if errors.Is(err, warehouse.ErrNoReport) {
		return nil, errors.New(a.text(
			fmt.Sprintf("%s has no report yet: it is written when the campaign is settled; see `starter status %s`", run.Campaign, run.Campaign),
			fmt.Sprintf("%s의 보고서가 아직 없습니다. 정산이 끝나면 작성됩니다. `starter status %s`로 확인하세요", run.Campaign, run.Campaign)))
	}
	if err != nil {
		return nil, err
	}
	d := &report.Document{}
	if err := json.Unmarshal([]byte(text), d); err != nil {
		return nil, fmt.Errorf("the report of %s is not readable: %w", run.Campaign, err)
	}
	if text, err = store.LatestForecast(ctx, run.Campaign); err != nil || text == "" {
		return d, err
	}
	d.Rehearsed = &forecast.Forecast{}
	if err := json.Unmarshal([]byte(text), d.Rehearsed); err != nil {
		return nil, fmt.Errorf("the forecast of %s is not readable: %w", run.Campaign, err)
	}
	return d, nil
}

// latestRun finds the campaign that a person named.
func (a *App) latestRun(ctx context.Context, store *warehouse.Warehouse, name string, occurrence uint32) (campaign.Run, error) {
	run, err := store.LatestRun(ctx, name, occurrence)
	if errors.Is(err, warehouse.ErrNoCampaign) {
		return run, errors.New(a.text(
			fmt.Sprintf("there is no campaign %q here: check the name, and --dir or the server's address", name),
			fmt.Sprintf("%q 캠페인이 없습니다. 이름과 --dir 또는 서버 주소를 확인하세요", name)))
	}
	return run, err
}

// writePage writes the whole page or none of it.
func writePage(name string, d *report.Document, lang string) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".report-*.html")
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if err := errors.Join(d.HTML(file, lang), file.Chmod(0o644), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(file.Name(), name)
}
