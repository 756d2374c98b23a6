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

func compile(text string) (t *liquid.Template, err error) {
	if text == "" {
		return empty, nil
	}
	defer survive(&err)
	parsed, fault := engine().ParseString(text)
	if fault != nil { // not err itself: a nil of the engine's own type is no nil error
		return nil, fault
	}
	return parsed, nil
}

// survive makes an error of a panic: the template engine panics over some numbers, and a template must not end a worker.
func survive(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the template engine can't take it: %v", r)
	}
}

func renderSafely(t *liquid.Template, v liquid.Bindings) (out string, err error) {
	defer survive(&err)
	text, fault := t.RenderString(v)
	if fault != nil {
		return "", fault
	}
	return text, nil
}

// wording is a template of one language, compiled once for all recipients.
type wording struct {
	language string
	parts    [len(partNames)]part
}

// part is one text of a template.
type part struct {
	source   string
	template *liquid.Template
	quick    []quick // nil: it needs the engine
	plain    bool    // it has no field, so that it reads the same for everybody
}

// The parts of a template, by their keys in a spec.
var partNames = [...]string{"subject", "text", "html", "link"}

const (
	partSubject = iota
	partText
	partHTML
	partLink
)

func partsOf(t campaign.Template) [len(partNames)]string {
	return [...]string{t.Subject, t.Text, t.HTML, t.Link}
}

func newWording(language string, t campaign.Template) (*wording, error) {
	w := &wording{language: language}
	for i, text := range partsOf(t) {
		compiled, err := compile(text)
		if err != nil {
			return nil, fmt.Errorf("the template in %s: %w", language, err)
		}
		w.parts[i] = part{source: text, template: compiled, plain: !strings.Contains(text, "{")}
		if parts, ok := quicken(text); ok {
			w.parts[i].quick = parts
		}
	}
	return w, nil
}

func (w *wording) render(which int, v *filled) (string, error) {
	p := w.parts[which]
	if p.plain {
		return p.source, nil
	}
	var out string
	if p.quick != nil {
		v.scratch = appendQuick(v.scratch[:0], p.quick, v)
		out = string(v.scratch)
	} else {
		var err error
		if out, err = renderSafely(p.template, v.bindings()); err != nil {
			return "", fmt.Errorf("%w: the template in %s: %w", ErrTemplate, w.language, err)
		}
	}
	if len(out) > mostBytes {
		return "", fmt.Errorf("%w: %w: %d bytes, at most %d are sent", ErrTemplate, ErrTooLong, len(out), mostBytes)
	}
	return out, nil
}

// values are what the fields of a template stand for.
type values struct {
	name, threshold, reward, percent, deadline, offer, content, terms, brand, unsubscribe string
	sender                                                                                campaign.Sender
	parameters                                                                            string // JSON of what is kept
}

// filled are the values by the numbers of Fields.
type filled struct {
	fields  [numFields]string
	bound   liquid.Bindings
	scratch []byte // reused by every text that is rendered
}

const numFields = 15 // of Fields; a test holds them together

// fill puts the values in the order of Fields. In HTML every value is escaped: a name is not markup.
func (v values) fill(into *filled, escaped bool) *filled {
	into.fields = [numFields]string{
		v.name, v.threshold, v.reward, v.percent, v.deadline, v.offer, v.content, v.terms, v.brand,
		v.sender.Name, v.sender.Contact, v.sender.Email, v.sender.OptOut, v.sender.Postal, v.unsubscribe,
	}
	into.bound = nil
	if escaped {
		for i, text := range into.fields {
			into.fields[i] = html.EscapeString(text)
		}
	}
	return into
}

// bindings gives the values to the template engine. A field without a value is nil, so that {% if reward %} asks for it.
func (f *filled) bindings() liquid.Bindings {
	if f.bound != nil {
		return f.bound
	}
	f.bound = liquid.Bindings{}
	for i, name := range Fields {
		var value any
		if f.fields[i] != "" {
			value = f.fields[i]
		}
		if of, inner, nested := strings.Cut(name, "."); nested {
			if f.bound[of] == nil {
				f.bound[of] = map[string]any{}
			}
			f.bound[of].(map[string]any)[inner] = value
			continue
		}
		f.bound[name] = value
	}
	return f.bound
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
