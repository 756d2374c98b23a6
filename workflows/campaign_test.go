package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// script is a test environment in which every activity answers something plausible and counts what it was asked.
type script struct {
	*testsuite.TestWorkflowEnvironment
	mu      sync.Mutex // activities run at once
	asked   map[string]int
	batches []string
	closed  []activities.CloseTouchInput
	lived   []activities.LiveOnInput

	extractFault error
	planned      func(activities.PlanWavesInput) // is told what is planned; nil: nobody is
}

var seoul = time.FixedZone("KST", 9*3600)

func brief() campaign.Brief {
	day := campaign.Duration(24 * time.Hour)
	return campaign.Brief{
		Spec: campaign.Spec{
			Campaign: "autumn", Title: campaign.Text{"en": "Autumn"}, Currency: "KRW", Zone: "Asia/Seoul", Language: "ko", Author: "kim",
			Window:     campaign.Window{Starts: campaign.Moment{Time: time.Date(2026, 9, 1, 0, 0, 0, 0, seoul)}, Length: 28 * day},
			Offers:     []campaign.Offer{{ID: "plus", Kind: campaign.OfferThreshold, Reward: 1000}},
			Budget:     campaign.Budget{Expected: 100_000, Exposure: 300_000, Margin: .2},
			Touches:    []campaign.Touch{{ID: "first", Spread: day}},
			Settlement: campaign.Settlement{Lag: day, Clawback: 14 * day},
		},
		Policy: campaign.Policy{SnapshotAge: 3 * day, ApprovalAge: 2 * day, Limits: campaign.Limits{Currency: "KRW", Expected: 1e9, Exposure: 1e9, Reward: 1e6, Customers: 1e6}},
	}
}

func newScript(t *testing.T, approves bool) *script {
	var suite testsuite.WorkflowTestSuite
	s := &script{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), asked: map[string]int{}}
	Register(s.TestWorkflowEnvironment)
	s.SetStartTime(time.Date(2026, 8, 31, 0, 0, 0, 0, seoul))
	s.SetTestTimeout(20 * time.Second)
	shards := []campaign.Shard{{Index: 0, Of: 2, Low: 1, High: 50}, {Index: 1, Of: 2, Low: 51, High: 100}}
	answer(s, planning.RegisterCampaign, activities.RegisterCampaignOutput{Hash: "brief"})
	answer(s, planning.RecordDecision, activities.DecisionOutput{})
	answer(s, planning.Preflight, activities.PreflightOutput{Hash: "plan", Approves: approves, Reasons: []string{"over what approves itself"}})
	s.OnActivity(features.PlanSnapshot, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PlanSnapshotInput) (activities.PlanSnapshotOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked["PlanSnapshot"]++
		return activities.PlanSnapshotOutput{Snapshot: activities.Snapshot{ID: "snap", Instant: in.Instant}, Shards: shards}, nil
	})
	s.OnActivity(features.ExtractFeatures, mock.Anything, mock.Anything).Return(func(context.Context, activities.ExtractFeaturesInput) (activities.ExtractFeaturesOutput, error) {
		return activities.ExtractFeaturesOutput{Customers: 50}, s.extractFault
	})
	s.OnActivity(features.PublishSnapshot, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PublishSnapshotInput) (activities.PublishSnapshotOutput, error) {
		in.Snapshot.Customers, in.Snapshot.Published = in.Customers, true
		return activities.PublishSnapshotOutput{Snapshot: in.Snapshot}, nil
	})
	answer(s, targeting.FitModel, activities.FitModelOutput{Model: activities.Model{ID: "m"}})
	answer(s, targeting.ScoreAudience, activities.ScoreAudienceOutput{Scores: []uint32{1, 2}})
	answer(s, targeting.CutAudience, activities.CutAudienceOutput{})
	answer(s, targeting.SelectAudience, activities.SelectAudienceOutput{Treated: 20, Control: 2, Funnel: activities.Funnel{"treated": 20, "control": 2}})
	answer(s, offers.LearnOffers, activities.LearnOffersOutput{Knowledge: activities.Knowledge{ID: "k1"}})
	answer(s, offers.PriceOffers, activities.PriceOffersOutput{Prices: activities.Prices{Cost: 90_000, Out: 40_000}})
	answer(s, offers.AssignOffers, activities.AssignOffersOutput{Assigned: 20, Tiers: []activities.Tier{{Offer: "plus", Customers: 20, Exposure: 20_000}}})
	s.OnActivity(dispatch.PlanWaves, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PlanWavesInput) (activities.PlanWavesOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked["PlanWaves"]++
		if s.planned != nil {
			s.planned(in)
		}
		first := uint32(in.Opens.Unix()/3600) + 9
		return activities.PlanWavesOutput{Waves: map[uint32]uint64{first: 12, first + 2: 8}}, nil
	})
	answer(s, contacts.ReserveContacts, activities.AdmitContactsOutput{Admitted: 20})
	answer(s, dispatch.RenderMessages, activities.RenderMessagesOutput{Rendered: 20})
	s.OnActivity(dispatch.CloseTouch, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.CloseTouchInput) (activities.CloseTouchOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = append(s.closed, in)
		return activities.CloseTouchOutput{States: map[string]uint64{"sent": 20}}, nil
	})
	s.OnActivity(books.BookBatch, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.BookBatchInput) (activities.PostBatchOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.batches = append(s.batches, BatchKey(in))
		return activities.PostBatchOutput{Number: uint32(len(s.batches)), Head: fmt.Sprint("head", len(s.batches))}, nil
	})
	answer(s, books.CheckBooks, activities.CheckBooksOutput{Intact: true})
	answer(s, settlement.QualifyCustomers, activities.QualifyCustomersOutput{Reached: 20, Qualified: 3, Due: 3000})
	answer(s, settlement.CutFirstComers, activities.CutFirstComersOutput{})
	answer(s, settlement.PublishRedemptions, activities.PublishRedemptionsOutput{Qualified: 3, Due: 3000})
	answer(s, settlement.PayDues, activities.PayDuesOutput{Dues: 3, Paid: 3, Amount: 3000})
	answer(s, settlement.ReconcilePayouts, activities.ReconcilePayoutsOutput{Ours: 6, Theirs: 6})
	answer(s, settlement.ClawBack, activities.ClawBackOutput{})
	answer(s, books.NetDues, activities.NetDuesOutput{})
	answer(s, measurement.MeasureEffect, activities.MeasureEffectOutput{Metric: "spend", Claim: "inconclusive"})
	answer(s, reports.WriteReport, activities.WriteReportOutput{})
	s.OnActivity(worlds.LiveOn, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.LiveOnInput) (activities.LiveOnOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lived = append(s.lived, in)
		return activities.LiveOnOutput{}, nil
	})
	s.OnSignalExternalWorkflow(mock.Anything, "books/autumn/1", "", CloseBooks, nil).Return(nil)
	return s
}

