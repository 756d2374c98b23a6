package activities_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/measurement"
	"github.com/danbi-project/danbi/internal/measurement/report"
	"github.com/danbi-project/danbi/internal/stack/stacktest"
	"github.com/danbi-project/danbi/internal/targeting"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// measured is a warehouse in which runs of an example have drawn customers.
type measured struct {
	t     *testing.T
	store *warehouse.Warehouse
	brief campaign.Brief
	times campaign.Times
}

func (m measured) exec(statement string, args ...any) {
	m.t.Helper()
	require.NoError(m.t, m.store.Conn().Exec(m.t.Context(), fmt.Sprintf(statement, args...)))
}

// draw registers a run that drew customers first to first + n - 1 into the arm that an expression over `number` gives.
func (m measured) draw(name string, first, n int, arm string) campaign.Run {
	m.t.Helper()
	brief := m.brief
	brief.Spec.Campaign = name
	run := campaign.Run{Campaign: name, Occurrence: 1, Plan: 1, Launch: m.times.Opens}
	require.NoError(m.t, m.store.SaveBrief(m.t.Context(), run, "live", brief, m.times))
	m.exec("INSERT INTO audience (campaign, occurrence, plan, launch, customer_key, arm) SELECT '%s', 1, 1, toDate('2026-09-01'), number + %d, %s FROM numbers(%d)", name, first, arm, n)
	return run
}

// buy lets customers first to first + n - 1 buy, or return, for an amount that an expression over `number` gives.
func (m measured) buy(first, n int, at time.Time, kind, amount string) {
	m.t.Helper()
	m.exec(`INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency)
		SELECT number + %d, toDateTime('%s', 'UTC'), %d + number, 1, '%s', %s, 'KRW' FROM numbers(%d)`, first, at.UTC().Format(time.DateTime), at.Unix()*1000, kind, amount, n)
}

func (m measured) effect(run campaign.Run) activities.MeasureEffectOutput {
	m.t.Helper()
	a := &activities.Measurement{Store: m.store, Briefs: m.store}
	out, err := a.MeasureEffect(m.t.Context(), activities.MeasureEffectInput{
		Run: run, Times: m.times, Snapshot: activities.Snapshot{ID: "none", Instant: m.times.Opens}, Shards: []campaign.Shard{{Of: 1, Low: 1, High: 1 << 20}},
	})
	require.NoError(m.t, err)
	_, err = json.Marshal(out) // a number that is none would not go through a history
	require.NoError(m.t, err)
	return out
}

func (m measured) report(run campaign.Run, effect activities.MeasureEffectOutput, cancelled time.Time) (*report.Document, string) {
	m.t.Helper()
	a := &activities.Reports{Store: m.store, Briefs: m.store}
	_, err := a.WriteReport(m.t.Context(), activities.WriteReportInput{
		Run: run, Stage: campaign.StageSettled, Times: m.times, Clock: clock.Rehearse(m.times.Settles, 0), Effect: &effect, Final: true, Cancelled: cancelled,
		Snapshot: activities.Snapshot{ID: "none", Instant: m.times.Opens},
	})
	require.NoError(m.t, err)
	text, err := m.store.LatestReport(m.t.Context(), run.Campaign, run.Occurrence)
	require.NoError(m.t, err)
	var d report.Document
	require.NoError(m.t, json.Unmarshal([]byte(text), &d))
	var out strings.Builder
	for _, lang := range []string{"ko", "en"} {
		require.NoError(m.t, d.Text(&out, lang))
	}
	return &d, strings.Join(strings.Fields(out.String()), " ")
}

