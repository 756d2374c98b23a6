package dispatch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
)

// ErrTemplate says that a message can't be made from its template for a recipient.
var ErrTemplate = errors.New("the template gives no message that may be sent")

// Letter is a message with what is kept of it.
type Letter struct {
	Message
	Template   string // hash of the template's source
	Parameters string // JSON: what the text was made of, without what is personal
	SHA256     string // of what the customer sees: a mail's bytes, or title, text and link
	Size       int    // in the unit of Text.Size; of a mail its bytes
	Price      int64  // thousandths of a minor unit of the campaign's currency
}

// shown is what is hashed of a message that is no mail, in an order that can't be mistaken.
func (l Letter) shown() []byte {
	return fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%s", l.Form, l.Message.Template, l.Link, l.Title, l.Body)
}

// Composer makes the messages of one touch and channel. It is safe for many goroutines.
type Composer struct {
	run      campaign.Run
	touch    campaign.Touch
	channel  string
	brief    campaign.Brief
	zone     *time.Location
	closes   time.Time
	domain   string
	wordings map[string]*wording
	hashes   map[string]string
	offers   map[string]campaign.Offer
	contents map[string]campaign.Content
	from     string // the header of its mails
	said     said
	links    Links // nil: none of ours
	packs    packs
}

// workspace is what making a mail needs and the next one may reuse.
type workspace struct {
	filled filled
	body   []byte
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// NewComposer compiles the templates of a touch for a channel. Times are those of the occurrence.
func NewComposer(run campaign.Run, brief campaign.Brief, touch, channel string) (*Composer, error) {
	spec := brief.Spec
	i := slices.IndexFunc(spec.Touches, func(t campaign.Touch) bool { return t.ID == touch })
	if i < 0 {
		return nil, fmt.Errorf("%w: the spec of %s has no touch %s", ErrTemplate, run.Campaign, touch)
	}
	times, err := spec.Times(run.Launch)
	if err != nil {
		return nil, err
	}
	zone, err := campaign.LoadZone(spec.Zone)
	if err != nil {
		return nil, err
	}
	_, domain, ok := strings.Cut(brief.Policy.Sender.Email, "@")
	if !ok || domain == "" {
		return nil, fmt.Errorf("%w: the policy's sender.email %q is no address", ErrTemplate, brief.Policy.Sender.Email)
	}
	c := &Composer{
		run: run, touch: spec.Touches[i], channel: channel, brief: brief, zone: zone, closes: times.Closes, domain: domain, packs: newPacks(brief, channel),
		wordings: map[string]*wording{}, hashes: map[string]string{}, offers: map[string]campaign.Offer{}, contents: map[string]campaign.Content{},
		from: phrase(oneLine(brief.Policy.Sender.Name)) + " <" + oneLine(brief.Policy.Sender.Email) + ">",
	}
	for language, template := range c.touch.Message[channel] {
		if c.wordings[language], err = newWording(language, template); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
		}
		c.hashes[language] = templateHash(template)
	}
	if c.wordings[spec.Language] == nil {
		return nil, fmt.Errorf("%w: touch %s has no %s message in %s", ErrTemplate, touch, channel, spec.Language)
	}
	for _, o := range spec.Offers {
		c.offers[o.ID] = o
	}
	for _, o := range spec.Contents {
		c.contents[o.ID] = o
	}
	return c, nil
}

// MessageID is the Message-ID of a delivery, without brackets: the same for every attempt.
func MessageID(run campaign.Run, touch string, sender campaign.Sender, customer uint32) string {
	_, domain, _ := strings.Cut(sender.Email, "@")
	return run.DeliveryID(touch, customer).String() + "@" + domain
}

// MessageID is that of a delivery of the composer's touch.
func (c *Composer) MessageID(customer uint32) string {
	return c.run.DeliveryID(c.touch.ID, customer).String() + "@" + c.domain
}

// Compose makes the message of one recipient as it leaves at a moment of campaign time. The same recipient and moment
// always give the same bytes.
func (c *Composer) Compose(r Recipient, at time.Time) (Letter, error) { return c.compose(r, at, nil) }

func (c *Composer) compose(r Recipient, at time.Time, parts []Part) (Letter, error) {
	language, w := c.wording(r.Language)
	id := c.run.DeliveryID(c.touch.ID, r.Customer).String()
	v, err := c.values(r, language, id, at)
	if err != nil {
		return Letter{}, err
	}
	letter := Letter{Message: Message{ID: id + "@" + c.domain, From: c.brief.Policy.Sender.Email, To: r.Address}, Template: c.hashes[language]}
	var seen []byte // by the customer
	if c.channel == campaign.ChannelEmail {
		if letter.Body, err = c.body(w, v, r, id, at, parts); err != nil {
			return Letter{}, err
		}
		price, _ := c.brief.Policy.Price(campaign.ChannelEmail, c.brief.Spec.Currency)
		seen, letter.Size, letter.Price = letter.Body, len(letter.Body), int64(price)
	} else {
		if err = c.short(w, v, r, at, parts, &letter); err != nil {
			return Letter{}, err
		}
		seen = letter.shown()
	}
	sum := sha256.Sum256(seen)
	letter.SHA256 = hex.EncodeToString(sum[:])
	letter.Parameters, err = carrying(v.parameters, parts)
	return letter, err
}

