package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The test binary is also the program whose parts the stack runs, and, for the test that kills one, a supervisor.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "part" {
		if err := RunPart(context.Background(), fakes(), os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv("STACK_TEST_SUPERVISE"); dir != "" {
		if _, err := Up(context.Background(), Config{Dir: dir, Parts: fakes(), Without: []string{PartTemporal}}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("up")
		time.Sleep(time.Minute)
	}
	os.Exit(m.Run())
}

// fakes are parts that note in Dir/events when they start and stop, and listen where real ones would.
func fakes() []Part {
	return []Part{ // not in the order in which they start
		{Name: PartWorker, Run: func(ctx context.Context, c PartConfig) error {
			return fake(ctx, c, strings.TrimSuffix(strings.TrimPrefix(c.Stack.Worker.Metrics, "http://"), "/metrics"))
		}},
		{Name: PartEngine, Run: func(ctx context.Context, c PartConfig) error { return fake(ctx, c, c.Stack.ClickHouse.Addr) }},
		{Name: PartSink, Run: func(ctx context.Context, c PartConfig) error { return fake(ctx, c, c.Stack.Sink.SMTP) }},
	}
}

func fake(ctx context.Context, c PartConfig, address string) error {
	// A file of this name makes so many starts fail, as a full disk or a missing library would.
	faults := filepath.Join(c.Stack.Dir, "fail-"+c.Name)
	if left, err := os.ReadFile(faults); err == nil && len(left) > 0 {
		_ = os.WriteFile(faults, left[1:], 0o600)
		if left[0] == 'p' {
			return fmt.Errorf("listen tcp %s: bind: address already in use", address)
		}
		return errors.New("the disk is full")
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	note(c.Stack.Dir, "start "+c.Name)
	c.Log.Info("serving")
	c.Ready()
	<-ctx.Done()
	if c.Name == PartEngine { // as slow as a real one, so that a wrong order would show
		time.Sleep(100 * time.Millisecond)
	}
	note(c.Stack.Dir, "stop "+c.Name)
	return ctx.Err()
}

func note(dir, event string) {
	f, err := os.OpenFile(filepath.Join(dir, "events"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, _ = fmt.Fprintln(f, event)
		_ = f.Close()
	}
}

func events(t *testing.T, dir string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "events"))
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// local makes a test independent of the servers that the environment may name.
func local(t *testing.T) {
	t.Helper()
	for _, name := range []string{"DANBI_CLICKHOUSE_ADDR", "TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE", "TEMPORAL_NAMESPACE"} {
		t.Setenv(name, "")
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0") // under -race every part would take a second to end
}

// up starts a stack of fakes, without Temporal.
func up(t *testing.T, c Config) *Stack {
	t.Helper()
	c.Parts, c.Without = fakes(), append(c.Without, PartTemporal)
	s, err := Up(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
