package campaign

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// channels are the ways to reach a customer.
var channels = []string{ChannelEmail, ChannelSMS, ChannelKakao, ChannelPush, ChannelWebhook}

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

func (v *validator) touches() {
	touches := v.spec.Touches
	if len(touches) == 0 {
		v.add("touches", say("nobody is contacted", "접촉이 없습니다"), say("write at least one touch with a message", "메시지가 있는 접촉을 하나 이상 쓰세요"))
	}
	unique(v, "touches", touches, func(t Touch) string { return t.ID })
	for i, touch := range touches {
		field := fmt.Sprintf("touches[%d]", i)
		unsigned(v, key(field, "after"), touch.After)
		positive(v, key(field, "spread"), touch.Spread, say("write over how long the messages are spread, as in 1d", "발송을 나눌 기간을 쓰세요. 예: 1d"))
		if i > 0 && touch.After <= touches[i-1].After {
			v.add(key(field, "after"), sayf("does not come after the touch before it, %s", "앞선 접촉(%s)보다 뒤가 아닙니다", touches[i-1].ID), say("write touches in the order they are sent, each with a later after", "보내는 순서대로, after를 더 늦게 쓰세요"))
		}
		if length := v.length(); length > 0 && touch.After.Std() >= length {
			v.add(key(field, "after"), say("is after the window has ended", "기간이 끝난 뒤입니다"), say("send it earlier, or lengthen the window", "더 일찍 보내거나 기간을 늘리세요"))
		}
		if touch.Only != "" {
			v.word(key(field, "only"), touch.Only, OnlyNotRedeemed)
		}
		if i == 0 && touch.Only == OnlyNotRedeemed {
			v.add(key(field, "only"), say("nobody can have redeemed before the first touch", "첫 접촉 전에는 달성한 고객이 있을 수 없습니다"), say("remove only from the first touch", "첫 접촉에서 only를 지우세요"))
		}
		v.message(field, touch)
	}
	v.contents()
}

func (v *validator) message(field string, touch Touch) {
	if len(touch.Channels) == 0 {
		v.add(key(field, "channels"), say("is empty", "비어 있습니다"), say("write at least one, as in channels: [email]", "channels: [email]처럼 하나 이상 쓰세요"))
	}
	for j, channel := range touch.Channels {
		at := fmt.Sprintf("%s.channels[%d]", field, j)
		v.word(at, channel, channels...)
		switch _, there := touch.Message[channel]; {
		case slices.Contains(touch.Channels[:j], channel):
			v.add(at, sayf("%s is in the list twice", "%s: 두 번 있습니다", channel), nil)
		case !there && slices.Contains(channels, channel):
			v.add(key(field, "message"), sayf("there is no message for the channel %s", "%s 채널의 메시지가 없습니다", channel), sayf("write message.%s", "message.%s를 쓰세요", channel))
		}
	}
	v.fallback(field, touch)
	for _, channel := range sortedKeys(touch.Message) {
		at := key(key(field, "message"), channel)
		if !slices.Contains(touch.Channels, channel) {
			v.add(at, sayf("%s is not among the touch's channels", "%s: 이 접촉의 채널에 없습니다", channel), say("add it to channels, or remove its message", "channels에 추가하거나 메시지를 지우세요"))
		}
		v.languages(at, channel, touch.Message[channel])
	}
}

// fallback is how long each channel has; the last one has nobody after it.
func (v *validator) fallback(field string, touch Touch) {
	for _, channel := range sortedKeys(touch.Fallback) {
		at, wait := key(key(field, "fallback"), channel), touch.Fallback[channel]
		switch i := slices.Index(touch.Channels, channel); {
		case i < 0:
			v.add(at, sayf("%s is not among the touch's channels", "%s: 이 접촉의 채널에 없습니다", channel), nil)
		case i == len(touch.Channels)-1:
			v.add(at, sayf("%s is the last channel: no other follows it", "%s: 마지막 채널이라 다음 채널이 없습니다", channel), say("remove it, or add a channel", "지우거나 채널을 추가하세요"))
		}
		if wait.For < 0 || wait.For > 0 && wait.For.Std() < time.Minute {
			v.add(key(at, "for"), sayf("%s is less than a minute", "%s: 1분이 되지 않습니다", wait.For), say("write how long the channel has, as in 30m", "채널이 쓸 시간을 쓰세요. 예: 30m"))
		}
		if wait.Until != "" {
			v.word(key(at, "until"), wait.Until, UntilDelivered, UntilSent)
		}
	}
}

