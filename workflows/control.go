package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

var errCancelled = errors.New("the campaign was cancelled")

// listen installs what people may ask of a running campaign. Validators refuse what makes no sense before it enters the history.
func (r *campaignRun) listen(ctx workflow.Context) error {
	workflow.Go(ctx, func(ctx workflow.Context) {
		progress := workflow.GetSignalChannel(ctx, progressSignal)
		for {
			var p DispatchProgress
			progress.Receive(ctx, &p)
			r.status.Dispatch = p
			if p.Trouble != "" {
				r.trouble(ctx, p.Trouble)
			}
			r.status.Waits = fmt.Sprintf("wave %d of %d of touch %s", p.Wave, p.Waves, p.Touch)
			_ = r.show(ctx) // a failure to show is shown by the next stage's own
		}
	})
	return errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (Status, error) { return r.status, nil },
			workflow.QueryHandlerOptions{Description: "Where the campaign stands"}),
		Approve.answer(ctx, "Approve the plan by its hash, signed", r.mayApprove, func(ctx workflow.Context, a campaign.Approval) (Ack, error) {
			r.approval = &a
			return r.ack(), nil
		}),
		Pause.answer(ctx, "Stop sending and paying until resumed", r.mayPause, func(ctx workflow.Context, why Reason) (Ack, error) {
			r.status.Paused, r.status.PausedBy = true, why
			r.tellChild(ctx, pauseSignal)
			return r.ack(), errors.Join(r.show(ctx), r.record(ctx, "pause", why))
		}),
		Resume.answer(ctx, "Go on", r.mayResume, func(ctx workflow.Context, why Reason) (Ack, error) {
			if r.status.Failure != "" {
				r.status.Next = "" // the cause is mended
			}
			r.status.Paused, r.status.Failure, r.status.PausedBy = false, "", Reason{}
			r.tellChild(ctx, resumeSignal)
			return r.ack(), errors.Join(r.show(ctx), r.record(ctx, "resume", why))
		}),
		Cancel.answer(ctx, "Stop; whoever was reached is still settled", r.mayCancel, func(ctx workflow.Context, why Reason) (Ack, error) {
			r.cancel(ctx, why)
			return r.ack(), r.record(ctx, "cancel", why)
		}),
		Replace.answer(ctx, "Replace the brief before the first send", r.mayReplace, func(ctx workflow.Context, with Replacement) (Ack, error) {
			r.replaced = &with
			r.stop()
			return r.ack(), r.record(ctx, "replace", Reason{Actor: with.Actor})
		}),
	)
}

func (r *campaignRun) mayApprove(ctx workflow.Context, a campaign.Approval) error {
	switch {
	case r.status.Stage != campaign.StageAwaiting:
		return fmt.Errorf("there is no plan to approve: the campaign is %s", r.status.Stage)
	case r.status.Plan.Blocks:
		return fmt.Errorf("this plan can't be approved: %s", reasons(r.status.Plan))
	case r.approval != nil:
		return fmt.Errorf("%s has approved it already", r.approval.Approver)
	}
	if err := r.in.Brief.Policy.Verify(a, r.status.Plan.Hash, r.in.Brief.Spec.Author, workflow.Now(ctx)); err != nil { // signed by the wall clock, in a rehearsal too
		return err
	}
	if !r.clock.Rehearsal && a.Expires.Before(r.times.Opens) {
		return fmt.Errorf("the approval would expire at %s, before the window opens at %s: sign one that holds until then, or approve later", a.Expires.UTC().Format(shown), r.times.Opens.Format(shown))
	}
	return nil
}

func (r *campaignRun) mayPause(workflow.Context, Reason) error {
	if r.status.Paused || r.over() {
		return fmt.Errorf("the campaign is %s%s", r.status.Stage, map[bool]string{true: " and paused already"}[r.status.Paused])
	}
	return nil
}

func (r *campaignRun) mayResume(workflow.Context, Reason) error {
	if !r.status.Paused {
		return fmt.Errorf("the campaign is not paused: it is %s", r.status.Stage)
	}
	return nil
}

