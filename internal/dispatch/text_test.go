package dispatch_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/korean"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

func TestCP949CountsAsPhonesDo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"":          0,
		"abc 123":   7,
		"단비":        4,
		"(광고)단비카드":  14,
		"똠방각하 펲시콜라": 17, // syllables that EUC-KR has not and CP949 has
		"①㎏℃":       6,
		"\n":        1,
	} {
		n, foreign := dispatch.CP949(text)
		require.Empty(t, foreign, text)
		require.Equal(t, want, n, text)
	}
	n, foreign := dispatch.CP949("a😀é가")
	require.Equal(t, 3, n)
	require.Equal(t, []rune{'😀', 'é'}, foreign)
}

// What is counted is what an encoder would send, for any text.
func TestCP949IsTheEncodersLength(t *testing.T) {
	t.Parallel()
	runes := rapid.OneOf(rapid.RuneFrom(nil, &hangul), rapid.Rune())
	rapid.Check(t, func(t *rapid.T) { agreeOnCP949(t, rapid.StringOfN(runes, 0, 60, -1).Draw(t, "text")) })
}

func FuzzCP949(f *testing.F) {
	f.Add("가각갂 abc😀é")
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) {
			agreeOnCP949(t, text)
		}
	})
}

func agreeOnCP949(t require.TestingT, text string) {
	n, foreign := dispatch.CP949(text)
	encoded, err := korean.EUCKR.NewEncoder().String(text)
	require.Equal(t, err == nil, len(foreign) == 0, "%q: %v", text, err)
	if err == nil {
		require.Equal(t, len(encoded), n)
	}
}

func TestTextsAreFittedToTheirChannel(t *testing.T) {
	t.Parallel()
	priced := campaign.Policy{Texts: &campaign.Texts{Prices: []campaign.TextPrice{
		{Form: "sms", Currency: "KRW", PerThousand: 8400}, {Form: "lms", Currency: "KRW", PerThousand: 25000},
	}}}
	sms := strings.Repeat("가", 45)
	fitted, err := dispatch.NewText(priced, "KRW", "sms", "(광고) 제목", sms+"\n")
	require.NoError(t, err)
	require.Equal(t, dispatch.Text{Form: dispatch.FormSMS, Body: sms, Size: 90, Price: 8400}, fitted)
	fitted, err = dispatch.NewText(priced, "KRW", "sms", "(광고) 제목", sms+"!")
	require.NoError(t, err)
	require.Equal(t, dispatch.Text{Form: dispatch.FormLMS, Title: "(광고) 제목", Body: sms + "!", Size: 91, Price: 25000}, fitted)
	fitted, err = dispatch.NewText(priced, "USD", "sms", "", "decomposed: \u1112\u1161\u11ab")
	require.NoError(t, err)
	require.Equal(t, "decomposed: 한", fitted.Body, "single letters become the syllable that a phone can show")
	require.Zero(t, fitted.Price)

	refuse := campaign.Policy{Texts: &campaign.Texts{Outgrow: "refuse"}}
	replace := campaign.Policy{Texts: &campaign.Texts{Foreign: "replace"}}
	fitted, err = dispatch.NewText(replace, "KRW", "sms", "", "축하 👨‍👩‍👧 e\u0301!")
	require.NoError(t, err)
	require.Equal(t, "축하 ? ?!", fitted.Body)

	for name, c := range map[string]struct {
		policy      campaign.Policy
		form        dispatch.Form
		title, body string
		says        string
	}{
		"outgrown":    {refuse, "sms", "", sms + "!", "91 bytes, at most 90"},
		"lms":         {priced, "sms", "", strings.Repeat("가", 1001), "2002 bytes, at most 2000"},
		"lms title":   {priced, "sms", strings.Repeat("가", 21), sms + sms, "42 bytes, at most 40"},
		"kakao":       {priced, "brand", "", strings.Repeat("가", 1001), "1001 characters, at most 1000"},
		"push":        {priced, "push", "t", strings.Repeat("가", 700), "2101 bytes, at most 2000"},
		"push title":  {priced, "push", strings.Repeat("가", 101), "b", "101 characters, at most 100"},
		"emoji":       {priced, "sms", "", "축하 👨‍👩‍👧 e\u0301!", `'👨' (U+1F468)`},
		"combining":   {priced, "sms", "", "a\u0308\u0323", "U+1EA1"},
		"empty":       {priced, "sms", "", "  \n", "is empty"},
		"its channel": {priced, "fax", "", "x", "fax"},
		"not UTF-8":   {priced, "brand", "", "a\xff", "not valid UTF-8"},
	} {
		_, err := dispatch.NewText(c.policy, "KRW", c.form, c.title, c.body)
		require.ErrorIs(t, err, dispatch.ErrTemplate, name)
		require.ErrorContains(t, err, c.says, name)
	}
}

