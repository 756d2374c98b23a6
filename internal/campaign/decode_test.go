package campaign

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/money"
)

// cardSpend is the example that most tests start from.
func cardSpend(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(examples, "card-spend.yaml"))
	require.NoError(t, err)
	return string(data)
}

// edit replaces a part of the example, which has to be there once.
func edit(t testing.TB, text, old, fresh string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, old), "%q stands once in the example", old)
	return strings.Replace(text, old, fresh, 1)
}

// lineOf is the number of the first line that holds a text.
func lineOf(text, part string) int {
	before, _, _ := strings.Cut(text, part)
	return strings.Count(before, "\n") + 1
}

func TestDecodeReadsUnitsOfTheCurrencyAndTheZone(t *testing.T) {
	spec, err := Decode("spec.yaml", []byte(cardSpend(t)))
	require.NoError(t, err)
	require.Equal(t, money.Minor(30_000_000), spec.Budget.Expected)
	require.Equal(t, "2026-08-31T15:00:00Z", spec.Window.Starts.Format(time.RFC3339))
	require.Equal(t, "2026-09-28T15:00:00Z", spec.Window.Ends.Format(time.RFC3339), "a date as an end counts to its end")
	require.Equal(t, Share(0.1), spec.Audience.Control)
	require.Equal(t, Clock(9*60), spec.Timing.From)

	// The same keys in another order and currency: currency and zone are read first.
	text := cardSpend(t)
	text = edit(t, text, "currency: KRW\n", "")
	text = edit(t, text, "expected: 30,000,000", `expected: "300.25"`)
	text = edit(t, text, "exposure: 120,000,000", `exposure: 3000.50`)
	spec, err = Decode("spec.yaml", []byte(text+"currency: USD\n"))
	require.NoError(t, err)
	require.Equal(t, money.Minor(30025), spec.Budget.Expected)
	require.Equal(t, money.Minor(300050), spec.Budget.Exposure, "trailing zeros are read from the text, not from a float")
}

func TestDefaultsAreFilledAndAWrittenZeroStays(t *testing.T) {
	text := cardSpend(t)
	cut := text[:strings.Index(text, "timing:")]
	spec, err := Decode("spec.yaml", []byte(cut+"settlement: {lag: 0d}\ntiming: {from: 00:00, until: 24:00}\n"))
	require.NoError(t, err)
	require.Equal(t, Timing{From: 0, Until: 24 * 60}, spec.Timing)
	require.Equal(t, Settlement{Terms: Terms{Measure: "cumulative", From: "window"}, Payout: "points", Clawback: Duration(30 * day), Patience: Duration(day)}, spec.Settlement)
	require.Equal(t, Measurement{Metric: "spend", Baseline: Duration(90 * day), Confidence: 0.95, Winsorise: 0.999, Delivered: "really"}, spec.Measurement)
	require.Equal(t, 1.0, spec.Offers[0].Threshold.Stretch)

	spec, err = Decode("spec.yaml", []byte(cut+"settlement:\n  measure: single\n"))
	require.NoError(t, err)
	require.Equal(t, Duration(day), spec.Settlement.Lag)
	require.Equal(t, Timing{From: 9 * 60, Until: 20 * 60}, spec.Timing)
}

