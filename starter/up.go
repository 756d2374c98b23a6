package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/stack"
)

var partNames = []string{stack.PartEngine, stack.PartTemporal, stack.PartSink, stack.PartWorker}

func newUpCommand(a *App) *cobra.Command {
	var c stack.Config
	cmd := &cobra.Command{
		Use:     "up",
		Short:   "Start the local stack and keep it running until Ctrl-C",
		GroupID: groupStack,
		Long: `Starts and supervises a Temporal server with its Web UI, the ClickHouse engine, a sink that
receives the mail and the payouts, and a worker. All listen on 127.0.0.1 only. The first start installs what it
needs, which takes minutes; later ones take seconds and find all data again.

With DANBI_CLICKHOUSE_ADDR or TEMPORAL_ADDRESS set, that part isn't started and your server is used instead.`,
		Example: `  starter up
  starter up --dir ~/danbi --temporal-ui-port 8233
  starter up --without worker           # run the worker in a debugger instead
  DANBI_CLICKHOUSE_ADDR=ch.example.com:9000 starter up`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.Up(cmd.Context(), c)
			if err != nil {
				return err
			}
			if err := a.printAddresses(s.Running()); err != nil {
				return err
			}
			<-cmd.Context().Done()
			a.note(a.text("stopping; a second Ctrl-C ends it at once", "끄고 있습니다. Ctrl-C를 한 번 더 누르면 바로 끝납니다"))
			return s.Stop()
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&c.Without, "without", nil, "parts not to start: "+strings.Join(partNames, ", "))
	_ = cmd.RegisterFlagCompletionFunc("without", cobra.FixedCompletions(partNames, cobra.ShellCompDirectiveNoFileComp))
	flags.StringVar(&c.Namespace, "namespace", "", "Temporal namespace (TEMPORAL_NAMESPACE, else default)")
	for _, p := range []struct {
		port *int
		flag string
		what string
	}{
		{&c.Ports.ClickHouse, "clickhouse-port", "ClickHouse over HTTP"},
		{&c.Ports.Temporal, "temporal-port", "Temporal"},
		{&c.Ports.TemporalUI, "temporal-ui-port", "Temporal's Web UI"},
		{&c.Ports.TemporalMetrics, "temporal-metrics-port", "Temporal's metrics"},
		{&c.Ports.SMTP, "smtp-port", "the sink's SMTP"},
		{&c.Ports.SinkHTTP, "sink-port", "the sink's HTTP"},
		{&c.Ports.WorkerMetrics, "worker-metrics-port", "the worker's metrics"},
		{&c.Ports.Metrics, "metrics-port", "the stack's metrics"},
	} {
		flags.IntVar(p.port, p.flag, 0, "port of "+p.what+" (default: that of the last time, else a free one)")
	}
	return cmd
}

// Up starts the local stack on --dir with the parts of this program, and shows what it waits for. The caller stops it.
func (a *App) Up(ctx context.Context, c stack.Config) (*stack.Stack, error) {
	line := newStatusLine(a.Err)
	defer line.clear()
	c.Dir, c.Parts, c.Progress, c.Tell = a.Dir, parts(), line.show, a.note
	if a.Verbose { // else Tell says what matters, in words
		c.Log = a.Log
	}
	for _, name := range c.Without {
		if !slices.Contains(partNames, name) {
			return nil, withExit(ExitUsage, fmt.Errorf("--without %s: the parts are %s", name, strings.Join(partNames, ", ")))
		}
	}
	s, err := stack.Up(ctx, c)
	if interrupted(ctx, err) {
		return nil, errors.New(a.text("stopped while the stack was starting", "스택이 켜지는 중에 중단했습니다"))
	}
	return s, err
}

// note prints a sentence about the stack, on standard error, beside a command's own output.
func (a *App) note(sentence string) {
	fmt.Fprintf(a.Err, "%s  %s\n", time.Now().Format("15:04:05"), sentence)
}

func (a *App) printAddresses(r *stack.Running) error {
	if a.JSON {
		public := *r
		public.ClickHouse.Token = "" // stays in stack.json, which only its owner can read
		return a.PrintJSON(public)
	}
	var rows [][]string
	add := func(name, where string) {
		if where != "" {
			rows = append(rows, []string{name, where})
		}
	}
	yours := func(name string, external bool, where string) {
		if external {
			where = a.text("yours, by the environment", "환경 변수로 지정한 서버")
		}
		add(name, where)
	}
	yours("Temporal UI", r.Temporal.External, r.Temporal.UI)
	yours("Temporal", r.Temporal.External, r.Temporal.Address)
	clickhouse := r.ClickHouse.Addr
	if clickhouse != "" {
		clickhouse = "http://" + clickhouse
	}
	yours("ClickHouse (HTTP)", r.ClickHouse.External, clickhouse)
	add(a.text("Mail (SMTP)", "메일 (SMTP)"), r.Sink.SMTP)
	add(a.text("Text messages (SMPP)", "문자 (SMPP)"), r.Sink.SMPP)
	add(a.text("Sink (HTTP)", "싱크 (HTTP)"), r.Sink.HTTP)
	add(a.text("Metrics: stack", "지표: 스택"), r.Metrics)
	add(a.text("Metrics: worker", "지표: 워커"), r.Worker.Metrics)
	add(a.text("Metrics: Temporal", "지표: Temporal"), r.Temporal.Metrics)
	add(a.text("Data and logs", "데이터와 로그"), r.Dir)
	a.PrintTable([]Column{{Title: a.text("The local stack runs", "로컬 스택이 켜졌습니다")}, {Title: a.text("Ctrl-C stops it", "Ctrl-C로 끕니다")}}, rows)
	return nil
}
