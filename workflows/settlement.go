package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
)

// SettlementInput is a run whose window is over.
type SettlementInput struct {
	Run    campaign.Run     `json:"run"`
	Times  campaign.Times   `json:"times"`
	Shards []campaign.Shard `json:"shards"`
	Clock  clock.Clock      `json:"clock"`
	Paused bool             `json:"paused,omitempty"`
}

// SettlementResult is what was owed, paid and found in the books.
type SettlementResult struct {
	Qualified  activities.QualifyCustomersOutput `json:"qualified"`
	Paid       activities.PayDuesOutput          `json:"paid"`
	Reconciled activities.ReconcilePayoutsOutput `json:"reconciled"`
	Books      activities.CheckBooksOutput       `json:"books"`
	Head       string                            `json:"head"`
}

// Settlement judges who met the terms, books what is due, pays it, reconciles with the provider and releases the rest.
// It does not heed a cancel: what was promised to those who were reached is kept.
func Settlement(ctx workflow.Context, in SettlementInput) (SettlementResult, error) {
	s := settlementRun{in: in, control: listenToParent(ctx, in.Paused)}
	var out SettlementResult
	if err := s.qualify(ctx, &out); err != nil {
		return out, err
	}
	if _, err := s.book(ctx, activities.BatchDues); err != nil {
		return out, err
	}
	if err := s.pay(ctx, &out); err != nil {
		return out, err
	}
	if _, err := s.book(ctx, activities.BatchPaid); err != nil {
		return out, err
	}
	s.tell(ctx, fmt.Sprintf("%d of %d dues are paid; it holds them against the provider's list, releases what nobody met, and balances the books", out.Paid.Paid, out.Paid.Dues), "nothing to press")
	reconciled, err := run(post(ctx), settlement.ReconcilePayouts, activities.ReconcilePayoutsInput{Run: in.Run, Clock: in.Clock}, "our payouts against the provider's")
	if err != nil {
		return out, err
	}
	out.Reconciled = reconciled
	if out.Head, err = s.book(ctx, activities.BatchRelease); err != nil {
		return out, err
	}
	out.Books, err = run(post(ctx), books.CheckBooks, activities.CheckBooksInput{Run: in.Run, Head: out.Head}, "trial balance")
	return out, err
}

type settlementRun struct {
	in      SettlementInput
	control *childControl
}

func (s *settlementRun) qualify(ctx workflow.Context, out *SettlementResult) error {
	s.tell(ctx, "it judges who met the terms", "nothing to press")
	outs, err := overShards(compute(ctx), settlement.QualifyCustomers, s.in.Shards, func(shard campaign.Shard) activities.QualifyCustomersInput {
		return activities.QualifyCustomersInput{Run: s.in.Run, Times: s.in.Times, Shard: shard}
	}, "who met the terms")
	for _, q := range outs {
		out.Qualified.Reached += q.Reached
		out.Qualified.Qualified += q.Qualified
		out.Qualified.Due += q.Due
	}
	return err
}

// pay pays every shard's dues, over again after each pause: a payout's key makes it one payout.
func (s *settlementRun) pay(ctx workflow.Context, out *SettlementResult) error {
	for {
		dues := fmt.Sprintf("%d customers met the terms", out.Qualified.Qualified)
		if s.control.paused {
			s.tell(ctx, "it is paused before it pays: "+dues, fmt.Sprintf("`starter resume %s`", s.in.Run.Campaign))
		}
		if err := s.control.untilResumed(ctx); err != nil {
			return err
		}
		s.tell(ctx, dues+", and it pays them", fmt.Sprintf("nothing to press; `starter pause %s` stops it", s.in.Run.Campaign))
		payCtx, stop := workflow.WithCancel(ctx)
		s.control.stop = func() {
			if s.control.paused { // a cancelled campaign still pays
				stop()
			}
		}
		outs, err := overShards(post(payCtx), settlement.PayDues, s.in.Shards, func(shard campaign.Shard) activities.PayDuesInput {
			return activities.PayDuesInput{Run: s.in.Run, Shard: shard, Clock: s.in.Clock}
		}, "pay what is due")
		stop()
		s.control.stop = nil
		if err != nil && s.control.paused {
			continue
		}
		for _, p := range outs {
			out.Paid.Dues += p.Dues
			out.Paid.Paid += p.Paid
			out.Paid.Amount += p.Amount
			out.Paid.Refused += p.Refused
			out.Paid.Unknown += p.Unknown
		}
		return err
	}
}

// tell shows in the Temporal UI where the settlement stands, why, and what to press.
func (s *settlementRun) tell(ctx workflow.Context, why, next string) {
	details := headline(campaign.StageSettling, s.control.paused)
	details += fmt.Sprintf("**Why:** %s\n\n**Next:** %s\n\n- Campaign: `%s`\n", sentence(why), sentence(next), s.in.Run.WorkflowID())
	workflow.SetCurrentDetails(ctx, details)
}

// book posts a batch for each shard; the last one's head is the head of the chain.
func (s *settlementRun) book(ctx workflow.Context, kind activities.BatchKind) (string, error) {
	return bookShards(ctx, s.in.Run, s.in.Shards, kind, s.in.Clock.At(workflow.Now(ctx)))
}

func bookShards(ctx workflow.Context, of campaign.Run, shards []campaign.Shard, kind activities.BatchKind, at time.Time) (string, error) {
	outs, err := overShards(post(ctx), books.BookBatch, shards, func(shard campaign.Shard) activities.BookBatchInput {
		return activities.BookBatchInput{Run: of, Kind: kind, Shard: shard, At: at}
	}, "book "+string(kind))
	var last activities.PostBatchOutput
	for _, out := range outs {
		if out.Number > last.Number {
			last = out
		}
	}
	return last.Head, err
}
