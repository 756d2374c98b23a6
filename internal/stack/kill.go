package stack

import (
	"context"
	"time"
)

// KillWhen sends SIGKILL to a part at the moment when open says that something is under way, and returns when the part's
// successor serves. It says false when ctx ended before anything was. It is for tests and measurements of exactly that.
func (s *Stack) KillWhen(ctx context.Context, name string, open func(context.Context) bool) (killed bool, err error) {
	for !open(ctx) {
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(5 * time.Millisecond):
		}
	}
	before := s.Restarts(name)
	if err := s.Kill(name); err != nil {
		return false, err
	}
	waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	return true, s.AwaitUp(waiting, name, before+1)
}
