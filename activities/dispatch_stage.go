package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/dispatch"
	"github.com/danbi-project/danbi/internal/settlement"
)

// Dispatch plans, admits, renders and sends the messages of a touch.
type Dispatch struct {
	Store    DispatchStore
	Channels Channels
	Briefs   Briefs
	Settings DispatchSettings
	Links    dispatch.Links // nil: messages have no links of ours
	Throttle ThrottleKeeper // nil: nobody leases quotas, and rates of a policy can't be kept

	mu     sync.Mutex
	guards map[string]*guard            // by channel
	rooms  map[bool]*semaphore.Weighted // by whether the provider can be asked
	window *claimWindow                 // of providers that can't be asked

	learning sync.Mutex
	timings  map[string]learnedTiming // by snapshot and channel: one look serves all shards
}

// DispatchStore is what dispatch reads from and writes to the warehouse. What it says in each case: *warehouse.Warehouse.
type DispatchStore interface {
	TimingHabits(ctx context.Context, snapshot string, instant time.Time, part uint32, visit func(segment, zone, events string)) error
	Latency(ctx context.Context, channel string, instant time.Time, part uint32) (dispatch.Latency, error)
	TimingCandidates(ctx context.Context, q dispatch.CandidateQuery, visit func(dispatch.Candidate) error) error
	WritePlan(ctx context.Context, run campaign.Run, touch, channel string, rebase uint16, plan []dispatch.Planned) error
	Slots(ctx context.Context, run campaign.Run, touch string, rebase uint16, wave uint32, shard campaign.Shard) ([]dispatch.Slot, error)
	Begun(ctx context.Context, run campaign.Run, touch string, rebase uint16, wave uint32, shard campaign.Shard) (bool, error)
	Attempts(ctx context.Context, run campaign.Run, touch string, shard campaign.Shard, keys []uint32) (map[uint32][]dispatch.Attempt, error)
	Recipients(ctx context.Context, q dispatch.RecipientQuery) (map[uint32]dispatch.Recipient, error)
	Redeemed(ctx context.Context, run campaign.Run, terms settlement.Terms, shard campaign.Shard) (map[uint32]bool, error)
	WriteEvents(ctx context.Context, run campaign.Run, touch string, events []dispatch.Event) error
	WriteLease(ctx context.Context, run campaign.Run, l dispatch.Lease) error
	Leases(ctx context.Context, run campaign.Run, touch string) ([]dispatch.Lease, error)
	PlannedBetween(ctx context.Context, run campaign.Run, touch string, rebase uint16, shard campaign.Shard) (first, last time.Time, err error)
	Reservations(ctx context.Context, run campaign.Run, shard campaign.Shard, keys []uint32, from, until time.Time, visit func(dispatch.Reservation) error) error
	Parts(ctx context.Context, host string, keys []uint32) (map[uint32][]dispatch.Reservation, error)
	WriteReservations(ctx context.Context, purpose string, reservations []dispatch.Reservation) error
}

// Channels are the ways to reach a customer, by name: email.
type Channels map[string]dispatch.Channel

// DispatchSettings are how hard a worker works. Zero values are defaults.
type DispatchSettings struct {
	Page    int           // deliveries claimed at once; 0: 6,000
	Blind   int           // deliveries open at once, over all shards, where the provider can't be asked what it has; 0: 450
	Group   int           // of those, claimed at once at most; 0: 32
	Senders int           // messages under way at once; 0: 32
	Hold    time.Duration // how long a lease to send lasts unless renewed; 0: half the heartbeat timeout
	Latency time.Duration // after the last byte left, a provider shows within it what it accepted; 0: 3 s
}

func (s DispatchSettings) page() int { return orElse(s.Page, 6000) }

func (s DispatchSettings) blind() int { return orElse(s.Blind, 450) }

func (s DispatchSettings) group() int { return orElse(s.Group, 32) }

// pagesAtOnce is how many pages a worker has open at once: while one is sent, another is recorded and a third is read.
const pagesAtOnce = 3

