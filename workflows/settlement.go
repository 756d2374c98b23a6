package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// Step is a step of a settlement. Each may be run again: what was judged, booked, paid or found before stays as it is.
type Step string

// The steps in their order.
const (
	StepQualify   Step = "qualify"   // who met the terms
	StepPost      Step = "post"      // what is due, less what its customers owe
	StepPay       Step = "pay"       // until each payout has an answer
	StepReconcile Step = "reconcile" // with the provider's statement; then release what nobody met
	StepClawBack  Step = "claw-back" // what is no longer earned
	StepClose     Step = "close"     // the books
)

// Steps are all of them.
var Steps = []Step{StepQualify, StepPost, StepPay, StepReconcile, StepClawBack, StepClose}

// SettlementInput is a run whose window is over, and which steps to make.
type SettlementInput struct {
	Run    campaign.Run     `json:"run"`
	Times  campaign.Times   `json:"times"`
	Shards []campaign.Shard `json:"shards"`
	Clock  clock.Clock      `json:"clock"`
	Paused bool             `json:"paused,omitempty"`

	From     Step                `json:"from,omitempty"`     // default: qualify
	Until    Step                `json:"until,omitempty"`    // this step too; default: reconcile
	Pass     uint16              `json:"pass,omitempty"`     // 0: the run's own; n: the n-th time that it is settled again
	Patience time.Duration       `json:"patience,omitempty"` // wall time for which answers of the provider are waited for; default a day
	Shared   string              `json:"shared,omitempty"`   // the budget that the run drew on, which close gives the rest back to
	Drawn    *activities.DrawnBy `json:"drawn,omitempty"`    //
	Asked    *Reason             `json:"asked,omitempty"`    // who asked for it to be settled again
}

// SettlementResult is what was owed, paid and found in the books.
type SettlementResult struct {
	Qualified  activities.QualifyCustomersOutput `json:"qualified"`
	Paid       activities.PayDuesOutput          `json:"paid"`
	Reconciled activities.ReconcilePayoutsOutput `json:"reconciled"`
	Books      activities.CheckBooksOutput       `json:"books"`
	Head       string                            `json:"head"`
	ClawedBack activities.ClawBackOutput         `json:"clawed_back,omitzero"`
}

// patience is how long the provider's answers are waited for when nobody says otherwise. What has none by then needs a person.
const patience = 24 * time.Hour

// Settlement judges who met the terms, books what is due, pays it, reconciles with the provider, releases the rest, claws
// back what did not hold, and closes the books: all of it, or some steps. It does not heed a cancel: what was promised to
// those who were reached is kept.
func Settlement(ctx workflow.Context, in SettlementInput) (SettlementResult, error) {
	if in.From == "" {
		in.From = StepQualify
	}
	if in.Until == "" {
		in.Until = StepReconcile
	}
	if in.Patience == 0 {
		in.Patience = patience
	}
	s := settlementRun{in: in, control: listenToParent(ctx, in.Paused), waits: waitsForAnswers(ctx)}
	for _, step := range []struct {
		Step
		do func(workflow.Context) error
	}{
		{StepQualify, s.qualify},
		{StepPost, s.post},
		{StepPay, s.pay},
		{StepReconcile, s.reconcile},
		{StepClawBack, s.clawBack},
		{StepClose, s.close},
	} {
		if !s.makes(step.Step) {
			continue
		}
		s.step = step.Step
		if err := step.do(ctx); err != nil {
			return s.out, err
		}
	}
	if in.Pass > 0 { // its campaign waits elsewhere, and tells of it in its report; one that has ended does not hear it
		_ = workflow.SignalExternalWorkflow(ctx, in.Run.WorkflowID(), "", settledSignal, s.out).Get(ctx, nil)
	}
	return s.out, nil
}

type settlementRun struct {
	in      SettlementInput
	out     SettlementResult
	control *childControl
	step    Step
	waits   bool
}

// makes says whether a step is one of those that were asked for.
func (s *settlementRun) makes(step Step) bool {
	at := slices.Index(Steps, step)
	return at >= slices.Index(Steps, s.in.From) && at <= slices.Index(Steps, s.in.Until)
}

// post books what is due, and sets it against what its customers owe from earlier campaigns.
func (s *settlementRun) post(ctx workflow.Context) error {
	if s.waits {
		s.tell(ctx, fmt.Sprintf("%d customers met the terms, and it books what is due", s.out.Qualified.Qualified), "nothing to press")
	}
	if _, err := s.book(ctx, activities.BatchDues); err != nil || !s.waits {
		return err
	}
	_, err := overShards(post(ctx), books.NetDues, s.in.Shards, func(shard campaign.Shard) activities.NetDuesInput {
		return activities.NetDuesInput{Run: s.in.Run, Shard: shard, Pass: s.in.Pass, At: s.now(ctx)}
	}, "set dues against what customers owe")
	return err
}

