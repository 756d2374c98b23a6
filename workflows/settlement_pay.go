package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/campaign"
)

// mostWait is the longest pause between two questions to a provider that has not answered all of them.
const mostWait = 10 * time.Minute

// pay pays every shard's dues until each has an answer, then books what was paid. What the provider does not tell is
// asked for again, ever more rarely; when patience ends it is left to a person, and the rest goes on.
func (s *settlementRun) pay(ctx workflow.Context) error {
	until, wait := workflow.Now(ctx).Add(s.in.Patience), time.Second
	for {
		if err := s.payAll(ctx); err != nil {
			return err
		}
		left := until.Sub(workflow.Now(ctx))
		if !s.waits || s.out.Paid.Unknown == 0 || left <= 0 {
			break
		}
		s.tell(ctx, fmt.Sprintf("%d of %d payouts have no clear answer yet; nothing is guessed, and the provider is asked again in %s", s.out.Paid.Unknown, s.out.Paid.Dues, min(wait, left)),
			fmt.Sprintf("nothing to press; if it lasts, look at the provider, or at `starter payouts %s`", s.in.Run.Campaign))
		if err := workflow.Sleep(ctx, min(wait, left)); err != nil {
			return err
		}
		wait = min(2*wait, mostWait)
	}
	if s.in.Pass > 0 { // a person may have decided that some will not be paid
		if _, err := s.book(ctx, activities.BatchForgo); err != nil {
			return err
		}
	}
	_, err := s.book(ctx, activities.BatchPaid)
	return err
}

// payAll pays every shard's dues, over again after each pause: a payout's key makes it one payout.
func (s *settlementRun) payAll(ctx workflow.Context) error {
	for {
		dues := fmt.Sprintf("%d customers met the terms", s.out.Qualified.Qualified)
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
		s.out.Paid = activities.PayDuesOutput{}
		for _, p := range outs {
			s.out.Paid.Dues += p.Dues
			s.out.Paid.Paid += p.Paid
			s.out.Paid.Amount += p.Amount
			s.out.Paid.Netted += p.Netted
			s.out.Paid.Refused += p.Refused
			s.out.Paid.Unknown += p.Unknown
		}
		return err
	}
}
