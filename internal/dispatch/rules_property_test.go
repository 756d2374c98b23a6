package dispatch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
)

// underTheLaw is a brief of a Korean campaign under all packs that come with Danbi.
func underTheLaw(t require.TestingT) campaign.Brief {
	policy, err := campaign.DecodePolicy("policy.yaml", []byte(`
limits: {currency: KRW}
holdout: 1%
salt: abcdefgh
exposure_factor: 2
quiet_hours: {from: 00:00, until: 00:00}
rules: {use: [any, kr, us, eu], own_customers: true}
sender: {name: 단비카드, email: a@b.example, contact: 1588-0000, opt_out: 080-123-4567, postal: 1 Rain Street, number: 1588-0000, unsubscribe: "https://danbi.example/u/{message}"}
`))
	require.NoError(t, err)
	return campaign.Brief{Policy: policy, Spec: campaign.Spec{
		Campaign: "autumn", Currency: "KRW", Zone: "Asia/Seoul", Language: "ko", Audience: campaign.Audience{Purpose: campaign.PurposeMarketing},
		Timing: campaign.Timing{From: 0, Until: 24 * 60},
	}}
}

// Clocks change within these days: Europe, the United States, Lord Howe's half hour, Samoa's lost day, Cairo at midnight.
var clockChanges = []time.Time{
	time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 4, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 29, 18, 0, 0, 0, time.UTC),
}

// Whatever the zone, clock change, delay or retry: no advertising leaves in forbidden hours, and none without a consent that
// is valid at that very second.
func TestNothingLeavesAgainstTheLaw(t *testing.T) {
	t.Parallel()
	brief := underTheLaw(t)
	zones := []string{"Asia/Seoul", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "", "Mars/Olympus", "Local"}
	rapid.Check(t, func(t *rapid.T) {
		channel := rapid.SampledFrom([]string{"email", "sms", "kakao", "push"}).Draw(t, "channel")
		rules, err := dispatch.NewRules(brief, channel, time.Time{})
		require.NoError(t, err)
		start := rapid.SampledFrom(clockChanges).Draw(t, "around")
		consented := start.Add(-time.Duration(rapid.IntRange(0, 900).Draw(t, "consent days")) * 24 * time.Hour)
		to := dispatch.Recipient{
			Offer: "plus", Address: "x", Reserved: true, Zone: rapid.SampledFrom(zones).Draw(t, "zone"),
			Consented: rapid.Bool().Draw(t, "consented"), ConsentedAt: consented, Night: rapid.Bool().Draw(t, "night"),
			DoNotContact: rapid.IntRange(0, 9).Draw(t, "stopped") == 0, Objected: rapid.Bool().Draw(t, "objected"),
		}
		to.Withdrawn = !to.Consented && rapid.Bool().Draw(t, "withdrawn")
		if rapid.Bool().Draw(t, "bought") {
			to.BoughtAt = start.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "bought days")) * 24 * time.Hour)
		}
		for range rapid.IntRange(1, 6).Draw(t, "tries") {
			at := start.Add(time.Duration(rapid.IntRange(-36*3600, 60*3600).Draw(t, "second")) * time.Second)
			if state, reason := rules.Refuse(to, at); state != campaign.DeliveryPlanned {
				require.NotEmpty(t, reason, "each refusal can be counted")
				continue
			}
			mayLeave(t, channel, to, at)
		}
	})
}

