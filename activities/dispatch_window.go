package activities

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/danbi-project/danbi/internal/dispatch"
)

// claimWindow keeps small, over all shards of a worker, what is claimed and not yet handed to a connection. Where a provider
// can't be asked, whatever is claimed when the worker is killed stays unknown, sent or not: so it is claimed in small
// groups directly before it leaves, a group while the one before it is being sent. A group is as large as keeps the
// connections busy while the next one is recorded, and no larger.
type claimWindow struct {
	turn *semaphore.Weighted // one page at a time claims
	last chan struct{}       // of the page that claimed last: closed when all of its messages are taken; whoever has the turn may change it
	most int

	mu    sync.Mutex
	group int
	ahead int           // claimed, or about to be, and not taken
	taken chan struct{} // tells whoever has the turn that it became less
}

// leastGroup is as little as is worth a write of its own.
const leastGroup = 4

func newClaimWindow(most int) *claimWindow {
	none := make(chan struct{})
	close(none)
	return &claimWindow{turn: semaphore.NewWeighted(1), last: none, most: most, group: max(most/2, 1), taken: make(chan struct{}, 1)}
}

// next waits until a group may be claimed and says how large it may be.
func (v *claimWindow) next(ctx context.Context, left int) (int, error) {
	for {
		v.mu.Lock()
		if v.ahead <= v.group {
			n := min(v.group, left)
			v.ahead += n
			v.mu.Unlock()
			return n, ctx.Err()
		}
		v.mu.Unlock()
		select {
		case <-v.taken:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// claimed learns from how many of the groups before were left when one of n was recorded.
func (v *claimWindow) claimed(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch left := v.ahead - n; {
	case left <= 0: // connections had nothing to send
		v.group = min(v.group+v.group/4+1, v.most)
	case left > v.group/2:
		v.group = max(v.group-1, min(leastGroup, v.most))
	}
}

// give takes n messages out: they were handed to a connection, or will not be.
func (v *claimWindow) give(n int) {
	v.mu.Lock()
	v.ahead -= n
	v.mu.Unlock()
	select {
	case v.taken <- struct{}{}:
	default:
	}
}

// leaveInGroups claims a page group by group and hands it over meanwhile. Pages take turns in claiming, and a page sends
// only when the one before it has handed over all of its own: a connection that waits for this page's claims could
// otherwise be the one that the page before it needs before this one may claim.
func (w *wave) leaveInGroups(ctx context.Context, jobs []*job, refused []dispatch.Event) (down string, err error) {
	if len(refused) > 0 {
		if err := w.claim(ctx, nil, refused); err != nil {
			return "", err
		}
	}
	if len(jobs) == 0 {
		return "", nil
	}
	v := w.window
	if err := v.turn.Acquire(ctx, 1); err != nil {
		return "", err
	}
	before, taken := v.last, make(chan struct{})
	v.last = taken
	given := sync.OnceFunc(func() { close(taken) })
	defer given()

	claiming, stop := context.WithCancel(ctx)
	defer stop()
	var held atomic.Int64 // claimed and not taken
	q := &queue{wave: w, ctx: ctx, ready: make(chan *job, len(jobs)), empty: given, taken: func() {
		held.Add(-1)
		v.give(1)
	}}
	var sending sync.WaitGroup
	sending.Go(func() {
		defer stop() // nobody takes any more: nothing is to be claimed
		select {
		case <-before:
			down = w.send(ctx, q)
		case <-ctx.Done():
		}
	})
	for left := jobs; len(left) > 0; {
		n, stopped := v.next(claiming, len(left))
		held.Add(int64(n))
		if stopped != nil {
			break
		}
		if err = w.claim(ctx, left[:n], nil); err != nil {
			break
		}
		v.claimed(n)
		for _, j := range left[:n] {
			q.ready <- j
		}
		left = left[n:]
	}
	close(q.ready)
	v.turn.Release(1)
	sending.Wait()
	v.give(int(held.Load()))
	return down, err
}
