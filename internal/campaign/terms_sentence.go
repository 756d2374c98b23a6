package campaign

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/money"
)

// Sentence is what terms ask for and give, in one plain sentence that may stand in a message: in Korean, or in English
// for every other language. until is the last day as the message writes it; empty leaves it out.
func (t Terms) Sentence(language, currency string, threshold, reward money.Minor, until string) string {
	return teller{terms: t, language: language, currency: currency, threshold: threshold, reward: reward}.tell(until)
}

// Sentence is what an offer's terms ask for and give, as Terms.Sentence says it; points are counted, not written as money.
func (s Spec) Sentence(o Offer, language string, threshold, reward money.Minor, until string) string {
	t := teller{terms: s.TermsOf(o), language: language, currency: s.Currency, threshold: threshold, reward: reward, points: o.Kind == OfferPoints}
	return t.tell(until)
}

// Reward is a reward as a message writes it: money, or a number of points, of which there is one for each minor unit.
func (s Spec) Reward(o Offer, reward money.Minor, language string) string {
	return teller{language: language, currency: s.Currency, points: o.Kind == OfferPoints}.gift(reward)
}

func (s teller) tell(until string) string {
	if s.language == "ko" {
		return s.korean(until)
	}
	s.language = "en"
	return s.english(until)
}

type teller struct {
	terms              Terms
	language, currency string
	threshold, reward  money.Minor
	points             bool
}

// gift is a reward in words.
func (s teller) gift(amount money.Minor) string {
	if !s.points {
		return s.money(amount)
	}
	plain := money.Format(amount, "KRW", "en") // grouped by thousands, without decimals
	plain = strings.TrimPrefix(plain, "₩")
	if s.language == "ko" {
		return plain + "포인트"
	}
	return plain + " points"
}

func (s teller) money(amount money.Minor) string { return money.Format(amount, s.currency, s.language) }

// any says that every purchase reaches the threshold.
func (s teller) any() bool { return s.threshold <= 1 && !s.terms.Strict() }

func (s teller) english(until string) string {
	t := s.terms
	var out strings.Builder
	amount := map[bool]string{false: "at least ", true: "more than "}[t.Strict()] + s.money(s.threshold)
	times, n := max(t.Times, 1), max(t.Purchases, 1)
	switch {
	case t.Single() && n > 1 && s.any():
		fmt.Fprintf(&out, "Make %d purchases", n)
	case t.Single() && n > 1:
		fmt.Fprintf(&out, "Make %d purchases of %s each", n, amount)
	case t.Single() && s.any():
		out.WriteString("Make a purchase")
	case t.Single():
		fmt.Fprintf(&out, "Spend %s in one purchase", amount)
	case s.any() && n > 1:
		fmt.Fprintf(&out, "Make %d purchases", n)
	case s.any():
		out.WriteString("Make a purchase")
	case n > 1:
		fmt.Fprintf(&out, "Spend %s in all, in at least %d purchases,", amount, n)
	default:
		fmt.Fprintf(&out, "Spend %s in all", amount)
	}
	list := func(before string, names []string) {
		if len(names) > 0 {
			out.WriteString(before + strings.Join(names, ", "))
		}
	}
	list(" on ", t.Categories)
	list(" on the brands ", t.Brands)
	list(" at ", t.Merchants)
	list(" through ", t.Channels)
	list(" on ", dayNames(t.Days, "en"))
	if t.Hours != nil {
		fmt.Fprintf(&out, " between %s and %s", t.Hours.From, t.Hours.Until)
	}
	switch {
	case t.Within > 0 && t.From == FromReceipt:
		out.WriteString(" within " + span(t.Within, "en") + " of this offer")
	case t.Within > 0:
		out.WriteString(" within " + span(t.Within, "en") + " of your first purchase")
	}
	if until != "" {
		out.WriteString(" by " + until)
	}
	switch {
	case t.Percent > 0 && t.Single():
		fmt.Fprintf(&out, " to get %s of it back, at most %s", percent(t), s.gift(s.reward))
	case t.Percent > 0:
		fmt.Fprintf(&out, " to get %s of all that you spend back, at most %s", percent(t), s.gift(s.reward))
	default:
		out.WriteString(" to get " + s.gift(s.reward))
	}
	for _, tier := range t.Tiers {
		fmt.Fprintf(&out, ", %s from %s on", s.gift(tier.Reward), s.money(tier.Threshold))
	}
	if times > 1 {
		fmt.Fprintf(&out, ", up to %d times", times)
	}
	var notes []string
	note := func(when bool, text string, values ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(text, values...))
		}
	}
	note(len(t.Excluded) > 0, "%s not counted", strings.Join(t.Excluded, ", "))
	note(len(t.Natures) > 0, "without %s", strings.Join(natureNames(t.Natures, "en"), ", "))
	note(t.Instances > 1, "each time you receive this offer counts by itself")
	note(t.Caps.Day > 0, "at most %s a day", s.gift(t.Caps.Day))
	note(t.Caps.Customer > 0, "at most %s in all", s.gift(t.Caps.Customer))
	note(t.FirstCome.Day > 0, "for the first %d rewards of each day", t.FirstCome.Day)
	note(t.FirstCome.Total > 0, "for the first %d rewards", t.FirstCome.Total)
	note(!t.Gross, "less what is refunded")
	if len(notes) > 0 {
		out.WriteString(" (" + strings.Join(notes, "; ") + ")")
	}
	return out.String() + "."
}

