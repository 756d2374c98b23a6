package targeting

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
)

func TestRulesAreReadAndRefused(t *testing.T) {
	row := &Row{Purchases90d: 4, RecencyDays: 10, Region: "seoul", Spend90d: 1250, CategoryShares: map[string]float32{"cafe": 0.25}}
	for text, holds := range map[string]bool{
		"": true, "  ": true, "true": true,
		"purchases_90d >= 3 && recency_days <= 60":          true,
		`category_shares["cafe"] >= 0.25`:                   true,
		`category_shares.cafe > 0.3`:                        false,
		`region in ["busan", "seoul"]`:                      true,
		`region not in ["busan", "seoul"]`:                  false,
		"spend_90d == 12.50":                                true,
		"between(spend_90d, 12, 13) and not (age > 0)":      true,
		"purchases_90d in 1..4":                             true,
		"purchases_90d in 5..9":                             false,
		"spend_90d / purchases_90d > 3 || recency_days < 1": true,
	} {
		rule, err := CompileRule(text, "USD")
		require.NoError(t, err, text)
		require.Equal(t, holds, rule.Match(row), text)
	}
	for text, says := range map[string]string{
		"purchase_90d >= 3":                 "1:1: there is no feature \"purchase_90d\" → did you mean purchases_90d?",
		"age > 20 &&\n  regin == \"seoul\"": "2:3: there is no feature \"regin\" → did you mean region?",
		"age":                               "not a condition",
		`age == "20"`:                       "is compared with",
		"age > 20 && 3":                     "joins conditions",
		"category_shares > 1":               "needs the name of a category",
		`spend["x"] > 1`:                    "only category_shares",
		"upper(region) == \"A\"":            "",
		"age in []":                         "needs a list or a range",
		"age > ":                            "breaks off",
		"region < \"b\"":                    "does not work on a text",
		"between(age, 1)":                   "takes three numbers",
		"지역 == \"서울\" && aeg > 1":           "1:15",
	} {
		_, err := CompileRule(text, "KRW")
		require.ErrorIs(t, err, ErrBadRule, text)
		require.ErrorContains(t, err, says, text)
		var fault campaign.Fault
		require.ErrorAs(t, err, &fault, text)
		require.NotEmpty(t, fault.In("ko"))
	}
	_, err := CompileRule("aeg > 1 && regoin == \"a\"", "KRW")
	require.ErrorContains(t, err, "aeg")
	require.ErrorContains(t, err, "regoin", "all faults at once")
	require.NoError(t, CheckFeature("spend_90d"))
	require.ErrorContains(t, CheckFeature("spend_9d"), "did you mean spend_90d")
	require.ErrorContains(t, CheckFeature("region"), "no number")
	for _, f := range Fields { // what may be ranked by can be scored by
		if f.kind != number {
			continue
		}
		_, err := Model{Kind: KindRank, Rank: f.Name}.Scorer()
		require.Equal(t, err == nil, CheckFeature(f.Name) == nil, f.Name)
	}
}

func terms() Terms {
	return Terms{Run: campaign.Run{Campaign: "c", Occurrence: 1}, Salt: "salt", Holdout: 0.02, Control: 0.1, Channels: []string{"email", "sms"}, Moment: time.Unix(1_700_000_000, 0)}
}

// Whatever the scores and shards, the audience has the size that was asked for.
func TestTheCutMeetsTheSize(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		shards := rapid.IntRange(1, 16).Draw(r, "shards")
		size := rapid.IntRange(0, 400).Draw(r, "size")
		spread := rapid.SampledFrom([]int{1, 3, 100, Bins}).Draw(r, "spread")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 2))
		var judged [][]Judged
		var scores [][]uint32
		eligibles, customer := 0, uint32(0)
		for range shards {
			bins := make([]uint32, Bins)
			var some []Judged
			for range rng.IntN(80) {
				customer++
				j := Judged{Customer: customer, Reason: JudgedAs(ReasonRule), Bin: -1}
				if rng.IntN(4) > 0 {
					j.Reason, j.Bin = JudgedAs(ReasonEligible), int16(rng.IntN(spread))
					bins[j.Bin]++
					eligibles++
				}
				some = append(some, j)
			}
			judged, scores = append(judged, some), append(scores, bins)
		}
		cut, err := CutAt(scores, size)
		if eligibles == 0 {
			require.ErrorIs(r, err, ErrEmptyAudience)
			return
		}
		require.NoError(r, err)
		chosen, lowest, highestOut := 0, math.MaxInt, -1
		for i, some := range judged {
			for k, m := range terms().Choose(some, cut, i) {
				switch m.Reason {
				case ReasonTreated, ReasonControl:
					chosen++
					lowest = min(lowest, int(some[k].Bin))
				case ReasonNotSelected:
					highestOut = max(highestOut, int(some[k].Bin))
				}
			}
		}
		want := size
		if size == 0 || size > eligibles {
			want = eligibles
		}
		require.Equal(r, want, chosen)
		require.LessOrEqual(r, highestOut, lowest, "nobody outside has a better score than somebody inside")
	})
}

func TestHoldoutIsTheSameForEveryCampaignAndControlIsNot(t *testing.T) {
	one, other := terms(), terms()
	other.Run.Campaign = "another"
	candidate := Candidate{Matches: true, Address: 1, Consent: 1}
	holdout, controls, both := 0, 0, 0
	const n = 20_000
	for customer := range uint32(n) {
		candidate.Customer = customer
		require.Equal(t, one.Judge(&candidate), other.Judge(&candidate))
		if one.Judge(&candidate) == ReasonHoldout {
			holdout++
		}
		if one.IsControl(customer) {
			controls++
			if other.IsControl(customer) {
				both++
			}
		}
	}
	require.InDelta(t, 0.02*n, holdout, 80)
	require.InDelta(t, 0.1*n, controls, 200)
	require.InDelta(t, 0.01*n, both, 60, "two campaigns' controls are drawn independently")
}

