// Package temporaltest gives tests a real Temporal server, each test its own: the one that the local stack runs, in a
// process that can be killed. With TEMPORAL_ADDRESS set, the same tests run on that server instead.
package temporaltest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/stack/install"
)

// startLimit allows for a machine that compiles other packages meanwhile.
const startLimit = 2 * time.Minute

// Handle is a server. It keeps its addresses and its workflows over Kill and Restart.
type Handle struct {
	Address   string // host:port, gRPC
	Namespace string
	UI        string // URL; empty for a server named by the environment

	argv   []string // nil for a server named by the environment
	log    *os.File
	cmd    *exec.Cmd
	stdin  io.Closer
	exited chan struct{}
}

// Server starts a server for this test alone and stops it when the test ends; its data are kept when the test failed.
// The first call on a machine builds the server, which takes minutes. Where it can't be had, the test fails; outside
// of CI (the variable CI is empty) it is skipped, with the reason.
func Server(t testing.TB) *Handle {
	t.Helper()
	if stack.ExternalTemporal() {
		options, err := (&stack.Running{}).TemporalOptions()
		if err != nil {
			t.Fatal(err)
		}
		return &Handle{Address: options.HostPort, Namespace: options.Namespace}
	}
	program, err := install.BuiltTemporal(t.Context(), "", reporter())
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no Temporal server: %v", err)
	}
	return start(t, program)
}

func start(t testing.TB, program string) *Handle {
	t.Helper()
	dir, err := os.MkdirTemp("", "danbi-temporal-")
	if err != nil {
		t.Fatal(err)
	}
	h := &Handle{argv: []string{program, "--stop-with-stdin", "--db", filepath.Join(dir, "server.db")}}
	for _, flag := range []string{"--port", "--ui-port", "--metrics-port"} {
		port, err := stack.FreePort() // named, so that a killed server comes back where its clients look for it
		if err != nil {
			t.Fatal(err)
		}
		h.argv = append(h.argv, flag, strconv.Itoa(port))
	}
	if h.log, err = os.Create(filepath.Join(dir, "server.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Kill() // a temporary database needs no orderly end, which takes two seconds
		_ = h.log.Close()
		if t.Failed() {
			t.Logf("the Temporal server's data and log are kept in %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the Temporal server's data: %v", err)
		}
	})
	if err := h.run(); err != nil {
		t.Fatal(err)
	}
	return h
}

// run starts the process and returns when it serves.
func (h *Handle) run() error {
	h.cmd = exec.Command(h.argv[0], h.argv[1:]...)
	h.cmd.Stderr = h.log
	stdin, err := h.cmd.StdinPipe() // closes with the test binary, and the server ends
	if err != nil {
		return err
	}
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := h.cmd.Start(); err != nil {
		return fmt.Errorf("start the Temporal server: %w", err)
	}
	h.stdin, h.exited = stdin, make(chan struct{})
	line := make(chan string, 1)
	go func() {
		out := bufio.NewReader(stdout)
		first, _ := out.ReadString('\n')
		line <- first
		_, _ = io.Copy(io.Discard, out)
		_ = h.cmd.Wait()
		close(h.exited)
	}()
	select {
	case first := <-line:
		var at struct{ Frontend, UI, Namespace string }
		if err := json.Unmarshal([]byte(first), &at); err != nil {
			h.Kill()
			text, _ := os.ReadFile(h.log.Name())
			return fmt.Errorf("the Temporal server ended at once: %s", strings.TrimSpace(string(text)))
		}
		h.Address, h.UI, h.Namespace = at.Frontend, at.UI, at.Namespace
		return nil
	case <-time.After(startLimit):
		h.Kill()
		return fmt.Errorf("the Temporal server didn't answer within %s", startLimit)
	}
}

// Kill ends the server by SIGKILL and waits until it is gone. Killing a dead server does nothing.
func (h *Handle) Kill() {
	if h.cmd == nil || h.cmd.Process == nil {
		return
	}
	_ = h.cmd.Process.Kill()
	<-h.exited
}

// Restart starts a killed server again, on the same addresses and data. A server named by the environment can't be
// killed or restarted; a test that needs it is skipped there.
func (h *Handle) Restart(t testing.TB) {
	t.Helper()
	h.NeedKill(t)
	h.Kill()
	if err := h.run(); err != nil {
		t.Fatal(err)
	}
}

// NeedKill skips a test that kills its server when the server is one named by the environment.
func (h *Handle) NeedKill(t testing.TB) {
	t.Helper()
	if h.argv == nil {
		t.Skip("this test kills its Temporal server, and the environment names one that isn't ours to kill")
	}
}

// Client connects to the server, without logs, until the test ends.
func (h *Handle) Client(t testing.TB) client.Client {
	t.Helper()
	running := &stack.Running{Temporal: stack.Temporal{Address: h.Address, Namespace: h.Namespace}}
	c, err := running.DialTemporal(t.Context(), func(o *client.Options) { o.Logger = quiet{} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// quiet drops the SDK's logs: a test that kills servers would bury its own failure under them.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

var _ sdklog.Logger = quiet{}

// reporter shows that a first build goes on: without it, a cold test run is silent for minutes.
func reporter() install.Progress {
	var said time.Time
	return func(sentence string) {
		if time.Since(said) > 10*time.Second {
			said = time.Now()
			fmt.Fprintln(os.Stderr, sentence)
		}
	}
}
