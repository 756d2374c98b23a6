package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/offers"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/workflows"
)

// A run tells where it stands in figures and kinds; the sentences that people read are made of them here, in the reader's
// language and with instants in the campaign's zone. The workflow's own sentences are English and for the Temporal UI.

// waits is what the run waits for, or works on, beyond what its stage's own description says.
func (a *App) waits(s workflows.Status) string {
	switch s.Stage {
	case campaign.StageExtracting:
		return fmt.Sprintf(a.text("as of %s", "%s 기준"), local(s, s.Now).Format(minutes))
	case campaign.StageTargeting:
		return ""
	case campaign.StagePersonalise:
		return fmt.Sprintf(a.text("%s customers", "고객 %s명"), groups(s.Treated))
	case campaign.StageAwaiting:
		if s.Plan.Blocks {
			return a.text("a better plan: see what blocks this one", "막힌 항목을 고친 새 계획")
		}
		return a.text("a person's approval: ", "담당자의 승인: ") + a.needs(s.Plan)
	case campaign.StageDispatching:
		if s.Dispatch.Waves == 0 {
			return fmt.Sprintf(a.text("the first wave, in the window from %s", "%s부터인 기간의 첫 발송 차수"), local(s, s.Times.Opens).Format(minutes))
		}
		return a.progress(s)
	case campaign.StageObserving:
		return fmt.Sprintf(a.text("purchases until %s count; they are known on %s", "%s까지의 구매를 집계하며, %s에 확정됩니다"), a.lastDay(s, s.Times.Closes), local(s, s.Times.Settles).Format(minutes))
	case campaign.StageSettled:
		return fmt.Sprintf(a.text("returns until %s still count; then the books are closed", "%s까지의 취소·환불을 반영한 뒤 장부를 마감합니다"), a.lastDay(s, s.Times.Ends))
	}
	return ""
}

// progress is how far the touch under way is.
func (a *App) progress(s workflows.Status) string {
	d := s.Dispatch
	line := fmt.Sprintf(a.text("%s: wave %d of %d, %s of %s sent", "%s: %d/%d차, %s/%s건 발송"),
		report.In(a.Lang, d.Touch), d.Wave, d.Waves, groups(d.Sent), groups(d.Planned))
	var left uint64
	for _, n := range d.Suppressed {
		left += n
	}
	if left > 0 {
		line += fmt.Sprintf(a.text(", %s left out", ", %s건 제외"), groups(left))
	}
	return line
}

// next is what a person can do now; nothing, mostly.
func (a *App) next(s workflows.Status) string {
	name := s.Run.Campaign
	if s.Run.Occurrence > 1 {
		name += fmt.Sprintf(" --occurrence %d", s.Run.Occurrence)
	}
	switch {
	case s.Stage == campaign.StageFailed:
		return a.text("mend what the reason names, then start it again: `starter start SPEC`", "사유를 해결한 뒤 다시 시작하세요: `starter start SPEC`")
	case s.Paused && s.Failure != "":
		return fmt.Sprintf(a.text("mend the cause, then `starter resume %s`", "원인을 해결한 뒤 `starter resume %s`"), name)
	case s.Paused:
		return fmt.Sprintf("`starter resume %s`", name)
	case s.Stage == campaign.StageAwaiting && s.Plan.Blocks:
		return fmt.Sprintf(a.text("mend the spec, then `starter start SPEC --replace`; or `starter cancel %s`", "스펙을 고쳐 `starter start SPEC --replace`, 그만두려면 `starter cancel %s`"), name)
	case s.Stage == campaign.StageAwaiting:
		return fmt.Sprintf(a.text("an approver who is not the author: `starter approve %s --key FILE --name NAME`", "작성자가 아닌 승인자가 `starter approve %s --key FILE --name NAME`"), name)
	case s.Stage == campaign.StageSettled, s.Stage == campaign.StageClosed:
		return fmt.Sprintf(a.text("read the report: `starter report %s`", "보고서 보기: `starter report %s`"), name)
	}
	return a.text("nothing to press", "없음")
}

// needs is why the policy does not approve the plan by itself.
func (a *App) needs(plan activities.PreflightOutput) string {
	if a.Lang != "ko" {
		return strings.Join(plan.Reasons, "; ")
	}
	var all []string
	for _, reason := range plan.Reasons {
		field, figures, _ := strings.Cut(reason, ": ")
		name, known := map[string]string{"expected": "예상 비용", "exposure": "최대 지급액", "reward": "고객 한 명의 혜택", "customers": "대상 고객 수"}[field]
		value, limit, above := strings.Cut(figures, " is more than what approves itself, ")
		switch {
		case known && above:
			reason = fmt.Sprintf("%s %s, 자동 승인 한도 %s 초과", name, value, limit)
		case field == "auto_approve":
			reason = "정책상 모든 승인은 사람이 합니다"
		}
		all = append(all, reason)
	}
	return strings.Join(all, "; ")
}

