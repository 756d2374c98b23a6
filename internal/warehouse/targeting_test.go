package warehouse_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/targeting"
)

// anyRule draws a rule of the language, deep enough to mix all of it.
func anyRule(r *rapid.T, depth int) string {
	amount := func() string {
		if depth > 0 && rapid.IntRange(0, 4).Draw(r, "arithmetic") == 0 {
			return fmt.Sprintf("(%s %s %s)", anyNumber(r), rapid.SampledFrom([]string{"+", "-", "*", "/"}).Draw(r, "operator"), anyNumber(r))
		}
		return anyNumber(r)
	}
	kind := rapid.IntRange(0, 7).Draw(r, "kind")
	if depth <= 0 {
		kind = min(kind, 4)
	}
	switch kind {
	case 0:
		return fmt.Sprintf("%s in [%s]", rapid.SampledFrom([]string{"segment", "top_category", "language"}).Draw(r, "text"), rapid.SampledFrom([]string{`"a"`, `"a", "ko"`, `"it's", "한식", "b"`}).Draw(r, "list"))
	case 1:
		return fmt.Sprintf("%s %s %s", rapid.SampledFrom([]string{"segment", "top_brand"}).Draw(r, "text"), rapid.SampledFrom([]string{"==", "!="}).Draw(r, "is"), rapid.SampledFrom([]string{`"a"`, `"x"`, `"\\"`}).Draw(r, "word"))
	case 2:
		return fmt.Sprintf("%s in %d..%d", rapid.SampledFrom([]string{"age", "recency_days"}).Draw(r, "number"), rapid.IntRange(0, 50).Draw(r, "low"), rapid.IntRange(0, 100).Draw(r, "high"))
	case 3:
		return fmt.Sprintf("between(%s, %s, %s)", amount(), amount(), amount())
	case 4, 5:
		return fmt.Sprintf("%s %s %s", amount(), rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(r, "compare"), amount())
	case 6:
		return "!(" + anyRule(r, depth-1) + ")"
	}
	return fmt.Sprintf("(%s) %s (%s)", anyRule(r, depth-1), rapid.SampledFrom([]string{"&&", "||", "and", "or"}).Draw(r, "join"), anyRule(r, depth-1))
}

func anyNumber(r *rapid.T) string {
	return rapid.SampledFrom([]string{"age", "recency_days", "purchases_90d", "spend", "spend_28d", "-spend_90d", "rhythm_days", "responses_180d",
		`category_shares["book"]`, `category_shares["none"]`, "0", "3", "12.5", "100", "0.25", "1234567.89"}).Draw(r, "number")
}

// Both evaluators of a rule say the same of every customer.
func TestRulesMeanTheSameInSQLAndInGo(t *testing.T) {
	w := stacktest.Warehouse(t)
	anyFeatureHistory(5).load(t, w)
	snapshot(t, w, instant, 1)
	var rows []struct {
		Segment   string             `ch:"segment"`
		Language  string             `ch:"language"`
		Age       uint8              `ch:"age"`
		Recency   uint16             `ch:"recency_days"`
		Bought    uint32             `ch:"purchases_90d"`
		Spend     int64              `ch:"spend"`
		Spend28d  int64              `ch:"spend_28d"`
		Spend90d  int64              `ch:"spend_90d"`
		Rhythm    float32            `ch:"rhythm_days"`
		Shares    map[string]float32 `ch:"category_shares"`
		Category  string             `ch:"top_category"`
		Brand     string             `ch:"top_brand"`
		Responses uint16             `ch:"responses_180d"`
	}
	require.NoError(t, w.Conn().Select(t.Context(), &rows, `SELECT toString(segment) AS segment, toString(language) AS language, age, recency_days, purchases_90d, spend, spend_28d, spend_90d,
		rhythm_days, category_shares, toString(top_category) AS top_category, toString(top_brand) AS top_brand, responses_180d FROM features ORDER BY customer_key`))
	both := 0
	rapid.Check(t, func(r *rapid.T) {
		text := anyRule(r, 3)
		rule, err := targeting.CompileRule(text, rapid.SampledFrom([]string{"KRW", "USD", "KWD"}).Draw(r, "currency"))
		require.NoError(r, err, text)
		sql, params := rule.Named("r1")
		var named []any
		for name, value := range params {
			named = append(named, clickhouse.Named(name, value))
		}
		var said []uint8
		var got []struct {
			Said uint8 `ch:"said"`
		}
		require.NoError(r, w.Conn().Select(t.Context(), &got, "SELECT toUInt8("+sql+") AS said FROM features ORDER BY customer_key", named...), text)
		for _, g := range got {
			said = append(said, g.Said)
		}
		require.Len(r, said, len(rows))
		some, all := false, true
		for i, f := range rows {
			in := rule.Match(&targeting.Row{Segment: f.Segment, Language: f.Language, Age: f.Age, RecencyDays: f.Recency, Purchases90d: f.Bought, Spend: f.Spend, Spend28d: f.Spend28d,
				Spend90d: f.Spend90d, RhythmDays: f.Rhythm, CategoryShares: f.Shares, TopCategory: f.Category, TopBrand: f.Brand, Responses180d: f.Responses})
			require.Equal(r, said[i] == 1, in, "%s\n%s\ncustomer %+v", text, sql, f)
			some, all = some || in, all && in
		}
		if some && !all {
			both++
		}
	})
	require.Positive(t, both, "some rules divide the customers")
}

