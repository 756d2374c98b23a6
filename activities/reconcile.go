package activities

import (
	"context"
	"fmt"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

// ReconcilePayouts compares our record with the provider's statement, payout by payout, and follows each break until a
// later statement agrees or a person settles it.
func (a *Settlement) ReconcilePayouts(ctx context.Context, in ReconcilePayoutsInput) (ReconcilePayoutsOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.reconcile(ctx, in)
	return out, Classify(err)
}

func (a *Settlement) reconcile(ctx context.Context, in ReconcilePayoutsInput) (out ReconcilePayoutsOutput, err error) {
	brief, err := a.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return out, err
	}
	provider, err := a.Payouts.of(brief.Spec)
	if err != nil {
		return out, err
	}
	payouts, err := a.Store.Payouts(ctx, in.Run, campaign.Shard{})
	if err != nil {
		return out, err
	}
	both := settlement.NewStatement()
	for _, p := range payouts {
		if p.State != campaign.PayoutPaid {
			continue
		}
		both.Ours(settlement.Payout{Key: p.Payout, Amount: p.Amount, Currency: p.Currency, Customer: p.Customer})
		out.Ours++
		if out.OursAmount, err = money.Add(out.OursAmount, p.Amount); err != nil {
			return out, err
		}
	}
	err = provider.List(ctx, in.Run, func(p settlement.Payout) (err error) {
		both.Theirs(p)
		out.Theirs++
		out.TheirsAmount, err = money.Add(out.TheirsAmount, p.Amount)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("list the provider's payouts: %w", err)
	}
	wall := clock.Wall()
	shown := both.Breaks(in.Clock.At(wall), ownerOf(brief.Spec))
	out.Matched, out.Differences = matched(out.Ours, shown), differences(shown)
	kept, err := a.Store.Breaks(ctx, in.Run)
	if err != nil {
		return out, err
	}
	changed := settlement.Follow(kept, shown)
	if err := a.Store.RecordBreaks(ctx, in.Run, "", wall, changed); err != nil {
		return out, err
	}
	if kept, err = a.Store.Breaks(ctx, in.Run); err != nil {
		return out, err
	}
	for _, b := range kept {
		if !b.Resolved {
			out.Open++
		}
	}
	return out, nil
}

// ownerOf is who has to act on a break until somebody else takes it.
func ownerOf(spec campaign.Spec) string {
	if spec.Author != "" {
		return spec.Author
	}
	return "settlement"
}

// matched is how many of ours the statement agrees with.
func matched(ours uint64, shown []settlement.Break) uint64 {
	broken := map[campaign.ID]bool{}
	for _, b := range shown {
		if b.Kind != settlement.BreakUnknown {
			broken[b.Payout] = true
		}
	}
	return ours - min(ours, uint64(len(broken)))
}

// differences adds breaks up by kind, with an example of each.
func differences(shown []settlement.Break) []Fault {
	var all []Fault
	for _, k := range []struct {
		of            settlement.BreakKind
		kind, message string
	}{
		{settlement.BreakMissing, "missing", "we hold it for paid, the provider does not have it"},
		{settlement.BreakUnknown, "surplus", "the provider paid it, we do not hold it for paid"},
		{settlement.BreakAmount, "unequal", "the provider paid another amount"},
		{settlement.BreakTwice, "twice", "the provider paid it more than once"},
	} {
		var f Fault
		var differs money.Minor
		for _, b := range shown {
			if b.Kind != k.of {
				continue
			}
			if f.Customers == 0 || b.Customer < f.Example {
				f.Example = b.Customer
			}
			f.Customers++
			differs += b.Ours - b.Theirs
		}
		if f.Customers > 0 {
			f.Kind, f.Message = k.kind, fmt.Sprintf("%s (difference %d)", k.message, differs)
			all = append(all, f)
		}
	}
	return all
}