func TestEachBadKeyIsNamedWithItsLineAndAWayOut(t *testing.T) {
	for name, c := range map[string]struct{ old, fresh, field, english, korean string }{
		"unknown key":         {"\ngoal: spend", "\ngaol: spend", "gaol", "did you mean goal?", "goal 아닌가요?"},
		"unknown inner key":   {"  control: 10%", "  kontrol: 10%", "audience.kontrol", "did you mean control?", "모르는 항목 kontrol"},
		"far from all":        {"  model: response", "  colour: blue", "audience.colour", "known keys: rule, model", "쓸 수 있는 항목"},
		"text for a number":   {"  size: 20000", "  size: many", "audience.size", "a whole number is expected", "정수"},
		"fraction":            {"  size: 20000", "  size: 200.5", "audience.size", "a whole number is expected", "정수"},
		"number for a text":   {"author: kim.minji", "author: 17", "author", `put it in quotes: "17"`, "따옴표"},
		"list for a text":     {"author: kim.minji", "author: [kim]", "author", "text is expected, but here is a list", "목록"},
		"text for a list":     {"    channels: [email]", "    channels: email", "touches[0].channels", "a list is expected", "목록"},
		"text for keys":       {"audience: # 대상 고객\n  rule: purchases_90d >= 1 && recency_days <= 60\n", "audience: everybody\nx:\n", "audience", "keys with values is expected", "항목과 값"},
		"decimals in won":     {"    reward: 2000\n", "    reward: 2000.50\n", "offers[0].reward", "KRW has none", "KRW 금액이 아닙니다"},
		"exponent":            {"    reward: 2000\n", "    reward: 2e3\n", "offers[0].reward", "is not an amount", "금액이 아닙니다"},
		"octal":               {"    reward: 2000\n", "    reward: 02000\n", "offers[0].reward", "leading zero", "금액이 아닙니다"},
		"comma astray":        {"    reward: 2000\n", "    reward: 20,00\n", "offers[0].reward", "groups of three digits", "금액이 아닙니다"},
		"too large":           {"    reward: 2000\n", "    reward: 92233720368547758080\n", "offers[0].reward", "too large", "너무 큽니다"},
		"no such day":         {"  starts: 2026-09-01", "  starts: 2026-02-30", "window.starts", "is not a date that exists", "없는 날짜"},
		"another date order":  {"  starts: 2026-09-01", "  starts: 01.09.2026", "window.starts", "write 2026-03-01", "2026-03-01"},
		"share above all":     {"  control: 10%", "  control: 10", "audience.control", "write 10% if you mean percent", "10%로"},
		"negative share":      {"  control: 10%", "  control: -10%", "audience.control", "is not a share", "비율이 아닙니다"},
		"no length":           {"    spread: 2d", "    spread: two days", "touches[0].spread", "write 36h, 14d or 2w", "기간이 아닙니다"},
		"units out of order":  {"    spread: 2d", "    spread: 3h2d", "touches[0].spread", "is not a length of time", "기간이 아닙니다"},
		"no time of day":      {"  until: 20:00", "  until: 25:00", "timing.until", "is not a time of day", "시각이 아닙니다"},
		"missing":             {"goal: spend\n", "", "goal", "is missing", "항목이 없습니다"},
		"missing value":       {"goal: spend\n", "goal:\n", "goal", "is missing", "항목이 없습니다"},
		"missing in a list":   {"  - id: plus-30k\n    kind: spend_threshold", "  - id: plus-30k", "offers[0].kind", "is missing", "항목이 없습니다"},
		"written twice":       {"goal: spend\n", "goal: spend\ngoal: visit\n", "goal", "is written twice", "두 번"},
		"tag":                 {"goal: spend\n", "goal: !!str spend\n", "goal", "a YAML tag", "태그"},
		"not a number":        {"  confidence: 0.95", "  confidence: .nan", "measurement.confidence", "a number is expected", "숫자"},
		"an empty item":       {"contents: # 메시지의 주제: 고객마다 하나\n", "contents:\n  -\n", "contents[0]", "the item is empty", "비어"},
		"merge key":           {"goal: spend\n", "goal: spend\n<<: {author: x}\n", "", "<< is not supported", "<<"},
		"an alias of nothing": {"goal: spend\n", "goal: *nothing\n", "goal", "names no anchor", "앵커"},
	} {
		t.Run(name, func(t *testing.T) {
			text := edit(t, cardSpend(t), c.old, c.fresh)
			spec, err := Decode("spec.yaml", []byte(text))
			require.Error(t, err)
			require.Equal(t, Spec{}, spec, "nothing half read")
			fault := faultOf(t, err, c.field)
			require.Contains(t, fault.In("en"), c.english)
			require.Contains(t, fault.In("ko"), c.korean)
			if !strings.Contains(name, "missing") {
				changed := lineOf(text, strings.TrimSpace(c.fresh))
				require.GreaterOrEqual(t, fault.Line, changed, fault.Error())
				require.LessOrEqual(t, fault.Line, changed+strings.Count(strings.TrimSpace(c.fresh), "\n"), fault.Error())
			}
			require.Contains(t, err.Error(), fmt.Sprintf("spec.yaml:%d:%d", fault.Line, fault.Column))
		})
	}
}

func faultOf(t testing.TB, err error, field string) Fault {
	t.Helper()
	for _, fault := range Faults(err) {
		if fault.Field == field {
			return fault
		}
	}
	require.Fail(t, "no fault", "of %q in: %v", field, err)
	return Fault{}
}

