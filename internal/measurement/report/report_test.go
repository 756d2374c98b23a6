package report

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/forecast"
	"github.com/danbi-project/danbi/internal/money"
)

// sample is a settled campaign, whole.
func sample() *Document {
	opens := time.Date(2026, 8, 31, 15, 0, 0, 0, time.UTC)
	d := &Document{
		Campaign: "card-spend-autumn", Occurrence: 1, Plan: 1, Title: campaign.Text{"ko": "가을 이용 캠페인", "en": "Autumn spending campaign"}, Stage: campaign.StageSettled, Final: true,
		Currency: "KRW", Zone: "Asia/Seoul", Rehearsal: true, Delivered: campaign.DeliveredReally,
		Times: campaign.Times{Opens: opens, Closes: opens.AddDate(0, 0, 28), Settles: opens.AddDate(0, 0, 29), Ends: opens.AddDate(0, 0, 59)}, At: opens.AddDate(0, 0, 29),
		Snapshot: Snapshot{ID: "s", Instant: opens.AddDate(0, 0, -1), Customers: 100_000}, Model: Model{Kind: "response", AUC: .713, Rows: 40_000},
		Arms: []Arm{{"left_out", "rule", 31_204}, {"left_out", "no_consent", 18_330}, {"left_out", "not_selected", 27_911}, {"left_out", "contacted_recently", 1_201}, {"treated", "treated", 18_004}, {"control", "control", 1_996}, {"holdout", "holdout", 1_354}},
		Offers: []Offer{
			{ID: "none", Customers: 5_003},
			{ID: "plus-30k", Title: campaign.Text{"ko": "가볍게 한 걸음", "en": "One small step"}, Customers: 8_220, Exposure: 16_440_000, Reach: .41, Without: .22, Least: 50_000, Median: 210_000, Greatest: 940_000, Redeemed: 3_502, Due: 7_004_000},
			{ID: "plus-300k", Title: campaign.Text{"ko": "30만원 더", "en": "Three hundred thousand more"}, Customers: 4_781, Exposure: 114_744_000, Reach: .24, Without: .11, Least: 320_000, Median: 1_200_000, Greatest: 3_000_000, Redeemed: 1_099, Due: 26_376_000},
		},
		Deliveries: []Touch{{Touch: "first", States: map[string]uint64{"sent": 12_930, "bounced": 31, "suppressed": 40}}},
		Settlement: Settlement{Reached: 12_930, Qualified: 4_601, Due: 33_380_000, Paid: 4_601, PaidAmount: 33_380_000, Theirs: 4_601, TheirsAmount: 33_380_000},
		Ledger:     Ledger{Accounts: map[string]money.Minor{"budget:granted": -86_620_000, "budget:approved": 0, "budget:reserved": 0, "budget:released": 86_620_000, "expense:rewards": 33_380_000, "customer:payable": 0, "payout:clearing": 0, "payout:paid": -33_380_000}, Intact: true, Batches: 34, Head: strings.Repeat("3fa9c1", 11)[:64]},
		Effect:     &Effect{Metric: "spend", Money: true, Treated: Side{18_004, 312_440, 402_000}, Control: Side{1_996, 288_120, 389_000}, Confidence: .95, Difference: 21_930, Low: 6_100, High: 37_760, Relative: .076, RelativeLow: .021, RelativeHigh: .132, Adjusted: true, Reduction: .31, Mismatch: .93, Claim: "effect", Incremental: 394_827_720, UnitCost: .085, UnitLow: .049, UnitHigh: .306},
		Budget:     Budget{Expected: 30_000_000, Exposure: 120_000_000, Out: 118_240_000, Rewards: 33_380_000, Messages: 12_961, Contact: 194_415, Total: 33_574_415}, Forecast: Forecast{Redeemed: 4_517, RedeemedOut: 4_601, Cost: 29_980_000, CostOut: 33_574_415, Value: 21_000_000},
	}
	for i, n := range []uint64{310, 902, 1888, 2405, 2260, 1704, 1210, 860, 610, 402, 250, 140, 60} {
		d.Thresholds = append(d.Thresholds, Bin{money.Minor(i) * 200_000, money.Minor(i+1) * 200_000, n, n * 2 / 5})
		d.Hours[9+i%11] += n
		d.Left[9+(i+1)%11] += n * 9 / 10
	}
	for i := range 28 {
		d.Days = append(d.Days, Day{opens.AddDate(0, 0, i+1).Format("2006-01-02"), uint64(40 + i*9), 70_000})
	}
	d.HourSources = map[string]uint64{"learned": 9_402, "fallback": 1_730, "moved": 1_204, "random": 665, "blocked": 3}
	d.Attributed = &Attributed{AttributedWithin, 5_204, 1_190, 812_400_300, 201_770_000}
	d.Effect.Cap, d.Effect.Smallest = 4_120_000, .061
	d.Effect.Beside = []Estimate{
		{Name: "spend_winsorised", Money: true, Treated: Side{18_004, 308_120, 371_000}, Control: Side{1_996, 287_020, 362_000}, Difference: 20_410, Low: 6_400, High: 34_420, Relative: .071, RelativeLow: .022, RelativeHigh: .12, Adjusted: true, P: .004, Corrected: .016, Claim: "effect"},
		{Name: "response", Treated: Side{18_004, .7312, .443}, Control: Side{1_996, .7021, .457}, Difference: .0291, Low: .0081, High: .0501, Relative: .041, RelativeLow: .011, RelativeHigh: .071, P: .006, Corrected: .019, Claim: "effect"},
		{Name: "purchases", Treated: Side{18_004, 5.412, 4.9}, Control: Side{1_996, 5.322, 4.8}, Difference: .09, Low: -.13, High: .31, Relative: .017, RelativeLow: -.024, RelativeHigh: .058, P: .42, Corrected: .42, Claim: "inconclusive"},
		{Name: "basket", Money: true, Treated: Side{18_004, 57_731, 0}, Control: Side{1_996, 54_137, 0}, Difference: 3_594, Low: -210, High: 7_398, Relative: .066, RelativeLow: -.004, RelativeHigh: .137, P: .064, Corrected: .128, Claim: "inconclusive"},
	}
	for i, segment := range []string{"vip", "regular", "new", "-"} {
		d.Effect.Segments = append(d.Effect.Segments, Estimate{Name: segment, Money: true, Treated: Side{uint64(8000 >> i), 320_000, 400_000}, Control: Side{uint64(900 >> i), 300_000, 400_000},
			Difference: 22_000 - 9_000*float64(i), Low: 1_000 - 20_000*float64(i), High: 43_000 + 9_000*float64(i), Relative: .073 - .03*float64(i), RelativeLow: .003 - .066*float64(i), RelativeHigh: .143 + .03*float64(i),
			P: .04, Corrected: .16, Claim: []string{"effect", "inconclusive"}[min(i, 1)]})
	}
	d.Effect.Factors = []Contrast{
		{Name: "offer: chosen", Money: true, Level: 14_403, Reference: 3_601, Mean: 318_200, Against: 301_100, Difference: 16_030, Low: 4_100, High: 27_960, P: .008, Corrected: .032, Claim: "effect"},
		{Name: "timing: chosen", Money: true, Level: 10_310, Reference: 2_590, Mean: 315_400, Against: 309_000, Difference: 6_210, Low: -3_900, High: 16_320, P: .23, Corrected: .69, Claim: "inconclusive"},
		{Name: "content: story", Money: true, Level: 6_480, Reference: 6_420, Mean: 310_000, Against: 312_900, Difference: -2_700, Low: -11_400, High: 6_000, P: .54, Corrected: 1, Claim: "inconclusive"},
		{Name: "offer: chosen × timing: chosen", Money: true, Together: true, Level: 12_900, Difference: 3_020, Low: -9_000, High: 15_040, P: .62, Corrected: 1, Claim: "inconclusive"},
	}
	for i := range 28 {
		day := float64(i + 1)
		d.Effect.Looks = append(d.Effect.Looks, Look{Until: opens.AddDate(0, 0, i+1), Treated: 11_158 * day, Control: 10_290 * day, Difference: 780 * day, Low: 780*day - 31_000*math.Sqrt(day/28), High: 780*day + 31_000*math.Sqrt(day/28)})
	}
	d.Rehearsed = &forecast.Forecast{
		Runs: 20, Customers: 20_000,
		Responses: forecast.Interval{Low: 11_020, Median: 12_480, High: 13_902, Level: .81}, Redeemed: forecast.Interval{Low: 1_204, Median: 2_511, High: 4_402, Level: .81},
		Spend: forecast.Interval{Low: 4_110_200_300, Median: 5_210_344_100, High: 7_002_118_400, Level: .81}, Incremental: forecast.Interval{Low: -10_586_146, Median: 189_182_519, High: 388_951_183, Level: .81},
		Cost: forecast.Interval{Low: 14_288_075, Median: 24_110_020, High: 36_003_775, Level: .81},
	}
	return d
}

