package dispatch

import (
	"html"
	"regexp"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
)

var reference = regexp.MustCompile(`(?i)(<a\s[^>]*?href=")(https?://[^"]+)(")`)

// track lets the links of an HTML text lead over ours, and ends it with a picture that is loaded when it is opened. The
// link to unsubscribe stays as it is. It does nothing unless the policy says so.
func (c *Composer) track(id, text, unsubscribe string) string {
	key, ok := c.tracks(id)
	if !ok || text == "" {
		return text
	}
	text = reference.ReplaceAllStringFunc(text, func(link string) string {
		m := reference.FindStringSubmatch(link)
		to := html.UnescapeString(m[2])
		if to == unsubscribe {
			return link
		}
		return m[1] + html.EscapeString(c.links.Click(key, to)) + m[3]
	})
	return text + `<img src="` + html.EscapeString(c.links.Open(key)) + `.gif" width="1" height="1" alt="">` + "\n"
}

// tap is where a tap on a notification leads.
func (c *Composer) tap(id, to string) string {
	if key, ok := c.tracks(id); ok && (strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "http://")) {
		return c.links.Click(key, to)
	}
	return to
}

func (c *Composer) tracks(id string) (campaign.ID, bool) {
	if c.links == nil || !c.brief.Policy.Sender.Track {
		return campaign.ID{}, false
	}
	id, _, _ = strings.Cut(id, "@")
	key, err := campaign.ParseID(id)
	return key, err == nil
}
