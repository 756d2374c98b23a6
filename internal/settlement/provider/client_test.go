package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

var run = campaign.Run{Campaign: "autumn", Occurrence: 1}

func due() settlement.Payout {
	return settlement.Payout{Key: run.PayoutID(7, "x", 1), Amount: 5000, Currency: "KRW", Customer: 7, Reference: "autumn/1"}
}

func client(t *testing.T, answer http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL + "/", Timeout: 300 * time.Millisecond}, time.Now)
	require.NoError(t, err)
	return c
}

func TestWhatAnAnswerMeans(t *testing.T) {
	paid := `{"state":"paid"}`
	for name, c := range map[string]struct {
		code int
		body string
		is   error
	}{
		"new":           {201, paid, nil},
		"again":         {200, paid, nil},
		"no words":      {200, `{}`, nil},
		"accepted":      {202, `{"state":"pending"}`, settlement.ErrUnclear},
		"other key":     {200, `{"key":"` + run.PayoutID(8, "x", 1).String() + `","state":"paid"}`, settlement.ErrUnclear},
		"other amount":  {201, `{"amount":4999,"currency":"KRW","state":"paid"}`, settlement.ErrUnclear},
		"other money":   {201, `{"amount":5000,"currency":"USD","state":"paid"}`, settlement.ErrUnclear},
		"pending":       {200, `{"state":"pending"}`, settlement.ErrUnclear},
		"cut short":     {200, `{"state":"pa`, settlement.ErrUnclear},
		"conflict":      {409, `{"error":"paid under other terms"}`, settlement.ErrRefused},
		"bad account":   {422, `{"error":"no such account"}`, settlement.ErrRefused},
		"busy":          {429, ``, settlement.ErrUnclear},
		"broken":        {500, ``, settlement.ErrUnclear},
		"gateway":       {502, `<html>`, settlement.ErrUnclear},
		"wrong secret":  {401, ``, settlement.ErrUnclear},
		"wrong address": {404, ``, settlement.ErrUnclear},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := client(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.code)
				_, _ = io.WriteString(w, c.body)
			}).Pay(t.Context(), due())
			if c.is == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.is)
			}
			require.Contains(t, got, fmt.Sprint(c.code))
		})
	}
}

func TestSilenceIsUnclearAndAbsenceIsNot(t *testing.T) {
	c := client(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client went away
		<-r.Context().Done()
	})
	_, err := c.Pay(t.Context(), due())
	require.ErrorIs(t, err, settlement.ErrUnclear, "it may have been accepted")
	_, err = client(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }).Pay(t.Context(), due())
	require.ErrorIs(t, err, settlement.ErrUnclear)

	gone := httptest.NewServer(nil)
	gone.Close()
	c, err = New(Config{URL: gone.URL}, time.Now)
	require.NoError(t, err)
	_, err = c.Pay(t.Context(), due())
	require.ErrorIs(t, err, settlement.ErrUnreachable, "no connection, no payout")

	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Pay(stopped, due())
	require.ErrorIs(t, err, context.Canceled)
}

func TestRequestsAreSigned(t *testing.T) {
	secret := []byte("shared")
	var seen payout
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get(HeaderSignature) != Sign(secret, r.Header.Get(HeaderTime), r.Method, r.URL.RequestURI(), body) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.Unmarshal(body, &seen)
		_, _ = io.WriteString(w, `{"state":"paid"}`)
	})
	_, err := c.Pay(t.Context(), due())
	require.ErrorContains(t, err, EnvSecret)
	c.config.Secret = secret
	_, err = c.Pay(t.Context(), due())
	require.NoError(t, err)
	require.Equal(t, payout{Amount: 5000, Currency: "KRW", Customer: 7, Reference: "autumn/1"}, seen)
	require.NotEqual(t, Sign(secret, "1", "PUT", "/a", nil), Sign(secret, "1", "PUT", "/", []byte("a")))
}

func TestFindAndList(t *testing.T) {
	var keys []string
	for customer := range uint32(3) {
		keys = append(keys, run.PayoutID(customer, "x", 1).String())
	}
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/payouts/"+keys[0]:
			_, _ = fmt.Fprintf(w, `{"amount":5000,"currency":"KRW","state":"paid"}`)
		case r.URL.Path != "/payouts":
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Query().Get("after") == "":
			_, _ = fmt.Fprintf(w, `{"payouts":[{"key":%q,"amount":1,"currency":"KRW","reference":"autumn/1"},{"key":%q,"amount":9,"reference":"autumn/10"}],"next":"m"}`, keys[0], keys[1])
		default:
			_, _ = fmt.Fprintf(w, `{"payouts":[{"key":%q,"amount":3,"currency":"KRW","customer_key":2,"reference":"autumn/1"}]}`, keys[2])
		}
	})
	p, found, err := c.Find(t.Context(), run.PayoutID(0, "x", 1))
	require.NoError(t, err)
	require.True(t, found)
	require.EqualValues(t, 5000, p.Amount)
	_, found, err = c.Find(t.Context(), run.PayoutID(9, "x", 1))
	require.NoError(t, err)
	require.False(t, found)
	var amounts []int64
	require.NoError(t, c.List(t.Context(), run, func(p settlement.Payout) error { amounts = append(amounts, int64(p.Amount)); return nil }))
	require.Equal(t, []int64{1, 3}, amounts, "all pages, and of this occurrence alone")
}

func TestConfig(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("s3\n"), 0o600))
	t.Setenv(EnvSecretFile, secret)
	c, err := ConfigFromEnv("http://127.0.0.1:9")
	require.NoError(t, err)
	require.Equal(t, Config{URL: "http://127.0.0.1:9", Secret: []byte("s3")}, c)
	t.Setenv(EnvSecret, "both")
	t.Setenv(EnvURL, "provider.example")
	_, err = ConfigFromEnv("http://127.0.0.1:9")
	require.ErrorContains(t, err, "not both")
	require.ErrorContains(t, err, EnvURL)
}
