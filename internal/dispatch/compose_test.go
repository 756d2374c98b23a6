package dispatch_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	gomail "github.com/wneessen/go-mail"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

var seoul = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		panic(err)
	}
	return zone
}()

var composeRun = campaign.Run{Campaign: "autumn", Occurrence: 1, Plan: 1, Launch: time.Date(2026, 9, 1, 0, 0, 0, 0, seoul)}

func aBrief(template campaign.Template) campaign.Brief {
	return campaign.Brief{
		Spec: campaign.Spec{
			Campaign: "autumn", Currency: "KRW", Zone: "Asia/Seoul", Language: "ko",
			Window: campaign.Window{Starts: campaign.Moment{Time: composeRun.Launch}, Length: campaign.Duration(28 * 24 * time.Hour)},
			Offers: []campaign.Offer{{ID: "plus", Title: campaign.Text{"ko": "가을 혜택", "en": "Autumn"}}},
			Touches: []campaign.Touch{{
				ID: "first", Channels: []string{"email"}, Message: map[string]map[string]campaign.Template{"email": {"ko": template}},
			}},
		},
		Policy: campaign.Policy{Sender: campaign.Sender{
			Name: "단비카드 Danbi", Email: "benefits@danbi.example", Contact: "080-000-0000",
			Unsubscribe: "https://danbi.example/unsubscribe/{message}", Label: campaign.Text{"ko": "(광고)"},
		}},
	}
}

var moment = time.Date(2026, 9, 1, 1, 23, 45, 0, time.UTC)

type made struct{ dispatch.Letter }

func tryCompose(t require.TestingT, template campaign.Template, change func(*campaign.Brief), r dispatch.Recipient) (made, error) {
	brief := aBrief(template)
	if change != nil {
		change(&brief)
	}
	c, err := dispatch.NewComposer(composeRun, brief, "first", "email")
	require.NoError(t, err)
	r.Customer, r.Offer = 7, "plus"
	if r.Address == "" {
		r.Address = "p@example.invalid"
	}
	letter, err := c.Compose(r, moment)
	return made{letter}, err
}

func compose(t require.TestingT, template campaign.Template, change func(*campaign.Brief), r dispatch.Recipient) made {
	letter, err := tryCompose(t, template, change, r)
	require.NoError(t, err)
	return letter
}

// read is the mail as a stranger's reader has it.
func (m made) read(t require.TestingT) *mail.Message {
	message, err := mail.ReadMessage(bytes.NewReader(m.Body))
	require.NoError(t, err, string(m.Body))
	return message
}

func (m made) text(t require.TestingT) string {
	parsed, err := gomail.EMLToMsgFromReader(bytes.NewReader(m.Body))
	require.NoError(t, err)
	for _, p := range parsed.GetParts() {
		if p.GetContentType() == gomail.TypeTextPlain {
			content, err := p.GetContent()
			require.NoError(t, err)
			return string(content)
		}
	}
	return ""
}

func TestAMessageCarriesWhatTheLawWants(t *testing.T) {
	t.Parallel()
	m := compose(t, campaign.Template{Subject: "(광고) {{ sender.name }} {{ name }}님, {{ threshold }} 이용하면 {{ reward }} 포인트", Text: "{{ name }}님, 안녕하세요."},
		nil, dispatch.Recipient{Name: "김민수", Threshold: 300_000, Reward: 5000})
	read := m.read(t)
	subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, "(광고) 단비카드 Danbi 김민수님, 300,000원 이용하면 5,000원 포인트", subject)
	id := composeRun.DeliveryID("first", 7).String()
	require.Equal(t, "<"+id+"@danbi.example>", read.Header.Get("Message-Id"))
	require.Equal(t, id+"@danbi.example", m.ID)
	require.Equal(t, "<https://danbi.example/unsubscribe/"+id+">", read.Header.Get("List-Unsubscribe"))
	require.Equal(t, "List-Unsubscribe=One-Click", read.Header.Get("List-Unsubscribe-Post"))
	date, err := read.Header.Date()
	require.NoError(t, err)
	require.True(t, date.Equal(moment))
	from, err := read.Header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, "단비카드 Danbi", from[0].Name)
	text := m.text(t)
	require.Contains(t, text, "080-000-0000", "a text that names no contact gets it")
	require.Contains(t, text, "무료 수신거부: https://danbi.example/unsubscribe/"+id)

	full := compose(t, campaign.Template{Subject: "(광고) x", Text: "{{ sender.contact }} {{ unsubscribe_url }}"}, nil, dispatch.Recipient{})
	require.Equal(t, 1, strings.Count(full.text(t), "080-000-0000"), "one that does is left alone")
	require.Equal(t, 1, strings.Count(full.text(t), "unsubscribe/"))
	for _, line := range strings.Split(string(m.Body), "\r\n") {
		require.LessOrEqual(t, len(line), 78+len("List-Unsubscribe: <https://danbi.example>"))
		require.NotContains(t, line, "\n")
	}
}