func TestAllFaultsAtOnceInTheOrderOfTheFile(t *testing.T) {
	text := cardSpend(t)
	text = edit(t, text, "goal: spend", "gaol: spend")
	text = edit(t, text, "zone: Asia/Seoul", "zone: Asia/Soul")
	text = edit(t, text, "  control: 10%", "  control: 95%")
	text = edit(t, text, "    reward: 7000\n", "    reward: lots\n")
	text = edit(t, text, "  ends: 2026-09-28", "  ends: 2026-08-28")
	_, err := Load("spec.yaml", []byte(text))
	var fields []string
	line := 0
	for _, fault := range Faults(err) {
		fields = append(fields, fault.Field)
		require.GreaterOrEqual(t, fault.Line, line, "in order")
		line = fault.Line
	}
	// Neither is goal missing (it was mistyped), nor has an offer without a reward been written.
	require.Equal(t, []string{"gaol", "zone", "window.ends", "audience.control", "offers[2].reward"}, fields, "%v", err)
	require.Equal(t, lineOf(text, "95%"), faultOf(t, err, "audience.control").Line)
	require.Equal(t, lineOf(text, "ends: 2026-08-28"), faultOf(t, err, "window.ends").Line)
}

func TestFilesThatAreNoSpec(t *testing.T) {
	for name, c := range map[string]struct{ text, english string }{
		"empty":           {"", "the file is empty"},
		"only comments":   {"# nothing\n", "the file is empty"},
		"broken YAML":     {"campaign: [a\ntitle: {\n", "not valid YAML"},
		"tab":             {"campaign: a\n\ttitle: b\n", "not valid YAML"},
		"unclosed quote":  {"campaign: \"a\n", "not valid YAML"},
		"a list":          {"- a\n- b\n", "keys with values is expected"},
		"a word":          {"campaign", "keys with values is expected"},
		"two documents":   {"campaign: a\n---\ncampaign: b\n", "more than one document"},
		"too large":       {"# " + strings.Repeat("x", mostBytes), "the most is"},
		"too many values": {"contents: [" + strings.Repeat("{},", mostNodes+10) + "]", "too many values"},
	} {
		t.Run(name, func(t *testing.T) {
			spec, err := Load("spec.yaml", []byte(c.text))
			require.ErrorContains(t, err, c.english)
			require.Equal(t, Spec{}, spec)
			for _, fault := range Faults(err) {
				require.Equal(t, "spec.yaml", fault.File)
				require.Positive(t, fault.Line)
				require.NotEmpty(t, fault.Message["ko"])
			}
		})
	}
}

func TestAnchorsSpareRepetition(t *testing.T) {
	text := edit(t, cardSpend(t), "threshold: {step: 30000,", "threshold: &same {step: 30000,")
	text = edit(t, text, "threshold: {step: 50000, round_to: 10000, min: 70000, max: 2000000}", "threshold: *same")
	spec, err := Load("spec.yaml", []byte(text))
	require.NoError(t, err)
	require.Equal(t, spec.Offers[0].Threshold, spec.Offers[1].Threshold)
}

func FuzzDecode(f *testing.F) {
	f.Add(cardSpend(f))
	for _, text := range []string{"", "a: &a *a", "campaign: x\n? [k]\n: v", "window: {starts: 2026-01-01", "- - - -", "title: {ko: !!binary x}", "\xff\xfe", "a: |\n b\n", "campaign: *x", "offers: [{threshold: {step: \"\"}}]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := Load("spec.yaml", []byte(text))
		if err != nil {
			require.Equal(t, Spec{}, spec, "nothing half read")
			require.NotEmpty(t, Faults(err), "every error has a place: %v", err)
			return
		}
		_, err = spec.Times(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		require.NoError(t, err, "what is valid has its times")
	})
}

func TestFaultsAreFoundWithinOtherErrors(t *testing.T) {
	_, err := Decode("spec.yaml", []byte("a: 1"))
	require.Greater(t, len(Faults(err)), 5)
	require.Equal(t, Faults(err), Faults(fmt.Errorf("start: %w", err)))
	require.Empty(t, Faults(fmt.Errorf("no fault")))
	require.Empty(t, Faults(nil))
}