func TestReasonsComeInOrder(t *testing.T) {
	base := func() Candidate { return Candidate{Customer: 3, Matches: true, Address: 3, Consent: 3} }
	at := terms()
	at.Holdout = 0
	at.ContactedWithin = 24 * time.Hour
	at.Caps = []campaign.Cap{{Channel: "email", Most: 1, Within: campaign.Duration(48 * time.Hour)}, {Most: 3, Within: campaign.Duration(240 * time.Hour)}}
	ago := func(hours int, channel uint8) Contact {
		return Contact{Channel: channel, At: at.Moment.Add(-time.Duration(hours) * time.Hour)}
	}
	for name, c := range map[string]struct {
		change func(*Candidate)
		reason string
	}{
		"nothing":                                  {func(*Candidate) {}, ReasonEligible},
		"the rule is before all else":              {func(c *Candidate) { c.Matches, c.Address, c.Suppressed = false, 0, 3 }, ReasonRule},
		"consent for what has no address":          {func(c *Candidate) { c.Address, c.Consent = 1, 2 }, ReasonNoConsent},
		"expired where there is an address":        {func(c *Candidate) { c.Consent, c.Expired = 0, 1 }, ReasonConsentExpired},
		"suppressed on the one, free on the other": {func(c *Candidate) { c.Suppressed = 1 }, ReasonEligible},
		"suppressed on all":                        {func(c *Candidate) { c.Suppressed = 255 }, ReasonSuppressed},
		"contacted an hour ago":                    {func(c *Candidate) { c.Contacts = []Contact{ago(1, 0)} }, ReasonContacted},
		"reserved for in an hour":                  {func(c *Candidate) { c.Contacts = []Contact{ago(-1, 0)} }, ReasonContacted},
		"a cap on e-mail leaves SMS":               {func(c *Candidate) { c.Contacts = []Contact{ago(30, 1)} }, ReasonEligible},
		"and without SMS nothing":                  {func(c *Candidate) { c.Contacts, c.Address = []Contact{ago(30, 1)}, 1 }, ReasonCap},
		"an old e-mail is no matter":               {func(c *Candidate) { c.Contacts, c.Address = []Contact{ago(49, 1)}, 1 }, ReasonEligible},
		"three contacts in ten days":               {func(c *Candidate) { c.Contacts = []Contact{ago(100, 0), ago(150, 2), ago(239, 2)} }, ReasonCap},
	} {
		candidate := base()
		c.change(&candidate)
		require.Equal(t, c.reason, at.Judge(&candidate), name)
	}
}

func TestTheModelFindsWhatIsThere(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	examples := make([]Example, 6000)
	for i := range examples {
		s := make([]float32, len(Signals()))
		for k := range s {
			s[k] = float32(rng.IntN(300))
		}
		s[messages], s[responses] = 10, float32(rng.IntN(11))
		p := 1 / (1 + math.Exp(-(-3 + 4*float64(s[responses])/11)))
		examples[i] = Example{Customer: uint32(i), Signals: s, Responded: rng.Float64() < p}
	}
	held := func(customer uint32) bool { return customer%5 == 0 }
	m, area, err := Fit(examples, held)
	require.NoError(t, err)
	require.Greater(t, area, 0.7)
	scorer, err := m.Scorer()
	require.NoError(t, err)
	low, high := examples[0], examples[0]
	low.Signals, high.Signals = append([]float32{}, low.Signals...), append([]float32{}, high.Signals...)
	low.Signals[responses], high.Signals[responses] = 1, 9
	a, binA := scorer.Score(low.Signals)
	b, binB := scorer.Score(high.Signals)
	require.InDelta(t, 1/(1+math.Exp(3-4.0/11)), a, 0.05, "scores are probabilities")
	require.InDelta(t, 1/(1+math.Exp(3-36.0/11)), b, 0.06)
	require.Less(t, binA, binB)

	_, _, err = Fit(examples[:400], held)
	require.Equal(t, NoteTooFew, Note(err))
	for i := range examples {
		examples[i].Responded = false
	}
	_, _, err = Fit(examples, held)
	require.ErrorIs(t, err, ErrNoFit)
	require.Equal(t, NoteOneClass, Note(err))
	for i := range examples {
		examples[i].Responded = rng.IntN(2) == 0
	}
	_, area, err = Fit(examples, held)
	if err == nil {
		require.Less(t, area, 0.56, "noise is not learnt")
	}
}

func TestRanksKeepTheOrder(t *testing.T) {
	scorer, err := Model{Kind: KindRank, Rank: "spend_90d"}.Scorer()
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		a, b := make([]float32, len(Signals())), make([]float32, len(Signals()))
		for i := range a {
			a[i], b[i] = rapid.Float32Range(-1e6, 1e12).Draw(r, "a"), rapid.Float32Range(-1e6, 1e12).Draw(r, "b")
		}
		scoreA, binA := scorer.Score(a)
		scoreB, binB := scorer.Score(b)
		if scoreA < scoreB {
			require.LessOrEqual(r, binA, binB)
		}
		require.True(r, binA >= 0 && binA < Bins)
	})
	_, err = Model{Kind: KindRank, Rank: "charm"}.Scorer()
	require.ErrorIs(t, err, ErrOtherSignals)
	_, err = Model{Kind: KindResponse, Signals: []string{"age"}}.Scorer()
	require.ErrorIs(t, err, ErrOtherSignals)
}
