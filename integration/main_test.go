// Package integration runs whole campaigns on real engines: nothing here is faked, and servers are killed for real.
package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/danbi-project/danbi/internal/campaign"
	"github.com/danbi-project/danbi/internal/clock"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/workflows"
)

// starter is the built command: the stack's parts run as processes of it.
var starter string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "danbi-starter-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	starter = filepath.Join(dir, "starter")
	out, err := exec.Command("go", "build", "-o", starter, "github.com/danbi-project/danbi/starter").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build the starter: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// local is a running local stack, as `starter up` brings it up.
type local struct {
	t        *testing.T
	dir      string
	stack    *stack.Stack
	store    *warehouse.Warehouse
	temporal client.Client
}

// up brings up a stack in a folder of its own. Variables reach its parts through the environment.
func up(t *testing.T, env map[string]string) *local {
	t.Helper()
	return upIn(t, t.TempDir(), env)
}

// upIn is up in a folder that is there already.
func upIn(t *testing.T, dir string, env map[string]string) *local {
	t.Helper()
	for name, value := range env {
		t.Setenv(name, value)
	}
	l := &local{t: t, dir: dir}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // a bare machine builds Temporal here
	defer cancel()
	s, err := stack.Up(ctx, stack.Config{
		Dir: l.dir, Parts: parts(), Command: []string{starter, "part"}, Log: zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)),
		Tell: func(sentence string) { t.Log(sentence) },
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	l.stack = s
	config, err := s.Running().Warehouse()
	require.NoError(t, err)
	l.store, err = warehouse.OpenMigrated(ctx, config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.store.Close() })
	l.temporal, err = s.Running().DialTemporal(ctx, func(o *client.Options) { o.Logger = log.NewStructuredLogger(nil) })
	require.NoError(t, err)
	t.Cleanup(l.temporal.Close)
	return l
}

// brief is an example's, changed as the test needs it.
func brief(t *testing.T, example string, change func(*campaign.Brief)) campaign.Brief {
	t.Helper()
	path := filepath.Join("..", "examples", example)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	spec, err := campaign.Load(path, data)
	require.NoError(t, err)
	limits, err := os.ReadFile(filepath.Join("..", "examples", "policy.yaml"))
	require.NoError(t, err)
	policy, err := campaign.DecodePolicy("policy.yaml", limits)
	require.NoError(t, err)
	b := campaign.Brief{Spec: spec, Policy: policy}
	if change != nil {
		change(&b)
	}
	b.Spec, err = b.Policy.Complete(b.Spec)
	require.NoError(t, err)
	require.Empty(t, b.Policy.Check(b.Spec))
	return b
}

// start starts a rehearsal at the window's start.
func (l *local) start(b campaign.Brief, population bool, speed float64) campaign.Run {
	l.t.Helper()
	return l.begin(workflows.CampaignInput{Brief: b, Clock: clock.Rehearse(b.Spec.Window.Starts.Time, speed), Population: population})
}

// startSharded does so on the population, in so many shards.
func (l *local) startSharded(b campaign.Brief, shards int) campaign.Run {
	l.t.Helper()
	return l.begin(workflows.CampaignInput{Brief: b, Clock: clock.Rehearse(b.Spec.Window.Starts.Time, 0), Population: true, Shards: shards})
}

func (l *local) begin(in workflows.CampaignInput) campaign.Run {
	l.t.Helper()
	in.Occurrence = 1
	run := campaign.Run{Campaign: in.Brief.Spec.Campaign, Occurrence: 1, Plan: 1, Launch: in.Brief.Spec.Window.Starts.Time}
	_, err := l.temporal.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{ID: run.WorkflowID(), TaskQueue: workflows.TaskQueue}, workflows.Campaign, in)
	require.NoError(l.t, err)
	return run
}

// status asks the campaign where it stands; while a server is down it has no answer.
func (l *local) status(run campaign.Run) (workflows.Status, error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), 5*time.Second)
	defer cancel()
	var status workflows.Status
	value, err := l.temporal.QueryWorkflow(ctx, run.WorkflowID(), "", workflows.StatusQuery)
	if err == nil {
		err = value.Get(&status)
	}
	return status, err
}

// until waits for the campaign to satisfy done.
func (l *local) until(run campaign.Run, within time.Duration, what string, done func(workflows.Status) bool) workflows.Status {
	l.t.Helper()
	var last workflows.Status
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if status, err := l.status(run); err == nil {
			last = status
			if done(status) {
				return status
			}
			if status.Failure != "" {
				l.t.Fatalf("waiting for %s, the campaign needs a person: %s", what, status.Failure)
			}
		}
	}
	l.t.Fatalf("%s did not come within %s: the campaign is %s, waits for %q", what, within, last.Stage, last.Waits)
	return last
}

func settled(s workflows.Status) bool {
	return s.Stage == campaign.StageSettled || s.Stage.Final()
}

// command runs the starter as a person does, on this stack, and returns what it printed.
func (l *local) command(args ...string) string {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), starter, append(args, "--dir", l.dir)...)
	cmd.Dir = ".."
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(l.t, err, "starter %s\n%s%s", strings.Join(args, " "), out, stderr.String())
	return string(out)
}

// count is the one number that a query gives.
func (l *local) count(query string, args ...any) uint64 {
	l.t.Helper()
	var n uint64
	require.NoError(l.t, l.store.Conn().QueryRow(l.t.Context(), query, args...).Scan(&n), query)
	return n
}
