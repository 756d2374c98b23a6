package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/danbi-project/danbi/internal/stack/install"
)

// temporalLaunch says how to run Temporal's server. The built server and the vendor's command lay out their database
// by different versions of a schema, so each folder stays with the one that made it.
func (s *Stack) temporalLaunch(ctx context.Context) (launch, error) {
	dir := filepath.Join(s.dir, PartTemporal)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return launch{}, fmt.Errorf("make a folder for Temporal: %w", err)
	}
	program, err := s.temporalProgram(ctx, dir)
	if err != nil {
		return launch{}, err
	}
	return TemporalServer{
		Program:   program,
		Database:  filepath.Join(dir, temporalDatabase(program)),
		Namespace: s.running.Temporal.Namespace,
		Port:      portOf(s.running.Temporal.Address),
		UIPort:    portOf(s.running.Temporal.UI),
		Metrics:   portOf(s.running.Temporal.Metrics),
	}.launch(), nil
}

func temporalDatabase(program string) string {
	if install.IsTemporalCLI(program) {
		return "cli.db"
	}
	return "server.db"
}

func (s *Stack) temporalProgram(ctx context.Context, dir string) (string, error) {
	if exists(filepath.Join(dir, "server.db")) {
		return install.BuiltTemporal(ctx, s.config.CacheDir, s.config.Progress)
	}
	program, err := install.Temporal(ctx, s.config.CacheDir, s.config.Progress)
	if err == nil && exists(filepath.Join(dir, "cli.db")) && !install.IsTemporalCLI(program) {
		return "", fmt.Errorf("the workflows in %s were kept by the `temporal` command, which is not on PATH any more: "+
			"put it back, or name another folder with --dir", dir)
	}
	return program, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// TemporalServer is a local server process: the program of install.Temporal on one database file. Its ports are on
// 127.0.0.1.
type TemporalServer struct {
	Program, Database, Namespace string
	Port, UIPort, Metrics        string
}

// asLongAsStdin runs the vendor's command, which doesn't watch its standard input, and ends it when that closes.
const asLongAsStdin = `exec 3<&0; "$@" </dev/null 3<&- & child=$!; (cat <&3 >/dev/null; kill "$child" 2>/dev/null) & wait "$child"`

func (t TemporalServer) launch() launch {
	if install.IsTemporalCLI(t.Program) {
		argv := []string{
			"/bin/sh", "-c", asLongAsStdin, "sh", t.Program, "server", "start-dev",
			"--ip", "127.0.0.1", "--port", t.Port, "--ui-port", t.UIPort, "--metrics-port", t.Metrics,
			"--db-filename", t.Database, "--namespace", t.Namespace, "--log-level", "warn",
			"--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal",
			// As in deploy/local: the defaults are for clusters, and hold one campaign to 24 activities a second.
			"--dynamic-config-value", "history.transferProcessorMaxPollRPS=5000",
			"--dynamic-config-value", "history.timerProcessorMaxPollRPS=5000",
			"--dynamic-config-value", "history.visibilityProcessorMaxPollRPS=5000",
			"--dynamic-config-value", "system.forceSearchAttributesCacheRefreshOnRead=true",
		}
		return launch{argv: argv, probe: t.probe}
	}
	argv := []string{
		t.Program, "--stop-with-stdin", "--db", t.Database, "--namespace", t.Namespace,
		"--port", t.Port, "--ui-port", t.UIPort, "--metrics-port", t.Metrics,
	}
	return launch{argv: argv, readyLine: `{"frontend":`}
}

// probe asks for the namespace: a server that answers other calls may not have read its namespaces yet.
func (t TemporalServer) probe(ctx context.Context) error {
	conn, err := grpc.NewClient("127.0.0.1:"+t.Port, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = workflowservice.NewWorkflowServiceClient(conn).DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: t.Namespace})
	return err
}
