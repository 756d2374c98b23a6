package campaign

import (
	"crypto/ed25519"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/money"
)

func exampleSpec(t testing.TB) Spec {
	t.Helper()
	spec, err := Decode("spec.yaml", []byte(cardSpend(t)))
	require.NoError(t, err)
	return spec
}

func TestPolicyNamesLimitAndValue(t *testing.T) {
	for name, c := range map[string]struct {
		change         func(*Spec, *Policy)
		field, english string
	}{
		"expected":           {func(s *Spec, _ *Policy) { s.Budget.Expected = 60_000_000 }, "budget.expected", "₩60,000,000 is more than the policy's limit of ₩50,000,000"},
		"exposure":           {func(s *Spec, _ *Policy) { s.Budget.Exposure = 200_000_001 }, "budget.exposure", "₩200,000,001 is more than"},
		"reward":             {func(s *Spec, _ *Policy) { s.Offers[3].Reward = 50_001 }, "offers[3].reward", "₩50,001 is more than the policy's limit of ₩50,000"},
		"customers":          {func(s *Spec, _ *Policy) { s.Audience.Size = 100_001 }, "audience.size", "100001 customers are more than the policy's limit of 100000"},
		"currency":           {func(s *Spec, _ *Policy) { s.Currency = "JPY" }, "currency", "no limits for JPY"},
		"zero means nothing": {func(_ *Spec, p *Policy) { p.Limits.Reward = 0 }, "offers[0].reward", "limit of ₩0"},
		"loosened":           {func(s *Spec, _ *Policy) { s.Limits = &Limits{Reward: 60_000} }, "limits.reward", "a spec may only tighten"},
		"quiet evening":      {func(s *Spec, p *Policy) { p.Quiet.Exempt, s.Timing.Until = nil, 22*60 }, "timing", "quiet hours 21:00 to 08:00"},
		"quiet morning":      {func(s *Spec, p *Policy) { p.Quiet.Exempt, s.Timing.From = nil, 7*60 }, "timing", "quiet hours"},
		"label look-alike":   {korean(func(m *Template) { m.Subject = "(광 고) 안녕" }), "touches[0].message.email.ko.subject", "does not start with (광고)"},
		"label later":        {korean(func(m *Template) { m.Subject = "안녕 (광고)" }), "touches[0].message.email.ko.subject", "does not start with (광고)"},
		"sensitive feature":  {korean(func(m *Template) { m.Text = "{% if age > 60 %}{% endif %}" }), "touches[0].message.email.ko", "names the sensitive feature age"},
	} {
		t.Run(name, func(t *testing.T) {
			spec, policy := exampleSpec(t), examplePolicy(t)
			require.Empty(t, policy.Check(spec))
			c.change(&spec, &policy)
			for _, fault := range policy.Check(spec) {
				if fault.Field == c.field {
					english, korean := fault.Message["en"], fault.Message["ko"]
					require.Contains(t, english, c.english)
					require.NotEmpty(t, korean)
					require.NotContains(t, english+korean, "%!")
					return
				}
			}
			require.Fail(t, "no fault", "of %s in %v", c.field, policy.Check(spec))
		})
	}
}

func korean(change func(*Template)) func(*Spec, *Policy) {
	return func(s *Spec, _ *Policy) {
		m := s.Touches[0].Message["email"]["ko"]
		change(&m)
		s.Touches[0].Message["email"]["ko"] = m
	}
}

func TestEmailIsExemptFromQuietHoursAndAgeIsAWordOfItsOwn(t *testing.T) {
	spec, policy := exampleSpec(t), examplePolicy(t)
	spec.Timing.Until = 23 * 60
	korean(func(m *Template) { m.Text += "{{ message }} age" })(&spec, &policy)
	require.Empty(t, policy.Check(spec), "message holds the letters of age, and plain text names no feature")
}

func TestQuietHours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Quiet{From: Clock(rapid.IntRange(0, 1439).Draw(t, "from")), Until: Clock(rapid.IntRange(0, 1439).Draw(t, "until"))}
		from := rapid.IntRange(0, 1438).Draw(t, "open")
		until := rapid.IntRange(from+1, 1439).Draw(t, "shut")
		touched := false
		for minute := from; minute < until; minute++ {
			touched = touched || q.From != q.Until && q.Has(Clock(minute))
		}
		if got := q.overlaps(Clock(from), Clock(until)); got != touched {
			t.Fatalf("%v against %s-%s: %v, by the minute %v", q, Clock(from), Clock(until), got, touched)
		}
	})
}