func answer[In, Out any](s *script, step func(context.Context, In) (Out, error), out Out) {
	s.OnActivity(step, mock.Anything, mock.Anything).Return(func(context.Context, In) (Out, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[fmt.Sprintf("%T", out)]++
		return out, nil
	})
}

// deliver answers every wave; until may hold a page up until its context is cancelled.
func (s *script) deliver(f func(activities.DeliverWaveInput) error) {
	s.OnActivity(dispatch.DeliverWave, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.DeliverWaveInput) (activities.DeliverWaveOutput, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked["DeliverWave"]++
		return activities.DeliverWaveOutput{Planned: 10, Sent: 10}, f(in)
	})
}

func (s *script) status(t *testing.T) Status {
	var status Status
	value, err := s.QueryWorkflow(StatusQuery)
	require.NoError(t, err)
	require.NoError(t, value.Get(&status))
	return status
}

func (s *script) run(t *testing.T, in CampaignInput) (CampaignResult, error) {
	s.ExecuteWorkflow(Campaign, in)
	require.True(t, s.IsWorkflowCompleted())
	if err := s.GetWorkflowError(); err != nil {
		return CampaignResult{}, err
	}
	var out CampaignResult
	require.NoError(t, s.GetWorkflowResult(&out))
	return out, nil
}

// ask sends an update after a delay and keeps what came of it.
type asked struct {
	rejected error
	failed   error
}

func askAfter[In, Out any](s *script, u Update[In, Out], after time.Duration, in In) *asked {
	a := &asked{}
	s.RegisterDelayedCallback(func() {
		s.UpdateWorkflow(string(u), fmt.Sprint(u, after), &testsuite.TestUpdateCallback{
			OnReject:   func(err error) { a.rejected = err },
			OnAccept:   func() {},
			OnComplete: func(_ any, err error) { a.failed = err },
		}, in)
	}, after)
	return a
}

