package main

import (
	"context"

	"github.com/danbi-project/danbi/internal/compose"
	"github.com/danbi-project/danbi/internal/stack"
)

func init() { runWorker = workOnStack }

// workOnStack is the local stack's worker: the same as the worker program, with the stack's addresses.
func workOnStack(ctx context.Context, c stack.PartConfig) error {
	store, err := c.Stack.Warehouse()
	if err != nil {
		return err
	}
	temporal, err := c.Stack.TemporalOptions()
	if err != nil {
		return err
	}
	providers, err := compose.ProvidersFromEnv(compose.Sink{SMTP: c.Stack.Sink.SMTP, SMPP: c.Stack.Sink.SMPP, HTTP: c.Stack.Sink.HTTP})
	if err != nil {
		return err
	}
	hooks, err := compose.WebhooksFromEnv()
	if err != nil {
		return err
	}
	return compose.RunWorker(ctx, compose.Config{
		Warehouse: store, Temporal: temporal, Providers: providers, Webhooks: hooks, Metrics: address(c.Stack.Worker.Metrics), Log: c.Log, Ready: c.Ready,
	})
}