func TestExposureDefaultsToTheFactorWithinTheLimit(t *testing.T) {
	spec, policy := exampleSpec(t), examplePolicy(t)
	spec.Budget.Exposure = 0
	completed, err := policy.Complete(spec)
	require.NoError(t, err)
	require.Equal(t, money.Minor(90_000_000), completed.Budget.Exposure)
	policy.Exposure = 10
	completed, err = policy.Complete(spec)
	require.NoError(t, err)
	require.Equal(t, policy.Limits.Exposure, completed.Budget.Exposure)
	spec.Budget.Exposure = 31_000_000
	completed, err = policy.Complete(spec)
	require.NoError(t, err)
	require.Equal(t, spec, completed, "what is written stays")
}

func TestAutoApproval(t *testing.T) {
	policy := examplePolicy(t)
	plan := Figures{Currency: "KRW", Expected: 30_000_000, Exposure: 120_000_000, Reward: 24_000, Customers: 18_000}
	approved, reasons := policy.AutoApproves(plan)
	require.True(t, approved, "%v", reasons)
	plan.Customers, plan.Reward = 20_001, 40_000
	approved, reasons = policy.AutoApproves(plan)
	require.False(t, approved)
	require.Len(t, reasons, 2)
	require.Contains(t, reasons[0].Error(), "reward: ₩40,000 is more than what approves itself, ₩30,000")
	require.Contains(t, reasons[0].In("ko"), "40,000원: 자동 승인 한도 30,000원 초과")
	require.Empty(t, policy.Permits(plan))
	plan.Reward = 50_001
	require.Len(t, policy.Permits(plan), 1)
	policy.AutoApprove = nil
	approved, reasons = policy.AutoApproves(Figures{Currency: "KRW"})
	require.False(t, approved)
	require.Contains(t, reasons[0].Error(), "leaves every approval to a person")
	approved, _ = policy.AutoApproves(Figures{Currency: "JPY"})
	require.False(t, approved)
	approved, _ = policy.AutoApproves(Figures{Currency: "USD", Expected: 60000, Exposure: 600000, Reward: 600, Customers: 3000})
	require.True(t, approved)
}

func TestBadPolicies(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(examples, "policy.yaml"))
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, fresh, field, english string }{
		"auto above limits":    {"  expected: 30,000,000", "  expected: 60,000,000", "auto_approve.expected", "more than the limit"},
		"no currency":          {"limits:\n  currency: KRW", "limits:", "limits.currency", "is missing"},
		"currency twice":       {"  - limits:\n      currency: USD", "  - limits:\n      currency: KRW", "other_currencies[0].limits.currency", "has limits already"},
		"factor":               {"exposure_factor: 3", "exposure_factor: 0.5", "exposure_factor", "not a factor"},
		"short salt":           {"salt: danbi-example-2026", "salt: x", "salt", "too short"},
		"exempt":               {"exempt: [email]", "exempt: [mail]", "quiet_hours.exempt[0]", "did you mean email?"},
		"cap of nothing":       {"{most: 1, within: 1d}", "{most: 0, within: 1d}", "caps[0].most", "more than zero"},
		"sender's address":     {"email: benefits@danbi.example", "email: benefits", "sender.email", "is not an address"},
		"unsubscribe":          {"unsubscribe/{message}", "unsubscribe/", "sender.unsubscribe", "{message}"},
		"approver":             {"holdout: 2%", "approvers: [{name: lee, key: abc}]\nholdout: 2%", "approvers[0].key", "not an Ed25519 public key"},
		"unknown key":          {"holdout: 2%", "holdouts: 2%", "holdouts", "did you mean holdout?"},
		"amounts in no coin":   {"  expected: 50,000,000", "  expected: 50,000,000.5", "limits.expected", "KRW has none"},
		"exposure < expected":  {"  exposure: 200,000,000", "  exposure: 2", "limits.exposure", "less than expected"},
		"holdout of all":       {"holdout: 2%", "holdout: 80%", "holdout", "never be contacted"},
		"consent lasts 0 days": {"consent_age: 730d", "consent_age: 0d", "consent_age", "more than zero"},
	} {
		t.Run(name, func(t *testing.T) {
			policy, err := DecodePolicy("policy.yaml", []byte(edit(t, string(data), c.old, c.fresh)))
			require.Equal(t, Policy{}, policy)
			require.Contains(t, faultOf(t, err, c.field).Error(), c.english)
		})
	}
}

