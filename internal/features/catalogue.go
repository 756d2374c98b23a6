package features

import (
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Feature is one number that is known of each customer at a snapshot's instant, and from nothing later.
type Feature struct {
	Name      string        `json:"name"`
	Meaning   campaign.Text `json:"meaning"`
	SQL       string        `json:"sql,omitempty"` // an aggregate over its source; empty where it is built in
	Window    string        `json:"window"`        // what it looks back on: "28d", or "all"
	Type      string        `json:"type"`          // see the types
	Sources   []string      `json:"sources"`       // tables
	Owner     string        `json:"owner"`
	Sensitive bool          `json:"sensitive,omitempty"` // may choose customers, and is named in no text to them
	// Ours says that what we did last sets it for nearly everybody at once: it tells one campaign of the past from another, and
	// is elsewhere by the next. Rules may ask for it; models that are fitted don't.
	Ours bool `json:"ours,omitempty"`
}

// Types of features. All are kept as numbers; NaN is what is not known.
const (
	TypeCount  = "count"
	TypeAmount = "amount" // minor units of the snapshot's currency
	TypeDays   = "days"
	TypeShare  = "share" // 0 to 1
	TypeRatio  = "ratio"
	TypeNumber = "number"
)

// OwnerDanbi owns the features that are built in.
const OwnerDanbi = "danbi"

const (
	customers    = "customers"
	transactions = "transactions"
	interactions = "interactions"
	deliveries   = "delivery_events"
)

// builtin is a column of the query that extracts features, which is its SQL.
func builtin(name, kind, window, en, ko string, sources ...string) Feature {
	return Feature{Name: name, Meaning: campaign.Text{"en": en, "ko": ko}, Window: window, Type: kind, Sources: sources, Owner: OwnerDanbi}
}

func sensitive(f Feature) Feature {
	f.Sensitive = true
	return f
}

func ours(f Feature) Feature {
	f.Ours = true
	return f
}

// IsOurs says whether a built-in feature of that name is set by what we did last.
func IsOurs(name string) bool {
	return slices.ContainsFunc(Builtin, func(f Feature) bool { return f.Name == name && f.Ours })
}

// Builtin are the features that every snapshot has, in the order of their bins.
var Builtin = []Feature{
	sensitive(builtin("age", TypeNumber, "all", "years; 0 where unknown", "나이. 모르면 0", customers)),
	builtin("tenure_days", TypeDays, "all", "days since the customer joined; 0 where unknown", "가입 후 일수. 모르면 0", customers),
	builtin("recency_days", TypeDays, "all", "whole days since the last purchase; 65535 where there is none", "마지막 구매 후 일수. 구매가 없으면 65535", transactions),
	builtin("purchases", TypeCount, "all", "purchases ever", "전체 구매 횟수", transactions),
	builtin("purchases_90d", TypeCount, "90d", "purchases of the last 90 days", "최근 90일 구매 횟수", transactions),
	builtin("spend", TypeAmount, "all", "spend ever, less refunds", "전체 이용액 (환불 제외)", transactions),
	builtin("spend_28d", TypeAmount, "28d", "spend of the last 28 days, less refunds", "최근 28일 이용액 (환불 제외)", transactions),
	builtin("spend_90d", TypeAmount, "90d", "spend of the last 90 days, less refunds", "최근 90일 이용액 (환불 제외)", transactions),
	builtin("rhythm_days", TypeDays, "all", "mean days between purchases; 0 below two purchases", "평균 구매 간격(일). 구매가 두 번 미만이면 0", transactions),
	builtin("messages_180d", TypeCount, "180d", "messages delivered within the last 180 days", "최근 180일 동안 받은 메시지 수", interactions, deliveries),
	builtin("responses_180d", TypeCount, "180d", "opens and clicks of the last 180 days", "최근 180일 동안 열거나 누른 횟수", interactions),
	builtin("purchases_28d", TypeCount, "28d", "purchases of the last 28 days", "최근 28일 구매 횟수", transactions),
	builtin("purchases_365d", TypeCount, "365d", "purchases of the last 365 days", "최근 365일 구매 횟수", transactions),
	builtin("spend_365d", TypeAmount, "365d", "spend of the last 365 days, less refunds", "최근 365일 이용액 (환불 제외)", transactions),
	builtin("forecast_28d", TypeAmount, "180d", "forecast of the next 28 days' spend: the last six 30-day months, the latest counting most, less the longer a purchase is overdue by the customer's own rhythm", "다음 28일 이용액 예측. 최근 6개월을 최근일수록 크게 반영하고, 평소 구매 간격보다 늦어질수록 줄입니다", transactions),
	builtin("basket_365d", TypeAmount, "365d", "mean amount of a purchase of the last 365 days", "최근 365일 구매 1회당 평균 금액", transactions),
	builtin("largest_365d", TypeAmount, "365d", "largest line of a purchase of the last 365 days", "최근 365일 가장 큰 구매 금액", transactions),
	builtin("refund_share_365d", TypeShare, "365d", "share of the last 365 days' purchases, by amount, that was given back", "최근 365일 구매액 중 환불 비중", transactions),
	builtin("spend_slope_28d", TypeRatio, "90d", "spend a day of the last 28 days over that of the last 90: 1 is steady", "최근 28일 일평균 이용액 ÷ 최근 90일 일평균. 1이면 그대로", transactions),
	builtin("spend_slope_90d", TypeRatio, "365d", "spend a day of the last 90 days over that of the last 365: 1 is steady", "최근 90일 일평균 이용액 ÷ 최근 365일 일평균. 1이면 그대로", transactions),
	builtin("purchases_slope_28d", TypeRatio, "90d", "purchases a day of the last 28 days over those of the last 90", "최근 28일 일평균 구매 횟수 ÷ 최근 90일 일평균", transactions),
	builtin("purchases_slope_90d", TypeRatio, "365d", "purchases a day of the last 90 days over those of the last 365", "최근 90일 일평균 구매 횟수 ÷ 최근 365일 일평균", transactions),
	builtin("spend_trend_180d", TypeRatio, "180d", "slope of a line through the last six 30-day months' spend, over their mean", "최근 6개월 월 이용액의 기울기 ÷ 평균", transactions),
	builtin("active_months", TypeCount, "360d", "how many of the last twelve 30-day months had spend", "최근 12개월 중 이용액이 있는 달 수", transactions),
	builtin("recency_to_rhythm", TypeRatio, "all", "days since the last purchase over the customer's own mean days between purchases: above 1 is overdue", "마지막 구매 후 일수 ÷ 본인의 평균 구매 간격. 1보다 크면 평소보다 늦음", transactions),
	builtin("rhythm_spread_365d", TypeRatio, "365d", "standard deviation of the days between purchases over their mean: 0 is a clock", "구매 간격의 표준편차 ÷ 평균. 0이면 규칙적", transactions),
	builtin("longest_gap_days", TypeDays, "365d", "longest time between two purchases of the last 365 days", "최근 365일 중 가장 긴 구매 간격(일)", transactions),
	builtin("categories_365d", TypeCount, "365d", "categories with spend in the last 365 days", "최근 365일 이용한 업종 수", transactions),
	builtin("category_entropy", TypeNumber, "365d", "entropy of the shares over categories: 0 is all in one", "업종 비중의 엔트로피. 0이면 한 업종에 집중", transactions),
	builtin("top_category_share", TypeShare, "365d", "share of the category with the most spend", "가장 많이 쓴 업종의 비중", transactions),
	builtin("new_categories_90d", TypeCount, "365d", "categories bought in the last 90 days and not in the 275 before", "최근 90일에 새로 이용한 업종 수 (그 전 275일에는 없음)", transactions),
	builtin("brands_365d", TypeCount, "365d", "brands with spend in the last 365 days", "최근 365일 이용한 브랜드 수", transactions),
	builtin("brand_entropy", TypeNumber, "365d", "entropy of the shares over brands: 0 is all in one", "브랜드 비중의 엔트로피. 0이면 한 브랜드에 집중", transactions),
	builtin("top_brand_share", TypeShare, "365d", "share of the brand with the most spend", "가장 많이 쓴 브랜드의 비중", transactions),
	builtin("morning_share", TypeShare, "365d", "share of purchases between 6 and 11, by the customer's own clock", "오전 6~11시 구매 비중 (고객 시간대)", transactions, customers),
	builtin("midday_share", TypeShare, "365d", "share of purchases between 11 and 14", "오전 11시~오후 2시 구매 비중", transactions, customers),
	builtin("evening_share", TypeShare, "365d", "share of purchases between 17 and 22", "오후 5~10시 구매 비중", transactions, customers),
	builtin("night_share", TypeShare, "365d", "share of purchases between 22 and 6", "오후 10시~오전 6시 구매 비중", transactions, customers),
	builtin("hour_entropy", TypeNumber, "365d", "entropy of purchases over the hours of the day", "구매 시각의 엔트로피", transactions, customers),
	builtin("weekend_share", TypeShare, "365d", "share of purchases on Saturdays and Sundays", "토·일요일 구매 비중", transactions, customers),
	builtin("friday_share", TypeShare, "365d", "share of purchases on Fridays", "금요일 구매 비중", transactions, customers),
	builtin("online_share_365d", TypeShare, "365d", "share of purchases by web or app", "웹·앱 구매 비중", transactions),
	builtin("app_share_365d", TypeShare, "365d", "share of purchases by app", "앱 구매 비중", transactions),
	sensitive(builtin("new_education_days", TypeDays, "all", "days since the first purchase ever for a school or an academy, if within 180 days and 60 or more days after the first purchase of all", "첫 교육·학원 구매 후 일수 (180일 이내, 첫 거래 60일 이후일 때만)", transactions)),
	sensitive(builtin("new_kids_days", TypeDays, "all", "the same of baby goods and toys: a child may have come", "첫 육아용품 구매 후 일수 (같은 조건)", transactions)),
	sensitive(builtin("new_home_days", TypeDays, "all", "the same of furniture, interior or a removal: a move", "첫 가구·인테리어·이사 구매 후 일수 (같은 조건)", transactions)),
	builtin("messages_28d", TypeCount, "28d", "messages delivered within the last 28 days", "최근 28일 동안 받은 메시지 수", interactions, deliveries),
	builtin("response_rate_180d", TypeRatio, "180d", "opens and clicks for each message of the last 180 days", "최근 180일 메시지당 열거나 누른 횟수", interactions, deliveries),
	builtin("response_days", TypeDays, "365d", "days since the last open or click", "마지막으로 열거나 누른 후 일수", interactions),
	ours(builtin("message_days", TypeDays, "365d", "days since the last message", "마지막 메시지 후 일수", interactions, deliveries)),
	builtin("email_messages_180d", TypeCount, "180d", "e-mails delivered within the last 180 days", "최근 180일 동안 받은 이메일 수", interactions, deliveries),
	builtin("email_responses_180d", TypeCount, "180d", "opens and clicks of e-mails of the last 180 days", "최근 180일 이메일 반응 수", interactions),
	builtin("sms_messages_180d", TypeCount, "180d", "text messages delivered within the last 180 days", "최근 180일 동안 받은 문자 수", interactions, deliveries),
	builtin("sms_responses_180d", TypeCount, "180d", "clicks in text messages of the last 180 days", "최근 180일 문자 반응 수", interactions),
	builtin("kakao_messages_180d", TypeCount, "180d", "KakaoTalk messages delivered within the last 180 days", "최근 180일 동안 받은 카카오톡 수", interactions, deliveries),
	builtin("kakao_responses_180d", TypeCount, "180d", "opens and clicks of KakaoTalk messages of the last 180 days", "최근 180일 카카오톡 반응 수", interactions),
	builtin("push_messages_180d", TypeCount, "180d", "push messages delivered within the last 180 days", "최근 180일 동안 받은 푸시 수", interactions, deliveries),
	builtin("push_responses_180d", TypeCount, "180d", "opens of push messages of the last 180 days", "최근 180일 푸시 반응 수", interactions),
	builtin("visits_90d", TypeCount, "90d", "visits to the site in the last 90 days", "최근 90일 방문 수", interactions),
	builtin("app_28d", TypeCount, "28d", "times the app was used in the last 28 days", "최근 28일 앱 이용 횟수", interactions),
	builtin("app_90d", TypeCount, "90d", "times the app was used in the last 90 days", "최근 90일 앱 이용 횟수", interactions),
	builtin("unsubscribes_365d", TypeCount, "365d", "withdrawals from a channel in the last 365 days", "최근 365일 수신 거부 횟수", interactions),
	sensitive(builtin("female", TypeNumber, "all", "1 for a woman, 0 for a man, not known otherwise", "여성 1, 남성 0, 그 외 알 수 없음", customers)),
}

// Catalogue is everything that a snapshot has: what is built in, then the user's own, in the order of the bins.
func Catalogue(own []Own) []Feature {
	all := slices.Clone(Builtin)
	for _, o := range own {
		all = append(all, o.Feature())
	}
	return all
}