// values are what the fields stand for in one recipient's message.
func (c *Composer) values(r Recipient, language, id string, at time.Time) (values, error) {
	offer, known := c.offers[r.Offer]
	if !known {
		return values{}, fmt.Errorf("%w: the spec has no offer %q", ErrTemplate, r.Offer)
	}
	terms := c.brief.Spec.TermsOf(offer)
	v, err := c.said.of(saying{language, r.Offer, r.Content, r.Threshold, r.Reward, c.deadline(terms, at).Unix()}, func(s saying) (values, error) {
		v := values{
			threshold: threshold(s.threshold, c.brief.Spec.Currency, s.language),
			deadline:  lastDay(time.Unix(s.deadline, 0), c.zone, s.language),
			offer:     c.text(offer.Title, s.language), content: c.text(c.contents[s.content].Text, s.language),
			brand: strings.Join(terms.Brands, ", "), sender: c.brief.Policy.Sender,
		}
		if s.reward > 0 {
			v.reward = c.brief.Spec.Reward(offer, money.Minor(s.reward), s.language)
		}
		if offer.Reward > 0 {
			v.terms = c.brief.Spec.Sentence(offer, s.language, money.Minor(s.threshold), money.Minor(s.reward), v.deadline)
			v.percent = terms.PercentText()
		}
		parameters, err := json.Marshal(struct {
			Language  string `json:"language"`
			Offer     string `json:"offer"`
			Content   string `json:"content,omitempty"`
			Threshold string `json:"threshold,omitempty"`
			Reward    string `json:"reward,omitempty"`
			Deadline  string `json:"deadline"`
		}{s.language, s.offer, s.content, v.threshold, v.reward, v.deadline})
		v.parameters = string(parameters)
		return v, err
	})
	if v.name = oneLine(r.Name); v.name == "" {
		v.name = nobody(language)
	}
	v.unsubscribe = c.unsubscribe(id)
	return v, err
}

// short renders a message that is no mail.
func (c *Composer) short(w *wording, v values, r Recipient, at time.Time, parts []Part, into *Letter) error {
	plain := v.fill(&filled{}, false)
	title, err := w.render(partSubject, plain)
	if err != nil {
		return err
	}
	body, err := w.render(partText, plain)
	if err != nil {
		return err
	}
	link, err := w.render(partLink, plain)
	if err != nil {
		return err
	}
	if out := v.sender.OptOut; c.channel == campaign.ChannelSMS && out != "" && !strings.Contains(body, out) {
		body = strings.TrimRight(body, "\n ") + "\n" + freeOptOut(w.language) + " " + out
	}
	template := c.touch.Message[c.channel][w.language]
	body = c.with(body, parts, v)
	text, err := NewText(c.brief.Policy, c.brief.Spec.Currency, formOf(c.channel, template), title, body)
	if err != nil {
		return err
	}
	shown := campaign.Shown{Title: text.Title, Body: text.Body, Link: v.unsubscribe}
	if err := c.lawful(shown, w.language, r.Zone, at); err != nil {
		return err
	}
	into.Form, into.Title, into.Body, into.Link, into.Message.Template = text.Form, text.Title, []byte(text.Body), c.tap(into.ID, oneLine(link)), template.Code
	into.From, into.Advertising = c.number(), c.brief.Spec.Audience.Purpose != campaign.PurposeService
	into.Size, into.Price = text.Size, text.Price
	return nil
}

// number is where text messages come from.
func (c *Composer) number() string {
	if number := c.brief.Policy.Sender.Number; number != "" {
		return number
	}
	return c.brief.Policy.Sender.Contact
}

// templateHash names the texts that a message was made from.
func templateHash(t campaign.Template) string {
	source := t.Subject + "\x00" + t.Text + "\x00" + t.HTML
	if t.Link != "" || t.Code != "" {
		source += "\x00" + t.Link + "\x00" + t.Code
	}
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:8])
}

// threshold is what has to be spent; where any purchase will do there is none to be named.
func threshold(minor int64, currency, language string) string {
	if minor <= 1 {
		return ""
	}
	return amount(minor, currency, language)
}

// wording is the template for somebody's language: ko for ko-KR, the campaign's own for one that it does not speak.
func (c *Composer) wording(language string) (string, *wording) {
	language = strings.ToLower(language)
	short, _, _ := strings.Cut(strings.ReplaceAll(language, "_", "-"), "-")
	for _, known := range []string{language, short} {
		if w := c.wordings[known]; w != nil {
			return known, w
		}
	}
	return c.brief.Spec.Language, c.wordings[c.brief.Spec.Language]
}

// deadline is when the offer ends for somebody who gets it now.
func (c *Composer) deadline(terms campaign.Terms, at time.Time) time.Time {
	ends := c.closes
	if within := terms.Within.Std(); within > 0 && terms.From == campaign.FromReceipt {
		if own := at.Add(within); own.Before(ends) {
			ends = own
		}
	}
	return ends
}

