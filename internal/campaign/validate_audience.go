package campaign

import (
	"maps"
	"slices"
	"strings"
	"time"
)

func (v *validator) window() {
	w, scheduled := v.spec.Window, v.spec.Schedule != nil
	unsigned(v, "window.length", w.Length)
	switch {
	case scheduled && (!w.Starts.IsZero() || !w.Ends.IsZero()):
		v.add("window", say("with a schedule the window has no dates", "일정(schedule)이 있으면 기간에 날짜를 쓰지 않습니다"), say("keep only window.length", "window.length만 남기세요"))
	case w.Length > 0 && !w.Ends.IsZero():
		v.add("window", say("has both an end and a length", "ends와 length가 함께 있습니다"), say("keep one of window.ends and window.length", "하나만 남기세요"))
	case w.Length == 0 && w.Ends.IsZero():
		v.add("window", say("has no end", "끝이 없습니다"), say("write window.ends or window.length", "window.ends 또는 window.length를 쓰세요"))
	case w.Starts.IsZero() && !w.Ends.IsZero():
		v.add("window", say("has an end but no start", "시작이 없고 끝만 있습니다"), say("write window.starts", "window.starts를 쓰세요"))
	case !w.Ends.IsZero() && !w.Ends.After(w.Starts.Time):
		v.add("window.ends", say("the window ends before it starts", "기간의 끝이 시작보다 앞섭니다"), say("write a later date; a date alone counts to its end", "더 늦은 날짜를 쓰세요. 날짜만 쓰면 그날 끝까지입니다"))
	case v.length() > 366*day:
		v.add("window", say("is longer than a year", "1년보다 깁니다"), say("plan shorter campaigns, or use a schedule", "더 짧게 나누거나 schedule을 쓰세요"))
	}
	if scheduled {
		v.schedule()
	}
}

// length of the window, or 0 when it has none that is known.
func (v *validator) length() time.Duration {
	w := v.spec.Window
	if w.Length > 0 {
		return w.Length.Std()
	}
	if w.Ends.IsZero() || w.Starts.IsZero() {
		return 0
	}
	return w.Ends.Sub(w.Starts.Time)
}

func (v *validator) schedule() {
	schedule := v.spec.Schedule
	unsigned(v, "schedule.lead", schedule.Lead)
	cron, err := parseCron(schedule.Cron)
	if err != nil {
		v.adopt("schedule.cron", err)
		return
	}
	zone, err := LoadZone(v.spec.Zone)
	if err != nil {
		return
	}
	// Five years around a fixed instant hold every pattern that a cron line can have, leap days too.
	at := cron.Next(time.Date(2027, 1, 1, 0, 0, 0, 0, zone))
	if at.IsZero() {
		v.add("schedule.cron", say("never fires", "실행되는 날이 없습니다"), say("look at day and month: 30 February does not exist", "일과 월을 확인하세요. 2월 30일은 없습니다"))
		return
	}
	for range 60 {
		next := cron.Next(at)
		if next.IsZero() {
			return
		}
		if next.Sub(at) < v.spec.Window.Length.Std() {
			v.add("schedule.cron", sayf("a window of %s starts before the one before it has ended", "%s 기간이 끝나기 전에 다음 기간이 시작됩니다", v.spec.Window.Length), say("fire less often, or shorten window.length", "더 드물게 실행하거나 window.length를 줄이세요"))
			return
		}
		at = next
	}
}

