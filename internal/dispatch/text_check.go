package dispatch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
)

// CheckTexts makes every text of a spec for a person who does not exist, with each of its offers, and gives what is wrong
// with it under a policy: labels, senders, ways to opt out, lengths, characters that a channel can't carry. It is for
// validation, before there is anybody to write to; the dry run does the same for everybody. now stands for the start of
// a window that has none yet.
func CheckTexts(spec campaign.Spec, policy campaign.Policy, now time.Time) (faults []campaign.Fault) {
	brief := campaign.Brief{Spec: spec, Policy: policy}
	times, err := spec.Times(now)
	if err != nil {
		return nil // a fault of its own
	}
	run := campaign.Run{Campaign: spec.Campaign, Occurrence: 1, Plan: 1, Launch: times.Opens}
	for i, touch := range spec.Touches {
		for _, channel := range slices.Sorted(maps.Keys(touch.Message)) {
			composer, err := NewComposer(run, brief, touch.ID, channel)
			if err != nil {
				continue // the template, the language or the sender: a fault of its own
			}
			for _, language := range slices.Sorted(maps.Keys(touch.Message[channel])) {
				field := fmt.Sprintf("touches[%d].message.%s.%s", i, channel, language)
				if says := composer.sample(language, times.Opens.Add(touch.After.Std())); says != nil {
					faults = append(faults, campaign.Fault{Field: field, Message: says})
				}
			}
		}
	}
	return faults
}

// sample tries a language's template with every offer, and gives the first thing that is wrong.
func (c *Composer) sample(language string, at time.Time) campaign.Text {
	r := nobodyElse(Recipient{Language: language})
	if len(c.brief.Spec.Contents) > 0 {
		r.Content = c.brief.Spec.Contents[0].ID
	}
	for _, offer := range c.brief.Spec.Offers {
		r.Offer, r.Reward, r.Threshold = offer.ID, int64(offer.Reward), int64(max(offer.Threshold.Fixed, offer.Threshold.Max, offer.Threshold.Min))
		_, err := c.Compose(r, at)
		var fault *textFault
		switch {
		case err == nil:
		case errors.As(err, &fault):
			return fault.says
		default:
			return campaign.Text{"en": err.Error(), "ko": err.Error()}
		}
	}
	return nil
}

// nobodyElse takes what is personal out of a recipient.
func nobodyElse(r Recipient) Recipient {
	r.Customer, r.Name, r.Address = 0, "Jane Doe", "nobody@example.invalid"
	if r.Language == "ko" {
		r.Name = "홍길동"
	}
	return r
}

// Sample is a recipient's message as a reader would see it, with a name that is nobody's.
func (c *Composer) Sample(r Recipient, at time.Time) (title, text string, err error) {
	return c.Read(nobodyElse(r), at, nil)
}

// Read is a message as a reader sees it, without a mail's headers and HTML.
func (c *Composer) Read(r Recipient, at time.Time, parts []Part) (title, text string, err error) {
	if c.channel != campaign.ChannelEmail {
		letter, err := c.compose(r, at, parts)
		return letter.Title, string(letter.Body), err
	}
	language, w := c.wording(r.Language)
	v, err := c.values(r, language, c.run.DeliveryID(c.touch.ID, r.Customer).String(), at)
	if err != nil {
		return "", "", err
	}
	plain := v.fill(&filled{}, false)
	if title, err = w.render(partSubject, plain); err != nil {
		return "", "", err
	}
	if text, err = w.render(partText, plain); err != nil {
		return "", "", err
	}
	text = c.with(text, parts, v)
	return oneLine(title), text + c.footer(text, v, language), nil
}

// Language is the one that a recipient is written to in.
func (c *Composer) Language(of string) string {
	language, _ := c.wording(of)
	return language
}

// Extra is what a text message costs more because it outgrew SMS, in thousandths of a minor unit.
func (c *Composer) Extra(letter Letter) int64 {
	if letter.Form != FormLMS {
		return 0
	}
	short, _ := c.brief.Policy.Price(string(FormSMS), c.brief.Spec.Currency)
	return letter.Price - int64(short)
}
