package campaign

// Stages are all stages: those of a run that goes well in order, then those that can follow any of them.
var Stages = []Stage{
	StageDraft, StageExtracting, StageTargeting, StagePersonalise, StagePlanning, StageAwaiting, StageDispatching,
	StageObserving, StageSettling, StageSettled, StageClosed, StageCancelling, StageCancelled, StageFailed,
}

// Final says that nothing more happens to the run.
func (s Stage) Final() bool { return s == StageClosed || s == StageCancelled || s == StageFailed }

// Describe says in a language (ko, en) what the run does in this stage.
func (s Stage) Describe(language string) string { return stageTexts[s].does.In(language) }

// Waits says in a language what ends the stage, which is what a person who looks at it waits for.
func (s Stage) Waits(language string) string { return stageTexts[s].waits.In(language) }

var stageTexts = map[Stage]struct{ does, waits Text }{
	StageDraft:       {say("The spec is written, nothing has started", "스펙이 작성되었고 아직 시작되지 않았습니다"), say("Start the campaign", "캠페인을 시작하세요")},
	StageExtracting:  {say("Extracting features of all customers at one point in time", "한 시점의 고객 특성을 추출하고 있습니다"), say("All shards of the snapshot", "스냅샷의 모든 샤드")},
	StageTargeting:   {say("Choosing the audience: rule, model, consent, suppression, control group", "대상 고객을 고르고 있습니다(규칙, 모델, 동의, 제외, 대조군)"), say("All customers scored and assigned to an arm", "모든 고객의 점수와 그룹 배정")},
	StagePersonalise: {say("Finding each customer's own offer under the budget", "예산 안에서 고객별 혜택을 정하고 있습니다"), say("The best affordable offer for each customer", "고객별 최적 혜택")},
	StagePlanning:    {say("Planning the waves, rendering every message and checking it before launch", "발송 시각을 계획하고 모든 메시지를 미리 점검하고 있습니다"), say("Dry run and preflight", "모의 발송과 사전 점검")},
	StageAwaiting:    {say("The plan is ready and waits for approval", "계획이 준비되어 승인을 기다립니다"), say("An approver who is not the author: starter approve", "작성자가 아닌 승인자의 승인: starter approve")},
	StageDispatching: {say("Sending each message at its customer's own time", "고객별 시각에 메시지를 발송하고 있습니다"), say("The last wave of the last touch", "마지막 접촉의 마지막 발송")},
	StageObserving:   {say("All messages are out; customers' purchases count until the window ends", "발송이 끝났고 기간이 끝날 때까지 구매를 집계합니다"), say("The end of the window, and the lag until its purchases are known", "기간 종료와 구매 내역 수집")},
	StageSettling:    {say("Finding who met the terms, posting and paying the rewards", "조건을 달성한 고객을 확정하고 혜택을 지급하고 있습니다"), say("Every due paid and the books reconciled", "모든 지급과 장부 대사")},
	StageSettled:     {say("Rewards are paid, the result is measured and the report is final", "혜택이 지급되고 성과가 측정되어 보고서가 확정되었습니다"), say("The end of the clawback window: cancelled purchases still count", "회수 기간 종료(취소된 구매 반영)")},
	StageClosed:      {say("The campaign is over and its books are closed", "캠페인이 끝나고 장부가 마감되었습니다"), say("Nothing", "없음")},
	StageCancelling:  {say("Stopping: nothing more is sent; what was delivered is still settled", "중단하고 있습니다. 더 보내지 않으며 이미 보낸 혜택은 정산합니다"), say("Release of what was never sent, settlement of the rest", "미발송분 해제와 나머지 정산")},
	StageCancelled:   {say("The campaign was cancelled and its books are closed", "캠페인이 취소되고 장부가 마감되었습니다"), say("Nothing", "없음")},
	StageFailed:      {say("The campaign cannot go on; the reason stands beside this stage", "캠페인을 계속할 수 없습니다. 사유를 확인하세요"), say("A person: see docs/runbook.md for the reason given", "담당자 조치: docs/runbook.md에서 사유를 찾으세요")},
}