// Each customer is left out for one planted reason, in the order in which reasons are asked.
func TestEligibilityReadsWhatIsInForceAtTheMoment(t *testing.T) {
	w := stacktest.Warehouse(t)
	ctx := t.Context()
	moment := instant
	at := func(d time.Duration) string { return "'" + moment.Add(d).Format(time.DateTime) + "'" }
	reasons := []string{ // by customer_key - 1
		"eligible", "rule", "excluded_segment", "excluded_campaign", "no_address", "no_address", "no_consent", "no_consent",
		"consent_expired", "suppressed", "suppressed", "contacted_recently", "contacted_recently", "frequency_cap", "eligible", "eligible", "no_consent", "eligible",
	}
	var people, consents, contacts []string
	for i := range reasons {
		key := i + 1
		segment, language := "a", "ko"
		switch key {
		case 2:
			language = "en"
		case 3:
			segment = "staff"
		}
		people = append(people, fmt.Sprintf("(%d, '%s', '%s', 'Asia/Seoul', '2026-01-01')", key, segment, language))
		if key != 5 {
			contacts = append(contacts, fmt.Sprintf("(%d, 'email', 'x%d@example.invalid', '2026-01-01')", key, key))
		}
		given := map[int]time.Duration{7: time.Second, 9: -731 * day}[key] // 7: only after the moment
		if given == 0 {
			given = -30 * day
		}
		consents = append(consents, fmt.Sprintf("(%d, 'email', 'marketing', 0, %s, 1)", key, at(given)))
	}
	contacts = append(contacts, "(6, 'email', '', '2026-02-01')") // erased since
	consents = append(consents,
		fmt.Sprintf("(8, 'email', 'marketing', 0, %s, 0)", at(-day)),     // withdrawn
		fmt.Sprintf("(17, 'email', 'marketing', 0, %s, 0)", at(-30*day)), // granted and withdrawn at the same second
		fmt.Sprintf("(18, 'email', 'marketing', 0, %s, 0)", at(day)),     // withdrawn, but later
		fmt.Sprintf("(18, 'email', 'marketing', 1, %s, 0)", at(-day)),    // of night only
	)
	for _, statement := range []string{
		"INSERT INTO customers (customer_key, segment, language, zone, updated_at) VALUES " + strings.Join(people, ","),
		"INSERT INTO contacts (customer_key, channel, address, updated_at) VALUES " + strings.Join(contacts, ","),
		"INSERT INTO consents (customer_key, channel, purpose, night, at, granted) VALUES " + strings.Join(consents, ","),
		"INSERT INTO audience (campaign, occurrence, plan, customer_key, arm) VALUES ('old', 1, 1, 4, 'treated'), ('old', 1, 1, 1, 'control')",
		fmt.Sprintf("INSERT INTO suppressions (customer_key, channel, at, until) VALUES (10, '', %s, 0), (11, 'email', %s, %s), (15, 'sms', %s, 0), (16, '', %s, %s), (1, '', %s, 0)",
			at(-day), at(-day), at(day), at(-day), at(-9*day), at(-day), at(day)),
		fmt.Sprintf("INSERT INTO delivery_events (campaign, occurrence, touch, customer_key, channel, attempt, state, at) VALUES ('old', 1, 'first', 12, 'email', 1, 'sent', %s), ('old', 1, 'first', 12, 'email', 1, 'delivered', %s), "+
			"('old', 1, 'first', 15, 'email', 1, 'sent', %s), ('old', 1, 'first', 16, 'email', 1, 'failed', %s), ('this', 1, 'first', 1, 'email', 1, 'sent', %s), ('old', 1, 'first', 14, 'email', 1, 'sent', %s), ('old', 2, 'first', 14, 'email', 1, 'sent', %s)",
			at(-2*day), at(-2*day), at(-8*day), at(-day), at(-day), at(-20*day), at(-10*day)),
		// A doubt that was settled: it never left.
		fmt.Sprintf("INSERT INTO delivery_events (campaign, occurrence, touch, customer_key, channel, attempt, state, at) VALUES ('old', 1, 'first', 1, 'email', 1, 'unknown', %[1]s), ('old', 1, 'first', 1, 'email', 1, 'expired', %[1]s)", at(-2*day)),
		fmt.Sprintf("INSERT INTO reservations (customer_key, channel, purpose, at, campaign, occurrence, plan, touch, released) VALUES (13, 'email', 'marketing', %s, 'other', 1, 1, 'first', 0), "+
			"(16, 'email', 'marketing', %s, 'other', 1, 1, 'first', 0), (16, 'email', 'marketing', %s, 'other', 1, 1, 'first', 1), (14, 'email', 'marketing', %s, 'old', 2, 1, 'first', 0)", at(2*day), at(day), at(day), at(-10*day)),
	} {
		require.NoError(t, w.Conn().Exec(ctx, statement), statement)
	}
	s, shards := snapshot(t, w, instant, 1)
	spec := campaign.Spec{Currency: "KRW", Audience: campaign.Audience{Rule: `language == "ko"`, Purpose: "marketing", Exclude: campaign.Exclusion{
		Segments: []string{"staff"}, Campaigns: []string{"old"}, ContactedWithin: campaign.Duration(7 * day)}},
		Touches: []campaign.Touch{{ID: "first", Channels: []string{"email"}}}}
	policy := campaign.Policy{Salt: "s", ConsentAge: campaign.Duration(730 * day), Caps: []campaign.Cap{{Channel: "email", Most: 2, Within: campaign.Duration(30 * day)}, {Channel: "sms", Most: 1, Within: campaign.Duration(day)}}}
	terms := targeting.TermsOf(campaign.Run{Campaign: "this", Occurrence: 1, Plan: 1}, campaign.Brief{Spec: spec, Policy: policy}, moment)
	var got []string
	for _, shard := range shards {
		require.NoError(t, w.Candidates(ctx, s.ID, shard, spec, terms, func(c *targeting.Candidate) error {
			require.Len(t, c.Signals, len(targeting.Signals()))
			got = append(got, terms.Judge(c))
			return nil
		}))
	}
	for i := range reasons {
		require.Equal(t, reasons[i], got[i], "customer %d", i+1)
	}

	// Without an age, no consent is too old.
	policy.ConsentAge = 0
	terms = targeting.TermsOf(terms.Run, campaign.Brief{Spec: spec, Policy: policy}, moment)
	require.NoError(t, w.Candidates(ctx, s.ID, shards[0], spec, terms, func(c *targeting.Candidate) error {
		if c.Customer == 9 {
			require.Equal(t, "eligible", terms.Judge(c))
		}
		return nil
	}))
}
