package campaign

import (
	"fmt"

	"github.com/danbi-project/danbi/internal/money"
)

// Texts says what becomes of texts that a phone network can't carry as they are, and what each form of message costs.
type Texts struct {
	Foreign string         `yaml:"foreign,omitempty" json:"foreign,omitempty"` // a character that CP949 has not, in a text message: refuse (default), or replace
	Instead string         `yaml:"instead,omitempty" json:"instead,omitempty"` // what replaces it; default ?
	Outgrow string         `yaml:"outgrow,omitempty" json:"outgrow,omitempty"` // a text of more than 90 bytes: lms (default) sends it as LMS, refuse refuses it
	Limits  map[string]int `yaml:"limits,omitempty" json:"limits,omitempty"`   // of a provider, by form, where it takes less than is usual: bytes for sms, lms and push, characters for template and brand
	Prices  []TextPrice    `yaml:"prices,omitempty" json:"prices,omitempty"`
}

// TextPrice is what messages of one form cost.
type TextPrice struct {
	Form        string      `yaml:"form" json:"form"` // one of Forms
	Currency    string      `yaml:"currency" json:"currency"`
	PerThousand money.Minor `yaml:"per_thousand" json:"per_thousand"` // messages: one SMS costs less than ten won and not a whole number of them
}

// The words of Texts.
const (
	ForeignRefuse  = "refuse"
	ForeignReplace = "replace"
	OutgrowLMS     = "lms"
	OutgrowRefuse  = "refuse"
)

// Forms are those that a message can have at its provider, by which it charges: what Kakao calls an 알림톡 is a template.
var Forms = []string{"email", "sms", "lms", "template", "brand", "push"}

// Price is what a thousand messages of a form cost in minor units of a currency, and whether the policy says so.
func (p Policy) Price(form, currency string) (perThousand money.Minor, known bool) {
	if p.Texts == nil {
		return 0, false
	}
	for _, price := range p.Texts.Prices {
		if price.Form == form && price.Currency == currency {
			return price.PerThousand, true
		}
	}
	return 0, false
}

func (v *validator) texts(t *Texts) {
	if t == nil {
		return
	}
	if t.Foreign != "" {
		v.word("texts.foreign", t.Foreign, ForeignRefuse, ForeignReplace)
	}
	if t.Outgrow != "" {
		v.word("texts.outgrow", t.Outgrow, OutgrowLMS, OutgrowRefuse)
	}
	for _, r := range t.Instead {
		if r < ' ' || r > '~' {
			v.add("texts.instead", sayf("%q can be foreign to a phone too", "%q: 이 글자도 전송하지 못할 수 있습니다", t.Instead), say("write plain ASCII such as ?", "? 같은 ASCII 글자를 쓰세요"))
			break
		}
	}
	for _, form := range sortedKeys(t.Limits) {
		v.word(key("texts.limits", form), form, Forms[1:]...)
		positive(v, key("texts.limits", form), t.Limits[form], nil)
	}
	seen := map[[2]string]bool{}
	for i, price := range t.Prices {
		field := fmt.Sprintf("texts.prices[%d]", i)
		v.word(key(field, "form"), price.Form, Forms...)
		v.currencyKnown(key(field, "currency"), price.Currency)
		unsigned(v, key(field, "per_thousand"), price.PerThousand)
		if seen[[2]string{price.Form, price.Currency}] {
			v.add(field, sayf("%s has a price in %s already", "%s: %s 단가가 이미 있습니다", price.Form, price.Currency), nil)
		}
		seen[[2]string{price.Form, price.Currency}] = true
	}
}