// What a comparison makes of arms, purchases and windows that it was not meant for.
func TestMeasuringBadInput(t *testing.T) {
	m := measured{t: t, store: stacktest.Warehouse(t), brief: exampleBrief(t, "card-spend.yaml")}
	var err error
	m.times, err = m.brief.Spec.Times(time.Time{})
	require.NoError(t, err)
	opens, closes := m.times.Opens, m.times.Closes
	const tenth = "if(number % 10 = 0, 'control', 'treated')"
	vary := func(mean string) string { return "toInt64(" + mean + " + (number * 7919) % 1000)" }
	day := 24 * time.Hour
	for _, c := range []struct {
		name  string
		n     int
		arm   string
		happy func(first, n int)
		claim measurement.Claim
		check func(t *testing.T, out activities.MeasureEffectOutput)
	}{
		{"a control of zero", 200, "'treated'", func(first, n int) { m.buy(first, n, opens.Add(day), "purchase", vary("5000")) }, measurement.NoControl,
			func(t *testing.T, out activities.MeasureEffectOutput) {
				require.Zero(t, out.Control.Customers)
				require.Zero(t, out.Difference, "nothing to compare with is no difference")
				require.Zero(t, out.Smallest)
			}},
		{"nobody treated", 200, "'control'", nil, measurement.NoControl, func(t *testing.T, out activities.MeasureEffectOutput) { require.Zero(t, out.Difference) }},
		{"nobody at all", 200, "'left_out'", nil, measurement.NoControl, func(t *testing.T, out activities.MeasureEffectOutput) { require.Zero(t, out.Treated.Customers) }},
		{"one customer an arm", 2, "if(number = 0, 'control', 'treated')", func(first, n int) { m.buy(first, n, opens.Add(day), "purchase", vary("5000")) }, measurement.NoControl,
			func(t *testing.T, out activities.MeasureEffectOutput) { require.Zero(t, out.Low) }},
		{"nobody bought", 200, tenth, nil, measurement.Inconclusive, func(t *testing.T, out activities.MeasureEffectOutput) {
			require.Zero(t, out.Difference)
			require.InDelta(t, 1, out.P, 0)
			require.Zero(t, out.Smallest, "nobody can say what would be seen")
			require.Empty(t, out.Looks)
		}},
		{"customers who are new", 400, tenth, func(first, n int) {
			m.buy(first, n, opens.Add(day), "purchase", vary("if(number % 10 = 0, 5000, 9000)"))
		}, measurement.Proven, func(t *testing.T, out activities.MeasureEffectOutput) {
			require.False(t, out.Adjusted, "there is nothing to adjust by")
			require.InDelta(t, out.Treated.Mean-out.Control.Mean, out.Difference, 1e-6)
			require.Empty(t, out.Looks, "how wide a band must be is known from before only")
		}},
		{"bought before any message came", 400, tenth, func(first, n int) {
			m.buy(first, n, opens, "purchase", vary("5000")) // the window's first second
			m.buy(first, n, opens.Add(-time.Second), "purchase", vary("90000"))
		}, measurement.Inconclusive, func(t *testing.T, out activities.MeasureEffectOutput) {
			require.InDelta(t, 5500, out.Treated.Mean, 50, "it counts, in both arms alike")
			require.InDelta(t, 5500, out.Control.Mean, 150)
		}},
		{"given back after the window", 400, tenth, func(first, n int) {
			m.buy(first, n, opens.Add(day), "purchase", "20000 + number")
			m.buy(first, n, closes.Add(-time.Second), "refund", "5000")
			m.buy(first, n, closes, "refund", "10000") // the clawback's business, not the comparison's
		}, measurement.Inconclusive, func(t *testing.T, out activities.MeasureEffectOutput) {
			require.InDelta(t, 15200, out.Treated.Mean, 20)
		}},
		{"half of control was lost", 2000, "multiIf(number % 20 = 0, 'left_out', number % 10 = 0, 'control', 'treated')", func(first, n int) {
			m.buy(first, n, opens.Add(day), "purchase", vary("if(number % 10 = 0, 5000, 9000)"))
		}, measurement.Mismatch, func(t *testing.T, out activities.MeasureEffectOutput) { require.Less(t, out.Mismatch, .001) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := m
			m.t = t
			first := 1 + 10_000*len(m.names())
			run := m.draw(strings.ReplaceAll(c.name, " ", "-"), first, c.n, c.arm)
			if c.happy != nil {
				c.happy(first, c.n)
			}
			out := m.effect(run)
			require.Equal(t, string(c.claim), out.Claim)
			c.check(t, out)
			_, text := m.report(run, out, time.Time{})
			require.NotContains(t, text, "NaN")
			require.NotContains(t, text, "Inf")
		})
	}
}