// replayed is the same over history, where nobody saw a message.
func replayed() *Document {
	d := sample()
	d.Delivered, d.Effect.Claim, d.Effect.Incremental, d.Effect.UnitCost = campaign.DeliveredNever, "never_delivered", 0, 0
	return d
}

// unlucky is a campaign in which much went wrong.
func unlucky() *Document {
	d := sample()
	d.Effect.Claim, d.Effect.Mismatch = "sample_ratio_mismatch", 2e-7
	d.Ledger.Intact, d.Ledger.Sum, d.Ledger.Findings = false, 12, []string{"batch 7: a posting was changed: its rows no longer hash to what was booked"}
	d.Settlement.Differences = []Difference{{"missing", 3, 17}, {"surplus", 1, 99}, {"unequal", 2, 5}}
	d.cancelled(d.Times.Opens.AddDate(0, 0, 7))
	d.Overlaps = []Overlap{
		{Campaign: "win-back-autumn", Occurrence: 1, Opens: d.Times.Opens, Closes: d.Times.Closes, Both: 4_120, Treated: 3_300, Control: 371},
		{Campaign: "brand-sale", Occurrence: 2, Opens: d.Times.Opens, Closes: d.Times.Closes, Both: 2_120, Treated: 1_100, Control: 371},
	}
	for i := range d.Overlaps {
		d.Overlaps[i].judge(d.arm("treated"), d.arm("control"))
	}
	d.Settlement.Unknown, d.Settlement.Refused, d.Settlement.Clawed, d.Settlement.ClawedAmount = 2, 1, 12, 24_000
	return d
}

