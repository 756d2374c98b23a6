package campaign

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Shown is a message as its reader sees it.
type Shown struct {
	Title string // subject of a mail, title of an LMS or push message; empty: the text is shown first
	Body  string
	HTML  string // of a mail
	Link  string // by which this very message is unsubscribed from
}

// Breaches says what a rendered message lacks of what the pack wants, in the order in which a reader would miss it.
func (p RulePack) Breaches(shown Shown, sender Sender) (found []Text) {
	first := shown.Title
	if first == "" {
		first = shown.Body
	}
	if p.Label != "" {
		if breach := LabelBreach(first, p.Label); breach != nil {
			found = append(found, breach)
		}
	}
	whole := shown.Title + "\n" + shown.Body
	for _, name := range p.Names {
		value, key, what := sender.Name, "sender.name", say("the sender's name", "발신자 이름")
		switch name {
		case "contact":
			value, key, what = sender.Contact, "sender.contact", say("the sender's contact", "발신자 연락처")
		case "postal":
			value, key, what = sender.Postal, "sender.postal", say("the sender's postal address", "발신자 우편 주소")
		}
		switch {
		case value == "":
			found = append(found, sayf("%s is not known: the policy has no %s", "%s이(가) 없습니다. 정책에 %s을(를) 쓰세요", what, key))
		case !strings.Contains(whole, value):
			found = append(found, sayf("%s is missing", "%s이(가) 없습니다", what))
		}
	}
	if line, _, _ := strings.Cut(first, "\n"); p.NameFirst && sender.Name != "" && !strings.Contains(line, sender.Name) {
		found = append(found, say("the sender's name does not stand in the first line", "첫 줄에 발신자 이름이 없습니다"))
	}
	if p.OptOut != nil {
		if breach := p.OptOut.breach(shown, sender); breach != nil {
			found = append(found, breach)
		}
	}
	return found
}

func (o RuleOptOut) breach(shown Shown, sender Sender) Text {
	var ways []string
	if o.Number != "" && strings.HasPrefix(digits(sender.OptOut), o.Number) {
		ways = append(ways, sender.OptOut)
	}
	if o.Link && shown.Link != "" {
		ways = append(ways, shown.Link)
	}
	ways = append(ways, o.Says...)
	if len(ways) == 0 {
		return sayf("there is no way to opt out: the policy needs a sender.opt_out that begins with %s", "수신거부 방법이 없습니다. 정책의 sender.opt_out에 %s(으)로 시작하는 번호를 쓰세요", o.Number)
	}
	where, body := shown.Body, strings.TrimSpace(shown.Body)
	if o.Last {
		where = body[strings.LastIndexByte(body, '\n')+1:]
	}
	says := func(text string) bool {
		for _, way := range ways {
			if strings.Contains(text, way) {
				return true
			}
		}
		return false
	}
	switch {
	case says(where) && (shown.HTML == "" || says(shown.HTML)):
		return nil
	case says(where):
		return say("the HTML does not say how to opt out", "HTML에 수신거부 방법이 없습니다")
	case o.Last && says(body):
		return say("how to opt out does not stand at the end", "수신거부 방법이 끝에 있지 않습니다")
	}
	return sayf("does not say how to opt out (%s)", "수신거부 방법이 없습니다(%s)", strings.Join(ways, ", "))
}

func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}

// Said is a word of a pack's list in a text.
type Said struct {
	Topic, Word  string
	Line, Column int // from 1, in characters of the text
}

// Says finds the words that are never said, in a text or its template. Letters stand for themselves whatever their case and
// form; what can't be seen between them doesn't hide them. Words in Latin letters count only whole.
func (p RulePack) Says(text string) (found []Said) {
	if len(p.Words) == 0 || text == "" {
		return nil
	}
	plain, places := seen(text)
	for _, topic := range sortedKeys(p.Words) {
		for _, word := range p.Words[topic] {
			wanted, _ := seen(word)
			for from := 0; ; {
				i := strings.Index(plain[from:], wanted)
				if i < 0 {
					break
				}
				start := from + i
				if from = start + len(wanted); insideWord(plain, start, from) {
					continue
				}
				place := places[start]
				before := text[:place]
				found = append(found, Said{Topic: topic, Word: word, Line: 1 + strings.Count(before, "\n"), Column: 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])})
				break
			}
		}
	}
	return found
}

// insideWord says that a match is a part of a longer word of Latin letters.
func insideWord(text string, start, end int) bool {
	latin := func(r rune) bool { return unicode.Is(unicode.Latin, r) }
	first, _ := utf8.DecodeRuneInString(text[start:end])
	last, _ := utf8.DecodeLastRuneInString(text[start:end])
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return latin(first) && latin(before) || latin(last) && latin(after)
}

// seen is a text as a reader takes it, in small letters and without what can't be seen, with the place that each byte has
// in the original.
func seen(text string) (plain string, places []int) {
	var out strings.Builder
	var iter norm.Iter
	iter.InitString(norm.NFKC, text)
	for !iter.Done() {
		at := iter.Pos()
		for _, r := range string(iter.Next()) {
			if unicode.Is(unicode.Cf, r) {
				continue
			}
			if r == '\n' {
				r = ' '
			}
			n := out.Len()
			out.WriteRune(unicode.ToLower(r))
			for range out.Len() - n {
				places = append(places, at)
			}
		}
	}
	return out.String(), places
}
