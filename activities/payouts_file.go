package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/settlement"
)

// FileProvider is a provider that takes many payouts at once and answers later: files, or codes of a pool.
type FileProvider interface {
	PayoutProvider
	// Hand puts payouts on their way that are not yet. Each goes once, whoever asks and however often.
	Hand(ctx context.Context, run campaign.Run, shard campaign.Shard, payouts []settlement.Payout) error
	// Answers are those that have come so far for a run's payouts; there may be others among them.
	Answers(ctx context.Context, run campaign.Run) (map[campaign.ID]settlement.Answer, error)
	// Waits is the word for why a payout has no answer yet.
	Waits() string
}

var (
	_ = classify(settlement.ErrFile, "PayoutFile", false)
	_ = classify(settlement.ErrNoFolder, "NoPayoutFolder", true)
)

// payByFile hands over what was not before and records what was answered since. What waits for its answer is unknown,
// and told so once: the workflow asks again, for as long as the spec's patience lasts.
func (a *Settlement) payByFile(ctx context.Context, p *paying, files FileProvider) (PayDuesOutput, error) {
	open, err := a.openDues(ctx, p.in)
	if err != nil {
		return PayDuesOutput{}, err
	}
	var fresh []settlement.PayoutEvent
	payouts := make([]settlement.Payout, len(open))
	for i := range open {
		d := &open[i]
		payouts[i] = p.payout(*d)
		if d.State == 0 {
			d.Attempt, d.State = d.Attempt+1, campaign.PayoutRequested
			fresh = append(fresh, p.event(*d, "", ""))
		}
	}
	if err := a.record(ctx, p, fresh); err != nil {
		return PayDuesOutput{}, err
	}
	if err := files.Hand(ctx, p.in.Run, p.in.Shard, payouts); err != nil {
		return PayDuesOutput{}, fmt.Errorf("hand %d payouts of shard %s over: %w", len(payouts), p.in.Shard, err)
	}
	answers, err := files.Answers(ctx, p.in.Run)
	if err != nil {
		return PayDuesOutput{}, err
	}
	var told []settlement.PayoutEvent
	for _, d := range open {
		before, reason := d.State, files.Waits()
		got, known := answers[d.Payout]
		switch {
		case !known:
			d.State = campaign.PayoutUnknown
		case !got.Paid:
			d.State, reason = campaign.PayoutRefused, "refused"
		case got.Amount != d.Rest() || got.Currency != d.Currency:
			d.State, reason = campaign.PayoutRefused, "paid_otherwise"
		default:
			d.State, reason = campaign.PayoutPaid, ""
		}
		if d.State != before {
			told = append(told, p.event(d, reason, ""))
		}
	}
	if err := a.record(ctx, p, told); err != nil {
		return PayDuesOutput{}, err
	}
	return a.tally(ctx, p.in)
}

func (a *Settlement) record(ctx context.Context, p *paying, events []settlement.PayoutEvent) error {
	for page := range slices.Chunk(events, 100*payoutPage) {
		if err := a.Store.RecordPayouts(ctx, p.in.Run, page); err != nil {
			return err
		}
	}
	return nil
}
