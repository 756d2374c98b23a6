package stack

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPartsStartInOrderAndStopInTheOpposite(t *testing.T) {
	local(t)
	s := up(t, Config{Dir: t.TempDir()})
	require.NoError(t, s.Stop())
	require.Equal(t, []string{
		"start engine", "start sink", "start worker", "stop worker", "stop sink", "stop engine",
	}, events(t, s.dir))
	_, err := Discover(s.dir)
	require.ErrorIs(t, err, ErrNotRunning)
	require.ErrorContains(t, err, "starter up")
}

func TestAKilledPartIsStartedAgainAndSaysSo(t *testing.T) {
	local(t)
	var mu sync.Mutex
	var told []string
	s := up(t, Config{Dir: t.TempDir(), Tell: func(sentence string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, sentence)
	}})
	before := s.Running()
	require.NoError(t, s.Kill(PartSink))
	require.NoError(t, s.AwaitUp(soon(t), PartSink, 1))

	require.Equal(t, 1, s.Restarts(PartSink))
	require.Zero(t, s.Restarts(PartEngine), "the others are left alone")
	after, err := Discover(s.dir)
	require.NoError(t, err)
	require.NotEqual(t, before.Parts[PartSink].PID, after.Parts[PartSink].PID)
	require.Equal(t, before.Parts[PartEngine].PID, after.Parts[PartEngine].PID)
	require.Equal(t, before.Sink, after.Sink, "clients look for it where it was")
	conn, err := net.Dial("tcp", after.Sink.SMTP)
	require.NoError(t, err)
	require.NoError(t, conn.Close())

	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(told) == 2
	}, 5*time.Second, 10*time.Millisecond)
	require.Equal(t, "the sink stopped (signal: killed); starting it again in 100ms", told[0])
	require.Contains(t, told[1], "the sink is back after")
	log, err := os.ReadFile(filepath.Join(s.dir, "logs", "stack.log"))
	require.NoError(t, err)
	require.Contains(t, string(log), told[0])

	metrics := get(t, after.Metrics)
	require.Contains(t, metrics, `danbi_stack_part_restarts_total{part="sink"} 1`)
	require.Contains(t, metrics, `danbi_stack_part_up{part="sink"} 1`)
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(text)
}

func TestAPartThatFailsToComeBackIsTriedAgain(t *testing.T) {
	local(t)
	s := up(t, Config{Dir: t.TempDir()})
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "fail-sink"), []byte("xx"), 0o600))
	require.NoError(t, s.Kill(PartSink))
	require.NoError(t, s.AwaitUp(soon(t), PartSink, 1))
	log, err := os.ReadFile(filepath.Join(s.dir, "logs", "stack.log"))
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(log), "the sink doesn't come back: it ended at once (exit status 1): the disk is full"))
	require.Contains(t, string(log), "starting it again in 400ms", "the pauses grow")
}

func TestAPartThatDoesNotStartStopsTheOthersWithItsLastWords(t *testing.T) {
	local(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "fail-worker"), []byte("x"), 0o600))
	_, err := Up(t.Context(), Config{Dir: dir, Parts: fakes(), Without: []string{PartTemporal}})
	require.ErrorContains(t, err, "the worker didn't start: it ended at once (exit status 1): the disk is full")
	require.Equal(t, []string{"start engine", "start sink", "stop sink", "stop engine"}, events(t, dir))
	up(t, Config{Dir: dir}) // the folder was let go of
}

func TestAPortThatWasTakenMeanwhileIsReplaced(t *testing.T) {
	local(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "fail-worker"), []byte("pp"), 0o600))
	up(t, Config{Dir: dir})

	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "fail-worker"), []byte("ppp"), 0o600))
	_, err := Up(t.Context(), Config{Dir: dir, Parts: fakes(), Without: []string{PartTemporal}})
	require.ErrorContains(t, err, "address already in use", "but not for ever")
}

func TestTwoStacksOnOneFolderAreRefused(t *testing.T) {
	local(t)
	s := up(t, Config{Dir: t.TempDir()})
	_, err := Up(t.Context(), Config{Dir: s.dir, Parts: fakes(), Without: []string{PartTemporal}})
	require.ErrorContains(t, err, "a stack runs on "+s.dir+" already (process ")
	require.ErrorContains(t, err, "name another folder with --dir")
	_, err = Discover(s.dir)
	require.NoError(t, err, "and the first one is unharmed")
}