// failure is what went wrong. The engines' own words stay English; the sentence of a cause that is known comes before them.
func (a *App) failure(s workflows.Status) string {
	if a.Lang != "ko" || s.Failure == "" {
		return s.Failure
	}
	for _, known := range []struct {
		is     error
		korean string
	}{
		{targeting.ErrEmptyAudience, "선정할 수 있는 고객이 없습니다. 제외 사유를 보고 audience.rule을 넓히거나 동의, 발송 횟수 제한, 제외 조건을 확인하세요"},
		{activities.ErrNobodyTreated, "발송 대상이 없습니다. 대상에 비해 대조군이 큽니다. audience.size를 늘리거나 audience.control을 줄이세요"},
		{offers.ErrNothingAffordable, "예산으로 줄 수 있는 혜택이 없습니다. budget이나 혜택을 고치세요"},
		{features.ErrNoCustomers, "고객 데이터가 없습니다. 먼저 `starter import`로 가져오세요"},
		{targeting.ErrBadRule, "audience.rule을 해석할 수 없습니다"},
		{campaign.ErrUsed, "이미 발송한 캠페인 이름입니다. 새 이름(campaign)을 쓰세요"},
		{activities.ErrProviderDown, "메시지 발송 서버가 응답하지 않습니다"},
	} {
		if strings.Contains(s.Failure, known.is.Error()) {
			return known.korean + " (" + s.Failure + ")"
		}
	}
	return s.Failure
}

// finding is a line of the plan's checklist.
func (a *App) finding(f activities.Fault) string {
	if a.Lang != "ko" {
		return f.Message
	}
	if reason, blocked := strings.CutPrefix(f.Kind, "blocked_"); blocked {
		return fmt.Sprintf("%s건 제외: %s", groups(f.Customers), report.In("ko", reason))
	}
	sentence := map[string]string{
		"nobody_treated":    "아무에게도 발송하지 않게 됩니다. audience.rule을 넓히거나 audience.control을 줄이세요",
		"nobody_in_control": "대조군이 비어 있습니다. 대상을 늘리지 않으면 효과를 잴 수 없습니다",
		"nothing_planned":   "기간이 끝나기 전에 보낼 수 있는 시각이 없습니다. timing이나 touches.spread를 넓히세요",
		"over_expected":     "예상 비용이 budget.expected를 넘습니다",
		"over_exposure":     "나갈 혜택의 합이 budget.exposure를 넘습니다",
		"stale_snapshot":    "스냅숏이 정책의 snapshot_age보다 오래되었습니다. 다시 계획하세요",
		"stratum_mismatch":  "층 안에서 대조군 비율이 추첨 비율과 맞지 않습니다. 다시 계획하세요: " + f.Message,
		"model_uncompared":  "모델을 학습할 때의 스냅숏이 없어 고객 분포가 달라졌는지 견줄 수 없습니다",
		"model_drifted":     "모델을 학습한 뒤 특성 분포가 크게 달라졌습니다. 다른 모델을 승격하거나 종류 이름으로 새로 학습하게 하세요: " + f.Message,
		"model_asks_ours":   "이 모델은 우리가 언제 보냈는지에 따라 모든 고객에게 한꺼번에 바뀌는 특성을 봅니다. 종류를 지정해 새로 학습하세요: " + f.Message,
		"model_drifting":    "모델을 학습한 뒤 특성 분포가 달라지고 있습니다. 새 모델이 나을 수 있습니다: " + f.Message,
		"capped":            fmt.Sprintf("%s건 제외: 발송 횟수 제한", groups(f.Customers)),
		"smallest_lift":     "대조군으로 볼 수 있는 최소 효과 (자세히: starter power): " + f.Message,
		"unsized":           "선정한 고객의 이전 구매가 없어 볼 수 있는 최소 효과를 알 수 없습니다",
		"over_policy":       "정책 한도를 넘어 아무도 승인할 수 없습니다: " + f.Message,
	}[f.Kind]
	if sentence == "" {
		return f.Message
	}
	return sentence
}

// How instants are shown: to the minute, in the campaign's zone.
const minutes = "2006-01-02 15:04"

// lastDay is an end as people say it: a period that ends at a midnight lasts until the day before.
func (a *App) lastDay(s workflows.Status, end time.Time) string {
	at := local(s, end)
	if at.Hour() == 0 && at.Minute() == 0 {
		return at.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return at.Format(minutes)
}

// local is an instant as the campaign's own people read it.
func local(s workflows.Status, at time.Time) time.Time {
	zone, err := campaign.LoadZone(s.Zone)
	if err != nil {
		return at
	}
	return at.In(zone)
}
