package smpp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/dispatch/smpp"
	"github.com/danbi-project/danbi/internal/stack/sink"
)

type running struct{ smpp, http string }

func start(t *testing.T) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan running, 1), make(chan error, 1)
	go func() {
		done <- sink.Serve(ctx, sink.Config{
			Dir: t.TempDir(), SMPPListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0",
			Ready: func(at sink.Addresses) { ready <- running{at.SMPP, "http://" + at.HTTP} },
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return <-ready
}

func (r running) fail(t *testing.T, faults string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.http+"/faults", strings.NewReader(`{"sms":`+faults+`}`))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

type counted struct{ Mails, Messages, Recipients, Doubled int }

func (r running) get(t *testing.T, path string, into any) []byte {
	t.Helper()
	response, err := http.Get(r.http + path)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if into != nil {
		require.NoError(t, json.Unmarshal(body, into))
	}
	return body
}

// inbox keeps what comes in.
type inbox struct {
	mu  sync.Mutex
	got []dispatch.Feedback
	bad int // refusals before it takes any
}

func (b *inbox) Take(_ context.Context, f []dispatch.Feedback) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bad > 0 {
		b.bad--
		return io.ErrUnexpectedEOF
	}
	b.got = append(b.got, f...)
	return nil
}

func (b *inbox) all() []dispatch.Feedback {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]dispatch.Feedback{}, b.got...)
}

func (r running) channel(t *testing.T, into dispatch.Inbox, change ...func(*smpp.Config)) *smpp.Channel {
	t.Helper()
	c := smpp.Config{Addr: r.smpp, SystemID: "danbi", Password: "secret", Timeout: 2 * time.Second, ReferenceTag: sink.ReferenceTag, LookupURL: r.http + "/sms/lookup"}
	for _, f := range change {
		f(&c)
	}
	channel, err := smpp.New(c, "sms", into)
	require.NoError(t, err)
	t.Cleanup(func() { _ = channel.Close() })
	return channel
}

func text(id, body string) dispatch.Message {
	return dispatch.Message{ID: id, From: "1588-0000", To: "010-1234-5678", Form: dispatch.FormSMS, Body: []byte(body)}
}

func TestTextsLeaveOnceAndReceiptsComeBack(t *testing.T) {
	t.Parallel()
	r, got := start(t), &inbox{}
	c := r.channel(t, got, func(c *smpp.Config) { c.Window = 8 })
	require.NoError(t, c.Ready(t.Context()))
	const n = 500
	names := make([]string, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			receipt := c.Send(t.Context(), text(fmt.Sprint("m", i), fmt.Sprintf("(광고) 단비 %d", i)))
			if receipt.Outcome != dispatch.OutcomeSent || receipt.ProviderID == "" {
				t.Errorf("%+v", receipt)
			}
			names[i] = receipt.ProviderID
		})
	}
	group.Wait()
	var count counted
	r.get(t, "/sms/count", &count)
	require.Equal(t, counted{n, n, 1, 0}, count)
	found, err := c.Lookup(t.Context(), []string{"m7", "nobody"})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"m7": true}, found)
	require.Eventually(t, func() bool { return len(got.all()) == n }, time.Minute, 10*time.Millisecond)
	for _, f := range got.all() {
		require.Equal(t, dispatch.FeedbackDelivered, f.Kind)
		require.Contains(t, names, f.ProviderID)
		require.NotEmpty(t, f.MessageID)
	}
}

func TestLongTextsArriveWhole(t *testing.T) {
	t.Parallel()
	r := start(t)
	long := strings.Repeat("단비가 내립니다. ", 30)
	for _, way := range []string{smpp.LongUDH, smpp.LongSAR, smpp.LongPayload} {
		c := r.channel(t, nil, func(c *smpp.Config) { c.Long = way })
		require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), text(way, long)).Outcome)
		raw := r.get(t, "/sms/"+way, nil)
		for part := 2; way != smpp.LongPayload && part <= 5; part++ {
			raw = append(raw, r.get(t, fmt.Sprintf("/sms/%s%%20part%%20%d%%20of%%205", way, part), nil)...)
		}
		require.Len(t, raw, 2*len([]rune(long)), way)
	}
}