func TestApprovals(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.NewChaCha8([32]byte{1}))
	require.NoError(t, err)
	_, stranger, err := ed25519.GenerateKey(rand.NewChaCha8([32]byte{2}))
	require.NoError(t, err)
	policy := examplePolicy(t)
	policy.Approvers = []Approver{{Name: "Lee", Key: PublicKey(public)}}
	require.NoError(t, policy.Validate())
	now := time.Date(2026, 8, 30, 1, 2, 3, 4, time.FixedZone("", 3600))
	word := Approval{PlanHash: "abc", Approver: "Lee", At: now, Expires: now.Add(day)}
	good, err := Sign(private, word)
	require.NoError(t, err)
	require.NoError(t, policy.Verify(good, "abc", "kim.minji", now))
	require.NoError(t, policy.Verify(good, "abc", "", now.Add(day-2*time.Second)))

	sign := func(change func(*Approval)) Approval {
		changed := word
		change(&changed)
		signed, err := Sign(private, changed)
		require.NoError(t, err)
		return signed
	}
	forged, err := Sign(stranger, word)
	require.NoError(t, err)
	prolonged := good
	prolonged.Expires = prolonged.Expires.Add(time.Second)
	for name, c := range map[string]struct {
		approval     Approval
		hash, author string
		now          time.Time
		want         error
	}{
		"unknown":        {sign(func(a *Approval) { a.Approver = "Choi" }), "abc", "kim", now, ErrUnknownApprover},
		"another's key":  {forged, "abc", "kim", now, ErrSignature},
		"no signature":   {word, "abc", "kim", now, ErrSignature},
		"changed after":  {prolonged, "abc", "kim", now, ErrSignature},
		"another plan":   {good, "abd", "kim", now, ErrOtherPlan},
		"expired":        {good, "abc", "kim", now.Add(day), ErrExpired},
		"from tomorrow":  {good, "abc", "kim", now.Add(-time.Hour), ErrNotYet},
		"for too long":   {sign(func(a *Approval) { a.Expires = now.Add(3 * day) }), "abc", "kim", now, ErrTooLong},
		"the author":     {good, "abc", "Lee", now, ErrOwnPlan},
		"the author too": {good, "abc", " lee", now, ErrOwnPlan},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, policy.Verify(c.approval, c.hash, c.author, c.now), c.want)
		})
	}
	_, err = Sign(nil, word)
	require.Error(t, err)
}

// The ranks are those that the warehouse keeps: a difference would turn one state into another without an error.
func TestStatesAreThoseOfTheWarehouse(t *testing.T) {
	enum := regexp.MustCompile(`'(\w+)' = (\d+)`)
	read := func(file, column string) map[string]string {
		data, err := os.ReadFile(filepath.Join("..", "warehouse", "migrations", file))
		require.NoError(t, err)
		line := regexp.MustCompile(column + ` +Enum8\((.*)\)`).FindSubmatch(data)
		require.NotNil(t, line)
		all := map[string]string{}
		for _, match := range enum.FindAllSubmatch(line[1], -1) {
			all[string(match[1])] = string(match[2])
		}
		return all
	}
	ranks := func(names map[string]uint8) map[string]string {
		all := map[string]string{}
		for name, rank := range names {
			all[name] = strconv.Itoa(int(rank))
		}
		return all
	}
	deliveries, payouts := map[string]uint8{}, map[string]uint8{}
	for state, name := range deliveryNames {
		deliveries[name] = uint8(state)
		back, err := ParseDeliveryState(state.String())
		require.NoError(t, err)
		require.Equal(t, state, back)
	}
	for state, name := range payoutNames {
		payouts[name] = uint8(state)
		back, err := ParsePayoutState(state.String())
		require.NoError(t, err)
		require.Equal(t, state, back)
	}
	require.Equal(t, read("0018_delivery_events.sql", "state"), ranks(deliveries))
	require.Equal(t, read("0022_payout_events.sql", "state"), ranks(payouts))
	_, err := ParseDeliveryState("gone")
	require.Error(t, err)
	require.False(t, DeliveryUnknown.Final())
	require.True(t, DeliveryUnknown.MayHaveArrived())
	require.False(t, DeliveryBounced.MayHaveArrived())
	require.True(t, DeliverySent.Final())
	require.False(t, PayoutUnknown.Final())
}
