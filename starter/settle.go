package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/workflows"
)

// newSettleCommand settles a run again, from any step.
func newSettleCommand(a *App) *cobra.Command {
	run := campaign.Run{Occurrence: 1}
	var why workflows.Reason
	var from, until, explain string
	names := make([]string, 0, len(workflows.Steps))
	for _, step := range workflows.Steps {
		if step != workflows.StepClose { // the campaign closes its books itself
			names = append(names, string(step))
		}
	}
	cmd := &cobra.Command{
		Use: "settle CAMPAIGN", Short: "Settle a campaign again, from any step", GroupID: groupCampaign, Args: cobra.ExactArgs(1),
		Long: `Runs steps of a settlement again: qualify, post, pay, reconcile, claw-back. What was judged, booked, paid or found before
stays as it is; what is new is added, in a pass of its own that the books show. Use it when payouts had no answer for
longer than settlement.patience, after resolving what ` + "`starter payouts`" + ` lists, or to take back refunds before the
clawback window is over. The campaign has to be settled and not closed.

With --explain it settles nothing: it shows how each purchase of one customer counted, for every receipt of every offer,
and what was earned or is missing, by the evaluator that the query of a settlement is held against.`,
		Example: `  starter settle card-spend-autumn --from pay --why "the provider is back"
  starter settle card-spend-autumn --from claw-back --until claw-back --why "monthly refunds"
  starter settle card-spend-autumn --explain C-10042`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if explain != "" {
				return a.explainSettlement(cmd.Context(), args[0], explain, run.Occurrence)
			}
			run.Campaign = args[0]
			for _, step := range []string{from, until} {
				if !slices.Contains(names, step) {
					return withExit(ExitUsage, fmt.Errorf(a.text("%q is no step; write one of %s", "%q: 단계가 아닙니다. %s 중에서 쓰세요"), step, strings.Join(names, ", ")))
				}
			}
			c, err := a.Temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			return a.settleAgain(cmd.Context(), c, run, workflows.Step(from), workflows.Step(until), why)
		},
	}
	cmd.Flags().Uint32Var(&run.Occurrence, "occurrence", 1, "which occurrence")
	cmd.Flags().StringVar(&from, "from", string(workflows.StepQualify), "first step: "+strings.Join(names, ", "))
	cmd.Flags().StringVar(&until, "until", string(workflows.StepReconcile), "last step")
	cmd.Flags().StringVar(&explain, "explain", "", "show how this customer's purchases counted, and settle nothing")
	cmd.Flags().StringVar(&why.Why, "why", "", "reason, for the audit trail")
	cmd.Flags().StringVar(&why.Actor, "as", defaultActor(), "who asks, for the audit trail")
	return cmd
}

// explainSettlement shows how one customer's purchases counted.
func (a *App) explainSettlement(ctx context.Context, id, customer string, occurrence uint32) error {
	run, brief, why, err := a.whyOf(ctx, id, customer, occurrence, false)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.PrintJSON(map[string]any{"customer_key": why.Customer, "promised": why.Promised, "redeemed": why.Redeemed, "payouts": why.Payouts, "clawback": why.Clawback})
	}
	a.printExplained(run, brief.Spec, why)
	return nil
}

func (a *App) settleAgain(ctx context.Context, c client.Client, run campaign.Run, from, until workflows.Step, why workflows.Reason) error {
	asking, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	var status workflows.Status
	answer, err := c.QueryWorkflow(asking, run.WorkflowID(), "", workflows.StatusQuery)
	if err == nil {
		err = answer.Get(&status)
	}
	if err != nil {
		return a.refusal(ctx, c, run, err)
	}
	if status.Stage != campaign.StageSettled {
		return withExit(ExitUsage, fmt.Errorf(a.text("%s is %s: it can be settled again once it is settled, and until it is closed", "%s: 지금은 %s입니다. 정산이 끝난 뒤 마감 전까지 다시 정산할 수 있습니다"), run.Campaign, status.Stage.Describe(a.Lang)))
	}
	in, err := settlementInput(asking, c, run)
	if err != nil {
		return a.explain(err, run)
	}
	var passes uint16
	if answer, err = c.QueryWorkflow(asking, run.BooksID(), "", workflows.PassQuery); err == nil {
		err = answer.Get(&passes)
	}
	if err != nil {
		return a.explain(err, run)
	}
	in.From, in.Until, in.Pass, in.Asked, in.Clock, in.Paused = from, until, passes+1, &why, clock.Live(), status.Paused
	if slices.Index(workflows.Steps, until) < slices.Index(workflows.Steps, from) {
		in.Until = from
	}
	if status.Rehearsal {
		in.Clock = clock.Rehearse(status.Now, 0)
	}
	handle, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: run.SettlementID(), TaskQueue: workflows.TaskQueue, StaticSummary: fmt.Sprintf("settlement of %s again, pass %d: %s", run.Campaign, in.Pass, why.Why),
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.Settlement, in)
	var running *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &running) {
		return withExit(ExitUsage, fmt.Errorf(a.text("%s is being settled already: wait until it is done, or look at workflow %s", "%s: 이미 정산 중입니다. 끝날 때까지 기다리거나 워크플로 %s를 보세요"), run.Campaign, run.SettlementID()))
	}
	if err != nil {
		return a.explain(err, run)
	}
	var out workflows.SettlementResult
	if err := handle.Get(ctx, &out); err != nil {
		return a.explain(err, run)
	}
	if a.JSON {
		return a.PrintJSON(map[string]any{"pass": in.Pass, "result": out})
	}
	show := func(amount int64) string { return fmt.Sprint(amount) }
	a.Sayf("%s", a.text(
		fmt.Sprintf("Pass %d is done: %d dues, %d paid, %d refused, %d without an answer; %d reversed (%s), %d came too late; %d breaks are open.", in.Pass, out.Paid.Dues, out.Paid.Paid, out.Paid.Refused, out.Paid.Unknown, out.ClawedBack.Reversed, show(int64(out.ClawedBack.Amount)), out.ClawedBack.Late, out.Reconciled.Open),
		fmt.Sprintf("%d차 재정산 완료: 지급 대상 %d건, 지급 %d건, 거절 %d건, 응답 없음 %d건; 회수 %d건(%s), 늦게 확인된 달성 %d건; 미해결 차이 %d건.", in.Pass, out.Paid.Dues, out.Paid.Paid, out.Paid.Refused, out.Paid.Unknown, out.ClawedBack.Reversed, show(int64(out.ClawedBack.Amount)), out.ClawedBack.Late, out.Reconciled.Open)))
	return nil
}

// settlementInput is what the run's own settlement was started with: the same shards, so that the books stay cut as they are.
func settlementInput(ctx context.Context, c client.Client, run campaign.Run) (in workflows.SettlementInput, err error) {
	events := c.GetWorkflowHistory(ctx, run.SettlementID(), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !events.HasNext() {
		return in, fmt.Errorf("%s has no settlement", run.Campaign)
	}
	first, err := events.Next()
	if err != nil {
		return in, err
	}
	started := first.GetWorkflowExecutionStartedEventAttributes()
	if err := converter.GetDefaultDataConverter().FromPayloads(started.GetInput(), &in); err != nil {
		return in, fmt.Errorf("read how %s was settled: %w", run.Campaign, err)
	}
	in.Patience = time.Hour // a person waits
	return in, nil
}