func (r *campaignRun) mayCancel(workflow.Context, Reason) error {
	if r.cancelled != nil || r.over() {
		return fmt.Errorf("the campaign is %s", r.status.Stage)
	}
	return nil
}

func (r *campaignRun) mayReplace(_ workflow.Context, with Replacement) error {
	switch {
	case r.sent || r.reserved || r.over():
		return fmt.Errorf("the campaign is %s: what has been approved can't be replaced; cancel it and choose a new id", r.status.Stage)
	case with.Brief.Spec.Campaign != r.run.Campaign:
		return fmt.Errorf("the new spec is of %q, this campaign is %q", with.Brief.Spec.Campaign, r.run.Campaign)
	}
	return nil
}

func (r *campaignRun) over() bool {
	switch r.status.Stage {
	case campaign.StageClosed, campaign.StageCancelled, campaign.StageFailed:
		return true
	}
	return false
}

func (r *campaignRun) ack() Ack { return Ack{Stage: r.status.Stage, Paused: r.status.Paused} }

// cancel stops what is not sent yet; a paused campaign can be cancelled too.
func (r *campaignRun) cancel(ctx workflow.Context, why Reason) {
	if r.cancelled != nil {
		return
	}
	r.cancelled, r.ended, r.status.Paused = &why, r.now(ctx), false
	r.stop()
	r.tellChild(ctx, cancelSignal)
}

// trouble pauses the run for a person: past the first send a campaign never fails, it waits to be mended.
func (r *campaignRun) trouble(ctx workflow.Context, what string) {
	r.status.Paused, r.status.Failure = true, what
	r.status.Next = fmt.Sprintf("mend the cause, then `starter resume %s`", r.run.Campaign)
	workflow.GetLogger(ctx).Error("The campaign needs a person", "campaign", r.run.Campaign, "stage", r.status.Stage, "reason", what)
}

// insist runs a step until it succeeds, waiting for a person whenever retries cannot mend what went wrong.
func (r *campaignRun) insist(ctx workflow.Context, step func() error) error {
	for {
		err := step()
		if err == nil || temporal.IsCanceledError(err) && ctx.Err() != nil {
			return err
		}
		r.trouble(ctx, plain(err))
		if err := errors.Join(r.show(ctx), r.whilePaused(ctx)); err != nil {
			return err
		}
	}
}

func (r *campaignRun) whilePaused(ctx workflow.Context) error {
	if !r.status.Paused {
		return nil
	}
	return workflow.Await(ctx, func() bool { return !r.status.Paused })
}

// now is campaign time.
func (r *campaignRun) now(ctx workflow.Context) time.Time { return r.clock.At(workflow.Now(ctx)) }

// clockNow is the clock as activities get it.
func (r *campaignRun) clockNow(workflow.Context) clock.Clock { return r.clock }

func (r *campaignRun) record(ctx workflow.Context, action string, why Reason) error {
	return r.decide(ctx, campaign.Decision{
		Key: fmt.Sprintf("%s/%d", action, workflow.GetInfo(ctx).GetCurrentHistoryLength()), Action: action, Actor: why.Actor, Detail: why.Why,
	})
}

func (r *campaignRun) decide(ctx workflow.Context, d campaign.Decision) error {
	d.At = r.now(ctx)
	_, err := run(query(ctx), planning.RecordDecision, activities.DecisionInput{Run: r.run, Decision: d}, d.Action+" by "+d.Actor)
	return err
}

// waitUntil waits until campaign time until, or until broken says so. In a rehearsal this is what moves the clock.
func waitUntil(ctx workflow.Context, c *clock.Clock, until time.Time, broken func() bool, summary string) error {
	left := c.Wait(workflow.Now(ctx), until)
	if left > 0 {
		reached, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: left, TimerOptions: workflow.TimerOptions{Summary: summary}}, broken)
		if err != nil || reached {
			return err
		}
	}
	*c = c.Advanced(until)
	return nil
}

// plain is the innermost sentence of an error: what a manager reads.
func plain(err error) string {
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		return application.Message()
	}
	return err.Error()
}
