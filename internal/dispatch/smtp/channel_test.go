package smtp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smtp"
	"github.com/danbi-project/danbi/internal/stack/sink"
)

type running struct {
	smtp, http string
}

func start(t testing.TB) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan running, 1), make(chan error, 1)
	go func() {
		done <- sink.Serve(ctx, sink.Config{
			Dir: t.TempDir(), SMTPListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0",
			Ready: func(at sink.Addresses) { ready <- running{at.SMTP, "http://" + at.HTTP} },
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	select {
	case r := <-ready:
		return r
	case err := <-done:
		done <- nil
		t.Fatal(err)
		return running{}
	}
}

func (r running) fail(t testing.TB, faults string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.http+"/faults", bytes.NewBufferString(`{"mail":`+faults+`}`))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func (r running) count(t testing.TB) (c struct{ Mails, Messages, Doubled int }) {
	t.Helper()
	response, err := http.Get(r.http + "/count")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.NoError(t, json.NewDecoder(response.Body).Decode(&c))
	return c
}

func open(t testing.TB, r running, change func(*smtp.Config)) *smtp.Channel {
	t.Helper()
	config := smtp.Config{Addr: r.smtp, TLS: smtp.TLSNone, ProviderURL: r.http, Connections: 8, Timeout: 5 * time.Second}
	if change != nil {
		change(&config)
	}
	c, err := smtp.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func letter(n int) dispatch.Message {
	id := fmt.Sprintf("m%06d@danbi.invalid", n)
	body := fmt.Sprintf("Message-ID: <%s>\r\nSubject: hello\r\n\r\n.a line with a dot\r\n..two\r\nend %s", id, bytes.Repeat([]byte("x "), 400))
	return dispatch.Message{ID: id, From: "shop@danbi.invalid", To: fmt.Sprintf("p%d@example.invalid", n), Body: []byte(body)}
}

func TestManyMessagesArriveOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := open(t, r, nil)
	const n = 2000
	var group sync.WaitGroup
	var sent atomic.Int64
	for w := range 16 {
		group.Go(func() {
			for i := w; i < n; i += 16 {
				if got := c.Send(t.Context(), letter(i)); got.Outcome == dispatch.OutcomeSent {
					sent.Add(1)
				} else {
					t.Errorf("message %d: %+v", i, got)
				}
			}
		})
	}
	group.Wait()
	require.EqualValues(t, n, sent.Load())
	require.Equal(t, struct{ Mails, Messages, Doubled int }{n, n, 0}, r.count(t))

	found, err := c.Lookup(t.Context(), []string{letter(7).ID, "nobody@danbi.invalid"})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{letter(7).ID: true}, found)
}

// A line that begins with a dot, or a lone dot, must neither end the message early nor lose its dot.
func TestBytesArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := open(t, r, nil)
	m := letter(1)
	m.Body = []byte("Message-ID: <" + m.ID + ">\r\n\r\n.\r\n..\r\n.x\r\n\r\n.\r\nRCPT TO:<other@example.invalid>\r\n.\r\n")
	require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), m).Outcome)
	response, err := http.Get(r.http + "/messages/" + m.ID + "?format=raw")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var raw bytes.Buffer
	_, err = raw.ReadFrom(response.Body)
	require.NoError(t, err)
	require.Equal(t, string(m.Body), raw.String())
	require.Equal(t, 1, r.count(t).Mails)
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, faults string
		want         dispatch.Outcome
		kept         int
	}{
		{"refused for now", `{"temporary":1}`, dispatch.OutcomeTemporary, 0},
		{"no such recipient", `{"permanent":1}`, dispatch.OutcomeBounced, 0},
		{"kept, then the connection breaks", `{"drop":1}`, dispatch.OutcomeUncertain, 1},
		{"the connection breaks, nothing kept", `{"lose":1}`, dispatch.OutcomeUncertain, 0},
		{"kept, but no answer in time", `{"stall":1,"stall_ms":3000}`, dispatch.OutcomeUncertain, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			c := open(t, r, func(c *smtp.Config) { c.Timeout = 300 * time.Millisecond })
			r.fail(t, test.faults)
			got := c.Send(t.Context(), letter(1))
			require.Equal(t, test.want, got.Outcome, got.Response)
			require.NotContains(t, got.Response, "p1@example")
			require.Equal(t, test.kept, r.count(t).Mails)

			r.fail(t, `{}`)
			require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), letter(2)).Outcome, "the next message takes a new connection")
		})
	}
}