func (v *validator) audience() {
	a := v.spec.Audience
	if v.rule != nil && strings.TrimSpace(a.Rule) != "" {
		v.adopt("audience.rule", v.rule(a.Rule))
	}
	if !IsModelID(a.Model) {
		v.word("audience.model", a.Model, ModelResponse, ModelUplift, ModelAuto, ModelChurn, ModelChurnUplift, ModelWorth, ModelInterest, ModelNone)
	}
	named := a.Interest.Named()
	for _, name := range slices.Sorted(maps.Keys(a.Interest.Attributes)) {
		if strings.TrimSpace(name) == "" || strings.TrimSpace(a.Interest.Attributes[name]) == "" {
			v.add("audience.interest.attributes", sayf("%q: %q has no name or no value", "%q: %q에 이름이나 값이 없습니다", name, a.Interest.Attributes[name]), say("write attributes: {category: coffee, roast: dark}", "attributes: {category: coffee, roast: dark}처럼 쓰세요"))
		}
	}
	switch {
	case a.Model == ModelInterest && named == 0:
		v.add("audience.interest", say("is empty: an interest is learned from people who have it", "비어 있습니다. 관심은 이미 관심을 보인 고객에게서 학습합니다"),
			say("name what they bought: interest: {categories: [baby]} (or brands, products, campaigns that they opened, or attributes of the new product)", "구매한 것을 쓰세요. 예: interest: {categories: [baby]} (brands, products, campaigns, 새 상품의 attributes도 됩니다)"))
	case a.Model != ModelInterest && named > 0:
		v.add("audience.interest", sayf("is not read by the model %s", "%s 모델은 읽지 않습니다", a.Model), say("write model: interest, or remove it", "model: interest로 쓰거나 지우세요"))
	}
	if a.Model == ModelWorth && !slices.ContainsFunc(v.spec.Offers, func(o Offer) bool { return o.Earns(v.spec.Budget.Margin) }) {
		v.add("audience.model", say("worth needs an offer that earns money: one with a goal above the customer's own forecast", "worth에는 버는 혜택이 필요합니다. 고객 자신의 예측보다 높은 목표가 있어야 합니다"),
			say("add a spend_threshold whose threshold.step times budget.margin is more than its reward, or write model: auto", "threshold.step × budget.margin이 reward보다 큰 spend_threshold 혜택을 넣거나 model: auto로 쓰세요"))
	}
	switch {
	case a.Model == ModelNone && a.Rank == "" && (a.Size > 0 || a.Share > 0):
		v.add("audience.rank", say("is missing: without a model nothing says who comes first", "없습니다. 모델이 없으면 누구를 먼저 고를지 알 수 없습니다"), say("name a feature, as in rank: spend_90d", "특성을 쓰세요. 예: rank: spend_90d"))
	case a.Model != ModelNone && a.Rank != "":
		v.add("audience.rank", say("the model ranks already", "모델이 이미 순위를 매깁니다"), say("remove rank, or write model: none", "rank를 지우거나 model: none으로 쓰세요"))
	case a.Rank != "" && v.feature != nil:
		v.adopt("audience.rank", v.feature(a.Rank))
	}
	unsigned(v, "audience.size", a.Size)
	if a.Share < 0 || a.Share > 1 {
		v.add("audience.share", sayf("%s is no part of the eligible", "%s는 대상의 일부가 아닙니다", a.Share), say("write more than 0% and at most 100%, as in 20%", "0%보다 크고 100% 이하로 쓰세요. 예: 20%"))
	}
	if a.Control <= 0 || a.Control > 0.9 {
		v.add("audience.control", sayf("a control group of %s cannot be measured against", "대조군 %s로는 효과를 측정할 수 없습니다", a.Control), say("write more than 0% and at most 90%, as in 10%", "0%보다 크고 90% 이하로 쓰세요. 예: 10%"))
	}
	if a.ControlBy != "" {
		v.word("audience.control_by", a.ControlBy, ControlBySegment, ControlByDecile)
	}
	if strings.TrimSpace(a.Purpose) == "" {
		v.add("audience.purpose", say("is empty: consent is given for a purpose", "비어 있습니다. 동의는 목적별로 받습니다"), say("write purpose: marketing", "purpose: marketing으로 쓰세요"))
	}
	unsigned(v, "audience.exclude.contacted_within", a.Exclude.ContactedWithin)
	if slices.Contains(a.Exclude.Campaigns, v.spec.Campaign) {
		v.add("audience.exclude.campaigns", say("the campaign excludes itself", "자기 자신을 제외합니다"), say("remove its own id", "자신의 ID를 지우세요"))
	}
}

// IsModelID says whether a text is the name of a model in the registry, such as m0123456789ab.
func IsModelID(text string) bool {
	digits, named := strings.CutPrefix(text, "m")
	return named && len(digits) == 12 && strings.Trim(digits, "0123456789abcdef") == ""
}