func written(t *testing.T, d *Document, lang string) (text, page string) {
	t.Helper()
	var a, b bytes.Buffer
	require.NoError(t, d.Text(&a, lang))
	require.NoError(t, d.HTML(&b, lang))
	return a.String(), b.String()
}

func TestReportsFitAndAreWhole(t *testing.T) {
	for name, d := range map[string]*Document{"sample": sample(), "replayed": replayed(), "unlucky": unlucky(), "empty": {Campaign: "x", Currency: "KRW", Zone: "Asia/Seoul"}, "odd": {Effect: &Effect{}}} {
		for _, lang := range []string{"ko", "en"} {
			text, page := written(t, d, lang)
			for line := range strings.Lines(text) {
				require.LessOrEqual(t, uniseg.StringWidth(strings.TrimRight(line, "\n")), textWidth, "%s in %s: %s", name, lang, line)
			}
			for _, bad := range []string{"NaN", "Inf", "%!", "<nil>", "ZgotmplZ"} {
				require.NotContains(t, text, bad, name)
				require.NotContains(t, page, bad, name)
			}
			require.NotRegexp(t, regexp.MustCompile(`(?i)(src|href)\s*=|url\(|@import|<script`), page, "the page needs nothing from elsewhere")
			if dir := os.Getenv("DANBI_REPORT_DIR"); dir != "" { // to be looked at
				require.NoError(t, os.WriteFile(filepath.Join(dir, name+"."+lang+".html"), []byte(page), 0o600))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name+"."+lang+".txt"), []byte(text), 0o600))
			}
		}
	}
}

var hangul = regexp.MustCompile(`\p{Hangul}`)

func TestBothLanguagesAreComplete(t *testing.T) {
	for key, pair := range words {
		require.NotEmpty(t, pair[0], key)
		require.NotEmpty(t, pair[1], key)
		require.Equal(t, strings.Count(pair[0], "%"), strings.Count(pair[1], "%"), key)
		require.False(t, hangul.MatchString(pair[0]), key)
	}
	for _, d := range []*Document{sample(), replayed(), unlucky()} {
		d.Title, d.Offers = nil, nil
		text, page := written(t, d, "en")
		require.False(t, hangul.MatchString(text))
		require.False(t, hangul.MatchString(page[strings.Index(page, "<main>"):]))
	}
	text, page := written(t, sample(), "ko")
	for _, english := range []string{"customers", "Budget", "Ledger", "Difference", "control", "sent", "Rewards"} {
		require.NotContains(t, text, english)
		require.NotContains(t, page[strings.Index(page, "<main>"):], ">"+english+"<")
	}
}

