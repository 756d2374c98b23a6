package gateway

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/danbi-project/danbi/internal/trust"
)

// account is a service account: it signs a claim with its key and gets a token for it (RFC 7523).
type account struct {
	email, uri, scope string
	key               *rsa.PrivateKey
	client            *http.Client

	mu    sync.Mutex
	token string
	until time.Time
}

func readAccount(file string) (*account, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var in struct {
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
		URI   string `json:"token_uri"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("%s is no service account's JSON", file)
	}
	block, _ := pem.Decode([]byte(in.Key))
	if block == nil || in.Email == "" || in.URI == "" {
		return nil, fmt.Errorf("%s lacks client_email, private_key or token_uri", file)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the private_key of %s can't be read", file)
	}
	signer, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the private_key of %s is not an RSA key", file)
	}
	u, err := url.Parse(in.URI)
	if err != nil || u.Scheme != "https" && !trust.Local(u.Hostname()) {
		return nil, fmt.Errorf("the token_uri of %s is not https", file)
	}
	return &account{email: in.Email, uri: in.URI, key: signer}, nil
}

// bearer is a token that is good for a while yet. Of many who need a new one, one gets it.
func (a *account) bearer(ctx context.Context, now time.Time) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.until) {
		return a.token, nil
	}
	claim, err := a.claim(now)
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {claim}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.uri, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := a.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("get a token for the service account: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var out struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&out)
	if response.StatusCode != http.StatusOK || err != nil || out.Token == "" || strings.ContainsAny(out.Token, "\r\n") {
		return "", fmt.Errorf("get a token for the service account: it answers %s", response.Status)
	}
	a.token, a.until = out.Token, now.Add(max(time.Duration(out.Seconds)*time.Second-time.Minute, 0))
	return a.token, nil
}

// forget makes the next request get a new token: this one was not taken.
func (a *account) forget(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token == token {
		a.until = time.Time{}
	}
}

func (a *account) claim(now time.Time) (string, error) {
	part := func(value any) string {
		raw, _ := json.Marshal(value) // maps of texts and numbers
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	text := part(map[string]string{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": a.email, "scope": a.scope, "aud": a.uri, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("the service account's key can't sign")
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
