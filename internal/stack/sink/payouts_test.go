package sink

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
	"github.com/danbi-project/danbi/internal/settlement/provider"
)

var autumn = campaign.Run{Campaign: "autumn", Occurrence: 1}

// reference is the provider over HTTP with a client of the product's.
func reference(t *testing.T, f trouble, serverSecret, clientSecret string) (*provider.Client, *till) {
	t.Helper()
	box, err := openMailbox(t.TempDir(), "mail", 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = box.Close() })
	till, err := openTill(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = till.Close() })
	faults := newFaults(0)
	require.NoError(t, f.validate())
	faults.payouts.Store(&f)
	server := httptest.NewServer(newHandler(shelves{mail: box, texts: box, posts: box}, till, faults, newMetrics(box, till), []byte(serverSecret)))
	t.Cleanup(server.Close)
	c, err := provider.New(provider.Config{URL: server.URL, Secret: []byte(clientSecret), Timeout: 200 * time.Millisecond}, time.Now)
	require.NoError(t, err)
	return c, till
}

func dueOf(customer uint32) settlement.Payout {
	return settlement.Payout{Key: autumn.PayoutID(customer, "x", 1), Amount: 5000, Currency: "KRW", Customer: customer, Reference: "autumn/1", Kind: "points"}
}

// Whatever the provider does to its answers, the client never takes one for what it is not, and asking tells the truth.
func TestNoMisbehaviourIsTakenForAnAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble
		kept bool
	}{
		"busy":      {trouble{Temporary: 1}, false},
		"lost":      {trouble{Lose: 1}, false},
		"dropped":   {trouble{Drop: 1}, true},
		"timed out": {trouble{Stall: 1, StallMS: 400}, true},
		"broken":    {trouble{Broken: 1}, true},
		"duplicate": {trouble{Duplicate: 1}, true},
		"wrong":     {trouble{Wrong: 1}, true},
		"reordered": {trouble{Reorder: 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, till := reference(t, c.trouble, "s3", "s3")
			_, _, err := till.Pay(payout{Key: autumn.PayoutID(1, "x", 1).String(), Amount: 5000, Currency: "KRW", Reference: "autumn/1"})
			require.NoError(t, err)
			if c.Reorder > 0 {
				_, _ = client.Pay(t.Context(), dueOf(3)) // the request under way whose answer comes instead
			}
			_, err = client.Pay(t.Context(), dueOf(2))
			require.ErrorIs(t, err, settlement.ErrUnclear)
			_, found, err := client.Find(t.Context(), dueOf(2).Key)
			require.NoError(t, err)
			require.Equal(t, c.kept, found)
		})
	}
}

func TestLatePayoutsArePendingUntilTheyClear(t *testing.T) {
	t.Parallel()
	client, _ := reference(t, trouble{Late: 1, LateMS: 150}, "", "")
	_, err := client.Pay(t.Context(), dueOf(2))
	require.ErrorIs(t, err, settlement.ErrUnclear)
	_, _, err = client.Find(t.Context(), dueOf(2).Key)
	require.ErrorIs(t, err, settlement.ErrUnclear, "pending is neither paid nor absent")
	require.NoError(t, client.List(t.Context(), autumn, func(p settlement.Payout) error { t.Errorf("%v is not paid", p); return nil }))
	require.Eventually(t, func() bool { _, found, _ := client.Find(t.Context(), dueOf(2).Key); return found }, time.Minute, 20*time.Millisecond)
}

func TestOnlySignedRequestsAreServed(t *testing.T) {
	t.Parallel()
	good, _ := reference(t, trouble{}, "s3", "s3")
	_, err := good.Pay(t.Context(), dueOf(2))
	require.NoError(t, err)
	bad, till := reference(t, trouble{}, "s3", "other")
	_, err = bad.Pay(t.Context(), dueOf(2))
	require.ErrorContains(t, err, "does not sign")
	require.Zero(t, till.Count())

	request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/payouts", http.NoBody)
	request.Header.Set(provider.HeaderTime, "1000")
	request.Header.Set(provider.HeaderSignature, provider.Sign([]byte("s3"), "1000", http.MethodGet, "/payouts", nil))
	w := httptest.NewRecorder()
	(&handler{secret: []byte("s3"), faults: newFaults(0)}).signed(func(http.ResponseWriter, *http.Request) { t.Error("a request of long ago was served") })(w, request)
	require.Equal(t, http.StatusUnauthorized, w.Code)
}

// With a seed the same requests meet the same troubles, in whatever order they come.
func TestASeedDecidesWhoMeetsWhat(t *testing.T) {
	t.Parallel()
	met := func(order []uint32) map[uint32]bool {
		client, _ := reference(t, trouble{Broken: .5, Seed: 7}, "", "")
		out := map[uint32]bool{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, c := range order {
			all.Go(func() {
				_, err := client.Pay(context.Background(), dueOf(c))
				mu.Lock()
				defer mu.Unlock()
				out[c] = err != nil
			})
		}
		all.Wait()
		return out
	}
	first := met([]uint32{1, 2, 3, 4, 5, 6, 7, 8})
	require.Equal(t, first, met([]uint32{8, 7, 6, 5, 4, 3, 2, 1}))
	client, _ := reference(t, trouble{Temporary: .5, Seed: 7}, "", "")
	for c := range uint32(8) { // nobody is met by the same trouble for ever
		require.Eventually(t, func() bool { _, err := client.Pay(t.Context(), dueOf(c)); return err == nil }, time.Minute, time.Millisecond)
	}
}

// The document names what the server serves, and each way to misbehave.
func TestTheOpenAPIDocumentIsOfThisServer(t *testing.T) {
	text, err := os.ReadFile("../../../docs/openapi/payout-provider.yaml")
	require.NoError(t, err)
	var document struct {
		Paths      map[string]map[string]any
		Components struct {
			Schemas struct {
				Faults struct {
					Properties struct {
						Payouts struct{ Properties map[string]any }
					}
				} `yaml:"Faults"`
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &document))
	for path, methods := range map[string][]string{"/payouts/{key}": {"put", "get"}, "/payouts": {"get"}, "/faults": {"get", "put"}} {
		for _, method := range methods {
			require.Contains(t, document.Paths[path], method, path)
		}
	}
	for _, code := range []string{"200", "201", "202", "401", "409", "422", "503"} {
		require.Contains(t, document.Paths["/payouts/{key}"]["put"].(map[string]any)["responses"], code)
	}
	named := document.Components.Schemas.Faults.Properties.Payouts.Properties
	for name := range strings.FieldsSeq("delay_ms temporary permanent lose drop stall stall_ms broken duplicate reorder wrong late late_ms deaf seed") {
		require.Contains(t, named, name)
	}
}
