package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/workflows"
)

// retrying is a step that keeps failing: the run waits for it, and its reason is what a person has to mend.
type retrying struct {
	Activity string `json:"activity"`
	Attempt  int32  `json:"attempt"`
	Reason   string `json:"reason"`
}

// stubborn is from which attempt on a person is told: one or two are the weather.
const stubborn = 3

// retrying finds what keeps failing in a run or in the child that works for it. A server that does not say is no news.
func (a *App) retrying(ctx context.Context, c client.Client, s workflows.Status) []retrying {
	if s.Stage.Final() {
		return nil
	}
	var found []retrying
	for _, id := range workers(s) {
		asking, cancel := context.WithTimeout(ctx, 5*time.Second)
		described, err := c.DescribeWorkflowExecution(asking, id, "")
		cancel()
		if err != nil {
			continue
		}
		for _, pending := range described.GetPendingActivities() {
			if pending.GetAttempt() >= stubborn && pending.GetLastFailure() != nil {
				found = append(found, retrying{pending.GetActivityType().GetName(), pending.GetAttempt(), firstLine(pending.GetLastFailure().GetMessage())})
			}
		}
	}
	return found
}

// workers are the workflows that do a run's work in its present stage.
func workers(s workflows.Status) []string {
	ids := []string{s.Run.WorkflowID()}
	if s.Dispatch.Touch != "" && (s.Stage == campaign.StageDispatching || s.Stage == campaign.StageCancelling) {
		ids = append(ids, s.Run.DispatchID(s.Dispatch.Touch))
	}
	if s.Stage == campaign.StageSettling || s.Stage == campaign.StageCancelling {
		ids = append(ids, s.Run.SettlementID(), s.Run.BooksID())
	}
	return ids
}

// retryingText is the first of them in a sentence, with how many there are beside it; empty for none.
func (a *App) retryingText(found []retrying) string {
	if len(found) == 0 {
		return ""
	}
	text := fmt.Sprintf(a.text("%s, attempt %d: %s", "%s %d번째 시도: %s"), found[0].Activity, found[0].Attempt, found[0].Reason)
	if len(found) > 1 {
		text += fmt.Sprintf(a.text(" (and %d more)", " (그 밖에 %d건)"), len(found)-1)
	}
	return text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
