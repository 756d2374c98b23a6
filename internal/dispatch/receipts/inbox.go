// Package receipts takes what providers and recipients say of messages after they left, finds the deliveries, and keeps
// what it changes: states, interactions, suppressions and withdrawn consents.
package receipts

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// Store keeps feedback. What it says in each case: *warehouse.Warehouse.
type Store interface {
	LastTo(ctx context.Context, channel, number string) (messages []string, err error)
	FindDelivered(ctx context.Context, deliveries, providers []string) ([]dispatch.Delivered, error)
	WriteEffects(ctx context.Context, effects []dispatch.Effects, now time.Time) (again int, err error)
	QuarantineFeedback(ctx context.Context, feedback []dispatch.Feedback, why string, now time.Time, matched bool) error
	Quarantined(ctx context.Context, since time.Time, most uint32) ([]dispatch.Feedback, error)
}

// The reasons for which feedback is quarantined, beside those of Feedback.Valid.
const (
	unknownMessage = "unknown_message"
	unknownSender  = "unknown_sender" // an answer from a number that we have sent nothing to
)

// Result counts what became of feedback.
type Result struct {
	Taken   int // changed something
	Again   int // was known
	Unknown int // is in quarantine
}

// Inbox takes feedback of many callers and keeps it in batches: each insert is a part on disk. It is safe for many goroutines.
type Inbox struct {
	store Store
	now   func() time.Time
	tell  func(kind dispatch.FeedbackKind, what string, n int) // counts; never nil

	mu      sync.Mutex
	waiting []request
	busy    bool
}

var _ dispatch.Inbox = (*Inbox)(nil)

type request struct {
	feedback []dispatch.Feedback
	done     chan error
}

// New makes an inbox. now is the wall's clock; tell is called with what became of feedback, and may be nil.
func New(store Store, now func() time.Time, tell func(kind dispatch.FeedbackKind, what string, n int)) *Inbox {
	if tell == nil {
		tell = func(dispatch.FeedbackKind, string, int) {}
	}
	return &Inbox{store: store, now: now, tell: tell}
}

// most is how much feedback is kept at once.
const most = 5000

