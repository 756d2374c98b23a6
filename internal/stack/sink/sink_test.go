package sink_test

import (
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type counted struct {
	Mails, Messages, Recipients, Doubled, Files int
}

func letter(id string) string {
	return "From: a@example.invalid\r\nmessage-id: <" + id + ">\r\nSubject: =?utf-8?q?hell=C3=B6?= <b>\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>" +
		strings.Repeat("x", 700) + "\r\n"
}

// deliver sends one mail by the standard library's client, which knows nothing of the sink.
func deliver(p *process, id, to string) error {
	return smtp.SendMail(p.smtp, nil, "a@example.invalid", []string{to}, []byte(letter(id)))
}

// A kill loses nothing that was acknowledged, whatever was under way; and the sink goes on after it, again and again.
func TestKilledItKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	paid := map[string]bool{}
	for round := range 3 {
		p := start(t, dir)
		var group sync.WaitGroup
		for w := range 8 {
			group.Go(func() {
				for i := 0; ; i++ {
					id := fmt.Sprintf("%d-%d-%d@example.invalid", round, w, i)
					if deliver(p, id, id) != nil {
						return
					}
					mu.Lock()
					acknowledged[id] = true
					mu.Unlock()
				}
			})
		}
		group.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%d", round, i)
				request, _ := http.NewRequest(http.MethodPut, p.http+"/payouts/"+key, strings.NewReader(`{"amount":500,"currency":"KRW","customer_key":7,"reference":"autumn/1"}`))
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					return
				}
				_ = response.Body.Close()
				mu.Lock()
				paid[key] = response.StatusCode == http.StatusCreated
				mu.Unlock()
			}
		})
		time.Sleep(300 * time.Millisecond)
		p.kill()
		group.Wait()
	}
	// A last record that was torn by the power, not by us.
	segments, err := filepath.Glob(filepath.Join(dir, "mail", "*.mail"))
	require.NoError(t, err)
	require.Greater(t, len(segments), 1, "many files")
	for _, torn := range []string{segments[len(segments)-1], filepath.Join(dir, "payouts.jsonl")} {
		file, err := os.OpenFile(torn, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = file.WriteString("MAI1\x00\x02")
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}

	p := start(t, dir)
	require.Greater(t, len(acknowledged), 50)
	var all string
	p.do(t, "GET", "/messages/ids", "", &all)
	there := map[string]bool{}
	for _, id := range strings.Fields(all) {
		there[id] = true
	}
	for id := range acknowledged {
		require.True(t, there[id], "%s was acknowledged", id)
	}
	var count counted
	p.do(t, "GET", "/count", "", &count)
	require.Equal(t, len(there), count.Messages)
	require.Zero(t, count.Doubled)
	for key := range paid {
		require.Equal(t, http.StatusOK, p.do(t, "GET", "/payouts/"+key, "", nil))
	}
	require.NoError(t, deliver(p, "after@example.invalid", "x@example.invalid"))
	require.Equal(t, http.StatusOK, p.do(t, "GET", "/messages/after@example.invalid", "", nil))
}

func TestItCanBeAsked(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	require.NoError(t, deliver(p, "one@example.invalid", "minsu@example.invalid"))
	require.NoError(t, deliver(p, "one@example.invalid", "minsu@example.invalid"))
	require.NoError(t, deliver(p, "two@example.invalid", "jihun@example.invalid"))

	var count counted
	p.do(t, "GET", "/count", "", &count)
	require.Equal(t, counted{Mails: 3, Messages: 2, Recipients: 2, Doubled: 1, Files: 1}, count)
	var message struct {
		ID, Recipient string
		Copies        int
		Received      time.Time
	}
	require.Equal(t, 200, p.do(t, "GET", "/messages/one@example.invalid", "", &message))
	require.Equal(t, 2, message.Copies)
	require.Equal(t, "m***@example.invalid", message.Recipient)
	require.WithinDuration(t, time.Now(), message.Received, time.Minute)
	require.Equal(t, 404, p.do(t, "GET", "/messages/three@example.invalid", "", nil))

	var found struct{ Found []string }
	require.Equal(t, 200, p.do(t, "POST", "/messages/lookup", `{"ids":["two@example.invalid","three@example.invalid"]}`, &found))
	require.Equal(t, []string{"two@example.invalid"}, found.Found)
	require.Equal(t, 400, p.do(t, "POST", "/messages/lookup", `[`, nil))

	var raw, page, list, metrics string
	p.do(t, "GET", "/messages/two@example.invalid?format=raw", "", &raw)
	require.Equal(t, letter("two@example.invalid"), raw)
	p.do(t, "GET", "/messages?format=html", "", &list)
	require.Contains(t, list, "hellö &lt;b&gt;")
	require.Contains(t, list, "1 came more than once")
	require.NotContains(t, list, "minsu")
	p.do(t, "GET", "/messages/two@example.invalid?format=html", "", &page)
	require.NotContains(t, page, "<script", "a mail runs nothing")
	require.Contains(t, page, "sandbox")
	p.do(t, "GET", "/metrics", "", &metrics)
	require.Contains(t, metrics, "danbi_sink_mails_total 3")
}

