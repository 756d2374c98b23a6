package dispatch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch/token"
)

func TestTrackedLinks(t *testing.T) {
	t.Parallel()
	links, err := token.New("https://l.example", []byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	id := campaign.Run{Campaign: "autumn", Occurrence: 1}.DeliveryID("first", 7)
	c := &Composer{}
	text := `<a class="b" href="https://shop.example/?a=1&amp;b=2">shop</a> <a href="https://l.example/u/x">stop</a> <a href="mailto:a@b.example">mail</a>`
	require.Equal(t, text, c.track(id.String(), text, "https://l.example/u/x"), "not unless there are links")
	c.Link(links)
	require.Equal(t, text, c.track(id.String(), text, "https://l.example/u/x"), "nor unless the policy wants it")
	c.brief.Policy.Sender.Track = true
	got := c.track(id.String(), text, "https://l.example/u/x")
	require.Contains(t, got, `<a class="b" href="https://l.example/c/`)
	require.Contains(t, got, `?to=https%3A%2F%2Fshop.example%2F%3Fa%3D1%26b%3D2">shop`)
	require.Contains(t, got, `<a href="https://l.example/u/x">stop</a> <a href="mailto:a@b.example">mail</a><img src="https://l.example/o/`)
	require.Equal(t, got, c.track(id.String(), text, "https://l.example/u/x"), "rendered again it is the same")
	require.Equal(t, links.Click(id, "https://shop.example/app"), c.tap(id.String()+"@d", "https://shop.example/app"))
	require.Equal(t, "danbi://home", c.tap(id.String(), "danbi://home"))
	require.Empty(t, c.tap(id.String(), ""))
}
