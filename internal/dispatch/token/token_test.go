package token_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch/token"
)

func links(t require.TestingT) *token.Links {
	l, err := token.New("https://danbi.example/m/", []byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	return l
}

func TestOnlyOurLinksAreRead(t *testing.T) {
	t.Parallel()
	l := links(t)
	id := campaign.Run{Campaign: "autumn", Occurrence: 1}.DeliveryID("first", 7)
	last := func(link string) string { return link[strings.LastIndex(link, "/")+1:] }

	unsubscribe := l.Unsubscribe(id)
	require.Equal(t, unsubscribe, l.Unsubscribe(id), "a message rendered again has the same links")
	require.True(t, strings.HasPrefix(unsubscribe, "https://danbi.example/m/u/"))
	got, err := l.Read(token.Unsubscribe, last(unsubscribe), "")
	require.NoError(t, err)
	require.Equal(t, id, got)
	_, err = l.Read(token.Open, last(unsubscribe), "")
	require.ErrorIs(t, err, token.ErrForged, "a link is good for one thing")

	click, err := url.Parse(l.Click(id, "https://shop.example/?a=1&b=가"))
	require.NoError(t, err)
	_, err = l.Read(token.Click, last(click.Path), click.Query().Get("to"))
	require.NoError(t, err)
	_, err = l.Read(token.Click, last(click.Path), "https://evil.example/")
	require.ErrorIs(t, err, token.ErrForged, "it leads nowhere else")

	other, err := token.New("https://danbi.example", []byte(strings.Repeat("x", 32)))
	require.NoError(t, err)
	_, err = other.Read(token.Unsubscribe, last(unsubscribe), "")
	require.ErrorIs(t, err, token.ErrForged)
	for _, base := range []string{"", "danbi.example", "http://danbi.example", "https://danbi.example/?x=1", "ftp://danbi.example"} {
		_, err := token.New(base, []byte(strings.Repeat("k", 32)))
		require.Error(t, err, base)
	}
	_, err = token.New("https://danbi.example", []byte("short"))
	require.Error(t, err)
}

func TestNoOtherTokenIsRead(t *testing.T) {
	t.Parallel()
	l := links(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z0-9_-]{43}`)).Draw(t, "token")
		_, err := l.Read(token.Unsubscribe, text, "")
		require.ErrorIs(t, err, token.ErrForged)
	})
}