func TestPayouts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, dir)
	body := `{"amount":500,"currency":"KRW","customer_key":7,"reference":"autumn/1/plus","campaign":"autumn"}`
	type paid struct {
		Amount   int64
		State    string
		At       time.Time
		Requests int
	}
	var first, again paid
	require.Equal(t, 201, p.do(t, "PUT", "/payouts/k1", body, &first))
	require.Equal(t, 200, p.do(t, "PUT", "/payouts/k1", body, &again))
	require.Equal(t, first.At, again.At, "the first outcome")
	require.Equal(t, 2, again.Requests)
	require.Equal(t, 409, p.do(t, "PUT", "/payouts/k1", strings.Replace(body, "500", "600", 1), nil))
	require.Equal(t, 400, p.do(t, "PUT", "/payouts/k2", strings.Replace(body, "500", "-5", 1), nil))
	require.Equal(t, 404, p.do(t, "GET", "/payouts/k2", "", nil))
	for i := range 5 {
		require.Equal(t, 201, p.do(t, "PUT", fmt.Sprintf("/payouts/m%d", i), body, nil))
	}
	require.Equal(t, 201, p.do(t, "PUT", "/payouts/other", strings.ReplaceAll(body, "autumn", "winter"), nil))
	p.kill()
	p = start(t, dir)
	var list struct {
		Count   int
		Amounts map[string]int64
		Payouts []struct{ Key string }
		Next    string
	}
	p.do(t, "GET", "/payouts?campaign=autumn&limit=4", "", &list)
	require.Equal(t, 6, list.Count)
	require.Equal(t, map[string]int64{"KRW": 3000}, list.Amounts)
	require.Len(t, list.Payouts, 4)
	after := list.Next
	list.Next, list.Payouts = "", nil
	p.do(t, "GET", "/payouts?campaign=autumn&limit=4&after="+after, "", &list)
	require.Len(t, list.Payouts, 2)
	require.Empty(t, list.Next)

	require.Equal(t, 200, p.do(t, "PUT", "/faults", `{"payouts":{"temporary":1}}`, nil))
	require.Equal(t, 503, p.do(t, "PUT", "/payouts/late", body, nil))
	require.Equal(t, 400, p.do(t, "PUT", "/faults", `{"payouts":{"temporary":2}}`, nil))
	require.Equal(t, 400, p.do(t, "PUT", "/faults", `{"payouts":{"tmp":1}}`, nil))
}

// A client that pipelines gets its answers in one piece; one that does not gets each when it waits for it.
func TestPipelining(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	conn, err := net.Dial("tcp", p.smtp)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	expect := func(wants ...string) {
		t.Helper()
		var got strings.Builder
		buffer := make([]byte, 4096)
		for !strings.Contains(got.String(), wants[len(wants)-1]) {
			n, err := conn.Read(buffer)
			require.NoError(t, err, got.String())
			got.Write(buffer[:n])
		}
		for _, want := range wants {
			require.Contains(t, got.String(), want)
		}
	}
	say := func(text string) {
		_, err := conn.Write([]byte(text))
		require.NoError(t, err)
	}
	expect("220 ")
	say("EHLO me\r\n")
	expect("PIPELINING", "250 ")
	say("MAIL FROM:<a@example.invalid>\r\nRCPT TO:<b@example.invalid>\r\nDATA\r\n")
	expect("354 ")
	say(letter("p1@x") + ".\r\nMAIL FROM:<a@example.invalid>\r\n")
	expect("250 2.0.0 OK", "250 2.0.0 Roger")
	say("RSET\r\n")
	expect("250 ")
	say("QUIT\r\n")
	expect("221 ")
	require.Equal(t, 200, p.do(t, "GET", "/messages/p1@x", "", nil))

	// Without a Message-ID nobody could ask for it.
	err = smtp.SendMail(p.smtp, nil, "a@example.invalid", []string{"b@example.invalid"}, []byte("Subject: x\r\n\r\ntext\r\n"))
	require.ErrorContains(t, err, "Message-ID")
}
