package campaign

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func shipped(t *testing.T, id string) RulePack {
	t.Helper()
	for _, pack := range ShippedRules() {
		if pack.ID == id {
			return pack
		}
	}
	require.FailNow(t, "no such pack", id)
	return RulePack{}
}

var packSender = Sender{Name: "단비카드", Email: "a@b.example", Contact: "1588-0000", OptOut: "080-123-4567", Postal: "1 Rain Street, Seoul"}

func TestShippedPacksAreWhole(t *testing.T) {
	v := &validator{}
	seen := map[string]int{}
	for _, pack := range ShippedRules() {
		v.pack(pack.ID, pack)
		require.Greater(t, pack.Version, seen[pack.ID], "%s: versions rise", pack.ID)
		seen[pack.ID] = pack.Version
		require.NotEmpty(t, pack.Title["en"])
		require.NotEmpty(t, pack.Title["ko"])
		require.Empty(t, pack.Reviewed, "only the policy's owner can say so")
	}
	require.NoError(t, v.err())
	require.Len(t, seen, 8)
	for zone, country := range countries() {
		_, err := time.LoadLocation(zone)
		require.NoError(t, err)
		require.Contains(t, []string{"kr", "us", "eu"}, country)
	}
	require.Equal(t, "kr", CountryOf("Asia/Seoul"))
	require.Empty(t, CountryOf("Asia/Tokyo"))
}

func TestEveryPackFindsWhatATextLacks(t *testing.T) {
	const link = "https://danbi.example/u/1"
	for _, c := range []struct {
		pack  string
		shown Shown
		says  []string // in order; none: nothing is missing
	}{
		{"kr-ad-email", Shown{Title: "(광고) 혜택", Body: "단비카드 1588-0000\n무료 수신거부: " + link + "\n", Link: link}, nil},
		{"kr-ad-email", Shown{Title: "혜택", Body: "안녕\n", Link: link}, []string{"does not start with (광고)", "sender's name is missing", "contact is missing", "does not say how to opt out"}},
		{"kr-ad-email", Shown{Title: "(광고) 혜택", Body: "수신거부 " + link + "\n단비카드 1588-0000", Link: link}, []string{"does not stand at the end"}},
		{"kr-ad-email", Shown{Title: "(광고) 혜택", Body: "단비카드 1588-0000\n080-123-4567", HTML: "<p>단비</p>", Link: link}, []string{"HTML does not say"}},
		{"kr-ad-sms", Shown{Body: "(광고)단비카드 1588-0000\n3만원 드려요\n무료수신거부 080-123-4567"}, nil},
		{"kr-ad-sms", Shown{Body: "(광고)3만원 드려요\n단비카드 1588-0000\n무료수신거부 080-123-4567"}, []string{"first line"}},
		{"kr-ad-sms", Shown{Title: "(광고)단비카드", Body: "단비카드 1588-0000\n무료수신거부 02-123-4567"}, []string{"does not say how to opt out"}},
		{"kr-ad-kakao", Shown{Body: "(광고) 단비카드 1588-0000\n수신거부: 홈 > 채널 차단"}, nil},
		{"kr-ad-kakao", Shown{Body: "[광고] 단비카드 1588-0000\n수신거부: 홈 > 채널 차단"}, []string{"brackets"}},
		{"kr-ad-push", Shown{Title: "(광고) 단비카드", Body: "3만원 드려요\n알림 끄기: 설정"}, nil},
		{"kr-ad-push", Shown{Title: "단비카드 (광고)", Body: "3만원 드려요"}, []string{"stands before it", "does not say how to opt out"}},
		{"us-ad-hours", Shown{Body: "Danbi"}, []string{"name is missing"}},
		{"us-can-spam", Shown{Title: "Hello", Body: "단비카드\n1 Rain Street, Seoul\n" + link + "\nbye", Link: link}, nil},
		{"us-can-spam", Shown{Title: "Hello", Body: "단비카드\n" + link, Link: link}, []string{"postal address is missing"}},
		{"eu-direct-marketing", Shown{Body: "단비카드, opt out in the app"}, nil},
		{"unspoken", Shown{Body: "anything"}, nil},
	} {
		found := shipped(t, c.pack).Breaches(c.shown, packSender)
		require.Len(t, found, len(c.says), "%s %q: %v", c.pack, c.shown.Body, found)
		for i, part := range c.says {
			require.Contains(t, found[i]["en"], part)
			require.NotEmpty(t, found[i]["ko"])
		}
	}
	nothing := shipped(t, "kr-ad-sms").Breaches(Shown{Body: "(광고) a"}, Sender{Name: "단비"})
	require.Contains(t, nothing[len(nothing)-1]["en"], "sender.opt_out", "a policy without a free number is told to have one")
}

