package stack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// supervised is one part and its process of the moment.
type supervised struct {
	name    string
	launch  func() (launch, error)
	log     string        // path
	limit   time.Duration // for it to serve after a start
	patient time.Duration // for it to stop

	mu       sync.Mutex
	process  *process
	up       bool
	restarts int
	stopping bool
	changed  chan struct{} // closed and replaced at every change
	kept     chan struct{} // closed when keep has returned; nil before it was called
	stopped  chan struct{} // closed by stop
}

func newSupervised(name, log string, launch func() (launch, error)) *supervised {
	return &supervised{
		name: name, launch: launch, log: log, limit: 2 * time.Minute, patient: stopLimit,
		changed: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// start starts a process and returns when it serves; one that doesn't is ended.
func (p *supervised) start(ctx context.Context) error {
	l, err := p.launch()
	if err != nil {
		return err
	}
	p.mu.Lock()
	if p.stopping {
		p.mu.Unlock()
		return context.Canceled
	}
	proc, err := startProcess(l, p.log)
	if err == nil {
		p.process = proc
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	if err := proc.awaitReady(ctx, p.limit); err != nil {
		proc.killGroup()
		<-proc.exited
		return fmt.Errorf("%w (log: %s)", err, p.log)
	}
	p.change(func() { p.up = true })
	return nil
}

func (p *supervised) change(how func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how()
	close(p.changed)
	p.changed = make(chan struct{})
}

// A part that crashes at once is given longer and longer pauses; one that ran for a while is started again at once.
const (
	firstPause  = 100 * time.Millisecond
	longestWait = 5 * time.Second
	steadyAfter = 20 * time.Second
)

// keep starts the part again whenever it ends, until stop. say is told each time, in a sentence.
func (p *supervised) keep(say func(sentence string, fields ...zap.Field), changed func()) {
	pause := firstPause
	var before *process
	for {
		p.mu.Lock()
		proc := p.process
		p.mu.Unlock()
		<-proc.exited
		p.change(func() { p.up = false })
		changed()
		if p.isStopping() {
			return
		}
		if proc != before && time.Since(proc.began) > steadyAfter { // not when a launch failed and the old process is looked at again
			pause = firstPause
		}
		before = proc
		say(fmt.Sprintf("%s stopped (%s); starting it again in %s", title(p.name), proc.howItEnded()+proc.complaint(), pause),
			zap.String("part", p.name), zap.String("log", p.log))
		select {
		case <-time.After(pause):
		case <-p.stopped:
			return
		}
		pause = min(2*pause, longestWait)
		began := time.Now()
		if err := p.start(context.Background()); err != nil {
			if p.isStopping() {
				return
			}
			say(fmt.Sprintf("%s doesn't come back: %v", title(p.name), err), zap.String("part", p.name))
			continue
		}
		p.change(func() { p.restarts++ })
		changed()
		say(fmt.Sprintf("%s is back after %s", title(p.name), time.Since(began).Round(10*time.Millisecond)),
			zap.String("part", p.name), zap.Int("restarts", p.state().Restarts))
	}
}

func (p *supervised) isStopping() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopping
}

// stop ends the process, and no other is started. It says whether the process ended by itself in time.
func (p *supervised) stop() bool {
	p.mu.Lock()
	if !p.stopping {
		p.stopping = true
		close(p.stopped)
	}
	proc := p.process
	p.mu.Unlock()
	if proc == nil {
		return true
	}
	inTime := proc.stop(p.patient)
	if p.kept != nil {
		<-p.kept
	}
	return inTime
}

func (p *supervised) state() PartState {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := PartState{Restarts: p.restarts, Log: p.log}
	if p.process != nil {
		select {
		case <-p.process.exited:
		default:
			s.PID = p.process.pid()
		}
	}
	return s
}

// await returns when the part is up and has been restarted at least restarts times.
func (p *supervised) await(ctx context.Context, restarts int) error {
	for {
		p.mu.Lock()
		reached, changed := p.up && p.restarts >= restarts, p.changed
		p.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-changed:
		case <-p.stopped:
			return fmt.Errorf("%s was stopped", title(p.name))
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", title(p.name), ctx.Err())
		}
	}
}

// kill sends SIGKILL to the process, which is then started again as after any crash.
func (p *supervised) kill() error {
	p.mu.Lock()
	proc := p.process
	p.mu.Unlock()
	if proc == nil {
		return fmt.Errorf("%s hasn't been started", title(p.name))
	}
	select {
	case <-proc.exited:
		return fmt.Errorf("%s is down", title(p.name))
	default:
	}
	proc.killGroup()
	<-proc.exited
	return nil
}