// text is a text in a language, or in the spec's own.
func (c *Composer) text(t campaign.Text, language string) string {
	if text, ok := t[language]; ok {
		return text
	}
	return t[c.brief.Spec.Language]
}

// Links are addresses of ours that know the delivery whose message they stand in. The same delivery has the same links.
type Links interface {
	Unsubscribe(id campaign.ID) string
	Click(id campaign.ID, to string) string
	Open(id campaign.ID) string
}

// Link lets messages unsubscribe by links of ours, where the policy names no address of its own. Call it before Compose.
func (c *Composer) Link(links Links) { c.links = links }

func (c *Composer) unsubscribe(id string) string {
	if url := c.brief.Policy.Sender.Unsubscribe; url != "" {
		return strings.ReplaceAll(url, "{message}", id)
	}
	if c.links != nil {
		if key, err := campaign.ParseID(id); err == nil {
			return c.links.Unsubscribe(key)
		}
	}
	return "mailto:" + c.brief.Policy.Sender.Email + "?subject=unsubscribe%20" + id
}

func nobody(language string) string {
	if language == "ko" {
		return "고객"
	}
	return "customer"
}

// body renders and checks the parts, adds what the law wants of every message where the template left it out, and
// writes the mail.
func (c *Composer) body(w *wording, v values, r Recipient, id string, at time.Time, parts []Part) ([]byte, error) {
	space := workspaces.Get().(*workspace)
	defer workspaces.Put(space)
	plain := v.fill(&space.filled, false)
	subject, err := w.render(partSubject, plain)
	if err != nil {
		return nil, err
	}
	subject = oneLine(subject)
	if n := utf8.RuneCountInString(subject); n == 0 || n > mostSubject {
		return nil, fmt.Errorf("%w: the subject has %d characters; it needs 1 to %d", ErrTemplate, n, mostSubject)
	}
	text, err := w.render(partText, plain)
	if err != nil {
		return nil, err
	}
	text = c.with(text, parts, v)
	m := mail{
		id: id + "@" + c.domain, at: at, sender: v.sender, to: r.Address, subject: subject,
		text: text + c.footer(text, v, w.language), unsubscribe: v.unsubscribe, boundary: id, language: w.language,
	}
	if w.parts[partHTML].source != "" {
		if m.html, err = w.render(partHTML, v.fill(&space.filled, true)); err != nil {
			return nil, err
		}
		m.html = htmlWith(m.html, parts)
		m.html += c.htmlFooter(m.html, v, w.language)
		m.html = c.track(id, m.html, v.unsubscribe)
	}
	shown := campaign.Shown{Title: subject, Body: m.text, HTML: html.UnescapeString(m.html), Link: v.unsubscribe}
	if err := c.lawful(shown, w.language, r.Zone, at); err != nil {
		return nil, err
	}
	m.from = c.from
	space.body = m.append(space.body[:0])
	return bytes.Clone(space.body), nil
}

// lawful checks a rendered message against the policy's label and the rule packs.
func (c *Composer) lawful(shown campaign.Shown, language, zone string, at time.Time) error {
	first := shown.Title
	if first == "" {
		first = shown.Body
	}
	sender := c.brief.Policy.Sender
	if label := sender.Label[language]; label != "" {
		if breach := campaign.LabelBreach(first, label); breach != nil {
			if shown.Title != "" {
				return faulty(ErrBreach, "the subject %s", "제목: %s", breach)
			}
			return faulty(ErrBreach, "the text %s", "본문: %s", breach)
		}
	}
	return c.packs.check(zone, at, shown, sender)
}

// htmlFooter says the same as footer to those who see only the HTML.
func (c *Composer) htmlFooter(text string, v values, language string) string {
	escaped := v
	escaped.unsubscribe, escaped.sender.Contact, escaped.sender.Name = html.EscapeString(v.unsubscribe), html.EscapeString(v.sender.Contact), html.EscapeString(v.sender.Name)
	out := c.footer(text, escaped, language)
	if out == "" {
		return ""
	}
	return "<p>" + strings.ReplaceAll(strings.TrimSpace(out), "\n", "<br>\n") + "</p>\n"
}

// footer is who sends this and how to stop it, as far as the text does not say so itself.
func (c *Composer) footer(text string, v values, language string) string {
	var out strings.Builder
	if !strings.Contains(text, v.sender.Contact) {
		fmt.Fprintf(&out, "\n%s · %s\n", v.sender.Name, v.sender.Contact)
	}
	if !strings.Contains(text, v.unsubscribe) {
		label := "Unsubscribe"
		if language == "ko" {
			label = "무료 수신거부"
		}
		fmt.Fprintf(&out, "\n%s: %s\n", label, v.unsubscribe)
	}
	return out.String()
}

func freeOptOut(language string) string {
	if language == "ko" {
		return "무료수신거부"
	}
	return "Free opt-out"
}

// oneLine takes out line breaks and control characters, so that no value can begin a header of its own.
func oneLine(text string) string {
	if !strings.ContainsFunc(text, isControl) {
		return strings.TrimSpace(text)
	}
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, text)), " ")
}

func isControl(r rune) bool {
	return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029
}
