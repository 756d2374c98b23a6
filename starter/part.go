package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/danbi-project/danbi/internal/settlement/provider"
	"github.com/danbi-project/danbi/internal/stack"
	"github.com/danbi-project/danbi/internal/stack/engine"
	"github.com/danbi-project/danbi/internal/stack/install"
	"github.com/danbi-project/danbi/internal/stack/sink"
)

// runWorker serves workflows and activities until its context ends. The stack runs no worker while it is nil.
var runWorker func(context.Context, stack.PartConfig) error

// parts are the processes of the local stack that are this program, started as `starter part NAME`.
func parts() []stack.Part {
	all := []stack.Part{
		{Name: stack.PartEngine, Prepare: install.Engine, Run: runEngine},
		{Name: stack.PartSink, Run: runSink},
	}
	if runWorker != nil {
		all = append(all, stack.Part{Name: stack.PartWorker, Prepare: install.XGBoostIfItCan, Run: runWorker})
	}
	return all
}

func runEngine(ctx context.Context, c stack.PartConfig) error {
	return engine.Serve(ctx, engine.Config{
		LibPath: c.Prepared, DataDir: c.Dir, Listen: c.Stack.ClickHouse.Addr, Token: c.Stack.ClickHouse.Token,
		Database: c.Stack.ClickHouse.Database, Interpret: c.Stack.ClickHouse.Passing, Log: c.Log, Ready: func(string) { c.Ready() },
	})
}

func runSink(ctx context.Context, c stack.PartConfig) error {
	secret, err := provider.SecretFromEnv() // what the worker signs with, the stack's provider checks
	if err != nil {
		return err
	}
	return sink.Serve(ctx, sink.Config{
		Dir: c.Dir, SMTPListen: c.Stack.Sink.SMTP, SMPPListen: c.Stack.Sink.SMPP, HTTPListen: address(c.Stack.Sink.HTTP), Secret: secret,
		Log: c.Log, Ready: func(sink.Addresses) { c.Ready() },
	})
}

// address is the host:port of a URL.
func address(url string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	return host
}

func newPartCommand(a *App) *cobra.Command {
	return &cobra.Command{
		Use:    "part NAME",
		Short:  "Run one part of the local stack (started by `starter up`)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return stack.RunPart(cmd.Context(), parts(), args[0], a.In, a.Out)
		},
	}
}