func TestAddressesCannotCarryCommands(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := open(t, r, nil)
	for _, address := range []string{
		"a@example.invalid>\r\nRCPT TO:<b@example.invalid", "a b@example.invalid", "<a@example.invalid>", "nobody", "@example.invalid", "a@",
		"a@example.invalid\x00", "\"a\"@example.invalid",
	} {
		m := letter(1)
		m.To = address
		require.Equal(t, dispatch.OutcomeBounced, c.Send(t.Context(), m).Outcome, "%q", address)
	}
	require.Zero(t, r.count(t).Mails)
}

func TestAnUnreachableProviderIsDown(t *testing.T) {
	t.Parallel()
	c := open(t, running{smtp: "127.0.0.1:1"}, nil)
	require.Equal(t, dispatch.OutcomeDown, c.Send(t.Context(), letter(1)).Outcome)
	require.Error(t, c.Ready(t.Context()))
	_, err := c.Lookup(t.Context(), []string{"x"})
	require.ErrorIs(t, err, dispatch.ErrNotAskable)
}

// A pause must hold within a second, even while the provider says nothing.
func TestCancelStopsQuickly(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := open(t, r, nil)
	r.fail(t, `{"delay_ms":4000}`)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	require.Equal(t, dispatch.OutcomeUncertain, c.Send(ctx, letter(1)).Outcome)
	require.Less(t, time.Since(began), time.Second)
	require.Equal(t, dispatch.OutcomeUntried, c.Send(ctx, letter(2)).Outcome)
}

// moving is a context whose deadline passes without its being done, as a lease's does.
type moving struct {
	context.Context
	deadline time.Time
}

func (m moving) Deadline() (time.Time, bool) { return m.deadline, true }

func TestNothingLeavesAfterTheDeadline(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := open(t, r, nil)
	require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), letter(1)).Outcome)
	require.Equal(t, dispatch.OutcomeUntried, c.Send(moving{t.Context(), time.Now()}, letter(2)).Outcome)
	r.fail(t, `{"delay_ms":1000}`)
	began := time.Now()
	require.Equal(t, dispatch.OutcomeUncertain, c.Send(moving{t.Context(), time.Now().Add(200 * time.Millisecond)}, letter(3)).Outcome)
	require.Less(t, time.Since(began), 900*time.Millisecond)
}

func TestASilentProviderIsGivenUp(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	c := open(t, running{smtp: listener.Addr().String()}, func(c *smtp.Config) { c.Timeout = 300 * time.Millisecond })
	began := time.Now()
	require.Equal(t, dispatch.OutcomeDown, c.Send(moving{t.Context(), time.Now().Add(time.Hour)}, letter(1)).Outcome)
	require.Equal(t, dispatch.OutcomeDown, c.Send(moving{t.Context(), time.Now().Add(100 * time.Millisecond)}, letter(1)).Outcome)
	require.Error(t, c.Ready(t.Context()))
	require.Less(t, time.Since(began), 3*time.Second)
}

func TestRate(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := open(t, r, func(c *smtp.Config) { c.PerSecond = 100 })
	began := time.Now()
	for i := range 31 {
		require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), letter(i)).Outcome)
	}
	require.GreaterOrEqual(t, time.Since(began), 300*time.Millisecond)
}

func BenchmarkSend(b *testing.B) {
	r := start(b)
	c := open(b, r, func(c *smtp.Config) { c.Connections = 16 })
	m := letter(1)
	var next atomic.Int64
	b.ResetTimer()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m := m
			m.ID = fmt.Sprint(next.Add(1))
			if got := c.Send(b.Context(), m); got.Outcome != dispatch.OutcomeSent {
				b.Error(got)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
