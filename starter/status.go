package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"maps"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/workflows"
)

func newStatusCommand(a *App) *cobra.Command {
	run := campaign.Run{Occurrence: 1}
	var watch bool
	cmd := &cobra.Command{
		Use: "status CAMPAIGN", Short: "Where a campaign stands, what it waits for, and what to do", GroupID: groupCampaign, Args: cobra.ExactArgs(1),
		Example: "  starter status card-spend-autumn --watch",
		RunE: func(cmd *cobra.Command, args []string) error {
			run.Campaign = args[0]
			c, err := a.Temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			if watch {
				_, err := a.watch(cmd.Context(), c, run, func(s workflows.Status) bool { return s.Stage.Final() })
				if interrupted(cmd.Context(), err) {
					return nil
				}
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), soon)
			defer cancel()
			status, err := queryStatus(ctx, c, run)
			if err != nil {
				return err
			}
			if a.JSON {
				return a.PrintJSON(status)
			}
			a.printStatus(status)
			return nil
		},
	}
	cmd.Flags().Uint32Var(&run.Occurrence, "occurrence", 1, "which occurrence")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "follow it until it ends or Ctrl-C")
	return cmd
}

func queryStatus(ctx context.Context, c client.Client, run campaign.Run) (workflows.Status, error) {
	var status workflows.Status
	value, err := c.QueryWorkflow(ctx, run.WorkflowID(), "", workflows.StatusQuery)
	if err != nil {
		return status, explain(err, run)
	}
	return status, value.Get(&status)
}

// watch follows a campaign and says each change in one line, until done says so. Servers that are away for a while are waited for.
func (a *App) watch(ctx context.Context, c client.Client, run campaign.Run, done func(workflows.Status) bool) (workflows.Status, error) {
	var last string
	for {
		asking, cancel := context.WithTimeout(ctx, soon)
		status, err := queryStatus(asking, c, run)
		cancel()
		if err == nil {
			if line := a.statusLine(status); line != last {
				last = line
				if a.JSON {
					_ = a.PrintJSON(status)
				} else {
					a.note(line)
				}
			}
			if done(status) {
				return status, nil
			}
		} else if exitCode(err) == ExitUsage {
			return status, err
		}
		select {
		case <-ctx.Done():
			return status, ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func (a *App) statusLine(s workflows.Status) string {
	line := fmt.Sprintf("%s  %s", local(s, s.Now).Format("2006-01-02 15:04"), s.Stage.Describe(a.Lang))
	if s.Paused {
		line += a.text("  PAUSED", "  일시 중지")
	}
	switch d := s.Dispatch; {
	case s.Failure != "":
		line += "  " + s.Failure
	case s.Stage == campaign.StageDispatching && d.Waves > 0:
		line += fmt.Sprintf(a.text("  touch %s, wave %d of %d, %d of %d sent", "  %s 접촉, %d/%d번째 발송, %d/%d건 보냄"), d.Touch, d.Wave, d.Waves, d.Sent, d.Planned)
	case s.Waits != "":
		line += "  " + s.Waits
	}
	return line
}

// local is an instant as the campaign's own people read it.
func local(s workflows.Status, at time.Time) time.Time {
	zone, err := campaign.LoadZone(s.Zone)
	if err != nil {
		return at
	}
	return at.In(zone)
}

func (a *App) printStatus(s workflows.Status) {
	amount := func(m money.Minor) string { return money.Format(m, s.Currency, a.Lang) }
	rows := [][]string{
		{a.text("Stage", "단계"), s.Stage.Describe(a.Lang) + map[bool]string{true: a.text(" (paused)", " (일시 중지)")}[s.Paused]},
		{a.text("Campaign time", "캠페인 시각"), local(s, s.Now).Format("2006-01-02 15:04 MST") + map[bool]string{true: a.text(", rehearsal", ", 리허설")}[s.Rehearsal]},
	}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	add(a.text("Waits for", "기다리는 것"), s.Waits)
	add(a.text("Next", "할 일"), s.Next)
	add(a.text("Failure", "문제"), s.Failure)
	add(a.text("Window", "기간"), local(s, s.Times.Opens).Format("2006-01-02 15:04")+" – "+local(s, s.Times.Closes).Format("2006-01-02 15:04 MST"))
	if s.Treated+s.Control > 0 {
		add(a.text("Audience", "대상"), fmt.Sprintf(a.text("%d treated, %d control, %d holdout", "발송 %d명, 대조군 %d명, 상시 대조군 %d명"), s.Treated, s.Control, s.Holdout))
		var left []string
		for _, reason := range slices.Sorted(maps.Keys(s.Funnel)) {
			left = append(left, fmt.Sprintf("%s %d", reason, s.Funnel[reason]))
		}
		add(a.text("Funnel", "선정 과정"), strings.Join(left, ", "))
	}
	if len(s.Prices.Offers) > 0 {
		add(a.text("Offers", "혜택"), fmt.Sprintf(a.text("expected cost %s, at most %s", "예상 비용 %s, 최대 %s"), amount(s.Prices.Cost), amount(s.Prices.Out)))
	}
	if s.Plan.Hash != "" {
		add(a.text("Plan", "계획"), s.Plan.Hash)
	}
	for _, f := range s.Plan.Findings {
		add(map[bool]string{true: a.text("Blocks", "막힘"), false: a.text("Note", "참고")}[f.Blocks], f.Message)
	}
	if s.Dispatch.Planned > 0 {
		add(a.text("Sent", "발송"), fmt.Sprintf("%s: %d / %d", s.Dispatch.Touch, s.Dispatch.Sent, s.Dispatch.Planned))
	}
	if q := s.Settlement.Qualified; q.Reached > 0 {
		add(a.text("Settlement", "정산"), fmt.Sprintf(a.text("%d of %d met the terms, %s due, %s paid", "%[2]d명 중 %[1]d명 달성, 지급할 금액 %[3]s, 지급 %[4]s"), q.Qualified, q.Reached, amount(q.Due), amount(s.Settlement.Paid.Amount)))
	}
	a.PrintTable([]Column{{Title: s.Title.In(a.Lang)}, {Title: s.Run.WorkflowID()}}, rows)
}