func TestASubjectWithoutItsLabelIsRefused(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{"안녕하세요", "[광고] 안녕", "(광 고) 안녕", "{% if reward %}(광고){% endif %}x"} {
		_, err := tryCompose(t, campaign.Template{Subject: subject, Text: "x"}, nil, dispatch.Recipient{})
		require.ErrorIs(t, err, dispatch.ErrTemplate, subject)
	}
}

func TestTheSameMessageIsTheSameBytes(t *testing.T) {
	t.Parallel()
	template := campaign.Template{Subject: "(광고) {{ name }}", Text: "{{ name }}", HTML: "<p>{{ name }}</p>"}
	a, b := compose(t, template, nil, dispatch.Recipient{Name: "김"}), compose(t, template, nil, dispatch.Recipient{Name: "김"})
	require.Equal(t, a.Body, b.Body)
	sum := sha256.Sum256(a.Body)
	require.Equal(t, hex.EncodeToString(sum[:]), a.SHA256)
	require.NotContains(t, a.Parameters, "김", "what is kept is not personal")
	require.NotEqual(t, a.Template, compose(t, campaign.Template{Subject: "(광고) x", Text: "y"}, nil, dispatch.Recipient{}).Template)
}

func TestHTMLIsEscaped(t *testing.T) {
	t.Parallel()
	m := compose(t, campaign.Template{Subject: "(광고) x", Text: "{{ name }}", HTML: "<p>{{ name }}</p>"}, nil, dispatch.Recipient{Name: `<script>alert("x")</script>`})
	_, parameters, err := mime.ParseMediaType(m.read(t).Header.Get("Content-Type"))
	require.NoError(t, err)
	parts := multipart.NewReader(m.read(t).Body, parameters["boundary"])
	var kinds []string
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		text, err := io.ReadAll(p)
		require.NoError(t, err)
		kinds = append(kinds, p.Header.Get("Content-Type"))
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			require.Contains(t, string(text), "<p>&lt;script&gt;")
			require.NotContains(t, string(text), "<script")
			require.Contains(t, string(text), "080-000-0000", "who sees only the HTML sees contact and opt-out too")
			require.Contains(t, string(text), "무료 수신거부: https://")
		}
	}
	require.Len(t, kinds, 2)
	require.Contains(t, m.text(t), "<script>", "plain text is plain")
}

// Whatever a name holds, the mail has the same headers, and its text comes out as it went in.
func TestNothingInjectsAHeader(t *testing.T) {
	t.Parallel()
	plain := compose(t, campaign.Template{Subject: "(광고) {{ name }}", Text: "{{ name }}"}, nil, dispatch.Recipient{Name: "x"}).read(t)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(
			rapid.String(),
			rapid.SampledFrom([]string{"a\r\nBcc: victim@example.invalid", "a\nX: y\n\nbody", "a\rb", "=?utf-8?q?=0d=0aBcc:_v?=", "a\u2028Bcc: v", "\x00\x1f", strings.Repeat("김", 90)}),
		).Draw(t, "name")
		m, err := tryCompose(t, campaign.Template{Subject: "(광고) {{ name }}", Text: "[{{ name }}]"}, nil, dispatch.Recipient{Name: name, Address: "p@example.invalid"})
		if err != nil {
			require.ErrorIs(t, err, dispatch.ErrTemplate) // a subject may outgrow its limit
			return
		}
		read := m.read(t)
		for header := range read.Header {
			require.Contains(t, plain.Header, header)
		}
		require.Len(t, read.Header, len(plain.Header))
		for _, values := range read.Header {
			require.Len(t, values, 1)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(subject, "(광고)"))
		require.Contains(t, m.text(t), "[")
	})
}

func TestASenderWithoutUnsubscribePage(t *testing.T) {
	t.Parallel()
	m := compose(t, campaign.Template{Subject: "(광고) x", Text: "x"}, func(b *campaign.Brief) { b.Policy.Sender.Unsubscribe = "" }, dispatch.Recipient{})
	require.Contains(t, m.read(t).Header.Get("List-Unsubscribe"), "<mailto:benefits@danbi.example?subject=unsubscribe%20")
	require.Empty(t, m.read(t).Header.Get("List-Unsubscribe-Post"))
}

func BenchmarkCompose(b *testing.B) {
	c, err := dispatch.NewComposer(composeRun, aBrief(campaign.Template{
		Subject: "(광고) {{ sender.name }} {{ name }}님, {{ threshold }} 이용하면 {{ reward }} 포인트",
		Text:    "{{ name }}님, 안녕하세요. {{ sender.name }}입니다.\n\n{{ content }}\n\n{{ deadline }}까지 {{ threshold }} 이상 이용하시면 {{ reward }} 상당의 포인트를 드립니다.\n취소한 금액은 이용액에서 빠집니다.\n\n{{ sender.name }} · 문의 {{ sender.contact }}\n무료 수신거부: {{ unsubscribe_url }}\n",
	}), "first", "email")
	require.NoError(b, err)
	r := dispatch.Recipient{Customer: 7, Offer: "plus", Name: "김민수", Address: "p@example.invalid", Threshold: 300_000, Reward: 5000}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Compose(r, moment); err != nil {
			b.Fatal(err)
		}
	}
}