func (m measured) names() (all []string) {
	m.t.Helper()
	rows, err := m.store.Conn().Query(m.t.Context(), "SELECT DISTINCT toString(campaign) FROM campaigns")
	require.NoError(m.t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		require.NoError(m.t, rows.Scan(&name))
		all = append(all, name)
	}
	return all
}

// Two campaigns in one window draw the same customers, each by itself: their reports name each other. A third one left
// alone whom the first had written to, but not its control, which spoils the first one's comparison.
func TestOverlappingCampaignsNameEachOther(t *testing.T) {
	m := measured{t: t, store: stacktest.Warehouse(t), brief: exampleBrief(t, "card-spend.yaml")}
	var err error
	m.times, err = m.brief.Spec.Times(time.Time{})
	require.NoError(t, err)
	const all = 3000
	drawn := func(name string) string { // as the product draws
		brief := m.brief
		brief.Spec.Campaign = name
		terms := targeting.TermsOf(campaign.Run{Campaign: name, Occurrence: 1, Plan: 1}, brief, m.times.Opens)
		var control []string
		for customer := uint32(1); customer <= all; customer++ {
			if terms.IsControl(customer) {
				control = append(control, fmt.Sprint(customer-1))
			}
		}
		require.InDelta(t, all/10, len(control), 70)
		return "if(number IN (" + strings.Join(control, ",") + "), 'control', 'treated')"
	}
	first, second := m.draw("first", 1, all, drawn("first")), m.draw("second", 1, all, drawn("second"))
	third := m.draw("third", 1, all, "multiIf(("+drawn("first")+") = 'control', 'treated', number % 3 = 0, 'treated', 'left_out')")
	silent := m.draw("silent", 1, all, drawn("silent")) // it wrote to nobody
	for _, run := range []campaign.Run{first, second, third} {
		m.exec(`INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, at)
			SELECT campaign, 1, launch, 'first', customer_key, 'email', 1, 'sent', toDateTime64('2026-09-02 01:30:00', 3, 'UTC') FROM audience WHERE campaign = '%s' AND arm = 'treated'`, run.Campaign)
	}
	d, text := m.report(first, m.effect(first), m.times.Opens.Add(7*24*time.Hour))
	require.Len(t, d.Overlaps, 2, "and none with itself, or with %s", silent.Campaign)
	byName := map[string]report.Overlap{}
	for _, o := range d.Overlaps {
		byName[o.Campaign] = o
	}
	alike := byName["second"]
	require.EqualValues(t, all, alike.Both)
	require.Greater(t, alike.Alike, .001, "the draws know nothing of each other")
	require.InDelta(t, .9*.9*all, alike.Treated, 80)
	spoilt := byName["third"]
	require.Less(t, spoilt.Alike, 1e-9)
	require.Contains(t, text, "Each campaign's effect contains the other's")
	require.Contains(t, text, "part of the difference is that campaign's")
	require.Contains(t, text, "두 캠페인의 효과가 서로 섞여 있습니다")
	back, _ := m.report(second, m.effect(second), time.Time{})
	require.Contains(t, []string{back.Overlaps[0].Campaign, back.Overlaps[1].Campaign}, "first")

	// It was cancelled after a quarter of its window; what left, left at half past ten in Seoul.
	require.NotNil(t, d.Cancelled)
	require.InDelta(t, .25, d.Cancelled.Window, .01)
	require.Contains(t, text, "25.0% of the window was over")
	require.Nil(t, back.Cancelled)
	require.Equal(t, d.Budget.Messages, d.Left[10])
}