// mayLeave says by the words of the law, not by the packs, whether a message may leave.
func mayLeave(t *rapid.T, channel string, to dispatch.Recipient, at time.Time) {
	zone, err := time.LoadLocation(to.Zone)
	if err != nil || to.Zone == "" || to.Zone == "Local" {
		zone, _ = time.LoadLocation("Asia/Seoul")
	}
	local := at.In(zone)
	minute := local.Hour()*60 + local.Minute()
	country := map[string]string{"America/New_York": "us", "America/Los_Angeles": "us", "Europe/Berlin": "eu"}[zone.String()]
	if country == "" {
		country = "kr" // the campaign's own
	}
	day := minute >= 8*60 && minute < 21*60
	switch {
	case country == "kr" && channel == "kakao":
		require.True(t, minute >= 8*60 && minute < 20*60+50, "%s", local)
	case country == "kr" && channel != "email":
		require.True(t, day || to.Night, "%s", local)
	case country == "us" && channel != "email":
		require.True(t, day, "%s: no consent opens the night there", local)
	}
	require.False(t, to.DoNotContact)
	if country == "eu" {
		require.False(t, to.Objected)
	}
	own := country == "kr" && !to.Withdrawn && !to.BoughtAt.IsZero() && !at.Before(to.BoughtAt) && at.Sub(to.BoughtAt) <= 183*24*time.Hour
	if !own {
		require.True(t, to.Consented)
		require.LessOrEqual(t, at.Sub(to.ConsentedAt), 730*24*time.Hour)
	}
}

// Whatever campaigns ask for in whatever order, with priorities, bundles, plans made anew, delays within the slack, and late
// messages that ask again: what leaves keeps every cap in every rolling window.
func TestNoCapIsExceededWhateverIsAdmittedMovedOrDelayed(t *testing.T) {
	t.Parallel()
	epoch := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		caps := []campaign.Cap{
			{Most: rapid.IntRange(1, 2).Draw(t, "most"), Within: campaign.Duration(time.Duration(rapid.IntRange(2, 12).Draw(t, "within")) * time.Hour)},
			{Channel: "sms", Most: 1, Within: campaign.Duration(20 * time.Hour)},
		}
		var bundle *campaign.Bundle
		if rapid.Bool().Draw(t, "bundles") {
			bundle = &campaign.Bundle{Within: campaign.Duration(3 * time.Hour), Most: 2}
		}
		standing := map[dispatch.Reservation]bool{}
		list := func() (all []dispatch.Reservation) {
			for r, is := range standing {
				if is {
					all = append(all, r)
				}
			}
			return all
		}
		for range rapid.IntRange(1, 14).Draw(t, "requests") {
			want := dispatch.Reservation{
				Customer: 1, Channel: rapid.SampledFrom([]string{"sms", "email"}).Draw(t, "channel"), Purpose: "marketing",
				Campaign: rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "campaign"), Occurrence: 1, Plan: 1, Touch: "first",
				At:       epoch.Add(time.Duration(rapid.IntRange(60, 48*60).Draw(t, "minute")) * time.Minute),
				Priority: uint8(rapid.IntRange(1, 9).Draw(t, "priority")),
			}
			admitting := dispatch.Admitting{Caps: caps, Bundle: bundle, Now: epoch, Purpose: "marketing", Priority: want.Priority}
			answer := admitting.Admit(want, list())
			for _, r := range answer.Changes {
				released := r.Released
				if released && r.Why == dispatch.ReasonDisplaced {
					require.Less(t, r.Priority, want.Priority, "only from the lower")
				}
				r.Released, r.Why = false, ""
				standing[r] = !released
			}
			if answer.Bundled {
				require.True(t, answer.Admitted)
			}
		}
		var sent []dispatch.Contact
		for _, r := range list() {
			if r.Carrier != "" {
				hosts := 0
				for _, other := range list() {
					if other.Host() == r.Carrier {
						hosts++
						require.Empty(t, other.Carrier, "a message that is carried carries nothing")
					}
				}
				require.LessOrEqual(t, hosts, 1)
				continue
			}
			delay := time.Duration(rapid.IntRange(0, int(dispatch.Slack/time.Second)).Draw(t, "delay")) * time.Second
			sent = append(sent, dispatch.Contact{Channel: r.Channel, At: r.At.Add(delay)})
		}
		require.True(t, keeps(caps, sent))
	})
}