func TestLookAlikesAreNamed(t *testing.T) {
	for text, says := range map[string]string{
		"(광고) a":                             "",
		"(광고)a":                              "",
		"(광 고) a":                            "space",
		"[광고] a":                             "brackets",
		"（광고） a":                             "full-width",
		"(광고\u200b) a":                       "can't be seen",
		"\u200b(광고) a":                       "can't be seen",
		"\ufeff(광고)":                         "can't be seen",
		" (광고) a":                            "stands before it",
		"단비 (광고) a":                          "stands before it",
		"광고 a":                               "added or missing",
		"(廣告) a":                             "Chinese",
		"(광.고) a":                            "added or missing",
		"(광고\u0301) a":                       "combining",
		"{광고} a":                             "brackets",
		"<광고>":                               "brackets",
		"(\u1100\u116a\u11bc\u1100\u1169) a": "decomposed",
		"안녕하세요":                              "does not start with",
		"":                                   "does not start with",
		"(광고성 아님)":                           "does not start with",
		strings.Repeat("가", 30) + "(광고)":     "does not start with",
	} {
		breach := LabelBreach(text, "(광고)")
		if says == "" {
			require.Nil(t, breach, text)
			continue
		}
		require.Contains(t, breach["en"], says, "%q", text)
		require.NotEmpty(t, breach["ko"])
	}
}

func FuzzLabelBreach(f *testing.F) {
	for _, seed := range []string{"(광고) a", "[광 고]", "（광고）", "\u200b(광고)", "광고"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		breach := LabelBreach(text, "(광고)")
		if breach == nil && !strings.HasPrefix(text, "(광고)") {
			t.Fatalf("%q passes", text)
		}
		if breach != nil && (breach["en"] == "" || breach["ko"] == "") {
			t.Fatalf("%q: a breach without words", text)
		}
		shippedSays := RulePack{Words: map[string][]string{"a": {"연체", "debt"}}}
		for _, said := range shippedSays.Says(text) {
			if said.Line < 1 || said.Column < 1 {
				t.Fatalf("%q: %+v", text, said)
			}
		}
	})
}

func TestWhatIsNeverSaidIsFoundWhereItStands(t *testing.T) {
	pack := shipped(t, "unspoken")
	for text, want := range map[string]Said{
		"고객님,\n요즘 연체 때문에":                {"money_trouble", "연체", 2, 4},
		"연\u200b체 중":                     {"money_trouble", "연체", 1, 1},
		"We heard you are PREGNANT!":     {"health", "pregnant", 1, 18},
		"a ＰＲＥＧＮＡＮＴ b":                   {"health", "pregnant", 1, 3},
		"with your new\nbaby":            {"new_child", "new baby", 1, 11},
		"\u110b\u1167\u11ab\u110e\u1166": {"money_trouble", "연체", 1, 1},
	} {
		require.Equal(t, []Said{want}, pack.Says(text), text)
	}
	require.Empty(t, pack.Says("Indebtedness aside, our foreclosures are none"), "parts of longer words")
	require.Empty(t, pack.Says("봄맞이 혜택"))
}