func TestWhatTheCentreAnswers(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := r.channel(t, nil, func(c *smpp.Config) { c.Timeout = 300 * time.Millisecond })
	for faults, want := range map[string]dispatch.Outcome{
		`{"permanent":1}`:             dispatch.OutcomeBounced,
		`{"temporary":1}`:             dispatch.OutcomeTemporary,
		`{"drop":1}`:                  dispatch.OutcomeUncertain,
		`{"lose":1}`:                  dispatch.OutcomeUncertain,
		`{"stall":1,"stall_ms":2000}`: dispatch.OutcomeUncertain,
		`{"broken":1}`:                dispatch.OutcomeUncertain,
	} {
		r.fail(t, faults)
		got := c.Send(t.Context(), text(faults, "hello"))
		require.Equal(t, want, got.Outcome, "%s: %s", faults, got.Response)
	}
	r.fail(t, `{}`)
	require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), text("after", "hello")).Outcome, "it recovers")
	require.Equal(t, dispatch.OutcomeBounced, c.Send(t.Context(), dispatch.Message{ID: "x", From: "1", To: "010\r\nDATA", Body: []byte("x")}).Outcome)
	require.Equal(t, dispatch.OutcomeRefused, c.Send(t.Context(), dispatch.Message{ID: "x", From: "단비", To: "01012345678", Body: []byte("x")}).Outcome)

	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	require.Equal(t, dispatch.OutcomeUntried, c.Send(over, text("late", "hello")).Outcome)

	nowhere, err := smpp.New(smpp.Config{Addr: "127.0.0.1:1", SystemID: "danbi"}, "sms", nil)
	require.NoError(t, err)
	require.Error(t, nowhere.Ready(t.Context()))
	require.Equal(t, dispatch.OutcomeDown, nowhere.Send(t.Context(), text("down", "hello")).Outcome)
	_, err = nowhere.Lookup(t.Context(), []string{"x"})
	require.ErrorIs(t, err, dispatch.ErrNotAskable)
}

// A centre that is busy is asked less and less; one that says nothing any more is left.
func TestThrottledSendsPause(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := r.channel(t, nil)
	r.fail(t, `{"temporary":1}`)
	began := time.Now()
	for range 4 {
		require.Equal(t, dispatch.OutcomeTemporary, c.Send(t.Context(), text("busy", "hello")).Outcome)
	}
	require.Greater(t, time.Since(began), 600*time.Millisecond, "100 + 200 + 400 ms of rest")
}

func TestAReceiptIsAcknowledgedWhenItIsKept(t *testing.T) {
	t.Parallel()
	r := start(t)
	got := &inbox{bad: 1}
	c := r.channel(t, got)
	r.fail(t, `{"undelivered":1}`)
	require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), text("first", "hello")).Outcome)
	require.Equal(t, dispatch.OutcomeSent, c.Send(t.Context(), text("second", "hello")).Outcome)
	require.Eventually(t, func() bool { return len(got.all()) == 1 }, time.Minute, 10*time.Millisecond)
	require.Equal(t, dispatch.FeedbackFailed, got.all()[0].Kind)
	require.Equal(t, "undeliv 001", got.all()[0].Reason)
}

// A centre that writes what is no SMPP, or PDUs that lie about their length, costs the session and nothing else.
func TestGarbageEndsTheSession(t *testing.T) {
	t.Parallel()
	for _, garbage := range [][]byte{
		[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		{0, 0, 0, 4, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1},
		{0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1},
		bytes.Repeat([]byte{0}, 64),
		{0, 0, 0, 22, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 'x', 0, 0x02, 0x10, 0xFF, 0xFF},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Write(garbage)
				_ = conn.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, io.LimitReader(conn, 1<<10))
				_ = conn.Close()
			}
		}()
		c, err := smpp.New(smpp.Config{Addr: listener.Addr().String(), SystemID: "danbi", Timeout: time.Second}, "sms", nil)
		require.NoError(t, err)
		got := c.Send(t.Context(), text("x", "hello"))
		require.Contains(t, []dispatch.Outcome{dispatch.OutcomeDown, dispatch.OutcomeUntried}, got.Outcome, "%q: %+v", garbage, got)
		require.NoError(t, listener.Close())
	}
}

func TestFaultsOfTheConfig(t *testing.T) {
	t.Parallel()
	_, err := smpp.Config{
		Addr: "nowhere", SystemID: "far-too-long-a-name", Password: "longer than eight", Window: -1, ReferenceTag: 7, LookupURL: "http://x", Long: "fax",
		Encodings: []smpp.Encoding{{Charset: "utf8"}, {Charset: "cp949", Single: 300}},
	}.Complete()
	for _, part := range []string{"addr", "system_id", "password", "plain text", "window", "reference_tag", "long", "encodings[0]", "encodings[1]"} {
		require.ErrorContains(t, err, part)
	}
}