// A difference that may not be called an effect is never called one.
func TestTheReportRefuses(t *testing.T) {
	for _, lang := range []string{"ko", "en"} {
		text, page := written(t, replayed(), lang)
		for _, shown := range []string{text, page} {
			require.Contains(t, strings.Join(strings.Fields(shown), " "), map[string]string{"ko": "효과라고 말하지 않습니다", "en": "No effect is claimed: nobody saw these messages"}[lang])
			require.NotContains(t, shown, In(lang, "incremental"))
			require.NotContains(t, shown, In(lang, "unit_cost_spend"))
		}
	}
	require.Contains(t, sample().Verdict("en"), "changed spend by +₩21,930 per customer (+7.60% of control")
	for claim, says := range map[string]string{"inconclusive": "contains zero", "no_control": "no control group", "sample_ratio_mismatch": "not of the sizes"} {
		d := sample()
		d.Effect.Claim = claim
		require.Contains(t, d.Verdict("en"), says)
	}
}

func TestTroubleIsShown(t *testing.T) {
	text, page := written(t, unlucky(), "en")
	for _, says := range []string{"batch 7: a posting was changed", "do NOT balance", "#17", "Outcome unknown", "Taken back"} {
		require.Contains(t, strings.Join(strings.Fields(text), " "), says)
		require.Contains(t, page, says)
	}
}

func TestDocumentsSurviveJSON(t *testing.T) {
	text, err := json.Marshal(sample())
	require.NoError(t, err)
	var back Document
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, sample(), &back)
}

func TestStep(t *testing.T) {
	require.EqualValues(t, 1, Step(0))
	require.EqualValues(t, 200_000, Step(2_950_000))
	rapid.Check(t, func(t *rapid.T) {
		width := money.Minor(rapid.Int64Range(0, 1<<60).Draw(t, "width"))
		if step := Step(width); step < 1 || width/step >= mostBins {
			t.Fatalf("a step of %d for %d", step, width)
		}
	})
}

func TestOnlyAnEffectHasACost(t *testing.T) {
	for claim, priced := range map[string]bool{"effect": true, "inconclusive": false, "never_delivered": false, "sample_ratio_mismatch": false} {
		d := sample()
		d.Effect.Claim, d.Effect.Incremental, d.Effect.UnitCost = claim, 0, 0
		require.NoError(t, d.Account(15, 4000, time.Time{}))
		require.Equal(t, priced, d.Effect.UnitCost > 0, claim)
		require.EqualValues(t, 12_961, d.Budget.Messages, "what left, bounced or not, was paid for")
		require.EqualValues(t, 12_961*15+33_380_000, d.Budget.Total)
	}
}

func TestDaysWithoutGoalsAreShown(t *testing.T) {
	d := &Document{Days: []Day{{Day: "2026-09-29", Redeemed: 1}, {Day: "2026-10-02", Redeemed: 2}}}
	require.Equal(t, []Day{{Day: "2026-09-29", Redeemed: 1}, {Day: "2026-09-30"}, {Day: "2026-10-01"}, {Day: "2026-10-02", Redeemed: 2}}, d.everyDay())
}

func TestRehearsalsStandBesideWhatCame(t *testing.T) {
	d := sample()
	came := d.Came()
	require.InDelta(t, 312_440*18_004.0, came.Spend, 1)
	require.InDelta(t, .7312*18_004, came.Responses, 1)
	require.InDelta(t, 21_930*18_004.0, came.Incremental, 1)
	text, page := written(t, d, "en")
	for _, shown := range []string{text, page} {
		require.Contains(t, shown, "1,204 – 4,402")
		require.Contains(t, shown, "not as forecast", "4,601 earned their reward, more than any rehearsal said")
		require.Contains(t, shown, "as forecast")
	}
	d.Rehearsed = nil
	text, page = written(t, d, "en")
	require.NotContains(t, text+page, "not as forecast")
	d = &Document{Currency: "KRW", Rehearsed: sample().Rehearsed}
	require.Len(t, d.rehearsedFigures(), 2, "before the effect is measured nothing is said of spend")
}
