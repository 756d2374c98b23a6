package campaign

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/money"
)

// For gives the limits of a currency, what approves itself in it (nil: nothing), and whether the policy knows it at all.
func (p Policy) For(currency string) (limits Limits, auto *Limits, known bool) {
	if p.Limits.Currency == currency {
		return p.Limits, p.AutoApprove, true
	}
	for _, other := range p.Currencies {
		if other.Limits.Currency == currency {
			return other.Limits, other.AutoApprove, true
		}
	}
	return Limits{}, nil, false
}

// Complete fills what a spec leaves to the policy: the exposure, which is expected x the policy's factor, rounded up,
// but never more than the policy's limit.
func (p Policy) Complete(spec Spec) (Spec, error) {
	if spec.Budget.Exposure > 0 {
		return spec, nil
	}
	exposure, err := money.Scale(spec.Budget.Expected, p.Exposure, money.Up)
	if err != nil {
		return Spec{}, Fault{Field: "budget.expected", Message: sayf("cannot be multiplied by the policy's exposure_factor %v", "정책의 exposure_factor(%v)를 곱할 수 없습니다", p.Exposure)}
	}
	if limits, _, known := p.For(spec.Currency); known && limits.Exposure > 0 {
		exposure = min(exposure, limits.Exposure)
	}
	spec.Budget.Exposure = max(exposure, spec.Budget.Expected)
	return spec, nil
}

// Check says where a spec goes beyond the policy: each fault names the limit and the value. None means that it may be planned.
func (p Policy) Check(spec Spec) []Fault {
	limits, _, known := p.For(spec.Currency)
	var all faults
	if !known {
		all.add("currency", sayf("the policy has no limits for %s, so nothing is allowed in it", "정책에 %s 한도가 없어 이 통화로는 진행할 수 없습니다", spec.Currency), say("ask the policy's owner to add the currency", "정책 담당자에게 통화 추가를 요청하세요"))
	} else {
		completed, err := p.Complete(spec)
		if err != nil {
			return append(all, Faults(err)...)
		}
		all = append(all, completed.beyond(limits, say("the policy's limit", "정책 한도"), true)...)
		if own := spec.Limits; own != nil {
			all = append(all, own.loosens(limits, spec.Currency)...)
		}
	}
	if most := cmp.Or(p.Priority, mostPriority); spec.Priority > most {
		all.add("priority", sayf("%d is more than the policy's %d", "%d: 정책의 %d보다 높습니다", spec.Priority, most), say("lower it, or have the limit raised by its owner", "낮추거나 한도 담당자에게 상향을 요청하세요"))
	}
	p.sharedBudget(spec, &all)
	p.quiet(spec, &all)
	p.labels(spec, &all)
	p.unspoken(spec, &all)
	return all
}

// sharedBudget has to be one of the policy's, in the campaign's currency, and large enough for the campaign alone.
func (p Policy) sharedBudget(spec Spec, all *faults) {
	if spec.Budget.Shared == "" {
		return
	}
	shared, there := p.Budget(spec.Budget.Shared)
	switch {
	case !there:
		all.add("budget.shared", sayf("the policy has no budget %q", "정책에 %q 예산이 없습니다", spec.Budget.Shared), say("name one of the policy's budgets, or ask its owner to add it", "정책의 budgets에 있는 이름을 쓰거나 담당자에게 추가를 요청하세요"))
	case shared.Currency != spec.Currency:
		all.add("budget.shared", sayf("is in %s, but the campaign's currency is %s", "%s 예산인데 캠페인 통화는 %s입니다", shared.Currency, spec.Currency), nil)
	case spec.Budget.Exposure > shared.Exposure:
		all.add("budget.exposure", sayf("%s is more than the whole shared budget of %s", "%s: 공유 예산 전체(%s)보다 많습니다", amountText(spec.Budget.Exposure, spec.Currency), amountText(shared.Exposure, spec.Currency)), say("lower it", "낮추세요"))
	}
}

// beyond compares what a spec asks for with limits. In a policy zero is nothing allowed; in a spec it is no limit.
func (s Spec) beyond(limits Limits, whose Text, strict bool) []Fault {
	var all faults
	compare := func(field string, value, most money.Minor) {
		if value > most && (strict || most > 0) {
			all.add(field, sayf("%[1]s is more than %[2]s of %[3]s", "%[1]s: %[2]s %[3]s 초과", amountText(value, s.Currency), whose, amountText(most, s.Currency)),
				say("lower it, or have the limit raised by its owner", "낮추거나 한도 담당자에게 상향을 요청하세요"))
		}
	}
	compare("budget.expected", s.Budget.Expected, limits.Expected)
	compare("budget.exposure", s.Budget.Exposure, limits.Exposure)
	for i, offer := range s.Offers {
		if most, err := s.MaxReward(offer); err == nil { // one that does not fit is a fault of its own
			compare(fmt.Sprintf("offers[%d].reward", i), most, limits.Reward)
		}
	}
	if s.Audience.Size > limits.Customers && (strict || limits.Customers > 0) {
		all.add("audience.size", sayf("%[1]d customers are more than %[2]s of %[3]d", "고객 %[1]d명: %[2]s %[3]d명 초과", s.Audience.Size, whose, limits.Customers), say("choose fewer", "줄이세요"))
	}
	return all
}