func (s *settlementRun) reconcile(ctx workflow.Context) error {
	s.tell(ctx, fmt.Sprintf("%d of %d dues are paid; it holds them against the provider's list, releases what nobody met, and balances the books", s.out.Paid.Paid, s.out.Paid.Dues), "nothing to press")
	reconciled, err := run(post(ctx), settlement.ReconcilePayouts, activities.ReconcilePayoutsInput{Run: s.in.Run, Clock: s.in.Clock}, "our payouts against the provider's")
	if err != nil {
		return err
	}
	s.out.Reconciled = reconciled
	if s.out.Head, err = s.book(ctx, activities.BatchRelease); err != nil {
		return err
	}
	return s.check(ctx)
}

// clawBack judges again with what is known by now, and reverses what is no longer earned.
func (s *settlementRun) clawBack(ctx workflow.Context) error {
	s.tell(ctx, "it judges again, with the refunds and cancellations that came since, and takes back what is no longer earned", "nothing to press")
	known := s.now(ctx)
	if known.After(s.in.Times.Ends) {
		known = s.in.Times.Ends
	}
	outs, err := overShards(compute(ctx), settlement.ClawBack, s.in.Shards, func(shard campaign.Shard) activities.ClawBackInput {
		return activities.ClawBackInput{Run: s.in.Run, Times: s.in.Times, Shard: shard, Known: known, Pass: s.in.Pass}
	}, "what no longer holds")
	if err != nil {
		return err
	}
	for _, c := range outs {
		s.out.ClawedBack.Reversed += c.Reversed
		s.out.ClawedBack.Amount += c.Amount
		s.out.ClawedBack.Waived += c.Waived
		s.out.ClawedBack.Late += c.Late
	}
	if s.out.Head, err = s.book(ctx, activities.BatchClawback); err != nil || s.makes(StepClose) {
		return err
	}
	return s.check(ctx)
}

// close gives back what is left of the approved budget and checks the chain to its end.
func (s *settlementRun) close(ctx workflow.Context) error {
	s.tell(ctx, "the clawback window is over, and it closes the books", "nothing to press")
	closed, err := run(post(ctx), books.BookBatch, activities.BookBatchInput{Run: s.in.Run, Kind: activities.BatchClose, At: s.now(ctx)}, "close the budget")
	if err != nil {
		return err
	}
	s.out.Head = closed.Head
	if s.in.Shared != "" && s.in.Drawn != nil {
		back := activities.BookBatchInput{Run: campaign.SharedBudget(s.in.Shared), Kind: activities.BatchReturn, At: s.now(ctx), Of: s.in.Drawn}
		if _, err := run(post(ctx), books.BookBatch, back, "return what is left to the budget "+s.in.Shared); err != nil {
			return err
		}
	}
	return s.check(ctx)
}

func (s *settlementRun) check(ctx workflow.Context) (err error) {
	s.out.Books, err = run(post(ctx), books.CheckBooks, activities.CheckBooksInput{Run: s.in.Run, Head: s.out.Head}, "trial balance")
	return err
}

// now is campaign time: the parent's clock as it was handed over.
func (s *settlementRun) now(ctx workflow.Context) time.Time { return s.in.Clock.At(workflow.Now(ctx)) }

// tell shows in the Temporal UI where the settlement stands, why, and what to press.
func (s *settlementRun) tell(ctx workflow.Context, why, next string) {
	details := headline(campaign.StageSettling, s.control.paused)
	details += fmt.Sprintf("**Why:** %s\n\n**Next:** %s\n\n- Campaign: `%s`\n", sentence(why), sentence(next), s.in.Run.WorkflowID())
	for _, step := range Steps {
		if !s.makes(step) {
			continue
		}
		mark := "done"
		switch at := slices.Index(Steps, step) - slices.Index(Steps, s.step); {
		case at == 0:
			mark = "**now**"
		case at > 0:
			mark = "to come"
		}
		details += fmt.Sprintf("- %s: %s\n", step, mark)
	}
	if s.in.Asked != nil {
		details += fmt.Sprintf("- Settled again (pass %d), asked for by %s: %s\n", s.in.Pass, s.in.Asked.Actor, s.in.Asked.Why)
	}
	workflow.SetCurrentDetails(ctx, details)
}

// book posts a batch for each shard; the last one's head is the head of the chain.
func (s *settlementRun) book(ctx workflow.Context, kind activities.BatchKind) (string, error) {
	return bookShards(ctx, s.in.Run, s.in.Shards, kind, s.in.Pass, s.now(ctx))
}

func bookShards(ctx workflow.Context, of campaign.Run, shards []campaign.Shard, kind activities.BatchKind, pass uint16, at time.Time) (string, error) {
	outs, err := overShards(post(ctx), books.BookBatch, shards, func(shard campaign.Shard) activities.BookBatchInput {
		return activities.BookBatchInput{Run: of, Kind: kind, Shard: shard, At: at, Pass: pass}
	}, "book "+string(kind))
	var last activities.PostBatchOutput
	for _, out := range outs {
		if out.Number > last.Number {
			last = out
		}
	}
	return last.Head, err
}