// Take keeps feedback; nil says that it is on disk. While one batch is written, the next one gathers.
func (b *Inbox) Take(ctx context.Context, feedback []dispatch.Feedback) error {
	if len(feedback) == 0 {
		return nil
	}
	r := request{feedback: feedback, done: make(chan error, 1)}
	b.mu.Lock()
	b.waiting = append(b.waiting, r)
	first := !b.busy
	b.busy = true
	b.mu.Unlock()
	if first {
		go b.drain()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drain keeps what waits, batch by batch, until nothing does.
func (b *Inbox) drain() {
	for {
		b.mu.Lock()
		var batch []request
		n := 0
		for len(b.waiting) > 0 && (n == 0 || n+len(b.waiting[0].feedback) <= most) {
			n += len(b.waiting[0].feedback)
			batch, b.waiting = append(batch, b.waiting[0]), b.waiting[1:]
		}
		b.busy = len(batch) > 0
		b.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		var all []dispatch.Feedback
		for _, r := range batch {
			all = append(all, r.feedback...)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		_, err := b.Keep(ctx, all)
		cancel()
		for _, r := range batch {
			r.done <- err
		}
	}
}

// Keep keeps feedback at once, and says what became of it.
func (b *Inbox) Keep(ctx context.Context, feedback []dispatch.Feedback) (Result, error) {
	var out Result
	now := b.now()
	sorted, err := b.sort(ctx, feedback, now)
	if err != nil {
		return out, err
	}
	for _, why := range slices.Sorted(maps.Keys(sorted.bad)) {
		if err := b.store.QuarantineFeedback(ctx, sorted.bad[why], why, now, false); err != nil {
			return out, err
		}
		b.count(sorted.bad[why], why)
		out.Unknown += len(sorted.bad[why])
	}
	if len(sorted.effects) == 0 {
		return out, nil
	}
	if out.Again, err = b.store.WriteEffects(ctx, sorted.effects, now); err != nil {
		return out, err
	}
	b.count(sorted.matched, "kept")
	out.Taken = len(sorted.effects) - out.Again
	return out, nil
}

// Again looks once more for the messages of feedback that was not known when it came: a provider may answer faster than
// the outcome of a page is recorded. It says how many were found.
func (b *Inbox) Again(ctx context.Context, since time.Time) (int, error) {
	feedback, err := b.store.Quarantined(ctx, since, most)
	if err != nil || len(feedback) == 0 {
		return 0, err
	}
	now := b.now()
	sorted, err := b.sort(ctx, feedback, now)
	if err != nil || len(sorted.matched) == 0 {
		return 0, err
	}
	if _, err := b.store.WriteEffects(ctx, sorted.effects, now); err != nil {
		return 0, err
	}
	b.count(sorted.matched, "kept")
	return len(sorted.matched), b.store.QuarantineFeedback(ctx, sorted.matched, unknownMessage, now, true)
}

// Serve asks again every so often until ctx ends.
func (b *Inbox) Serve(ctx context.Context) {
	const every, reach = 10 * time.Second, time.Hour
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_, _ = b.Again(ctx, b.now().Add(-reach)) // an engine that is away now is asked the next time
		}
	}
}

// sorted is feedback by what is to be done about it.
type sorted struct {
	bad     map[string][]dispatch.Feedback // by reason
	effects []dispatch.Effects
	matched []dispatch.Feedback // of effects, in the same order
}

func (b *Inbox) sort(ctx context.Context, feedback []dispatch.Feedback, now time.Time) (sorted, error) {
	out := sorted{bad: map[string][]dispatch.Feedback{}}
	feedback, err := b.answered(ctx, feedback, out.bad)
	if err != nil {
		return out, err
	}
	deliveries, providers := map[string]bool{}, map[string]bool{}
	for _, f := range feedback {
		if f.Valid() != "" {
			continue
		}
		if key := dispatch.DeliveryKey(f.MessageID); key != "" {
			deliveries[key] = true
		}
		if f.ProviderID != "" {
			providers[f.ProviderID] = true
		}
	}
	known := map[string][]dispatch.Delivered{}
	if len(deliveries)+len(providers) > 0 {
		found, err := b.store.FindDelivered(ctx, slices.Sorted(maps.Keys(deliveries)), slices.Sorted(maps.Keys(providers)))
		if err != nil {
			return out, err
		}
		for _, d := range found {
			key := dispatch.DeliveryKey(d.MessageID)
			known[key] = append(known[key], d)
			if d.ProviderID != "" {
				known["\x00"+d.ProviderID] = append(known["\x00"+d.ProviderID], d)
			}
		}
	}
	for _, f := range feedback {
		why := f.Valid()
		if why != "" {
			out.bad[why] = append(out.bad[why], f)
			continue
		}
		d, ok := f.Match(slices.Concat(known[dispatch.DeliveryKey(f.MessageID)], known["\x00"+f.ProviderID]))
		if !ok {
			out.bad[unknownMessage] = append(out.bad[unknownMessage], f)
			continue
		}
		out.effects, out.matched = append(out.effects, f.Apply(d, now)), append(out.matched, f)
	}
	return out, nil
}

// answered gives each answer the messages that it may be about: the last one to everybody who has the number. From here on
// the number is gone.
func (b *Inbox) answered(ctx context.Context, feedback []dispatch.Feedback, bad map[string][]dispatch.Feedback) ([]dispatch.Feedback, error) {
	var out []dispatch.Feedback
	for _, f := range feedback {
		number := f.From
		if number == "" {
			out = append(out, f)
			continue
		}
		why := f.Valid()
		f.From = ""
		if why != "" {
			bad[why] = append(bad[why], f)
			continue
		}
		messages, err := b.store.LastTo(ctx, f.Channel, number)
		if err != nil {
			return nil, err
		}
		if len(messages) == 0 {
			bad[unknownSender] = append(bad[unknownSender], f)
		}
		for _, id := range messages {
			f.MessageID = id
			out = append(out, f)
		}
	}
	return out, nil
}

func (b *Inbox) count(feedback []dispatch.Feedback, what string) {
	counts := map[dispatch.FeedbackKind]int{}
	for _, f := range feedback {
		counts[f.Kind]++
	}
	for kind, n := range counts {
		if !slices.Contains(dispatch.FeedbackKinds, kind) {
			kind = "other" // a label must not be whatever somebody sends
		}
		b.tell(kind, what, n)
	}
}