// No text leaves without its label, whatever template and values make of it.
func TestNoTextLeavesWithoutItsLabel(t *testing.T) {
	t.Parallel()
	brief := underTheLaw(t)
	brief.Spec.Window = campaign.Window{Starts: campaign.Moment{Time: composeRun.Launch}, Length: campaign.Duration(28 * 24 * time.Hour)}
	brief.Spec.Offers = []campaign.Offer{{ID: "plus", Title: campaign.Text{"ko": "가을 혜택"}}}
	labels := []string{"(광고)", "(광 고)", "[광고]", "（광고）", "(광고\u200b)", "", " (광고)"}
	runes := rapid.OneOf(rapid.RuneFrom(nil, &hangul), rapid.Rune())
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.SampledFrom(labels).Draw(t, "label")
		brief.Spec.Touches = []campaign.Touch{{ID: "first", Channels: []string{"sms"}, Message: map[string]map[string]campaign.Template{
			"sms": {"ko": {Text: label + rapid.SampledFrom([]string{"단비카드 1588-0000", "{{ name }} 단비카드 1588-0000", "{{ name }}"}).Draw(t, "text") + "\n{{ name }}님"}},
		}}}
		c, err := dispatch.NewComposer(composeRun, brief, "first", "sms")
		require.NoError(t, err)
		letter, err := c.Compose(dispatch.Recipient{Customer: 1, Offer: "plus", Name: rapid.StringOfN(runes, 0, 12, -1).Draw(t, "name"), Language: "ko"}, moment)
		if err != nil {
			require.ErrorIs(t, err, dispatch.ErrTemplate)
			return
		}
		require.Equal(t, "(광고)", string(letter.Body[:len("(광고)")]))
		require.Contains(t, string(letter.Body), "단비카드")
		require.Regexp(t, `080-123-4567$`, string(letter.Body))
		require.LessOrEqual(t, letter.Size, 2000)
	})
}

func TestAPartGoesBeforeTheLastLines(t *testing.T) {
	t.Parallel()
	brief := underTheLaw(t)
	brief.Spec.Window = campaign.Window{Starts: campaign.Moment{Time: composeRun.Launch}, Length: campaign.Duration(28 * 24 * time.Hour)}
	brief.Spec.Offers = []campaign.Offer{{ID: "plus", Title: campaign.Text{"ko": "가을 혜택"}}}
	brief.Spec.Touches = []campaign.Touch{{ID: "first", Channels: []string{"sms"}, Message: map[string]map[string]campaign.Template{
		"sms": {"ko": {Subject: "(광고)단비카드", Text: "(광고)단비카드 {{ name }}님 혜택이 있어요\n문의 1588-0000\n무료수신거부 080-123-4567"}},
	}}}
	c, err := dispatch.NewComposer(composeRun, brief, "first", "sms")
	require.NoError(t, err)
	r := dispatch.Recipient{Customer: 1, Offer: "plus", Name: "김단비", Language: "ko"}
	part, _, err := c.Part(r, moment)
	require.NoError(t, err)
	require.Equal(t, dispatch.Part{Host: "autumn/1/first", Text: "단비카드 김단비님 혜택이 있어요"}, part)
	letter, carried, err := c.Bundle(r, moment, []dispatch.Part{{Host: "b/1/first", Text: "브랜드 데이"}})
	require.NoError(t, err)
	require.Equal(t, 1, carried)
	require.Equal(t, "(광고)단비카드 김단비님 혜택이 있어요\n브랜드 데이\n문의 1588-0000\n무료수신거부 080-123-4567", string(letter.Body))
	require.Contains(t, letter.Parameters, `"parts":["b/1/first"]`)
	alone, carried, err := c.Bundle(r, moment, []dispatch.Part{{Host: "b/1/first", Text: string(make([]byte, 3000))}})
	require.NoError(t, err)
	require.Zero(t, carried, "what does not fit is left out")
	require.NotContains(t, alone.Parameters, "parts")
}
