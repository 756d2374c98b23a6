package engine

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

// killer ends statements whose client went away. The engine has no call for
// it that is safe from another thread, so a connection kept for this purpose
// says KILL QUERY, finding statements by their log_comment. One KILL ends all
// that are to end: on a machine that is busy with statements which nobody
// waits for any more, a KILL takes seconds, and one for each of them would
// never catch up with the clients that try again.
type killer struct {
	mu      sync.Mutex
	doomed  map[string]bool // still running, without a client
	killing bool            // rounds is running
	fresh   chan struct{}   // somebody was doomed: kill soon

	admin sync.Mutex // of conn
	conn  *connection

	log *zap.Logger
	hit func()
}

func newKiller(conn *connection, log *zap.Logger, hit func()) *killer {
	return &killer{doomed: map[string]bool{}, fresh: make(chan struct{}, 1), conn: conn, log: log, hit: hit}
}

// watch kills the statement id when ctx ends before the returned func is called.
func (k *killer) watch(ctx context.Context, id string) (release func()) {
	over := false
	stop := context.AfterFunc(ctx, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if over {
			return
		}
		k.hit()
		k.doomed[id] = true
		if !k.killing {
			k.killing = true
			go k.rounds()
			return
		}
		select {
		case k.fresh <- struct{}{}:
		default:
		}
	})
	return func() {
		stop()
		k.mu.Lock()
		defer k.mu.Unlock()
		over = true
		delete(k.doomed, id)
	}
}

// rounds kills until nobody is left. A statement is found only while it runs,
// and a doomed one may not have begun; so the killing repeats until its call
// is over.
func (k *killer) rounds() {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		k.mu.Lock()
		ids := slices.Sorted(maps.Keys(k.doomed))
		k.killing = len(ids) > 0
		k.mu.Unlock()
		if len(ids) == 0 || !k.kill(ids) {
			return
		}
		select {
		case <-k.fresh:
			pause = 10 * time.Millisecond
		case <-time.After(pause):
		}
	}
}

// kill is ASYNC, because SYNC waits for a statement that may be waiting for
// us. It says false when the engine is being closed.
func (k *killer) kill(ids []string) bool {
	k.admin.Lock()
	defer k.admin.Unlock()
	if k.conn == nil {
		return false
	}
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = quoteText(id)
	}
	sql := "KILL QUERY WHERE Settings['log_comment'] IN (" + strings.Join(quoted, ", ") + ") ASYNC"
	if _, err := k.conn.exec(sql, "Null", nil, nil); err != nil {
		k.log.Warn("could not end statements whose client went away", zap.Int("statements", len(ids)), zap.Error(err))
	}
	return true
}

func (k *killer) close() {
	k.admin.Lock()
	defer k.admin.Unlock()
	if k.conn != nil {
		k.conn.close()
		k.conn = nil
	}
}
