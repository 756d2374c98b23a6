package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/money"
	"github.com/danbi-project/danbi/internal/settlement"
)

const (
	payoutPage     = 500 // requested rows are on disk before the first of them is asked for
	payoutsAtOnce  = 16
	payoutPasses   = 3 // over what stayed unclear, before it is left to a later attempt
	payoutPatience = 10 * time.Second
)

// PayDues pays what a shard is due, each due once.
//
// Before the provider is asked, a requested row is on disk; what it answers is a second row. A due whose last row is not
// final may or may not be paid: the provider is asked for it by its key before it is asked to pay. Run twice, or twice at
// once, it pays once, because the provider knows the key; our rows are the record of it. What is not in the ledger is
// not paid: book the dues first.
func (a *Settlement) PayDues(ctx context.Context, in PayDuesInput) (PayDuesOutput, error) {
	stop := heartbeat(ctx)
	defer stop()
	out, err := a.payDues(ctx, in)
	return out, Classify(err)
}

func (a *Settlement) payDues(ctx context.Context, in PayDuesInput) (PayDuesOutput, error) {
	for pass := range payoutPasses {
		open, err := a.openDues(ctx, in)
		if err != nil {
			return PayDuesOutput{}, err
		}
		if len(open) == 0 {
			break
		}
		answered := false
		for page := range slices.Chunk(open, payoutPage) {
			n, err := a.payPage(ctx, in, page)
			if err != nil {
				return PayDuesOutput{}, err
			}
			answered = answered || n > 0
		}
		if !answered {
			return PayDuesOutput{}, fmt.Errorf("none of %d payouts of shard %s was answered: %w", len(open), in.Shard, settlement.ErrUnreachable)
		}
		if pass+1 < payoutPasses {
			select {
			case <-ctx.Done():
				return PayDuesOutput{}, ctx.Err()
			case <-time.After(time.Duration(pass) * 200 * time.Millisecond):
			}
		}
	}
	return a.tally(ctx, in)
}

// openDues are the booked dues whose payout has not ended.
func (a *Settlement) openDues(ctx context.Context, in PayDuesInput) ([]settlement.Due, error) {
	dues, booked, err := a.Store.Dues(ctx, in.Run, in.Shard)
	if err != nil {
		return nil, err
	}
	if len(dues) > 0 && !slices.Contains(booked, true) {
		return nil, fmt.Errorf("%d dues of shard %s: %w", len(dues), in.Shard, settlement.ErrNotBooked)
	}
	var open []settlement.Due
	for i, d := range dues {
		if booked[i] && !d.State.Final() {
			open = append(open, d)
		}
	}
	return open, nil
}

// payPage asks for one page of payouts and records the answers. It returns how many were answered clearly.
func (a *Settlement) payPage(ctx context.Context, in PayDuesInput, page []settlement.Due) (uint64, error) {
	requests := make([]settlement.PayoutEvent, len(page))
	asked := make([]bool, len(page)) // before this attempt, so that the provider may know of it
	for i, d := range page {
		asked[i] = d.State != 0
		d.Attempt = min(d.Attempt, 254) + 1
		d.State = campaign.PayoutRequested
		requests[i] = a.event(in, d, "", "")
	}
	if err := a.Store.RecordPayouts(ctx, in.Run, requests); err != nil {
		return 0, err
	}
	answers := make([]settlement.PayoutEvent, len(page))
	var clear atomic.Uint64
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(payoutsAtOnce)
	for i, request := range requests {
		group.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			d, reason, response := a.payOne(within, in.Run, request.Due, asked[i])
			if err := within.Err(); err != nil {
				return err // what was on the wire stays requested: the next attempt asks
			}
			if d.State.Final() {
				clear.Add(1)
			}
			answers[i] = a.event(in, d, reason, response)
			return nil
		})
	}
	failed := group.Wait()
	answers = slices.DeleteFunc(answers, func(e settlement.PayoutEvent) bool { return e.State == 0 })
	// What was answered is kept even when the step is being stopped: it saves asking again.
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), payoutPatience)
	defer cancel()
	return clear.Load(), errors.Join(failed, a.Store.RecordPayouts(kept, in.Run, answers))
}

// payOne is one payout: found, or paid, or refused, or unknown.
func (a *Settlement) payOne(ctx context.Context, run campaign.Run, d settlement.Due, asked bool) (settlement.Due, string, string) {
	if asked {
		if ended, reason, ok := a.find(ctx, d); ok {
			return ended, reason, ""
		}
	}
	p := settlement.Payout{Key: d.Payout, Amount: d.Amount, Currency: d.Currency, Customer: d.Customer, Reference: fmt.Sprintf("%s/%d", run.Campaign, run.Occurrence)}
	response, err := a.Payouts.Pay(ctx, p)
	switch {
	case err == nil:
		d.State = campaign.PayoutPaid
		return d, "", response
	case errors.Is(err, settlement.ErrRefused):
		d.State = campaign.PayoutRefused
		return d, "refused", response
	}
	if ended, reason, ok := a.find(ctx, d); ok {
		return ended, reason, ""
	}
	d.State = campaign.PayoutUnknown
	return d, "no_answer", response
}

// find asks the provider whether it has the payout; false: it has not, or does not say.
func (a *Settlement) find(ctx context.Context, d settlement.Due) (settlement.Due, string, bool) {
	p, found, err := a.Payouts.Find(ctx, d.Payout)
	switch {
	case err != nil || !found:
		return d, "", false
	case p.Amount != d.Amount || p.Currency != d.Currency:
		d.State = campaign.PayoutRefused
		return d, "paid_otherwise", true
	}
	d.State = campaign.PayoutPaid
	return d, "found", true
}

func (a *Settlement) event(in PayDuesInput, d settlement.Due, reason, response string) settlement.PayoutEvent {
	wall := clock.Wall()
	return settlement.PayoutEvent{Due: d, At: in.Clock.At(wall), WallAt: wall, Reason: reason, Response: response}
}

// tally counts from what stands, so that a repeated attempt says the same as the first.
func (a *Settlement) tally(ctx context.Context, in PayDuesInput) (out PayDuesOutput, err error) {
	dues, _, err := a.Store.Dues(ctx, in.Run, in.Shard)
	if err != nil {
		return out, err
	}
	out.Dues = uint64(len(dues))
	for _, d := range dues {
		switch d.State {
		case campaign.PayoutPaid:
			out.Paid++
			if out.Amount, err = money.Add(out.Amount, d.Amount); err != nil {
				return out, err
			}
		case campaign.PayoutRefused:
			out.Refused++
		default:
			out.Unknown++
		}
	}
	return out, nil
}
