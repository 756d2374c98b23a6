package report

import "strings"

// words are all texts of the report, English and Korean. A key that is missing is shown as it is, so that a reason
// that is newer than this list still reads.
var words = map[string][2]string{
	// parts
	"report": {"Campaign report", "캠페인 결과 보고서"}, "who": {"Who", "대상 고객"}, "offers": {"Offers", "혜택"}, "thresholds": {"Personal thresholds", "고객별 목표 금액"},
	"hours": {"Hour of the message, planned and as it left, in each customer's own time", "고객 현지 시각 기준 발송 시간: 계획과 실제"}, "left_hour": {"left", "발송"}, "hour_learned": {"own hour", "개인별 시간"}, "hour_fallback": {"segment's hour", "세그먼트 시간"}, "hour_moved": {"moved from a full hour", "정원 초과로 옮김"}, "hour_random": {"random hour", "탐색 시간"}, "hour_blocked": {"no hour", "시간 없음"}, "deliveries": {"Messages", "메시지"},
	"settlement": {"Rewards", "리워드 정산"}, "effect": {"Effect", "효과"}, "budget": {"Budget", "예산"}, "ledger": {"Ledger", "원장"}, "days": {"Goals met by day", "일별 목표 달성"},
	"funnel": {"From all customers to paid rewards", "전체 고객에서 리워드 지급까지"}, "left_out_why": {"Left out, by reason", "제외 사유"},
	// head
	"window": {"Window", "집계 기간"}, "snapshot": {"Customers as of", "고객 기준 시점"}, "known": {"Purchases known", "구매 확정"}, "plan": {"plan", "계획"}, "stage": {"Stage", "단계"},
	"clawback_until": {"Returns counted until", "환수 기한"}, "rehearsal": {"rehearsal", "리허설"}, "written": {"Written", "작성"}, "model": {"Ranked by", "선정 모형"},
	"model_response": {"response model", "반응 모형"}, "model_rank": {"a feature", "지표 순위"}, "model_none": {"no model", "모형 없음"}, "no_fit": {"no model could be fitted", "모형을 적합하지 못함"}, "occurrence": {"occurrence", "회차"},
	// funnel
	"customers": {"customers", "고객"}, "all": {"All customers", "전체 고객"}, "chosen": {"Chosen", "선정"}, "treated": {"Treated", "발송군"}, "control": {"Control", "대조군"}, "holdout": {"Permanent holdout", "상시 대조군"},
	"left_out": {"Left out", "제외"}, "offered": {"Given an offer with a reward", "리워드 혜택 배정"}, "reached": {"Offer reached them", "혜택 도달"}, "redeemed": {"Met their goal", "목표 달성"}, "of_reached": {"%s of those reached", "도달 고객의 %s"}, "paid": {"Paid", "지급"},
	"others": {"other reasons", "기타 사유"},
	// reasons
	"rule": {"outside the audience rule", "대상 조건 아님"}, "excluded_segment": {"excluded segment", "제외 세그먼트"}, "excluded_campaign": {"excluded campaign", "제외 캠페인 대상"},
	"no_address": {"no address", "연락처 없음"}, "no_consent": {"no consent", "수신 동의 없음"}, "consent_expired": {"consent too old", "동의 유효기간 지남"}, "objected_to_profiling": {"objected to profiling", "프로파일링 거부"}, "suppressed": {"suppressed", "수신 차단"},
	"contacted_recently": {"contacted recently", "최근 접촉"}, "frequency_cap": {"frequency cap", "빈도 제한"}, "not_selected": {"below the cut", "선정 순위 밖"}, "eligible": {"eligible", "적격"},
	"no_hour": {"no allowed hour left", "보낼 수 있는 시간 없음"},
	// offers
	"offer": {"Offer", "혜택"}, "none": {"no offer", "혜택 없음"}, "goal_range": {"Threshold (least – median – most)", "목표 금액 (최소 – 중앙 – 최대)"}, "believed": {"Expected", "예상"}, "came": {"Came", "실제"},
	"rate": {"Rate", "달성률"}, "due": {"Rewards", "리워드"}, "explored": {"drawn at random to learn", "학습용 무작위"}, "met": {"met it", "달성"}, "given": {"given", "배정"},
	// deliveries
	"touch": {"Contact", "접촉"}, "first": {"first", "첫 안내"}, "reminder": {"reminder", "다시 알림"}, "planned": {"planned", "예정"}, "attempting": {"open", "진행 중"}, "failed": {"failed", "실패"}, "unknown": {"unknown", "불명"}, "expired": {"expired", "기한 지남"},
	"sent": {"sent", "발송"}, "delivered": {"delivered", "도착"}, "bounced": {"bounced", "반송"}, "total": {"Total", "합계"}, "messages": {"messages", "건"},
	// settlement
	"owed": {"Due", "지급 대상"}, "refused": {"Refused by the provider", "지급 거절"}, "unsettled": {"Outcome unknown", "결과 미확인"}, "ours": {"Our record", "당사 기록"}, "theirs": {"The provider's", "지급사 기록"},
	"agree": {"Both sides agree to the unit.", "양쪽 기록이 한 건도 다르지 않습니다."}, "disagree": {"The two sides differ:", "양쪽 기록이 다릅니다:"}, "missing": {"held for paid by us, unknown to the provider", "당사는 지급, 지급사에는 없음"},
	"surplus": {"paid by the provider, not held for paid by us", "지급사는 지급, 당사 기록에는 없음"}, "unequal": {"paid with another amount", "금액이 다름"}, "twice": {"paid more than once by the provider", "지급사가 두 번 이상 지급"}, "clawed": {"Taken back", "환수"}, "example": {"for example customer", "예: 고객"}, "payouts": {"payouts", "건"},
	// effect
	"spend": {"Spend per customer in the window", "집계 기간 중 고객당 구매액"}, "purchases": {"Purchases per customer in the window", "집계 기간 중 고객당 구매 횟수"}, "difference": {"Difference", "차이"},
	"interval": {"%s interval", "%s 신뢰구간"}, "relative": {"Relative", "상대 차이"}, "incremental": {"Additional, over all treated", "발송군 전체의 증가분"}, "unit_cost_spend": {"Cost per unit of additional spend", "추가 구매액 1단위당 비용"}, "unit_cost_purchases": {"Cost per additional purchase", "추가 구매 1건당 비용"},
	"adjusted":  {"Adjusted for what customers did before, which took %s off the variance; as counted, the difference is %s.", "이전 구매 수준을 보정해 분산을 %s 줄였습니다. 보정하지 않은 차이는 %s입니다."},
	"ratio":     {"Sample ratio: as drawn (p = %.3f).", "표본 비율: 추첨한 대로입니다 (p = %.3f)."},
	"ratio_off": {"Sample ratio: not as drawn (p = %.2g).", "표본 비율: 추첨한 비율과 다릅니다 (p = %.2g)."},
	"itt":       {"All who were drawn count in their group, whether a message reached them or not.", "메시지가 도달했는지와 상관없이 추첨된 고객 모두를 각 군에서 셉니다."},
	"zero":      {"no difference", "차이 없음"}, "metric_mean": {"mean per customer", "고객당 평균"},
	"beside": {"Other metrics, judged together", "그 밖의 지표 (함께 판정)"}, "segments": {"By segment, judged together", "세그먼트별 (함께 판정)"}, "everybody": {"Everybody", "전체"}, "no_segment": {"no segment", "세그먼트 없음"}, "looks": {"Spend per customer as it added up", "고객당 누적 구매액"},
	"metric_spend": {"spend", "구매액"}, "metric_spend_winsorised": {"spend, largest capped", "구매액 (극단값 제한)"}, "metric_response": {"bought at all", "구매 고객 비율"}, "metric_purchases": {"purchases", "구매 횟수"}, "metric_basket": {"spend per purchase", "건당 구매액"},
	"spend_winsorised": {"Spend per customer in the window, the largest capped", "집계 기간 중 고객당 구매액 (극단값 제한)"}, "response": {"Share of customers who bought in the window", "집계 기간 중 구매 고객 비율"}, "basket": {"Spend per purchase in the window", "집계 기간 중 건당 구매액"},
	"rose": {"rose", "증가"}, "fell": {"fell", "감소"}, "claim_inconclusive": {"inconclusive", "판단 보류"}, "claim_never_delivered": {"not delivered", "미발송"}, "claim_no_control": {"no control", "대조군 없음"}, "claim_sample_ratio_mismatch": {"ratio is off", "비율 이상"}, "judged": {"Judged", "판정"},
	"together": {"A claim here allows for several comparisons being looked at (Holm); the intervals shown do not.", "판정은 여러 비교를 함께 본다는 점을 반영했으며(Holm), 표시된 신뢰구간은 각각의 것입니다."},
	"peeking":  {"The band holds at all days together: whoever looked every day was no more likely to be misled.", "띠는 모든 날에 동시에 성립하는 구간입니다. 매일 들여다보아도 잘못 판단할 위험이 커지지 않습니다."},
	"capped":   {"Spend above %s counts as that where it is capped.", "극단값 제한 지표에서는 %s 초과분을 그 금액으로 봅니다."}, "smallest": {"With groups of this size a lift of %s would have been found four times out of five.", "이 규모의 두 군이면 %s의 차이를 다섯 번 중 네 번 찾아낼 수 있습니다."},
	"unit_cost_spend_winsorised": {"Cost per unit of additional spend", "추가 구매액 1단위당 비용"}, "unit_cost_response": {"Cost per additional buyer", "추가 구매 고객 1명당 비용"}, "unit_cost_basket": {"Cost", "비용"},
	"factors": {"What each part added, among the treated", "요소별 효과 (발송군 안에서)"}, "factor_offer": {"offer", "혜택"}, "factor_timing": {"hour", "시각"}, "factor_content": {"content", "콘텐츠"},
	"level_offer_chosen": {"chosen", "선택"}, "level_offer_lot": {"by lot", "추첨"}, "level_timing_chosen": {"own", "개인별"}, "level_timing_lot": {"by lot", "추첨"}, "factor_level": {"there", "해당"}, "factor_reference": {"by lot, or the first", "추첨 또는 첫 항목"},
	"factors_note": {"Offer, hour and content were drawn independently, so each customer tells of all of them. Two names joined by × are what both together bring beyond their sum. Judged together (Holm).", "혜택·시각·콘텐츠를 서로 독립으로 추첨했으므로 고객 한 명이 모든 요소를 알려 줍니다. ×는 두 요소가 함께일 때 각각의 합을 넘는 부분입니다. 함께 판정했습니다(Holm)."},
	"attributed":   {"What attribution would say", "기여도 관점 (참고)"}, "after_open": {"Bought after opening a message", "메시지를 연 뒤 구매"}, "after_click": {"Bought after clicking in one", "메시지를 누른 뒤 구매"}, "measured": {"Added, measured against control", "대조군과 비교한 증가분"},
	"attributed_note": {"Attribution credits the campaign with whatever was bought within %d days of an open or a click. Most of that would have come anyway; only the comparison with control says what the campaign changed.", "기여도 관점은 메시지를 열거나 누른 뒤 %d일 안의 구매를 모두 캠페인 덕분으로 봅니다. 대부분은 어차피 일어났을 구매이며, 캠페인이 바꾼 것은 대조군과 비교해야만 알 수 있습니다."},
	// budget
	"limit_expected": {"Expected budget", "기대 예산"}, "limit_exposure": {"Exposure cap", "최대 노출 한도"}, "out": {"Promised at most", "약속한 최대액"}, "rewards": {"Rewards", "리워드 비용"}, "contact": {"Contact", "발송 비용"},
	"rehearsed": {"Rehearsed before, and what came", "사전 리허설과 실제"}, "rehearsed_interval": {"forecast", "예측 구간"}, "rehearsed_middle": {"middle", "중간값"},
	"rehearsed_inside": {"as forecast", "예측대로"}, "rehearsed_outside": {"not as forecast", "예측을 벗어남"},
	"rehearsed_responses": {"Respond (buy in the window)", "반응 (기간 중 구매)"}, "rehearsed_spend": {"Spend of the treated", "대상 고객의 이용액"}, "rehearsed_incremental": {"Added spend, as measured", "늘어난 이용액 (측정값)"},
	"rehearsed_redeemed": {"Earn their reward", "혜택 달성"}, "rehearsed_cost": {"Cost", "비용"},
	"rehearsed_note": {"By %d rehearsals on %s simulated customers each; a forecast contains what comes with a chance of at least %.0f%%, if customers are like the simulated ones.", "가상 고객 %[2]s명으로 %[1]d번 리허설한 결과입니다. 고객이 가상 고객과 비슷하다면 실제 결과가 예측 구간에 들어올 확률은 %.0[3]f%% 이상입니다."},
	"more_budget":    {"5 %% more budget was believed to bring %s more", "예산을 5%% 늘렸다면 이익이 %s 늘었을 것으로 예상"}, "binding_limits": {"Limits that were used up: %s", "다 쓴 한도: %s"},
	"spent": {"Spent", "집행"}, "forecast": {"Forecast against outcome", "예측과 실제"}, "forecast_redeemed": {"Goals met", "목표 달성 고객"}, "forecast_cost": {"Cost", "비용"}, "forecast_value": {"Expected margin after cost", "예상 순이익"},
	// ledger
	"account": {"Account", "계정"}, "debit": {"Debit", "차변"}, "credit": {"Credit", "대변"}, "budget:granted": {"granted and not used", "승인 미사용"}, "budget:approved": {"free to reserve", "예약 가능"}, "budget:reserved": {"reserved", "예약"},
	"budget:released": {"released", "해제"}, "expense:rewards": {"cost of rewards", "리워드 비용"}, "customer:payable": {"owed to customers", "고객 미지급"}, "payout:clearing": {"with the provider", "지급 진행"}, "payout:paid": {"paid out", "지급 완료"},
	"clawback:receivable": {"to be had back", "환수 예정"}, "balanced": {"The books balance.", "차변과 대변이 일치합니다."}, "unbalanced": {"The books do NOT balance: %s.", "차변과 대변이 맞지 않습니다: %s."},
	"intact": {"Every posting is as it was booked (%d batches, head %s).", "모든 기장이 기록된 그대로입니다 (%d묶음, 머리 해시 %s)."}, "broken": {"The ledger was changed after it was booked:", "기장한 뒤 원장이 바뀌었습니다:"},
	"no_ledger": {"Nothing was booked.", "기장된 내용이 없습니다."},
	"not_yet":   {"not yet", "아직 없음"},
}

// In is a word in a language, ko or en.
func In(lang, key string) string {
	pair, known := words[key]
	switch {
	case !known:
		return strings.ReplaceAll(key, "_", " ")
	case lang == "ko":
		return pair[1]
	}
	return pair[0]
}
