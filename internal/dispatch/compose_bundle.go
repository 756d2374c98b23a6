package dispatch

import (
	"encoding/json"
	"html"
	"strings"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// Part is what another run's message says, to be said in this one.
type Part struct {
	Host string // of the delivery that it is: campaign/occurrence/touch
	Text string
}

// Part is what the composer's message to a recipient says, without what a message says once: label, sender, opt-out.
func (c *Composer) Part(r Recipient, at time.Time) (Part, Letter, error) {
	language, w := c.wording(r.Language)
	id := c.run.DeliveryID(c.touch.ID, r.Customer).String()
	v, err := c.values(r, language, id, at)
	if err != nil {
		return Part{}, Letter{}, err
	}
	text, err := w.render(partText, v.fill(&filled{}, false))
	if err != nil {
		return Part{}, Letter{}, err
	}
	text = strings.TrimSpace(lines(text))
	for _, pack := range c.packs.All() {
		text = strings.TrimPrefix(text, pack.Label)
	}
	text = strings.TrimPrefix(text, v.sender.Label[language])
	body, _ := c.closing(text, v)
	body = strings.TrimSpace(body)
	if body == "" {
		return Part{}, Letter{}, faulty(nil, "nothing is left of it beside label, sender and opt-out", "표시, 발신자, 수신거부를 빼면 내용이 없습니다")
	}
	return Part{Host: HostOf(c.run, c.touch.ID), Text: body}, Letter{Template: c.hashes[language], Parameters: v.parameters}, nil
}

// closing cuts a text before its last lines, which say who sends it and how to opt out.
func (c *Composer) closing(text string, v values) (body, closing string) {
	says := func(line string) bool {
		for _, mark := range []string{v.unsubscribe, v.sender.OptOut, v.sender.Contact, v.sender.Postal} {
			if mark != "" && strings.Contains(line, mark) {
				return true
			}
		}
		for _, pack := range c.packs.All() {
			if pack.OptOut == nil {
				continue
			}
			for _, word := range pack.OptOut.Says {
				if strings.Contains(line, word) {
					return true
				}
			}
		}
		return false
	}
	all := strings.SplitAfter(text, "\n")
	last := len(all)
	for i := len(all) - 1; i > 0; i-- { // the first line is never a part of it
		if strings.TrimSpace(all[i]) != "" && !says(all[i]) {
			break
		}
		last = i
	}
	return strings.Join(all[:last], ""), strings.Join(all[last:], "")
}

// Bundle is Compose with parts of other runs, which stand before the last lines. Parts that do not fit are left out, the last
// first: carried says how many went along.
func (c *Composer) Bundle(r Recipient, at time.Time, parts []Part) (letter Letter, carried int, err error) {
	for carried = len(parts); ; carried-- {
		letter, err = c.compose(r, at, parts[:carried])
		if err == nil || carried == 0 {
			return letter, carried, err
		}
	}
}

// with puts parts into a text.
func (c *Composer) with(text string, parts []Part, v values) string {
	if len(parts) == 0 {
		return text
	}
	body, closing := c.closing(text, v)
	gap := "\n\n"
	if c.channel == campaign.ChannelSMS {
		gap = "\n" // every byte is paid for
	}
	body = strings.TrimRight(body, "\n ")
	for _, part := range parts {
		body += gap + part.Text
	}
	if closing = strings.TrimLeft(closing, "\n "); closing == "" {
		return body + "\n"
	}
	return body + gap + closing
}

// htmlWith puts parts at the end of HTML, as plain paragraphs.
func htmlWith(text string, parts []Part) string {
	for _, part := range parts {
		text += "<p>" + strings.ReplaceAll(html.EscapeString(part.Text), "\n", "<br>\n") + "</p>\n"
	}
	return text
}

// carrying is a message's parameters with the names of the parts that it carries.
func carrying(parameters string, parts []Part) (string, error) {
	if len(parts) == 0 {
		return parameters, nil
	}
	hosts := make([]string, len(parts))
	for i, part := range parts {
		hosts[i] = part.Host
	}
	list, err := json.Marshal(hosts)
	return strings.TrimSuffix(parameters, "}") + `,"parts":` + string(list) + "}", err
}
