// Package token makes the links of messages: a link carries the key of its delivery and a signature, and nothing personal.
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/trust"
)

// The kinds of links, as they stand in an address.
const (
	Open        = 'o' // a picture that a mail program loads
	Click       = 'c' // leads on to another address
	Unsubscribe = 'u'
)

// ErrForged says that a link was not made by us, or was changed.
var ErrForged = errors.New("the link is not one of ours")

const (
	macBytes   = 16
	leastKey   = 32
	tokenBytes = len(campaign.ID{}) + macBytes
)

// Links makes and reads links. It is safe for many goroutines. The same delivery always has the same links, so that a
// message can be rendered again.
type Links struct {
	base string
	key  []byte
}

// New takes the public address under which the links are served, and the key that signs them.
func New(base string, key []byte) (*Links, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the address of links %q is none: write https://host/path", base)
	case u.Scheme == "http" && !trust.Local(u.Hostname()):
		return nil, fmt.Errorf("the address of links %q is not https: mail programs unsubscribe by https only", base)
	case len(key) < leastKey:
		return nil, fmt.Errorf("the key of links has %d bytes: it needs %d", len(key), leastKey)
	}
	return &Links{base: strings.TrimRight(base, "/"), key: key}, nil
}

// Unsubscribe is where a recipient unsubscribes, by a page or in one click (RFC 8058).
func (l *Links) Unsubscribe(id campaign.ID) string { return l.link(Unsubscribe, id, "") }

// Open is a picture of one point whose loading says that the message was opened.
func (l *Links) Open(id campaign.ID) string { return l.link(Open, id, "") }

// Click leads on to an address, and says that it was clicked. The address is signed: nobody else's can be put in its place.
func (l *Links) Click(id campaign.ID, to string) string {
	return l.link(Click, id, to) + "?to=" + url.QueryEscape(to)
}

func (l *Links) link(kind byte, id campaign.ID, to string) string {
	raw := append(id[:], l.mac(kind, id, to)...)
	return l.base + "/" + string(kind) + "/" + base64.RawURLEncoding.EncodeToString(raw)
}

// Read gives the delivery of a link's token; to is the address that it leads to.
func (l *Links) Read(kind byte, token, to string) (campaign.ID, error) {
	var id campaign.ID
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != tokenBytes {
		return id, ErrForged
	}
	copy(id[:], raw)
	if !hmac.Equal(raw[len(id):], l.mac(kind, id, to)) {
		return campaign.ID{}, ErrForged
	}
	return id, nil
}

func (l *Links) mac(kind byte, id campaign.ID, to string) []byte {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte{'d', 'a', 'n', 'b', 'i', kind})
	mac.Write(id[:])
	mac.Write([]byte(to))
	return mac.Sum(nil)[:macBytes]
}
