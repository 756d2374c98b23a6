package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/workflows"
)

// throttled is the example whose messages leave at a rate of the policy.
const throttled = "brand-sale.yaml"

// Every example runs to its closed books on a small population: mails as planned, dues paid once, postings that sum to
// zero. (The card campaign is the one that TestKilledItFinishes kills; the real households have a test of their own.)
func TestExamplesRun(t *testing.T) {
	for _, example := range []string{"brand-sale.yaml", "win-back.yaml", "member-offers.yaml", "app-first.yaml"} {
		t.Run(example, func(t *testing.T) {
			l := up(t, nil)
			b := brief(t, example, func(b *campaign.Brief) {
				b.Policy.AutoApprove = &b.Policy.Limits
				if example == throttled {
					b.Policy.Rates = []campaign.Rate{{Channel: campaign.ChannelEmail, PerSecond: 2000}}
				}
			})
			l.populate(6_000, b)
			run := l.startSharded(b, 2)
			status := l.until(run, 5*time.Minute, "the closed books", func(s workflows.Status) bool { return s.Stage.Final() })
			require.Equal(t, campaign.StageClosed, status.Stage, status.Failure)
			require.Positive(t, status.Treated)
			require.Zero(t, status.Settlement.Books.Sum)
			require.True(t, status.Settlement.Books.Intact)
			require.Empty(t, status.Settlement.Reconciled.Differences)
			l.verifyMoney(run, 0)
			require.EqualValues(t, l.count(`SELECT count() FROM (SELECT touch, customer_key, max(state) AS reached FROM delivery_events WHERE campaign = {campaign:String} GROUP BY touch, customer_key) WHERE reached IN ('sent', 'delivered')`, named(run)...),
				len(l.mails()), "a mail in the sink for each delivery that was sent")
			if touches := b.Spec.Touches; len(touches) > 1 {
				require.Positive(t, l.count(`SELECT count() FROM planned_deliveries WHERE campaign = {campaign:String} AND touch = {touch:String}`, append(named(run), namedArg("touch", touches[1].ID))...), "the reminder was planned")
			}
			l.record(example, run.WorkflowID(), run.DispatchID("first"), run.SettlementID(), run.BooksID(), workflows.BucketOf(1).ID())
			if example == throttled {
				l.record(example, workflows.ThrottleID(campaign.ChannelEmail))
			}
		})
	}
}

// A schedule starts its occurrences by campaign time, each with keys of its own.
func TestScheduleRunsItsOccurrences(t *testing.T) {
	l := up(t, nil)
	b := brief(t, "monthly.yaml", func(b *campaign.Brief) {
		b.Policy.AutoApprove = &b.Policy.Limits
		b.Spec.Schedule.Until = campaign.Moment{Time: time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC)}
		b.Spec.Audience.Exclude = campaign.Exclusion{}
	})
	from := time.Date(2026, 9, 15, 0, 0, 0, 0, time.FixedZone("KST", 9*3600))
	l.populateUntil(4_000, from)
	_, err := l.temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflows.ScheduleID(b.Spec.Campaign), TaskQueue: workflows.TaskQueue},
		workflows.Schedule, workflows.ScheduleInput{Brief: b, Clock: clock.Rehearse(from, 0), Shards: 1, Population: true})
	require.NoError(t, err)
	for occurrence, opens := range map[uint32]time.Time{
		1: time.Date(2026, 9, 30, 15, 0, 0, 0, time.UTC), 2: time.Date(2026, 10, 31, 15, 0, 0, 0, time.UTC),
	} {
		run := campaign.Run{Campaign: b.Spec.Campaign, Occurrence: occurrence, Plan: 1}
		status := l.until(run, 5*time.Minute, "the closed books of an occurrence", func(s workflows.Status) bool { return s.Stage.Final() })
		require.Equal(t, campaign.StageClosed, status.Stage, status.Failure)
		require.Equal(t, opens, status.Times.Opens.UTC(), "midnight of the first in Seoul")
		l.verifyMoney(run, 0)
	}
	require.Zero(t, l.count(`SELECT count() FROM campaigns WHERE campaign = {campaign:String} AND occurrence > 2`, named(campaign.Run{Campaign: b.Spec.Campaign})...))
	l.record("monthly.yaml", workflows.ScheduleID(b.Spec.Campaign))
}