func TestPoliciesChooseAndReplacePacks(t *testing.T) {
	head := "limits: {currency: KRW}\nholdout: 1%\nsalt: abcdefgh\nexposure_factor: 2\nquiet_hours: {from: 21:00, until: 08:00}\nsender: {name: a, email: a@b.example, contact: c}\n"
	read := func(rules string) (Policy, error) { return DecodePolicy("policy.yaml", []byte(head+rules)) }
	plain, err := read("")
	require.NoError(t, err)
	require.Empty(t, plain.Packs("sms", "marketing"))

	korea, err := read("rules: {use: [kr, unspoken]}\n")
	require.NoError(t, err)
	require.Len(t, korea.Rules.Packs, 5)
	require.Len(t, korea.Packs("sms", ""), 2)
	require.Empty(t, korea.Packs("sms", PurposeService), "what a customer has to know is no advertising")
	require.NotEqual(t, plain.Hash(), korea.Hash(), "the plan's hash covers the packs")

	own := `rules:
  use: [kr]
  packs:
    - {id: kr-ad-sms, version: 2, purpose: marketing, country: kr, channels: [sms], since: 2020-01-01, source: our lawyer, reviewed: 2026-11-01 Kim, label: (광고)}
    - {id: kr-ad-sms, version: 3, purpose: marketing, country: kr, channels: [sms], since: 2026-12-01, source: our lawyer, label: (광고), hours: {from: 09:00, until: 20:00}}
`
	replaced, err := read(own)
	require.NoError(t, err)
	packs := replaced.Packs("sms", "")
	require.Len(t, packs, 2)
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		require.NoError(t, err)
		return at
	}
	for at, version := range map[string]int{"2019-12-31": 0, "2020-01-01": 2, "2026-11-30": 2, "2026-12-01": 3, "2030-01-01": 3} {
		var in []int
		for _, p := range packs {
			if p.At(day(at)) {
				in = append(in, p.Version)
			}
		}
		if version == 0 {
			require.Empty(t, in, at)
		} else {
			require.Equal(t, []int{version}, in, at)
		}
	}
	for rules, says := range map[string]string{
		"rules: {use: [kp]}": "not known",
		"rules: {packs: [{id: kr-ad-sms, version: 0, purpose: marketing, since: 2020-01-01, source: x}]}":                             "more than zero",
		"rules: {packs: [{id: a, version: 1, purpose: marketing, since: 2020-01-01, source: ' '}]}":                                   "where it comes from",
		"rules: {packs: [{id: a, version: 1, purpose: marketing, since: 2020-01-01, source: x, opt_out: {last: true}}]}":              "no way to opt out",
		"rules: {packs: [{id: a, version: 1, purpose: marketing, since: 2020-01-01, source: x, hours: {from: 08:00, until: 08:00}}]}": "no time",
		"rules: {packs: [{id: a, version: 1, purpose: marketing, since: 2020-01-01, source: x, words: {a: ['']}}]}":                   "empty word",
		"rules: {packs: [{id: a, version: 1, purpose: marketing, since: 2020-01-01, source: x, names: [fax], channels: [x]}]}":        "fax",
	} {
		_, err := read(rules + "\n")
		require.ErrorContains(t, err, says, rules)
	}
}

func TestASpecThatSaysWhatIsNeverSaidIsRefused(t *testing.T) {
	policy := examplePolicy(t)
	policy.Rules = &Rules{Use: []string{"unspoken"}}
	policy.Rules.resolve()
	for path, data := range exampleSpecs(t) {
		spec, err := Load(path, data)
		require.NoError(t, err)
		require.Empty(t, policy.Check(spec))
		channel := spec.Touches[0].Channels[0]
		for language, text := range spec.Touches[0].Message[channel] {
			text.Text = "a\n" + "{{ name }}, 연체" + text.Text
			spec.Touches[0].Message[channel][language] = text
		}
		spec.Offers[0].Title = Text{"en": "For your new baby"}
		faults := policy.Check(spec)
		require.GreaterOrEqual(t, len(faults), 2)
		require.Contains(t, faults[0].Field, "touches[0].message."+channel+".")
		require.Contains(t, faults[0].Message["en"], `"연체" (money_trouble, line 2, column 13`)
		require.Equal(t, "offers[0].title.en", faults[len(faults)-1].Field)
	}
}
