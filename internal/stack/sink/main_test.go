package sink_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/danbi-project/danbi/internal/stack/sink"
)

// The test binary is the sink itself when it is told a folder: a process that can be killed.
const asSink = "DANBI_TEST_SINK_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asSink); dir != "" {
		ctx, cancel := context.WithCancel(context.Background())
		go func() { // dies with its parent
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
		err := sink.Serve(ctx, sink.Config{
			Dir: dir, SMTPListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0", SegmentBytes: 200_000,
			Ready: func(at sink.Addresses) { fmt.Println(at.SMTP, at.HTTP) },
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is a sink in a process of its own.
type process struct {
	smtp, http string
	command    *exec.Cmd
	stdin      io.Closer
}

func start(t *testing.T, dir string) *process {
	t.Helper()
	p := &process{command: exec.Command(os.Args[0])}
	p.command.Env = append(os.Environ(), asSink+"="+dir)
	p.command.Stderr = os.Stderr
	out, err := p.command.StdoutPipe()
	require.NoError(t, err)
	p.stdin, err = p.command.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start())
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	addrs := strings.Fields(line)
	p.smtp, p.http = addrs[0], "http://"+addrs[1]
	return p
}

func (p *process) kill() {
	if p.command.ProcessState == nil {
		_ = p.command.Process.Kill()
		_ = p.command.Wait()
		_ = p.stdin.Close()
	}
}

func (p *process) do(t *testing.T, method, path, body string, out any) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.http+path, strings.NewReader(body))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	switch out := out.(type) {
	case nil:
	case *string:
		*out = string(text)
	default:
		require.NoError(t, json.Unmarshal(text, out), string(text))
	}
	return response.StatusCode
}
