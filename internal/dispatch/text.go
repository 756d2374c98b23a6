package dispatch

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/danbi-project/danbi/internal/campaign"
)

// ErrForeign says that a text has characters that its channel can't carry. In a template it is found by validation; what
// is left are the values of one customer.
var ErrForeign = errors.New("characters that a text message can't carry")

// Text is a message that is no mail, rendered and checked. An adapter sends it as it is; it cuts and labels nothing.
type Text struct {
	Form  Form   // what the provider takes and charges it as
	Title string // of an LMS or a push message
	Body  string // lines end in \n
	Size  int    // bytes in CP949 of sms and lms, in UTF-8 of push and event (title and body); characters of template and brand
	Price int64  // thousandths of a minor unit of the campaign's currency; 0 where the policy has none
}

// The limits of a form of message where the policy names none, in the unit of Text.Size. Titles count by themselves.
var usualLimits = map[Form]int{FormSMS: 90, FormLMS: 2000, FormTemplate: 1000, FormBrand: 1000, FormPush: 2000, FormEvent: mostBytes}

const (
	mostLMSTitle  = 40  // bytes in CP949
	mostPushTitle = 100 // characters: more is cut by every phone
)

func limitOf(policy campaign.Policy, form Form) int {
	if policy.Texts != nil {
		if most, named := policy.Texts.Limits[string(form)]; named {
			return min(most, usualLimits[form])
		}
	}
	return usualLimits[form]
}

// NewText fits a rendered title and body to a form: it counts, lets a text message that outgrows SMS be an LMS, and
// refuses or replaces what the channel can't carry, as the policy says.
func NewText(policy campaign.Policy, currency string, form Form, title, body string) (Text, error) {
	if !utf8.ValidString(title + body) {
		return Text{}, faulty(nil, "it is not valid UTF-8", "올바른 UTF-8이 아닙니다")
	}
	t := Text{Form: form, Title: composed(oneLine(title)), Body: composed(strings.TrimRight(lines(body), "\n "))}
	unit := inBytes
	switch form {
	case FormSMS:
		if err := t.phone(policy); err != nil {
			return Text{}, err
		}
	case FormTemplate, FormBrand:
		t.Size, unit = utf8.RuneCountInString(t.Title)+utf8.RuneCountInString(t.Body), characters
	case FormPush, FormEvent:
		t.Size = len(t.Title) + len(t.Body)
		if n := utf8.RuneCountInString(t.Title); n > mostPushTitle && form == FormPush {
			return Text{}, tooLong("the push message's title", "푸시 제목", n, mostPushTitle, characters)
		}
	default:
		return Text{}, fmt.Errorf("%w: %q is no form of texts", ErrTemplate, form)
	}
	if most := limitOf(policy, t.Form); t.Size > most {
		return Text{}, tooLong("the "+string(t.Form)+" message", string(t.Form), t.Size, most, unit)
	}
	if t.Body == "" {
		return Text{}, faulty(nil, "the text is empty", "본문이 비어 있습니다")
	}
	price, _ := policy.Price(string(t.Form), currency)
	t.Price = int64(price)
	return t, nil
}

// formOf is how a template's text is made up for a channel.
func formOf(channel string, t campaign.Template) Form {
	switch channel {
	case campaign.ChannelSMS:
		return FormSMS
	case campaign.ChannelKakao:
		if t.Code != "" {
			return FormTemplate
		}
		return FormBrand
	case campaign.ChannelPush:
		return FormPush
	}
	return FormEvent
}

var (
	inBytes    = campaign.Text{"en": "bytes", "ko": "바이트"}
	characters = campaign.Text{"en": "characters", "ko": "자"}
)

func tooLong(what, whatKo string, n, most int, unit campaign.Text) error {
	return faulty(ErrTooLong, "%[1]s has %[3]d %[5]s, at most %[4]d fit", "%[2]s: %[3]d%[5]s, 최대 %[4]d%[5]s", what, whatKo, n, most, unit)
}

// phone fits a text message: what CP949 can't carry, and whether it is an SMS or has outgrown it.
func (t *Text) phone(policy campaign.Policy) error {
	var rules campaign.Texts
	if policy.Texts != nil {
		rules = *policy.Texts
	}
	size, foreign := CP949(t.Body)
	_, foreignTitle := CP949(t.Title)
	if len(foreign)+len(foreignTitle) > 0 {
		if rules.Foreign != campaign.ForeignReplace {
			return faulty(ErrForeign, "it has characters that a text message can't carry: %s", "문자로 보낼 수 없는 글자가 있습니다: %s", named(append(foreign, foreignTitle...)))
		}
		instead := rules.Instead
		if instead == "" {
			instead = "?"
		}
		t.Body, t.Title = replaced(t.Body, instead), replaced(t.Title, instead)
		size, _ = CP949(t.Body)
	}
	if t.Size = size; size <= limitOf(policy, FormSMS) {
		t.Title = "" // an SMS has none
		return nil
	}
	if rules.Outgrow == campaign.OutgrowRefuse {
		return nil // it is still an SMS, and its limit refuses it
	}
	t.Form = FormLMS
	if n, _ := CP949(t.Title); n > mostLMSTitle {
		return tooLong("the LMS's title", "LMS 제목", n, mostLMSTitle, inBytes)
	}
	return nil
}

// named are the first characters of a list, with their numbers: many can't be seen.
func named(runes []rune) string {
	const most = 5
	var out []string
	for _, r := range runes[:min(len(runes), most)] {
		out = append(out, fmt.Sprintf("%q (%U)", r, r))
	}
	if len(runes) > most {
		out = append(out, fmt.Sprintf("and %d more", len(runes)-most))
	}
	return strings.Join(out, ", ")
}

// replaced is a text with another in place of each run of characters that CP949 has not: a family of emoji is one.
func replaced(text, instead string) string {
	width := cp949Widths()
	var out strings.Builder
	within := false
	for _, r := range text {
		if r < utf8.RuneSelf || r < rune(len(width)) && width[r] {
			out.WriteRune(r)
			within = false
			continue
		}
		if !within {
			out.WriteString(instead)
		}
		within = true
	}
	return out.String()
}

// lines is a text whose lines end in \n and that has no other control characters: a value can't break a protocol.
func lines(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if isControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, text)
}
