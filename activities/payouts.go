package activities

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/danbi-project/danbi/internal/campaign"
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
	p, err := a.paying(ctx, in)
	if err != nil {
		return PayDuesOutput{}, err
	}
	if files, ok := p.provider.(FileProvider); ok {
		return a.payByFile(ctx, p, files)
	}
	for pass := range payoutPasses {
		open, err := a.openDues(ctx, in)
		if err != nil {
			return PayDuesOutput{}, err
		}
		if len(open) == 0 {
			break
		}
		if pass > 0 { // with jitter, so that the shards of many campaigns do not come back together
			if err := pause(ctx, jitterFloor<<pass+rand.N(jitterFloor<<pass)); err != nil { //nolint:gosec // jitter
				return PayDuesOutput{}, err
			}
		}
		answered := false
		for _, page := range p.pagesOf(open) {
			if err := a.payoutQuota(ctx, p, len(page)); err != nil {
				return PayDuesOutput{}, err
			}
			n, err := a.payPage(ctx, p, page)
			if err != nil {
				return PayDuesOutput{}, err
			}
			answered = answered || n > 0
		}
		if !answered {
			return PayDuesOutput{}, fmt.Errorf("none of %d payouts of shard %s was answered: %w", len(open), in.Shard, settlement.ErrUnreachable)
		}
	}
	return a.tally(ctx, in)
}

// paying finds the way by which the run's rewards are paid.
func (a *Settlement) paying(ctx context.Context, in PayDuesInput) (*paying, error) {
	brief, err := a.Briefs.Brief(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	provider, err := a.Payouts.of(brief.Spec)
	if err != nil {
		return nil, err
	}
	route := brief.Spec.Settlement.Payout
	return &paying{in: in, provider: provider, route: route, rate: brief.Policy.RateOf(route)}, nil
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
		if booked[i] && !d.State.Final() && d.Rest() > 0 {
			open = append(open, d)
		}
	}
	return open, nil
}

// payPage asks for one page of payouts and records the answers. It returns how many were answered clearly.
func (a *Settlement) payPage(ctx context.Context, p *paying, page []settlement.Due) (uint64, error) {
	requests := make([]settlement.PayoutEvent, len(page))
	asked := make([]bool, len(page)) // before this attempt, so that the provider may know of it
	for i, d := range page {
		asked[i] = d.State != 0
		d.Attempt = min(d.Attempt, 254) + 1
		d.State = campaign.PayoutRequested
		requests[i] = p.event(d, "", "")
		page[i] = d
	}
	if err := a.Store.RecordPayouts(ctx, p.in.Run, requests); err != nil {
		return 0, err
	}
	answers, failed := a.askEach(ctx, p, page, asked)
	clear := uint64(0)
	for _, e := range answers {
		if e.State.Final() {
			clear++
		}
	}
	// What was answered is kept even when the step is being stopped: it saves asking again.
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), payoutPatience)
	defer cancel()
	return clear, errors.Join(failed, a.Store.RecordPayouts(kept, p.in.Run, answers))
}

// askEach asks for each payout of a page, some at once, until the circuit opens.
func (a *Settlement) askEach(ctx context.Context, p *paying, page []settlement.Due, asked []bool) ([]settlement.PayoutEvent, error) {
	answers := make([]settlement.PayoutEvent, len(page))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(payoutsAtOnce)
	for i, d := range page {
		group.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			if !a.circuits.allow(p.route) {
				return fmt.Errorf("too many payouts in a row went without an answer; it rests, then tries one: %w", settlement.ErrUnreachable)
			}
			d, reason, response, alive := p.payOne(within, d, asked[i])
			if err := within.Err(); err != nil && !alive {
				a.circuits.forget(p.route)
				return err // what was on the wire stays requested: the next attempt asks
			}
			a.circuits.answered(p.route, alive)
			answers[i] = p.event(d, reason, response)
			return nil
		})
	}
	failed := group.Wait()
	return slices.DeleteFunc(answers, func(e settlement.PayoutEvent) bool { return e.State == 0 }), failed
}

// payOne is one payout: found, or paid, or refused, or unknown. alive says that the provider gave any answer at all.
// What the provider does not tell is not guessed: a payout that may have been made is not asked for again until it is
// known not to be there.
func (p *paying) payOne(ctx context.Context, d settlement.Due, asked bool) (_ settlement.Due, reason, response string, alive bool) {
	if asked {
		got, reason, said := p.find(ctx, d)
		switch said {
		case ended:
			return got, reason, "", true
		case silent:
			d.State = campaign.PayoutUnknown
			return d, "no_answer", "", false
		}
	}
	response, err := p.provider.Pay(ctx, p.payout(d))
	switch {
	case err == nil:
		d.State = campaign.PayoutPaid
		return d, "", response, true
	case errors.Is(err, settlement.ErrRefused):
		d.State = campaign.PayoutRefused
		return d, "refused", response, true
	}
	got, reason, said := p.find(ctx, d)
	if said == ended {
		return got, reason, "", true
	}
	d.State = campaign.PayoutUnknown
	return d, "no_answer", response, said == absent
}

// tally counts from what stands, so that a repeated attempt says the same as the first.
func (a *Settlement) tally(ctx context.Context, in PayDuesInput) (out PayDuesOutput, err error) {
	dues, _, err := a.Store.Dues(ctx, in.Run, in.Shard)
	if err != nil {
		return out, err
	}
	out.Dues = uint64(len(dues))
	for _, d := range dues {
		if out.Netted, err = money.Add(out.Netted, d.Netted); err != nil {
			return out, err
		}
		switch {
		case d.State == campaign.PayoutPaid || d.Rest() == 0:
			out.Paid++
			if out.Amount, err = money.Add(out.Amount, d.Rest()); err != nil {
				return out, err
			}
		case d.State == campaign.PayoutRefused:
			out.Refused++
		default:
			out.Unknown++
		}
	}
	return out, nil
}
