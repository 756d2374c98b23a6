package stacktest

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danbi-project/danbi/internal/stack/install"
	"github.com/danbi-project/danbi/internal/warehouse"
)

// startLimit is how long an engine may take to start, its first read from a
// cold disk included.
const startLimit = 60 * time.Second

// Engine is an engine in a process of its own. It keeps its address, token and
// data over Kill and Restart. Methods are not safe for use at once.
type Engine struct {
	lib, dir, token string
	addr            string // empty until the first start
	cmd             *exec.Cmd
	stdin           io.WriteCloser
	exited          chan struct{}
}

// Process starts an engine for this test alone, for tests that kill it. It is
// stopped, and its data removed, when the test ends.
func Process(t testing.TB) *Engine {
	t.Helper()
	return ProcessIn(t, os.TempDir())
}

// ProcessIn is Process with its data below dir, for a disk with a Quota.
func ProcessIn(t testing.TB, dir string) *Engine {
	t.Helper()
	e, err := newEngine(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Kill()
		if t.Failed() {
			t.Logf("the engine's data are kept in %s", e.dir)
			return
		}
		if err := os.RemoveAll(e.dir); err != nil {
			t.Errorf("remove the engine's data: %v", err)
		}
	})
	if err := e.start(); err != nil {
		t.Fatal(err)
	}
	return e
}

// Config is how to reach the engine, and its database danbi.
func (e *Engine) Config() warehouse.Config {
	return warehouse.Config{Addr: []string{e.addr}, Protocol: warehouse.ProtocolHTTP, Database: warehouse.DefaultDatabase, User: "default", Token: e.token}
}

// PID is the engine's process, for tests that want to send it other signals.
func (e *Engine) PID() int { return e.cmd.Process.Pid }

// Dir is the engine's data folder.
func (e *Engine) Dir() string { return e.dir }

// Kill ends the process by SIGKILL and waits until it is gone. Killing a dead
// engine does nothing.
func (e *Engine) Kill() {
	if e.cmd == nil {
		return
	}
	_ = e.cmd.Process.Kill()
	<-e.exited
	_ = e.stdin.Close()
	e.cmd = nil
}

// Stop ends the process as a supervisor would, and keeps its data for Restart.
func (e *Engine) Stop(t testing.TB) {
	t.Helper()
	if err := e.stop(true); err != nil {
		t.Fatal(err)
	}
}

// Restart kills the process if it still runs, and starts it again at the same
// address on the same data.
func (e *Engine) Restart(t testing.TB) {
	t.Helper()
	e.Kill()
	if err := e.start(); err != nil {
		t.Fatal(err)
	}
}

func newEngine(ctx context.Context, parent string) (*Engine, error) {
	lib, err := install.Engine(ctx, "", func(sentence string) { announce(sentence) })
	if err != nil {
		return nil, fmt.Errorf("these tests need the ClickHouse engine: %w", err)
	}
	dir, err := os.MkdirTemp(parent, "danbi-engine-")
	if err != nil {
		return nil, err
	}
	var token [16]byte
	_, _ = rand.Read(token[:])
	return &Engine{lib: lib, dir: dir, token: hex.EncodeToString(token[:])}, nil
}

// announce prints the steps of an installation, each once: go test shows them
// only for a single package, but a log has them.
var announce = func() func(string) {
	var mu sync.Mutex
	last := ""
	return func(sentence string) {
		mu.Lock()
		defer mu.Unlock()
		if step, _, _ := strings.Cut(sentence, ":"); step != last {
			last = step
			fmt.Fprintln(os.Stderr, step)
		}
	}
}()

func (e *Engine) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	listen := e.addr
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	log, err := os.OpenFile(e.logName(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(self)
	// Another zone than the engine's own, as on a developer's laptop: nothing may
	// depend on the machine's.
	cmd.Env = append(os.Environ(), "TZ=Asia/Seoul", envPart+"="+partName, envLib+"="+e.lib, envDir+"="+e.dir, envListen+"="+listen, envToken+"="+e.token)
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	e.cmd, e.stdin, e.exited = cmd, stdin, make(chan struct{})
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if addr, ok := strings.CutPrefix(lines.Text(), wordReady); ok {
				ready <- addr
			}
		}
		_ = cmd.Wait()
		close(e.exited)
	}()
	select {
	case e.addr = <-ready:
		return nil
	case <-e.exited:
		return fmt.Errorf("the engine did not start: %s", e.logTail())
	case <-time.After(startLimit):
		e.Kill()
		return fmt.Errorf("the engine did not start within %s: %s", startLimit, e.logTail())
	}
}

func (e *Engine) logName() string { return filepath.Join(e.dir, "engine.log") }

func (e *Engine) logTail() string {
	text, err := os.ReadFile(e.logName())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// stop ends the process in order, which removes its data too unless keep was
// said.
func (e *Engine) stop(keep bool) error {
	if e.cmd == nil {
		return nil
	}
	if keep {
		_, _ = fmt.Fprintln(e.stdin, wordKeep)
	}
	_ = e.stdin.Close()
	select {
	case <-e.exited:
	case <-time.After(20 * time.Second):
		e.Kill()
		return errors.New("the engine did not stop in 20 s and was killed")
	}
	e.cmd = nil
	return nil
}
