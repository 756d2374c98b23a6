package features

import "github.com/danbi-project/danbi/internal/campaign"

// Feature is one number that is known of each customer at a snapshot's instant, and from nothing later.
type Feature struct {
	Name      string        `json:"name"`
	Meaning   campaign.Text `json:"meaning"`
	SQL       string        `json:"sql"`
	Window    string        `json:"window"`  // what it looks back on: "28d", or "all"
	Type      string        `json:"type"`    // see the types
	Sources   []string      `json:"sources"` // tables
	Owner     string        `json:"owner"`
	Sensitive bool          `json:"sensitive,omitempty"` // may choose customers, and is named in no text to them
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

func builtin(name, kind, window, en, ko string, sources ...string) Feature {
	return Feature{Name: name, Meaning: campaign.Text{"en": en, "ko": ko}, SQL: name, Window: window, Type: kind, Sources: sources, Owner: OwnerDanbi}
}

// Builtin are the features that every snapshot has, in the order of their bins.
var Builtin = []Feature{
	builtin("age", TypeNumber, "all", "years; 0 where unknown", "나이. 모르면 0", customers),
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
}