func TestARunGoesFromSpecToClosedBooks(t *testing.T) {
	s := newScript(t, true)
	var waves []activities.DeliverWaveInput
	s.deliver(func(in activities.DeliverWaveInput) error { waves = append(waves, in); return nil })
	out, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	require.NoError(t, err)
	require.Equal(t, campaign.StageClosed, out.Stage)
	require.Len(t, waves, 4, "two waves of two shards")
	require.Equal(t, time.Date(2026, 9, 2, 0, 0, 0, 0, seoul).UTC(), waves[0].Closes)
	kinds := slices.Clone(s.batches) // shards are booked at once, in whatever order
	for i, key := range kinds {
		kinds[i], _, _ = strings.Cut(key, "/")
	}
	require.Equal(t, []string{"approve", "reserve", "dues", "paid", "release", "clawback", "close"}, slices.Compact(kinds))
	require.Len(t, s.batches, 12)
	require.ElementsMatch(t, []string{"dues/1-50", "dues/51-100"}, s.batches[3:5])
	status := s.status(t)
	require.EqualValues(t, 40, status.Deliveries["sent"])
	require.EqualValues(t, 6, status.Settlement.Qualified.Qualified)
	require.Empty(t, s.lived, "real customers live by themselves")
}

func TestARehearsalMovesTimeOnlyWhileItWaits(t *testing.T) {
	s := newScript(t, true)
	from := time.Date(2026, 8, 31, 0, 0, 0, 0, seoul)
	var at []time.Time
	s.deliver(func(in activities.DeliverWaveInput) error { at = append(at, in.Clock.Now); return nil })
	started := s.Now()
	_, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1, Clock: clock.Rehearse(from, 0), Population: true})
	require.NoError(t, err)
	require.Less(t, s.Now().Sub(started), time.Minute, "a rehearsal at full speed waits for nothing")
	nine := time.Date(2026, 9, 1, 9, 0, 0, 0, seoul).UTC()
	require.Equal(t, []time.Time{nine, nine, nine.Add(2 * time.Hour), nine.Add(2 * time.Hour)}, at)
	last := s.lived[len(s.lived)-1]
	require.Equal(t, time.Date(2026, 10, 14, 0, 0, 0, 0, seoul).UTC(), last.To.UTC(), "the population lives to the end of the clawback window")
	for i := 2; i < len(s.lived); i++ {
		require.Equal(t, s.lived[i-2].To, s.lived[i].From, "the population lives without gaps")
	}
}

func TestAPlanWaitsForAPersonWhoMaySignIt(t *testing.T) {
	s := newScript(t, false)
	s.deliver(func(activities.DeliverWaveInput) error { return nil })
	stranger := askAfter(s, Approve, time.Hour, campaign.Approval{PlanHash: "plan", Approver: "nobody"})
	s.RegisterDelayedCallback(func() {
		status := s.status(t)
		require.Equal(t, campaign.StageAwaiting, status.Stage)
		require.Contains(t, status.Waits, "over what approves itself")
	}, 2*time.Hour)
	cancel := askAfter(s, Cancel, 3*time.Hour, Reason{Actor: "kim"})
	again := askAfter(s, Cancel, 3*time.Hour+time.Second, Reason{Actor: "kim"})
	out, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	require.NoError(t, err)
	require.ErrorContains(t, stranger.rejected, "policy knows no approver")
	require.NoError(t, errors.Join(cancel.rejected, cancel.failed))
	_ = again // it may come after the end: nothing to assert but that it does no harm
	require.Equal(t, campaign.StageCancelled, out.Stage)
	require.Empty(t, s.batches, "what was never reserved needs no release")
	require.Len(t, s.closed, 2)
	require.True(t, s.closed[0].Cancelled)
}

func TestAnUnapprovedPlanIsMadeAgainWhenItsSnapshotIsTooOld(t *testing.T) {
	s := newScript(t, false)
	s.deliver(func(activities.DeliverWaveInput) error { return nil })
	askAfter(s, Cancel, 7*24*time.Hour, Reason{Actor: "kim"})
	_, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	require.NoError(t, err)
	require.Equal(t, 3, s.asked["PlanSnapshot"], "day 0, 3 and 6")
	require.EqualValues(t, 3, s.status(t).Run.Plan)
}

func TestAPlanIsNotMadeBeforeItCanBeFresh(t *testing.T) {
	s := newScript(t, true)
	s.SetStartTime(time.Date(2026, 8, 1, 0, 0, 0, 0, seoul))
	s.deliver(func(activities.DeliverWaveInput) error { return nil })
	s.RegisterDelayedCallback(func() {
		status := s.status(t)
		require.Equal(t, campaign.StageDraft, status.Stage)
		require.Contains(t, status.Waits, "2026-08-28")
		require.Zero(t, s.asked["PlanSnapshot"])
	}, 20*24*time.Hour)
	out, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	require.NoError(t, err)
	require.Equal(t, campaign.StageClosed, out.Stage)
	require.Equal(t, 1, s.asked["PlanSnapshot"])
}

