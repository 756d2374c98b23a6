package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/measurement/forecast"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/world"
	"github.com/danbi-project/danbi/internal/world/likeness"
	"github.com/danbi-project/danbi/workflows"
)

func TestRehearsalsScaleThePlanAndApproveIt(t *testing.T) {
	a := &App{Lang: "en"}
	brief, err := a.loadBrief(filepath.Join("..", "examples", "card-spend.yaml"), "")
	require.NoError(t, err)
	small, err := scaled(brief, 0.2)
	require.NoError(t, err)
	require.Equal(t, 4_000, small.Spec.Audience.Size)
	require.EqualValues(t, 6_000_000, small.Spec.Budget.Expected)
	require.EqualValues(t, 24_000_000, small.Spec.Budget.Exposure)
	require.Empty(t, small.Policy.Check(small.Spec))
	require.NotNil(t, small.Policy.AutoApprove)
	large, err := scaled(brief, 40)
	require.NoError(t, err)
	require.Empty(t, large.Policy.Check(large.Spec), "a rehearsal at another size is not refused for its size")
	require.EqualValues(t, 20_000, brief.Spec.Audience.Size, "the brief itself is as it was")

	brief.Spec.Currency = "USD"
	dollars, err := scaled(brief, 1)
	require.NoError(t, err)
	_, auto, known := dollars.Policy.For("USD")
	require.True(t, known)
	require.NotNil(t, auto)
	brief.Spec.Currency = "CHF"
	_, err = scaled(brief, 1)
	require.ErrorContains(t, err, "CHF")
}

func TestMarketsAreDrawnButForWhatIsKnown(t *testing.T) {
	r := rehearsal{seed: 7}
	require.Equal(t, world.DrawParameters(7), r.market())
	r.o.fitted = []likeness.Fitted{{Name: "rate_mean", Value: 2.5}}
	require.Equal(t, world.DrawParameters(7).With("rate_mean", 2.5), r.market())
	require.Equal(t, 2.5, r.market().RateMean)
	r.o.usual, r.o.fitted = true, nil
	require.Equal(t, world.DefaultParameters(), r.market())
}

func TestOutcomesAreScaledBackAndBreachesNamed(t *testing.T) {
	d := &report.Document{
		Budget:     report.Budget{Expected: 100, Exposure: 400, Out: 410, Total: 90, Messages: 70},
		Settlement: report.Settlement{Qualified: 12, Differences: []report.Difference{{Kind: "missing"}}},
		Ledger:     report.Ledger{Intact: true},
		Deliveries: []report.Touch{{Touch: "first", States: map[string]uint64{"sent": 60, "expired": 3}}, {Touch: "reminder", States: map[string]uint64{"expired": 1}}},
		Effect: &report.Effect{Metric: "purchases", Treated: report.Side{Customers: 80, Mean: 2}, Claim: "inconclusive", Smallest: .1, Relative: .04, Beside: []report.Estimate{
			{Name: "response", Treated: report.Side{Customers: 80, Mean: .5}}, {Name: "spend", Treated: report.Side{Customers: 80, Mean: 1000}, Difference: 20},
		}},
	}
	d.Hours[9] = 30
	out := outcomeOf(d, workflows.Status{Treated: 80, Control: 20}, 5)
	require.Equal(t, 400.0, out.Treated)
	require.Equal(t, 200.0, out.Responses)
	require.Equal(t, 400_000.0, out.Spend)
	require.Equal(t, 8_000.0, out.Incremental)
	require.Equal(t, 60.0, out.Redeemed)
	require.Equal(t, 450.0, out.Cost)
	require.Equal(t, 150.0, out.Hours[9])
	require.Equal(t, []string{"deliveries_expired", "exposure", "reconciliation"}, out.Breaches)
}

func TestRehearsalsForgetTheUsersServers(t *testing.T) {
	for _, name := range []string{"DANBI_CLICKHOUSE_ADDR", "DANBI_SMTP_ADDR", "DANBI_PAYOUT_URL", "TEMPORAL_ADDRESS"} {
		t.Setenv(name, "real.example")
	}
	t.Setenv("DANBI_CACHE", "/somewhere")
	forgetServers()
	for _, name := range []string{"DANBI_CLICKHOUSE_ADDR", "DANBI_SMTP_ADDR", "DANBI_PAYOUT_URL", "TEMPORAL_ADDRESS"} {
		_, there := os.LookupEnv(name)
		require.False(t, there, name)
	}
	require.Equal(t, "/somewhere", os.Getenv("DANBI_CACHE"))
}