// room is how large a page may be, and what a page has to be given of before it is claimed. What a kill leaves open of a
// provider that can't be asked stays unknown for good, so there is little of it.
func (d *Dispatch) room(ctx context.Context, channel dispatch.Channel) (page int, open *semaphore.Weighted, window *claimWindow) {
	_, err := channel.Lookup(ctx, nil)
	askable := !errors.Is(err, dispatch.ErrNotAskable)
	page = d.Settings.page()
	if !askable {
		page = max(min(page, d.Settings.blind()/pagesAtOnce), 1)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rooms == nil {
		d.rooms = map[bool]*semaphore.Weighted{}
	}
	if d.rooms[askable] == nil {
		d.rooms[askable] = semaphore.NewWeighted(int64(page * pagesAtOnce))
	}
	if !askable {
		if d.window == nil {
			d.window = newClaimWindow(d.Settings.group())
		}
		window = d.window
	}
	return page, d.rooms[askable], window
}

func (s DispatchSettings) senders() int { return orElse(s.Senders, 32) }

func (s DispatchSettings) latency() time.Duration { return orElse(s.Latency, 3*time.Second) }

func orElse[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// The faults that dispatch itself finds.
var (
	// ErrProviderDown says that the provider takes no messages now. It is worth waiting for.
	ErrProviderDown = errors.New("the message provider takes no messages now")
	// ErrLeaseLost says that the right to send ended, because the engine did not answer in time to renew it.
	ErrLeaseLost = errors.New("the lease to send could not be renewed in time")
	// ErrUnknownTouch says that the spec and the workflow disagree.
	ErrUnknownTouch = errors.New("the spec has no such touch")
	// ErrNoChannel says that this worker can't send by a channel that the spec wants.
	ErrNoChannel = errors.New("this worker has no provider for the channel")
)

var (
	_ = classify(ErrProviderDown, "ProviderDown", false)
	_ = classify(ErrLeaseLost, "LeaseLost", false)
	_ = classify(ErrUnknownTouch, "UnknownTouch", true)
	_ = classify(ErrNoChannel, "NoChannel", true)
	_ = classify(dispatch.ErrTemplate, "TemplateFault", true)
)

// touchStage is what the activities of one touch share.
type touchStage struct {
	stage   *Dispatch
	run     campaign.Run
	brief   campaign.Brief
	touch   campaign.Touch
	times   campaign.Times
	name    string // of the channel
	purpose string
	rules   dispatch.Rules
}

func (d *Dispatch) touch(ctx context.Context, run campaign.Run, id string) (*touchStage, error) {
	brief, err := d.Briefs.Brief(ctx, run)
	if err != nil {
		return nil, err
	}
	spec := brief.Spec
	i := slices.IndexFunc(spec.Touches, func(t campaign.Touch) bool { return t.ID == id })
	if i < 0 || len(spec.Touches[i].Channels) == 0 {
		return nil, fmt.Errorf("%w: %s in campaign %s", ErrUnknownTouch, id, run.Campaign)
	}
	times, err := spec.Times(run.Launch)
	if err != nil {
		return nil, err
	}
	t := &touchStage{stage: d, run: run, brief: brief, touch: spec.Touches[i], times: times, purpose: spec.Audience.Purpose}
	t.name = t.touch.Channels[0]
	if t.purpose == "" {
		t.purpose = "marketing"
	}
	if t.rules, err = dispatch.NewRules(brief, t.name, times.Closes); err != nil {
		return nil, err
	}
	return t, nil
}

// channel is the provider of the touch's channel.
func (t *touchStage) channel() (dispatch.Channel, error) {
	if c, ok := t.stage.Channels[t.name]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNoChannel, t.name)
}

func (t *touchStage) composer() (*dispatch.Composer, error) {
	composer, err := dispatch.NewComposer(t.run, t.brief, t.touch.ID, t.name)
	if err == nil && t.stage.Links != nil {
		composer.Link(t.stage.Links)
	}
	return composer, err
}

func (t *touchStage) recipients(ctx context.Context, keys []uint32, ats []time.Time) (map[uint32]dispatch.Recipient, error) {
	return t.stage.Store.Recipients(ctx, dispatch.RecipientQuery{
		Run: t.run, Touch: t.touch.ID, Channel: t.name, Purpose: t.purpose, Keys: keys, Ats: ats, Bought: t.rules.Bought(),
	})
}

func (d *Dispatch) guardOf(channel string) *guard {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.guards == nil {
		d.guards = map[string]*guard{}
	}
	if d.guards[channel] == nil {
		d.guards[channel] = &guard{}
	}
	return d.guards[channel]
}
