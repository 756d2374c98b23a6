package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The headers of a signed request: the time in Unix seconds, and HMAC-SHA256 in hexadecimal over the time, a dot and the body.
const (
	HeaderTime      = "X-Danbi-Time"
	HeaderSignature = "X-Danbi-Signature"
)

// Window is how far a request's time may be from ours.
const Window = 5 * time.Minute

// Why a request is not taken.
var (
	errForged   = errors.New("the signature is missing or wrong")
	errStale    = errors.New("the request is too old, or from the future")
	errReplayed = errors.New("the request was taken before")
)

// Sign is the signature of a body.
func Sign(secret []byte, at time.Time, body []byte) string {
	return hex.EncodeToString(sum(secret, strconv.FormatInt(at.Unix(), 10), body))
}

func sum(secret []byte, at string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// guard knows the requests that were taken within the window. What it forgets by a restart changes nothing when it is
// taken again: feedback is idempotent. It is told apart so that a replay is seen.
type guard struct {
	secrets [][]byte
	now     func() time.Time

	mu   sync.Mutex
	seen map[[sha256.Size]byte]time.Time
}

const mostSeen = 200_000

// check says whether a request may be taken, and returns what is remembered once it was.
func (g *guard) check(r *http.Request, body []byte) (key [sha256.Size]byte, err error) {
	at := r.Header.Get(HeaderTime)
	given, err := hex.DecodeString(strings.TrimPrefix(r.Header.Get(HeaderSignature), "sha256="))
	if err != nil || len(given) != len(key) {
		return key, errForged
	}
	genuine := false
	for _, secret := range g.secrets { // all, so that the time taken says nothing
		if hmac.Equal(given, sum(secret, at, body)) {
			genuine = true
		}
	}
	if !genuine {
		return key, errForged
	}
	copy(key[:], given)
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || g.now().Sub(time.Unix(seconds, 0)).Abs() > Window {
		return key, errStale
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.seen[key]; known {
		return key, errReplayed
	}
	return key, nil
}

// taken remembers a request, for as long as its time is good.
func (g *guard) taken(key [sha256.Size]byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if len(g.seen) >= mostSeen {
		for old, at := range g.seen {
			if now.Sub(at) > 2*Window {
				delete(g.seen, old)
			}
		}
	}
	if len(g.seen) < mostSeen {
		g.seen[key] = now
	}
}
