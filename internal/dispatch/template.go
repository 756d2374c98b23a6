package dispatch

import (
	"errors"
	"fmt"
	"html"
	"strings"
	"sync"
	"time"

	"github.com/osteele/liquid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// ErrTooLong says that a message outgrew what its channel takes.
var ErrTooLong = errors.New("the message is too long")

const (
	mostBytes   = 256 << 10 // of a rendered text
	mostSubject = 200       // characters
)

var engine = sync.OnceValue(func() *liquid.Engine {
	e := liquid.NewEngine()
	e.RegisterFilter("josa", josa)
	return e
})

var empty = &liquid.Template{}

func compile(text string) (*liquid.Template, error) {
	if text == "" {
		return empty, nil
	}
	t, err := engine().ParseString(text)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// wording is a template of one language, compiled once for all recipients.
type wording struct {
	language            string
	subject, text, html *liquid.Template
	plain               [3]bool // the part has no field, so that it reads the same for everybody
	source              campaign.Template
}

func newWording(language string, t campaign.Template) (*wording, error) {
	w := &wording{language: language, source: t}
	for i, part := range []struct {
		into **liquid.Template
		text string
	}{{&w.subject, t.Subject}, {&w.text, t.Text}, {&w.html, t.HTML}} {
		compiled, err := compile(part.text)
		if err != nil {
			return nil, fmt.Errorf("the template in %s: %w", language, err)
		}
		*part.into, w.plain[i] = compiled, !strings.Contains(part.text, "{")
	}
	return w, nil
}

func (w *wording) render(part int, bindings liquid.Bindings) (string, error) {
	t, source := w.subject, w.source.Subject
	switch part {
	case 1:
		t, source = w.text, w.source.Text
	case 2:
		t, source = w.html, w.source.HTML
	}
	if w.plain[part] {
		return source, nil
	}
	out, err := t.RenderString(bindings)
	if err != nil {
		return "", fmt.Errorf("the template in %s: %w", w.language, err)
	}
	if len(out) > mostBytes {
		return "", fmt.Errorf("%w: %d bytes, at most %d are sent", ErrTooLong, len(out), mostBytes)
	}
	return out, nil
}

// values are what the fields of a template stand for.
type values struct {
	name, threshold, reward, deadline, offer, content, terms, unsubscribe string
	sender                                                                campaign.Sender
}

// bindings gives the values to a template. A field without a value is nil, so that {% if reward %} asks for it. In HTML
// every value is escaped: a name is not markup.
func (v values) bindings(escaped bool) liquid.Bindings {
	set := func(text string) any {
		switch {
		case text == "":
			return nil
		case escaped:
			return html.EscapeString(text)
		}
		return text
	}
	return liquid.Bindings{
		"name": set(v.name), "threshold": set(v.threshold), "reward": set(v.reward), "deadline": set(v.deadline), "terms": set(v.terms),
		"offer": set(v.offer), "content": set(v.content), "unsubscribe_url": set(v.unsubscribe),
		"sender": map[string]any{"name": set(v.sender.Name), "contact": set(v.sender.Contact), "email": set(v.sender.Email)},
	}
}

// amount is money as a reader of the language writes it; nothing when there is none.
func amount(minor int64, currency, language string) string {
	if minor == 0 {
		return ""
	}
	return money.Format(money.Minor(minor), currency, language)
}

// lastDay says until when an offer holds. Ends are exclusive: a window that ends at midnight holds to the day before.
func lastDay(ends time.Time, zone *time.Location, language string) string {
	local := ends.In(zone)
	clock := ""
	if local.Hour() == 0 && local.Minute() == 0 {
		local = local.Add(-time.Minute)
	} else {
		clock = local.Format(" 15:04")
	}
	if language == "ko" {
		return fmt.Sprintf("%d월 %d일%s", local.Month(), local.Day(), clock)
	}
	return local.Format("2 January") + clock
}