// languages are those of the title: a campaign that has a Korean title speaks Korean in every message.
func (v *validator) languages(field, channel string, templates map[string]Template) {
	for _, language := range v.spec.languages() {
		if _, there := templates[language]; !there {
			v.add(field, sayf("there is no message in %s", "%s 메시지가 없습니다", language), sayf("write it, or remove %s from the title", "메시지를 쓰거나 title에서 %s를 지우세요", language))
		}
	}
	for _, language := range sortedKeys(templates) {
		template, at := templates[language], key(field, language)
		if !languageForm.MatchString(language) {
			v.add(at, sayf("%q is not a language", "%q: 언어 코드가 아닙니다", language), say("write a code such as ko or en", "ko, en 같은 코드를 쓰세요"))
		}
		switch empty := strings.TrimSpace(template.Subject) == ""; {
		case channel == ChannelEmail && empty:
			v.add(key(at, "subject"), say("an e-mail needs a subject", "이메일에는 제목이 필요합니다"), nil)
		case channel == ChannelPush && empty:
			v.add(key(at, "subject"), say("a push message needs a title", "푸시에는 제목이 필요합니다"), nil)
		case channel == ChannelKakao && template.Code != "" && !empty:
			v.add(key(at, "subject"), say("an approved Kakao template has no title", "카카오 승인 템플릿에는 제목이 없습니다"), say("write it at the start of the text", "본문 첫머리에 쓰세요"))
		}
		if template.Code != "" && channel != ChannelKakao {
			v.add(key(at, "code"), say("only Kakao has approved templates", "승인된 템플릿은 카카오톡에만 있습니다"), nil)
		}
		if template.Link != "" && (channel == ChannelEmail || channel == ChannelSMS) {
			v.add(key(at, "link"), say("only Kakao and push messages open a link", "링크를 여는 것은 카카오톡과 푸시뿐입니다"), say("write it into the text", "본문에 쓰세요"))
		}
		if strings.ContainsAny(strings.TrimSpace(template.Subject), "\r\n") {
			v.add(key(at, "subject"), say("has more than one line", "제목이 한 줄이 아닙니다"), nil)
		}
		if strings.TrimSpace(template.Text) == "" {
			v.add(key(at, "text"), say("the text is empty", "본문이 비어 있습니다"), say("every mail needs a plain text, also beside HTML", "HTML이 있어도 일반 글이 필요합니다"))
		}
		if v.template != nil {
			v.adopt(at, v.template(channel, language, template))
		}
	}
}

// languages that the campaign speaks: its default and those of its title.
func (s Spec) languages() []string {
	all := sortedKeys(s.Title)
	if languageForm.MatchString(s.Language) && !slices.Contains(all, s.Language) {
		all = append(all, s.Language)
	}
	return slices.DeleteFunc(all, func(language string) bool { return !languageForm.MatchString(language) })
}

func (v *validator) contents() {
	unique(v, "contents", v.spec.Contents, func(c Content) string { return c.ID })
	for i, content := range v.spec.Contents {
		field := fmt.Sprintf("contents[%d].text", i)
		v.text(field, content.Text)
		for _, said := range [...][2]string{{"theme", content.Theme}, {"tone", content.Tone}, {"picture", content.Picture}, {"category", content.Category}} {
			name, word := said[0], said[1]
			if len(word) > 60 || strings.ContainsAny(word, "=\n\t") || strings.TrimSpace(word) != word {
				v.add(fmt.Sprintf("contents[%d].%s", i, name), sayf("%q is not a word that contents are told apart by", "%q: 구분하는 이름으로 쓸 수 없습니다", word), say("write a short name without =", "= 없이 짧은 이름을 쓰세요"))
			}
		}
		for _, language := range v.spec.languages() {
			if _, there := content.Text[language]; !there && language != v.spec.Language {
				v.add(field, sayf("there is no text in %s", "%s 글이 없습니다", language), nil)
			}
		}
	}
}

func (v *validator) timing() {
	t := v.spec.Timing
	if t.Until-t.From < 60 {
		v.add("timing", sayf("from %s to %s is less than an hour", "%s부터 %s까지는 한 시간이 되지 않습니다", t.From, t.Until), say("write until at least an hour after from", "until을 from보다 한 시간 이상 늦게 쓰세요"))
	}
	for i, name := range t.Days {
		field := fmt.Sprintf("timing.days[%d]", i)
		v.word(field, name, weekdays...)
		if slices.Contains(t.Days[:i], name) {
			v.add(field, sayf("%s is in the list twice", "%s: 두 번 있습니다", name), nil)
		}
	}
	unsigned(v, "timing.per_hour", t.PerHour)
	for i, c := range t.Capacity {
		field := fmt.Sprintf("timing.capacity[%d]", i)
		if c.Until <= c.From {
			v.add(field, sayf("%s to %s is no span of a day", "%s부터 %s까지는 하루 안의 시간이 아닙니다", c.From, c.Until), say("write until after from", "until을 from보다 늦게 쓰세요"))
		}
		for j, name := range c.Days {
			v.word(fmt.Sprintf("%s.days[%d]", field, j), name, weekdays...)
		}
		unsigned(v, field+".per_hour", c.PerHour)
	}
	v.reachable()
}

// reachable finds touches whose whole spread lies on days that are not allowed: nobody would ever be sent them.
func (v *validator) reachable() {
	t := v.spec.Timing
	if len(t.Days) == 0 || v.spec.Window.Starts.IsZero() {
		return
	}
	zone, err := LoadZone(v.spec.Zone)
	if err != nil {
		return
	}
	for i, touch := range v.spec.Touches {
		starts := v.spec.Window.Starts.Add(touch.After.Std()).In(zone)
		ends := starts.Add(touch.Spread.Std())
		open := false
		for date := starts; !open && date.Before(ends.AddDate(0, 0, 1)) && date.Sub(starts) < 8*day; date = date.AddDate(0, 0, 1) {
			weekday := weekdays[(int(date.Weekday())+6)%7]
			open = slices.Contains(t.Days, weekday) && t.From.On(date).Before(ends) && t.Until.On(date).After(starts)
		}
		if !open {
			v.add(fmt.Sprintf("touches[%d]", i), say("no allowed hour lies within its spread", "발송할 수 있는 시간이 없습니다"), say("lengthen spread, or allow more of timing.days", "spread를 늘리거나 timing.days를 더 허용하세요"))
		}
	}
}
