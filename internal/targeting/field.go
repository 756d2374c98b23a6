package targeting

import (
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/features"
)

// kind is what a field of a rule holds.
type kind int

const (
	number kind = iota
	text
	boolean
	shares // a number by name: category_shares["cafe"]
)

func (k kind) String() string {
	return [...]string{"a number", "a text", "true or false", "shares by name"}[k]
}

// Field is one feature that a rule may name. Its name is a column of the table features.
type Field struct {
	Name    string
	Meaning campaign.Text
	Money   bool // written in major units of the campaign's currency, kept in minor units
	kind    kind
	later   bool // came after the signals of the first models, which go by their order
	number  func(*Row) float64
	text    func(*Row) string
}

// Row is one customer's features as a rule sees them in Go.
type Row struct {
	Segment, Region, Zone, Language, Gender string
	Age                                     uint8
	TenureDays, RecencyDays                 uint16
	Purchases, Purchases90d                 uint32
	Spend, Spend28d, Spend90d               int64 // minor units
	RhythmDays                              float32
	CategoryShares                          map[string]float32
	TopCategory, TopBrand                   string
	Messages180d, Responses180d             uint16
	More                                    map[string]float64 // the other features, by name; NaN is what is not known
	Own                                     map[string]float64
	Windows                                 []float64 // in the order of the rule's
	Audiences                               map[string]bool
}

func say(en, ko string) campaign.Text { return campaign.Text{"en": en, "ko": ko} }

func words(name, en, ko string, of func(*Row) string) Field {
	return Field{Name: name, Meaning: say(en, ko), kind: text, text: of}
}

func numbers(name, en, ko string, of func(*Row) float64) Field {
	return Field{Name: name, Meaning: say(en, ko), kind: number, number: of}
}

func amounts(name, en, ko string, of func(*Row) float64) Field {
	return Field{Name: name, Meaning: say(en, ko), kind: number, Money: true, number: of}
}

// Fields are all that a rule may name, in the order of the documentation: what follows, then the rest of the catalogue.
var Fields = append(first, catalogued()...)

// catalogued are the built-in features that first does not name.
func catalogued() []Field {
	var all []Field
	for _, f := range features.Builtin {
		if slices.ContainsFunc(first, func(known Field) bool { return known.Name == f.Name }) {
			continue
		}
		name := f.Name
		all = append(all, Field{Name: name, Meaning: f.Meaning, kind: number, later: true, Money: f.Type == features.TypeAmount, number: func(r *Row) float64 { return r.More[name] }})
	}
	return all
}

var first = []Field{
	words("segment", "segment, as imported", "세그먼트", func(r *Row) string { return r.Segment }),
	words("region", "region, as imported", "지역", func(r *Row) string { return r.Region }),
	words("zone", "time zone, such as Asia/Seoul", "시간대. 예: Asia/Seoul", func(r *Row) string { return r.Zone }),
	words("language", "language, such as ko", "언어. 예: ko", func(r *Row) string { return r.Language }),
	words("gender", "gender, as imported", "성별", func(r *Row) string { return r.Gender }),
	numbers("age", "years; 0 where unknown", "나이. 모르면 0", func(r *Row) float64 { return float64(r.Age) }),
	numbers("tenure_days", "days since the customer joined; 0 where unknown", "가입 후 일수. 모르면 0", func(r *Row) float64 { return float64(r.TenureDays) }),
	numbers("recency_days", "whole days since the last purchase; 65535 where there is none", "마지막 구매 후 일수. 구매가 없으면 65535", func(r *Row) float64 { return float64(r.RecencyDays) }),
	numbers("purchases", "purchases ever", "전체 구매 횟수", func(r *Row) float64 { return float64(r.Purchases) }),
	numbers("purchases_90d", "purchases of the last 90 days", "최근 90일 구매 횟수", func(r *Row) float64 { return float64(r.Purchases90d) }),
	amounts("spend", "spend ever, less refunds", "전체 이용액 (환불 제외)", func(r *Row) float64 { return float64(r.Spend) }),
	amounts("spend_28d", "spend of the last 28 days, less refunds", "최근 28일 이용액 (환불 제외)", func(r *Row) float64 { return float64(r.Spend28d) }),
	amounts("spend_90d", "spend of the last 90 days, less refunds", "최근 90일 이용액 (환불 제외)", func(r *Row) float64 { return float64(r.Spend90d) }),
	numbers("rhythm_days", "mean days between purchases; 0 below two purchases", "평균 구매 간격(일). 구매가 두 번 미만이면 0", func(r *Row) float64 { return float64(r.RhythmDays) }),
	{Name: "category_shares", Meaning: say(`share of a category in the spend of the last 365 days, 0 to 1: category_shares["cafe"] >= 0.2`, `최근 365일 이용액 중 업종 비중(0~1): category_shares["cafe"] >= 0.2`), kind: shares},
	words("top_category", "category with the most spend of the last 365 days", "최근 365일 이용액이 가장 큰 업종", func(r *Row) string { return r.TopCategory }),
	words("top_brand", "brand with the most spend of the last 365 days", "최근 365일 이용액이 가장 큰 브랜드", func(r *Row) string { return r.TopBrand }),
	numbers("messages_180d", "messages delivered within the last 180 days", "최근 180일 동안 받은 메시지 수", func(r *Row) float64 { return float64(r.Messages180d) }),
	numbers("responses_180d", "opens and clicks of the last 180 days", "최근 180일 동안 열거나 누른 횟수", func(r *Row) float64 { return float64(r.Responses180d) }),
}

func field(name string) (Field, bool) {
	for _, f := range Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func fieldNames() []string {
	names := make([]string, len(Fields))
	for i, f := range Fields {
		names[i] = f.Name
	}
	return names
}

// CheckFeature says whether a feature may rank an audience: it must be a number. It fits campaign.WithFeatures.
func CheckFeature(name string) error {
	f, known := field(name)
	switch {
	case !known:
		return unknownField(position{}, name)
	case f.kind != number:
		return fault(position{}, say(name+" is no number", name+"은(는) 숫자가 아닙니다"), say("rank by a number, as in spend_90d", "숫자 특성으로 순위를 매기세요. 예: spend_90d"))
	case f.later:
		ranks := strings.Join(Signals(), ", ")
		return fault(position{}, say(name+" can't be ranked by", name+"(으)로는 순위를 매길 수 없습니다"), say("rank by one of "+ranks+", or name a model", "다음 중 하나로 순위를 매기거나 모델을 쓰세요: "+ranks))
	}
	return nil
}
