package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/workflows"
)

// timeline is what the histories of a campaign and of the workflows that serve it say about time.
type timeline struct {
	whole    span
	stages   []stageSpan
	work     []span // activities that did something themselves
	living   []span // the simulated population lived on
	waits    []span // planned: timers of the campaign and its children
	retried  map[string]int
	events   int
	activity map[string]activityTime
}

type stageSpan struct {
	stage campaign.Stage
	span
}

// activityTime adds up the activities of one name.
type activityTime struct {
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"` // covered by at least one of them
	spans   []span
}

// livingActivity lets the simulated population live; real customers do that by themselves, so it is no part of a campaign.
const livingActivity = "LiveOn"

// asking are activities that do nothing but wait for another workflow's answer: its own activities count, they do not.
var asking = map[string]bool{"BookBatch": true, "ReserveContacts": true}

// readTimeline reads all runs of all workflows that a campaign over so many customers consists of.
func readTimeline(ctx context.Context, c client.Client, run campaign.Run, touches []campaign.Touch, customers int) (*timeline, error) {
	t := &timeline{retried: map[string]int{}, activity: map[string]activityTime{}}
	own, keepers := []string{run.WorkflowID(), run.SettlementID()}, []string{run.BooksID()}
	for _, touch := range touches {
		own = append(own, run.DispatchID(touch.ID))
	}
	for low := uint32(1); ; low = (low>>20 + 1) << 20 {
		keepers = append(keepers, workflows.BucketOf(low).ID())
		if workflows.BucketOf(low) == workflows.BucketOf(uint32(customers)) {
			break
		}
	}
	for i, id := range append(own, keepers...) {
		for runID := ""; ; {
			before, err := t.read(ctx, c, id, runID, i == 0, i < len(own))
			if err != nil {
				return nil, fmt.Errorf("read the history of %s: %w", id, err)
			}
			if runID = before; runID == "" {
				break
			}
		}
	}
	for name, a := range t.activity {
		a.Seconds = covered(a.spans)
		t.activity[name] = a
	}
	if t.whole.to.IsZero() {
		return nil, errors.New("the campaign's history has no end")
	}
	return t, nil
}

// read adds one run of a workflow and names the run that it continued. main is the campaign itself. The timers of a
// workflow that is not its own are no waits of the campaign: a keeper's timer runs while it idles.
func (t *timeline) read(ctx context.Context, c client.Client, id, runID string, main, own bool) (before string, err error) {
	names, timers := map[int64]string{}, map[int64]time.Time{}
	started := map[int64]*historypb.HistoryEvent{}
	ended := func(scheduled, begun int64, end *historypb.HistoryEvent) {
		if from := started[begun]; from != nil {
			t.add(names[scheduled], span{from.GetEventTime().AsTime(), end.GetEventTime().AsTime()}, from.GetActivityTaskStartedEventAttributes().GetAttempt())
		}
	}
	events := c.GetWorkflowHistory(ctx, id, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		var missing *serviceerror.NotFound
		if errors.As(err, &missing) { // a campaign without a touch, or abandoned, has no such workflow
			return "", nil
		}
		if err != nil {
			return "", err
		}
		t.events++
		now := e.GetEventTime().AsTime()
		switch e.GetEventType() {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
			before = e.GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
			if main {
				t.whole.from = now
			}
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
			if main {
				t.whole.to = now
				t.enter("", now)
			}
		case enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
			if main {
				t.enter(stageOf(e.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().GetIndexedFields()), now)
			}
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			names[e.GetEventId()] = e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()
		case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			started[e.GetEventId()] = e
		case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			a := e.GetActivityTaskCompletedEventAttributes()
			ended(a.GetScheduledEventId(), a.GetStartedEventId(), e)
		case enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:
			a := e.GetActivityTaskFailedEventAttributes()
			ended(a.GetScheduledEventId(), a.GetStartedEventId(), e)
		case enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
			a := e.GetActivityTaskTimedOutEventAttributes()
			ended(a.GetScheduledEventId(), a.GetStartedEventId(), e)
		case enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
			a := e.GetActivityTaskCanceledEventAttributes()
			ended(a.GetScheduledEventId(), a.GetStartedEventId(), e)
		case enums.EVENT_TYPE_TIMER_STARTED:
			timers[e.GetEventId()] = now
		case enums.EVENT_TYPE_TIMER_FIRED:
			if from, ok := timers[e.GetTimerFiredEventAttributes().GetStartedEventId()]; ok && own {
				t.waits = append(t.waits, span{from, now})
			}
		}
	}
	return before, nil
}

// add notes an activity that ended. What was tried before its last attempt does not count as work.
func (t *timeline) add(name string, s span, attempt int32) {
	a := t.activity[name]
	a.Count++
	a.spans = append(a.spans, s)
	t.activity[name] = a
	if attempt > 1 {
		t.retried[name] += int(attempt) - 1
	}
	switch {
	case name == livingActivity:
		t.living = append(t.living, s)
	case !asking[name]:
		t.work = append(t.work, s)
	}
}

func (t *timeline) enter(stage campaign.Stage, now time.Time) {
	if last := len(t.stages) - 1; last >= 0 {
		if t.stages[last].stage == stage {
			return
		}
		t.stages[last].to = now
	}
	if stage != "" {
		t.stages = append(t.stages, stageSpan{stage: stage, span: span{from: now, to: now}})
	}
}

func stageOf(attributes map[string]*commonpb.Payload) campaign.Stage {
	var stage string
	if p := attributes[workflows.CampaignStage.GetName()]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &stage)
	}
	return campaign.Stage(stage)
}

// share is the part of the campaign's own time in which nobody worked: wall in which no activity and no planned wait was
// running, of wall without planned waits. The population's living is taken out like a wait.
func (t *timeline) share() float64 {
	waits := within(append(append([]span{}, t.waits...), t.living...), t.whole)
	busy := covered(within(append(append([]span{}, t.work...), waits...), t.whole))
	return (t.whole.seconds() - busy) / (t.whole.seconds() - covered(waits))
}
