// Package stack runs the local stack: it starts a Temporal server, the ClickHouse engine, a sink for mail and a
// worker, each in a process of its own, starts again what crashes, and stops all of it in order. Other commands find
// a running stack by its folder (Discover).
package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/stack/install"
)

// Config says what to run and where. Dir and Parts are required.
type Config struct {
	Dir     string   // all data, logs and stack.json; made when missing
	Parts   []Part   // of our own program, in any order: engine, sink, worker
	Without []string // names of parts that aren't started
	Ports   Ports

	Passing   bool   // it is thrown away in minutes: the engine compiles no expressions, which pays only over millions of rows
	Namespace string // of Temporal; empty: TEMPORAL_NAMESPACE, else default
	Database  string // of ClickHouse; empty: danbi
	CacheDir  string // for what is installed; empty: install.CacheDir

	Command  []string              // runs a part when its name is added; empty: this program with `part`
	Log      *zap.Logger           // beside Dir/logs/stack.log; nil: that alone
	Tell     func(sentence string) // what a person should read as it happens (a crash, a restart); may be nil
	Progress install.Progress      // of installations; may be nil
}

// Stack is a running stack.
type Stack struct {
	config  Config
	dir     string
	running Running // without the parts' states
	metrics *http.Server
	release func()

	mu    sync.Mutex // of stack.json
	parts []*supervised
	once  sync.Once
	err   error
}

// Up installs what is missing and starts all parts in order, each when the one before it serves. When one doesn't
// start, those that did are stopped again. ctx ends the starting only; the stack runs until Stop.
func Up(ctx context.Context, c Config) (*Stack, error) {
	// Ports are let go of before the parts listen on them, and another program may be quicker.
	const tries = 3
	for try := 1; ; try++ {
		config := c
		s, err := prepare(&config)
		if err != nil {
			return nil, err
		}
		if err = s.up(ctx); err == nil {
			return s, nil
		}
		err = errors.Join(err, s.Stop())
		if try == tries || !strings.Contains(err.Error(), "address already in use") {
			return nil, err
		}
	}
}

func prepare(c *Config) (*Stack, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o700); err != nil {
		return nil, fmt.Errorf("make the stack's folder: name another with --dir (%w)", err)
	}
	if c.Tell == nil {
		c.Tell = func(string) {}
	}
	if len(c.Command) == 0 {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find our own program: %w", err)
		}
		c.Command = []string{program, "part"}
	}
	if c.CacheDir == "" {
		if c.CacheDir, err = install.CacheDir(); err != nil {
			return nil, err
		}
	}
	release, err := hold(dir)
	if err != nil {
		return nil, err
	}
	log, err := openLog(filepath.Join(dir, "logs", "stack.log"))
	if err != nil {
		release()
		return nil, err
	}
	c.Log = withFile(c.Log, log)
	s := &Stack{config: *c, dir: dir, release: func() {
		release()
		_ = log.Close()
	}}
	if err := s.address(); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

func (s *Stack) up(ctx context.Context) error {
	parts, err := s.install(ctx)
	if err != nil {
		return err
	}
	if err := s.serveMetrics(); err != nil {
		return err
	}
	for _, p := range parts {
		s.config.Progress.Say("starting " + title(p.name))
		s.mu.Lock()
		s.parts = append(s.parts, p)
		s.mu.Unlock()
		began := time.Now()
		if err := p.start(ctx); err != nil {
			return fmt.Errorf("%s didn't start: %w", title(p.name), err)
		}
		s.config.Log.Info("started", zap.String("part", p.name), zap.Duration("took", time.Since(began)))
		p.kept = make(chan struct{})
		go func() {
			defer close(p.kept)
			p.keep(s.say, s.record)
		}()
	}
	return s.write()
}

// install brings in what the parts need, before the first is started: a download of minutes is no time in which to
// hold half a stack.
func (s *Stack) install(ctx context.Context) ([]*supervised, error) {
	var parts []*supervised
	add := func(name string, l func() (launch, error)) {
		parts = append(parts, newSupervised(name, filepath.Join(s.dir, "logs", name+".log"), l))
	}
	for _, name := range []string{PartEngine, PartTemporal, PartSink, PartWorker} {
		if !s.has(name) {
			continue
		}
		if name == PartTemporal {
			l, err := s.temporalLaunch(ctx)
			if err != nil {
				return nil, err
			}
			add(name, func() (launch, error) { return l, nil })
			continue
		}
		part := s.config.Parts[slices.IndexFunc(s.config.Parts, func(p Part) bool { return p.Name == name })]
		prepared := ""
		if part.Prepare != nil {
			var err error
			if prepared, err = part.Prepare(ctx, s.config.CacheDir, s.config.Progress); err != nil {
				return nil, err
			}
		}
		add(name, func() (launch, error) { return s.partLaunch(part, prepared) })
	}
	return parts, nil
}

func (s *Stack) say(sentence string, fields ...zap.Field) {
	s.config.Log.Warn(sentence, fields...)
	s.config.Tell(sentence)
}

// Running is where the stack's servers are, with the state of each part.
func (s *Stack) Running() *Running {
	r := s.snapshot()
	return &r
}

func (s *Stack) snapshot() Running {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running
	r.Parts = map[string]PartState{}
	for _, p := range s.parts {
		r.Parts[p.name] = p.state()
	}
	return r
}

// write brings stack.json up to date, one writer at a time.
func (s *Stack) write() error {
	r := s.snapshot()
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.write()
}

func (s *Stack) record() {
	if err := s.write(); err != nil {
		s.config.Log.Error("stack.json is behind", zap.Error(err))
	}
}

// Stop stops all parts, the last started first, each within a limit. It may be called more than once.
func (s *Stack) Stop() error {
	s.once.Do(func() {
		s.mu.Lock()
		parts := slices.Clone(s.parts)
		s.mu.Unlock()
		var faults []error
		for _, p := range slices.Backward(parts) {
			began := time.Now()
			if !p.stop() {
				faults = append(faults, fmt.Errorf("%s didn't stop within %s and was ended", title(p.name), p.patient))
			}
			s.config.Log.Info("stopped", zap.String("part", p.name), zap.Duration("took", time.Since(began)))
		}
		if s.metrics != nil {
			_ = s.metrics.Close()
		}
		s.release()
		s.err = errors.Join(faults...)
	})
	return s.err
}

func (s *Stack) part(name string) (*supervised, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("the stack runs without %s", title(name))
}

// Kill sends SIGKILL to a part and returns when it is dead. The stack starts it again as after any crash. It is for
// tests of exactly that.
func (s *Stack) Kill(name string) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	return p.kill()
}

// Restarts is how often the part was started again and served.
func (s *Stack) Restarts(name string) int {
	p, err := s.part(name)
	if err != nil {
		return 0
	}
	return p.state().Restarts
}

// AwaitUp returns when the part serves and has been restarted at least restarts times.
func (s *Stack) AwaitUp(ctx context.Context, name string, restarts int) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	return p.await(ctx, restarts)
}
