package compose

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.uber.org/zap"
)

// activityMetrics counts and times every activity, and logs what failed with the workflow it belongs to. Inputs are
// neither logged nor counted: they may name customers.
type activityMetrics struct {
	interceptor.WorkerInterceptorBase
	took     *prometheus.HistogramVec
	outcomes outcomes
	log      *zap.Logger
}

func newActivityMetrics(registry *prometheus.Registry, log *zap.Logger) interceptor.WorkerInterceptor {
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "danbi_activity_seconds", Help: "Time that activities took, by outcome", Buckets: prometheus.ExponentialBuckets(.01, 3, 12),
	}, []string{"activity", "outcome"})
	registry.MustRegister(took)
	return &activityMetrics{took: took, outcomes: newOutcomes(registry), log: log}
}

func (m *activityMetrics) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &measuredActivity{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, metrics: m}
}

type measuredActivity struct {
	interceptor.ActivityInboundInterceptorBase
	metrics *activityMetrics
}

func (a *measuredActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	started := time.Now()
	out, err := a.Next.ExecuteActivity(ctx, in)
	outcome := "done"
	switch {
	case err == nil:
		a.metrics.outcomes.observe(out)
	case err != nil && ctx.Err() != nil:
		outcome = "stopped"
	case err != nil:
		outcome = "failed"
		a.metrics.log.Warn("An activity failed", zap.String("activity", info.ActivityType.Name), zap.String("workflow", info.WorkflowExecution.ID),
			zap.Int32("attempt", info.Attempt), zap.Error(err))
	}
	a.metrics.took.WithLabelValues(info.ActivityType.Name, outcome).Observe(time.Since(started).Seconds())
	return out, err
}