func (s teller) korean(until string) string {
	t := s.terms
	var parts []string
	part := func(when bool, text string, values ...any) {
		if when {
			parts = append(parts, fmt.Sprintf(text, values...))
		}
	}
	n := max(t.Purchases, 1)
	part(t.Within > 0 && t.From == FromReceipt, "혜택을 받은 때부터 %s 안에", span(t.Within, "ko"))
	part(t.Within > 0 && t.From != FromReceipt, "첫 구매부터 %s 안에", span(t.Within, "ko"))
	part(until != "", "%s까지", until)
	part(len(t.Days) > 0, "%s에", strings.Join(dayNames(t.Days, "ko"), "·"))
	part(t.Hours != nil, "%s", hoursText(t.Hours))
	part(len(t.Merchants) > 0, "%s에서", strings.Join(t.Merchants, "·"))
	part(len(t.Channels) > 0, "%s 채널로", strings.Join(t.Channels, "·"))
	part(len(t.Categories) > 0, "%s 업종에서", strings.Join(t.Categories, "·"))
	part(len(t.Brands) > 0, "%s 브랜드를", strings.Join(t.Brands, "·"))
	amount := s.money(s.threshold) + map[bool]string{false: " 이상", true: " 초과"}[t.Strict()]
	switch {
	case s.any() && n > 1:
		part(true, "%d번 구매하면", n)
	case s.any():
		part(true, "구매하면")
	case t.Single() && n > 1:
		part(true, "건당 %s으로 %d번 구매하면", amount, n)
	case t.Single():
		part(true, "한 번에 %s 구매하면", amount)
	case n > 1:
		part(true, "%d번 이상 나누어 모두 합쳐 %s 구매하면", n, amount)
	default:
		part(true, "모두 합쳐 %s 구매하면", amount)
	}
	switch {
	case t.Percent > 0 && t.Single():
		part(true, "그 금액의 %s를 최대 %s까지", percent(t), s.gift(s.reward))
	case t.Percent > 0:
		part(true, "구매액의 %s를 최대 %s까지", percent(t), s.gift(s.reward))
	default:
		part(true, "%s을", s.gift(s.reward))
	}
	var tiers strings.Builder
	for _, tier := range t.Tiers {
		fmt.Fprintf(&tiers, "%s 이상이면 %s, ", s.money(tier.Threshold), s.gift(tier.Reward))
	}
	part(t.Times > 1, "%d번까지", t.Times)
	part(true, "드립니다")
	var notes []string
	note := func(when bool, text string, values ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(text, values...))
		}
	}
	note(tiers.Len() > 0, "%s", strings.TrimSuffix(tiers.String(), ", "))
	note(len(t.Excluded) > 0, "%s 업종 제외", strings.Join(t.Excluded, "·"))
	note(len(t.Natures) > 0, "%s 제외", strings.Join(natureNames(t.Natures, "ko"), "·"))
	note(t.Instances > 1, "혜택을 받을 때마다 따로 인정")
	note(t.Caps.Day > 0, "하루 최대 %s", s.gift(t.Caps.Day))
	note(t.Caps.Customer > 0, "1인 최대 %s", s.gift(t.Caps.Customer))
	note(t.FirstCome.Day > 0, "매일 선착순 %d건", t.FirstCome.Day)
	note(t.FirstCome.Total > 0, "선착순 %d건", t.FirstCome.Total)
	note(!t.Gross, "취소·환불 금액은 빼고 집계")
	out := strings.Join(parts, " ")
	if len(notes) > 0 {
		out += "(" + strings.Join(notes, ", ") + ")"
	}
	return out + "."
}

func percent(t Terms) string {
	return strconv.FormatFloat(float64(t.PerMillion())/1e4, 'f', -1, 64) + "%"
}

// PercentText is the percentage as a message writes it; empty where the reward is fixed.
func (t Terms) PercentText() string {
	if t.Percent <= 0 {
		return ""
	}
	return percent(t)
}

func hoursText(h *TermsHours) string {
	if h == nil {
		return ""
	}
	return fmt.Sprintf("%s~%s에", h.From, h.Until)
}

// span is a length in whole days where it is one, else in hours or less.
func span(length Duration, language string) string {
	for _, unit := range []struct {
		length     time.Duration
		one, other string
		ko         string
	}{{day, "day", "days", "일"}, {time.Hour, "hour", "hours", "시간"}, {time.Minute, "minute", "minutes", "분"}, {time.Second, "second", "seconds", "초"}} {
		n := length.Std() / unit.length
		if n == 0 || length.Std()%unit.length != 0 {
			continue
		}
		switch {
		case language == "ko":
			return fmt.Sprintf("%d%s", n, unit.ko)
		case n == 1:
			return "1 " + unit.one
		}
		return fmt.Sprintf("%d %s", n, unit.other)
	}
	return length.Std().String()
}

var dayTexts = map[string][2]string{
	"mon": {"Mondays", "월요일"}, "tue": {"Tuesdays", "화요일"}, "wed": {"Wednesdays", "수요일"}, "thu": {"Thursdays", "목요일"},
	"fri": {"Fridays", "금요일"}, "sat": {"Saturdays", "토요일"}, "sun": {"Sundays", "일요일"},
}

var natureTexts = map[string][2]string{"cash_advance": {"cash advances", "현금서비스"}, "fee": {"fees", "수수료"}, "gift_card": {"gift cards", "상품권"}}

func dayNames(words []string, language string) []string { return named(words, dayTexts, language) }

func natureNames(words []string, language string) []string {
	return named(words, natureTexts, language)
}

// named are words as people say them; a word of the user's own stays as it is.
func named(words []string, texts map[string][2]string, language string) []string {
	names := make([]string, len(words))
	for i, word := range words {
		names[i] = word
		if text, known := texts[word]; known {
			names[i] = text[map[bool]int{true: 1}[language == "ko"]]
		}
	}
	return names
}