// Whatever is written, what leaves keeps its channel's limit and can be carried by it.
func TestNoTextBreaksItsChannelsLimit(t *testing.T) {
	t.Parallel()
	policies := []campaign.Policy{{}, {Texts: &campaign.Texts{Foreign: "replace", Instead: "*"}}, {Texts: &campaign.Texts{Outgrow: "refuse", Limits: map[string]int{"sms": 80, "template": 400}}}}
	runes := rapid.OneOf(rapid.RuneFrom(nil, &hangul), rapid.Rune(), rapid.RuneFrom([]rune("\r\n\t\x00a ")))
	rapid.Check(t, func(t *rapid.T) {
		policy := rapid.SampledFrom(policies).Draw(t, "policy")
		form := rapid.SampledFrom([]dispatch.Form{dispatch.FormSMS, dispatch.FormTemplate, dispatch.FormPush}).Draw(t, "form")
		text, err := dispatch.NewText(policy, "KRW", form, rapid.StringOfN(runes, 0, 30, -1).Draw(t, "title"), rapid.StringOfN(runes, 0, 1200, -1).Draw(t, "body"))
		if err != nil {
			require.ErrorIs(t, err, dispatch.ErrTemplate)
			return
		}
		require.NotContains(t, text.Title, "\n")
		require.NotContains(t, text.Body, "\r")
		require.NotContains(t, text.Body, "\x00")
		encoded, err := korean.EUCKR.NewEncoder().String(text.Body)
		switch text.Form {
		case dispatch.FormSMS:
			require.NoError(t, err)
			require.LessOrEqual(t, len(encoded), 90)
		case dispatch.FormLMS:
			require.NoError(t, err)
			require.LessOrEqual(t, len(encoded), 2000)
		case dispatch.FormTemplate:
			require.LessOrEqual(t, utf8.RuneCountInString(text.Title+text.Body), 1000)
		case dispatch.FormPush:
			require.LessOrEqual(t, len(text.Title)+len(text.Body), 2000)
		}
	})
}

func TestTextMessagesAreComposed(t *testing.T) {
	t.Parallel()
	brief := aBrief(campaign.Template{})
	brief.Policy.Sender.OptOut, brief.Policy.Sender.Number = "080-123-4567", "1588-0000"
	brief.Spec.Touches[0].Message = map[string]map[string]campaign.Template{
		"sms":  {"ko": {Text: "(광고)단비카드 {{ name }}님 {{ threshold }} 쓰면 {{ reward }}"}},
		"push": {"ko": {Subject: "(광고) {{ name }}님", Text: "{{ reward }}을 드려요", Link: "https://danbi.example/{{ offer | url_encode }}"}},
	}
	r := dispatch.Recipient{Customer: 7, Offer: "plus", Name: "김단비\r\nBcc: x", Address: "01000000000", Language: "ko-KR", Threshold: 300_000, Reward: 5000}
	c, err := dispatch.NewComposer(composeRun, brief, "first", "sms")
	require.NoError(t, err)
	letter, err := c.Compose(r, moment)
	require.NoError(t, err)
	require.Equal(t, "(광고)단비카드 김단비 Bcc: x님 300,000원 쓰면 5,000원\n무료수신거부 080-123-4567", string(letter.Body))
	require.Equal(t, dispatch.FormSMS, letter.Form)
	require.Equal(t, "1588-0000", letter.From)
	require.Equal(t, 79, letter.Size)
	require.Len(t, letter.SHA256, 64)
	again, err := c.Compose(r, moment)
	require.NoError(t, err)
	require.Equal(t, letter, again)

	r.Name = "😀"
	_, err = c.Compose(r, moment)
	require.ErrorIs(t, err, dispatch.ErrForeign)

	c, err = dispatch.NewComposer(composeRun, brief, "first", "push")
	require.NoError(t, err)
	letter, err = c.Compose(r, moment)
	require.NoError(t, err)
	require.Equal(t, "(광고) 😀님", letter.Title)
	require.Equal(t, "https://danbi.example/%EA%B0%80%EC%9D%84+%ED%98%9C%ED%83%9D", letter.Link)
}