func TestPortsAreThoseOfTheLastTimeWhenFree(t *testing.T) {
	local(t)
	dir := t.TempDir()
	first := up(t, Config{Dir: dir})
	require.NoError(t, first.Stop())
	taken, err := net.Listen("tcp", first.running.Sink.SMTP)
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()

	second := up(t, Config{Dir: dir})
	require.Equal(t, first.running.ClickHouse.Addr, second.running.ClickHouse.Addr)
	require.Equal(t, first.running.Sink.HTTP, second.running.Sink.HTTP)
	require.Equal(t, first.running.Metrics, second.running.Metrics)
	require.NotEqual(t, first.running.Sink.SMTP, second.running.Sink.SMTP)
	require.NotEqual(t, first.running.ClickHouse.Token, second.running.ClickHouse.Token)
	require.NoError(t, second.Stop())

	_, err = Up(t.Context(), Config{Dir: dir, Ports: Ports{SMTP: taken.Addr().(*net.TCPAddr).Port}, Parts: fakes(), Without: []string{PartTemporal}})
	require.ErrorContains(t, err, "for SMTP is taken")
	up(t, Config{Dir: dir}) // the folder was let go of
}

func TestAStaleOrDamagedStackFileIsNoStack(t *testing.T) {
	local(t)
	dir := t.TempDir()
	s := up(t, Config{Dir: dir})
	info, err := os.Stat(stackFile(dir))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it holds the engine's token")
	require.NoError(t, s.Stop())

	_, err = os.Stat(stackFile(dir))
	require.NoError(t, err, "the file stays, for its ports")
	_, err = Discover(dir)
	require.ErrorIs(t, err, ErrNotRunning)
	require.NoError(t, os.WriteFile(stackFile(dir), []byte(`{"dir":`), 0o600))
	up(t, Config{Dir: dir})
	_, err = Discover(dir)
	require.NoError(t, err)
}

func TestNothingOutlivesAKilledSupervisor(t *testing.T) {
	local(t)
	dir := t.TempDir()
	supervisor := exec.Command(os.Args[0])
	supervisor.Env = append(os.Environ(), "STACK_TEST_SUPERVISE="+dir)
	supervisor.Stderr = os.Stderr
	out, err := supervisor.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, supervisor.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "up\n", line)
	running, err := Discover(dir)
	require.NoError(t, err)
	require.Len(t, running.Parts, 3)

	require.NoError(t, supervisor.Process.Kill())
	_ = supervisor.Wait()
	_, err = Discover(dir)
	require.ErrorIs(t, err, ErrNotRunning)
	next := up(t, Config{Dir: dir}) // at once: it waits for what is still ending, and finds the ports free
	require.Equal(t, running.ClickHouse.Addr, next.running.ClickHouse.Addr)
	for name, part := range running.Parts {
		require.Eventually(t, func() bool { return syscall.Kill(part.PID, 0) == syscall.ESRCH }, 10*time.Second, 20*time.Millisecond, name)
	}
}

func TestServersOfTheUsersAreNotStarted(t *testing.T) {
	local(t)
	t.Setenv("DANBI_CLICKHOUSE_ADDR", "ch.example.com:9440")
	t.Setenv("DANBI_CLICKHOUSE_TLS", "true")
	t.Setenv("TEMPORAL_ADDRESS", "temporal.example.com:7233")
	t.Setenv("TEMPORAL_NAMESPACE", "marketing")
	s, err := Up(t.Context(), Config{Dir: t.TempDir(), Parts: fakes()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	running, err := Discover(s.dir)
	require.NoError(t, err)
	require.Len(t, running.Parts, 2, "sink and worker")
	config, err := running.Warehouse()
	require.NoError(t, err)
	require.Equal(t, []string{"ch.example.com:9440"}, config.Addr)
	require.True(t, config.TLS)
	options, err := running.TemporalOptions()
	require.NoError(t, err)
	require.Equal(t, "temporal.example.com:7233", options.HostPort)
	require.Equal(t, "marketing", options.Namespace)

	// Another terminal without the variables can't know the password: it must say so and not guess.
	local(t)
	_, err = running.Warehouse()
	require.ErrorContains(t, err, "set DANBI_CLICKHOUSE_ADDR and its companions here too")
	_, err = running.TemporalOptions()
	require.ErrorContains(t, err, "set TEMPORAL_ADDRESS and its companions here too")
}

func TestStopEndsWhatHangs(t *testing.T) {
	p := newSupervised("worker", filepath.Join(t.TempDir(), "log"), func() (launch, error) {
		return launch{argv: []string{"/bin/sh", "-c", `echo "{ready"; while :; do sleep 1; done`}, readyLine: "{ready"}, nil
	})
	p.patient = 200 * time.Millisecond
	require.NoError(t, p.start(soon(t)))
	require.False(t, p.stop())
	require.ErrorContains(t, p.start(soon(t)), "canceled", "nothing starts after a stop")
}
