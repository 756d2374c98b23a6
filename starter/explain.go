package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/workflows"
)

// soon bounds a request that a running worker answers at once.
const soon = 30 * time.Second

// explain says in a manager's words what Temporal refused.
func (a *App) explain(err error, run campaign.Run) error {
	if err == nil {
		return nil
	}
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	var missing *serviceerror.NotFound
	var late *serviceerror.DeadlineExceeded
	var away *serviceerror.Unavailable
	var refused *temporal.ApplicationError
	switch {
	case errors.As(err, &started):
		return withExit(ExitRefused, fmt.Errorf(a.text(
			"campaign %s, occurrence %d, has been started before: see `starter status %[1]s`; before the first message --replace makes a new plan, else choose a new id (campaign:) or --occurrence",
			"%s 캠페인의 %d회차는 이미 시작되었습니다. `starter status %[1]s`로 확인하세요. 첫 발송 전이면 --replace로 계획을 바꿀 수 있고, 아니면 새 이름(campaign:)이나 --occurrence를 쓰세요"), run.Campaign, run.Occurrence))
	case errors.As(err, &missing):
		return withExit(ExitUsage, fmt.Errorf(a.text(
			"there is no campaign %s, occurrence %d, here: check the name, --occurrence, and --dir or the server's address",
			"%s 캠페인의 %d회차가 없습니다. 이름과 --occurrence, --dir 또는 서버 주소를 확인하세요"), run.Campaign, run.Occurrence))
	case errors.As(err, &refused):
		return withExit(ExitRefused, errors.New(refused.Message()))
	case errors.As(err, &late), errors.As(err, &away), errors.Is(err, context.DeadlineExceeded), strings.Contains(err.Error(), "no poller"):
		return withExit(ExitUnreachable, fmt.Errorf(a.text(
			"Temporal or the worker does not answer (%w): see that `starter up` runs, and the worker's log in its folder",
			"Temporal이나 워커가 응답하지 않습니다(%w). `starter up`이 켜져 있는지, 폴더의 워커 로그를 확인하세요"), err))
	}
	return withExit(ExitRefused, err)
}

// refusal explains why a run did not take a request. The run's own sentence is English; for others it is said from where the run stands.
func (a *App) refusal(ctx context.Context, c client.Client, run campaign.Run, err error) error {
	if err == nil {
		return nil
	}
	explained := a.explain(err, run)
	status, unknown := a.queryStatus(ctx, c, run)
	if unknown != nil {
		return explained
	}
	if exitCode(explained) == ExitUsage || status.Stage.Final() { // it is there, and over
		return withExit(ExitRefused, fmt.Errorf(a.text("campaign %s is over: %s", "%s 캠페인은 이미 끝났습니다: %s"), run.Campaign, status.Stage.Describe(a.Lang)))
	}
	if a.Lang != "ko" || exitCode(explained) != ExitRefused {
		return explained
	}
	for _, known := range []struct {
		is     error
		korean string
	}{
		{campaign.ErrUnknownApprover, "정책에 이 이름의 승인자가 없습니다. 정책 담당자에게 공개 키를 등록해 달라고 하세요"},
		{campaign.ErrSignature, "서명이 정책에 등록된 승인자의 공개 키와 맞지 않습니다. 그 이름의 키로 서명하세요"},
		{campaign.ErrOtherPlan, "다른 계획에 대한 승인입니다. 지금 계획을 확인하고 그 계획을 승인하세요"},
		{campaign.ErrExpired, "승인의 유효 기간이 지났습니다. 다시 승인하세요"},
		{campaign.ErrNotYet, "승인 시각이 미래입니다. 서명한 컴퓨터의 시계를 맞추세요"},
		{campaign.ErrTooLong, "승인의 유효 기간이 정책의 approval_age보다 깁니다. --valid를 줄이세요"},
		{campaign.ErrOwnPlan, "작성자는 자신의 캠페인을 승인할 수 없습니다. 다른 승인자에게 부탁하세요"},
	} {
		if strings.Contains(explained.Error(), known.is.Error()) {
			return withExit(ExitRefused, errors.New(known.korean))
		}
	}
	return withExit(ExitRefused, fmt.Errorf("지금은 할 수 없습니다. %s%s (%w)", status.Stage.Describe("ko"),
		map[bool]string{true: ", 일시 중지됨"}[status.Paused], explained))
}

// planHash is the hash that an approver means: that of the plan that waits, named whole, by its first letters, or not at all.
func planHash(named string, status workflows.Status) string {
	if len(named) >= shortHash/2 && strings.HasPrefix(status.Plan.Hash, strings.TrimSuffix(named, "…")) || named == "" {
		return status.Plan.Hash
	}
	return named
}
