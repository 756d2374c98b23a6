package compose

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"go.temporal.io/sdk/contrib/envconfig"
	"go.uber.org/zap"

	"github.com/danbi-project/danbi/internal/warehouse"
)

// ConfigFromEnv is the configuration of a worker beside the user's own servers: DANBI_CLICKHOUSE_*, Temporal's own
// variables, DANBI_SMTP_*, DANBI_PROVIDER_URL, DANBI_CHANNELS, DANBI_PAYOUT_*, DANBI_WEBHOOK_*, DANBI_LINKS_*, DANBI_METRICS_ADDR, DANBI_WORKER_AT_ONCE. All faults are reported at once.
func ConfigFromEnv(log *zap.Logger) (Config, error) {
	store, storeErr := warehouse.ConfigFromEnv()
	temporal, temporalErr := envconfig.LoadDefaultClientOptions()
	providers, providerErr := ProvidersFromEnv(Sink{})
	hooks, hookErr := WebhooksFromEnv()
	atOnce, atOnceErr := 0, error(nil)
	if text := os.Getenv("DANBI_WORKER_AT_ONCE"); text != "" {
		if atOnce, atOnceErr = strconv.Atoi(text); atOnceErr != nil || atOnce < 1 {
			atOnceErr = fmt.Errorf("DANBI_WORKER_AT_ONCE is %q: write how many activities may run at once, 1 or more", text)
		}
	}
	if temporalErr != nil {
		temporalErr = fmt.Errorf("read Temporal's settings: %w", temporalErr)
	}
	return Config{Warehouse: store, Temporal: temporal, Providers: providers, Webhooks: hooks, Metrics: os.Getenv("DANBI_METRICS_ADDR"), AtOnce: atOnce, Log: log},
		errors.Join(storeErr, temporalErr, providerErr, hookErr, atOnceErr)
}
