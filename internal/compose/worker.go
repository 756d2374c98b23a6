package compose

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"github.com/danbi-project/danbi/activities"
	"github.com/danbi-project/danbi/internal/warehouse"
	"github.com/danbi-project/danbi/workflows"
)

// Config is where a worker finds its servers and how much it does at once.
type Config struct {
	Warehouse warehouse.Config
	Temporal  client.Options
	Providers Providers
	Webhooks  Webhooks
	Metrics   string // address of /metrics; empty: none
	AtOnce    int    // activities at once; 0: AtOnce
	Log       *zap.Logger
	Ready     func() // called once when it polls
}

// AtOnce is how many activities a worker runs at once when nobody says otherwise: most of them wait for the engine.
const AtOnce = 8

// keepersAtOnce is how many batches a worker writes at once: one for each campaign that books.
const keepersAtOnce = 4

// RunWorker serves campaigns until the context ends. It waits for servers that are not there yet and says so.
func RunWorker(ctx context.Context, c Config) error {
	if c.AtOnce == 0 {
		c.AtOnce = AtOnce
	}
	registry := NewRegistry()
	c.Temporal.MetricsHandler = newSDKMetrics(registry)
	temporal, err := Dial(ctx, c.Temporal, c.Log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	if err := EnsureSearchAttributes(ctx, temporal, namespace(c.Temporal)); err != nil {
		return err
	}
	store, err := openWarehouse(ctx, c.Warehouse, c.Log)
	if err != nil {
		return err
	}
	defer store.Close()
	metrics := newActivityMetrics(registry, c.Log)
	w := worker.New(temporal, workflows.TaskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: c.AtOnce,
		MaxHeartbeatThrottleInterval:       500 * time.Millisecond, // a pause is felt within a second
		DefaultHeartbeatThrottleInterval:   500 * time.Millisecond,
		Interceptors:                       []interceptor.WorkerInterceptor{metrics},
		WorkerStopTimeout:                  10 * time.Second,
	})
	workflows.Register(w)
	inbox := newInbox(store, registry)
	channels, err := c.Providers.channels(inbox)
	if err != nil {
		return err
	}
	if err := registerActivities(w, store, temporal, c.Providers, channels, c.Webhooks.links()); err != nil {
		return err
	}
	serve(ctx, channels)
	go inbox.Serve(ctx)
	keepers := worker.New(temporal, workflows.KeeperQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: keepersAtOnce,
		DisableWorkflowWorker:              true,
		Interceptors:                       []interceptor.WorkerInterceptor{metrics},
		WorkerStopTimeout:                  10 * time.Second,
	})
	keepers.RegisterActivity(newBooks(store, temporal))
	keepers.RegisterActivity(&activities.Coupons{Store: store})
	failed := make(chan error, 2)
	if c.Webhooks.Listen != "" {
		go func() { failed <- c.Webhooks.serve(ctx, inbox, registry, nil) }()
	}
	if c.Metrics != "" {
		go func() { failed <- ServeMetrics(ctx, c.Metrics, registry) }()
	}
	if err := w.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	defer w.Stop()
	if err := keepers.Start(); err != nil {
		return fmt.Errorf("start the keepers' worker: %w", err)
	}
	defer keepers.Stop()
	c.Log.Info("The worker serves campaigns", zap.String("queue", workflows.TaskQueue), zap.Int("at_once", c.AtOnce))
	if c.Ready != nil {
		c.Ready()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func namespace(o client.Options) string {
	if o.Namespace == "" {
		return client.DefaultNamespace
	}
	return o.Namespace
}

// openWarehouse connects and migrates, for as long as it takes the engine to come up.
func openWarehouse(ctx context.Context, config warehouse.Config, log *zap.Logger) (*warehouse.Warehouse, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	var told bool
	for {
		store, err := warehouse.OpenMigrated(ctx, config)
		if err == nil {
			return store, nil
		}
		if ctx.Err() != nil || errors.Is(err, warehouse.ErrMigrationChanged) {
			return nil, err
		}
		if !told {
			log.Warn("ClickHouse can't be used yet; trying again until it can", zap.Error(err))
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
