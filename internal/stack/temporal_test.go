package stack

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func sleepThenSay(ctx workflow.Context, word string) (string, error) {
	err := workflow.Sleep(ctx, time.Second)
	return word, err
}

func TestAWorkflowSleepsThroughAKilledTemporal(t *testing.T) {
	local(t)
	dir := t.TempDir()
	start := func() *Stack {
		s, err := Up(t.Context(), Config{Dir: dir, Namespace: "marketing"})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Stop()) })
		return s
	}
	s := start()
	dial := func() client.Client {
		running, err := Discover(dir)
		require.NoError(t, err)
		c, err := running.DialTemporal(t.Context(), nil)
		require.NoError(t, err)
		return c
	}
	c := dial()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "sleeper", TaskQueue: "sleepers"}, sleepThenSay, "awake")
	require.NoError(t, err)
	require.NoError(t, s.Kill(PartTemporal))
	require.NoError(t, s.AwaitUp(soon(t), PartTemporal, 1))

	w := worker.New(c, "sleepers", worker.Options{})
	w.RegisterWorkflow(sleepThenSay)
	require.NoError(t, w.Start())
	var word string
	require.NoError(t, run.Get(soon(t), &word))
	require.Equal(t, "awake", word)
	w.Stop()
	c.Close()

	// And through an orderly stop of everything: a second start finds it again, at the same address.
	address := s.running.Temporal
	require.NoError(t, s.Stop())
	s = start()
	require.Equal(t, address, s.running.Temporal)
	c = dial()
	defer c.Close()
	require.NoError(t, c.GetWorkflow(t.Context(), "sleeper", "").Get(soon(t), &word))
	require.Equal(t, "awake", word)
}

// The vendor's command doesn't watch its standard input; what wraps it must.
func TestTheVendorsCommandEndsWithStdin(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "temporal")
	pidFile := filepath.Join(dir, "pid")
	script := "#!/bin/sh\necho $$ \"$@\" > " + pidFile + ".new && mv " + pidFile + ".new " + pidFile + "\nexec sleep 600\n"
	require.NoError(t, os.WriteFile(program, []byte(script), 0o700))
	l := TemporalServer{Program: program, Database: "/data/cli.db", Namespace: "marketing", Port: "1", UIPort: "2", Metrics: "3"}.launch()
	require.NotNil(t, l.probe)
	p, err := startProcess(l, filepath.Join(dir, "log"))
	require.NoError(t, err)
	var text []byte
	require.Eventually(t, func() bool {
		text, err = os.ReadFile(pidFile)
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	pid, args, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	require.True(t, strings.HasPrefix(args, "server start-dev --ip 127.0.0.1 --port 1 --ui-port 2 --metrics-port 3 --db-filename /data/cli.db --namespace marketing"), args)
	number, err := strconv.Atoi(pid)
	require.NoError(t, err)

	require.True(t, p.stop(10*time.Second), "it ends by itself")
	require.Eventually(t, func() bool { return syscall.Kill(number, 0) == syscall.ESRCH }, 5*time.Second, 10*time.Millisecond)
}

func TestAFolderStaysWithTheServerThatMadeIt(t *testing.T) {
	local(t)
	dir, bin, cache := t.TempDir(), t.TempDir(), t.TempDir()
	s := &Stack{dir: dir, config: Config{CacheDir: cache}}
	temporal := filepath.Join(dir, PartTemporal)
	require.NoError(t, os.MkdirAll(temporal, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(temporal, "cli.db"), nil, 0o600))
	built := filepath.Join(cache, "temporal", "key", "danbi-temporal")
	require.NoError(t, os.MkdirAll(filepath.Dir(built), 0o700))
	require.NoError(t, os.WriteFile(built, nil, 0o700))
	t.Chdir(t.TempDir()) // outside of the clone: nothing is built
	t.Setenv("PATH", bin)

	_, err := s.temporalProgram(t.Context(), temporal)
	require.ErrorContains(t, err, "which is not on PATH any more")

	command := filepath.Join(bin, "temporal")
	require.NoError(t, os.WriteFile(command, nil, 0o700))
	program, err := s.temporalProgram(t.Context(), temporal)
	require.NoError(t, err)
	require.Equal(t, command, program)

	require.NoError(t, os.WriteFile(filepath.Join(temporal, "server.db"), nil, 0o600))
	require.NoError(t, os.Remove(filepath.Join(temporal, "cli.db")))
	program, err = s.temporalProgram(t.Context(), temporal)
	require.NoError(t, err)
	require.Equal(t, built, program)
}