func TestACancelInMidDispatchStillSettlesWhoWasReached(t *testing.T) {
	s := newScript(t, true)
	s.deliver(func(activities.DeliverWaveInput) error { return nil })
	// The first wave leaves at 09:00 on September 1, the second at 11:00.
	askAfter(s, Cancel, 34*time.Hour, Reason{Actor: "kim", Why: "wrong text"})
	out, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	require.NoError(t, err)
	require.Equal(t, campaign.StageCancelled, out.Stage)
	require.Equal(t, 2, s.asked["DeliverWave"], "the second wave did not go")
	require.True(t, s.closed[0].Cancelled)
	require.Contains(t, s.batches, "paid/1-50")
	require.Contains(t, s.batches, "release/1-50")
}

func TestACancelBetweenApprovalAndTheFirstWaveReleasesEverything(t *testing.T) {
	s := newScript(t, true)
	s.deliver(func(activities.DeliverWaveInput) error { return nil })
	askAfter(s, Cancel, time.Hour, Reason{Actor: "kim"}) // the window opens a day after the start
	out, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	require.NoError(t, err)
	require.Equal(t, campaign.StageCancelled, out.Stage)
	require.Less(t, s.Now().Sub(time.Date(2026, 8, 31, 0, 0, 0, 0, seoul)), 2*time.Hour, "nobody waits for a clawback window")
	require.Contains(t, s.batches, "release/1-50")
	require.Contains(t, s.batches, "close")
	require.NotContains(t, s.batches, "dues/1-50")
	require.Zero(t, s.asked["DeliverWave"])
}

func TestAPauseHoldsAWaveAndResumeGivesItANewHour(t *testing.T) {
	s := newScript(t, true)
	s.deliver(func(activities.DeliverWaveInput) error { return nil })
	pause := askAfter(s, Pause, 34*time.Hour, Reason{Actor: "kim"})
	s.RegisterDelayedCallback(func() {
		require.True(t, s.status(t).Paused)
		require.Equal(t, 2, s.asked["DeliverWave"])
	}, 38*time.Hour)
	resume := askAfter(s, Resume, 38*time.Hour+time.Minute, Reason{Actor: "kim"})
	_, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	require.NoError(t, err)
	require.NoError(t, errors.Join(pause.rejected, pause.failed, resume.rejected, resume.failed))
	require.Equal(t, 4, s.asked["PlanWaves"], "planned once for each shard, and again after the pause")
}

func TestAfterTheFirstSendTroubleWaitsForAPerson(t *testing.T) {
	s := newScript(t, true)
	broken := true
	s.deliver(func(activities.DeliverWaveInput) error {
		if broken {
			return temporal.NewNonRetryableApplicationError("the sender address is not registered", "BadSender", nil)
		}
		return nil
	})
	s.RegisterDelayedCallback(func() {
		status := s.status(t)
		require.True(t, status.Paused)
		require.Contains(t, status.Failure, "not registered")
		require.Contains(t, status.Next, "starter resume autumn")
		broken = false
	}, 34*time.Hour)
	askAfter(s, Resume, 34*time.Hour+time.Second, Reason{Actor: "kim"})
	out, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	require.NoError(t, err)
	require.Equal(t, campaign.StageClosed, out.Stage)
}

func TestBeforeTheFirstSendAFaultEndsTheRunAndSaysWhy(t *testing.T) {
	s := newScript(t, true)
	s.deliver(func(activities.DeliverWaveInput) error { return nil })
	s.extractFault = temporal.NewNonRetryableApplicationError("there are no customers", "NoCustomers", nil)
	_, err := s.run(t, CampaignInput{Brief: brief(), Occurrence: 1})
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, "NoCustomers", application.Type())
	require.Zero(t, s.asked["DeliverWave"])
	require.Empty(t, s.batches)
}

func TestBucketsCoverEveryCustomerOnce(t *testing.T) {
	shards := []campaign.Shard{{Low: 1, High: 1 << 20}, {Low: 1<<20 + 1, High: 3<<20 + 5}}
	next := uint32(1)
	for _, piece := range byBucket(shards) {
		require.Equal(t, next, piece.Low)
		require.Equal(t, BucketOf(piece.Low), BucketOf(piece.High))
		next = piece.High + 1
	}
	require.Equal(t, uint32(3<<20+6), next)
}