func TestForecastsReadInBothLanguages(t *testing.T) {
	a := &App{Lang: "en"}
	for _, where := range []string{forecast.OverBudget, forecast.IdleBudget, forecast.Exposed, forecast.BusyHour, forecast.TooFew, forecast.BlindToLift} {
		for _, lang := range []string{"en", "ko"} {
			a.Lang = lang
			text := a.weakness(forecast.Weakness{Where: where, Share: .5, Value: .31})
			require.Contains(t, text, "31")
			require.Contains(t, text, "50")
			require.NotContains(t, text, "%!")
		}
	}
	require.Equal(t, "failed: nobody", a.breach("failed: nobody"))
}

func TestRehearseSaysWhatItNeeds(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
		exit int
	}{
		{[]string{"rehearse", filepath.Join("..", "examples", "card-spend.yaml"), "--at", "2026-10-01"}, "this one says itself when its window opens", ExitUsage},
		{[]string{"rehearse", filepath.Join("..", "examples", "monthly.yaml"), "--at", "2027-09-02"}, "no window after 2027-09-02 00:00", ExitUsage},
		{[]string{"rehearse", filepath.Join("..", "examples", "monthly.yaml"), "--at", "soon"}, "--at", ExitUsage},
		{[]string{"rehearse", filepath.Join("..", "examples", "card-spend.yaml"), "--runs", "0"}, "--runs is 1 to 1000", ExitUsage},
		{[]string{"rehearse", "nowhere.yaml"}, "nowhere.yaml", ExitInvalid},
	} {
		code, out, errs := execute(t, append(c.args, "--lang", "en")...)
		require.Equal(t, c.exit, code, errs)
		require.Contains(t, errs+out, c.says)
	}
}

func TestTheNextWindowIsRehearsed(t *testing.T) {
	a := &App{Lang: "en"}
	now := time.Date(2026, 11, 22, 3, 4, 5, 6, time.UTC)
	at := func(text string) time.Time {
		m, err := campaign.ParseMoment(text, world.Home, false)
		require.NoError(t, err)
		return m.Time
	}
	monthly, err := a.loadBrief(filepath.Join("..", "examples", "monthly.yaml"), "")
	require.NoError(t, err)
	found, err := a.nextOpening(monthly.Spec, "", now)
	require.NoError(t, err)
	require.Equal(t, opening{at("2026-11-29"), at("2026-12-01")}, found, "the next firing, planned two days before")
	for _, date := range []string{"2027-01-02", "2027-02-01"} { // a window that opens at that very moment is one of them
		found, err = a.nextOpening(monthly.Spec, date, now)
		require.NoError(t, err)
		require.Equal(t, opening{at("2027-01-30"), at("2027-02-01")}, found)
	}

	card, err := a.loadBrief(filepath.Join("..", "examples", "card-spend.yaml"), "")
	require.NoError(t, err)
	found, err = a.nextOpening(card.Spec, "", now)
	require.NoError(t, err)
	require.Equal(t, opening{at("2026-09-01"), at("2026-09-01")}, found)

	card.Spec.Window = campaign.Window{Length: campaign.Duration(7 * 24 * time.Hour)} // opens when it is started
	found, err = a.nextOpening(card.Spec, "", now)
	require.NoError(t, err)
	require.Equal(t, opening{at("2026-11-22"), at("2026-11-22")}, found)
	found, err = a.nextOpening(card.Spec, "2026-12-24 09:00", now)
	require.NoError(t, err)
	require.Equal(t, opening{at("2026-12-24 09:00"), at("2026-12-24 09:00")}, found)
}

func TestPassingDataLieInMemoryWhereThereIsRoom(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, dir, passingFolder(dir, 1))
	require.Equal(t, os.TempDir(), passingFolder(dir, math.MaxUint64))
	require.Equal(t, os.TempDir(), passingFolder(filepath.Join(dir, "none"), 1))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
