package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/circuit"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/settlement"
)

// PayoutProvider pays rewards out. That it pays a key once is what makes a payout happen once; our rows are the record.
type PayoutProvider interface {
	// Pay asks for a payout. A nil error: it is paid, now or before. Otherwise one of settlement's errors says what
	// the answer means.
	Pay(ctx context.Context, p settlement.Payout) (response string, err error)
	// Find asks whether the provider has paid a payout. An error says that it does not tell, but for
	// settlement.ErrRefused: it told that it will not.
	Find(ctx context.Context, key campaign.ID) (p settlement.Payout, found bool, err error)
	// List gives all payouts of a run to each: the provider's statement.
	List(ctx context.Context, run campaign.Run, each func(settlement.Payout) error) error
}

// PayoutRoutes are the providers by the word of a spec's settlement.payout.
type PayoutRoutes map[string]PayoutProvider

var _ = classify(settlement.ErrNoRoute, "NoPayoutRoute", true)

// of is the provider of a brief's rewards.
func (r PayoutRoutes) of(spec campaign.Spec) (PayoutProvider, error) {
	p, there := r[spec.Settlement.Payout]
	if !there {
		return nil, fmt.Errorf("settlement.payout is %q, and this worker has %s: %w", spec.Settlement.Payout, strings.Join(slices.Sorted(maps.Keys(r)), ", "), settlement.ErrNoRoute)
	}
	return p, nil
}

// circuits are this worker's, one a route: what one shard finds out about a provider, the others know.
type circuits struct {
	mu  sync.Mutex
	all map[string]*circuit.Breaker
}

func (c *circuits) of(route string) *circuit.Breaker {
	if c.all == nil {
		c.all = map[string]*circuit.Breaker{}
	}
	if c.all[route] == nil {
		c.all[route] = &circuit.Breaker{}
	}
	return c.all[route]
}

func (c *circuits) allow(route string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of(route).Allow(clock.Wall())
}

func (c *circuits) answered(route string, answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of(route).Answered(clock.Wall(), answered)
}

func (c *circuits) forget(route string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of(route).Forget()
}

// payoutQuota waits until a page may be asked for under the policy's rate for the route.
func (a *Settlement) payoutQuota(ctx context.Context, p *paying, count int) error {
	switch {
	case p.rate == 0:
		return nil
	case a.Throttle == nil:
		return ErrNoThrottle
	}
	leased, err := a.Throttle.Lease(ctx, LeaseQuotaInput{Channel: p.route, Count: count, PerSecond: p.rate})
	if err != nil {
		return err
	}
	return pause(ctx, leased.At.Sub(clock.Wall()))
}

// word is what the provider said of a payout when it was asked.
type word int

const (
	silent word = iota // it does not tell
	absent             // it does not have it
	ended              // it paid it, or will not
)

// find asks the provider whether it has the payout.
func (p *paying) find(ctx context.Context, d settlement.Due) (settlement.Due, string, word) {
	got, found, err := p.provider.Find(ctx, d.Payout)
	switch {
	case errors.Is(err, settlement.ErrRefused):
		d.State = campaign.PayoutRefused
		return d, "refused", ended
	case err != nil:
		return d, "", silent
	case !found:
		return d, "", absent
	case got.Amount != d.Rest() || got.Currency != d.Currency:
		d.State = campaign.PayoutRefused
		return d, "paid_otherwise", ended
	}
	d.State = campaign.PayoutPaid
	return d, "found", ended
}

// paying is what a step needs to know to pay a shard.
type paying struct {
	in       PayDuesInput
	provider PayoutProvider
	route    string
	rate     int // payouts a second; 0: as many as the provider takes
}

func (p *paying) payout(d settlement.Due) settlement.Payout {
	return settlement.Payout{Key: d.Payout, Amount: d.Rest(), Currency: d.Currency, Customer: d.Customer,
		Reference: fmt.Sprintf("%s/%d", p.in.Run.Campaign, p.in.Run.Occurrence), Kind: p.route}
}

func (p *paying) event(d settlement.Due, reason, response string) settlement.PayoutEvent {
	wall := clock.Wall()
	d.Amount = d.Rest()
	return settlement.PayoutEvent{Due: d, At: p.in.Clock.At(wall), WallAt: wall, Reason: reason, Response: response}
}

// pagesOf cuts what is open into pages: no more than a second's worth where a rate limits it.
func (p *paying) pagesOf(open []settlement.Due) [][]settlement.Due {
	size := payoutPage
	if p.rate > 0 {
		size = min(size, p.rate)
	}
	return slices.Collect(slices.Chunk(open, size))
}

const jitterFloor = 100 * time.Millisecond
