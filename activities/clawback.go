package activities

import (
	"context"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// ClawBack judges a shard's settled dues again with what is known by now, and records what is no longer earned. The books
// reverse it with the shard's clawback batch. Who would be owed more than they were paid is listed, not paid.
func (a *Settlement) ClawBack(ctx context.Context, in ClawBackInput) (ClawBackOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.clawBack(ctx, in)
	return out, Classify(err)
}

func (a *Settlement) clawBack(ctx context.Context, in ClawBackInput) (out ClawBackOutput, err error) {
	brief, err := a.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return out, err
	}
	if in.Known.IsZero() {
		in.Known = in.Times.Ends
	}
	earned, err := a.Store.Rejudge(ctx, in.Run, settlement.TermsOf(brief.Spec, in.Times).KnownUntil(in.Known), in.Shard)
	if err != nil {
		return out, err
	}
	dues, _, err := a.Store.Dues(ctx, in.Run, in.Shard)
	if err != nil {
		return out, err
	}
	if out.Late, err = a.listLate(ctx, in, dues, earned); err != nil {
		return out, err
	}
	claw := settlement.Claw{Settled: settledOf(dues), Earned: earned, Floor: brief.Policy.Clawback}
	if claw.Taken, err = a.Store.Clawbacks(ctx, in.Run, in.Shard); err != nil {
		return out, err
	}
	if claw.Owes, err = a.owes(ctx, brief.Spec.Currency, in.Shard); err != nil {
		return out, err
	}
	if err := a.Store.RecordClawbacks(ctx, in.Run, in.Shard, in.Pass, in.Known, settlement.Reverse(claw)); err != nil {
		return out, err
	}
	if err := a.keepFloor(ctx, in, brief); err != nil {
		return out, err
	}
	// Counted from what stands, so that a repeated attempt says the same as the first.
	taken, err := a.Store.Clawbacks(ctx, in.Run, in.Shard)
	if err != nil {
		return out, err
	}
	for _, t := range taken {
		out.Reversed++
		if out.Amount, err = money.Add(out.Amount, t.Amount); err != nil {
			return out, err
		}
		if out.Waived, err = money.Add(out.Waived, t.Waived); err != nil {
			return out, err
		}
	}
	return out, nil
}

// owes is what customers owe by the books of all campaigns, and by what campaigns recorded to take back and have not booked
// yet. What is booked between the two readings counts twice rather than not at all.
func (a *Settlement) owes(ctx context.Context, currency string, shard campaign.Shard) (map[uint32]money.Minor, error) {
	pending, err := a.Store.Pending(ctx, currency, shard)
	if err != nil {
		return nil, err
	}
	owed, err := a.Store.Owed(ctx, currency, shard)
	if err != nil {
		return nil, err
	}
	for customer, amount := range pending {
		if owed[customer], err = money.Add(owed[customer], amount); err != nil {
			return nil, err
		}
	}
	return owed, nil
}

// keepFloor looks once more after this pass was recorded: of two campaigns that claw back from a customer at once, each
// records first and looks then, so at least one sees the other, and takes less.
func (a *Settlement) keepFloor(ctx context.Context, in ClawBackInput, brief campaign.Brief) error {
	if brief.Policy.Clawback == nil {
		return nil
	}
	taken, err := a.Store.Clawbacks(ctx, in.Run, in.Shard)
	if err != nil {
		return err
	}
	taken = slices.DeleteFunc(taken, func(r settlement.Reversal) bool { return r.Pass != in.Pass || r.Amount == 0 })
	if len(taken) == 0 {
		return nil
	}
	owes, err := a.owes(ctx, brief.Spec.Currency, in.Shard)
	if err != nil {
		return err
	}
	return a.Store.LowerClawbacks(ctx, in.Run, in.Pass, in.Known, settlement.Lower(taken, owes, *brief.Policy.Clawback))
}

// settledOf are the dues whose customers have it: paid out, or netted in full.
func settledOf(dues []settlement.Due) []settlement.Due {
	var all []settlement.Due
	for _, d := range dues {
		switch {
		case d.State == campaign.PayoutPaid, d.Netted > 0 && d.Rest() == 0:
			all = append(all, d)
		case d.Netted > 0: // the rest was not paid, so it is not taken back
			d.Amount = d.Netted
			all = append(all, d)
		}
	}
	return all
}

// listLate lists redemptions by purchases that came to be known after the run was settled.
func (a *Settlement) listLate(ctx context.Context, in ClawBackInput, dues []settlement.Due, earned []settlement.Redemption) (uint64, error) {
	known := make(map[campaign.ID]bool, len(dues))
	for _, d := range dues {
		known[d.Payout] = true
	}
	// Who came when the rewards were gone was known in time.
	if err := a.Store.JudgedInTime(ctx, in.Run, in.Shard, func(key campaign.ID) { known[key] = true }); err != nil {
		return 0, err
	}
	var late []settlement.Redemption
	for _, r := range earned {
		if !known[in.Run.PayoutID(r.Customer, r.Offer, r.Round)] {
			late = append(late, r)
		}
	}
	return uint64(len(late)), a.Store.RecordLate(ctx, in.Run, late)
}
