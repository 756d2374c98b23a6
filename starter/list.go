package main

import (
	"context"
	"strings"
	"time"

	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/workflows"
)

// listed is a run as Temporal's list of workflows shows it.
type listed struct {
	Workflow  string         `json:"workflow"`
	Stage     campaign.Stage `json:"stage"`
	Paused    bool           `json:"paused,omitempty"`
	Customers int64          `json:"customers"`
	Started   time.Time      `json:"started"`
}

// mostListed are the latest runs that a person is shown; Temporal's own UI filters and pages through all of them.
const mostListed = 50

// list shows the latest runs, those that somebody has to look at among them.
func (a *App) list(ctx context.Context, c client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	found, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: mostListed, Query: "WorkflowType = 'Campaign'"})
	if err != nil {
		return a.explain(err, campaign.Run{})
	}
	all := []listed{}
	for _, info := range found.GetExecutions() {
		all = append(all, readListed(info))
	}
	if a.JSON {
		return a.PrintJSON(all)
	}
	if len(all) == 0 {
		a.Sayf("%s", a.text("No campaign has been started here yet: `starter start SPEC`.", "아직 시작한 캠페인이 없습니다. `starter start SPEC`으로 시작하세요."))
		return nil
	}
	var rows [][]string
	for _, run := range all {
		stage := run.Stage.Describe(a.Lang)
		if run.Paused {
			stage += a.text(" (paused)", " (일시 중지)")
		}
		rows = append(rows, []string{strings.TrimPrefix(run.Workflow, "campaign/"), stage, groups(uint64(max(run.Customers, 0))), run.Started.Local().Format(minutes)})
	}
	a.PrintTable([]Column{{Title: a.text("Campaign", "캠페인")}, {Title: a.text("Stage", "단계")}, {Title: a.text("Treated", "발송군"), Right: true}, {Title: a.text("Started", "시작")}}, rows)
	return nil
}

func readListed(info *workflow.WorkflowExecutionInfo) listed {
	run := listed{Workflow: info.GetExecution().GetWorkflowId(), Stage: campaign.StageDraft, Started: info.GetStartTime().AsTime()}
	read := func(name string, into any) {
		if payload, there := info.GetSearchAttributes().GetIndexedFields()[name]; there {
			_ = converter.GetDefaultDataConverter().FromPayload(payload, into) // an attribute of another type is none of ours
		}
	}
	var stage string
	read(workflows.CampaignStage.GetName(), &stage)
	read(workflows.CampaignPaused.GetName(), &run.Paused)
	read(workflows.CampaignPeople.GetName(), &run.Customers)
	if stage != "" {
		run.Stage = campaign.Stage(stage)
	}
	return run
}
