package engine

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
)

// killer ends statements whose client went away. The engine has no call for
// it that is safe from another thread, so a connection kept for this purpose
// says KILL QUERY, finding the statement by its log_comment.
type killer struct {
	mu   sync.Mutex
	conn *connection
	log  *zap.Logger
	hit  func()
}

// watch kills the statement id when ctx ends before the returned func is called.
func (k *killer) watch(ctx context.Context, id string) (release func()) {
	finished := make(chan struct{})
	go func() {
		select {
		case <-finished:
			return
		case <-ctx.Done():
		}
		k.hit()
		// A statement is found only while it runs, and this one may not have
		// begun; so the killing repeats until the call is over.
		for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
			k.kill(id)
			select {
			case <-finished:
				return
			case <-time.After(pause):
			}
		}
	}()
	return func() { close(finished) }
}

// ASYNC, because SYNC waits for a statement that may be waiting for us.
func (k *killer) kill(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn == nil {
		return
	}
	sql := "KILL QUERY WHERE Settings['log_comment'] = " + quoteText(id) + " ASYNC"
	if _, err := k.conn.exec(sql, "Null", nil, nil); err != nil {
		k.log.Warn("could not end a statement whose client went away", zap.String("id", id), zap.Error(err))
	}
}

func (k *killer) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn != nil {
		k.conn.close()
		k.conn = nil
	}
}