// loosens says where a spec's own limits are wider than the policy's.
func (l Limits) loosens(policy Limits, currency string) []Fault {
	var all faults
	compare := func(field string, value, most int64, show func(int64) any) {
		if value > most {
			all.add(field, sayf("%s is wider than the policy's %s; a spec may only tighten", "%s: 정책(%s)보다 넓습니다. 스펙은 한도를 좁힐 수만 있습니다", show(value), show(most)), say("lower it or remove it", "낮추거나 지우세요"))
		}
	}
	amount := func(value int64) any { return amountText(money.Minor(value), currency) }
	compare("limits.expected", int64(l.Expected), int64(policy.Expected), amount)
	compare("limits.exposure", int64(l.Exposure), int64(policy.Exposure), amount)
	compare("limits.reward", int64(l.Reward), int64(policy.Reward), amount)
	compare("limits.customers", int64(l.Customers), int64(policy.Customers), func(n int64) any { return n })
	return all
}

// quiet refuses hours in which a channel may not be sent without a consent of its own.
func (p Policy) quiet(spec Spec, all *faults) {
	t := spec.Timing
	for i, touch := range spec.Touches {
		for j, channel := range touch.Channels {
			if !slices.Contains(p.Quiet.Exempt, channel) && p.Quiet.overlaps(t.From, t.Until) {
				all.add("timing", sayf("%s to %s reaches into the quiet hours %s to %s, from which %s (touches[%d].channels[%d]) is not exempt", "%s~%s: 야간 금지 시간 %s~%s과 겹칩니다. %s 채널(touches[%d].channels[%d])은 예외가 아닙니다",
					t.From, t.Until, p.Quiet.From, p.Quiet.Until, channel, i, j), sayf("keep within %s to %s", "%s~%s 안으로 쓰세요", p.Quiet.Until, p.Quiet.From))
				return
			}
		}
	}
}

// overlaps says whether hours of one day touch the quiet hours, which may go over midnight.
func (q Quiet) overlaps(from, until Clock) bool {
	if q.From == q.Until {
		return false
	}
	if q.From > q.Until {
		return from < q.Until || until > q.From
	}
	return from < q.Until && until > q.From
}

// Has says whether a time of day lies in the quiet hours; their start is quiet, their end is not.
func (q Quiet) Has(at Clock) bool {
	if q.From > q.Until {
		return at >= q.From || at < q.Until
	}
	return at >= q.From && at < q.Until
}

var liquidTag = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}`)

// labels sees that each subject starts with exactly the label of its language, and that no text names a sensitive feature.
func (p Policy) labels(spec Spec, all *faults) {
	for i, touch := range spec.Touches {
		for _, channel := range sortedKeys(touch.Message) {
			for _, language := range sortedKeys(touch.Message[channel]) {
				template := touch.Message[channel][language]
				field := key(key(fmt.Sprintf("touches[%d].message", i), channel), language)
				if label := p.Sender.Label[language]; label != "" && channel == ChannelEmail {
					if breach := LabelBreach(template.Subject, label); breach != nil {
						all.add(key(field, "subject"), breach, sayf("write the subject as: %s …", "제목을 이렇게 시작하세요: %s …", label))
					}
				}
				for _, tag := range liquidTag.FindAllString(template.Subject+"\n"+template.Text+"\n"+template.HTML, -1) {
					for _, feature := range p.Sensitive {
						if slices.Contains(strings.FieldsFunc(tag, notWord), feature) {
							all.add(field, sayf("names the sensitive feature %s", "민감 특성을 언급합니다: %s", feature), say("it may target, but never stand in a text", "대상 선정에는 쓸 수 있지만 글에는 쓸 수 없습니다"))
						}
					}
				}
			}
		}
	}
}

func notWord(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// unspoken finds what is never said, wherever a customer could read it: in texts, contents and titles of offers.
func (p Policy) unspoken(spec Spec, all *faults) {
	if p.Rules == nil {
		return
	}
	look := func(field, text string) {
		for _, pack := range p.Rules.Packs {
			if pack.Purpose != spec.purpose() {
				continue
			}
			for _, said := range pack.Says(text) {
				all.add(field, sayf("says %[1]q (%[2]s, line %[3]d, column %[4]d of the text), which %[5]s never lets be said", "%[3]d번째 줄 %[4]d번째 글자의 %[1]q(%[2]s): %[5]s 규칙에서 말할 수 없는 것입니다", said.Word, said.Topic, said.Line, said.Column, pack.ID),
					say("it may target, but never stand in a text", "대상 선정에는 쓸 수 있지만 글에는 쓸 수 없습니다"))
			}
		}
	}
	for i, touch := range spec.Touches {
		for _, channel := range sortedKeys(touch.Message) {
			for _, language := range sortedKeys(touch.Message[channel]) {
				field, t := key(key(fmt.Sprintf("touches[%d].message", i), channel), language), touch.Message[channel][language]
				look(key(field, "subject"), t.Subject)
				look(key(field, "text"), t.Text)
				look(key(field, "html"), t.HTML)
				look(key(field, "link"), t.Link)
			}
		}
	}
	for i, offer := range spec.Offers {
		for _, language := range sortedKeys(offer.Title) {
			look(key(fmt.Sprintf("offers[%d].title", i), language), offer.Title[language])
		}
	}
	for i, content := range spec.Contents {
		for _, language := range sortedKeys(content.Text) {
			look(key(fmt.Sprintf("contents[%d].text", i), language), content.Text[language])
		}
	}
}

// purpose is what the messages are for.
func (s Spec) purpose() string { return cmp.Or(s.Audience.Purpose, PurposeMarketing) }
