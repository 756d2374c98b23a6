package campaign

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/danbi-project/danbi/internal/money"
)

// Option adds a check whose knowledge lies in another package.
type Option func(*validator)

// WithRules checks the text of each rule (audience.rule, offers[].rule); an empty rule is not asked about.
func WithRules(check func(rule string) error) Option { return func(v *validator) { v.rule = check } }

// WithFeatures checks audience.rank, the name of a feature.
func WithFeatures(check func(feature string) error) Option {
	return func(v *validator) { v.feature = check }
}

// WithTemplates checks each template of a channel and language.
func WithTemplates(check func(channel, language string, template Template) error) Option {
	return func(v *validator) { v.template = check }
}

// WithTexts checks all texts of the spec under a policy, if there is one and the spec has no other fault.
func WithTexts(check func(spec Spec, policy Policy) []Fault) Option {
	return func(v *validator) { v.texted = check }
}

// WithPolicy checks the spec against the policy too, so that what breaks a limit is shown beside the other faults.
func WithPolicy(policy Policy) Option { return func(v *validator) { v.policy = &policy } }

// Validate checks all that needs neither a warehouse nor the policy, and returns every Fault at once.
func (s Spec) Validate(options ...Option) error {
	v := &validator{spec: s}
	for _, option := range options {
		option(v)
	}
	v.identity()
	v.window()
	v.audience()
	v.offers()
	v.budget()
	v.budgetLimits()
	v.touches()
	v.timing()
	v.settlement()
	v.measurement()
	v.limits()
	if v.policy != nil {
		v.faults = append(v.faults, v.policy.Check(s)...)
	}
	if v.policy != nil && v.texted != nil && len(v.faults) == 0 {
		v.faults = append(v.faults, v.texted(s, *v.policy)...)
	}
	return v.err()
}

type validator struct {
	faults
	spec     Spec
	rule     func(string) error
	feature  func(string) error
	template func(channel, language string, template Template) error
	texted   func(Spec, Policy) []Fault
	policy   *Policy
}

var (
	idForm       = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	partForm     = regexp.MustCompile(`^[a-z0-9]+([-_][a-z0-9]+)*$`)
	languageForm = regexp.MustCompile(`^[a-z]{2,3}$`)
)

func (v *validator) identity() {
	s := v.spec
	if !idForm.MatchString(s.Campaign) || len(s.Campaign) > 60 {
		v.add("campaign", sayf("%q is not an id", "%q: 캠페인 ID로 쓸 수 없습니다", s.Campaign),
			say("write lower-case words joined by hyphens, as in spring-coffee, at most 60 letters", "소문자 낱말을 하이픈으로 이어 60자 이내로 쓰세요. 예: spring-coffee"))
	}
	v.text("title", s.Title)
	v.word("goal", string(s.Goal), string(GoalSpend), string(GoalVisit), string(GoalWinBack))
	if s.Priority < 0 || s.Priority > mostPriority {
		v.add("priority", sayf("%d is not 1 to %d", "%d: 1에서 %d 사이가 아닙니다", s.Priority, mostPriority), say("5 is usual; a higher one takes contacts from campaigns of a lower", "보통 5입니다. 높을수록 먼저 연락합니다"))
	}
	v.currencyKnown("currency", s.Currency)
	if _, err := LoadZone(s.Zone); err != nil {
		v.adopt("zone", err)
	}
	if !languageForm.MatchString(s.Language) {
		v.add("language", sayf("%q is not a language", "%q: 언어 코드가 아닙니다", s.Language), say("write a code such as ko or en", "ko, en 같은 코드를 쓰세요"))
	}
}

func (v *validator) currencyKnown(field, currency string) {
	if err := knownCurrency(currency); err != nil {
		v.adopt(field, err)
	}
}

// text needs the spec's language, so that there is always a text to fall back on.
func (v *validator) text(field string, text Text) {
	if _, there := text[v.spec.Language]; !there && languageForm.MatchString(v.spec.Language) {
		v.add(field, sayf("there is no text in the campaign's language %s", "기본 언어(%s)의 글이 없습니다", v.spec.Language), sayf("add %s: …", "%s: …를 추가하세요", v.spec.Language))
	}
	for _, language := range sortedKeys(text) {
		switch {
		case !languageForm.MatchString(language):
			v.add(key(field, language), sayf("%q is not a language", "%q: 언어 코드가 아닙니다", language), say("write a code such as ko or en", "ko, en 같은 코드를 쓰세요"))
		case strings.TrimSpace(text[language]) == "":
			v.add(key(field, language), say("the text is empty", "글이 비어 있습니다"), nil)
		}
	}
}

// word is one of a few known words.
func (v *validator) word(field, word string, known ...string) {
	if slices.Contains(known, word) {
		return
	}
	hint := sayf("write one of: %s", "다음 중 하나를 쓰세요: %s", strings.Join(known, ", "))
	if guess := nearest(word, known); guess != "" {
		hint = sayf("did you mean %s?", "%s 아닌가요?", guess)
	}
	v.add(field, sayf("%q is not known here", "%q: 쓸 수 없는 값입니다", word), hint)
}

// positive takes any ordered number that has to be above zero.
func positive[N ~int | ~int64 | ~float64](v *validator, field string, number N, hint Text) {
	if number <= 0 {
		v.add(field, say("has to be more than zero", "0보다 커야 합니다"), hint)
	}
}

// unsigned takes a number that may be zero.
func unsigned[N ~int | ~int64 | ~float64](v *validator, field string, number N) {
	if number < 0 {
		v.add(field, say("is negative", "음수입니다"), say("write zero or more", "0 이상을 쓰세요"))
	}
}

// adopt takes an error of a check elsewhere as faults of this field.
func (v *validator) adopt(field string, err error) {
	if err == nil {
		return
	}
	inner := Faults(err)
	if len(inner) == 0 {
		v.add(field, say(err.Error(), err.Error()), nil)
	}
	for _, fault := range inner {
		if fault.Field == "" {
			fault.Field = field
		}
		v.faults = append(v.faults, fault)
	}
}

// unique reports ids that are badly formed or used before in the same list.
func unique[T any](v *validator, list string, items []T, id func(T) string) {
	seen := map[string]int{}
	for i, item := range items {
		field := fmt.Sprintf("%s[%d].id", list, i)
		name := id(item)
		first, twice := seen[name]
		switch {
		case !partForm.MatchString(name) || len(name) > 40:
			v.add(field, sayf("%q is not an id", "%q: ID로 쓸 수 없습니다", name), say("write lower-case letters and digits, joined by - or _, at most 40", "소문자와 숫자를 - 또는 _로 이어 40자 이내로 쓰세요"))
		case twice:
			v.add(field, sayf("%q is also the id of %s[%d]", "%q: %s[%d]의 ID와 같습니다", name, list, first), say("give each its own id", "서로 다른 ID를 쓰세요"))
		}
		if !twice {
			seen[name] = i
		}
	}
}

func knownCurrency(currency string) error {
	if _, err := money.Exponent(currency); err != nil {
		return wrong(sayf("%q is not a currency", "%q: 통화가 아닙니다", currency), say("write a code of ISO 4217 such as KRW, USD or EUR", "KRW, USD, EUR 같은 ISO 4217 코드를 쓰세요"))
	}
	return nil
}
