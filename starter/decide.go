package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/workflows"
)

func newPauseCommand(a *App) *cobra.Command {
	return newRequestCommand(a, workflows.Pause, "pause CAMPAIGN", "Stop sending and paying until resumed",
		`Stops within a second what is being sent or paid. What has left stays sent; nothing is lost or doubled by pausing.`)
}

func newResumeCommand(a *App) *cobra.Command {
	return newRequestCommand(a, workflows.Resume, "resume CAMPAIGN", "Go on with a paused campaign",
		`Goes on where it was paused. Whoever missed their hour meanwhile gets a new one.`)
}

func newCancelCommand(a *App) *cobra.Command {
	return newRequestCommand(a, workflows.Cancel, "cancel CAMPAIGN", "Stop a campaign; whoever was reached is still settled",
		`Before the first message everything is released. After it, nothing more is sent, what was never sent is released, and
every offer that was delivered, or may have been, is still settled.`)
}

func newRequestCommand(a *App, request workflows.Update[workflows.Reason, workflows.Ack], use, short, long string) *cobra.Command {
	var why workflows.Reason
	reason := map[workflows.Update[workflows.Reason, workflows.Ack]]string{
		workflows.Pause: "the call centre is overloaded", workflows.Resume: "the call centre has caught up", workflows.Cancel: "the offer was a mistake",
	}[request]
	run := campaign.Run{Occurrence: 1}
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, GroupID: groupCampaign, Args: cobra.ExactArgs(1),
		Example: fmt.Sprintf("  starter %s card-spend-autumn --why %q", string(request), reason),
		RunE: func(cmd *cobra.Command, args []string) error {
			run.Campaign = args[0]
			c, err := a.Temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), soon)
			defer cancel()
			ack, err := request.Ask(ctx, c, run.WorkflowID(), why)
			if err != nil {
				return a.refusal(ctx, c, run, err)
			}
			return a.printAck(run, ack, done(a, request))
		},
	}
	cmd.Flags().Uint32Var(&run.Occurrence, "occurrence", 1, "which occurrence")
	cmd.Flags().StringVar(&why.Why, "why", "", "reason, for the audit trail")
	cmd.Flags().StringVar(&why.Actor, "as", defaultActor(), "who asks, for the audit trail")
	return cmd
}

func newApproveCommand(a *App) *cobra.Command {
	run := campaign.Run{Occurrence: 1}
	var key, named, name string
	var valid time.Duration
	cmd := &cobra.Command{
		Use: "approve CAMPAIGN", Short: "Approve a plan, by its hash, with your key", GroupID: groupCampaign, Args: cobra.ExactArgs(1),
		Long: `Signs the plan's hash with your Ed25519 key (made by ` + "`starter keys new`" + `) and sends the approval. The hash covers the
spec, the policy, the snapshot, the audience and every assignment: another plan needs another approval. The author
of a spec can't approve it.`,
		Example: `  starter status card-spend-autumn          # read the plan and its hash first
  starter approve card-spend-autumn --key ~/.danbi/lee.key --name lee.seojun`,
		RunE: func(cmd *cobra.Command, args []string) error {
			run.Campaign = args[0]
			c, err := a.Temporal(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), soon)
			defer cancel()
			status, err := a.queryStatus(ctx, c, run)
			if err != nil {
				return err
			}
			hash := planHash(named, status)
			private, err := readPrivateKey(key)
			if err != nil {
				return withExit(ExitUsage, err)
			}
			now := clock.Wall()
			approval, err := campaign.Sign(private, campaign.Approval{PlanHash: hash, Approver: name, At: now, Expires: now.Add(valid)})
			if err != nil {
				return withExit(ExitRefused, err)
			}
			ack, err := workflows.Approve.Ask(ctx, c, run.WorkflowID(), approval)
			if err != nil {
				return a.refusal(ctx, c, run, err)
			}
			return a.printAck(run, ack, fmt.Sprintf(a.text("plan %s… is approved by %s", "계획 %s…을(를) %s 이름으로 승인했습니다"), hash[:min(shortHash, len(hash))], name))
		},
	}
	flags := cmd.Flags()
	flags.Uint32Var(&run.Occurrence, "occurrence", 1, "which occurrence")
	flags.StringVar(&key, "key", os.Getenv("DANBI_KEY_FILE"), "file of your private key (DANBI_KEY_FILE)")
	flags.StringVar(&name, "name", defaultActor(), "your name in the policy's list of approvers")
	flags.DurationVar(&valid, "valid", 24*time.Hour, "how long the approval holds")
	flags.StringVar(&named, "hash", "", "hash of the plan that you read, or its beginning (default: that of the plan that waits now)")
	return cmd
}

// printAck confirms a request: what it did, which the stage may show only a moment later.
func (a *App) printAck(run campaign.Run, ack workflows.Ack, done string) error {
	if a.JSON {
		return a.PrintJSON(ack)
	}
	a.Sayf("%s: %s", run.Campaign, done)
	return nil
}

// done is what a request does once it was taken.
func done(a *App, request workflows.Update[workflows.Reason, workflows.Ack]) string {
	switch request {
	case workflows.Pause:
		return a.text("paused; nothing is sent or paid until it is resumed", "일시 중지했습니다. 다시 시작할 때까지 보내거나 지급하지 않습니다")
	case workflows.Resume:
		return a.text("goes on", "다시 시작했습니다")
	}
	return a.text("is being stopped; whoever was reached is still settled", "중단합니다. 이미 받은 고객은 정산합니다")
}

// defaultActor is the name that the audit trail gets unless --as says another.
func defaultActor() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
