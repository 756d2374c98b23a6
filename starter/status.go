package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/workflows"
)

func newStatusCommand(a *App) *cobra.Command {
	run := campaign.Run{Occurrence: 1}
	var watch bool
	cmd := &cobra.Command{
		Use: "status [CAMPAIGN]", Short: "Where a campaign stands, what it waits for, and what to do", GroupID: groupCampaign, Args: cobra.MaximumNArgs(1),
		Long: `Where a campaign stands, what it waits for, and what a person can do now. With --watch it says each change, and how
far the messages are, until the campaign ends or Ctrl-C; with --json too, a line of JSON for each change.
Without a name it lists the campaigns that were started.`,
		Example: `  starter status
  starter status card-spend-autumn
  starter status card-spend-autumn --watch
  starter status card-spend-autumn --json | jq -r '.stage, .plan.hash'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.Temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			if len(args) == 0 {
				return a.list(cmd.Context(), c)
			}
			run.Campaign = args[0]
			if watch {
				last, err := a.watch(cmd.Context(), c, run, func(s workflows.Status) bool { return s.Stage.Final() })
				if interrupted(cmd.Context(), err) {
					return nil
				}
				if err == nil && last.Stage == campaign.StageFailed {
					return a.failed(last)
				}
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), soon)
			defer cancel()
			status, err := a.queryStatus(ctx, c, run)
			if err != nil {
				return err
			}
			stuck := a.retrying(ctx, c, status)
			if a.JSON {
				return a.PrintJSON(struct {
					workflows.Status
					Retrying []retrying `json:"retrying,omitempty"`
				}{status, stuck})
			}
			a.printStatus(status, stuck)
			return nil
		},
	}
	cmd.Flags().Uint32Var(&run.Occurrence, "occurrence", 1, "which occurrence")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "follow it until it ends or Ctrl-C")
	return cmd
}

// failed is the error that a command ends with whose campaign failed.
func (a *App) failed(s workflows.Status) error {
	return errors.New(a.text("the campaign failed: ", "캠페인이 실패했습니다: ") + a.failure(s))
}

// queryStatus asks a run where it stands.
func (a *App) queryStatus(ctx context.Context, c client.Client, run campaign.Run) (workflows.Status, error) {
	var status workflows.Status
	value, err := c.QueryWorkflow(ctx, run.WorkflowID(), "", workflows.StatusQuery)
	if err != nil {
		return status, a.explain(err, run)
	}
	return status, value.Get(&status)
}

func (a *App) printStatus(s workflows.Status, stuck []retrying) {
	amount := func(m money.Minor) string { return money.Format(m, s.Currency, a.Lang) }
	rows := [][]string{
		{a.text("Stage", "단계"), s.Stage.Describe(a.Lang) + map[bool]string{true: a.text(" (paused)", " (일시 중지)")}[s.Paused]},
	}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	add(a.text("Failure", "문제"), a.failure(s))
	add(a.text("Trying again", "다시 시도 중"), a.retryingText(stuck))
	if s.Stage != campaign.StageDispatching || s.Dispatch.Waves == 0 {
		add(a.text("Waits for", "기다리는 것"), a.waits(s))
	}
	add(a.text("Next", "할 일"), a.next(s))
	add(a.text("Campaign time", "캠페인 시각"), local(s, s.Now).Format("2006-01-02 15:04 MST")+map[bool]string{true: a.text(", rehearsal", ", 리허설")}[s.Rehearsal])
	add(a.text("Window", "기간"), local(s, s.Times.Opens).Format(minutes)+" – "+local(s, s.Times.Closes).Format("2006-01-02 15:04 MST"))
	if s.Treated+s.Control > 0 {
		add(a.text("Audience", "대상"), fmt.Sprintf(a.text("%s treated, %s control, %s holdout", "발송군 %s명, 대조군 %s명, 상시 대조군 %s명"), groups(s.Treated), groups(s.Control), groups(s.Holdout)))
	}
	add(a.text("Left out", "제외"), a.leftOut(s))
	if len(s.Prices.Offers) > 0 {
		add(a.text("Offers", "혜택"), fmt.Sprintf(a.text("expected cost %s, at most %s", "예상 비용 %s, 최대 %s"), amount(s.Prices.Cost), amount(s.Prices.Out)))
	}
	if o := s.Plan.Outlook; o != nil && o.Offered > 0 {
		add(a.text("Forecast", "예측"), fmt.Sprintf(a.text("%s reach their goal (%s to %s), rewards cost %s (%s to %s)", "목표 달성 %s명 (%s~%s), 보상 비용 %s (%s~%s)"),
			groups(uint64(o.Responses.P50)), groups(uint64(o.Responses.P10)), groups(uint64(o.Responses.P90)),
			amount(money.Minor(o.Cost.P50)), amount(money.Minor(o.Cost.P10)), amount(money.Minor(o.Cost.P90))))
		if one := o.One; one != nil {
			add(a.text("One for all", "모두 하나라면"), fmt.Sprintf(a.text("%[1]s to %[2]s customers: %[3]s of value for %[4]s, where this plan has %[5]s for %[6]s", "고객 %[2]s명에게 %[1]s: %[4]s로 이익 %[3]s, 이 계획은 %[6]s로 %[5]s"),
				one.Offer, groups(one.Customers), amount(money.Minor(one.Value)), amount(money.Minor(one.Cost)), amount(s.Prices.Value), amount(s.Prices.Cost)))
		}
		if text := a.besides(o.Beside); text != "" {
			add(a.text("Neighbours", "이웃 비교"), text)
		}
	}
	if len(s.Plan.Hash) > shortHash {
		add(a.text("Plan", "계획"), fmt.Sprintf(a.text("version %d, hash %s…", "%d번째, 해시 %s…"), s.Run.Plan, s.Plan.Hash[:shortHash]))
	}
	for _, line := range a.renderings(s.Plan.Messages, s.Currency) {
		add(a.text("Dry run", "미리 만들어 본 메시지"), line)
	}
	for _, f := range s.Plan.Findings {
		add(map[bool]string{true: a.text("Blocks", "막힘"), false: a.text("Note", "참고")}[f.Blocks], a.finding(f))
	}
	if s.Dispatch.Planned > 0 {
		add(a.text("Sent", "발송"), a.progress(s))
		var channels []string
		for _, name := range slices.Sorted(maps.Keys(s.Dispatch.Channels)) {
			channels = append(channels, name+" "+groups(s.Dispatch.Channels[name]))
		}
		add(a.text("By channel", "채널별"), strings.Join(channels, ", "))
	}
	if q := s.Settlement.Qualified; q.Reached > 0 {
		add(a.text("Settlement", "정산"), fmt.Sprintf(a.text("%s of %s met the terms, %s due, %s paid", "%[2]s명 중 %[1]s명 달성, 지급 대상 %[3]s, 지급 %[4]s"),
			groups(q.Qualified), groups(q.Reached), amount(q.Due), amount(s.Settlement.Paid.Amount)))
	}
	a.PrintTable([]Column{{Title: s.Title.In(a.Lang)}, {Title: s.Run.WorkflowID()}}, rows)
}

// shortHash is how much of a plan's hash people read and type.
const shortHash = 12

// leftOut says why customers were not chosen, the most frequent reason first.
func (a *App) leftOut(s workflows.Status) string {
	reasons := slices.SortedFunc(maps.Keys(s.Funnel), func(x, y string) int {
		return cmp.Or(cmp.Compare(s.Funnel[y], s.Funnel[x]), strings.Compare(x, y))
	})
	var all []string
	for _, reason := range reasons {
		switch reason {
		case targeting.ReasonTreated, targeting.ReasonControl, targeting.ReasonHoldout: // stand under Audience
		default:
			all = append(all, a.reason(reason)+" "+groups(s.Funnel[reason]))
		}
	}
	return strings.Join(all, " · ")
}
